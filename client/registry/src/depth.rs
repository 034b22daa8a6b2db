//! Registered at depth: how deep in the chain a record must lie, and up to which time records do.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use alloy::eips::BlockNumberOrTag;
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::acceptance::{accept_record, unix_now};
use crate::beacon::Beacon;
use crate::error::ResolveError;
use crate::proof::{ProvenHeader, ProvenRecord};
use crate::question::Question;
use crate::resolver::Resolver;
use crate::survey::{Heard, Survey, hear};
use crate::voucher::Voucher;

/// How deep a record must lie before it counts. A revocation counts at the head, whatever this says.
///
/// A record names the time of the block that anchored it, and the registry gives no record another key or other terms
/// without writing that time anew. So one that the head shows unrevoked lies as deep as some block if it was anchored
/// before that block's time: one header decides, and no old state has to be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordDepth {
    /// The newest block is at least this much later. Says nothing of finality: for chains that have none, and where
    /// time alone is to decide.
    Age(Duration),
    /// At least this many blocks lie on top of the record's own. The first time it costs a second round trip.
    Confirmations(NonZeroU64),
    /// It lies below what the endpoints call `safe`: on Ethereum justified, about 6.4 minutes; on a rollup derived from
    /// data on L1. A light client has no proof of that, and takes what is finalized for it.
    Safe,
    /// It lies below what the endpoints call `finalized`, or what a light client has proven to be: on Ethereum about 12.8
    /// minutes; on a rollup derived from finalized data on L1.
    Finalized,
}

/// Up to which time the chain is settled, for each depth that was asked about.
#[derive(Debug, Default)]
pub(crate) struct Settled(RwLock<Times>);

#[derive(Debug, Default)]
struct Times {
    before: HashMap<RecordDepth, u64>,
    /// When the chain was last seen to change its mind.
    reorganised: Option<Instant>,
}

impl Settled {
    /// What was anchored before that time lies so deep; 0 where nothing is known.
    fn before(&self, depth: RecordDepth) -> u64 {
        let times = self.0.read().unwrap_or_else(PoisonError::into_inner);
        times.before.get(&depth).copied().unwrap_or_default()
    }

    /// Forgets how far blocks had been counted, and which were called safe: on another branch the same time may lie less
    /// deep. What was final is final.
    pub(crate) fn reorganised(&self) {
        let mut times = self.0.write().unwrap_or_else(PoisonError::into_inner);
        times.before.retain(|depth, _| is_final(*depth));
        times.reorganised = Some(Instant::now());
    }

    /// Keeps what endpoints say that were asked no earlier than `since`.
    fn keep(&self, depth: RecordDepth, before: u64, since: Instant) {
        let mut times = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !is_final(depth) && times.reorganised.is_some_and(|reorganised| since <= reorganised) {
            // They may have spoken of the branch that is gone.
            return;
        }
        let kept = times.before.entry(depth).or_default();
        *kept = match is_final(depth) {
            true => before.max(*kept),
            // Of another branch the same height may be younger: what was heard last counts.
            false => before,
        };
    }
}

impl Resolver {
    /// The block to ask for beside the head: its time tells which records lie so deep.
    pub(crate) fn deep_block(&self, depth: RecordDepth) -> Option<BlockNumberOrTag> {
        match depth {
            RecordDepth::Age(_) => None,
            // Seen from the highest block proven so far: the head is hardly lower, so it is no shallower.
            RecordDepth::Confirmations(count) => {
                confirmed(self.highest(), count).map(BlockNumberOrTag::Number)
            }
            RecordDepth::Safe => Some(BlockNumberOrTag::Safe),
            RecordDepth::Finalized => Some(BlockNumberOrTag::Finalized),
        }
    }

    /// Learns from a survey that asked for [`deep_block`](Self::deep_block) how far the chain is settled.
    pub(crate) fn learn_depth(&self, depth: RecordDepth, survey: &Survey<'_>) {
        // Nodes that serve what a light client proved are believed in nothing.
        if self.voucher().is_light_client() {
            return;
        }
        let lowest_head = |heard: &Heard<'_>| match depth {
            RecordDepth::Confirmations(count) => confirmed(survey.head.header.block().number, count)
                .is_some_and(|height| heard.deep.is_some_and(|deep| deep.block().number <= height)),
            _ => true,
        };
        let told = survey.answers.iter().filter(|heard| lowest_head(heard)).filter_map(time_told);
        if let Some(time) = self.vouched(told.collect()) {
            self.settled().keep(depth, time, survey.begun);
        }
    }

    /// Whether a record proven at `head` counts now, as far as the depth of records is known.
    pub(crate) fn judge(&self, record: &ProvenRecord, head: &ProvenHeader) -> Result<(), ResolveError> {
        let depth = self.policy().depth_for(&record.identity());
        let settled_before = match depth {
            RecordDepth::Age(age) => head.timestamp().saturating_add(1).saturating_sub(age.as_secs()),
            _ => self.settled().before(depth),
        };
        accept_record(record, head, depth, settled_before, unix_now())
    }

    /// Learns more of the depth, where that could make a young record count.
    ///
    /// # Errors
    /// [`ResolveError::DepthUnknown`] where too few endpoints show a block of that depth, and whatever keeps a block from
    /// being agreed on.
    pub(crate) async fn learn_depth_of(
        &self,
        record: &ProvenRecord,
        survey: &Survey<'_>,
    ) -> Result<(), ResolveError> {
        let (head, since) = (&survey.head.header, Instant::now());
        let Err(ResolveError::TooYoung { depth, .. }) = self.judge(record, head) else { return Ok(()) };
        let time = match depth {
            RecordDepth::Age(_) => return Ok(()),
            RecordDepth::Confirmations(count) => self.confirmed_time(head, count).await?,
            RecordDepth::Safe | RecordDepth::Finalized => match self.voucher() {
                Voucher::LightClient(beacon) => self.finalized_header(beacon).await?.timestamp(),
                Voucher::OwnNode | Voucher::Quorum => {
                    self.told_time(depth, record.word().anchored_at).await?
                }
            },
        };
        self.settled().keep(depth, time, since);
        Ok(())
    }

    /// The time of the lowest block that has too few on top of it for the record to be in it; 0 in a shorter chain.
    async fn confirmed_time(&self, head: &ProvenHeader, count: NonZeroU64) -> Result<u64, ResolveError> {
        match confirmed(head.block().number, count) {
            None => Ok(0),
            Some(height) => Ok(self.header_at(height).await?.timestamp()),
        }
    }

    /// The block that the light client has proven final: its header, from any node, must hash to what is proven.
    pub(crate) async fn finalized_header(&self, beacon: &Beacon) -> Result<ProvenHeader, ResolveError> {
        let expected = beacon.head().await?.finalized.hash;
        self.ask_in_turn(|node| async move {
            let header = node.header_of(expected).await?;
            ProvenHeader::recompute(&header.inner, expected).map_err(|what| node.lied(what))
        })
        .await
    }

    /// Asks everybody, since whoever was heard first may be one that tells an old block, or none, and waits until it is
    /// clear whether enough tell one that is later than `anchored_at`.
    async fn told_time(&self, depth: RecordDepth, anchored_at: u64) -> Result<u64, ResolveError> {
        let needed = self.threshold();
        let mut times: Vec<u64> = Vec::new();
        let question = Question::head().with_deep(self.deep_block(depth));
        let mut pending: FuturesUnordered<_> =
            self.nodes().iter().map(|node| hear(node, &question)).collect();
        while let Some(heard) = pending.next().await {
            times.extend(heard.ok().as_ref().and_then(time_told));
            let later = times.iter().filter(|time| anchored_at < **time).count();
            if later >= needed || (times.len() >= needed && later + pending.len() < needed) {
                break;
            }
        }
        let answered = times.len();
        self.vouched(times).ok_or(ResolveError::DepthUnknown { depth, needed, answered })
    }

    /// The latest time, or the greatest height, up to which as many endpoints as must agree call the chain settled. Fewer
    /// liars than that cannot raise it above what an honest one says: one of so many is honest, and the lowest of them
    /// counts.
    pub(crate) fn vouched(&self, mut told: Vec<u64>) -> Option<u64> {
        told.sort_unstable_by(|one, other| other.cmp(one));
        told.get(self.threshold().checked_sub(1)?).copied()
    }
}

/// Whether what lies so deep stays so, whatever becomes of the chain's end.
const fn is_final(depth: RecordDepth) -> bool {
    matches!(depth, RecordDepth::Finalized)
}

fn time_told(heard: &Heard<'_>) -> Option<u64> {
    heard.deep.map(|block| block.timestamp())
}

/// Whatever lies below the block of that height has at least `count` blocks on top, `head` being the highest; `None` in a
/// chain that is shorter.
const fn confirmed(head: u64, count: NonZeroU64) -> Option<u64> {
    match head.checked_sub(count.get()) {
        Some(deepest) => Some(deepest + 1),
        None => None,
    }
}

impl fmt::Display for RecordDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Age(age) => write!(f, "{}s old", age.as_secs()),
            Self::Confirmations(count) => write!(f, "{count} blocks deep"),
            Self::Safe => f.write_str("safe"),
            Self::Finalized => f.write_str("finalized"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CONFIRMED: RecordDepth = RecordDepth::Confirmations(NonZeroU64::MIN);

    #[test]
    fn what_is_not_final_falls_with_the_chain() {
        let settled = Settled::default();
        for depth in [RecordDepth::Finalized, RecordDepth::Safe, CONFIRMED] {
            settled.keep(depth, 9, Instant::now());
            settled.keep(depth, 7, Instant::now());
        }
        let told =
            || [RecordDepth::Finalized, RecordDepth::Safe, CONFIRMED].map(|depth| settled.before(depth));
        assert_eq!(told(), [9, 7, 7]);
        settled.reorganised();
        assert_eq!(told(), [9, 0, 0]);
    }

    #[test]
    fn who_was_asked_before_a_reorganisation_says_nothing_of_what_came_of_it() {
        let settled = Settled::default();
        let before = Instant::now();
        settled.reorganised();
        for depth in [RecordDepth::Safe, CONFIRMED] {
            settled.keep(depth, 9, before);
            assert_eq!(settled.before(depth), 0);
            std::thread::sleep(Duration::from_millis(1));
            settled.keep(depth, 8, Instant::now());
            assert_eq!(settled.before(depth), 8);
        }
    }
}
