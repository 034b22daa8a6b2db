//! A chain with a registry in a store, and a server over it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy::consensus::Header;
use alloy::eips::BlockNumHash;
use alloy::primitives::{B256, keccak256};
use async_trait::async_trait;
use countersign_indexer::api::{Api, ConnectionLimits, Limits, ProverError, RecordProver, serve};
use countersign_indexer::change::{Block, apply};
use countersign_indexer::event::{Appointment, Event, EventKind, NewKey, Place};
use countersign_indexer::indexing::Progress;
use countersign_indexer::store::*;
use countersign_protocol::curve::{PublicKey, SecretKey};
use countersign_protocol::{Address, Identity, Label, SignatureScheme};
use countersign_registry::{RecordProof, RecordWord, RegistryAt, RevocationReason};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::memory::Memory;

pub const REGISTRY: RegistryAt = RegistryAt { chain_id: 31337, address: Address([0xaa; 20]) };
pub const GENESIS_TIME: u64 = 1_700_000_000;

/// A registry whose blocks the test makes.
#[derive(Debug)]
pub struct World {
    pub registry: RegistryAt,
    pub memory: Memory,
    writer: Box<dyn Writer>,
    kept: Vec<KeptBlock>,
    fork: u8,
}

/// A server on a port of its own.
pub struct Server {
    pub address: std::net::SocketAddr,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<std::io::Result<()>>>,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

/// Makes documents of the right form, whose headers are the world's, and counts them.
#[derive(Clone, Debug, Default)]
pub struct Prover {
    pub made: Arc<Mutex<Vec<u64>>>,
}

impl World {
    pub async fn new() -> Self {
        Self::of(REGISTRY, Memory::default()).await
    }

    pub async fn of(registry: RegistryAt, memory: Memory) -> Self {
        let writer = memory.lead().await.unwrap();
        Self { registry, memory, writer, kept: Vec::new(), fork: 0 }
    }

    /// The next block, with these events.
    pub async fn block(&mut self, kinds: Vec<EventKind>) -> Tip {
        let before = self.writer.tip(self.registry).await.unwrap();
        let number = before.map_or(1, |tip| tip.block.number + 1);
        let header = header(number, self.fork);
        let id = BlockNumHash { number, hash: header.hash_slow() };
        let event = |(index, kind): (usize, EventKind)| Event {
            place: Place { block: number, log_index: index.try_into().unwrap() },
            timestamp: header.timestamp,
            claimed_transaction: keccak256([number.to_be_bytes(), (index as u64).to_be_bytes()].concat()),
            kind,
        };
        let events = kinds.into_iter().enumerate().map(event).collect();
        let block = Block { id, timestamp: header.timestamp, events };
        let held = self.writer.held(self.registry, &Touched::default()).await.unwrap();
        let changes = vec![apply(&block, &held).unwrap()];
        let tip = Tip {
            block: id,
            timestamp: header.timestamp,
            finalized: number.saturating_sub(2),
            told_through: None,
        };
        let kept = KeptBlock { block: id, timestamp: header.timestamp };
        self.kept.push(kept);
        let advance = Advance { base: before.map(|tip| tip.block), tip, kept: vec![kept], changes };
        self.writer.advance(self.registry, &advance).await.unwrap();
        tip
    }

    /// Goes back to a height; the blocks that follow are others than before.
    pub async fn reorganise(&mut self, to: u64) {
        let from = self.writer.tip(self.registry).await.unwrap().unwrap().block;
        self.kept.retain(|kept| kept.block.number <= to);
        let to = *self.kept.last().unwrap();
        self.fork += 1;
        self.writer.rewind(self.registry, &Rewind { from, to }).await.unwrap();
    }

    /// Three owners, some labels, a rotation, a revocation, an operator: what most tests ask about.
    pub async fn populated() -> Self {
        let mut world = Self::new().await;
        let (alice, bob, carol) = (owner(1), owner(2), owner(3));
        world.block(vec![registered(alice, "", 1, 11), registered(alice, "desk-7", 1, 12)]).await;
        world.block(vec![registered(bob, "desk-7", 1, 13), rotated(alice, "", 2, 14)]).await;
        world
            .block(vec![registered(carol, "desk-7", 1, 15), appointed(alice, owner(9), 1_800_000_000)])
            .await;
        world.block(vec![revoked(bob, "desk-7", 1, 13), bundle(alice, "", 2)]).await;
        world.block(vec![]).await;
        world
    }

    pub fn api(&self, limits: Limits) -> Api {
        Api::new(Arc::new(self.memory.clone()), Vec::new(), Prover::default(), limits)
    }

    pub async fn serve(&self) -> Server {
        Server::start(&self.api(unbounded()), ConnectionLimits::default()).await
    }
}

impl Server {
    pub async fn start(api: &Api, limits: ConnectionLimits) -> Self {
        Self::of(api.router(), limits).await
    }

    pub async fn of(app: axum::Router, limits: ConnectionLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(listener, app, limits, async { stopped.await.unwrap_or(()) }));
        Self { address, client: reqwest::Client::new(), stop: Some(stop), served: Some(served) }
    }

    pub async fn open(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = self.client.get(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    pub async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answered {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answered { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    pub async fn ask(&self, path: &str) -> Answered {
        self.request("GET", path, &[]).await
    }

    /// The JSON of an answer that went well.
    pub async fn json(&self, path: &str) -> Value {
        let answered = self.ask(path).await;
        assert_eq!(answered.status, 200, "{path}: {}", answered.text());
        answered.json()
    }

    /// The problem that an answer is.
    pub async fn problem(&self, path: &str) -> Value {
        let answered = self.ask(path).await;
        assert_eq!(
            answered.header("content-type"),
            "application/problem+json",
            "{path}: {}",
            answered.text()
        );
        let problem = answered.json();
        assert_eq!(problem["status"], answered.status, "{path}");
        problem
    }

    /// Asks it to stop, and waits until it did.
    pub async fn stop(mut self) -> std::io::Result<()> {
        self.stop.take().unwrap().send(()).unwrap();
        self.served.take().unwrap().await.unwrap()
    }
}

impl Answered {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|failure| panic!("{failure}: {}", self.text()))
    }
}

#[async_trait]
impl RecordProver for Prover {
    async fn prove(
        &self,
        registry: RegistryAt,
        identity: Identity,
        block: Option<u64>,
    ) -> Result<RecordProof, ProverError> {
        if identity.owner == owner(66) {
            return Err(ProverError::NoEndpoints(registry));
        }
        let number = block.unwrap();
        self.made.lock().unwrap().push(number);
        let zero = B256::ZERO;
        let document = json!({
            "document": "countersign.record-proof", "version": 1, "chain_id": registry.chain_id,
            "owner": identity.owner.to_string(), "label": B256::from(identity.label.0),
            "headers": [alloy::primitives::Bytes::from(alloy::rlp::encode(header(number, 0)))],
            "proof": {
                "address": registry.address.to_string(), "balance": "0x0", "codeHash": zero, "nonce": "0x1",
                "storageHash": zero, "accountProof": [], "storageProof": [],
            },
        });
        Ok(RecordProof::from_json(document.to_string().as_bytes())?)
    }
}

/// Limits under which a test of something else is never refused.
pub fn unbounded() -> Limits {
    Limits { rate: None, ..Limits::default() }
}

pub fn header(number: u64, fork: u8) -> Header {
    Header {
        number,
        timestamp: GENESIS_TIME + 12 * number,
        extra_data: vec![fork].into(),
        ..Header::default()
    }
}

pub fn owner(number: u8) -> Address {
    Address([number; 20])
}

pub fn key(number: u8) -> PublicKey {
    SecretKey::from_bytes(&[number; 32]).unwrap().public_key()
}

pub fn registered(owner: Address, label: &str, version: u16, secret: u8) -> EventKind {
    EventKind::Registered(new_key(owner, label, version, secret, SignatureScheme::Ecdsa, 0))
}

pub fn rotated(owner: Address, label: &str, version: u16, secret: u8) -> EventKind {
    EventKind::Rotated(new_key(owner, label, version, secret, SignatureScheme::Ecdsa, 0))
}

pub fn new_key(
    owner: Address,
    label: &str,
    version: u16,
    secret: u8,
    scheme: SignatureScheme,
    valid_until: u32,
) -> NewKey {
    let identity = Identity { owner, label: Label::from_text(label).unwrap() };
    let word = RecordWord { scheme, valid_until, ..word(version, secret) }.pack();
    NewKey { identity, word, x: key(secret).xy().0.into(), is_pinned: false }
}

pub fn revoked(owner: Address, label: &str, version: u16, secret: u8) -> EventKind {
    let identity = Identity { owner, label: Label::from_text(label).unwrap() };
    let reason = Some(RevocationReason::KeyCompromised);
    EventKind::Revoked { identity, word: RecordWord { revoked: reason, ..word(version, secret) }.pack() }
}

pub fn bundle(owner: Address, label: &str, version: u16) -> EventKind {
    let identity = Identity { owner, label: Label::from_text(label).unwrap() };
    EventKind::BundleAnchored { identity, version, bundle: B256::repeat_byte(0xbb) }
}

pub fn appointed(owner: Address, operator: Address, until: u64) -> EventKind {
    EventKind::OperatorSet { appointment: Appointment { owner, operator }, until }
}

fn word(version: u16, secret: u8) -> RecordWord {
    RecordWord {
        signer: Address(key(secret).address()),
        anchored_at: GENESIS_TIME,
        valid_until: 0,
        version,
        scheme: SignatureScheme::Ecdsa,
        suite_floor: 1,
        revoked: None,
    }
}

/// What indexing would say of how far it is.
pub fn progress(tip: Option<Tip>, head: Option<KeptBlock>) -> watch::Receiver<Progress> {
    let progress = Progress { registry: REGISTRY, tip, head, events: 7, reorganisations: 2, failure: None };
    // The value stays readable without its sender.
    watch::channel(progress).1
}

/// Fails instead of waiting for ever.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("took too long")
}
