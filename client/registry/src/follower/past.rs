//! What was proven before: the follower adds to it, and never serves what contradicts it.

use std::time::{Duration, Instant};

use countersign_protocol::Identity;

use super::course::Course;
use super::ring::Ring;
use crate::error::ResolveError;
use crate::proof::{ProvenHeader, ProvenRecord};
use crate::resolver::Resolver;

impl Resolver {
    /// Remembers a head and what was proven there. What contradicts something proven before is not remembered, nor
    /// served: [`is_outdone`](Self::is_outdone).
    pub(super) async fn remember(
        &self,
        header: &ProvenHeader,
        _heard: Instant,
        records: &[(Identity, Option<ProvenRecord>)],
    ) -> Result<(), ResolveError> {
        for (identity, record) in records {
            if let Err(refusal) = self.memory().advance(identity, record.as_ref(), header) {
                tracing::warn!(%refusal, "a watched record went back");
            }
        }
        Ok(())
    }

    /// Whether something was proven of an identity that this does not follow: a revocation or a newer version, whoever
    /// asked for it, and at whatever block.
    pub(super) fn is_outdone(
        &self,
        identity: &Identity,
        record: Option<&ProvenRecord>,
        header: &ProvenHeader,
    ) -> bool {
        self.memory().contradicts(identity, record, header)
    }

    /// The ring as it was before this process.
    pub(super) async fn restored_ring(&self) -> Option<Ring> {
        None
    }

    /// Keeps the ring beyond this process.
    pub(super) fn keep_ring(&self, _course: &Course) {}

    /// How long a head counts as the head of a chain that may stand still, once enough endpoints said so.
    pub(super) fn longest_silence(&self) -> Duration {
        let policy = self.policy();
        policy.poll_interval.saturating_mul(2).saturating_add(policy.head_patience)
    }
}
