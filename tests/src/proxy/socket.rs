//! The proxy over WebSocket: one message, one JSON-RPC object.

use std::collections::HashMap;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async, connect_async};

use super::{Call, Lie, Reply, Shared, call_of, drone, trickle};

/// Passes messages on in both directions, until either end closes.
pub(super) async fn relay(stream: TcpStream, shared: &Shared) {
    let Ok(mut client) = accept_async(stream).await else { return };
    let upstream = shared.upstream.as_str().replacen("http", "ws", 1);
    let Ok((mut node, _)) = connect_async(upstream).await else { return };
    let mut calls = HashMap::new();
    loop {
        let reply = tokio::select! {
            message = client.next() => {
                let Some(mut question) = object_in(message) else { return };
                if question.is_null() {
                    continue;
                }
                let reply = shared.instead_of(&mut question);
                if reply.is_none() {
                    sleep(shared.delay()).await;
                    calls.insert(question["id"].to_string(), call_of(&question));
                    if node.send(Message::text(question.to_string())).await.is_err() {
                        return;
                    }
                }
                reply
            }
            message = node.next() => {
                let Some(answer) = object_in(message) else { return };
                shared.instead_of_answer(&mut calls, answer)
            }
        };
        if let Some(reply) = reply
            && !send(&mut client, reply).await
        {
            return;
        }
    }
}

/// The object of a text message; of others, which the library answers itself, null.
fn object_in<E>(message: Option<Result<Message, E>>) -> Option<Value> {
    match message?.ok()? {
        Message::Text(text) => serde_json::from_str(&text).ok(),
        Message::Close(_) => None,
        _ => Some(Value::Null),
    }
}

/// Whether there is more to come.
async fn send(client: &mut WebSocketStream<TcpStream>, reply: Reply) -> bool {
    match reply {
        Reply::Closed => false,
        Reply::Never => true,
        Reply::Body(text) => client.send(Message::text(text)).await.is_ok(),
        Reply::Endless => {
            // A text frame of a tebibyte.
            let header = [&[0x81, 0x7f][..], &(1u64 << 40).to_be_bytes()].concat();
            if client.get_mut().write_all(&header).await.is_ok() {
                drone(client.get_mut()).await;
            }
            false
        }
        Reply::Trickle => {
            // A text frame of 4 KiB.
            if client.get_mut().write_all(&[0x81, 0x7e, 0x10, 0x00]).await.is_ok() {
                trickle(client.get_mut()).await;
            }
            false
        }
    }
}

impl Shared {
    /// What it says to an answer or an announcement of the node.
    fn instead_of_answer(&self, calls: &mut HashMap<String, Call>, mut answer: Value) -> Option<Reply> {
        let call = match calls.remove(&answer["id"].to_string()) {
            Some(call) => call,
            None if answer["method"] == "eth_subscription" => call_of(&answer),
            None => return None,
        };
        match &*self.lie.lock().unwrap() {
            Lie::Stall => return None,
            Lie::HangUp => return Some(Reply::Closed),
            Lie::Drone => return Some(Reply::Endless),
            Lie::Trickle => return Some(Reply::Trickle),
            Lie::Say(text) => return Some(Reply::Body(text.clone())),
            Lie::Answer(bend) => bend(&call, &mut answer),
            Lie::None | Lie::Delay(_) | Lie::Ask(_) => {}
        }
        (!answer.is_null()).then(|| Reply::Body(answer.to_string()))
    }
}
