//! What a follower tells: one change after the other, in the order of the blocks.

use countersign_protocol::{Anchor, Identity, Query, Value};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::error::ResolveError;
use crate::follower::handle::Handle;
use crate::resolver::ProvedHead;
use crate::standing::Standing;

/// Something that is not as it was. What it is said of is served by the resolver before it is told.
#[derive(Clone, Debug)]
pub enum Change {
    /// The newest block. What follows, up to the next one, is proven there.
    Head(ProvedHead),
    /// A watched identity stands otherwise: registered, rotated, revoked, expired, activated again; or, after
    /// [`Reorganised`](Self::Reorganised), any of these undone, down to [`Standing::Absent`].
    Stands {
        /// Whose record.
        identity: Identity,
        /// As told before, or as first proven.
        before: Standing,
        /// At this head.
        now: Standing,
    },
    /// What endpoints prove of a watched identity at this head is older than what was proven before: the chain went back,
    /// or they lie. It is no truth that is told, nor served: how the identity stands is not known until something is
    /// proven that follows. Told once until then.
    Rewound {
        /// Whose record.
        identity: Identity,
        /// [`ResolveError::RecordRewound`].
        refusal: ResolveError,
    },
    /// A watched query reads otherwise.
    Moved {
        /// What is read.
        query: Query,
        /// As told before, or as first proven.
        before: Value,
        /// At this head.
        now: Value,
    },
    /// Blocks that were followed are no longer of the chain. What they changed is told after the next
    /// [`Head`](Self::Head), as it stands now.
    Reorganised {
        /// How many blocks that were followed are gone: 1 to 64.
        depth: u64,
        /// The newest block that both chains have.
        ancestor: Anchor,
    },
    /// The thread was lost: to the next head it is more than 128 blocks, or the fork lies deeper than 64, or no endpoint
    /// shows the blocks between. Every watched record is proven anew; which of the blocks before are gone is not known.
    Gap {
        /// The head before.
        before: Anchor,
        /// The head now.
        now: Anchor,
    },
    /// There is no head to trust, or nothing was proven at it. Until the next [`Head`](Self::Head) nothing is served
    /// from here: the resolver asks its endpoints, as without a follower.
    Doubt(ResolveError),
    /// This subscriber was too slow: so many changes were dropped. What is true now is read from
    /// [`Watching::standing`](crate::Watching::standing) and the resolver.
    Missed {
        /// How many.
        count: u64,
    },
}

/// The changes of one follower, from the subscription on.
#[derive(Debug)]
pub struct Changes {
    told: broadcast::Receiver<Change>,
    /// Whoever listens keeps the follower going.
    _follower: std::sync::Arc<Handle>,
}

impl Changes {
    pub(super) fn of(follower: std::sync::Arc<Handle>, told: broadcast::Receiver<Change>) -> Self {
        Self { told, _follower: follower }
    }

    /// The next change. Safe to cancel: none is lost. `None` once the task is gone, with its runtime.
    pub async fn next(&mut self) -> Option<Change> {
        match self.told.recv().await {
            Ok(change) => Some(change),
            Err(RecvError::Lagged(count)) => Some(Change::Missed { count }),
            Err(RecvError::Closed) => None,
        }
    }
}

/// Changes that are kept for a slow subscriber.
pub(super) const BACKLOG: usize = 1024;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::policy::{HeadPolicy, HeadTrust};
    use crate::resolver::Resolver;
    use countersign_protocol::Address;

    #[tokio::test]
    async fn whoever_is_slow_learns_what_was_missed() {
        let trust = HeadTrust::OwnNode("http://127.0.0.1:9".parse().unwrap());
        let resolver = Resolver::new(1, Address([7; 20]), trust, HeadPolicy::anvil()).unwrap();
        let follower = resolver.follow();
        let mut changes = follower.changes();
        let told = BACKLOG as u64 + 5;
        for depth in 0..told {
            let ancestor =
                Anchor { chain_id: 1, block_number: 0, block_hash: [0; 32], registry: Address([7; 20]) };
            follower.0.shared.told.send(Change::Reorganised { depth, ancestor }).unwrap();
        }
        assert!(matches!(changes.next().await, Some(Change::Missed { count: 5 })));
        for expected in 5..told {
            let Some(Change::Reorganised { depth, .. }) = changes.next().await else { unreachable!() };
            assert_eq!(depth, expected);
        }
    }
}
