//! The file: whole or absent, its owner's alone, and readable by another implementation.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use countersign_custody::{
    Custody, Keystore, KeystoreError, LocalKey, Passphrase, PassphraseError, PrivateFileError, ScryptCost,
};
use countersign_protocol::curve::SecretKey;
use zeroize::Zeroizing;

const SECRET: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
/// Names the folder in which a copy of this test program, started by one of the tests, writes keystores.
const WRITER_FOLDER: &str = "COUNTERSIGN_TEST_WRITER_FOLDER";

#[test]
fn a_new_file_is_its_owners_alone_and_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.json");
    let keystore = light_keystore();
    keystore.write_new(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let content = fs::read(&path).unwrap();
    let refused = light_keystore().write_new(&path).unwrap_err();
    assert!(matches!(refused, KeystoreError::File(PrivateFileError::AlreadyExists { .. })), "{refused:?}");
    assert_eq!(fs::read(&path).unwrap(), content);
    assert_eq!(names(folder.path()), ["desk.json"]);
    assert_eq!(Keystore::read(&path).unwrap().address(), keystore.address());
}

#[test]
fn a_dangling_link_is_not_followed_to_make_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("desk.json");
    symlink(folder.path().join("elsewhere"), &link).unwrap();
    let refused = light_keystore().write_new(&link).unwrap_err();
    assert!(matches!(refused, KeystoreError::File(PrivateFileError::AlreadyExists { .. })), "{refused:?}");
    assert_eq!(names(folder.path()), ["desk.json"]);
}

#[test]
fn a_file_open_to_others_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.json");
    light_keystore().write_new(&path).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = Keystore::read(&path).unwrap_err();
        assert!(
            matches!(&error, KeystoreError::File(PrivateFileError::Exposed { mode: got, .. }) if *got == mode)
        );
        assert!(error.to_string().contains("chmod 600 '"), "{error}");
        let error = Passphrase::from_file(&path).unwrap_err();
        assert!(matches!(error, PassphraseError::File(PrivateFileError::Exposed { .. })), "{error:?}");
    }
    for mode in [0o600, 0o400, 0o700] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        Keystore::read(&path).unwrap();
    }
}

#[test]
fn what_is_no_keystore_file_is_refused_without_reading_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let refused = |path: &Path| match Keystore::read(path).unwrap_err() {
        KeystoreError::File(error) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused(&path("absent")), PrivateFileError::Io { action: "open", .. }));
    assert!(matches!(refused(folder.path()), PrivateFileError::NotAFile { .. }));
    assert!(matches!(refused(Path::new("/dev/zero")), PrivateFileError::NotAFile { .. }));
    assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    assert!(matches!(refused(&path("pipe")), PrivateFileError::NotAFile { .. }));
    fs::write(path("long"), vec![b' '; 64 * 1024 + 1]).unwrap();
    fs::set_permissions(path("long"), fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(refused(&path("long")), PrivateFileError::TooLong { limit: 65_536, .. }));
}

#[test]
fn a_folder_that_is_absent_is_named() {
    let error = light_keystore().write_new(Path::new("/nonexistent/desk.json")).unwrap_err();
    assert!(error.to_string().starts_with("cannot create a file in /nonexistent: "), "{error}");
}

#[test]
fn foundrys_cast_reads_what_is_written_here() {
    let folder = tempfile::tempdir().unwrap();
    known_keystore().write_new(&folder.path().join("desk")).unwrap();
    let shown = cast(&["decrypt-keystore", "desk", "--keystore-dir"], folder.path());
    assert!(String::from_utf8_lossy(&shown.stdout).contains(SECRET), "{shown:?}");
}

#[test]
fn what_foundrys_cast_writes_is_read_here_once_its_mode_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let made = cast(&["import", "desk", "--private-key", SECRET, "--keystore-dir"], folder.path());
    assert!(made.status.success(), "{made:?}");
    let path = folder.path().join("desk");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let key = Keystore::read(&path).unwrap().decrypt(&passphrase("interop")).unwrap();
    assert_eq!(key.public_key(), known_key().public_key());
}

#[test]
fn a_full_disk_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // A file size limit of zero fails the write as a full disk does, for any user and on any file system.
    let program = std::env::current_exe().unwrap();
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 0; trap '' XFSZ; exec \"$0\" --exact writer --nocapture"])
        .arg(program)
        .env(WRITER_FOLDER, folder.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("make room and try again"), "{said}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_kill_at_any_moment_leaves_whole_files_only() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..12_u32 {
        let before = finished(folder.path()).len();
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer"])
            .env(WRITER_FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while finished(folder.path()).len() == before {
            assert!(started.elapsed() < Duration::from_secs(60), "the writer wrote nothing");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(700) * round);
        writer.kill().unwrap();
        writer.wait().unwrap();
    }
    for name in finished(folder.path()) {
        Keystore::read(&folder.path().join(name)).unwrap();
    }
}

/// Not a test of its own: the child of the two tests above, which writes keystores until it is killed or fails.
#[test]
fn writer() {
    let Some(folder) = std::env::var_os(WRITER_FOLDER).map(PathBuf::from) else { return };
    let keystore = light_keystore();
    for number in 0_u64.. {
        let path = folder.join(format!("{}-{number}.json", std::process::id()));
        if let Err(error) = keystore.write_new(&path) {
            panic!("{error}");
        }
    }
}

#[test]
fn a_passphrase_file_loses_one_line_end() {
    let folder = tempfile::tempdir().unwrap();
    for (content, expected) in [
        (&b"pass"[..], Some(&b"pass"[..])),
        (b"pass\n", Some(b"pass")),
        (b"pass\r\n", Some(b"pass")),
        (b"pass\n\n", Some(b"pass\n")),
        (b" pass \r", Some(b" pass \r")),
        (b"", None),
        (b"\n", None),
    ] {
        let path = folder.path().join("pass");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        match (Passphrase::from_file(&path), expected) {
            (Ok(read), Some(expected)) => assert!(opens_what(&read, expected), "{content:?}"),
            (Err(error), None) => assert!(matches!(error, PassphraseError::Empty), "{error:?}"),
            (read, _) => panic!("{content:?}: {read:?}"),
        }
    }
}

#[test]
fn a_passphrase_longer_than_any_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pass");
    for (length, fits) in [(4096, true), (4097, false), (4098, false), (100_000, false)] {
        fs::write(&path, vec![b'x'; length]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(Passphrase::from_file(&path).is_ok(), fits, "{length}");
    }
    assert!(matches!(Passphrase::from_file(folder.path()), Err(PassphraseError::File(_))));
}

#[test]
fn a_passphrase_comes_from_a_descriptor() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"from a pipe\n").unwrap();
    drop(writer);
    let read = Passphrase::from_descriptor(u32::try_from(reader.as_raw_fd()).unwrap()).unwrap();
    assert!(opens_what(&read, b"from a pipe"));

    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"from a deleted file").unwrap();
    let read = Passphrase::from_descriptor(u32::try_from(file.as_raw_fd()).unwrap()).unwrap();
    assert!(opens_what(&read, b"from a deleted file"));

    let closed = Passphrase::from_descriptor(987_654).unwrap_err();
    assert!(
        matches!(closed, PassphraseError::File(PrivateFileError::Io { action: "open", .. })),
        "{closed:?}"
    );
    let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
    Passphrase::from_descriptor(u32::try_from(socket.as_raw_fd()).unwrap()).unwrap_err();
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.as_bytes().to_vec())).unwrap()
}

fn known_key() -> LocalKey {
    let bytes: [u8; 32] = hex::decode(SECRET).unwrap().try_into().unwrap();
    LocalKey::new(SecretKey::from_bytes(&bytes).unwrap())
}

fn known_keystore() -> Keystore {
    Keystore::encrypt(&known_key(), &passphrase("interop"), ScryptCost::LIGHT).unwrap()
}

fn light_keystore() -> Keystore {
    known_keystore()
}

/// Whether `read` is the same passphrase as `expected`: the bytes themselves are not to be had.
fn opens_what(read: &Passphrase, expected: &[u8]) -> bool {
    let expected = Passphrase::new(Zeroizing::new(expected.to_vec())).unwrap();
    let keystore = Keystore::encrypt(&known_key(), &expected, ScryptCost::LIGHT).unwrap();
    keystore.decrypt(read).is_ok()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| name.into_string().unwrap()).collect()
}

/// The files that bear their final name.
fn finished(folder: &Path) -> Vec<String> {
    names(folder).into_iter().filter(|name| !name.starts_with(".countersign-")).collect()
}

fn cast(arguments: &[&str], folder: &Path) -> Output {
    let program = installed_cast().expect("cast is not installed; run `npm ci` in the project's folder");
    let mut command = Command::new(program);
    command.arg("wallet").args(arguments).arg(folder).args(["--unsafe-password", "interop"]);
    command.env("HOME", folder).output().unwrap()
}

/// Its package bears the platform's name, and npm installs only the right one.
fn installed_cast() -> Option<PathBuf> {
    let packages =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node_modules/@foundry-rs").read_dir().ok()?;
    let packages = packages.map(|package| package.unwrap());
    let packages = packages.filter(|package| package.file_name().to_string_lossy().starts_with("cast-"));
    packages.map(|package| package.path().join("bin/cast")).find(|program| program.exists())
}
