//! What is known of records and chains, and the rollbacks that were refused, as they are shown.

use countersign::registry::{Incident, KnownHead, KnownRecord, RevocationReason, Rollback, Seen};
use owo_colors::OwoColorize;
use serde::Serialize;

use crate::console::Report;
use crate::fields::Fields;
use crate::moment::{timestamp_and_distance, unix_now};
use crate::party::{checksummed, shown};

/// One line of `known list` or `known show`. Times are Unix seconds by the local clock.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum KnownLine {
    /// What a record said last.
    Record {
        identity: String,
        chain_id: u64,
        registry: String,
        #[serde(flatten)]
        state: State,
        first_proven_at: u64,
        last_proven_at: u64,
        incidents: usize,
    },
    /// The highest block proven of a chain.
    Chain {
        chain_id: u64,
        registry: String,
        block_number: u64,
        block_hash: String,
        timestamp: u64,
        proven_at: u64,
        incidents: usize,
    },
    /// A refused rollback.
    Incident {
        chain_id: u64,
        registry: String,
        /// Whose record; null where the chain itself went back.
        identity: Option<String>,
        known: Side,
        shown: Side,
        endpoints: Vec<String>,
        first_at: u64,
        last_at: u64,
        times: u64,
    },
}

/// What a record said at a block.
#[derive(Debug, Serialize)]
pub(crate) struct State {
    version: u16,
    signer: String,
    /// `active`, or why it was revoked.
    status: String,
    block_number: u64,
    block_hash: String,
}

/// One side of a contradiction.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Side {
    Record(State),
    Height { block_number: u64 },
}

impl KnownLine {
    pub(crate) fn record(record: &KnownRecord, all: &[Incident]) -> Self {
        let of_it = |incident: &&Incident| {
            incident.registry == record.registry && whose(incident) == Some(shown(&record.identity))
        };
        Self::Record {
            identity: shown(&record.identity),
            chain_id: record.registry.chain_id,
            registry: checksummed(&record.registry.address),
            state: State::of(&record.seen),
            first_proven_at: record.first_proven_at,
            last_proven_at: record.last_proven_at,
            incidents: all.iter().filter(of_it).count(),
        }
    }

    pub(crate) fn chain(head: &KnownHead, all: &[Incident]) -> Self {
        let of_it = |incident: &&Incident| incident.registry == head.registry && whose(incident).is_none();
        Self::Chain {
            chain_id: head.registry.chain_id,
            registry: checksummed(&head.registry.address),
            block_number: head.block.number,
            block_hash: head.block.hash.to_string(),
            timestamp: head.timestamp,
            proven_at: head.proven_at,
            incidents: all.iter().filter(of_it).count(),
        }
    }

    pub(crate) fn incident(incident: &Incident) -> Self {
        let (known, shown) = match &incident.rollback {
            Rollback::Record { known, shown, .. } => (State::of(known).into(), State::of(shown).into()),
            Rollback::Head { known, shown } => {
                (Side::Height { block_number: *known }, Side::Height { block_number: shown.number })
            }
        };
        Self::Incident {
            chain_id: incident.registry.chain_id,
            registry: checksummed(&incident.registry.address),
            identity: whose(incident),
            known,
            shown,
            endpoints: incident.endpoints.clone(),
            first_at: incident.first_at,
            last_at: incident.last_at,
            times: incident.times,
        }
    }
}

/// Whose record went back; `None` where the chain did.
fn whose(incident: &Incident) -> Option<String> {
    match &incident.rollback {
        Rollback::Record { identity, .. } => Some(shown(identity)),
        Rollback::Head { .. } => None,
    }
}

impl State {
    fn of(seen: &Seen) -> Self {
        let revoked = |reason: RevocationReason| format!("revoked: {reason}");
        Self {
            version: seen.version,
            signer: checksummed(&seen.signer),
            status: match seen.version {
                0 => "absent".into(),
                _ => seen.revoked.map_or_else(|| "active".into(), revoked),
            },
            block_number: seen.block.number,
            block_hash: seen.block.hash.to_string(),
        }
    }

    fn words(&self) -> String {
        match self.version {
            0 => format!("no record at block {}", self.block_number),
            version => format!("key version {version}, {}, at block {}", self.status, self.block_number),
        }
    }
}

impl From<State> for Side {
    fn from(state: State) -> Self {
        Self::Record(state)
    }
}

impl Side {
    fn words(&self) -> String {
        match self {
            Self::Record(state) => state.words(),
            Self::Height { block_number } => format!("block {block_number}"),
        }
    }
}

impl Report for KnownLine {
    fn lines(&self) -> String {
        match self {
            Self::Record {
                identity, chain_id, state, first_proven_at, last_proven_at, incidents, ..
            } => {
                let fields = Fields::default()
                    .line("chain", chain_id)
                    .line("known", state.words())
                    .line("signer", &state.signer)
                    .line("first proven", when(*first_proven_at))
                    .line("last proven", when(*last_proven_at))
                    .line_if("refused", rollbacks(*incidents));
                format!("{identity}\n{}", fields.indented(2))
            }
            Self::Chain { chain_id, block_number, block_hash, proven_at, incidents, .. } => {
                let fields = Fields::default()
                    .line("highest", format!("block {block_number} {block_hash}"))
                    .line("proven", when(*proven_at))
                    .line_if("refused", rollbacks(*incidents));
                format!("chain {chain_id}\n{}", fields.indented(2))
            }
            Self::Incident {
                chain_id, identity, known, shown, endpoints, first_at, last_at, times, ..
            } => {
                let whose = identity.as_ref().map_or_else(|| format!("chain {chain_id}"), Clone::clone);
                let fields = Fields::default()
                    .line("known", known.words())
                    .line("shown", shown.words())
                    .line("by", endpoints.join(", "))
                    .line("first", when(*first_at))
                    .line_if("last", (*times > 1).then(|| when(*last_at)))
                    .line_if("times", (*times > 1).then_some(times));
                format!("{} {whose}\n{}", "refused rollback of".red(), fields.indented(2))
            }
        }
    }
}

fn rollbacks(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 kind of rollback".into()),
        count => Some(format!("{count} kinds of rollback")),
    }
}

fn when(unix_seconds: u64) -> String {
    timestamp_and_distance(unix_seconds, unix_now())
}
