//! Anvil, Foundry's development chain: finding it, and running one.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use countersign::protocol::Address;
use countersign::registry::Endpoint;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::exit::Exit;
use crate::failure::Failure;

/// A chain of its own on a free port of this machine. Gone when dropped.
#[derive(Debug)]
pub(crate) struct Anvil {
    pub(crate) endpoint: Endpoint,
    pub(crate) url: String,
    pub(crate) version: String,
    // Held because dropping it ends the process.
    _process: Child,
}

impl Anvil {
    pub(crate) async fn start(program: &Path) -> Result<Self, Failure> {
        let mut process = Command::new(program)
            .args(["--host", "127.0.0.1", "--port", "0", "--chain-id", "31337"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(program, &format!("cannot be started: {error}")))?;
        let output = process.stdout.take().ok_or_else(|| failed(program, "has no output"))?;
        let mut lines = BufReader::new(output).lines();
        let started = tokio::time::timeout(PATIENCE, read_banner(program, &mut lines));
        let (version, address) =
            started.await.map_err(|_| failed(program, "did not start within 15 s"))??;
        // Unread, its output would fill the pipe and stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let url = format!("http://{address}");
        let endpoint = url.parse().map_err(|error| failed(program, &format!("listens nowhere: {error}")))?;
        Ok(Self { endpoint, url, version, _process: process })
    }
}

/// Where Anvil is: as named, or `$ANVIL`, or in a `node_modules` above here or above this program, or on the `PATH`.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(named.to_path_buf());
    }
    find_tool("anvil", "ANVIL").ok_or_else(|| {
        let failure =
            Failure::new(Exit::Configuration, "no_anvil", "Anvil, the development chain, is not installed");
        failure.hint("npm install @foundry-rs/anvil here, or foundryup, or name it with --anvil PATH")
    })
}

/// A tool of Foundry, looked for in the same places.
pub(crate) fn find_tool(name: &str, variable: &str) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(variable).filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()].into_iter().flatten();
    let starts: Vec<PathBuf> = starts.collect();
    // What a project pins is what it was tried with; the PATH has whatever version the machine has.
    let pinned = starts.iter().flat_map(|start| start.ancestors()).find_map(|folder| pinned_in(folder, name));
    pinned.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
    })
}

/// The accounts that every Anvil holds and funds, from its well-known mnemonic.
pub(crate) const DEVELOPMENT_ACCOUNTS: [Address; 3] = [
    Address([
        0xf3, 0x9f, 0xd6, 0xe5, 0x1a, 0xad, 0x88, 0xf6, 0xf4, 0xce, 0x6a, 0xb8, 0x82, 0x72, 0x79, 0xcf, 0xff,
        0xb9, 0x22, 0x66,
    ]),
    Address([
        0x70, 0x99, 0x79, 0x70, 0xc5, 0x18, 0x12, 0xdc, 0x3a, 0x01, 0x0c, 0x7d, 0x01, 0xb5, 0x0e, 0x0d, 0x17,
        0xdc, 0x79, 0xc8,
    ]),
    Address([
        0x3c, 0x44, 0xcd, 0xdd, 0xb6, 0xa9, 0x00, 0xfa, 0x2b, 0x58, 0x5d, 0xd2, 0x99, 0xe0, 0x3d, 0x12, 0xfa,
        0x42, 0x93, 0xbc,
    ]),
];

/// Reads until Anvil says where it listens; gives its version and that address.
async fn read_banner(
    program: &Path,
    lines: &mut Lines<BufReader<ChildStdout>>,
) -> Result<(String, String), Failure> {
    let mut version = String::new();
    loop {
        let line =
            lines.next_line().await.map_err(|error| failed(program, &format!("cannot be read: {error}")))?;
        let Some(line) = line else { return Err(failed(program, "ended before it listened")) };
        if let Some(address) = line.trim().strip_prefix("Listening on ") {
            return Ok((version, address.to_owned()));
        }
        // The banner's only line with a commit in parentheses at its end: `    1.7.1 (4072e48705 2026-05-08T…)`.
        if version.is_empty() && line.trim_start().starts_with(|first: char| first.is_ascii_digit()) {
            version = line.split_whitespace().next().unwrap_or_default().to_owned();
        }
    }
}

fn failed(program: &Path, what: &str) -> Failure {
    let failure = Failure::new(Exit::Unreachable, "anvil_failed", format!("{} {what}", program.display()));
    failure.hint("countersign doctor looks for the tools; --anvil PATH names another Anvil")
}

/// A tool that npm installed into a folder: its package bears the platform's name, and only the right one is installed.
fn pinned_in(folder: &Path, name: &str) -> Option<PathBuf> {
    let packages = folder.join("node_modules/@foundry-rs").read_dir().ok()?;
    let packages = packages.filter_map(Result::ok).filter(|package| {
        let package = package.file_name();
        package
            .to_str()
            .and_then(|package| package.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with('-'))
    });
    packages.map(|package| package.path().join("bin").join(name)).find(|program| program.is_file())
}

/// Anvil starts in a fraction of a second; a loaded machine may need more.
const PATIENCE: Duration = Duration::from_secs(15);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_tool_is_found_by_name_on_any_platform() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(pinned_in(folder.path(), "anvil"), None);
        let package = |name: &str| folder.path().join("node_modules/@foundry-rs").join(name).join("bin");
        // The package that only fetches the others, one without a program, another tool's, and the right one.
        for name in ["anvil", "anvil-linux-arm64", "cast-darwin-arm64", "anvil-darwin-arm64"] {
            std::fs::create_dir_all(package(name)).unwrap();
        }
        std::fs::write(package("cast-darwin-arm64").join("cast"), "").unwrap();
        assert_eq!(pinned_in(folder.path(), "anvil"), None);
        let program = package("anvil-darwin-arm64").join("anvil");
        std::fs::write(&program, "").unwrap();
        assert_eq!(pinned_in(folder.path(), "anvil"), Some(program));
    }
}
