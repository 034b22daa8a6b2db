//! Whose word on the newest block is taken, and how old things may be.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use alloy_chains::Chain;
use countersign_execution::Hardfork;
use countersign_protocol::Identity;

use crate::beacon::LightClientTrust;
use crate::depth::RecordDepth;
use crate::endpoint::Endpoint;

/// Whose word on the newest block is taken. Everything else is proven against that block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadTrust {
    /// One node that the user runs, and says so: what it calls the head is the head.
    OwnNode(Endpoint),
    /// The head is the highest block whose hash `threshold` of the endpoints report.
    Quorum {
        /// Who is asked, all at once. Each may appear once only.
        endpoints: Vec<Endpoint>,
        /// How many must agree: more than half of the endpoints, and at most all.
        threshold: NonZeroUsize,
    },
    /// The head is the block that the beacon chain's sync committee signed for.
    LightClient(Box<LightClientTrust>),
}

/// How the newest block came to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadSource {
    /// The user's own node said so.
    OwnNode,
    /// That many endpoints, of so many asked, reported its hash.
    Quorum {
        /// How many reported it, at least the threshold.
        agreed: usize,
        /// How many are configured.
        of: usize,
    },
    /// That many of the sync committee's members, of so many, signed for it: two thirds at least, or nobody where
    /// nothing newer than the checkpoint was signed yet.
    LightClient {
        /// How many signed.
        signed: usize,
        /// How many are in the committee.
        of: usize,
    },
}

/// How old, how far ahead and how far apart things may be. [`anvil`](Self::anvil), [`mainnet`](Self::mainnet)
/// and [`op_stack`](Self::op_stack) are starting points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadPolicy {
    /// The newest block's timestamp may lie this far behind the local clock; `None` for chains that stand
    /// still between transactions.
    pub max_head_age: Option<Duration>,
    /// A block's timestamp may lie this far ahead of the local clock.
    pub max_clock_skew: Duration,
    /// An endpoint vouches for a block only while its own head is at most this many blocks ahead; a quorum's
    /// head may fall this far behind the highest one proven before. Nodes of one chain differ by a block or two.
    pub max_head_lag: u64,
    /// Where enough endpoints agree on a block, but one of them has a newer one, how long to wait for the others to
    /// have it too. Else a single endpoint that answers fast and shows an old head could hide the newest block.
    pub head_patience: Duration,
    /// How deep a record must lie before it counts: out of reach of a reorg.
    pub record_depth: RecordDepth,
    /// A block that a peer proposes may be this much older than the newest one.
    pub max_anchor_age: Duration,
    /// How long to wait for one endpoint's answer, connecting included.
    pub request_timeout: Duration,
    /// How often an endpoint that does not announce its blocks is asked for the newest one, a quarter more or less.
    pub poll_interval: Duration,
    /// How long a proven record that nobody watches is served from memory without asking again. Bounds how late a
    /// revocation is seen by [`resolve`](crate::Resolver::resolve) then. Of what is watched, the
    /// [`Follower`](crate::Follower)'s head serves.
    pub head_reuse: Duration,
    /// The longest answer read from an endpoint, in bytes; over WebSocket or IPC the longest message, and what the
    /// answers to one question may come to together. Outside of Unix a message over IPC is bounded by time only.
    pub max_response_bytes: usize,
    /// The rules that view calls are executed by on a chain whose hard forks are in no table
    /// ([`Hardfork`], [`ResolveError::RulesUnknown`](crate::ResolveError::RulesUnknown) where it is missing): both sides must
    /// say the same, or their readings differ. Where the schedule is known it alone counts, so that nobody goes on by the
    /// rules of yesterday.
    pub hardfork: Option<Hardfork>,
    /// What is asked of some identities instead. Clock and head belong to the chain, so that no identity has its own.
    pub counterparties: BTreeMap<Identity, CounterpartyPolicy>,
}

/// What is asked of one identity, where that is not what is asked of everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterpartyPolicy {
    /// In place of [`HeadPolicy::record_depth`].
    pub record_depth: Option<RecordDepth>,
    /// In place of [`HeadPolicy::max_anchor_age`], for blocks that it proposes.
    pub max_anchor_age: Option<Duration>,
}

/// A [`HeadTrust`] that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A threshold over the number of endpoints, or no endpoint at all.
    #[error("{threshold} of {endpoints} endpoints cannot agree; lower the threshold or name more endpoints")]
    ThresholdOutOfReach {
        /// How many should agree.
        threshold: usize,
        /// How many there are.
        endpoints: usize,
    },
    /// Half of the endpoints or fewer: the others could agree on another block with the same right.
    #[error(
        "{threshold} of {endpoints} endpoints are no majority, and two halves could vouch for two chains; ask for {}",
        endpoints / 2 + 1
    )]
    NoMajority {
        /// How many should agree.
        threshold: usize,
        /// How many there are.
        endpoints: usize,
    },
    /// A light client needs somebody to hear from.
    #[error("no beacon node is named; name one that serves light clients")]
    NoBeacon,
    /// The beacon API is served over HTTP alone.
    #[error("{endpoint} is no HTTP address, and beacon nodes are asked over HTTP; give http(s)://")]
    BeaconWithoutHttp {
        /// Which.
        endpoint: Endpoint,
    },
    /// One server counted twice would be a quorum of one, whatever scheme, path or credential it is asked by.
    #[error(
        "{endpoint} is the same server as {earlier}, and would agree with itself; name each once, and two nodes of one host by the same scheme"
    )]
    DuplicateEndpoint {
        /// Which.
        endpoint: Endpoint,
        /// The one named before it.
        earlier: Endpoint,
    },
}

impl HeadTrust {
    /// The endpoints, and how many must agree.
    ///
    /// # Errors
    /// [`TrustError`] where they never could, where others could agree on something else, or where one of them would
    /// be counted twice.
    pub(crate) fn endpoints(self) -> Result<(Vec<Endpoint>, usize), TrustError> {
        let (endpoints, threshold) = match self {
            Self::OwnNode(endpoint) => return Ok((vec![endpoint], 1)),
            Self::Quorum { endpoints, threshold } => (endpoints, threshold.get()),
            Self::LightClient(trust) => return trust.check().map(|()| (trust.nodes, 1)),
        };
        if threshold > endpoints.len() {
            return Err(TrustError::ThresholdOutOfReach { threshold, endpoints: endpoints.len() });
        }
        if threshold <= endpoints.len() / 2 {
            return Err(TrustError::NoMajority { threshold, endpoints: endpoints.len() });
        }
        let duplicate = endpoints.iter().enumerate().find_map(|(position, endpoint)| {
            let earlier = endpoints.iter().take(position).find(|earlier| earlier.is_same_server(endpoint))?;
            Some(TrustError::DuplicateEndpoint { endpoint: endpoint.clone(), earlier: earlier.clone() })
        });
        match duplicate {
            Some(duplicate) => Err(duplicate),
            None => Ok((endpoints, threshold)),
        }
    }
}

impl HeadPolicy {
    /// What suits a chain where nothing else is said. Too strict only ever refuses, so [`mainnet`](Self::mainnet) is for
    /// those that are not known.
    #[must_use]
    pub fn of_chain(chain_id: u64) -> Self {
        match chain_id {
            ANVIL_CHAIN_ID => Self::anvil(),
            _ if Chain::from_id(chain_id).is_optimism() => Self::op_stack(),
            _ => Self::mainnet(),
        }
    }

    /// How deep the record of that identity must lie.
    #[must_use]
    pub fn depth_for(&self, identity: &Identity) -> RecordDepth {
        self.of(identity).record_depth.unwrap_or(self.record_depth)
    }

    /// How much older than the newest block one may be that this identity proposes.
    #[must_use]
    pub fn anchor_age_for(&self, identity: &Identity) -> Duration {
        self.of(identity).max_anchor_age.unwrap_or(self.max_anchor_age)
    }

    /// For a local development chain: blocks come when a transaction does, nothing is ever reorganised away, and Osaka's rules
    /// hold, as Anvil has them unless it is told otherwise.
    #[must_use]
    pub const fn anvil() -> Self {
        Self {
            max_head_age: None,
            max_clock_skew: Duration::from_secs(3600),
            max_head_lag: 2,
            head_patience: Duration::from_millis(500),
            record_depth: RecordDepth::Age(Duration::ZERO),
            max_anchor_age: Duration::from_secs(24 * 3600),
            request_timeout: Duration::from_secs(5),
            poll_interval: Duration::from_millis(100),
            head_reuse: Duration::from_millis(200),
            max_response_bytes: 4 << 20,
            hardfork: Some(Hardfork::Osaka),
            counterparties: BTreeMap::new(),
        }
    }

    /// For Ethereum: a slot is 12 s, and a record counts once it is final, 12.8 min after it was anchored.
    #[must_use]
    pub const fn mainnet() -> Self {
        Self {
            max_head_age: Some(Duration::from_secs(60)),
            max_clock_skew: Duration::from_secs(15),
            max_head_lag: 2,
            head_patience: Duration::from_secs(1),
            record_depth: RecordDepth::Finalized,
            max_anchor_age: Duration::from_secs(96),
            request_timeout: Duration::from_secs(10),
            poll_interval: Duration::from_secs(3),
            head_reuse: Duration::from_secs(6),
            max_response_bytes: 2 << 20,
            hardfork: None,
            counterparties: BTreeMap::new(),
        }
    }

    /// For OP-stack rollups, with blocks of a second or two. What they call finalized is derived from finalized data on
    /// L1, about 15 to 20 minutes after the block: a sequencer can take back whatever is younger.
    #[must_use]
    pub const fn op_stack() -> Self {
        Self {
            max_head_age: Some(Duration::from_secs(30)),
            max_clock_skew: Duration::from_secs(15),
            max_head_lag: 8,
            head_patience: Duration::from_millis(500),
            record_depth: RecordDepth::Finalized,
            max_anchor_age: Duration::from_secs(60),
            request_timeout: Duration::from_secs(10),
            poll_interval: Duration::from_millis(500),
            head_reuse: Duration::from_secs(2),
            max_response_bytes: 2 << 20,
            hardfork: None,
            counterparties: BTreeMap::new(),
        }
    }

    fn of(&self, identity: &Identity) -> CounterpartyPolicy {
        self.counterparties.get(identity).copied().unwrap_or_default()
    }
}

/// Anvil's id, unless it is told another.
const ANVIL_CHAIN_ID: u64 = 31337;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn quorum(endpoints: &[&str], threshold: usize) -> Result<(Vec<Endpoint>, usize), TrustError> {
        let endpoints = endpoints.iter().map(|text| text.parse().unwrap()).collect();
        HeadTrust::Quorum { endpoints, threshold: threshold.try_into().unwrap() }.endpoints()
    }

    #[test]
    fn a_quorum_that_cannot_be_is_refused() {
        assert!(quorum(&["http://a", "http://b"], 2).is_ok());
        assert_eq!(
            quorum(&["http://a"], 2),
            Err(TrustError::ThresholdOutOfReach { threshold: 2, endpoints: 1 })
        );
        for [one, other] in [
            ["http://a", "http://a"],
            ["https://a/v3/one", "https://A:443/v3/other"],
            ["https://one@a", "https://other@a/"],
            ["https://a/v3/one", "wss://a/ws/v3/one"],
            ["/run/node.ipc", "ipc:///run/node.ipc"],
        ] {
            let outcome = quorum(&[one, other], 2);
            assert!(matches!(outcome, Err(TrustError::DuplicateEndpoint { .. })), "{one} {other}");
        }
        assert!(quorum(&["http://a:1", "http://a:2"], 2).is_ok());
    }

    #[test]
    fn half_of_the_endpoints_are_no_quorum() {
        let names = ["http://a", "http://b", "http://c", "http://d"];
        for (endpoints, threshold) in [(2, 1), (3, 1), (4, 1), (4, 2)] {
            let outcome = quorum(&names[..endpoints], threshold);
            assert_eq!(outcome, Err(TrustError::NoMajority { threshold, endpoints }));
        }
        for (endpoints, threshold) in [(1, 1), (2, 2), (3, 2), (4, 3)] {
            assert!(quorum(&names[..endpoints], threshold).is_ok());
        }
        let told = TrustError::NoMajority { threshold: 2, endpoints: 4 }.to_string();
        assert!(told.ends_with("ask for 3"), "{told}");
    }
}
