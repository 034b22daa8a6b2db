//! What a follower has proven at one head: immutable, replaced as a whole.

use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use super::handle::Handle;
use super::records::Records;
use super::ring::Ring;
use crate::moment::Moment;
use crate::proof::ProvenHeader;
use crate::resolver::ProvedHead;

/// Everything that is known at a head.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) head: ProvedHead,
    pub(crate) ring: Ring,
    pub(crate) records: Records,
}

impl Snapshot {
    pub(crate) const fn header(&self) -> &ProvenHeader {
        &self.ring.newest().header
    }
}

/// Where the follower puts its snapshot, and readers find it. Readers wait for nothing but a swap of pointers.
#[derive(Debug, Default)]
pub(crate) struct Shelf(RwLock<Option<Shelved>>);

#[derive(Debug)]
struct Shelved {
    snapshot: Arc<Snapshot>,
    /// When enough endpoints were asked and called it the head.
    heard: Moment,
    /// Whose it is. Without a follower nobody notices what changes.
    of: Weak<Handle>,
}

impl Shelf {
    /// The snapshot, if its head was heard of within `silence`.
    pub(crate) fn find(&self, silence: Option<Duration>) -> Option<Arc<Snapshot>> {
        let shelved = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Shelved { snapshot, heard, of } = shelved.as_ref()?;
        let is_heard = silence.is_none_or(|silence| heard.elapsed() <= silence);
        (is_heard && of.strong_count() > 0).then(|| snapshot.clone())
    }

    pub(super) fn put(&self, snapshot: Arc<Snapshot>, heard: Moment, of: Weak<Handle>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Shelved { snapshot, heard, of });
    }

    /// The head that is there is still the head.
    pub(super) fn heard_again(&self, at: Moment) {
        if let Some(shelved) = self.0.write().unwrap_or_else(PoisonError::into_inner).as_mut() {
            shelved.heard = shelved.heard.max(at);
        }
    }

    /// Serves nothing until the next is put there.
    pub(super) fn clear(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
