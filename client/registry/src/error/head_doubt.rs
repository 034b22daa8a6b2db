//! Why a block is not taken for the newest one.

use std::fmt;
use std::time::Duration;

use alloy::primitives::B256;

use crate::endpoint::Endpoint;

/// Why a block does not pass for the newest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StaleHead {
    /// Its timestamp lies too far back.
    #[error("it is {}s old, at most {}s are allowed", age.as_secs(), maximum.as_secs())]
    TooOld {
        /// By the local clock.
        age: Duration,
        /// The policy's limit.
        maximum: Duration,
    },
    /// Its timestamp lies too far ahead.
    #[error("it lies {}s in the future, at most {}s are allowed", ahead.as_secs(), maximum.as_secs())]
    InFuture {
        /// By the local clock.
        ahead: Duration,
        /// The policy's limit.
        maximum: Duration,
    },
    /// A higher one was proven before.
    #[error("block {proven} was proven before")]
    BehindProven {
        /// The highest block proven so far.
        proven: u64,
    },
}

/// What one endpoint calls the newest block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadClaim {
    /// Who says so.
    pub endpoint: Endpoint,
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

impl fmt::Display for HeadClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} says {} {}", self.endpoint, self.number, self.hash)
    }
}
