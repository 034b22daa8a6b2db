//! Events as they happen.

use std::time::Duration;

use countersign_indexer::api::{ConnectionLimits, Limits};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::*;

/// A stream, read event by event.
struct Stream {
    response: reqwest::Response,
    text: String,
    /// The number behind which it began, told before any event.
    begun: u64,
}

#[derive(Debug, PartialEq)]
struct Told {
    id: u64,
    kind: String,
    data: Value,
}

impl Stream {
    async fn open(server: &Server, path: &str, headers: &[(&str, &str)]) -> Self {
        let response = server.open(path, headers).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Self { response, text: String::new(), begun: 0 };
        let first = stream.lines().await.expect("the stream ended");
        let [number] = &first[..] else { panic!("{first:?}") };
        stream.begun = number.strip_prefix("id:").unwrap().trim().parse().unwrap();
        stream
    }

    /// The next block of lines; `None` where the stream ended in order.
    async fn lines(&mut self) -> Option<Vec<String>> {
        loop {
            if let Some((lines, rest)) = self.text.split_once("\n\n") {
                let lines = lines.lines().map(str::to_owned).collect();
                self.text = rest.to_owned();
                return Some(lines);
            }
            let chunk = soon(self.response.chunk()).await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn next(&mut self) -> Told {
        loop {
            let lines = self.lines().await.expect("the stream ended");
            let field = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name).map(str::trim));
            let Some(id) = field("id:") else { continue };
            return Told {
                id: id.parse().unwrap(),
                kind: field("event:").unwrap().into(),
                data: serde_json::from_str(field("data:").unwrap()).unwrap(),
            };
        }
    }
}

#[tokio::test]
async fn all_that_is_stored_is_told_and_then_what_happens() {
    let mut world = World::populated().await;
    let server = world.serve().await;
    let mut stream = Stream::open(&server, "/v1/31337/events?after=0", &[]).await;
    assert_eq!(stream.begun, 0);
    for id in 1..=8 {
        let told = stream.next().await;
        assert_eq!(
            (told.id, &told.data["sequence"], &told.data["kind"]),
            (id, &json!(id), &json!(told.kind))
        );
    }
    world.block(vec![registered(owner(4), "", 1, 16)]).await;
    let told = stream.next().await;
    assert_eq!(
        (told.id, told.kind.as_str(), &told.data["owner"]),
        (9, "registered", &json!(owner(4).to_string()))
    );
}

#[tokio::test]
async fn without_a_number_only_what_happens_from_now_on_is_told() {
    let mut world = World::populated().await;
    let server = world.serve().await;
    let mut stream = Stream::open(&server, "/v1/31337/events", &[]).await;
    assert_eq!(stream.begun, 8, "a reader that loses it now comes back to here");
    world.block(vec![registered(owner(4), "", 1, 16)]).await;
    assert_eq!(stream.next().await.id, 9);
}

#[tokio::test]
async fn a_reader_comes_back_to_where_it_was() {
    let world = World::populated().await;
    let server = world.serve().await;
    let mut stream = Stream::open(&server, "/v1/31337/events?after=0", &[]).await;
    for _ in 0..3 {
        stream.next().await;
    }
    drop(stream);
    // Browsers send the first address again, and say what they saw last.
    let mut stream = Stream::open(&server, "/v1/31337/events?after=0", &[("last-event-id", "3")]).await;
    for id in 4..=8 {
        assert_eq!(stream.next().await.id, id);
    }
}

#[tokio::test]
async fn a_number_of_another_index_is_refused() {
    let server = World::populated().await.serve().await;
    let answered = soon(server.request("GET", "/v1/31337/events", &[("last-event-id", "9")])).await;
    assert_eq!((answered.status, &answered.json()["parameter"]), (400, &json!("Last-Event-ID")));
}

#[tokio::test]
async fn a_reorganisation_is_told_to_who_reads_and_to_who_comes_back() {
    let mut world = World::populated().await;
    let server = world.serve().await;
    let mut stream = Stream::open(&server, "/v1/31337/events?after=6", &[]).await;
    assert_eq!(
        (stream.next().await.kind.as_str(), stream.next().await.kind.as_str()),
        ("revoked", "bundle_anchored")
    );
    world.reorganise(3).await;
    world.block(vec![registered(owner(4), "", 1, 16)]).await;
    let told = stream.next().await;
    assert_eq!((told.id, told.kind.as_str(), &told.data["block"]), (9, "reorganised", &json!(3)));
    assert_eq!(told.data["hash"], json!(header(3, 0).hash_slow()));
    assert_eq!(stream.next().await.id, 10);
    let mut stream = Stream::open(&server, "/v1/31337/events", &[("last-event-id", "8")]).await;
    assert_eq!((stream.next().await.id, stream.next().await.id), (9, 10));
}

#[tokio::test]
async fn news_of_another_registry_neither_come_nor_keep_it_busy() {
    let mut world = World::populated().await;
    let other = countersign_registry::RegistryAt { chain_id: 10, ..REGISTRY };
    let mut elsewhere = World::of(other, world.memory.clone()).await;
    let server = world.serve().await;
    let mut stream = Stream::open(&server, "/v1/31337/events", &[]).await;
    elsewhere.block(vec![registered(owner(7), "", 1, 17)]).await;
    world.block(vec![registered(owner(4), "", 1, 16)]).await;
    assert_eq!(stream.next().await.id, 10);
}

#[tokio::test]
async fn a_quiet_stream_says_that_it_is_alive() {
    let world = World::populated().await;
    let limits = Limits { heartbeat: Duration::from_millis(30), ..unbounded() };
    let server = Server::start(&world.api(limits), ConnectionLimits::default()).await;
    let mut stream = Stream::open(&server, "/v1/31337/events", &[]).await;
    assert!(stream.lines().await.unwrap().iter().all(|line| line.starts_with(':')));
}

#[tokio::test]
async fn there_are_no_more_streams_than_there_may_be() {
    let world = World::populated().await;
    let server =
        Server::start(&world.api(Limits { streams: 1, ..unbounded() }), ConnectionLimits::default()).await;
    let stream = Stream::open(&server, "/v1/31337/events", &[]).await;
    let answered = soon(server.ask("/v1/31337/events")).await;
    assert_eq!((answered.status, answered.header("retry-after")), (503, "30"));
    assert_eq!(answered.json()["type"], "urn:countersign:problem:too-many-streams");
    drop(stream);
    soon(until_streams_are_free(&server)).await;
}

/// A stream's place is free again some time after its reader is gone.
async fn until_streams_are_free(server: &Server) {
    while server.open("/v1/31337/events", &[]).await.status() != 200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_dropped() {
    let mut world = World::new().await;
    // More than the kernel's buffers of one connection hold.
    for _ in 0..8 {
        let kinds = (0..8000_u64).map(|number| {
            let mut operator = [0; 20];
            operator[..8].copy_from_slice(&number.to_be_bytes());
            appointed(owner(1), countersign_protocol::Address(operator), number)
        });
        world.block(kinds.collect()).await;
    }
    let connections = ConnectionLimits { taken_within: Duration::from_millis(300), ..Default::default() };
    let server = Server::start(&world.api(Limits { streams: 1, ..unbounded() }), connections).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /v1/31337/events?after=0 HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 16];
    slow.read_exact(&mut first).await.unwrap();
    assert_eq!(soon(server.ask("/v1/31337/events")).await.status, 503);
    soon(until_streams_are_free(&server)).await;
    let mut rest = Vec::new();
    // Cut off, not ended: the last chunk is missing.
    soon(slow.read_to_end(&mut rest)).await.ok();
    assert!(!rest.ends_with(b"0\r\n\r\n"));
}
