//! A node that lies: an HTTP JSON-RPC proxy between a resolver and a real Anvil.

use std::sync::{Arc, Mutex};

use alloy::transports::http::reqwest;
use countersign::registry::Endpoint;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A proxy on a free loopback port. Honest until told otherwise; stops when dropped.
pub struct Proxy {
    endpoint: Endpoint,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What the proxy does to its next answers.
pub enum Lie {
    /// Nothing: it passes on what the node says.
    None,
    /// It takes the request and never answers.
    Stall,
    /// It closes the connection instead of answering.
    HangUp,
    /// It answers this text, whatever was asked.
    Say(String),
    /// It answers spaces, without end.
    Drone,
    /// It changes a question before the node sees it.
    Ask(BendQuestion),
    /// It changes the node's answer. `Value` is the whole response object: `result` or `error`.
    Answer(BendAnswer),
}

pub type BendQuestion = Box<dyn Fn(&mut Call) + Send>;
pub type BendAnswer = Box<dyn Fn(&Call, &mut Value) + Send>;

/// One JSON-RPC call.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub params: Value,
}

struct Shared {
    upstream: reqwest::Url,
    client: reqwest::Client,
    lie: Mutex<Lie>,
    requests: Mutex<Vec<usize>>,
}

/// What to send back.
enum Reply {
    Body(String),
    Never,
    Closed,
    Endless,
}

impl Proxy {
    pub async fn before(upstream: reqwest::Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let (lie, requests) = (Mutex::new(Lie::None), Mutex::default());
        let shared = Arc::new(Shared { upstream, client, lie, requests });
        let task = tokio::spawn(serve(listener, shared.clone()));
        Self { endpoint, shared, task }
    }

    pub fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    pub fn tell(&self, lie: Lie) {
        *self.shared.lie.lock().unwrap() = lie;
    }

    /// Changes the result of one method.
    pub fn bend(&self, method: &'static str, bend: impl Fn(&mut Value) + Send + 'static) {
        self.tell(Lie::Answer(Box::new(move |call, answer| {
            if call.method == method && !answer["result"].is_null() {
                bend(&mut answer["result"]);
            }
        })));
    }

    /// Has it look at an old block whenever the newest one is asked for, in calls of these methods.
    pub fn stick_at(&self, number: u64, methods: &'static [&'static str]) {
        self.tell(Lie::Ask(Box::new(move |call| {
            if methods.contains(&call.method.as_str()) {
                let latest = call.params.as_array_mut().unwrap().iter_mut().find(|param| *param == "latest");
                latest.into_iter().for_each(|param| *param = json!(format!("{number:#x}")));
            }
        })));
    }

    /// The number of calls in each HTTP request so far.
    pub fn requests(&self) -> Vec<usize> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer_one(stream, shared.clone()));
    }
}

async fn answer_one(mut stream: TcpStream, shared: Arc<Shared>) {
    let Some(request) = read_request(&mut stream).await else { return };
    match shared.reply(request).await {
        Reply::Closed => {}
        Reply::Never => std::future::pending().await,
        Reply::Endless => {
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
            let mut sent = stream.write_all(head.as_bytes()).await;
            while sent.is_ok() {
                sent = stream.write_all(&[b' '; 4096]).await;
            }
        }
        Reply::Body(body) => {
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes()).await;
        }
    }
}

/// Reads one POST with a content length: all that the resolver sends.
async fn read_request(stream: &mut TcpStream) -> Option<Value> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length: usize =
            head.lines().find_map(|line| line.strip_prefix("content-length:"))?.trim().parse().ok()?;
        while bytes.len() < end + 4 + length {
            if stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        }
        return serde_json::from_slice(&bytes[end + 4..]).ok();
    }
}

impl Shared {
    async fn reply(&self, mut request: Value) -> Reply {
        self.requests.lock().unwrap().push(request.as_array().map_or(1, Vec::len));
        match &*self.lie.lock().unwrap() {
            Lie::Stall => return Reply::Never,
            Lie::HangUp => return Reply::Closed,
            Lie::Drone => return Reply::Endless,
            Lie::Say(text) => return Reply::Body(text.clone()),
            Lie::Ask(ask) => each(&mut request).for_each(|object| {
                let mut call = call_of(object);
                ask(&mut call);
                object["params"] = call.params;
            }),
            Lie::None | Lie::Answer(_) => {}
        }
        let response = self.client.post(self.upstream.clone()).json(&request).send().await;
        let Ok(response) = response else { return Reply::Closed };
        let Ok(mut response) = response.json::<Value>().await else { return Reply::Closed };
        if let Lie::Answer(bend) = &*self.lie.lock().unwrap() {
            for question in each(&mut request) {
                let call = call_of(question);
                let answer = each(&mut response).find(|answer| answer["id"] == question["id"]);
                answer.into_iter().for_each(|answer| bend(&call, answer));
            }
        }
        Reply::Body(response.to_string())
    }
}

/// The objects of a batch, or the one object.
fn each(packet: &mut Value) -> impl Iterator<Item = &mut Value> {
    match packet {
        Value::Array(objects) => objects.iter_mut(),
        single => std::slice::from_mut(single).iter_mut(),
    }
}

fn call_of(object: &Value) -> Call {
    Call {
        method: object["method"].as_str().unwrap_or_default().to_owned(),
        params: object["params"].clone(),
    }
}
