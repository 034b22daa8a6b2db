//! What a handshake, or an epoch, wants to see of the chain.

use countersign_protocol::{Anchor, Identity, Query};
use countersign_registry::KeyHint;

/// A view that this side wants proven; its own record is part of every one.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) peer: Identity,
    /// The key that the peer shows: a view with another one is of no use. Or the one that it had before, in case that
    /// the chain alone does not tell it; `None` for the one that it had the last time.
    pub(crate) key: Option<KeyHint>,
    /// The block that the peer proposed; `None` for the newest.
    pub(crate) anchor: Option<Anchor>,
    pub(crate) queries: &'a [Query],
}
