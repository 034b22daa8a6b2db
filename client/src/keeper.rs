//! The handle on what keeps a session alive.

use std::fmt;
use std::sync::Arc;

use countersign_protocol::Agreed;
use countersign_transport::{Ended, TransportError};
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::Error;

/// What keeps a session: it renews the keys, binds them to newer blocks, answers the peer that does, and ends the
/// session when the registry says so. It works by itself; this handle looks at it, and asks for more.
///
/// Cheap to clone, and useful beside a connection that was taken apart. It holds no session open.
#[derive(Clone)]
pub struct Keeper {
    orders: mpsc::Sender<Order>,
    agreed: watch::Receiver<Arc<Agreed>>,
    over: watch::Receiver<Option<Over>>,
}

/// A new epoch that the application asks for.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) renewal: Renewal,
    pub(crate) done: oneshot::Sender<Result<Arc<Agreed>, Error>>,
}

/// How an epoch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// With fresh ephemeral keys.
    Rotation,
    /// By a newer state alone.
    StateTicket,
}

/// A session that is over, with the word that ended it where there was one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over(pub(crate) Option<Ended>);

/// What the keeping tells, and whom it hears.
pub(crate) struct Duties {
    pub(crate) orders: mpsc::Receiver<Order>,
    pub(crate) agreed: watch::Sender<Arc<Agreed>>,
    pub(crate) over: watch::Sender<Option<Over>>,
}

/// A handle, and the other end of it.
pub(crate) fn keeper(agreed: Agreed) -> (Keeper, Duties) {
    let (give, orders) = mpsc::channel(ORDERS);
    let (agree, agreed) = watch::channel(Arc::new(agreed));
    let (end, over) = watch::channel(None);
    (Keeper { orders: give, agreed, over }, Duties { orders, agreed: agree, over: end })
}

impl Keeper {
    /// What the newest epoch rests on: its number, the state hash that both sides hold, and this side's proof of it,
    /// with the readings at the block that it was bound to last.
    #[must_use]
    pub fn agreed(&self) -> Arc<Agreed> {
        self.agreed.borrow().clone()
    }

    /// Waits for an epoch later than that one; `None` where the session ends before.
    pub async fn agreed_after(&self, epoch: u32) -> Option<Arc<Agreed>> {
        let mut agreed = self.agreed.clone();
        let newer = agreed.wait_for(|agreed| agreed.epoch > epoch).await;
        newer.ok().map(|agreed| agreed.clone())
    }

    /// Renews the keys with fresh ephemeral ones, on a state proven at the newest block that both sides know.
    /// Traffic goes on meanwhile.
    ///
    /// # Errors
    /// [`Error::Resolve`] where this side cannot prove the state, [`Error::Refused`] with the peer's reason,
    /// [`Error::Transport`] where the session is over. The session goes on otherwise, under the keys that it has.
    pub async fn rotate(&self) -> Result<Arc<Agreed>, Error> {
        self.renew(Renewal::Rotation).await
    }

    /// Binds the keys to the newest block that both sides know, and to what the session's queries read there,
    /// without any curve operation.
    ///
    /// # Errors
    /// As [`rotate`](Self::rotate).
    pub async fn rebind(&self) -> Result<Arc<Agreed>, Error> {
        self.renew(Renewal::StateTicket).await
    }

    /// Waits until the session is over: by one side's word, with its reason, or without one where the connection was
    /// closed, cut or dropped.
    pub async fn ended(&self) -> Option<Ended> {
        let mut over = self.over.clone();
        over.wait_for(Option::is_some).await.ok().and_then(|over| *over).and_then(|Over(ended)| ended)
    }

    /// Whether the session is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        // Without a word of its end, the task that keeps it has gone with its runtime.
        self.over.borrow().is_some() || self.over.has_changed().is_err()
    }

    async fn renew(&self, renewal: Renewal) -> Result<Arc<Agreed>, Error> {
        let (done, outcome) = oneshot::channel();
        if self.orders.send(Order { renewal, done }).await.is_ok()
            && let Ok(outcome) = outcome.await
        {
            return outcome;
        }
        let ended = self.ended().await;
        Err(Error::Transport(ended.map_or(TransportError::Closed, TransportError::from)))
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epoch = self.agreed.borrow().epoch;
        f.debug_struct("Keeper")
            .field("epoch", &epoch)
            .field("is_over", &self.is_over())
            .finish_non_exhaustive()
    }
}

/// Orders that wait while another one is carried out.
const ORDERS: usize = 8;
