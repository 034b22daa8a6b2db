//! A node that lies: a JSON-RPC proxy between a resolver and a real Anvil, over HTTP and WebSocket on one port.

mod socket;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use alloy::transports::http::reqwest;
use countersign::registry::Endpoint;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// A proxy on a free loopback port. Honest until told otherwise; stops when dropped.
pub struct Proxy {
    address: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What the proxy does to its next answers.
pub enum Lie {
    /// Nothing: it passes on what the node says.
    None,
    /// It takes the request and never answers.
    Stall,
    /// It closes the connection instead of answering, and new ones at once.
    HangUp,
    /// It answers this text, whatever was asked.
    Say(String),
    /// It answers spaces, without end.
    Drone,
    /// It answers spaces, one in each second.
    Trickle,
    /// It answers later.
    Delay(Duration),
    /// It changes a question before the node sees it.
    Ask(BendQuestion),
    /// It changes the node's answer. `Value` is the whole response object: `result` or `error`. What becomes null is
    /// never sent. An announcement over WebSocket is the answer to a call of `eth_subscription`.
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
    /// The only method about which it lies; about every one where none is named.
    about: Mutex<Option<&'static str>>,
    requests: Mutex<Vec<usize>>,
    methods: Mutex<Vec<String>>,
    arrivals: Mutex<Vec<Instant>>,
    /// Ends the connections that there are.
    cut: Notify,
}

/// What to send back.
enum Reply {
    Body(String),
    Never,
    Closed,
    Endless,
    Trickle,
}

impl Proxy {
    pub async fn before(upstream: reqwest::Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let shared = Arc::new(Shared {
            upstream,
            client,
            lie: Mutex::new(Lie::None),
            about: Mutex::default(),
            requests: Mutex::default(),
            methods: Mutex::default(),
            arrivals: Mutex::default(),
            cut: Notify::new(),
        });
        let task = tokio::spawn(serve(listener, shared.clone()));
        Self { address, shared, task }
    }

    pub fn endpoint(&self) -> Endpoint {
        format!("http://{}", self.address).parse().unwrap()
    }

    /// The same proxy, over WebSocket.
    pub fn web_socket(&self) -> Endpoint {
        format!("ws://{}", self.address).parse().unwrap()
    }

    pub fn tell(&self, lie: Lie) {
        *self.shared.about.lock().unwrap() = None;
        *self.shared.lie.lock().unwrap() = lie;
    }

    /// Lies over HTTP to those requests alone that hold a call of that method.
    pub fn tell_about(&self, method: &'static str, lie: Lie) {
        self.tell(lie);
        *self.shared.about.lock().unwrap() = Some(method);
    }

    /// Changes the result of one method.
    pub fn bend(&self, method: &'static str, bend: impl Fn(&mut Value) + Send + 'static) {
        self.tell(Lie::Answer(Box::new(move |call, answer| {
            if call.method == method && !answer["result"].is_null() {
                bend(&mut answer["result"]);
            }
        })));
    }

    /// Refuses one method, as nodes do that do not know it.
    pub fn refuse(&self, method: &'static str) {
        self.tell(Lie::Answer(Box::new(move |call, answer| {
            if call.method == method {
                refuse(answer);
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

    /// Ends the connections that there are. Over HTTP each request has one of its own anyway.
    pub fn cut(&self) {
        self.shared.cut.notify_waiters();
    }

    /// The number of calls in each HTTP request or WebSocket message so far.
    pub fn requests(&self) -> Vec<usize> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The number of calls of one method so far, over HTTP.
    pub fn calls(&self, method: &str) -> usize {
        self.shared.methods.lock().unwrap().iter().filter(|called| *called == method).count()
    }

    /// When each connection came.
    pub fn arrivals(&self) -> Vec<Instant> {
        self.shared.arrivals.lock().unwrap().clone()
    }
}

/// Makes an answer a refusal.
pub fn refuse(answer: &mut Value) {
    answer.as_object_mut().unwrap().remove("result");
    answer["error"] = json!({ "code": -32601, "message": "the method does not exist" });
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        shared.arrivals.lock().unwrap().push(Instant::now());
        let shared = shared.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = shared.cut.notified() => {}
                () = answer_one(stream, &shared) => {}
            }
        });
    }
}

async fn answer_one(mut stream: TcpStream, shared: &Shared) {
    // Which method it is about can be told once the request is read.
    let about_all = shared.about.lock().unwrap().is_none();
    if about_all && matches!(*shared.lie.lock().unwrap(), Lie::HangUp) {
        return;
    }
    let mut first = [0; 3];
    while stream.peek(&mut first).await.is_ok_and(|read| 0 < read && read < first.len()) {
        sleep(Duration::from_millis(1)).await;
    }
    if &first == b"GET" {
        return socket::relay(stream, shared).await;
    }
    let Some(request) = read_request(&mut stream).await else { return };
    let reply = shared.reply(request).await;
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n";
    match reply {
        Reply::Closed => {}
        Reply::Never => std::future::pending().await,
        Reply::Endless => {
            let sent = stream.write_all(format!("{head}\r\n").as_bytes()).await;
            if sent.is_ok() {
                drone(&mut stream).await;
            }
        }
        Reply::Trickle => {
            let sent = stream.write_all(format!("{head}content-length: 4096\r\n\r\n").as_bytes()).await;
            if sent.is_ok() {
                trickle(&mut stream).await;
            }
        }
        Reply::Body(body) => {
            let head = format!("{head}content-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes()).await;
        }
    }
}

/// Until the other end has enough.
async fn drone(stream: &mut TcpStream) {
    while stream.write_all(&[b' '; 4096]).await.is_ok() {}
}

/// Until the other end has enough.
async fn trickle(stream: &mut TcpStream) {
    while stream.write_all(b" ").await.is_ok() {
        sleep(Duration::from_secs(1)).await;
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
        let methods: Vec<String> = each(&mut request).map(|object| call_of(object).method).collect();
        let about = *self.about.lock().unwrap();
        let is_spared = about.is_some_and(|about| methods.iter().all(|method| method != about));
        self.methods.lock().unwrap().extend(methods);
        if is_spared {
            self.requests.lock().unwrap().push(request.as_array().map_or(1, Vec::len));
            return self
                .forward(&request)
                .await
                .map_or(Reply::Closed, |answer| Reply::Body(answer.to_string()));
        }
        if let Some(reply) = self.instead_of(&mut request) {
            return reply;
        }
        sleep(self.delay()).await;
        let Some(mut response) = self.forward(&request).await else { return Reply::Closed };
        if let Lie::Answer(bend) = &*self.lie.lock().unwrap() {
            for question in each(&mut request) {
                let call = call_of(question);
                let answer = each(&mut response).find(|answer| answer["id"] == question["id"]);
                answer.into_iter().for_each(|answer| bend(&call, answer));
            }
        }
        let is_silent = each(&mut response).any(|answer| answer.is_null());
        match is_silent {
            true => Reply::Never,
            false => Reply::Body(response.to_string()),
        }
    }

    /// What it says instead of passing a question on; it may change the question.
    fn instead_of(&self, request: &mut Value) -> Option<Reply> {
        self.requests.lock().unwrap().push(request.as_array().map_or(1, Vec::len));
        match &*self.lie.lock().unwrap() {
            Lie::Stall => return Some(Reply::Never),
            Lie::HangUp => return Some(Reply::Closed),
            Lie::Drone => return Some(Reply::Endless),
            Lie::Trickle => return Some(Reply::Trickle),
            Lie::Say(text) => return Some(Reply::Body(text.clone())),
            Lie::Ask(ask) => each(request).for_each(|object| {
                let mut call = call_of(object);
                ask(&mut call);
                object["params"] = call.params;
            }),
            Lie::None | Lie::Delay(_) | Lie::Answer(_) => {}
        }
        None
    }

    async fn forward(&self, request: &Value) -> Option<Value> {
        let response = self.client.post(self.upstream.clone()).json(request).send().await.ok()?;
        response.json().await.ok()
    }

    fn delay(&self) -> Duration {
        match &*self.lie.lock().unwrap() {
            Lie::Delay(delay) => *delay,
            _ => Duration::ZERO,
        }
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
