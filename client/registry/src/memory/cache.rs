//! What records said, as far as this process holds it in memory.

use std::collections::HashMap;

use countersign_protocol::Identity;

use super::make_room;
use crate::known::Seen;

/// Bounded: of the fullest the oldest go.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pub(super) seen: HashMap<Identity, Seen>,
    /// The known records' generation when these were read from them.
    pub(super) generation: u64,
}

impl Cache {
    pub(super) fn insert(&mut self, identity: Identity, seen: Seen) {
        // Strangers without a record cost an attacker nothing, so they take no room.
        if seen.version > 0 {
            make_room(&mut self.seen, &identity, MAX_SEEN, |entry| entry.block.number);
            self.seen.insert(identity, seen);
        }
    }
}

/// Counterparties whose record is remembered; about 180 bytes each.
const MAX_SEEN: usize = 65_536;
