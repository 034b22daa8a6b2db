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
}

impl From<Order> for Wish {
    fn from(Order { renewal, done }: Order) -> Self {
        Self { done: Some(done), ..Self::due(renewal) }
    }
}
