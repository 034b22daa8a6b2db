//! From one head to the next: which records may have changed on the way.

use std::collections::HashSet;

use alloy::primitives::B256;
use countersign_protocol::Identity;

use super::{Agreed, Position, Task};
use crate::acceptance::unix_now;
use crate::error::ResolveError;
use crate::follower::change::Change;
use crate::follower::course::{Course, Turn};
use crate::follower::readings::Outcome;
use crate::logs::LinkedHeaders;

impl Task {
    /// Moves on to a head: its place on the chain, the registry, and which records may have changed.
    pub(super) async fn advance(&mut self, to: &Agreed) -> Result<(), ResolveError> {
        let restored = match &self.at {
            Some(_) => None,
            None => self.resolver.restored_ring().await,
        };
        let ring = self.at.as_ref().map(|at| &at.ring).or(restored.as_ref());
        let course = self.resolver.course(ring, &to.block).await;
        let header = to.block.proven;
        let queries = self.shared.roster.queries();
        let (registry, read) =
            tokio::join!(self.resolver.registry_at(&header), self.resolver.read_at(&header, &queries));
        let registry_root = registry?.storage_root();
        let changed = self.changed_on(&course, registry_root).await;
        self.resolver.remember(&header, &[]).await?;
        self.resolver.keep_ring(&course);
        // No await from here on: what is told and what is served is of one head.
        self.move_to(to, course, registry_root, changed, read);
        Ok(())
    }

    fn move_to(
        &mut self,
        to: &Agreed,
        course: Course,
        registry_root: B256,
        changed: Option<HashSet<Identity>>,
        read: Outcome,
    ) {
        let mut changes = Vec::new();
        let before = self.at.as_ref().map(|at| at.head.anchor);
        let lost = match (course.turn, before) {
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
        };
        changes.push(Change::Head(to.head));
        let doubted = match changed {
            Some(changed) => changed,
            None => {
                self.shared.counts.proven_anew();
                self.standings.records.iter().map(|(identity, _)| *identity).collect()
            }
        };
        self.standings.doubt(&doubted);
        let doubted = doubted.into_iter().filter(|identity| self.standings.records.find(identity).is_some());
        for identity in lost.into_iter().chain(doubted) {
            self.unproven.entry(identity).or_default();
        }
        self.standings.pass(to.head.timestamp.max(unix_now()), &mut changes);
        let readings = self.take_values(read, &mut changes);
        let Agreed { head, heard, .. } = *to;
        self.at = Some(Position { head, ring: course.ring.read(readings), registry_root, heard });
        self.shared.counts.head();
        self.in_doubt = false;
        self.publish(changes);
    }

    /// Which records may have changed on the way; `None` where nobody shows it, and any of them may have.
    ///
    /// This rests on the registry's code, whose hash is proven at each head: nothing else writes its storage, and it
    /// writes no record without an event that names whose it is. So where events show, they show all that changed, and
    /// where the storage root stays, nothing did. A changed root without any event is no doing of that code alone: the
    /// chain's headers leave logs out, or something wrote its storage from outside.
    async fn changed_on(&mut self, course: &Course, registry_root: B256) -> Option<HashSet<Identity>> {
        let Some(before) = &self.at else { return Some(HashSet::new()) };
        if before.registry_root == registry_root || course.turn == Turn::Lost {
            // Where the way is lost, all of them are given up already.
            return Some(HashSet::new());
        }
        let Some(newest) = course.fresh.last() else { return Some(HashSet::new()) };
        let headers = course.fresh.iter().map(|block| &*block.full);
        let headers = LinkedHeaders::link(headers, newest.proven.block().hash).ok()?;
        match self.resolver.registry_events(&headers).await {
            Ok(events) if events.count == 0 => {
                // Blocks that are gone took their changes with them, and that may be all.
                if course.turn == Turn::Onward {
                    self.note_unlogged(newest.proven.block().number);
                }
                None
            }
            Ok(events) => Some(events.identities),
            Err(error) => {
                tracing::warn!(%error, "every watched record is proven anew");
                None
            }
        }
    }

    fn note_unlogged(&mut self, block: u64) {
        self.shared.counts.unlogged();
        if !std::mem::replace(&mut self.told_unlogged, true) {
            tracing::warn!(
                block,
                "the registry's storage changed and no log shows by what: whenever that is so, every watched record is proven anew"
            );
        }
    }
}
