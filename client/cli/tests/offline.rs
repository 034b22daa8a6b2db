//! The command without a chain: keys, contacts, configuration, help.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use support::{ACCOUNTS, Home};

#[test]
fn keygen_writes_a_private_keystore_and_never_overwrites_one() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let made = home.keygen("deep/key.json");
    assert_eq!(made["public_key"].as_str().unwrap().len(), 2 + 66);
    assert!(made["signer"].as_str().unwrap().starts_with("0x"));
    let metadata = std::fs::metadata(home.path("deep/key.json")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(home.path("deep/key.json")).unwrap();
    let again = home.run(&["keygen", "--json", "--out", "deep/key.json", "--passphrase-file", "pw"]);
    again.failed(4, "keystore_exists");
    assert_eq!(std::fs::read(home.path("deep/key.json")).unwrap(), before);
}

#[test]
fn keygen_takes_the_passphrase_from_a_descriptor() {
    let home = Home::new();
    let arguments = ["keygen", "--light", "--json", "--out", "key.json", "--passphrase-fd", "0"];
    let made = home.run_with_input(&arguments, b"correct horse\n").ok_json();
    assert_eq!(made["keystore"], "key.json");
}

#[test]
fn keygen_reads_like_this_for_people() {
    let home = Home::new();
    let made = home.run(&["keygen", "--light", "--out", "key.json", "--passphrase-file", "pw"]);
    assert_eq!(made.code, 0);
    let labels: Vec<&str> = made.stdout.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(labels, ["keystore", "public key", "signer"]);
    assert!(!made.stdout.contains('\u{1b}'), "no colour off a terminal");
    assert!(made.stderr.contains("Next: countersign register"), "{}", made.stderr);
}

#[test]
fn a_passphrase_is_never_guessed_at() {
    let home = Home::new();
    let run = |file: &str| {
        home.run(&["keygen", "--light", "--json", "--out", "key.json", "--passphrase-file", file])
    };
    run("missing").failed(4, "passphrase");
    home.write_private("empty", "\n");
    run("empty").failed(4, "passphrase");
    home.write("open", "secret");
    home.chmod("open", 0o644);
    assert!(run("open").failed(4, "passphrase")["message"].as_str().unwrap().contains("chmod 600"));
    // No terminal to ask at, and none of the other ways given.
    let mut command = home.command(&["keygen", "--light", "--json", "--out", "key.json"]);
    let asked = support::Ran::from(detached(&mut command).output().unwrap());
    assert!(asked.failed(4, "passphrase")["hint"].as_str().unwrap().contains("--passphrase-file"));
    assert!(!home.path("key.json").exists());
}

#[test]
fn a_signal_at_the_prompt_leaves_the_terminal_as_it_was() {
    for (signal, code) in [("-TERM", "143"), ("-INT", "130")] {
        let home = Home::new();
        // The shell outlives the command on the terminal that `script` makes, and looks what became of it.
        let program = env!("CARGO_BIN_EXE_countersign");
        let session = format!(
            "stty -a > before; {program} keygen --out key.json & echo $! > pid; wait $!; echo $? > code; stty -a > after"
        );
        let mut command = Command::new("script");
        command.args(["--quiet", "--command", &session, "/dev/null"]).current_dir(home.path(""));
        command.env("HOME", home.path("")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().unwrap();
        let mut shown = shell.stdout.take().unwrap();
        let mut prompt = Vec::new();
        while !String::from_utf8_lossy(&prompt).contains("New passphrase for key.json: ") {
            let mut byte = [0];
            shown.read_exact(&mut byte).unwrap();
            prompt.extend(byte);
        }
        let read = |name: &str| std::fs::read_to_string(home.path(name)).unwrap();
        assert!(Command::new("kill").args([signal, read("pid").trim()]).status().unwrap().success());
        // Read to its end: a full pipe would hold the shell back.
        shown.read_to_end(&mut prompt).unwrap();
        assert!(shell.wait().unwrap().success());
        assert_eq!(read("code").trim(), code);
        assert!(read("before").contains(" echo "), "{}", read("before"));
        assert_eq!(read("after"), read("before"), "{signal}");
    }
}

#[test]
fn contacts_are_kept() {
    let home = Home::new();
    let address = format!("{}#desk-7", ACCOUNTS[0]);
    let added = home
        .run(&["contacts", "add", "alice", &address, "--at", "h:1", "--note", "a note", "--json"])
        .ok_json();
    assert_eq!((added["name"].as_str(), added["change"].as_str()), (Some("alice"), Some("added")));
    let replaced = home.run(&["contacts", "add", "alice", ACCOUNTS[1], "--json"]).ok_json();
    assert_eq!(replaced["change"], "replaced");
    home.run(&["contacts", "add", "bob", &address, "--at", "h:2"]);
    let listed = home.run(&["contacts", "list", "--json"]).lines_json();
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["name"], &listed[0]["address"]), (&"alice".into(), &ACCOUNTS[1].into()));
    assert_eq!((&listed[1]["label"], &listed[1]["endpoint"]), (&"desk-7".into(), &"h:2".into()));
    assert_eq!(home.run(&["contacts", "remove", "bob", "--json"]).ok_json()["change"], "removed");
    home.run(&["contacts", "remove", "bob", "--json"]).failed(3, "unknown_contact");
    home.run(&["contacts", "add", "al ice", ACCOUNTS[0], "--json"]).failed(2, "usage");
}

#[test]
fn a_mistyped_address_is_a_usage_error_that_names_the_right_one() {
    let home = Home::new();
    let mistyped = ACCOUNTS[0].replace("Fd6", "fD6");
    let error = home.run(&["resolve", &mistyped, "--json"]).failed(2, "usage");
    assert!(error["message"].as_str().unwrap().contains(ACCOUNTS[0]), "{error}");
    home.run(&["resolve", "--json"]).failed(2, "usage");
    assert_eq!(home.run(&["frobnicate"]).code, 2);
    assert_eq!(home.run(&["resolve", "0x12"]).code, 2);
}

#[test]
fn a_bad_configuration_names_file_and_key() {
    let home = Home::new();
    let path = home.write("c.toml", "[chain]\nendpoint = 'http://127.0.0.1:1'\n");
    let run = home.run(&["resolve", ACCOUNTS[0], "--json", "--config", "c.toml"]);
    let message = run.failed(3, "configuration")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("c.toml") && message.contains("did you mean `endpoints`?"), "{message}");
    // The same by the environment, and as a person reads it.
    let run = support::Ran::from(
        home.command(&["resolve", ACCOUNTS[0]]).env("COUNTERSIGN_CONFIG", path).output().unwrap(),
    );
    assert_eq!(run.code, 3);
    assert!(run.stderr.starts_with("error: ") && run.stderr.contains("\n hint: "), "{}", run.stderr);
    home.run(&["resolve", ACCOUNTS[0], "--json", "--config", "missing.toml"]).failed(3, "configuration");
    home.run(&["resolve", ACCOUNTS[0], "--json"]).failed(3, "configuration");
    home.run(&["resolve", "nobody", "--json"]).failed(3, "unknown_contact");
}

#[test]
fn an_unreadable_contacts_file_is_told() {
    let home = Home::new();
    home.write("contacts.toml", "[alice]\naddress = '0x12'\n");
    home.write("c.toml", "[contacts]\nfile = 'contacts.toml'\n");
    home.run(&["contacts", "list", "--json", "--config", "c.toml"]).failed(3, "contacts");
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let home = Home::new();
    home.write("c.toml", "[chain]\nid = 1\n[identity]\npassphrase_file = 'of-file'\n");
    let environment = [
        ("COUNTERSIGN_CONFIG", home.path("c.toml")),
        ("COUNTERSIGN_CHAIN_ID", "2".into()),
        ("COUNTERSIGN_PASSPHRASE_FILE", "of-environment".into()),
    ];
    // No passphrase file is there, and the address is on chain 9: the error tells which layer was heeded.
    let heeded = |variables: usize, flags: [&str; 2], kind: &str| {
        let resolve = ["resolve", &format!("eip155:9:{}", ACCOUNTS[0]), "--json"];
        let keygen = ["keygen", "--out", "key.json", "--json"];
        let (mut arguments, code) =
            if kind == "configuration" { (resolve.to_vec(), 3) } else { (keygen.to_vec(), 4) };
        arguments.extend(flags.into_iter().filter(|flag| !flag.is_empty()));
        let mut command = home.command(&arguments);
        command.envs(environment.iter().take(variables).cloned());
        support::Ran::from(command.output().unwrap()).failed(code, kind)["message"].to_string()
    };
    for (variables, flags, told) in
        [(1, ["", ""], "chain 1 "), (3, ["", ""], "chain 2 "), (3, ["--chain-id", "3"], "chain 3 ")]
    {
        let message = heeded(variables, flags, "configuration");
        assert!(message.contains(told), "{told}: {message}");
    }
    for (variables, flags, told) in [
        (1, ["", ""], "of-file"),
        (3, ["", ""], "of-environment"),
        (3, ["--passphrase-file", "of-flag"], "of-flag"),
        (3, ["--passphrase-fd", "9"], "/dev/fd/9"),
    ] {
        let message = heeded(variables, flags, "passphrase");
        assert!(message.contains(told), "{told}: {message}");
    }
}

#[test]
fn a_single_node_is_believed_only_where_the_same_layer_says_so() {
    let home = Home::new();
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{dead}");
    let resolve = ["resolve", ACCOUNTS[0], "--json", "--chain-id", "31337"];
    let run = |flags: &[&str], environment: &[(&str, &str)]| {
        let mut command = home.command(&resolve);
        command.args(flags).envs(environment.iter().copied());
        support::Ran::from(command.output().unwrap())
    };
    let refused = run(&["--rpc", &url], &[]).failed(3, "configuration");
    assert!(refused["hint"].as_str().unwrap().contains("--own-node"), "{refused}");
    // A word on the environment's node is none on the one that a flag names.
    run(&["--rpc", &url], &[("COUNTERSIGN_OWN_NODE", "true")]).failed(3, "configuration");
    let asked = [
        run(&["--rpc", &url, "--own-node"], &[]),
        run(&["--rpc", &url, "--threshold", "1"], &[]),
        run(&["--own-node"], &[("COUNTERSIGN_RPC", &url)]),
        run(&[], &[("COUNTERSIGN_RPC", &url), ("COUNTERSIGN_OWN_NODE", "1")]),
    ];
    for run in asked {
        assert_eq!(run.code, 5, "{}", run.stderr);
    }
}

#[test]
fn nodes_that_are_not_there_are_unreachable() {
    let home = Home::new();
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{dead}");
    let run =
        home.run(&["resolve", ACCOUNTS[0], "--json", "--chain-id", "31337", "--rpc", &url, "--own-node"]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    assert!(run.error_json()["hint"].as_str().unwrap().contains("doctor"));
    // Credentials in a URL are nobody's business.
    let secret = format!("http://user:s3cret@{dead}/k3y");
    let run =
        home.run(&["resolve", ACCOUNTS[0], "-vv", "--chain-id", "31337", "--rpc", &secret, "--own-node"]);
    assert!(!run.stderr.contains("s3cret") && !run.stderr.contains("k3y"), "{}", run.stderr);
}

#[test]
fn the_log_is_plain_off_a_terminal_and_tells_no_secret() {
    let home = Home::new();
    // Takes every connection and reads what is asked, so that requests are really made; answers nothing.
    let node = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = node.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in node.incoming() {
            let _ = connection.unwrap().read(&mut [0; 4096]);
        }
    });
    for scheme in ["http", "ws"] {
        let url = format!("{scheme}://user:s3cret@{authority}/k3y?token=t0ken");
        let arguments = ["resolve", ACCOUNTS[0], "--chain-id", "31337", "--own-node", "--rpc", &url];
        let mut command = home.command(&arguments);
        command.env("COUNTERSIGN_LOG", "trace,hyper=trace,tungstenite=trace").env_remove("NO_COLOR");
        let run = support::Ran::from(command.output().unwrap());
        assert_eq!(run.code, 5, "{}", run.stderr);
        assert!(run.stderr.contains("WARN"), "something is logged: {}", run.stderr);
        assert!(!run.stderr.contains('\u{1b}'), "no colour off a terminal: {}", run.stderr);
        // Behind Authorization stands user:s3cret in base 64.
        for secret in ["s3cret", "k3y", "t0ken", "uthorization", "dXNlcjpzM2NyZXQ"] {
            assert!(!run.stderr.contains(secret), "{secret}: {}", run.stderr);
        }
    }
}

#[test]
fn output_that_cannot_be_written_is_unexpected() {
    let home = Home::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let run = home.command(&["completions", "bash", "--json"]).stdout(Stdio::from(full)).output().unwrap();
    support::Ran::from(run).failed(1, "output");
}

#[test]
fn every_shell_gets_completions_and_every_command_a_page() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = home.run(&["completions", shell]);
        assert!(run.code == 0 && run.stdout.contains("passphrase-file"), "{shell}: {}", run.stderr);
    }
    let page = home.run(&["man"]);
    assert!(
        page.stdout.contains(".TH countersign 1") && page.stdout.contains("Exit codes"),
        "{}",
        page.stdout
    );
    let pages = home.run(&["man", "pages", "--json"]).ok_json()["pages"].as_array().unwrap().len();
    let connect = std::fs::read_to_string(home.path("pages/countersign-connect.1")).unwrap();
    assert!(connect.contains(".TH countersign-connect 1") && connect.contains("echo order"), "{connect}");
    // 22 commands, 3 each of contacts, known, operator and revocation-certificate, 2 of bundle, 1 of prove, and the command.
    assert_eq!(pages, 38);
}

#[test]
fn every_command_teaches_by_example() {
    let home = Home::new();
    for command in [
        "keygen",
        "register",
        "rotate",
        "revoke",
        "sign-registration",
        "sign-revocation",
        "submit",
        "revocation-certificate",
        "operator",
        "onboard",
        "bundle",
        "resolve",
        "prove",
        "verify",
        "listen",
        "connect",
        "contacts",
        "demo",
        "doctor",
        "completions",
        "man",
    ] {
        let help = home.run(&[command, "--help"]);
        assert_eq!(help.code, 0);
        assert!(
            help.stdout.contains("Examples:") && help.stdout.contains(&format!("countersign {command}")),
            "{}",
            help.stdout
        );
    }
    let help = home.run(&["--help"]).stdout;
    for taught in ["Exit codes:", "Configuration:", "COUNTERSIGN_LOG", "JSON:", "countersign demo"] {
        assert!(help.contains(taught), "{taught}: {help}");
    }
}

/// Without a controlling terminal, so that nothing can be asked.
fn detached(command: &mut Command) -> Command {
    let mut detached = Command::new("setsid");
    detached.arg("--wait").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => detached.env(name, value),
            None => detached.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        detached.current_dir(folder);
    }
    detached.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    detached
}
