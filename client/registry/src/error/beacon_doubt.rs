//! Why a beacon node's word counts for nothing, and why a checkpoint is none.

use std::path::PathBuf;
use std::time::Duration;

use alloy::primitives::B256;
use countersign_light_client::{Malformed, Refusal};

use crate::private_file::FileFlaw;

/// Why what a beacon node sent proves no head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeaconDoubt {
    /// It does not hold.
    #[error(transparent)]
    Refused(Refusal),
    /// It is nothing of what was asked for.
    #[error(transparent)]
    Malformed(Malformed),
    /// Less than two thirds of the committee signed, so it may yet be undone.
    ///
    /// Nobody's fault: so many validators were away. [`ResolveError::fault`](crate::ResolveError::fault) names the
    /// endpoint, since one that withholds a better one looks the same.
    #[error(
        "{signed} of {of} members of the sync committee signed, and two thirds are asked for: too many validators were away; try again in the next slot"
    )]
    TooFewSignatures {
        /// How many signed.
        signed: usize,
        /// How many could have.
        of: usize,
    },
    /// It answers nothing that is asked for on behalf of a light client: that is switched off there, or it is no beacon
    /// node.
    #[error(
        "it serves nothing under /eth/v1/beacon/light_client: switch its light client server on, or check the URL"
    )]
    NoLightClients,
    /// It serves light clients, and has nothing to begin at that block with.
    #[error(
        "it has no bootstrap of block {block_root}: name the block of a finalized checkpoint of the last two weeks"
    )]
    NoBootstrap {
        /// The root of the block.
        block_root: B256,
    },
    /// It has no update of a period that is over, so it does not prove who signs now.
    #[error(
        "it has no update of sync committee period {period}, which is over: let it finish its synchronization, or ask another beacon node"
    )]
    NoUpdate {
        /// Which.
        period: u64,
    },
}

impl BeaconDoubt {
    /// What to do about it, where it does not say so itself.
    pub(super) const fn advice(&self) -> &'static str {
        match self {
            Self::Refused(Refusal::FromTheFuture { .. })
            | Self::Malformed(Malformed::UnknownFork { .. })
            | Self::TooFewSignatures { .. }
            | Self::NoLightClients
            | Self::NoBootstrap { .. }
            | Self::NoUpdate { .. } => "",
            Self::Refused(_) | Self::Malformed(_) => "; use another beacon node",
        }
    }
}

/// Why the light client cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFlaw {
    /// Older than the weak subjectivity period: a chain can be made up from there.
    #[error("the checkpoint's block is {}h old, and at most {}h are taken; name a newer finalized block", age.as_secs() / 3600, maximum.as_secs() / 3600)]
    TooOld {
        /// By the local clock.
        age: Duration,
        /// What is taken.
        maximum: Duration,
    },
    /// The file that keeps the newest checkpoint is not its owner's alone, or cannot be read or written. Who can change
    /// it chooses the chain.
    #[error("the light client's checkpoint file cannot be used: {0}")]
    File(FileFlaw),
    /// The file holds something else than a checkpoint; it is not overwritten.
    #[error("{} holds no checkpoint ({detail}) and is left as it was; remove it, or name another file", path.display())]
    NotACheckpoint {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The file is of another chain.
    #[error("{} keeps a checkpoint of another network; name another file", path.display())]
    OtherNetwork {
        /// Which.
        path: PathBuf,
    },
}
