//! Answering from what the follower has proven: no IO, and no lock held but to look.

use std::sync::Arc;
use std::time::Duration;

use alloy::primitives::B256;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Identity, PeerKey, Query, Reading, StateView};

use super::records::WatchedRecord;
use super::ring::Block;
use super::snapshot::Snapshot;
use crate::error::ResolveError;
use crate::key_hint::KeyHint;
use crate::proof::{self, ProvenRecord};
use crate::resolver::{Resolved, Resolver};
use crate::view::ViewRequest;

/// A watched record that may be served.
struct Served {
    watched: Arc<WatchedRecord>,
    record: ProvenRecord,
}

impl Resolver {
    /// What the follower has proven, if its head passes for the newest one.
    pub(crate) fn followed(&self) -> Option<Arc<Snapshot>> {
        let policy = self.policy();
        // Where blocks come all the time, their time tells whether they still do. A chain that stands still looks the
        // same as endpoints that hide its blocks, unless they are asked again and again.
        let silence = policy.max_head_age.is_none().then(|| self.longest_silence());
        let snapshot = self.following().shelf.find(silence)?;
        // Whoever asks for something else may have proven a newer block meanwhile.
        self.accept_head(snapshot.header(), self.highest()).is_ok().then_some(snapshot)
    }

    /// A watched identity's key; `None` where the endpoints must be asked.
    pub(crate) fn resolve_followed(
        &self,
        identity: &Identity,
        hint: Option<PublicKey>,
    ) -> Option<Result<Resolved, ResolveError>> {
        let snapshot = self.followed()?;
        let served = match self.served(&snapshot, identity)? {
            Ok(served) => served,
            Err(refusal) => return Some(Err(refusal)),
        };
        let peer_key = served.key(hint.map(KeyHint::Known))?;
        let resolved = |peer_key| Resolved {
            peer_key,
            proved_at: snapshot.head,
            pinned: served.record.pinned().is_some(),
        };
        Some(peer_key.map(resolved))
    }

    /// What [`view`](Self::view) gives without asking anybody: a view of two watched identities and watched queries, at
    /// the head that is followed or at a proposed block not long before it. `None` where the endpoints must be asked.
    pub fn view_followed(&self, request: &ViewRequest<'_>) -> Option<Result<StateView, ResolveError>> {
        if let Err(refusal) = self.check_request(request) {
            return Some(Err(refusal));
        }
        let snapshot = self.followed()?;
        let block = self.proposed(&snapshot, request)?;
        let readings = read(block, request.queries)?;
        let local = self.served(&snapshot, &request.local)?;
        let peer = self.served(&snapshot, &request.peer)?;
        let (local, peer) = match (local, peer) {
            (Ok(local), Ok(peer)) => (local, peer),
            (Err(refusal), _) | (_, Err(refusal)) => return Some(Err(refusal)),
        };
        if !local.was_so_at(block) || !peer.was_so_at(block) {
            return None;
        }
        let (local, peer) = (local.key(request.local_key_hint)?, peer.key(request.peer_key_hint)?);
        let anchor = self.anchor_at(&block.header);
        let joined = |local, peer| {
            proof::state_view(anchor, local, peer, readings)
                .map_err(|too_many| ResolveError::TooManyQueries { count: too_many.count })
        };
        Some(local.and_then(|local| peer.and_then(|peer| joined(local, peer))))
    }

    /// Keeps the key that was found for a watched compact record.
    pub(crate) fn learn_key(&self, resolved: &Resolved) {
        let identity = resolved.peer_key.identity();
        let Some(snapshot) = self.followed() else { return };
        if let Some(watched) = snapshot.records.find(&identity)
            && watched
                .record
                .is_some_and(|record| record.word().record(identity) == *resolved.peer_key.record())
        {
            watched.learn(resolved.peer_key);
        }
    }

    /// The block that was proposed, or the newest, if it is one of the ring's and recent enough.
    fn proposed<'a>(&self, snapshot: &'a Snapshot, request: &ViewRequest<'_>) -> Option<&'a Block> {
        let Some(anchor) = request.anchor else { return Some(snapshot.ring.newest()) };
        let block = snapshot.ring.find(anchor.block_number, B256::new(anchor.block_hash))?;
        let age = snapshot.header().timestamp().saturating_sub(block.header.timestamp());
        (Duration::from_secs(age) <= self.policy().anchor_age_for(&request.peer)).then_some(block)
    }

    /// A watched identity's record, as it is proven at the head and accepted; or what is proven instead. `None` where
    /// it is not watched, not proven at this head, or something newer was proven of it elsewhere.
    fn served(&self, snapshot: &Snapshot, identity: &Identity) -> Option<Result<Served, ResolveError>> {
        let watched = snapshot.records.find(identity).filter(|watched| watched.is_current)?;
        let header = snapshot.header();
        if self.is_outdone(identity, watched.record.as_ref(), header) {
            return None;
        }
        let Some(record) = watched.record else {
            let block = header.block().number;
            return Some(Err(ResolveError::NotRegistered { identity: *identity, block }));
        };
        match self.judge(&record, header) {
            // Deep enough by now, perhaps: the endpoints tell.
            Err(ResolveError::TooYoung { .. }) => None,
            judged => Some(judged.map(|()| Served { watched: watched.clone(), record })),
        }
    }
}

impl Served {
    /// Whether the record was the same at a block of the ring. It is active, and the contract changes no active record
    /// without the block's time in it.
    fn was_so_at(&self, block: &Block) -> bool {
        self.watched.since <= block.header.block().number
            || self.record.word().anchored_at < block.header.timestamp()
    }

    /// `None` where the key of a compact record is not known here.
    fn key(&self, hint: Option<KeyHint>) -> Option<Result<PeerKey, ResolveError>> {
        let known = self.watched.key().copied();
        match (hint, known) {
            // A pinned key needs nobody to show it.
            (_, Some(known)) if self.record.pinned().is_some() => Some(Ok(known)),
            (Some(KeyHint::Shown(shown)), Some(known)) if *known.public_key() == shown => Some(Ok(known)),
            (Some(KeyHint::Shown(shown)), _) => Some(
                self.record
                    .peer_key(shown)
                    .inspect(|key| self.watched.learn(*key))
                    .map_err(ResolveError::from),
            ),
            (Some(KeyHint::Known(_)) | None, Some(known)) => Some(Ok(known)),
            (Some(KeyHint::Known(key)), None) => {
                self.record.peer_key(key).ok().inspect(|key| self.watched.learn(*key)).map(Ok)
            }
            (None, None) => None,
        }
    }
}

/// The readings of a block, in the order of the queries, if all of them were proven there.
fn read(block: &Block, queries: &[Query]) -> Option<Vec<Reading>> {
    let read = |query: &Query| {
        let value = block.readings.get(query)?.clone();
        Some(Reading { query: query.clone(), value })
    };
    queries.iter().map(read).collect()
}
