//! Who vouches for the head.

use std::sync::Arc;

use crate::beacon::Beacon;
use crate::error::ResolveError;
use crate::policy::{HeadPolicy, HeadSource, HeadTrust};

/// The one place where sources of heads differ.
#[derive(Debug)]
pub(crate) enum Voucher {
    OwnNode,
    Quorum,
    LightClient(Arc<Beacon>),
}

impl Voucher {
    pub(crate) fn of(trust: &HeadTrust, policy: &HeadPolicy) -> Result<Self, ResolveError> {
        Ok(match trust {
            HeadTrust::OwnNode(_) => Self::OwnNode,
            HeadTrust::Quorum { .. } => Self::Quorum,
            HeadTrust::LightClient(trust) => {
                trust.check()?;
                Self::LightClient(Arc::new(Beacon::new(trust, policy)?))
            }
        })
    }

    pub(crate) const fn is_light_client(&self) -> bool {
        matches!(self, Self::LightClient(_))
    }

    /// How many blocks a head may lie below the highest proven before. One's own node never goes back; of a quorum, other
    /// members may answer this time, and what a committee signs may yet be reorganised.
    pub(crate) const fn slack(&self, policy: &HeadPolicy) -> u64 {
        match self {
            Self::OwnNode => 0,
            Self::Quorum | Self::LightClient(_) => policy.max_head_lag,
        }
    }

    /// How a head came to be trusted that has that many votes.
    pub(crate) fn source(&self, votes: usize, nodes: usize) -> HeadSource {
        match self {
            Self::OwnNode => HeadSource::OwnNode,
            Self::Quorum => HeadSource::Quorum { agreed: votes, of: nodes },
            Self::LightClient(beacon) => {
                HeadSource::LightClient { signed: votes, of: beacon.committee_size() }
            }
        }
    }
}
