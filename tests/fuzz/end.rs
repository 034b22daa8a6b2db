//! One end of a session, and what it sent.

use std::collections::{BTreeSet, VecDeque};

use countersign_protocol::{Abort, ApiMisuse, Channel, Error, Exhausted, StateView};

pub struct End {
    pub channel: Channel,
    pub(super) view: StateView,
    /// Records that this end has sent and the adversary holds, oldest first.
    pub wire: VecDeque<Vec<u8>>,
    /// Every record that it sent, and what the peer must make of it.
    pub(super) sent: Vec<(Vec<u8>, Meaning)>,
    /// How many of the peer's records it has accepted.
    pub accepted: usize,
    pub datagrams: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) accepted_datagrams: BTreeSet<u64>,
    /// Whether no record that it sent was lost.
    pub(super) is_lossless: bool,
    pub(super) has_closed: bool,
    /// Whether it has read the peer's close.
    pub(super) has_read_close: bool,
    pub(super) is_aborted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Data {
        content: Vec<u8>,
        ends_message: bool,
    },
    Close,
    Aborted(Abort),
    /// About epochs. What it says is compared through what both ends agree on.
    Control,
}

impl End {
    pub(super) fn new(channel: Channel, view: &StateView) -> Self {
        Self {
            channel,
            view: view.clone(),
            wire: VecDeque::new(),
            sent: Vec::new(),
            accepted: 0,
            datagrams: Vec::new(),
            accepted_datagrams: BTreeSet::new(),
            is_lossless: true,
            has_closed: false,
            has_read_close: false,
            is_aborted: false,
        }
    }

    pub(super) fn put_on_wire(&mut self, record: Vec<u8>, meaning: Meaning) {
        self.sent.push((record.clone(), meaning));
        self.wire.push_back(record);
    }

    /// A record that left the adversary's hands, counted back from the newest.
    pub fn delivered(&self, back: usize) -> Option<&Vec<u8>> {
        let gone = self.sent.len() - self.wire.len();
        self.sent[..gone].iter().rev().nth(back).map(|(record, _)| record)
    }

    /// By an abort, or because both have closed.
    pub(super) const fn is_over(&self) -> bool {
        self.is_aborted || (self.has_closed && self.has_read_close)
    }

    pub(super) fn assert_may_refuse_to_send(&self, refused: Result<(), Error>) {
        match refused.unwrap_err() {
            Error::ApiMisuse(ApiMisuse::SessionOver) => assert!(self.has_closed || self.is_over()),
            Error::Exhausted(Exhausted::Records | Exhausted::Bytes) => {}
            Error::ApiMisuse(
                ApiMisuse::RecordTooLong { length, maximum } | ApiMisuse::DatagramTooLong { length, maximum },
            ) => assert!(length > maximum),
            other => panic!("{other:?} is no reason to refuse"),
        }
    }
}
