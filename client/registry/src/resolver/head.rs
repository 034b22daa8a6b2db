//! The newest block: agreed on, taken or refused, and remembered.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::{Inner, ProvedHead, Resolver};
use crate::acceptance::{accept_head, unix_now};
use crate::beacon;
use crate::error::{ResolveError, StaleHead};
use crate::proof::ProvenHeader;
use crate::question::Question;
use crate::survey::{Electorate, Survey};
use crate::voucher::Voucher;

impl Resolver {
    /// Asks all endpoints until enough agree on a head that the policy takes.
    pub(crate) async fn survey(&self, question: &Question) -> Result<Survey<'_>, ResolveError> {
        let Inner { nodes, threshold, policy, memory, voucher, .. } = &*self.0;
        // Read before asking: what another task proves meanwhile may well be newer than this answer.
        let highest = memory.past.highest().await?;
        let refused = Mutex::new(None);
        let accept = |head: &ProvenHeader| {
            let verdict = self.accept_head(head, highest);
            if verdict.is_err() {
                *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(head.block());
            }
            verdict
        };
        let outcome = match voucher {
            Voucher::LightClient(beacon) => {
                beacon::survey(nodes, &beacon.head().await?, question, accept).await
            }
            Voucher::OwnNode | Voucher::Quorum => {
                let (max_lag, patience) = (policy.max_head_lag, policy.head_patience);
                let electorate = Electorate { nodes, threshold: *threshold, max_lag, patience };
                electorate.survey(question, accept).await
            }
        };
        let shown = refused.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let (Some(shown), Err(ResolveError::StaleHead { why: StaleHead::BehindProven { proven }, .. })) =
            (shown, &outcome)
        {
            let asked: Vec<_> = nodes.iter().map(|node| node.endpoint()).collect();
            memory.past.note_head(*proven, shown, &asked).await;
        }
        outcome
    }

    /// Whether a block passes for the newest one, where `highest` was proven before.
    pub(crate) fn accept_head(&self, head: &ProvenHeader, highest: u64) -> Result<(), ResolveError> {
        let Inner { policy, voucher, .. } = &*self.0;
        let floor = highest.saturating_sub(voucher.slack(policy));
        accept_head(head, policy, unix_now(), floor, highest)
    }

    /// The highest block proven so far, by this process.
    pub(crate) fn highest(&self) -> u64 {
        self.0.memory.past.highest_here()
    }

    /// Who vouches for its heads.
    pub(crate) fn voucher(&self) -> &Voucher {
        &self.0.voucher
    }

    pub(crate) fn keep_head(&self, survey: &Survey<'_>, since: Instant) -> ProvedHead {
        let head = self.agreed_head(&survey.head.header, survey.head.votes);
        self.0.memory.keep_head(head, since);
        head
    }

    /// How many endpoints must agree.
    pub(crate) fn threshold(&self) -> usize {
        self.0.threshold
    }

    /// A header that so many endpoints vouched for, or so many of a committee.
    pub(crate) fn agreed_head(&self, header: &ProvenHeader, votes: usize) -> ProvedHead {
        let trust = self.0.voucher.source(votes, self.0.nodes.len());
        ProvedHead { anchor: self.anchor_at(header), timestamp: header.timestamp(), trust }
    }
}
