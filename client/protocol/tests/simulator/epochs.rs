//! New epochs: when they are due, what is proposed, what is agreed, and that both sides then hold the same.

use countersign_protocol::{Abort, Due, InitiatorEphemerals, PeerKey, Reject, ResponderEphemerals};

use crate::connection::{Asked, Live, Stage, role};
use crate::defect::Defect;
use crate::ledger::{Checked, must};
use crate::world::{Event, World};

impl World {
    /// Does what is due about the keys; whether the session goes on.
    pub(crate) fn keep_up(&mut self, number: usize, side: usize) -> Checked<bool> {
        let now = self.now;
        let party = self.connections[number].sides[side].party;
        let mono = self.parties[party].monotonic_ms(now);
        let Some(live) = self.connections[number].live(side) else { return Ok(false) };
        let mut due = live.channel.due(mono);
        if due == Due::Rotation {
            live.wanted_at.get_or_insert(now);
            if self.request(number, side, true)?
                && let Some(live) = self.connections[number].live(side)
            {
                due = live.channel.due(mono);
            }
        }
        self.check_progress(number, side)?;
        let Some(live) = self.connections[number].live(side) else { return Ok(false) };
        let again_at = match due {
            Due::End if self.defect != Some(Defect::IgnoresAge) => {
                self.abort(number, side, Abort::KeysWornOut)?;
                return Ok(false);
            }
            Due::Nothing { again_at_ms: Some(again_at_ms) } => {
                let again_at = self.parties[party].world_ms(again_at_ms);
                let dies_at = live.renewed_at.saturating_add(live.limits.hard_age_ms);
                must!(
                    again_at <= dies_at,
                    "{number}.{side} is to look again at {again_at}, when its keys are dead"
                );
                again_at
            }
            Due::Nothing { again_at_ms: None } => return Ok(true),
            Due::Rotation | Due::End => now + self.random.between((500, 2_000)),
        };
        self.wake(number, side, again_at);
        Ok(true)
    }

    /// Looks after the keys at that time, or before.
    fn wake(&mut self, number: usize, side: usize, at: u64) {
        let now = self.now;
        let Some(live) = self.connections[number].live(side) else { return };
        if live.upkeep_at <= now || at < live.upkeep_at {
            live.upkeep_at = at.max(now + 1);
            let delay = live.upkeep_at - now;
            self.after(delay, Event::Upkeep { connection: number, side });
        }
    }

    /// In fair weather what is wanted comes about.
    fn check_progress(&mut self, number: usize, side: usize) -> Checked {
        let (now, settled_at) = (self.now, self.settled_at);
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        if live.since < settled_at {
            return Ok(());
        }
        let waited = live.wanted_at.map_or(0, |since| now - since);
        must!(waited <= ROTATION_MS, "{number}.{side} has wanted a rotation for {waited} ms of fair weather");
        let asked = live.requested.map_or(0, |asked| now - asked.at);
        must!(asked <= ANSWER_MS, "{number}.{side} has waited {asked} ms of fair weather for an answer");
        Ok(())
    }

    /// Proposes a new epoch, if none is under way and there is something to propose.
    pub(crate) fn request(&mut self, number: usize, side: usize, is_rotation: bool) -> Checked<bool> {
        let party = self.connections[number].sides[side].party;
        let (head, is_neglected) = (self.parties[party].head, self.is_neglected(number, side));
        let Some(live) = self.connections[number].live(side) else { return Ok(false) };
        if !live.channel.is_idle() || is_neglected {
            return Ok(false);
        }
        let agreed = live.channel.agreed().view.clone();
        let (peer, least) = (live.peer, agreed.anchor().block_number);
        let newest = self.chain.height(head);
        let height = live.propose_at_most.take().map_or(newest, |most| most.min(newest));
        let Some(block) = self.chain.ancestor(head, height) else { return Ok(false) };
        let stands = |party, key: &PeerKey| {
            self.chain.block(head).standing(party).key == *key
                && self.chain.block(block).standing(party).key == *key
        };
        let is_older = height < least;
        let is_newer = height > least || is_rotation;
        if !is_newer || !stands(party, agreed.local()) || !stands(peer, agreed.peer()) {
            return Ok(false);
        }
        self.may_seal(number, side)?;
        let view = self.parties[party].view(&self.chain, block, peer, agreed.readings().len());
        let Some(live) = self.connections[number].live(side) else { return Ok(false) };
        let requested = if is_rotation {
            let Ok(ephemerals) = InitiatorEphemerals::generate(live.suite, self.random.source());
            live.channel.request_rotation(view, ephemerals)
        } else {
            live.channel.request_state_ticket(view)
        };
        if is_older {
            must!(requested.is_err(), "{number}.{side} goes back to an older block");
            return Ok(false);
        }
        must!(requested.is_ok(), "{number}.{side} cannot request: {requested:?}");
        live.requested = Some(Asked { at: self.now, is_rotation });
        let epoch = live.channel.agreed().epoch + 1;
        let kind = if is_rotation { "a rotation" } else { "a state ticket" };
        self.trace
            .note(self.now, format_args!("{number}.{side} requests {kind}, epoch {epoch} at block {block}"));
        self.drain(number, side)?;
        // An answer that never comes is missed even where nothing else happens.
        self.wake(number, side, self.now + ANSWER_MS + 1);
        Ok(true)
    }

    /// The peer's request is here; the proof takes its time, and data flows meanwhile.
    pub(crate) fn consider(&mut self, number: usize, side: usize) -> Checked {
        let asked = match &self.connections[number].sides[1 - side].stage {
            Stage::Live(live) => live.requested,
            _ => None,
        };
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        if live.requested.take().is_some() {
            must!(side == 1, "{number}.{side} considers the responder's request beside its own");
            self.figures.crossings += 1;
            self.trace
                .note(self.now, format_args!("{number}.{side} drops its own request for the initiator's"));
        }
        live.considered = Some(asked.is_none_or(|asked| asked.is_rotation));
        if self.defect != Some(Defect::IgnoresRequests) && !self.is_neglected(number, side) {
            let proof = self.random.between(self.weather.proof);
            self.after(proof, Event::EpochProven { connection: number, side });
        }
        Ok(())
    }

    pub(crate) fn answer_epoch(&mut self, number: usize, side: usize) -> Checked {
        let is_asked = |live: &mut Live| live.channel.requested().is_some();
        if !self.connections[number].live(side).is_some_and(is_asked) || !self.keep_up(number, side)? {
            return Ok(());
        }
        self.may_seal(number, side)?;
        let party = self.connections[number].sides[side].party;
        let refuses = self.random.one_in(self.weather.refuses);
        let Ok(ephemerals) = ResponderEphemerals::generate(self.random.source());
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let Some(proposal) = live.channel.requested().cloned() else { return Ok(()) };
        let peer = live.peer;
        let found = if refuses {
            Err(self.random.pick(&[Reject::Busy, Reject::Unwilling, Reject::Unable]))
        } else {
            self.parties[party].find(&self.chain, &proposal)
        };
        let view =
            found.map(|block| self.parties[party].view(&self.chain, block, peer, proposal.queries().len()));
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let reject = match view {
            Ok(view) => match live.channel.agree(view, ephemerals) {
                Ok(()) => None,
                Err(error) => {
                    must!(error.as_reject().is_some(), "{number}.{side} cannot agree: {error}");
                    error.as_reject()
                }
            },
            Err(reject) => {
                let refused = live.channel.refuse(reject);
                must!(refused.is_ok(), "{number}.{side} cannot refuse: {refused:?}");
                Some(reject)
            }
        };
        match reject {
            None => {
                (live.records, live.bytes) = (0, 0);
                // Until the confirmation the peer may know no others.
                live.keys_kept_until = u64::MAX;
                self.trace.note(self.now, format_args!("{number}.{side} agrees"));
            }
            Some(reject) => {
                live.considered = None;
                self.figures.refusals += 1;
                self.trace.note(self.now, format_args!("{number}.{side} refuses: {reject:?}"));
            }
        }
        self.drain(number, side)?;
        self.check(number)
    }

    pub(crate) fn begin_epoch(&mut self, number: usize, side: usize) -> Checked {
        let now = self.now;
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let (requested, considered) = (live.requested.take(), live.considered.take());
        let is_rotation = requested.map(|asked| asked.is_rotation).or(considered).unwrap_or_default();
        if is_rotation {
            (live.renewed_at, live.wanted_at) = (now, None);
            self.figures.rotations += side as u64;
        } else {
            self.figures.state_tickets += side as u64;
        }
        self.figures.half_closed_epochs += u64::from(side == 1 && live.is_half_closed());
        if requested.is_some() {
            (live.records, live.bytes) = (0, 0);
        }
        live.keys_kept_until = now + KEPT_MS;
        let epoch = live.channel.agreed().epoch;
        self.trace.note(now, format_args!("{number}.{side} is in epoch {epoch}"));
        // Some are never content.
        if self.keep_up(number, side)? && self.random.one_in(10) {
            self.request(number, side, true)?;
        }
        Ok(())
    }

    pub(crate) fn take_refusal(&mut self, number: usize, side: usize, reject: Reject) {
        self.trace.note(self.now, format_args!("{number}.{side} is refused: {reject:?}"));
        let Some(live) = self.connections[number].live(side) else { return };
        live.requested = None;
        if let Reject::UnknownBlock { my_head } = reject {
            live.propose_at_most = Some(my_head);
        }
        self.wake(number, side, self.now + RETRY_MS);
    }

    /// What holds of the two sides of a session at any time.
    pub(crate) fn check(&mut self, number: usize) -> Checked {
        let [Some(one), Some(other)] = [0, 1].map(|side| self.seen(number, side)) else {
            for side in 0..2 {
                self.check_view(number, side)?;
            }
            return Ok(());
        };
        must!(
            one.0.abs_diff(other.0) <= 1,
            "connection {number}: epochs {} and {} are too far apart",
            one.0,
            other.0
        );
        must!(one.0 != other.0 || one.1 == other.1, "connection {number}: two states in epoch {}", one.0);
        for side in 0..2 {
            self.check_view(number, side)?;
        }
        Ok(())
    }

    fn seen(&self, number: usize, side: usize) -> Option<(u32, countersign_protocol::StateHash)> {
        match &self.connections[number].sides[side].stage {
            Stage::Live(live) => Some((live.channel.agreed().epoch, live.channel.agreed().state_hash)),
            _ => None,
        }
    }

    /// What a side has agreed to is the chain's, whatever its node says.
    fn check_view(&mut self, number: usize, side: usize) -> Checked {
        let connection = &self.connections[number];
        let parties = [0, 1].map(|side| connection.sides[side].party);
        let Stage::Live(live) = &connection.sides[side].stage else { return Ok(()) };
        let agreed = live.channel.agreed();
        if live.seen_epoch == Some(agreed.epoch) {
            return Ok(());
        }
        let view = &agreed.view;
        let block = self.chain.by_hash(&view.anchor().block_hash);
        must!(block.is_some(), "{number}.{side} agreed to a block that never was");
        let Some(block) = block else { return Ok(()) };
        must!(block.anchor == *view.anchor(), "{number}.{side} agreed to another place than the block's");
        must!(
            block.readings(view.readings().len()) == view.readings(),
            "{number}.{side} agreed to readings that are not the chain's"
        );
        for (whose, party) in parties.into_iter().enumerate() {
            let key = view.key_of(role(whose), live.role);
            must!(
                block.standing(party).key == *key,
                "{number}.{side} agreed to a record of party {party} that is not the chain's"
            );
        }
        must!(
            agreed.state_hash == view.state_hash(live.role),
            "{number}.{side} says another state hash than its view's"
        );
        let epoch = agreed.epoch;
        if let Some(live) = self.connections[number].live(side) {
            live.seen_epoch = Some(epoch);
        }
        Ok(())
    }
}

/// Longest wait for a rotation in fair weather: some refusals for want of a block, 5 s each.
const ROTATION_MS: u64 = 20_000;
/// Longest wait for an answer in fair weather.
const ANSWER_MS: u64 = 5_000;
/// When to try again after a refusal: what the channel waits, at least.
const RETRY_MS: u64 = 5_000;
/// How long the datagram keys of the epoch before are kept once both sides have the new ones.
const KEPT_MS: u64 = 5_000;
