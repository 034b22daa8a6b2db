//! Logs that are complete and authentic, or an error.

mod error;
mod filter;
mod header;
mod pages;
mod portion;
mod receipt;
mod sources;
mod verified;

use std::collections::HashSet;
use std::ops::RangeInclusive;

use alloy::sol_types::SolEventInterface;
use countersign_protocol::{Address, Identity, Label};

pub use error::LogsError;
pub use filter::LogFilter;
pub use header::{LinkedHeader, LinkedHeaders};
pub use pages::{LogPage, LogsProgress, VerifiedLogs};
pub use receipt::{ConsensusReceipt, RpcReceipt};
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
    /// of the others all receipts are asked for and proven, up to 16 blocks at once.
    ///
    /// # Errors
    /// [`LogsError`]: which of them changed is not known, and each may have.
    pub async fn changed_identities(&self, headers: &LinkedHeaders) -> Result<HashSet<Identity>, LogsError> {
        let filter = LogFilter::emitted_by([account_address(self.registry())]);
        let candidates: Vec<LinkedHeader> =
            headers.iter().filter(|header| filter.may_match(header.logs_bloom())).cloned().collect();
        if candidates.is_empty() {
            return Ok(HashSet::new());
        }
        let blocks = Sources::new(self.clone()).receipts(&candidates).await?;
        let logs = blocks.into_iter().flat_map(|block| block.into_logs(&filter));
        logs.filter_map(|log| identity_in(&log).transpose()).collect()
    }
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
