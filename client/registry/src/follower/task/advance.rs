//! From one head to the next: which records may have changed on the way.

use std::collections::HashSet;

use alloy::primitives::B256;
use countersign_protocol::{Anchor, Identity, Query};
use tokio::time::timeout;

use super::{Agreed, Done, Job, Position, Task};
use crate::acceptance::unix_now;
use crate::error::ResolveError;
use crate::follower::change::Change;
use crate::follower::course::{Course, Turn};
use crate::follower::readings::Outcome;
use crate::follower::ring::Ring;
use crate::logs::LinkedHeaders;
use crate::resolver::Resolver;

/// What is known of a head before the task stands there.
pub(super) struct Advance {
    /// Where the one before stood, be it before a restart.
    before: Option<Anchor>,
    course: Course,
    registry_root: B256,
    changed: Changed,
    /// The slots that were asked for, and what is read there.
    slots: (Vec<Query>, Outcome),
}

/// Which records may have changed on the way.
enum Changed {
    These(HashSet<Identity>),
    /// Any of them: nobody shows it.
    Anything,
    /// Any of them: something changed, and no log shows by what.
    Unlogged,
}

/// Where the task stands.
struct Before {
    ring: Ring,
    registry_root: B256,
}

impl Task {
    /// Moves on to a head: its place on the chain, the registry, which records may have changed, and the watched slots.
    /// Calls come later: records are not kept waiting for what somebody's contract does.
    pub(super) fn advance(&self, to: Agreed) -> Job {
        let resolver = self.resolver.clone();
        let before = self.at.as_ref();
        let before = before.map(|at| Before { ring: at.ring.clone(), registry_root: at.registry_root });
        let mut slots = self.shared.roster.queries();
        slots.retain(|query| matches!(query, Query::StorageSlot { .. }));
        let work = Box::pin(async move {
            let advance = resolver.advance_to(before, &to, slots).await;
            Done::Advanced(to, advance.map(Box::new))
        });
        Job { work, is_moot_at_next_head: false }
    }

    /// Stands at a head from now on.
    pub(super) fn move_to(&mut self, to: &Agreed, advance: Advance) {
        let Advance { before, course, registry_root, changed, slots: (asked, read) } = advance;
        let mut changes = Vec::new();
        let lost = self.turn(before, &course, to, &mut changes);
        changes.push(Change::Head(to.head));
        let doubted = self.doubted_by(changed, to.head.anchor.block_number);
        self.standings.doubt(&doubted);
        let doubted = doubted.into_iter().filter(|identity| self.standings.records.find(identity).is_some());
        for identity in lost.into_iter().chain(doubted) {
            self.unproven.entry(identity).or_default();
        }
        self.standings.pass(to.head.timestamp.max(unix_now()), &mut changes);
        let Agreed { head, heard, .. } = *to;
        self.at = Some(Position { head, ring: course.ring, registry_root, heard });
        let patience = self.resolver.policy().head_patience;
        self.outrun_at = self.pending.as_ref().map(|newer| newer.since + patience);
        self.shared.counts.head();
        self.in_doubt = false;
        self.reads.begin_anew();
        self.take_values(asked, read, &mut changes);
        self.publish(changes);
    }

    fn doubted_by(&mut self, changed: Changed, block: u64) -> HashSet<Identity> {
        if let Changed::Unlogged = changed {
            self.shared.counts.unlogged();
            if !std::mem::replace(&mut self.told_unlogged, true) {
                tracing::warn!(
                    block,
                    "the registry's storage changed and no log shows by what: whenever that is so, every watched record is proven anew"
                );
            }
        }
        match changed {
            Changed::These(identities) => identities,
            Changed::Anything | Changed::Unlogged => {
                self.shared.counts.proven_anew();
                self.standings.records.iter().map(|(identity, _)| *identity).collect()
            }
        }
    }

    /// What became of the blocks before: whose records are known no longer.
    fn turn(
        &mut self,
        before: Option<Anchor>,
        course: &Course,
        to: &Agreed,
        changes: &mut Vec<Change>,
    ) -> Vec<Identity> {
        match (course.turn, before) {
            (Turn::Back { depth, ancestor }, _) => {
                self.shared.counts.reorganised();
                self.resolver.settled().reorganised();
                let at = ancestor.block().number;
                changes.push(Change::Reorganised { depth, ancestor: self.resolver.anchor_at(&ancestor) });
                self.standings.lose(Some(at))
            }
            (Turn::Lost, Some(before)) => {
                self.resolver.settled().reorganised();
                changes.push(Change::Gap { before, now: to.head.anchor });
                self.standings.lose(None)
            }
            _ => Vec::new(),
        }
    }
}

impl Changed {
    fn nothing() -> Self {
        Self::These(HashSet::new())
    }
}

impl Resolver {
    async fn advance_to(
        &self,
        before: Option<Before>,
        to: &Agreed,
        slots: Vec<Query>,
    ) -> Result<Advance, ResolveError> {
        let restored = match &before {
            Some(_) => None,
            None => self.restored_ring().await,
        };
        let ring = before.as_ref().map(|before| &before.ring).or(restored.as_ref());
        let course = self.course(ring, &to.block).await;
        let header = to.block.proven;
        let (registry, read) = tokio::join!(self.registry_at(&header), self.read_slots(&header, &slots));
        let registry_root = registry?.storage_root();
        let root_before = before.as_ref().map(|before| before.registry_root);
        let changed = self.changed_on(root_before, &course, registry_root).await;
        self.remember(&header, &[]).await?;
        self.keep_ring(&course);
        let before = ring.map(|ring| self.anchor_at(&ring.newest().header));
        Ok(Advance { before, course, registry_root, changed, slots: (slots, read) })
    }

    /// Which records may have changed on the way.
    ///
    /// This rests on the registry's code, whose hash is proven at each head: nothing else writes its storage, and it
    /// writes no record without an event that names whose it is. So where events show, they show all that changed, and
    /// where the storage root stays, nothing did. A changed root without any event is no doing of that code alone: the
    /// chain's headers leave logs out, or something wrote its storage from outside.
    async fn changed_on(&self, root_before: Option<B256>, course: &Course, registry_root: B256) -> Changed {
        let Some(root_before) = root_before else { return Changed::nothing() };
        if root_before == registry_root || course.turn == Turn::Lost {
            // Where the way is lost, all of them are given up already.
            return Changed::nothing();
        }
        let Some(newest) = course.fresh.last() else { return Changed::nothing() };
        let headers = course.fresh.iter().map(|block| &*block.full);
        let Ok(headers) = LinkedHeaders::link(headers, newest.proven.block().hash) else {
            return Changed::Anything;
        };
        // Proving all of them takes a while too, and nobody can stall that.
        let patience = self.policy().head_patience.saturating_mul(2);
        match timeout(patience, self.registry_events(&headers)).await {
            // Blocks that are gone took their changes with them, and that may be all.
            Ok(Ok(events)) if events.count == 0 && course.turn != Turn::Onward => Changed::Anything,
            Ok(Ok(events)) if events.count == 0 => Changed::Unlogged,
            Ok(Ok(events)) => Changed::These(events.identities),
            Ok(Err(error)) => {
                tracing::warn!(%error, "every watched record is proven anew");
                Changed::Anything
            }
            Err(_) => {
                tracing::warn!("no endpoint shows in time what changed: every watched record is proven anew");
                Changed::Anything
            }
        }
    }
}
