//! What was proven before: the follower adds to it, and never serves what contradicts it.

use std::collections::HashMap;
use std::time::Duration;

use alloy::consensus::Header;
use countersign_protocol::Identity;

use super::course::{Course, Turn};
use super::ring::{Block, DEPTH, Readings, Ring};
use crate::error::ResolveError;
use crate::known::Seen;
use crate::memory::Shown;
use crate::proof::{ProvenHeader, ProvenRecord};
use crate::resolver::Resolver;
use crate::standing::Standing;

impl Resolver {
    /// Remembers a head and what was proven there; once this returns a restart loses none of it. Gives whose records say
    /// what does not follow what was proven before, and why: they are not to be told as true. That a key is good no more
    /// may be told whatever was proven before: the chain may have gone back.
    ///
    /// # Errors
    /// [`ResolveError::Known`] where it cannot be kept; then none of it may be acted on.
    pub(super) async fn remember(
        &self,
        header: &ProvenHeader,
        records: &[(Identity, Option<ProvenRecord>)],
    ) -> Result<HashMap<Identity, ResolveError>, ResolveError> {
        let by: Vec<_> = self.nodes().iter().map(|node| node.endpoint()).collect();
        let shown: Vec<_> = records.iter().map(|(identity, record)| (*identity, record.as_ref())).collect();
        let verdicts = self.past().advance(Shown { head: header, by: &by }, &shown).await?;
        let refusals = shown.into_iter().zip(verdicts).filter_map(|((identity, record), verdict)| {
            let refusal = verdict.err()?;
            tracing::warn!(%refusal, "a watched record went back");
            let is_rewound = matches!(refusal, ResolveError::RecordRewound { .. });
            let is_over = !matches!(Standing::of(record, header.timestamp()), Standing::Active(_));
            (!is_rewound || !is_over).then_some((identity, refusal))
        });
        Ok(refusals.collect())
    }

    /// Whether something was proven of an identity that this does not follow: a revocation or a newer version, whoever
    /// asked for it, and at whatever block.
    pub(super) fn is_outdone(
        &self,
        identity: &Identity,
        record: Option<&ProvenRecord>,
        header: &ProvenHeader,
    ) -> bool {
        self.past().contradicts(identity, Seen::of(record, header))
    }

    /// The ring as it was before this process.
    pub(super) async fn restored_ring(&self) -> Option<Ring> {
        let kept = self.past().known()?.ring(self.chain_id()).await;
        let kept = kept.inspect_err(|error| tracing::warn!(%error, "the ring begins anew")).ok()?;
        let mut blocks = kept.into_iter().map(|header| Block { header, readings: Readings::default() });
        let oldest = blocks.next()?;
        let at = oldest.header.block().number;
        Ring::begun(oldest).joined(at, blocks)
    }

    /// Keeps the ring beyond this process.
    pub(super) fn keep_ring(&self, course: &Course) {
        let Some(known) = self.past().known() else { return };
        let above = match course.turn {
            Turn::Back { ancestor, .. } => ancestor.block().number,
            Turn::Onward => course.ring.newest_number(),
            // What was kept has no place below this head, as far as anybody knows.
            Turn::Begun | Turn::Lost => 0,
        };
        let headers: Vec<Header> = course.fresh.iter().map(|block| (*block.full).clone()).collect();
        known.keep_ring(self.chain_id(), above, headers, DEPTH + 1);
    }

    /// How long a head counts as the head of a chain that may stand still, once enough endpoints said so.
    pub(super) fn longest_silence(&self) -> Duration {
        let policy = self.policy();
        policy.poll_interval.saturating_mul(2).saturating_add(policy.head_patience)
    }
}
