//! What one side of a session is after.

use std::sync::Arc;

use countersign_protocol::Agreed;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::keeper::{Order, Renewal};

/// A new epoch that this side wants.
pub(crate) struct Wish {
    pub(crate) renewal: Renewal,
    /// The block to propose; the newest one unless the peer was behind it.
    pub(crate) at_height: Option<u64>,
    pub(crate) is_retry: bool,
    /// Who asked for it; `None` where it was due.
    pub(crate) done: Option<oneshot::Sender<Result<Arc<Agreed>, Error>>>,
}

impl Wish {
    /// A wish that nobody waits for.
    pub(crate) const fn due(renewal: Renewal) -> Self {
        Self { renewal, at_height: None, is_retry: false, done: None }
    }

    /// A rotation is due: it takes the place of a newer state alone, which it binds too.
    pub(crate) fn raise(wanted: &mut Option<Self>) {
        wanted.get_or_insert(Self::due(Renewal::Rotation)).renewal = Renewal::Rotation;
    }

    /// The peer's epoch comes first. It binds the newest state, so that what was merely due of that is done; not a
    /// rotation, which the peer's may not be. What is still wanted begins afresh.
    pub(crate) fn yield_to_peer(wanted: &mut Option<Self>) {
        wanted.take_if(|wish| wish.done.is_none() && wish.renewal == Renewal::StateTicket);
        if let Some(wish) = wanted {
            (wish.at_height, wish.is_retry) = (None, false);
        }
    }
}

impl From<Order> for Wish {
    fn from(Order { renewal, done }: Order) -> Self {
        Self { done: Some(done), ..Self::due(renewal) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(wanted: Option<&Wish>) -> Option<Renewal> {
        wanted.map(|wish| wish.renewal)
    }

    #[test]
    fn a_rotation_that_is_due_takes_the_place_of_a_newer_state() {
        let mut wanted = None;
        Wish::raise(&mut wanted);
        assert_eq!(kind(wanted.as_ref()), Some(Renewal::Rotation));
        let (done, outcome) = oneshot::channel();
        let mut wanted = Some(Wish::from(Order { renewal: Renewal::StateTicket, done }));
        Wish::raise(&mut wanted);
        assert_eq!(kind(wanted.as_ref()), Some(Renewal::Rotation));
        // Whoever asked is still told.
        assert!(wanted.is_some_and(|wish| wish.done.is_some_and(|done| !done.is_closed())));
        drop(outcome);
    }

    #[test]
    fn the_peers_epoch_does_what_was_due_of_the_state_and_no_more() {
        let mut wanted = Some(Wish::due(Renewal::StateTicket));
        Wish::yield_to_peer(&mut wanted);
        assert!(wanted.is_none());
        let (done, _outcome) = oneshot::channel();
        let ordered = Wish::from(Order { renewal: Renewal::StateTicket, done });
        for wish in [Wish::due(Renewal::Rotation), ordered] {
            let mut wanted = Some(Wish { at_height: Some(7), is_retry: true, ..wish });
            Wish::yield_to_peer(&mut wanted);
            // The block that an earlier refusal named is not proposed again.
            assert_eq!(wanted.map(|wish| (wish.at_height, wish.is_retry)), Some((None, false)));
        }
    }
}
