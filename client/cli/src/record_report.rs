//! A proven key as it is shown: by `resolve`, by `doctor`, in the demonstration.

use countersign::protocol::{Identity, RegistryRecord, SignatureScheme};
use countersign::registry::{HeadSource, ProvedHead, Resolved};
use serde::Serialize;

use crate::console::Report;
use crate::fields::Fields;
use crate::moment::{timestamp, timestamp_and_distance, unix_now};
use crate::party::{checksummed, shown};
use crate::settings::ChainSettings;

/// What `resolve` says. Times are Unix seconds.
#[derive(Debug, Serialize)]
pub(crate) struct RecordReport {
    identity: String,
    owner: String,
    label: String,
    caip10: String,
    public_key: String,
    signer: String,
    version: u16,
    status: &'static str,
    anchored_at: u64,
    age_seconds: u64,
    valid_until: Option<u64>,
    scheme: &'static str,
    suite_floor: SuiteFloor,
    pinned: bool,
    proved_at: ProvedAt,
    head_trust: Trust,
}

#[derive(Debug, Serialize)]
struct SuiteFloor {
    level: u8,
    name: &'static str,
}

#[derive(Debug, Serialize)]
struct ProvedAt {
    chain_id: u64,
    block_number: u64,
    block_hash: String,
    timestamp: u64,
    registry: String,
}

/// How the head came to be trusted.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Trust {
    OwnNode { endpoint: String },
    Quorum { agreed: usize, of: usize, endpoints: Vec<String> },
    LightClient { signed: usize, of: usize, endpoints: Vec<String> },
}

impl RecordReport {
    pub(crate) fn new(resolved: &Resolved, chain: &ChainSettings) -> Self {
        let record = resolved.peer_key.record();
        let head = &resolved.proved_at;
        Self {
            identity: shown(&record.identity),
            owner: checksummed(&record.identity.owner),
            label: record.identity.label.to_string(),
            caip10: caip10(&record.identity, head.anchor.chain_id),
            public_key: format!("0x{}", hex::encode(resolved.peer_key.public_key().compressed())),
            signer: checksummed(&record.signer),
            version: record.version,
            status: "active",
            anchored_at: record.anchored_at,
            age_seconds: head.timestamp.saturating_sub(record.anchored_at),
            valid_until: (record.valid_until != 0).then_some(record.valid_until),
            scheme: scheme(record),
            suite_floor: SuiteFloor { level: record.suite_floor, name: floor_name(record.suite_floor) },
            pinned: resolved.pinned,
            proved_at: ProvedAt::of(head),
            head_trust: Trust::of(head, chain),
        }
    }
}

impl Report for RecordReport {
    fn lines(&self) -> String {
        let now = unix_now();
        let valid_until = match self.valid_until {
            Some(until) => timestamp_and_distance(until, now),
            None => "no end".into(),
        };
        let key = match self.pinned {
            true => "pinned: the proof holds the key itself",
            false => "compact: the proof holds its fingerprint, the key came from the registry's log",
        };
        Fields::default()
            .line("identity", &self.identity)
            .line("public key", &self.public_key)
            .line("signer", &self.signer)
            .line("version", self.version)
            .line("scheme", self.scheme)
            .line("status", self.status)
            .line("anchored", timestamp_and_distance(self.anchored_at, self.proved_at.timestamp.max(now)))
            .line("valid until", valid_until)
            .line("suite floor", format_args!("{} ({})", self.suite_floor.level, self.suite_floor.name))
            .line("key", key)
            .line("proved at", &self.proved_at)
            .line("head", &self.head_trust)
            .to_string()
    }
}

impl ProvedAt {
    fn of(head: &ProvedHead) -> Self {
        Self {
            chain_id: head.anchor.chain_id,
            block_number: head.anchor.block_number,
            block_hash: format!("0x{}", hex::encode(head.anchor.block_hash)),
            timestamp: head.timestamp,
            registry: checksummed(&head.anchor.registry),
        }
    }
}

impl Trust {
    fn of(head: &ProvedHead, chain: &ChainSettings) -> Self {
        let endpoints: Vec<String> = chain.endpoints.iter().map(ToString::to_string).collect();
        match head.trust {
            HeadSource::OwnNode => Self::OwnNode { endpoint: endpoints.join(", ") },
            HeadSource::Quorum { agreed, of } => Self::Quorum { agreed, of, endpoints },
            HeadSource::LightClient { signed, of } => Self::LightClient { signed, of, endpoints },
        }
    }
}

impl std::fmt::Display for ProvedAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { chain_id, block_number, block_hash, timestamp: time, .. } = self;
        write!(f, "block {block_number} of chain {chain_id}, {}, {block_hash}", timestamp(*time))
    }
}

impl std::fmt::Display for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OwnNode { endpoint } => write!(f, "your own node says so ({endpoint})"),
            Self::Quorum { agreed, of, endpoints } => {
                write!(f, "{agreed} of {of} endpoints agree ({})", endpoints.join(", "))
            }
            Self::LightClient { signed, of, endpoints } => {
                let served = endpoints.join(", ");
                write!(
                    f,
                    "{signed} of {of} in the beacon chain's sync committee signed it (served by {served})"
                )
            }
        }
    }
}

/// The name of a suite floor of the registry.
pub(crate) const fn floor_name(level: u8) -> &'static str {
    match level {
        0 => "classical allowed",
        1 => "hybrid required",
        _ => "reserved",
    }
}

fn scheme(record: &RegistryRecord) -> &'static str {
    match record.scheme {
        SignatureScheme::Ecdsa => "ecdsa",
        SignatureScheme::Schnorr => "schnorr",
    }
}

fn caip10(identity: &Identity, chain_id: u64) -> String {
    format!("eip155:{chain_id}:{}", shown(identity))
}
