//! A real redis-server of a test's own, behind a socket in a folder that is removed with it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Killed, and its folder removed, when it is dropped.
pub(crate) struct RedisServer {
    process: Child,
    folder: TempDir,
    arguments: Vec<String>,
}

impl RedisServer {
    /// Keeps nothing on disk, unless the arguments say so.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        let process = spawn(&folder, &arguments);
        let server = Self { process, folder, arguments };
        server.wait();
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// What the server answers to one line that a person could type.
    pub(crate) fn say(&self, line: &str) -> String {
        self.try_say(line).unwrap()
    }

    /// As a machine that loses power.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::fs::remove_file(self.socket()).unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.process = spawn(&self.folder, &self.arguments);
        self.wait();
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    fn wait(&self) {
        let since = Instant::now();
        let is_up = || {
            let said = self.try_say("PING").unwrap_or_default();
            said.starts_with("+PONG") || said.starts_with("-NOAUTH")
        };
        while !is_up() {
            assert!(since.elapsed() < Duration::from_secs(20), "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn try_say(&self, line: &str) -> std::io::Result<String> {
        let mut stream = UnixStream::connect(self.socket())?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(format!("{line}\r\n").as_bytes())?;
        let mut said = [0; 4096];
        let length = stream.read(&mut said)?;
        Ok(String::from_utf8_lossy(&said[..length]).into_owned())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(folder: &TempDir, arguments: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.current_dir(folder.path()).args(["--port", "0", "--save", "", "--unixsocket", "redis.sock"]);
    let started = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    started.expect("redis-server is not on the PATH; scripts/bootstrap installs it where apt-get does")
}
