//! A counterparty driven by hand: it claims what it never proved, stops anywhere, says things twice.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign::custody::{Custody, LocalKey};
use countersign::protocol::handshake::initiator::{self, ExpectReply, InitiatorParams, SentHello};
use countersign::protocol::handshake::responder::{AwaitingPeer, ExpectHello, ResponderParams};
use countersign::protocol::{Error, Established, InitiatorEphemerals, StateView};
use countersign::transport::HandshakeIo;
use countersign::{Identity, Reading, Suite, SuitePolicy};
use tokio::net::{TcpListener, TcpStream};

use crate::trader::{Party, impatient};

/// A hello that somebody made, and what reads the answer to it.
pub struct Hello {
    pub bytes: Vec<u8>,
    pub next: ExpectReply,
    key: Arc<LocalKey>,
}

/// The initiator of any view, true or not, at any time.
pub async fn hello(party: &Party, view: StateView, suites: SuitePolicy, now_unix_ms: u64) -> Hello {
    let ephemerals = InitiatorEphemerals::generate(Suite::Hybrid, getrandom::fill).unwrap();
    let params = InitiatorParams { view, suites, now_unix_ms };
    let awaiting = initiator::start(params, ephemerals).unwrap();
    let product = party.key.answer(awaiting.request()).await.unwrap();
    let SentHello { hello: bytes, next } = awaiting.answer(product).unwrap();
    Hello { bytes, next, key: party.key.clone() }
}

/// As [`hello`], hybrid and by the right time.
pub async fn hello_now(party: &Party, view: StateView) -> Hello {
    hello(party, view, SuitePolicy::HYBRID, now_unix_ms()).await
}

pub async fn call(at: SocketAddr) -> HandshakeIo<TcpStream> {
    HandshakeIo::new(TcpStream::connect(at).await.unwrap(), impatient())
}

/// Says a hello and reads the answer, to the end of the handshake on this side.
pub async fn dial_by_hand(at: SocketAddr, hello: Hello) -> Result<Established, Error> {
    let mut io = call(at).await;
    io.send(&hello.bytes).await.unwrap();
    let answer = io.recv().await.unwrap();
    let awaiting = hello.next.read(answer)?;
    let product = hello.key.answer(awaiting.request()).await.unwrap();
    let completed = awaiting.answer(product)?;
    io.send(&completed.confirmation).await.unwrap();
    Ok(completed.established)
}

/// Takes one connection and reads its hello, as `party`.
pub async fn answer_by_hand(socket: &TcpListener, party: &Party) -> (HandshakeIo<TcpStream>, AwaitingPeer) {
    let (stream, _) = socket.accept().await.unwrap();
    let mut io = HandshakeIo::new(stream, impatient());
    let params = ResponderParams {
        identity: party.identity,
        public_key: party.key.public_key(),
        suites: SuitePolicy::PREFER_HYBRID,
        now_unix_ms: now_unix_ms(),
        max_clock_skew_ms: 60_000,
    };
    let awaiting = ExpectHello::new(params).read(io.recv().await.unwrap()).unwrap();
    let product = party.key.answer(awaiting.request()).await.unwrap();
    let awaiting = awaiting.answer(product).unwrap();
    let product = party.key.answer(awaiting.request()).await.unwrap();
    (io, awaiting.answer(product).unwrap())
}

/// The view with other readings, block or records: what `change` makes of its parts.
pub fn altered(view: &StateView, change: impl FnOnce(&mut Parts)) -> StateView {
    let mut parts = Parts {
        anchor: *view.anchor(),
        local: *view.local(),
        peer: *view.peer(),
        readings: view.readings().to_vec(),
    };
    change(&mut parts);
    StateView::proven(parts.anchor, parts.local, parts.peer, parts.readings).unwrap()
}

/// What a view is made of.
pub struct Parts {
    pub anchor: countersign::Anchor,
    pub local: countersign::PeerKey,
    pub peer: countersign::PeerKey,
    pub readings: Vec<Reading>,
}

impl Parts {
    /// The record with a later end.
    pub fn outlive(key: &mut countersign::PeerKey) {
        let mut record = *key.record();
        record.valid_until += 4_000_000_000;
        *key = countersign::PeerKey::proven(record, *key.public_key()).unwrap();
    }

    /// Another identity with the same key.
    pub fn rename(key: &mut countersign::PeerKey, identity: Identity) {
        let record = countersign::protocol::RegistryRecord { identity, ..*key.record() };
        *key = countersign::PeerKey::proven(record, *key.public_key()).unwrap();
    }
}

pub fn now_unix_ms() -> u64 {
    let now: Duration = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}
