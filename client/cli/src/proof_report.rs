//! A proven record that travelled, as it is shown: by `prove record` and `verify`.

use std::path::PathBuf;

use countersign::protocol::curve::PublicKey;
use countersign::registry::{Endpoint, HeadTrust, Standing, VerifiedRecord};
use serde::Serialize;

use crate::console::Report;
use crate::fields::Fields;
use crate::moment::{timestamp, timestamp_and_distance, unix_now};
use crate::party::{checksummed, shown};
use crate::settings::ChainSettings;

/// What a record proof proves, and by whose word its block is one of the chain's. Times are Unix seconds.
#[derive(Debug, Serialize)]
pub(crate) struct ProofReport {
    #[serde(flatten)]
    written: Option<Written>,
    identity: String,
    status: &'static str,
    version: Option<u16>,
    signer: Option<String>,
    public_key: Option<String>,
    anchored_at: Option<u64>,
    valid_until: Option<u64>,
    bundle_hash: Option<String>,
    proved_at: ProvedAt,
    block_trust: BlockTrust,
}

#[derive(Debug, Serialize)]
struct Written {
    out: PathBuf,
    bytes: usize,
}

#[derive(Debug, Serialize)]
struct ProvedAt {
    chain_id: u64,
    block_number: u64,
    block_hash: String,
    timestamp: u64,
}

/// By whose word the block is one of the chain's.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum BlockTrust {
    /// The user named its hash.
    You,
    OwnNode {
        endpoint: String,
    },
    Quorum {
        threshold: usize,
        endpoints: Vec<String>,
    },
    LightClient {
        endpoints: Vec<String>,
    },
}

impl ProofReport {
    pub(crate) fn new(verified: &VerifiedRecord, block_trust: BlockTrust) -> Self {
        let word = verified.record.as_ref().map(|record| *record.word());
        Self {
            written: None,
            identity: shown(&verified.identity),
            status: status(&verified.standing()),
            version: word.map(|word| word.version),
            signer: word.map(|word| checksummed(&word.signer)),
            public_key: verified.public_key.as_ref().map(compressed),
            anchored_at: word.map(|word| word.anchored_at),
            valid_until: word.map(|word| u64::from(word.valid_until)).filter(|until| *until != 0),
            bundle_hash: (!verified.bundle_hash.is_zero()).then(|| verified.bundle_hash.to_string()),
            proved_at: ProvedAt {
                chain_id: verified.claimed_chain_id,
                block_number: verified.block.number,
                block_hash: verified.block.hash.to_string(),
                timestamp: verified.timestamp,
            },
            block_trust,
        }
    }

    pub(crate) fn written_to(self, out: PathBuf, bytes: usize) -> Self {
        Self { written: Some(Written { out, bytes }), ..self }
    }
}

impl Report for ProofReport {
    fn lines(&self) -> String {
        let now = unix_now();
        let time = |at: u64| timestamp_and_distance(at, now);
        let ProvedAt { chain_id, block_number, block_hash, timestamp: at } = &self.proved_at;
        let written = self.written.as_ref();
        Fields::default()
            .line("identity", &self.identity)
            .line("status", self.status)
            .line_if("version", self.version)
            .line_if("signer", self.signer.as_ref())
            .line_if("public key", self.public_key.as_ref())
            .line_if("anchored", self.anchored_at.map(time))
            .line_if("valid until", self.valid_until.map(time))
            .line_if("bundle hash", self.bundle_hash.as_ref())
            .line(
                "proved at",
                format_args!("block {block_number} of chain {chain_id}, {}, {block_hash}", timestamp(*at)),
            )
            .line("the block", &self.block_trust)
            .line_if("written to", written.map(|written| written.out.display()))
            .line_if("bytes", written.map(|written| written.bytes))
            .to_string()
    }
}

impl BlockTrust {
    pub(crate) fn by(chain: &ChainSettings) -> Self {
        match &chain.trust {
            HeadTrust::OwnNode(endpoint) => Self::OwnNode { endpoint: endpoint.to_string() },
            HeadTrust::Quorum { endpoints, threshold } => {
                Self::Quorum { threshold: threshold.get(), endpoints: shown_all(endpoints) }
            }
            HeadTrust::LightClient(trust) => Self::LightClient { endpoints: shown_all(&trust.nodes) },
        }
    }
}

impl std::fmt::Display for BlockTrust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::You => f.write_str("by your word: you named its hash, or that of one that follows it"),
            Self::OwnNode { endpoint } => write!(f, "your own node has it ({endpoint})"),
            Self::Quorum { threshold, endpoints } => {
                write!(f, "{threshold} of {} endpoints have it ({})", endpoints.len(), endpoints.join(", "))
            }
            Self::LightClient { endpoints } => {
                write!(f, "the light client proves it (served by {})", endpoints.join(", "))
            }
        }
    }
}

fn shown_all(endpoints: &[Endpoint]) -> Vec<String> {
    endpoints.iter().map(ToString::to_string).collect()
}

const fn status(standing: &Standing) -> &'static str {
    match standing {
        Standing::Active(_) => "active",
        Standing::Revoked { .. } => "revoked",
        Standing::Expired { .. } => "expired",
        Standing::Absent => "absent",
    }
}

fn compressed(key: &PublicKey) -> String {
    format!("0x{}", hex::encode(key.compressed()))
}
