//! What is said about a session: opened, closed, refused.

use countersign::protocol::Agreed;
use countersign::{AcceptError, Identity, Query, Reading, Session, Value};
use serde::Serialize;

use crate::console::Report;
use crate::failure::Failure;
use crate::party::{checksummed, shown};
use crate::pipe::Traffic;

/// A session was opened.
#[derive(Debug, Serialize)]
pub(crate) struct Opened {
    event: &'static str,
    peer: String,
    peer_version: u16,
    remote: String,
    suite: String,
    state_hash: String,
    block_number: u64,
    block_hash: String,
    readings: Vec<ReadingReport>,
    resumed: bool,
}

/// New keys, bound to a newly proven state.
#[derive(Debug, Serialize)]
pub(crate) struct Renewed {
    event: &'static str,
    peer: String,
    epoch: u32,
    state_hash: String,
    block_number: u64,
    block_hash: String,
    readings: Vec<ReadingReport>,
}

/// A value that both sides proved.
#[derive(Debug, Serialize)]
pub(crate) struct ReadingReport {
    contract: String,
    #[serde(flatten)]
    at: PlaceReport,
    /// The slot's word, or what the call returned.
    value: String,
}

/// What was read of a contract.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum PlaceReport {
    Slot { slot: String },
    Call { calldata: String },
}

/// A session ended as it should.
#[derive(Debug, Serialize)]
pub(crate) struct Closed {
    event: &'static str,
    peer: String,
    sent: u64,
    received: u64,
}

/// A session ended otherwise, and the listener goes on.
#[derive(Debug, Serialize)]
pub(crate) struct Broken {
    event: &'static str,
    peer: String,
    kind: &'static str,
    message: String,
}

/// A connection got no session.
#[derive(Debug, Serialize)]
pub(crate) struct Refused {
    event: &'static str,
    remote: String,
    initiator: Option<String>,
    told: Option<String>,
    message: String,
}

impl Opened {
    pub(crate) fn new(session: &Session) -> Self {
        Self {
            event: "session",
            peer: shown(&session.peer()),
            peer_version: session.peer_key().record().version,
            remote: session.remote.to_string(),
            suite: session.summary.suite.to_string(),
            state_hash: session.state_hash().to_string(),
            block_number: session.anchor().block_number,
            block_hash: format!("0x{}", hex::encode(session.anchor().block_hash)),
            readings: session.readings().iter().map(ReadingReport::new).collect(),
            resumed: session.is_resumed(),
        }
    }
}

impl Renewed {
    pub(crate) fn new(peer: &Identity, agreed: &Agreed) -> Self {
        let anchor = agreed.view.anchor();
        Self {
            event: "epoch",
            peer: shown(peer),
            epoch: agreed.epoch,
            state_hash: agreed.state_hash.to_string(),
            block_number: anchor.block_number,
            block_hash: format!("0x{}", hex::encode(anchor.block_hash)),
            readings: agreed.view.readings().iter().map(ReadingReport::new).collect(),
        }
    }
}

impl ReadingReport {
    fn new(reading: &Reading) -> Self {
        let at = match &reading.query {
            Query::StorageSlot { slot, .. } => PlaceReport::Slot { slot: format!("0x{}", hex::encode(slot)) },
            Query::ViewCall { calldata, .. } => PlaceReport::Call { calldata: calldata.to_string() },
        };
        let value = match &reading.value {
            Value::Word(word) => format!("0x{}", hex::encode(word)),
            Value::Returned(data) => data.to_string(),
        };
        Self { contract: checksummed(&reading.query.source()), at, value }
    }
}

impl Closed {
    pub(crate) fn new(peer: String, traffic: Traffic) -> Self {
        Self { event: "closed", peer, sent: traffic.sent, received: traffic.received }
    }
}

impl Broken {
    pub(crate) fn new(peer: String, failure: &Failure) -> Self {
        Self { event: "broken", peer, kind: failure.kind(), message: failure.message().to_owned() }
    }
}

impl Refused {
    pub(crate) fn new(error: &AcceptError) -> Self {
        Self {
            event: "refused",
            remote: error.remote.to_string(),
            initiator: error.initiator.as_ref().map(shown),
            told: error.told.map(|reject| reject.to_string()),
            message: error.cause.to_string(),
        }
    }
}

impl Report for Opened {
    fn lines(&self) -> String {
        let Self { peer, peer_version, remote, suite, state_hash, block_number, .. } = self;
        let mut text = format!(
            "session with {peer} (key version {peer_version}, {suite}) at {remote}\n  block {block_number}, state {state_hash}"
        );
        text.push_str(&lines_of(&self.readings));
        if self.resumed {
            text.push_str("\n  resumed by a ticket of an earlier session");
        }
        text
    }
}

impl Report for Renewed {
    fn lines(&self) -> String {
        let Self { peer, epoch, state_hash, block_number, .. } = self;
        let mut text =
            format!("new keys with {peer}: epoch {epoch}\n  block {block_number}, state {state_hash}");
        text.push_str(&lines_of(&self.readings));
        text
    }
}

impl Report for Closed {
    fn lines(&self) -> String {
        format!("session with {} closed: {} bytes sent, {} received", self.peer, self.sent, self.received)
    }
}

impl Report for Broken {
    fn lines(&self) -> String {
        format!("session with {} broke: {}", self.peer, self.message)
    }
}

impl Report for Refused {
    fn lines(&self) -> String {
        let whom = self.initiator.as_deref().unwrap_or("somebody who did not say who they are");
        let told = match &self.told {
            Some(told) => format!("; told: {told}"),
            None => String::new(),
        };
        format!("refused {whom} at {}: {}{told}", self.remote, self.message)
    }
}

/// A line for each reading.
fn lines_of(readings: &[ReadingReport]) -> String {
    let line = |reading: &ReadingReport| {
        let ReadingReport { contract, at, value } = reading;
        match at {
            PlaceReport::Slot { slot } => format!("\n  {contract} slot {} = {}", short(slot), short(value)),
            PlaceReport::Call { calldata } => format!("\n  {contract} call {calldata} = {value}"),
        }
    };
    readings.iter().map(line).collect()
}

/// A word without its leading zeros.
fn short(word: &str) -> String {
    let digits = word.trim_start_matches("0x").trim_start_matches('0');
    if digits.is_empty() { "0x0".into() } else { format!("0x{digits}") }
}
