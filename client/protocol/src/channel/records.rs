//! Records in and out.

use alloc::vec::Vec;

use super::content::{Abort, ContentType, RecordType};
use super::direction::{MAX_CONTENT, RECORD_OVERHEAD};
use super::limits::Caps;
use super::padding::Padding;
use super::{Channel, Received, Step};
use crate::aead::TAG;
use crate::error::{ApiMisuse, Error, PeerMisbehaved};

impl Channel {
    /// Most content of one record that [`append`](Self::append) makes, in bytes.
    #[must_use]
    pub const fn max_content(&self) -> usize {
        match self.padding {
            Padding::None => MAX_CONTENT,
            _ => MAX_CONTENT - PADDED_HEAD,
        }
    }

    /// Seals a record in place, unpadded. `record` is one byte of room, the content, and 16 bytes of room for the tag.
    ///
    /// # Errors
    /// [`ApiMisuse::RecordTooLong`], [`ApiMisuse::BufferTooShort`], [`ApiMisuse::SessionOver`];
    /// [`Exhausted`](crate::Exhausted) once the key has protected what [`Limits`](crate::Limits) allow.
    pub fn seal(&mut self, content_type: ContentType, record: &mut [u8]) -> Result<(), Error> {
        self.check_sending_data()?;
        let length = record.len();
        let header = record.first_mut().ok_or(ApiMisuse::BufferTooShort { length })?;
        *header = RecordType::from(content_type) as u8;
        self.sender.seal(record, self.caps_for(content_type))?;
        self.has_closed = content_type == ContentType::Close;
        Ok(())
    }

    /// Appends a record to `out`, padded by this side's policy. Nothing is appended on error.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub fn append(
        &mut self,
        content_type: ContentType,
        content: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.check_sending_data()?;
        self.append_record(content_type.into(), content, self.caps_for(content_type), out)?;
        self.has_closed = content_type == ContentType::Close;
        Ok(())
    }

    /// A sealed control record that is to be sent before anything sealed from now on.
    pub fn next_outgoing(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    /// Opens a record in place. `now_ms` is the caller's time, in milliseconds from any beginning.
    ///
    /// # Errors
    /// [`PeerMisbehaved`]: altered, repeated, out of order, too long, of an unknown type, or not to be sent now. Close the
    /// connection: nothing after it can be trusted to be complete. [`Exhausted`](crate::Exhausted).
    pub fn open<'a>(&mut self, record: &'a mut [u8], now_ms: u64) -> Result<Received<'a>, Error> {
        self.check_not_over()?;
        let length = record.len();
        let first = *record.first().ok_or(PeerMisbehaved::BadLength { expected: "record", length })?;
        let mut record_type = RecordType::from_byte(first)?;
        if record_type == RecordType::Confirmation {
            return self.open_confirmation(record, now_ms);
        }
        let mut content = self.receiver.open(record)?;
        if record_type == RecordType::Padded {
            (record_type, content) = within_padding(content)?;
        }
        match record_type {
            RecordType::Data | RecordType::DataMore | RecordType::Close if self.peer_has_closed => {
                Err(PeerMisbehaved::UnexpectedRecord(record_type as u8).into())
            }
            RecordType::Data => Ok(Received::Data { content, ends_message: true }),
            RecordType::DataMore => Ok(Received::Data { content, ends_message: false }),
            RecordType::Close if content.is_empty() => {
                self.peer_has_closed = true;
                Ok(Received::Close)
            }
            RecordType::Abort => {
                let abort = Abort::decode(content)?;
                self.end();
                Ok(Received::Aborted(abort))
            }
            RecordType::EpochRequest => self.take_request(content),
            RecordType::EpochReply => self.take_reply(content, now_ms),
            RecordType::EpochRefusal => self.take_refusal(content, now_ms),
            RecordType::Close | RecordType::Confirmation | RecordType::Padded => {
                Err(PeerMisbehaved::UnexpectedRecord(record_type as u8).into())
            }
        }
    }

    /// The initiator's first record, sealed.
    pub(crate) fn confirm(&mut self) -> Result<Vec<u8>, Error> {
        let mut record = alloc::vec![0; RECORD_OVERHEAD];
        if let Some(first) = record.first_mut() {
            *first = RecordType::Confirmation as u8;
        }
        self.sender.seal(&mut record, Caps::MOST)?;
        Ok(record)
    }

    /// Reads the initiator's first record.
    pub(crate) fn read_confirmation(&mut self, record: &mut [u8]) -> Result<(), Error> {
        let is_confirmation = record.first() == Some(&(RecordType::Confirmation as u8));
        let content = self.receiver.open(record)?;
        if is_confirmation && content.is_empty() {
            return Ok(());
        }
        Err(PeerMisbehaved::ExpectedConfirmation.into())
    }

    pub(super) fn queue(&mut self, record_type: RecordType, content: &[u8]) -> Result<(), Error> {
        let mut record = Vec::with_capacity(content.len() + PADDED_HEAD + RECORD_OVERHEAD);
        self.append_record(record_type, content, Caps::MOST, &mut record)?;
        self.outgoing.push_back(record);
        Ok(())
    }

    fn append_record(
        &mut self,
        record_type: RecordType,
        content: &[u8],
        caps: Caps,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let (length, maximum) = (content.len(), self.max_content());
        if length > maximum {
            return Err(ApiMisuse::RecordTooLong { length, maximum }.into());
        }
        let start = out.len();
        if self.padding == Padding::None {
            out.push(record_type as u8);
            out.extend_from_slice(content);
        } else {
            let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            out.extend_from_slice(&[RecordType::Padded as u8, record_type as u8, high, low]);
            out.extend_from_slice(content);
            out.resize(start + 1 + self.padding.bucket(PADDED_HEAD + length, MAX_CONTENT), 0);
        }
        out.resize(out.len() + TAG, 0);
        let sealed = self.sender.seal(out.get_mut(start..).unwrap_or_default(), caps);
        sealed.inspect_err(|_| out.truncate(start))
    }

    /// A close still fits where the keys have protected all the data they may.
    fn caps_for(&self, content_type: ContentType) -> Caps {
        match content_type {
            ContentType::Close => Caps::MOST,
            ContentType::Data | ContentType::DataMore => self.limits.caps(),
        }
    }

    /// Whether the session has ended: by an abort, or because both sides have closed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        (self.has_closed && self.peer_has_closed) || matches!(self.step, Step::Aborted)
    }

    pub(super) fn check_not_over(&self) -> Result<(), ApiMisuse> {
        if self.is_over() { Err(ApiMisuse::SessionOver) } else { Ok(()) }
    }

    /// After this side's close, control records alone are sent.
    pub(super) fn check_sending_data(&self) -> Result<(), ApiMisuse> {
        if self.has_closed { Err(ApiMisuse::SessionOver) } else { self.check_not_over() }
    }
}

fn within_padding(sealed: &mut [u8]) -> Result<(RecordType, &mut [u8]), PeerMisbehaved> {
    let malformed = PeerMisbehaved::MalformedPadding;
    let ([inner, high, low], rest) = sealed.split_first_chunk_mut::<PADDED_HEAD>().ok_or(malformed)?;
    let record_type = RecordType::within_padding(*inner)?;
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    Ok((record_type, rest.get_mut(..length).ok_or(malformed)?))
}

/// Bytes before the content of a padded record: its type and its length.
const PADDED_HEAD: usize = 3;
