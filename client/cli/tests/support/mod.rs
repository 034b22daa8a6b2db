//! Runs the real command, on a home of its own and, where a chain is needed, a real Anvil.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Anvil's first three accounts.
pub const ACCOUNTS: [&str; 3] = [
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
];

/// A user's home: no configuration but what a test puts there, and a file with a passphrase.
pub struct Home(TempDir);

/// What a run of the command came to.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A chain of its own. Ends when dropped.
pub struct Anvil {
    process: Child,
    pub url: String,
}

/// A command that runs in the background. Killed when dropped.
pub struct Running {
    pub process: Child,
    stderr: BufReader<ChildStderr>,
}

impl Home {
    pub fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write_private("pw", "correct horse");
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn write_private(&self, name: &str, text: &str) -> PathBuf {
        let path = self.write(name, text);
        self.chmod(name, 0o600);
        path
    }

    pub fn chmod(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The command, in this home; relative paths start here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COUNTERSIGN_") {
                command.env_remove(name);
            }
        }
        command.env("HOME", self.0.path()).env("XDG_CONFIG_HOME", self.0.path().join(".config"));
        command.env("XDG_DATA_HOME", self.0.path().join(".local/share"));
        command.env("NO_COLOR", "1").current_dir(self.0.path());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs with these bytes on standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join().unwrap();
        output.into()
    }

    /// In the background, with nothing on standard input.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Self::spawn(&mut self.command(arguments))
    }

    /// In the background, with standard input held open.
    pub fn start_with_input(&self, arguments: &[&str]) -> Running {
        Self::spawn(self.command(arguments).stdin(Stdio::piped()))
    }

    fn spawn(command: &mut Command) -> Running {
        let mut process = command.spawn().unwrap();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        Running { process, stderr }
    }

    /// Makes a key under the passphrase in `pw`.
    pub fn keygen(&self, name: &str) -> Value {
        self.run(&["keygen", "--light", "--json", "--out", name, "--passphrase-file", "pw"]).ok_json()
    }

    /// A configuration for that chain and that identity.
    pub fn configure(&self, anvil: &Anvil, owner: &str, keystore: &str) {
        let url = &anvil.url;
        std::fs::create_dir_all(self.path(".config/countersign")).unwrap();
        self.write(
            ".config/countersign/config.toml",
            &format!(
                "[chain]\nid = 31337\nendpoints = ['{url}']\nown_node = true\n\
                 [identity]\nowner = '{owner}'\nkeystore = '../../{keystore}'\npassphrase_file = '../../pw'\n"
            ),
        );
    }

    /// A registered identity, configured, with the registry deployed.
    pub fn registered(anvil: &Anvil, owner: &str) -> Self {
        let home = Self::new();
        home.keygen("key.json");
        home.configure(anvil, owner, "key.json");
        let registered = home.run(&["register", "--unlocked", "--deploy"]);
        assert_eq!(registered.code, 0, "{}", registered.stderr);
        home
    }
}

impl Ran {
    /// The one JSON object of a run that succeeded.
    #[track_caller]
    pub fn ok_json(&self) -> Value {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// The JSON objects on standard output, one a line.
    #[track_caller]
    pub fn lines_json(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The error object of a run that failed, as documented.
    #[track_caller]
    pub fn error_json(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        let error: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}", self.stderr));
        let error = error["error"].clone();
        assert_eq!(error["exit_code"], self.code, "{error}");
        assert!(
            error["message"].is_string() && (error["hint"].is_string() || error["hint"].is_null()),
            "{error}"
        );
        error
    }

    /// Failed with that exit code, and that kind in its error object.
    #[track_caller]
    pub fn failed(&self, code: i32, kind: &str) -> Value {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        let error = self.error_json();
        assert_eq!(error["kind"], kind, "{error}");
        error
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        // A command that a signal ended has no code: nothing here is meant to.
        assert_eq!(output.status.signal(), None, "{}", String::from_utf8_lossy(&output.stderr));
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Anvil {
    pub fn start() -> Self {
        Self::of_chain(31337)
    }

    pub fn of_chain(id: u64) -> Self {
        let mut process = Command::new(anvil_path())
            .args(["--host", "127.0.0.1", "--port", "0", "--chain-id", &id.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address =
            lines.find_map(|line| line.unwrap().strip_prefix("Listening on ").map(str::to_owned)).unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url: format!("http://{address}") }
    }

    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// `host:port`.
    pub fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// A JSON-RPC call; gives the result.
    pub fn call(&self, method: &str, params: &Value) -> Value {
        let body =
            serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let mut stream = std::net::TcpStream::connect(self.authority()).unwrap();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: anvil\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let answer: Value =
            serde_json::from_str(&answer[answer.find('{').unwrap()..=answer.rfind('}').unwrap()]).unwrap();
        answer["result"].clone()
    }

    /// Deploys a contract whose slot 0 holds 42, and gives `<contract>:0`.
    pub fn instrument(&self) -> String {
        // PUSH1 42 PUSH0 SSTORE; then returns one byte of code, STOP.
        let code = "0x602a5f5560015ff3";
        let transaction = serde_json::json!([{"from": ACCOUNTS[0], "data": code, "gas": "0x186a0"}]);
        let hash = self.call("eth_sendTransaction", &transaction);
        // The block comes a moment after the answer.
        let receipt = loop {
            match self.call("eth_getTransactionReceipt", &serde_json::json!([hash])) {
                Value::Null => std::thread::sleep(std::time::Duration::from_millis(10)),
                receipt => break receipt,
            }
        };
        format!("{}:0", receipt["contractAddress"].as_str().unwrap())
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Running {
    /// Waits for the next event on standard error, and checks which it is.
    #[track_caller]
    pub fn event(&mut self, name: &str) -> Value {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        let event: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert_eq!(event["event"], name, "{event}");
        event
    }

    pub fn signal(&self, signal: &str) {
        let killed = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Waits for the end.
    pub fn finish(&mut self) -> Ran {
        let mut stdout = String::new();
        if let Some(mut pipe) = self.process.stdout.take() {
            pipe.read_to_string(&mut stdout).unwrap();
        }
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        let status = self.process.wait().unwrap();
        Ran { code: status.code().expect("ended by a signal"), stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn anvil_path() -> PathBuf {
    if let Some(path) = std::env::var_os("ANVIL") {
        return path.into();
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = manifest
        .ancestors()
        .filter_map(|folder| folder.join("node_modules/@foundry-rs").read_dir().ok())
        .flatten()
        .map(|package| package.unwrap().path())
        .filter(|package| package.file_name().unwrap().to_string_lossy().starts_with("anvil-"));
    packages
        .map(|package| package.join("bin/anvil"))
        .find(|program| program.exists())
        .expect("Anvil: npm ci, or set $ANVIL")
}
