//! The tickets that open sessions without the static keys.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Identity, Role, Ticket};

/// Tickets of both roles, in memory alone, each to be taken once. What has aged is wiped.
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

/// Since when a ticket ages, and its number among those that came.
type Age = (Instant, u64);

#[derive(Default)]
struct Kept {
    tickets: HashMap<Id, Place>,
    /// The oldest first: by the last live handshake, not by when they came.
    by_age: BTreeMap<Age, Id>,
    /// Of each peer, the newest last.
    by_peer: HashMap<Identity, Vec<Id>>,
    came: u64,
}

struct Place {
    kept: KeptTicket,
    age: Age,
}

impl Tickets {
    /// Keeps at most `capacity` tickets, each until `lifetime` after the last live handshake; none where either is
    /// zero.
    pub(crate) fn new(lifetime: Duration, capacity: usize) -> Self {
        Self { lifetime, capacity, kept: Mutex::default() }
    }

    /// Keeps a ticket; the oldest of its peer and role makes room for it, or the oldest of all.
    pub(crate) fn keep(&self, kept: KeptTicket) {
        if self.has_aged(&kept) || self.capacity == 0 {
            return;
        }
        let mut all = self.lock();
        self.drop_aged(&mut all);
        all.make_room_beside(&kept.ticket);
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
        let id = of_peer.copied().find(|id| {
            let kept = all.tickets.get(id).map(|place| &place.kept);
            kept.is_some_and(|kept| kept.ticket.role() == Role::Initiator && !self.has_aged(kept))
        });
        all.remove(&id?)
    }

    /// The ticket of that name, if `is_its_bearer` says so of it: whoever merely saw its name must not use it up.
    /// Nobody else gets it.
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

    /// Wipes what has aged.
    pub(crate) fn wipe_aged(&self) {
        self.drop_aged(&mut self.lock());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().tickets.is_empty()
    }

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
        let (id, age) = (kept.ticket.id(), (kept.live_since, self.came));
        self.by_age.insert(age, id);
        self.by_peer.entry(kept.ticket.peer()).or_default().push(id);
        self.tickets.insert(id, Place { kept, age });
    }

    /// One peer's tickets must not drive out those of others.
    fn make_room_beside(&mut self, ticket: &Ticket) {
        let of_peer = self.by_peer.get(&ticket.peer()).into_iter().flatten();
        let mut alike: Vec<(Age, Id)> = of_peer
            .filter_map(|id| self.tickets.get(id).map(|place| (place, *id)))
            .filter(|(place, _)| place.kept.ticket.role() == ticket.role())
            .map(|(place, id)| (place.age, id))
            .collect();
        alike.sort_unstable();
        let surplus = (alike.len() + 1).saturating_sub(EACH);
        for (_, id) in alike.into_iter().take(surplus) {
            self.remove(&id);
        }
    }

    fn remove(&mut self, id: &Id) -> Option<KeptTicket> {
        let Place { kept, age } = self.tickets.remove(id)?;
        self.by_age.remove(&age);
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

/// Tickets kept of one peer and role: a session each, and a few that were under way at once.
const EACH: usize = 4;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use countersign_protocol::curve::SecretKey;
    use countersign_protocol::initiator::{self, InitiatorParams};
    use countersign_protocol::responder::{ExpectHello, ResponderParams};
    use countersign_protocol::{
        Address, Anchor, InitiatorEphemerals, KeyAnswer, KeyRequest, ResponderEphemerals, StateView, Suite,
        SuitePolicy,
    };

    use super::*;
    use crate::registered::{identity, peer_key};

    fn answer(key: &SecretKey, request: KeyRequest) -> KeyAnswer {
        let KeyRequest::Ecdh { peer, .. } = request else { unreachable!("a handshake signs nothing") };
        KeyAnswer::SharedX(key.ecdh_x(&peer))
    }

    /// The tickets of a session between two keys: the initiator's, and the responder's.
    fn tickets(one: u8, other: u8) -> [KeptTicket; 2] {
        let keys = [one, other].map(|number| SecretKey::from_bytes(&[number; 32]).unwrap());
        let (a, b) = (peer_key(one, keys[0].public_key()), peer_key(other, keys[1].public_key()));
        let anchor = Anchor { chain_id: 1, block_number: 1, block_hash: [1; 32], registry: Address([9; 20]) };
        let view = |local, peer| StateView::proven(anchor, local, peer, Vec::new()).unwrap();
        let ephemerals = InitiatorEphemerals::generate(Suite::Classical, getrandom::fill).unwrap();
        let suites = SuitePolicy::PREFER_CLASSICAL;
        let awaiting =
            initiator::start(InitiatorParams { view: view(a, b), suites, now_unix_ms: 0 }, ephemerals)
                .unwrap();
        let product = answer(&keys[0], awaiting.request());
        let mut sent = awaiting.answer(product).unwrap();
        let (identity, public_key) = (b.identity(), *b.public_key());
        let params = ResponderParams { identity, public_key, suites, now_unix_ms: 0, max_clock_skew_ms: 1 };
        let awaiting = ExpectHello::new(params).read(&mut sent.hello).unwrap();
        let product = answer(&keys[1], awaiting.request());
        let awaiting = awaiting.answer(product).unwrap();
        let product = answer(&keys[1], awaiting.request());
        let peer = awaiting.answer(product).unwrap();
        let mut replied =
            peer.accept(view(b, a), ResponderEphemerals::generate(getrandom::fill).unwrap()).unwrap();
        let awaiting = sent.next.read(&mut replied.reply).unwrap();
        let product = answer(&keys[0], awaiting.request());
        let mut completed = awaiting.answer(product).unwrap();
        let answered = replied.next.read(&mut completed.confirmation).unwrap();
        [(completed.established, b), (answered, a)].map(|(mut established, peer)| KeptTicket {
            ticket: established.channel.take_ticket().unwrap(),
            peer_key: *peer.public_key(),
            live_since: Instant::now(),
        })
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn each_is_taken_once_by_the_peer_and_role_that_it_is_of() {
        let kept = Tickets::new(HOUR, 8);
        let [ours, theirs] = tickets(1, 2);
        let id = ours.ticket.id();
        kept.keep(ours);
        assert!(kept.take_to_dial(&identity(3)).is_none());
        assert!(kept.take(&id, |_| false).is_none());
        assert_eq!(kept.take_to_dial(&identity(2)).unwrap().ticket.id(), id);
        assert!(kept.take_to_dial(&identity(2)).is_none() && kept.take(&id, |_| true).is_none());
        // What a responder keeps is not to dial with.
        kept.keep(theirs);
        assert!(kept.take_to_dial(&identity(1)).is_none());
        assert!(kept.take(&id, |_| true).is_some());
        let all = kept.lock();
        assert!(all.tickets.is_empty() && all.by_age.is_empty() && all.by_peer.is_empty());
    }

    #[test]
    fn the_newest_serves_first_and_the_oldest_makes_room() {
        let kept = Tickets::new(HOUR, 2);
        let ids = [2, 2, 3].map(|other| {
            let [ours, _] = tickets(1, other);
            let id = ours.ticket.id();
            kept.keep(ours);
            id
        });
        assert!(kept.take(&ids[0], |_| true).is_none());
        kept.forget(&identity(3));
        assert!(kept.take(&ids[2], |_| true).is_none());
        let [ours, _] = tickets(1, 2);
        let newest = ours.ticket.id();
        kept.keep(ours);
        assert_eq!(kept.take_to_dial(&identity(2)).unwrap().ticket.id(), newest);
        assert_eq!(kept.take_to_dial(&identity(2)).unwrap().ticket.id(), ids[1]);
    }

    #[test]
    fn an_aged_one_is_of_no_use_and_wiped() {
        let lifetime = Duration::from_millis(500);
        let kept = Tickets::new(lifetime, 8);
        let [ours, theirs] = tickets(1, 2);
        let (id, long_ago) = (ours.ticket.id(), ours.live_since);
        kept.keep(ours);
        assert!(!kept.lock().tickets.is_empty());
        std::thread::sleep(lifetime);
        assert!(kept.take(&id, |_| true).is_none());
        // One that a resumed session left is as old as the live one before.
        kept.keep(KeptTicket { live_since: long_ago, ..theirs });
        assert!(kept.is_empty());
    }

    #[test]
    fn one_that_ages_behind_a_younger_one_is_wiped_by_itself() {
        let lifetime = Duration::from_millis(500);
        let kept = Tickets::new(lifetime, 8);
        let ([older, _], [younger, _]) = (tickets(1, 2), tickets(1, 3));
        let younger_since = Instant::now() + HOUR;
        kept.keep(KeptTicket { live_since: younger_since, ..younger });
        kept.keep(older);
        std::thread::sleep(lifetime);
        kept.wipe_aged();
        let all = kept.lock();
        assert_eq!((all.tickets.len(), all.by_age.len(), all.by_peer.len()), (1, 1, 1));
        assert!(all.by_peer.contains_key(&identity(3)));
    }

    #[test]
    fn a_peers_oldest_makes_room_for_its_next_and_no_other_does() {
        let kept = Tickets::new(HOUR, 64);
        let [of_another, _] = tickets(1, 3);
        kept.keep(of_another);
        let ids: Vec<Id> = (0..=EACH)
            .map(|_| {
                let [ours, _] = tickets(1, 2);
                let id = ours.ticket.id();
                kept.keep(ours);
                id
            })
            .collect();
        assert_eq!(kept.lock().tickets.len(), EACH + 1);
        assert!(kept.take(&ids[0], |_| true).is_none());
        assert!(ids[1..].iter().all(|id| kept.take(id, |_| true).is_some()));
        assert!(kept.take_to_dial(&identity(3)).is_some());
    }
}
