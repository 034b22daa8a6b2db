//! The tickets that open sessions without the static keys.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Identity, Role, Ticket};

/// Tickets of both roles, in memory alone, each to be taken once. What has aged is wiped when the next one comes or goes.
pub(crate) struct Tickets {
    lifetime: Duration,
    capacity: usize,
    kept: Mutex<Kept>,
}

/// A ticket, and what this side has to remember beside it.
#[derive(Debug)]
pub(crate) struct KeptTicket {
    pub(crate) ticket: Ticket,
    /// The peer's key: where its record is compact, the chain alone does not tell it.
    pub(crate) peer_key: PublicKey,
    /// When the last handshake with static keys took place.
    pub(crate) live_since: Instant,
}

type Id = [u8; 16];

#[derive(Default)]
struct Kept {
    tickets: HashMap<Id, Place>,
    /// The oldest first.
    by_age: BTreeMap<u64, Id>,
    /// Of each peer, the newest last.
    by_peer: HashMap<Identity, Vec<Id>>,
    came: u64,
}

struct Place {
    kept: KeptTicket,
    came: u64,
}

impl Tickets {
    /// Keeps at most `capacity` tickets, each until `lifetime` after the last live handshake; none where either is zero.
    pub(crate) fn new(lifetime: Duration, capacity: usize) -> Self {
        Self { lifetime, capacity, kept: Mutex::default() }
    }

    /// Keeps a ticket; the oldest makes room for it.
    pub(crate) fn keep(&self, kept: KeptTicket) {
        if self.has_aged(&kept) || self.capacity == 0 {
            return;
        }
        let mut all = self.lock();
        self.drop_aged(&mut all);
        while all.tickets.len() >= self.capacity {
            let Some((_, oldest)) = all.by_age.pop_first() else { break };
            all.remove(&oldest);
        }
        all.insert(kept);
    }

    /// The newest ticket to dial that peer with. Nobody else gets it.
    pub(crate) fn take_to_dial(&self, peer: &Identity) -> Option<KeptTicket> {
        let mut all = self.lock();
        self.drop_aged(&mut all);
        let of_peer = all.by_peer.get(peer)?.iter().rev();
        let is_to_dial = |id: &&Id| {
            all.tickets.get(*id).is_some_and(|place| {
                place.kept.ticket.role() == Role::Initiator && !self.has_aged(&place.kept)
            })
        };
        let newest = of_peer.copied().collect::<Vec<_>>();
        let id = newest.iter().find(is_to_dial)?;
        all.remove(id)
    }

    /// The ticket of that name, if `is_its_bearer` says so of it: whoever merely saw its name must not use it up. Nobody
    /// else gets it.
    pub(crate) fn take(&self, id: &Id, is_its_bearer: impl FnOnce(&Ticket) -> bool) -> Option<KeptTicket> {
        let mut all = self.lock();
        self.drop_aged(&mut all);
        let kept = &all.tickets.get(id)?.kept;
        if self.has_aged(kept) || !is_its_bearer(&kept.ticket) {
            return None;
        }
        all.remove(id)
    }

    /// Wipes the tickets of a peer: a record behind them is not as it was.
    pub(crate) fn forget(&self, peer: &Identity) {
        let mut all = self.lock();
        for id in all.by_peer.get(peer).cloned().unwrap_or_default() {
            all.remove(&id);
        }
    }

    /// Wipes all tickets.
    pub(crate) fn forget_all(&self) {
        *self.lock() = Kept::default();
    }

    /// A ticket may have aged behind a younger one that came before it; then it is wiped with that one, and not used.
    fn drop_aged(&self, all: &mut Kept) {
        while let Some((_, id)) = all.by_age.first_key_value() {
            let id = *id;
            if all.tickets.get(&id).is_some_and(|place| !self.has_aged(&place.kept)) {
                return;
            }
            all.remove(&id);
        }
    }

    fn has_aged(&self, kept: &KeptTicket) -> bool {
        kept.live_since.elapsed() >= self.lifetime
    }

    // Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn insert(&mut self, kept: KeptTicket) {
        self.came += 1;
        let (id, came) = (kept.ticket.id(), self.came);
        self.by_age.insert(came, id);
        self.by_peer.entry(kept.ticket.peer()).or_default().push(id);
        self.tickets.insert(id, Place { kept, came });
    }

    fn remove(&mut self, id: &Id) -> Option<KeptTicket> {
        let Place { kept, came } = self.tickets.remove(id)?;
        self.by_age.remove(&came);
        let peer = kept.ticket.peer();
        if let Some(of_peer) = self.by_peer.get_mut(&peer) {
            of_peer.retain(|other| other != id);
            if of_peer.is_empty() {
                self.by_peer.remove(&peer);
            }
        }
        Some(kept)
    }
}
