//! Logs that are complete and authentic, or an error.
//!
//! ```text
//! block that the endpoints agree on ──parent hashes──► LinkedHeaders ──bloom: surely none──► nothing asked
//!                                                           │ bloom: perhaps
//!                                                           ▼
//!     eth_getBlockReceipts ──all receipts hash to the header's receipts root──► BlockReceipts ──LogFilter──► VerifiedLog
//! ```
//!
//! `eth_getLogs` is a node's word: it can leave out a revocation, and nobody would know. Here a header commits to all
//! receipts of its block, so one log left out, added or changed is found out, and another endpoint asked. What an
//! endpoint says of a log beside the hashed part (block, index, removed) is not even read.
//!
//! # What it rests on, and what it does not say
//!
//! - Blooms. Consensus rules have each log's address and topics in its header's bloom, on Ethereum and on the OP stack;
//!   on a chain whose rules leave it zero, events would be missed. Whoever knows otherwise that the registry's storage
//!   changed can tell, as the follower does: there is no event, yet the storage root is another one.
//! - A transaction's hash is the endpoint's word ([`VerifiedLog::claimed_transaction`]): no receipt commits to it.
//! - Receipts of other types than Ethereum's (0 to 4) and the OP stack's (0x7d, 0x7e) are an error, never a guess.
//! - A reorganisation while reading is an error that names a block ([`LogsError::Reorganised`]), once it concerns what
//!   was delivered or promised. Whoever keeps logs finds where to begin again by comparing the hashes of its blocks with
//!   [`Resolver::block_at`]; what is kept above is undone. Blocks not yet delivered are read again without a word.
//!
//! [`Resolver::told_logs`] is `eth_getLogs` all the same, for whoever reads years of a chain to build what others will
//! verify, and says by its name what it is.
//!
//! # Cost and bounds
//!
//! A header costs one call, 64 to a batch; a block whose bloom may match one more, 16 to a batch, halved whenever an
//! answer exceeds [`HeadPolicy::max_response_bytes`](crate::HeadPolicy::max_response_bytes); each 256 blocks the
//! endpoints are asked once to agree. Each request ends within
//! [`HeadPolicy::request_timeout`](crate::HeadPolicy::request_timeout).
//!
//! A block whose receipts are too long for one answer is asked for transaction by transaction, 64 to a batch. Which ones
//! it has is the endpoint's word until the last receipt is there. So it may list no more than the header's gas pays for
//! (one for each 10,500, and 8), their receipts may take four times `max_response_bytes` in memory, and all of it four
//! times `request_timeout`: who goes beyond is asked last for a minute, and the next endpoint is asked.
//!
//! In memory are the headers of three stretches of 256 blocks (450 bytes each), and five pages of at most 16 blocks'
//! matching logs, however long the range: of a block's receipts nothing else is kept once they are proven. Besides, up to
//! four answers are read at a time, each one request's or one block's.
//!
//! # Example
//!
//! ```no_run
//! use countersign_registry::logs::LogFilter;
//! use countersign_registry::{HeadPolicy, HeadTrust, Resolver, artifact};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let trust = HeadTrust::OwnNode("http://127.0.0.1:8545".parse()?);
//! let resolver = Resolver::new(31337, artifact::key_registry_address(), trust, HeadPolicy::anvil())?;
//! let head = resolver.head().await?.anchor.block_number;
//! let registry = resolver.registry().0.into();
//! let mut logs = resolver.verified_logs(0..=head, LogFilter::emitted_by([registry])).await?;
//! while let Some(page) = logs.next().await {
//!     let page = page?;
//!     // In one transaction of one's own store: the logs, and `page.last` as what is known now.
//!     println!("blocks {} to {}: {} events", page.first, page.last.number, page.logs.len());
//! }
//! # Ok(()) }
//! ```

mod error;
mod filter;
mod header;
mod pages;
mod portion;
mod receipt;
mod sources;
mod told;
mod verified;

use std::collections::HashSet;
use std::ops::RangeInclusive;

use alloy::sol_types::SolEventInterface;
use countersign_protocol::{Address, Identity, Label};

pub use error::LogsError;
pub use filter::LogFilter;
pub use header::{LinkedHeader, LinkedHeaders};
pub use pages::{LogPage, LogsProgress, VerifiedLogs};
pub(crate) use portion::Portion;
pub use receipt::{ConsensusReceipt, RpcReceipt};
pub use told::{ToldLog, ToldLogs};
pub use verified::{BlockReceipts, VerifiedLog};

use crate::interface::IKeyRegistry::IKeyRegistryEvents as Event;
use crate::resolver::{Resolver, account_address};
use sources::Sources;

impl Resolver {
    /// The logs that `filter` takes in these blocks: all of them, as they are, or an error.
    ///
    /// # Errors
    /// [`LogsError::NoRange`] and [`LogsError::Untrusted`] at once; any other from [`VerifiedLogs::next`].
    pub async fn verified_logs(
        &self,
        blocks: RangeInclusive<u64>,
        filter: LogFilter,
    ) -> Result<VerifiedLogs, LogsError> {
        VerifiedLogs::of(self, blocks, filter).await
    }

    /// The identities whose record some transaction of these blocks may have changed: those of all registry events but
    /// an operator's appointment, which changes no record. Blocks whose bloom excludes the registry cost no request;
    /// of the others all receipts are asked for and proven, up to 16 blocks at once. It takes no longer than two requests
    /// may, and no endpoint longer than one: whoever follows the chain has better things to do than to wait for it.
    ///
    /// # Errors
    /// [`LogsError`]: which of them changed is not known, and each may have.
    pub async fn changed_identities(&self, headers: &LinkedHeaders) -> Result<HashSet<Identity>, LogsError> {
        self.registry_events(headers).await.map(|events| events.identities)
    }

    /// As [`changed_identities`](Self::changed_identities), with how many events there were.
    pub(crate) async fn registry_events(&self, headers: &LinkedHeaders) -> Result<RegistryEvents, LogsError> {
        let filter = LogFilter::emitted_by([account_address(self.registry())]);
        let candidates: Vec<LinkedHeader> =
            headers.iter().filter(|header| filter.may_match(header.logs_bloom())).cloned().collect();
        if candidates.is_empty() {
            return Ok(RegistryEvents::default());
        }
        let logs = Sources::in_a_hurry(self.clone()).logs(&candidates, &filter).await?;
        let mut events = RegistryEvents::default();
        for log in logs {
            events.count += 1;
            events.identities.extend(identity_in(&log)?);
        }
        Ok(events)
    }
}

/// What the registry's events of some blocks tell.
#[derive(Debug, Default)]
pub(crate) struct RegistryEvents {
    /// How many there are, an operator's appointments included.
    pub(crate) count: usize,
    /// Whose records they are about.
    pub(crate) identities: HashSet<Identity>,
}

/// Whose record an event of the registry is about.
fn identity_in(log: &VerifiedLog) -> Result<Option<Identity>, LogsError> {
    let (block, log_index) = (log.block.number, log.log_index);
    let event = Event::decode_log(&log.log).map_err(|_| LogsError::UnknownEvent { block, log_index })?;
    let (owner, label) = match event.data {
        Event::KeyRegistered(event) => (event.owner, event.label),
        Event::PinnedKeyRegistered(event) => (event.owner, event.label),
        Event::KeyRotated(event) => (event.owner, event.label),
        Event::PinnedKeyRotated(event) => (event.owner, event.label),
        Event::KeyRevoked(event) => (event.owner, event.label),
        Event::KeyPinned(event) => (event.owner, event.label),
        Event::BundleAnchored(event) => (event.owner, event.label),
        Event::OperatorSet(_) => return Ok(None),
    };
    Ok(Some(Identity { owner: Address(owner.into_array()), label: Label(label.0) }))
}
