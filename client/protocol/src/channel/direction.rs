//! One direction of a channel: its key, and how much it has protected.
//!
//! ```text
//! byte  0                1                  1+n       17+n
//!       +----------------+------------------+---------+
//!       | first byte     | n bytes, sealed  | tag     |     n is 0 to 16,384
//!       +----------------+------------------+---------+
//! ```
//!
//! AES-256-GCM with one key per direction and epoch and no associated data. The nonce holds the rest of what is
//! authenticated: a record that is lost, repeated, moved, or given another type or content does not open.
//!
//! ```text
//! byte  0              1      4                      12
//!       +--------------+------+-----------------------+
//!       | first byte   | 0    | number of the record  |     u64, big-endian, from 0 per direction, through all epochs
//!       +--------------+------+-----------------------+
//! ```
//!
//! The type stands in the nonce because as associated data it would cost a small record a sixth of its time
//! (a partial block more for GHASH); the number alone makes the nonce unique.

use crate::aead::{AeadKey, Nonce, TAG};
use crate::channel::limits::Caps;
use crate::error::{ApiMisuse, Error, Exhausted, PeerMisbehaved};
use crate::secret::Secret32;

/// Most sealed content of one record, in bytes.
pub const MAX_CONTENT: usize = 16 * 1024;

/// Bytes that a record adds to its content: the type before it, the tag behind it.
pub const RECORD_OVERHEAD: usize = 1 + TAG;

/// A key, the number of the next record, and what the key has protected.
pub(super) struct Direction {
    key: AeadKey,
    number: u64,
    used: Used,
}

/// What a key has protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) records: u64,
    pub(super) bytes: u64,
}

impl Direction {
    /// The first key of a session.
    pub(super) fn new(key: &Secret32) -> Self {
        Self::at(key, 0)
    }

    /// The next epoch's key, for the records that follow those of this one.
    pub(super) fn continued(&self, key: &Secret32) -> Self {
        Self::at(key, self.number)
    }

    fn at(key: &Secret32, number: u64) -> Self {
        Self { key: AeadKey::new(key), number, used: Used::default() }
    }

    pub(super) const fn used(&self) -> Used {
        self.used
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// As if the next record were that one.
    #[cfg(test)]
    pub(super) const fn rewind_to(&mut self, number: u64) {
        self.number = number;
    }

    /// Seals in place a record whose first byte stands; the last 16 bytes are room for the tag. Nothing is written on error.
    pub(super) fn seal(&mut self, record: &mut [u8], caps: Caps) -> Result<(), Error> {
        let length = record.len();
        let (header, rest) = record.split_first_mut().ok_or(ApiMisuse::BufferTooShort { length })?;
        let (content, tag) =
            rest.split_last_chunk_mut::<TAG>().ok_or(ApiMisuse::BufferTooShort { length })?;
        if content.len() > MAX_CONTENT {
            return Err(ApiMisuse::RecordTooLong { length: content.len(), maximum: MAX_CONTENT }.into());
        }
        self.check(content.len(), caps)?;
        *tag = self.key.seal(record_nonce(*header, self.number), &[], content);
        self.count(content.len());
        Ok(())
    }

    /// Opens a record in place and returns its content. A record that does not open changes nothing.
    pub(super) fn open<'a>(&mut self, record: &'a mut [u8]) -> Result<&'a mut [u8], Error> {
        let length = record.len();
        let bad_length = PeerMisbehaved::BadLength { expected: "record", length };
        let (header, sealed) = record.split_first_mut().ok_or(bad_length)?;
        let content_length = sealed.len().checked_sub(TAG).ok_or(bad_length)?;
        if content_length > MAX_CONTENT {
            return Err(bad_length.into());
        }
        self.check(content_length, Caps::MOST)?;
        self.key
            .open(record_nonce(*header, self.number), &[], sealed)
            .map_err(|_| PeerMisbehaved::DoesNotAuthenticate("record"))?;
        self.count(content_length);
        Ok(sealed.get_mut(..content_length).ok_or(bad_length)?)
    }

    const fn check(&self, length: usize, caps: Caps) -> Result<(), Exhausted> {
        // So that the number never wraps, though no session gets there.
        if self.number == u64::MAX { Err(Exhausted::Records) } else { self.used.check(length, caps) }
    }

    const fn count(&mut self, length: usize) {
        self.number += 1;
        self.used.count(length);
    }
}

impl Used {
    /// Whether the key may protect so many bytes more.
    pub(super) const fn check(&self, length: usize, caps: Caps) -> Result<(), Exhausted> {
        if self.records >= caps.records {
            return Err(Exhausted::Records);
        }
        if self.bytes + length as u64 > caps.bytes {
            return Err(Exhausted::Bytes);
        }
        Ok(())
    }

    pub(super) const fn count(&mut self, length: usize) {
        self.records += 1;
        self.bytes += length as u64;
    }
}

/// The nonce of a record, and of a datagram.
pub(super) const fn record_nonce(first_byte: u8, number: u64) -> Nonce {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    [first_byte, 0, 0, 0, a, b, c, d, e, f, g, h]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn direction(records: u64, bytes: u64) -> Direction {
        Direction { used: Used { records, bytes }, ..Direction::new(&Secret32::new([5; 32])) }
    }

    #[test]
    fn the_last_record_is_sealed_and_the_next_is_not() {
        let mut sender = direction(Caps::MOST.records - 1, 0);
        let mut receiver = direction(Caps::MOST.records - 1, 0);
        let mut record = [7; 20];
        sender.seal(&mut record, Caps::MOST).unwrap();
        let mut untouched = [7; 20];
        assert_eq!(sender.seal(&mut untouched, Caps::MOST), Err(Exhausted::Records.into()));
        assert_eq!(untouched, [7; 20], "nothing is written");
        assert_eq!(receiver.open(&mut record.clone()).unwrap(), [7; 3]);
        assert_eq!(receiver.open(&mut record).err(), Some(Exhausted::Records.into()));
    }

    #[test]
    fn the_last_byte_is_sealed_and_the_next_is_not() {
        let mut sender = direction(0, Caps::MOST.bytes - 3);
        let mut receiver = direction(0, Caps::MOST.bytes - 3);
        assert_eq!(sender.seal(&mut [7; 21], Caps::MOST), Err(Exhausted::Bytes.into()));
        let mut record = [7; 20];
        sender.seal(&mut record, Caps::MOST).unwrap();
        assert_eq!(receiver.open(&mut [0x10; 21]).err(), Some(Exhausted::Bytes.into()));
        assert!(receiver.open(&mut record).is_ok());
        assert_eq!(sender.seal(&mut [7; 18], Caps::MOST), Err(Exhausted::Bytes.into()));
        assert!(sender.seal(&mut [7; 17], Caps::MOST).is_ok(), "an empty one still fits");
    }

    #[test]
    fn a_record_has_room_for_its_header_and_tag_and_no_more_content_than_it_may() {
        let mut sender = direction(0, 0);
        for length in 0..RECORD_OVERHEAD {
            let mut short = alloc::vec![0; length];
            let error = ApiMisuse::BufferTooShort { length };
            assert_eq!(sender.seal(&mut short, Caps::MOST), Err(error.into()));
        }
        let mut long = alloc::vec![0; MAX_CONTENT + 1 + RECORD_OVERHEAD];
        let error = ApiMisuse::RecordTooLong { length: MAX_CONTENT + 1, maximum: MAX_CONTENT };
        assert_eq!(sender.seal(&mut long, Caps::MOST), Err(error.into()));
        assert_eq!(sender.number(), 0, "a refused record takes no number");
        assert!(direction(0, 0).open(&mut long).is_err());
        long.pop();
        sender.seal(&mut long, Caps::MOST).unwrap();
        assert_eq!(direction(0, 0).open(&mut long).unwrap().len(), MAX_CONTENT);
    }

    #[test]
    fn the_last_number_is_never_used() {
        let mut sender = direction(0, 0);
        sender.rewind_to(u64::MAX - 1);
        sender.seal(&mut [7; 17], Caps::MOST).unwrap();
        assert_eq!(sender.seal(&mut [7; 17], Caps::MOST), Err(Exhausted::Records.into()));
    }

    #[test]
    fn the_next_key_goes_on_counting_records_and_begins_its_own_use() {
        let mut sender = direction(0, 0);
        sender.seal(&mut [7; 20], Caps::MOST).unwrap();
        assert_eq!(sender.used(), Used { records: 1, bytes: 3 });
        let next = sender.continued(&Secret32::new([6; 32]));
        assert_eq!((next.number(), next.used()), (1, Used::default()));
    }
}
