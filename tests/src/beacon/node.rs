//! An HTTP server that answers as a beacon node does: what it was told to show, 404 otherwise.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use alloy::primitives::B256;
use countersign::registry::Endpoint;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A beacon node on a free loopback port; stops when dropped.
pub struct BeaconNode {
    endpoint: Endpoint,
    shown: Arc<Mutex<Shown>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shown {
    answers: BTreeMap<String, String>,
    updates: BTreeMap<u64, Value>,
    requests: Vec<String>,
    is_silent: bool,
    serves_nothing: bool,
}

impl BeaconNode {
    pub async fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let shown: Arc<Mutex<Shown>> = Arc::default();
        let task = tokio::spawn(answer_all(listener, shown.clone()));
        Self { endpoint, shown, task }
    }

    pub fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    pub fn show_bootstrap(&self, block_root: B256, answer: &Value) {
        self.show(&format!("bootstrap/{block_root}"), &answer.to_string());
    }

    pub fn show_update(&self, period: u64, update: Value) {
        self.shown.lock().unwrap().updates.insert(period, update);
    }

    pub fn show_finality(&self, answer: &Value) {
        self.show("finality_update", &answer.to_string());
    }

    pub fn show_optimistic(&self, answer: &Value) {
        self.show("optimistic_update", &answer.to_string());
    }

    /// Any text in place of an answer.
    pub fn show(&self, what: &str, text: &str) {
        self.shown.lock().unwrap().answers.insert(format!("{PREFIX}{what}"), text.to_owned());
    }

    /// Has nothing under that name any more: status 404.
    pub fn withdraw(&self, what: &str) {
        self.shown.lock().unwrap().answers.remove(&format!("{PREFIX}{what}"));
    }

    /// As a node whose light client server is switched off: status 404 to all that is asked.
    pub fn serve_no_light_clients(&self) {
        self.shown.lock().unwrap().serves_nothing = true;
    }

    /// It takes requests and answers none.
    pub fn fall_silent(&self) {
        self.shown.lock().unwrap().is_silent = true;
    }

    /// The paths asked for so far.
    pub fn requests(&self) -> Vec<String> {
        self.shown.lock().unwrap().requests.clone()
    }
}

impl Drop for BeaconNode {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shown {
    fn answer(&mut self, path: &str) -> Option<String> {
        self.requests.push(path.to_owned());
        if self.serves_nothing {
            return None;
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        if path != format!("{PREFIX}updates") {
            return self.answers.get(path).cloned();
        }
        let number = |name: &str| -> Option<u64> {
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
        };
        let (start, count) = (number("start_period")?, number("count")?);
        let updates: Vec<&Value> =
            self.updates.range(start..start + count).map(|(_, update)| update).collect();
        Some(serde_json::to_string(&updates).unwrap())
    }
}

async fn answer_all(listener: TcpListener, shown: Arc<Mutex<Shown>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer_one(stream, shown.clone()));
    }
}

async fn answer_one(mut stream: TcpStream, shown: Arc<Mutex<Shown>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_buf(&mut request).await {
            Ok(read) if read > 0 => {}
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request);
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let (answer, is_silent) = {
        let mut shown = shown.lock().unwrap();
        (shown.answer(&path), shown.is_silent)
    };
    if is_silent {
        std::future::pending::<()>().await;
    }
    let (status, body) = answer.map_or(("404 Not Found", String::new()), |body| ("200 OK", body));
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all((head + &body).as_bytes()).await;
}

const PREFIX: &str = "/eth/v1/beacon/light_client/";
