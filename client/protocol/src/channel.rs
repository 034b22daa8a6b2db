//! Records: what travels once a handshake is complete.
//!
//! ```text
//! byte  0                1                  1+n       17+n
//!       +----------------+------------------+---------+
//!       | 0x10 | content | n bytes, sealed  | tag     |     n is 0 to 16,384
//!       |   type         |                  |         |
//!       +----------------+------------------+---------+
//! ```
//!
//! AES-256-GCM with one key per direction and no associated data. The nonce holds the rest of what is
//! authenticated: a record that is lost, repeated, moved, or given another type or content does not open.
//!
//! ```text
//! byte  0              1      4                      12
//!       +--------------+------+-----------------------+
//!       | first byte   | 0    | number of the record  |     u64, big-endian, from 0 per direction
//!       +--------------+------+-----------------------+
//! ```
//!
//! The type stands in the nonce because as associated data it would cost a small record a sixth of its time
//! (a partial block more for GHASH); the number alone makes the nonce unique.

use core::fmt;

use crate::aead::{AeadKey, Nonce, TAG};
use crate::error::{ApiMisuse, Error, Exhausted, PeerMisbehaved};
use crate::key_schedule;
use crate::secret::Secret32;
use crate::state::Role;
use crate::symmetric::Split;

/// Most content of one record, in bytes.
pub const MAX_CONTENT: usize = 16 * 1024;

/// Bytes that a record adds to its content: the type before it, the tag behind it.
pub const RECORD_OVERHEAD: usize = 1 + TAG;

/// What a record carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ContentType {
    /// Application data that ends a message.
    Data = 0x10,
    /// Application data whose message goes on in the next record.
    DataMore = 0x11,
    /// The sender will send no more. Empty.
    Close = 0x12,
    /// The initiator's first record, which confirms the keys. Empty.
    Confirmation = 0x13,
}

/// A record that opened.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened<'a> {
    /// What it carries.
    pub content_type: ContentType,
    /// Its content, in the buffer that was given.
    pub content: &'a mut [u8],
}

/// Both directions of a session.
#[derive(Debug)]
pub struct Channel {
    /// Seals what this side sends.
    pub sender: Sender,
    /// Opens what this side receives.
    pub receiver: Receiver,
    /// Gives keys to the application.
    pub exporter: Exporter,
}

/// Seals records. Dropping it wipes its key.
pub struct Sender(Direction);

/// Opens records. Dropping it wipes its key.
pub struct Receiver(Direction);

/// Derives keys for the application from the session. Dropping it wipes its secret.
pub struct Exporter {
    secret: Secret32,
    handshake_hash: [u8; 32],
}

/// One direction's key and how much it has protected.
struct Direction {
    key: AeadKey,
    records: u64,
    bytes: u64,
}

impl Channel {
    /// The channel at the end of a handshake.
    pub(crate) fn after(split: Split, role: Role) -> Self {
        let Split { initiator, responder, exporter, handshake_hash } = split;
        let (ours, theirs) = match role {
            Role::Initiator => (initiator, responder),
            Role::Responder => (responder, initiator),
        };
        Self {
            sender: Sender(Direction::new(&ours)),
            receiver: Receiver(Direction::new(&theirs)),
            exporter: Exporter { secret: exporter, handshake_hash },
        }
    }
}

impl Sender {
    /// Seals a record in place. `record` is one byte of room, the content, and 16 bytes of room for the tag.
    ///
    /// # Errors
    /// [`ApiMisuse::RecordTooLong`], [`ApiMisuse::BufferTooShort`]; [`Exhausted`] once the key has
    /// protected [`MAX_RECORDS`] records or [`MAX_BYTES`] bytes. Nothing is written then.
    pub fn seal(&mut self, content_type: ContentType, record: &mut [u8]) -> Result<(), Error> {
        let length = record.len();
        let (header, rest) = record.split_first_mut().ok_or(ApiMisuse::BufferTooShort { length })?;
        let (content, tag) =
            rest.split_last_chunk_mut::<TAG>().ok_or(ApiMisuse::BufferTooShort { length })?;
        if content.len() > MAX_CONTENT {
            return Err(ApiMisuse::RecordTooLong { length: content.len(), maximum: MAX_CONTENT }.into());
        }
        let number = self.0.next(content.len())?;
        *header = content_type as u8;
        *tag = self.0.key.seal(record_nonce(*header, number), &[], content);
        Ok(())
    }
}

impl Receiver {
    /// Opens a record in place.
    ///
    /// # Errors
    /// [`PeerMisbehaved`]: altered, repeated, out of order, too long, or of an unknown type. Close the
    /// connection: nothing after it can be trusted to be complete. [`Exhausted`] as in [`Sender::seal`].
    pub fn open<'a>(&mut self, record: &'a mut [u8]) -> Result<Opened<'a>, Error> {
        let length = record.len();
        let bad_length = PeerMisbehaved::BadLength { expected: "record", length };
        let (header, sealed) = record.split_first_mut().ok_or(bad_length)?;
        let content_type = ContentType::from_byte(*header)?;
        let content_length = sealed.len().checked_sub(TAG).ok_or(bad_length)?;
        if content_length > MAX_CONTENT {
            return Err(bad_length.into());
        }
        self.0.check(content_length)?;
        self.0
            .key
            .open(record_nonce(*header, self.0.records), &[], sealed)
            .map_err(|_| PeerMisbehaved::DoesNotAuthenticate("record"))?;
        self.0.next(content_length)?;
        let content = sealed.get_mut(..content_length).ok_or(bad_length)?;
        Ok(Opened { content_type, content })
    }
}

impl Exporter {
    /// Fills `out` with a key for the application, the same on both sides: for channel binding in its own
    /// signed quotes, or for keys of its own.
    ///
    /// # Errors
    /// [`ApiMisuse::ExportTooLong`] where `out` is over 8,160 bytes or `label` over 65,535.
    pub fn export(&self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let fits = key_schedule::export(&self.secret, &self.handshake_hash, label, context, out);
        if fits { Ok(()) } else { Err(ApiMisuse::ExportTooLong.into()) }
    }
}

impl ContentType {
    const fn from_byte(byte: u8) -> Result<Self, PeerMisbehaved> {
        Ok(match byte {
            0x10 => Self::Data,
            0x11 => Self::DataMore,
            0x12 => Self::Close,
            0x13 => Self::Confirmation,
            other => return Err(PeerMisbehaved::UnexpectedRecord(other)),
        })
    }
}

const fn record_nonce(first_byte: u8, number: u64) -> Nonce {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    [first_byte, 0, 0, 0, a, b, c, d, e, f, g, h]
}

impl Direction {
    fn new(key: &Secret32) -> Self {
        Self { key: AeadKey::new(key), records: 0, bytes: 0 }
    }

    const fn check(&self, length: usize) -> Result<(), Exhausted> {
        if self.records >= MAX_RECORDS {
            return Err(Exhausted::Records);
        }
        if self.bytes + length as u64 > MAX_BYTES {
            return Err(Exhausted::Bytes);
        }
        Ok(())
    }

    /// Counts a record and returns its number.
    fn next(&mut self, length: usize) -> Result<u64, Exhausted> {
        self.check(length)?;
        let number = self.records;
        self.records += 1;
        self.bytes += length as u64;
        Ok(number)
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sender {{ records: {}, .. }}", self.0.records)
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receiver {{ records: {}, .. }}", self.0.records)
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter(..)")
    }
}

/// Most records that one key protects: 2^32.
pub const MAX_RECORDS: u64 = 1 << 32;

/// Most bytes of content that one key protects: 2^38, 256 GiB.
///
/// With both limits at most 2^34 + 2^33 blocks go through a key, where an attacker's advantage against
/// the confidentiality of AES-GCM is below 2^-60 (the bound of RFC 9001, appendix B, and of Iwata, Ohashi and
/// Minematsu, "Breaking and Repairing GCM Security Proofs", 2012).
pub const MAX_BYTES: u64 = 1 << 38;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn direction() -> Direction {
        Direction::new(&Secret32::new([5; 32]))
    }

    #[test]
    fn the_last_record_is_sealed_and_the_next_is_not() {
        let mut sender = Sender(Direction { records: MAX_RECORDS - 1, ..direction() });
        let mut receiver = Receiver(Direction { records: MAX_RECORDS - 1, ..direction() });
        let mut record = [7; 20];
        sender.seal(ContentType::Data, &mut record).unwrap();
        let mut untouched = [7; 20];
        assert_eq!(sender.seal(ContentType::Data, &mut untouched), Err(Exhausted::Records.into()));
        assert_eq!(untouched, [7; 20], "nothing is written");
        assert_eq!(receiver.open(&mut record.clone()).unwrap().content, [7; 3]);
        assert_eq!(receiver.open(&mut record).err(), Some(Exhausted::Records.into()));
    }

    #[test]
    fn the_last_byte_is_sealed_and_the_next_is_not() {
        let mut sender = Sender(Direction { bytes: MAX_BYTES - 3, ..direction() });
        let mut receiver = Receiver(Direction { bytes: MAX_BYTES - 3, ..direction() });
        assert_eq!(sender.seal(ContentType::Data, &mut [7; 21]), Err(Exhausted::Bytes.into()));
        let mut record = [7; 20];
        sender.seal(ContentType::Data, &mut record).unwrap();
        assert_eq!(receiver.open(&mut [0x10; 21]).err(), Some(Exhausted::Bytes.into()));
        assert!(receiver.open(&mut record).is_ok());
        assert_eq!(sender.seal(ContentType::Data, &mut [7; 18]), Err(Exhausted::Bytes.into()));
        assert!(sender.seal(ContentType::Close, &mut [7; 17]).is_ok(), "a close still fits");
    }

    #[test]
    fn a_record_has_room_for_its_header_and_tag_and_no_more_content_than_it_may() {
        let mut sender = Sender(direction());
        for length in 0..RECORD_OVERHEAD {
            let mut short = alloc::vec![0; length];
            let error = ApiMisuse::BufferTooShort { length };
            assert_eq!(sender.seal(ContentType::Data, &mut short), Err(error.into()));
        }
        let mut long = alloc::vec![0; MAX_CONTENT + 1 + RECORD_OVERHEAD];
        let error = ApiMisuse::RecordTooLong { length: MAX_CONTENT + 1, maximum: MAX_CONTENT };
        assert_eq!(sender.seal(ContentType::Data, &mut long), Err(error.into()));
        assert_eq!(sender.0.records, 0, "a refused record takes no number");
        long.pop();
        sender.seal(ContentType::Data, &mut long).unwrap();
        assert_eq!(Receiver(direction()).open(&mut long).unwrap().content.len(), MAX_CONTENT);
    }

    #[test]
    fn debug_shows_no_secret() {
        let (sender, receiver) = (Sender(direction()), Receiver(direction()));
        let exporter = Exporter { secret: Secret32::new([0xab; 32]), handshake_hash: [0; 32] };
        assert_eq!(
            alloc::format!("{sender:?} {receiver:?} {exporter:?}"),
            "Sender { records: 0, .. } Receiver { records: 0, .. } Exporter(..)"
        );
    }
}
