//! Why there are no verified logs.

use alloy::primitives::B256;

use crate::error::ResolveError;

/// Why there are no verified logs.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogsError {
    /// The range ends before it begins.
    #[error("blocks {first} to {last} are no range; name the lower one first")]
    NoRange {
        /// Where it should begin.
        first: u64,
        /// Where it should end.
        last: u64,
    },
    /// No block is trusted at the range's end, for example because the head is lower.
    #[error(transparent)]
    Untrusted(#[from] ResolveError),
    /// No endpoint showed headers or receipts that hold. What each did is told; that is their fault, not the chain's.
    #[error("no endpoint proves the logs of block {block}: {}; add one that serves receipts of blocks that old", failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unproven {
        /// The first block of what was asked for when all of them failed.
        block: u64,
        /// What was wrong, one for each endpoint.
        failures: Vec<ResolveError>,
    },
    /// The chain was reorganised while it was read. What came before may have been undone: compare the hashes of what
    /// is kept with [`block_at`](crate::Resolver::block_at), and read again from the first one that differs.
    #[error(
        "block {block} was {was} and is {now} now: the chain was reorganised; read again from the last block that is still there"
    )]
    Reorganised {
        /// A block that changed; perhaps not the lowest one.
        block: u64,
        /// Its hash as it was read.
        was: B256,
        /// Its hash now.
        now: B256,
    },
    /// The registry emitted an event that this client does not know.
    #[error("log {log_index} of block {block} is no event that this client knows; use a newer client")]
    UnknownEvent {
        /// The block.
        block: u64,
        /// The log's place in it.
        log_index: u64,
    },
    /// The task that read was ended: the runtime shuts down.
    #[error("reading was ended by the runtime; what was not delivered is not known")]
    Stopped,
}
