//! Datagrams beside the stream.
//!
//! ```text
//! byte  0      1        9         13         21                     end-16
//!       +------+--------+---------+----------+----------------------+---------+
//!       | type | lane 8 | epoch 4 | number 8 | sealed               | tag 16  |     at most 1,232 bytes in all
//!       +------+--------+---------+----------+----------------------+---------+
//! ```
//!
//! Type 0x20 seals its content as it is, 0x21 `length u16 | content | zeros`. The nonce is that of a record.

use alloc::vec::Vec;

use crate::aead::{AeadKey, TAG};
use crate::channel::direction::{Used, record_nonce};
use crate::channel::limits::Caps;
use crate::channel::padding::Padding;
use crate::channel::window::Window;
use crate::error::{ApiMisuse, Error, Exhausted, PeerMisbehaved};
use crate::key_schedule::{self, LANE};
use crate::secret::Secret32;
use crate::state::Role;
use crate::wire::Reader;

/// Longest datagram in bytes: what IPv6 carries everywhere, less its own header and UDP's (RFC 8200, 5).
pub const MAX_DATAGRAM: usize = 1_232;

/// Most content of one datagram in bytes, unpadded; 2 less where the sender pads.
pub const MAX_DATAGRAM_CONTENT: usize = MAX_DATAGRAM - HEADER - TAG;

/// A datagram that opened.
#[derive(Debug, PartialEq, Eq)]
pub struct OpenedDatagram<'a> {
    /// Its number, from 0 for each direction of the session.
    pub number: u64,
    /// Whether no later one has opened: its source is where the peer is now.
    pub is_newest: bool,
    /// Its content, in the buffer that was given.
    pub content: &'a mut [u8],
}

/// The session that a datagram claims to belong to; `None` where it is none.
#[must_use]
pub fn lane_of(datagram: &[u8]) -> Option<[u8; LANE]> {
    let mut reader = Reader::over(datagram);
    let kind = reader.u8()?;
    (kind == PLAIN || kind == PADDED).then(|| reader.array())?
}

/// The keys of both directions, from epoch to epoch.
pub(super) struct Lane {
    name: [u8; LANE],
    role: Role,
    sending: Keys,
    sent: u64,
    /// What the key to send with has protected.
    used: Used,
    receiving: Keys,
    previous: Option<Previous>,
    /// The new epoch's secret, until the peer is known to have it.
    next_sending: Option<Keys>,
    window: Window,
}

/// An epoch's keys, expanded when they are first used.
struct Keys {
    epoch: u32,
    secret: Secret32,
    pair: Option<Pair>,
}

struct Pair {
    initiator: AeadKey,
    responder: AeadKey,
}

/// The epoch before, for datagrams that were under way.
struct Previous {
    keys: Keys,
    /// In the caller's milliseconds; `None` while the peer may still send under it.
    until_ms: Option<u64>,
}

impl Lane {
    pub(super) fn new(role: Role, handshake_hash: &[u8; 32], secret: &Secret32) -> Self {
        Self {
            name: key_schedule::lane(handshake_hash),
            role,
            sending: Keys::new(0, secret),
            sent: 0,
            used: Used::default(),
            receiving: Keys::new(0, secret),
            previous: None,
            next_sending: None,
            window: Window::default(),
        }
    }

    /// What the key to send with has protected.
    pub(super) const fn used(&self) -> Used {
        self.used
    }

    pub(super) const fn name(&self) -> [u8; LANE] {
        self.name
    }

    /// A new epoch, of which the peer does not yet have proof that this side has it: receive under it, do not send.
    pub(super) fn prepare(&mut self, epoch: u32, secret: &Secret32) {
        let before = core::mem::replace(&mut self.receiving, Keys::new(epoch, secret));
        self.previous = Some(Previous { keys: before, until_ms: None });
        self.next_sending = Some(Keys::new(epoch, secret));
    }

    /// The peer has the epoch that was prepared: send under it, and keep the one before for a little while.
    pub(super) fn confirm(&mut self, now_ms: u64) {
        if let Some(next) = self.next_sending.take() {
            self.sending = next;
            self.used = Used::default();
        }
        if let Some(previous) = &mut self.previous {
            previous.until_ms = Some(now_ms.saturating_add(GRACE_MS));
        }
    }

    /// Erases the keys of the epoch before once its time is over.
    pub(super) fn forget(&mut self, now_ms: u64) {
        self.previous.take_if(|previous| previous.until_ms.is_some_and(|until| now_ms > until));
    }

    /// Appends a datagram. Nothing is appended on error.
    pub(super) fn append(
        &mut self,
        content: &[u8],
        padding: Padding,
        caps: Caps,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let framing = if padding == Padding::None { 0 } else { LENGTH };
        let room = MAX_DATAGRAM_CONTENT - framing;
        if content.len() > room {
            return Err(ApiMisuse::DatagramTooLong { length: content.len(), maximum: room }.into());
        }
        self.used.check(MAX_DATAGRAM, caps)?;
        if self.sent == u64::MAX {
            return Err(Exhausted::Records.into());
        }
        let start = out.len();
        let kind = if framing == 0 { PLAIN } else { PADDED };
        out.push(kind);
        out.extend_from_slice(&self.name);
        out.extend_from_slice(&self.sending.epoch.to_be_bytes());
        out.extend_from_slice(&self.sent.to_be_bytes());
        let sealed_from = out.len();
        if framing > 0 {
            out.extend_from_slice(&u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
        out.extend_from_slice(content);
        let bucket = padding.bucket(framing + content.len(), MAX_DATAGRAM_CONTENT);
        out.resize(sealed_from + bucket, 0);
        let key = self.sending.pair().of(self.role);
        let Some(text) = out.get_mut(sealed_from..) else { return Ok(()) };
        let tag = key.seal(record_nonce(kind, self.sent), &[], text);
        out.extend_from_slice(&tag);
        debug_assert!(out.len() - start <= MAX_DATAGRAM);
        self.sent += 1;
        self.used.count(bucket);
        Ok(())
    }

    /// Opens a datagram in place. One that does not open changes nothing.
    pub(super) fn open<'a>(
        &mut self,
        datagram: &'a mut [u8],
        now_ms: u64,
    ) -> Result<OpenedDatagram<'a>, Error> {
        self.forget(now_ms);
        let length = datagram.len();
        let bad_length = PeerMisbehaved::BadLength { expected: "datagram", length };
        if length > MAX_DATAGRAM {
            return Err(bad_length.into());
        }
        let (header, sealed) = datagram.split_first_chunk_mut::<HEADER>().ok_or(bad_length)?;
        let Header { kind, lane, epoch, number } = Header::read(header).ok_or(bad_length)?;
        if (kind != PLAIN && kind != PADDED) || lane != self.name {
            return Err(PeerMisbehaved::ForeignDatagram.into());
        }
        // The last number is never sent, and could not be told from a replay.
        if number == u64::MAX || !self.window.is_new(number) {
            return Err(PeerMisbehaved::RepeatedDatagram { number }.into());
        }
        let theirs = self.role.other();
        let keys = match &mut self.previous {
            _ if self.receiving.epoch == epoch => &mut self.receiving,
            Some(previous) if previous.keys.epoch == epoch => &mut previous.keys,
            _ => return Err(PeerMisbehaved::UnexpectedEpoch { epoch }.into()),
        };
        let opened = keys.pair().of(theirs).open(record_nonce(kind, number), &[], sealed);
        opened.map_err(|_| PeerMisbehaved::DoesNotAuthenticate("datagram"))?;
        let (text, _) = sealed.split_last_chunk_mut::<TAG>().ok_or(bad_length)?;
        let content = if kind == PADDED { unpad(text).ok_or(bad_length)? } else { text };
        let is_newest = self.window.accept(number);
        Ok(OpenedDatagram { number, is_newest, content })
    }
}

impl Keys {
    fn new(epoch: u32, secret: &Secret32) -> Self {
        Self { epoch, secret: Secret32::copy_of(secret.expose()), pair: None }
    }

    fn pair(&mut self) -> &Pair {
        let secret = &self.secret;
        self.pair.get_or_insert_with(|| {
            let [initiator, responder] = key_schedule::datagram_keys(secret);
            Pair { initiator: AeadKey::new(&initiator), responder: AeadKey::new(&responder) }
        })
    }
}

impl Pair {
    const fn of(&self, sender: Role) -> &AeadKey {
        match sender {
            Role::Initiator => &self.initiator,
            Role::Responder => &self.responder,
        }
    }
}

struct Header {
    kind: u8,
    lane: [u8; LANE],
    epoch: u32,
    number: u64,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::over(bytes);
        Some(Self {
            kind: reader.u8()?,
            lane: reader.array()?,
            epoch: reader.array().map(u32::from_be_bytes)?,
            number: reader.u64()?,
        })
    }
}

fn unpad(text: &mut [u8]) -> Option<&mut [u8]> {
    let (length, rest) = text.split_first_chunk_mut::<LENGTH>()?;
    rest.get_mut(..usize::from(u16::from_be_bytes(*length)))
}

/// First byte of a datagram whose content is as long as it is.
const PLAIN: u8 = 0x20;
/// First byte of a padded datagram.
const PADDED: u8 = 0x21;
/// Bytes before what is sealed.
const HEADER: usize = 1 + LANE + 4 + 8;
/// Bytes of a padded datagram's length field.
const LENGTH: usize = 2;
/// For so long the keys of the epoch before open what was under way.
const GRACE_MS: u64 = 5_000;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use core::num::NonZeroU16;

    use super::*;

    fn secret(epoch: u8) -> Secret32 {
        Secret32::new([1 + epoch; 32])
    }

    fn lanes() -> [Lane; 2] {
        [Role::Initiator, Role::Responder].map(|role| Lane::new(role, &[9; 32], &secret(0)))
    }

    fn sent(lane: &mut Lane, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        lane.append(content, Padding::None, Caps::MOST, &mut out).unwrap();
        out
    }

    fn opened(lane: &mut Lane, datagram: &[u8], now_ms: u64) -> Result<(u64, bool, Vec<u8>), Error> {
        let mut datagram = datagram.to_vec();
        let opened = lane.open(&mut datagram, now_ms)?;
        Ok((opened.number, opened.is_newest, opened.content.to_vec()))
    }

    #[test]
    fn datagrams_open_once_in_any_order_and_not_where_they_were_made() {
        let [mut alice, mut bob] = lanes();
        let [first, second] = [b"one", b"two"].map(|content| sent(&mut alice, content));
        assert_eq!(lane_of(&first), Some(alice.name()));
        assert_eq!(opened(&mut bob, &second, 0), Ok((1, true, b"two".to_vec())));
        assert_eq!(opened(&mut bob, &first, 0), Ok((0, false, b"one".to_vec())));
        let repeated = Err(PeerMisbehaved::RepeatedDatagram { number: 0 }.into());
        assert_eq!(opened(&mut bob, &first, 0), repeated);
        let reflected = Err(PeerMisbehaved::DoesNotAuthenticate("datagram").into());
        assert_eq!(opened(&mut alice, &second, 0), reflected);
    }

    #[test]
    fn no_flipped_bit_opens_and_none_moves_the_window() {
        let [mut alice, mut bob] = lanes();
        let datagram = sent(&mut alice, b"sell 5 at 2,999.75");
        for bit in 0..datagram.len() * 8 {
            let mut altered = datagram.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(opened(&mut bob, &altered, 0).is_err(), "bit {bit}");
        }
        for length in 0..datagram.len() {
            assert!(opened(&mut bob, &datagram[..length], 0).is_err(), "{length} bytes");
        }
        assert!(opened(&mut bob, &datagram, 0).is_ok());
    }

    #[test]
    fn a_padded_datagram_shows_its_bucket_alone() {
        let [mut alice, mut bob] = lanes();
        let padding = Padding::PowersOfTwo { least: NonZeroU16::new(256).unwrap() };
        let lengths = [0, 1, 254].map(|length| {
            let mut out = Vec::new();
            alice.append(&alloc::vec![7; length], padding, Caps::MOST, &mut out).unwrap();
            assert_eq!(opened(&mut bob, &out, 0).unwrap().2, alloc::vec![7; length]);
            out.len()
        });
        assert_eq!(lengths, [HEADER + 256 + TAG; 3]);
        let mut out = Vec::new();
        let most = alloc::vec![7; MAX_DATAGRAM_CONTENT - LENGTH];
        alice.append(&most, Padding::Full, Caps::MOST, &mut out).unwrap();
        assert_eq!(out.len(), MAX_DATAGRAM);
        assert_eq!(opened(&mut bob, &out, 0).unwrap().2, most);
        let too_long = alice.append(&[7; MAX_DATAGRAM_CONTENT], Padding::Full, Caps::MOST, &mut out);
        let error = ApiMisuse::DatagramTooLong {
            length: MAX_DATAGRAM_CONTENT,
            maximum: MAX_DATAGRAM_CONTENT - LENGTH,
        };
        assert_eq!((too_long, out.len()), (Err(error.into()), MAX_DATAGRAM));
    }

    #[test]
    fn epochs_change_without_loss_and_old_keys_are_erased_after_their_grace() {
        let [mut alice, mut bob] = lanes();
        let under_way = sent(&mut alice, b"old");
        // Bob answered, Alice opened the reply, Bob opened the confirmation.
        bob.prepare(1, &secret(1));
        let still_old = sent(&mut bob, b"before the confirmation");
        assert!(opened(&mut alice, &still_old, 10).is_ok());
        alice.prepare(1, &secret(1));
        alice.confirm(10);
        let new = sent(&mut alice, b"new");
        assert_eq!(opened(&mut bob, &new, 10), Ok((1, true, b"new".to_vec())));
        bob.confirm(20);
        assert_eq!(opened(&mut bob, &under_way, 20 + GRACE_MS), Ok((0, false, b"old".to_vec())));
        let [mut late, _] = lanes();
        let late = {
            sent(&mut late, b"0");
            sent(&mut late, b"1");
            sent(&mut late, b"2")
        };
        let gone = Err(PeerMisbehaved::UnexpectedEpoch { epoch: 0 }.into());
        assert_eq!(opened(&mut bob, &late, 21 + GRACE_MS), gone);
        assert!(bob.previous.is_none());
        let reply = sent(&mut bob, b"confirmed");
        assert_eq!(opened(&mut alice, &reply, 30), Ok((1, true, b"confirmed".to_vec())));
    }

    #[test]
    fn a_worn_out_key_sends_no_more() {
        let [mut alice, _] = lanes();
        let caps = Caps { records: 1, bytes: u64::MAX };
        let mut out = Vec::new();
        alice.append(b"", Padding::None, caps, &mut out).unwrap();
        let length = out.len();
        let refused = alice.append(b"", Padding::None, caps, &mut out);
        assert_eq!((refused, out.len()), (Err(Exhausted::Records.into()), length));
    }
}
