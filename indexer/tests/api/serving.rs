//! Starting is easy.

use std::time::{Duration, Instant};

use countersign_indexer::api::ConnectionLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::*;

#[tokio::test]
async fn stopping_ends_streams_in_order() {
    let server = World::populated().await.serve().await;
    let mut stream = server.open("/v1/31337/events?after=7", &[]).await;
    assert!(stream.chunk().await.unwrap().is_some());
    let begun = Instant::now();
    soon(server.stop()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
    // No error: the stream had its end.
    while let Some(_rest) = soon(stream.chunk()).await.unwrap() {}
}

#[tokio::test]
async fn stopping_answers_what_is_under_way_and_takes_nothing_more() {
    let world = World::populated().await;
    let server = world.serve().await;
    world.memory.slow_down(Duration::from_millis(400));
    let (address, asked) = (server.address, world.memory.asked());
    let mut connection = TcpStream::connect(address).await.unwrap();
    let question = format!("GET /v1/31337/records/{} HTTP/1.1\r\nhost: x\r\n\r\n", owner(1));
    connection.write_all(question.as_bytes()).await.unwrap();
    soon(asked).await;
    soon(server.stop()).await.unwrap();
    let mut answer = String::new();
    soon(connection.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn stopping_waits_for_nobody_longer_than_it_may() {
    let world = World::populated().await;
    let limits = ConnectionLimits { stop_within: Duration::from_millis(200), ..Default::default() };
    let server = Server::start(&world.api(unbounded()), limits).await;
    world.memory.slow_down(Duration::from_secs(9));
    let asked = world.memory.asked();
    let mut connection = TcpStream::connect(server.address).await.unwrap();
    connection.write_all(b"GET /v1/31337/records HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    soon(asked).await;
    let begun = Instant::now();
    soon(server.stop()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off() {
    let limits = ConnectionLimits { headers_within: Duration::from_millis(200), ..Default::default() };
    let server = Server::start(&World::populated().await.api(unbounded()), limits).await;
    let mut connection = TcpStream::connect(server.address).await.unwrap();
    connection.write_all(b"GET /v1/registries HTTP/1.1\r\nhost:").await.unwrap();
    let mut rest = Vec::new();
    soon(connection.read_to_end(&mut rest)).await.ok();
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = World::populated().await.serve().await;
    let mut connection = TcpStream::connect(server.address).await.unwrap();
    let head = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000));
    connection.write_all(head.as_bytes()).await.ok();
    let mut answer = Vec::new();
    soon(connection.read_to_end(&mut answer)).await.ok();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn more_connections_than_there_may_be_wait() {
    let limits = ConnectionLimits { at_once: 1, ..Default::default() };
    let server = Server::start(&World::populated().await.api(unbounded()), limits).await;
    let first = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let waited = tokio::time::timeout(Duration::from_millis(300), second.read_to_string(&mut answer)).await;
    assert!(waited.is_err(), "{answer}");
    drop(first);
    soon(second.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}
