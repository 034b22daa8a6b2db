//! Message types and a cursor over their bytes.

/// Longest message of the protocol in bytes: a record with [`crate::MAX_CONTENT`] bytes of content.
pub const MAX_MESSAGE: usize = crate::channel::MAX_CONTENT + crate::channel::RECORD_OVERHEAD;

/// Version of the protocol.
pub(crate) const VERSION: u8 = 1;

/// First byte of a hello.
pub(crate) const HELLO: u8 = 1;
/// First byte of a reply.
pub(crate) const REPLY: u8 = 2;
/// First byte of a reject.
pub(crate) const REJECT: u8 = 3;

/// Takes a message apart from the front, in place.
pub(crate) struct Cursor<'a>(&'a mut [u8]);

impl<'a> Cursor<'a> {
    pub(crate) const fn over(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    /// The next `length` bytes; `None` leaves the cursor empty.
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a mut [u8]> {
        let (taken, rest) = core::mem::take(&mut self.0).split_at_mut_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next `N` bytes, copied.
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.first_chunk().copied()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn rest(self) -> &'a mut [u8] {
        self.0
    }
}
