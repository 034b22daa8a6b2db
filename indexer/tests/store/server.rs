//! A PostgreSQL server of the tests' own, in a temporary folder, reached by its socket.
//!
//! A shell runs it, and ends it, with its folder, when the tests' end of the pipe is closed: also when they are killed.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use tokio_postgres::NoTls;

pub struct Server {
    folder: PathBuf,
    shell: Mutex<(Child, ChildStdin, BufReader<std::process::ChildStdout>)>,
    databases: AtomicUsize,
}

/// The one that most tests share.
pub fn server() -> &'static Server {
    static SERVER: LazyLock<Server> = LazyLock::new(Server::start);
    &SERVER
}

impl Server {
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("countersign-pg-").tempdir().unwrap().keep();
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .args([programs().as_path(), &folder])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (orders, told) = (shell.stdin.take().unwrap(), BufReader::new(shell.stdout.take().unwrap()));
        let server =
            Self { folder, shell: Mutex::new((shell, orders, told)), databases: AtomicUsize::new(0) };
        server.expect_done();
        server
    }

    /// A new, empty one; how to connect to it.
    pub async fn database(&self) -> String {
        let name = format!("index{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE DATABASE {name}")).await;
        self.address(&name)
    }

    pub fn address(&self, database: &str) -> String {
        format!("host={} user=countersign dbname={database}", self.folder.display())
    }

    pub async fn execute(&self, database: &str, statement: &str) {
        execute(&self.address(database), statement).await;
    }

    pub fn order(&self, order: &str) {
        writeln!(self.shell.lock().unwrap().1, "{order}").unwrap();
        self.expect_done();
    }

    fn expect_done(&self) {
        let mut line = String::new();
        self.shell.lock().unwrap().2.read_line(&mut line).unwrap();
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        assert_eq!(line, "done\n", "PostgreSQL does not run:\n{log}");
    }
}

/// By a connection of its own.
pub async fn execute(address: &str, statement: &str) {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    let driven = tokio::spawn(connection);
    client.batch_execute(statement).await.unwrap();
    drop(client);
    driven.await.unwrap().unwrap();
}

/// Where initdb and postgres are.
fn programs() -> PathBuf {
    let has =
        |folder: &Path| ["initdb", "postgres", "pg_isready"].iter().all(|name| folder.join(name).exists());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    std::env::split_paths(&path)
        .chain(versions.map(|version| version.path().join("bin")))
        .find(|folder| has(folder))
        .expect("these tests need PostgreSQL's server (initdb, postgres, pg_isready) on PATH or in /usr/lib/postgresql: \
             install it")
}

/// `$1` the programs, `$2` the folder. The server refuses to run as root.
const SCRIPT: &str = r#"
    trap '' INT
    as=
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$2" && as='setpriv --reuid=postgres --regid=postgres --clear-groups'
    fi
    await() {
        for try in $(seq 300); do
            test -S "$2/.s.PGSQL.5432" && "$1/pg_isready" -q -h "$2" -d postgres && return
            sleep 0.1
        done
        return 1
    }
    start() {
        $as "$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=200 -c fsync=off \
            >>"$2/log" 2>&1 &
        server=$!
        await "$1" "$2"
    }
    stop() { kill -INT "$server"; wait "$server"; }
    cd "$2"
    $as "$1/initdb" -D "$2/data" -U countersign -A trust -E UTF8 --locale=C --no-sync >"$2/log" 2>&1 &&
        start "$1" "$2" && echo done || echo failed
    while read -r order; do
        case $order in
            start) start "$1" "$2" && echo done || echo failed ;;
            stop) stop; echo done ;;
        esac
    done
    stop
    cd / && rm -rf "$2"
"#;
