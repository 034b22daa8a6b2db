//! What a light client starts from.

use std::path::PathBuf;
use std::time::Duration;

use alloy::primitives::B256;
use countersign_light_client::Network;

use crate::endpoint::{Endpoint, Target};
use crate::policy::TrustError;

/// Heads proven by the beacon chain's sync committee. Execution nodes then serve the headers and proofs of blocks
/// whose hash is proven, and are believed in nothing.
///
/// An older block counts where it is proven to lie below the head: by the parent hashes between, down to 63 blocks below;
/// from there on by the hash that the head's state keeps of it (EIP-2935), down to 8,191 blocks, about 27 hours. What
/// lies deeper is [`ResolveError::TooDeep`](crate::ResolveError::TooDeep): a depth of so many confirmations, a record
/// proof or verified logs of such a block need endpoints that agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightClientTrust {
    /// The beacon chain that the execution chain belongs to.
    pub network: Network,
    /// Beacon nodes that serve `/eth/v1/beacon/light_client`, by the URL before that. One suffices; more are more
    /// likely to show the newest head. HTTP only.
    pub beacons: Vec<Endpoint>,
    /// The root of a finalized beacon block, from a source that is trusted. All else follows from it.
    pub checkpoint: B256,
    /// How old the block of a checkpoint may be: at most the weak subjectivity period, or a chain can be made up by
    /// validators who have left since. [`WEAK_SUBJECTIVITY`](Self::WEAK_SUBJECTIVITY) suits Ethereum.
    pub max_checkpoint_age: Duration,
    /// Where the newest finalized block is kept, so that a restart within that time needs no new checkpoint. What it
    /// names is believed as `checkpoint` is: it is made with mode 0600, and refused where other users may change it or
    /// put another in its place.
    pub state: Option<PathBuf>,
    /// Execution nodes that serve headers and proofs.
    pub nodes: Vec<Endpoint>,
}

impl LightClientTrust {
    /// Two weeks: less than the weak subjectivity period of Ethereum with a million validators
    /// (`specs/phase0/weak-subjectivity.md`).
    pub const WEAK_SUBJECTIVITY: Duration = Duration::from_secs(14 * 24 * 3600);

    /// Whether it can work.
    ///
    /// # Errors
    /// [`TrustError`] where there is no beacon node or no execution node, or a beacon node is not asked over HTTP.
    pub(crate) fn check(&self) -> Result<(), TrustError> {
        if self.nodes.is_empty() {
            return Err(TrustError::ThresholdOutOfReach { threshold: 1, endpoints: 0 });
        }
        if self.beacons.is_empty() {
            return Err(TrustError::NoBeacon);
        }
        let other = self.beacons.iter().find(|beacon| !matches!(beacon.target(), Target::Http(_)));
        other.map_or(Ok(()), |beacon| Err(TrustError::BeaconWithoutHttp { endpoint: beacon.clone() }))
    }
}
