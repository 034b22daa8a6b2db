//! Two ends of a session with an adversary between them, who holds every record and datagram in its hands, and a
//! memory of what was sent, against which each acceptance is checked.

use std::collections::BTreeMap;

use countersign_protocol::{
    Abort, Anchor, ApiMisuse, ChainDisagrees, ContentType, Due, Error, InitiatorEphemerals, MAX_MESSAGE,
    Received, Reject, ResponderEphemerals, StateHash, StateView, Suite, Value, initiator, responder,
};

use super::end::{End, Meaning};
use super::support::{self, Pair};

/// A session between two ends, 0 the initiator's.
pub struct Session {
    pub ends: [End; 2],
    suite: Suite,
    /// The state hash of each epoch, as the first end that came there had it.
    epochs: BTreeMap<u32, StateHash>,
    next_seed: u8,
}

impl Session {
    /// A handshake over an honest network. Sessions of different seeds share no ephemeral key.
    pub fn establish(pair: &Pair, seed: u8) -> Self {
        let suite = pair.alice_suites.preferred();
        let (ours, theirs) = (initiator_ephemerals(suite, seed), responder_ephemerals(seed));
        let params = initiator::InitiatorParams {
            view: pair.alice_view.clone(),
            suites: pair.alice_suites,
            now_unix_ms: pair.alice_now,
        };
        let awaiting = initiator::start(params, ours).unwrap();
        let answer = pair.alice.answer(awaiting.request());
        let mut sent = awaiting.answer(answer).unwrap();
        let peer = pair.read_hello(&mut sent.hello).unwrap();
        let mut replied: responder::SentReply = peer.accept(pair.bob_view.clone(), theirs).ok().unwrap();
        let mut completed = pair.read_reply(sent.next, &mut replied.reply).unwrap();
        let bob = replied.next.read(&mut completed.confirmation).unwrap().channel;
        let alice = completed.established.channel;
        assert_eq!(alice.agreed().state_hash, bob.agreed().state_hash);
        Self {
            epochs: BTreeMap::from([(0, alice.agreed().state_hash)]),
            ends: [End::new(alice, &pair.alice_view), End::new(bob, &pair.bob_view)],
            suite,
            next_seed: seed,
        }
    }

    pub fn send(&mut self, from: usize, content_type: ContentType, content: &[u8]) {
        let end = &mut self.ends[from];
        let mut record = b"queued".to_vec();
        let appended = end.channel.append(content_type, content, &mut record);
        let Ok(()) = appended else {
            assert_eq!(record, b"queued", "a refused record left something behind");
            return end.assert_may_refuse_to_send(appended);
        };
        let meaning = match content_type {
            ContentType::Close => Meaning::Close,
            ContentType::Data | ContentType::DataMore => {
                Meaning::Data { content: content.to_vec(), ends_message: content_type == ContentType::Data }
            }
        };
        end.has_closed |= content_type == ContentType::Close;
        end.put_on_wire(record.split_off(6), meaning);
    }

    pub fn request(&mut self, from: usize, block: u64, with_fresh_keys: bool) {
        let seed = self.take_seed();
        let end = &mut self.ends[from];
        let view = at_block(&end.view, block, 0);
        let was_idle = end.channel.is_idle();
        let older = block < end.channel.agreed().view.anchor().block_number;
        let requested = if with_fresh_keys {
            end.channel.request_rotation(view, initiator_ephemerals(self.suite, seed))
        } else {
            end.channel.request_state_ticket(view)
        };
        match requested {
            Ok(()) => assert!(was_idle && !older, "a request out of place"),
            Err(Error::ApiMisuse(ApiMisuse::EpochUnderWay)) => assert!(!was_idle),
            Err(Error::ChainDisagrees(ChainDisagrees::OlderBlock)) => assert!(older),
            refused @ Err(_) => end.assert_may_refuse_to_send(refused),
        }
        self.flush(from);
    }

    /// Answers the peer's request with what this end sees: the same, or another value where `other_value` is not 0.
    pub fn agree(&mut self, by: usize, other_value: u8) {
        let seed = self.take_seed();
        let end = &mut self.ends[by];
        let Some(proposal) = end.channel.requested() else {
            let agreed = end.channel.agree(end.view.clone(), responder_ephemerals(seed));
            return assert!(agreed.is_err(), "an end agreed to what nobody asked");
        };
        let view = at_block(&end.view, proposal.anchor.block_number, other_value);
        let before = end.channel.agreed().view.anchor().block_number;
        let is_older = view.anchor().block_number < before;
        match end.channel.agree(view, responder_ephemerals(seed)) {
            Ok(()) => assert!(other_value == 0 && !is_older, "an end agreed to what it does not see"),
            Err(Error::ChainDisagrees(ChainDisagrees::Reading { query: 0 })) => assert_ne!(other_value, 0),
            Err(Error::ChainDisagrees(ChainDisagrees::OlderBlock)) => assert!(is_older),
            refused @ Err(_) => end.assert_may_refuse_to_send(refused),
        }
        self.flush(by);
        self.note_epoch(by);
    }

    pub fn refuse(&mut self, by: usize, reject: Reject) {
        let refused = self.ends[by].channel.refuse(reject);
        if refused != Err(ApiMisuse::NothingRequested.into()) && refused.is_err() {
            self.ends[by].assert_may_refuse_to_send(refused);
        }
        self.flush(by);
    }

    pub fn abort(&mut self, by: usize, why: Abort) {
        let end = &mut self.ends[by];
        let aborted = end.channel.abort(why);
        if aborted.is_err() {
            return end.assert_may_refuse_to_send(aborted);
        }
        end.is_aborted = true;
        let record = end.channel.next_outgoing().unwrap();
        end.put_on_wire(record, Meaning::Aborted(why));
        self.flush(by);
    }

    /// Hands the oldest record that `from` sent to its peer.
    pub fn deliver(&mut self, from: usize, now_ms: u64) {
        let Some(record) = self.ends[from].wire.pop_front() else { return };
        let is_due = self.ends[from].is_lossless && !self.ends[1 - from].is_over();
        let accepted = self.hand_over(1 - from, &record, now_ms);
        assert_eq!(accepted.is_ok(), is_due, "what is whole is accepted, after a loss nothing: {accepted:?}");
    }

    /// Loses the oldest record that `from` sent.
    pub fn lose(&mut self, from: usize) {
        let end = &mut self.ends[from];
        end.is_lossless &= end.wire.pop_front().is_none();
    }

    /// Gives an end bytes of the adversary's making.
    pub fn inject(&mut self, to: usize, bytes: &[u8], now_ms: u64) {
        // The very record that is due is no injection, be it that it was lost before.
        let due = self.ends[1 - to].sent.get(self.ends[to].accepted);
        if due.is_none_or(|(record, _)| record != bytes) {
            assert!(self.hand_over(to, bytes, now_ms).is_err(), "an end accepted what was not due");
        }
    }

    pub fn send_datagram(&mut self, from: usize, content: &[u8]) {
        let end = &mut self.ends[from];
        let mut datagram = Vec::new();
        match end.channel.append_datagram(content, &mut datagram) {
            Ok(()) => end.datagrams.push((datagram, content.to_vec())),
            refused @ Err(_) => end.assert_may_refuse_to_send(refused),
        }
    }

    pub fn inject_datagram(&mut self, to: usize, bytes: &[u8], now_ms: u64) {
        let [end, peer] = ends(&mut self.ends, to);
        let mut datagram = bytes.to_vec();
        let Ok(opened) = end.channel.open_datagram(&mut datagram, now_ms) else { return };
        let number = usize::try_from(opened.number).unwrap();
        let (sent, content) = &peer.datagrams[number];
        assert_eq!((&sent[..], &content[..]), (bytes, &*opened.content), "a datagram that nobody sent");
        let is_newest = end.accepted_datagrams.last().is_none_or(|newest| opened.number > *newest);
        assert_eq!(opened.is_newest, is_newest);
        assert!(end.accepted_datagrams.insert(opened.number), "a datagram was accepted twice");
    }

    /// Lets time pass.
    pub fn look_at_the_clock(&mut self, now_ms: u64) {
        for end in &mut self.ends {
            if let Due::Nothing { again_at_ms: Some(again) } = end.channel.due(now_ms) {
                assert!(again > now_ms, "due at a time that is over");
            }
        }
    }

    /// Over an honest network a session comes to rest: both ends in one epoch, with one state, and data flows.
    pub fn settle(&mut self, now_ms: u64) {
        for _ in 0..8 {
            for from in [0, 1] {
                while !self.ends[from].wire.is_empty() {
                    self.deliver(from, now_ms);
                }
                if self.ends[from].channel.requested().is_some() {
                    self.agree(from, 0);
                }
            }
        }
        if self.ends.iter().any(|end| !end.is_lossless || end.is_over()) {
            return;
        }
        let [alice, bob] = &self.ends;
        assert!(alice.channel.is_idle() && bob.channel.is_idle(), "an epoch never came to its end");
        assert_eq!(alice.channel.agreed().epoch, bob.channel.agreed().epoch);
        for from in [0, 1] {
            if self.ends[from].has_closed {
                continue;
            }
            let before = self.ends[1 - from].accepted;
            self.send(from, ContentType::Data, b"and on");
            while !self.ends[from].wire.is_empty() {
                self.deliver(from, now_ms);
            }
            let sent = self.ends[from].sent.len();
            assert!(self.ends[1 - from].accepted == sent && sent >= before, "data does not flow");
        }
    }

    /// Whether the peer took these bytes. What it takes must be the next that was sent, and mean what was meant.
    fn hand_over(&mut self, to: usize, bytes: &[u8], now_ms: u64) -> Result<(), Error> {
        let [end, peer] = ends(&mut self.ends, to);
        let mut record = bytes.to_vec();
        let received = end.channel.open(&mut record, now_ms)?;
        let (sent, meant) = &peer.sent[end.accepted];
        assert_eq!(sent, bytes, "a record was accepted that is not the next one of this session");
        let received = match received {
            Received::Data { content, ends_message } => {
                Meaning::Data { content: content.to_vec(), ends_message }
            }
            Received::Close => Meaning::Close,
            Received::Aborted(why) => Meaning::Aborted(why),
            Received::EpochRequested
            | Received::EpochBegun
            | Received::EpochRefused(_)
            | Received::Ignored => Meaning::Control,
        };
        assert_eq!(received, *meant);
        end.accepted += 1;
        end.is_aborted |= matches!(received, Meaning::Aborted(_));
        end.has_read_close |= received == Meaning::Close;
        self.flush(to);
        self.note_epoch(to);
        Ok(())
    }

    fn flush(&mut self, from: usize) {
        let end = &mut self.ends[from];
        let mut queued = 0;
        while let Some(record) = end.channel.next_outgoing() {
            assert!(
                record.len() <= MAX_MESSAGE && !end.is_over(),
                "a control record after the end, or too long"
            );
            end.put_on_wire(record, Meaning::Control);
            queued += 1;
        }
        assert!(queued <= 1, "one event makes one control record at most");
    }

    fn note_epoch(&mut self, of: usize) {
        let agreed = self.ends[of].channel.agreed();
        let first = self.epochs.entry(agreed.epoch).or_insert(agreed.state_hash);
        assert_eq!(*first, agreed.state_hash, "two ends are in one epoch with two states");
    }

    fn take_seed(&mut self) -> u8 {
        self.next_seed = self.next_seed % MOST_SEEDS + 1;
        self.next_seed
    }
}

fn ends(both: &mut [End; 2], to: usize) -> [&mut End; 2] {
    let [alice, bob] = both;
    if to == 0 { [alice, bob] } else { [bob, alice] }
}

fn at_block(view: &StateView, block: u64, other_value: u8) -> StateView {
    let anchor = Anchor { block_number: block, block_hash: [block as u8; 32], ..support::anchor() };
    let mut readings = view.readings().to_vec();
    readings[0].value = Value::Word([readings[0].value.commitment()[0] ^ other_value; 32]);
    StateView::proven(anchor, *view.local(), *view.peer(), readings).unwrap()
}

fn initiator_ephemerals(suite: Suite, seed: u8) -> InitiatorEphemerals {
    InitiatorEphemerals::generate(suite, support::fill(seed)).unwrap()
}

fn responder_ephemerals(seed: u8) -> ResponderEphemerals {
    ResponderEphemerals::generate(support::fill(seed + MOST_SEEDS)).unwrap()
}

/// Seeds of either side's ephemeral keys: no more bytes make a scalar of the curve.
const MOST_SEEDS: u8 = 126;
