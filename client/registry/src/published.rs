//! Finding the key of a compact record in the registry's logs. Logs are not proven and need not be: a key
//! counts only if it hashes to the signer that the proven record names.

use std::sync::Arc;

use alloy::primitives::{Address as AccountAddress, B256};
use alloy::rpc::types::{Filter, Log};
use alloy::sol_types::SolEventInterface;
use countersign_protocol::PeerKey;
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::error::ResolveError;
use crate::interface::IKeyRegistry::IKeyRegistryEvents as Event;
use crate::node::Node;
use crate::proof::ProvenRecord;

/// Asks every endpoint for the events of the record's identity, and takes the first key that fits.
///
/// # Errors
/// [`ResolveError::KeyNotPublished`] where no logs name it; the first failure where no endpoint gave any logs.
pub(crate) async fn find_key(
    nodes: &[Arc<Node>],
    registry: AccountAddress,
    record: &ProvenRecord,
) -> Result<PeerKey, ResolveError> {
    let (identity, signer) = (record.identity(), record.word().signer);
    let filter = Filter::new()
        .address(registry)
        .topic1(AccountAddress::new(identity.owner.0).into_word())
        .topic2(B256::new(identity.label.0))
        .from_block(0);
    let mut pending: FuturesUnordered<_> = nodes.iter().map(|node| node.logs(&filter)).collect();
    let (mut has_answer, mut first_failure) = (false, None);
    while let Some(logs) = pending.next().await {
        has_answer |= logs.is_ok();
        let found = match logs {
            // The newest event that names a key is the likeliest.
            Ok(logs) => logs.iter().rev().filter_map(x_in).find_map(|x| record.peer_key_with_x(x)),
            Err(failure) => {
                tracing::debug!(%failure, "no logs from this endpoint");
                first_failure.get_or_insert(failure);
                None
            }
        };
        if let Some(peer_key) = found {
            return Ok(peer_key);
        }
    }
    // Where nobody looked, nothing is known of what was published.
    Err(first_failure.filter(|_| !has_answer).unwrap_or(ResolveError::KeyNotPublished { identity, signer }))
}

/// The X coordinate of the key that an event tells of.
fn x_in(log: &Log) -> Option<B256> {
    match Event::decode_log(&log.inner).ok()?.data {
        Event::KeyRegistered(event) => Some(event.x),
        Event::PinnedKeyRegistered(event) => Some(event.x),
        Event::KeyRotated(event) => Some(event.x),
        Event::PinnedKeyRotated(event) => Some(event.x),
        Event::KeyPinned(event) => Some(event.x),
        Event::KeyRevoked(_) | Event::OperatorSet(_) | Event::BundleAnchored(_) => None,
    }
}
