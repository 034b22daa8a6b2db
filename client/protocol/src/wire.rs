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
/// First byte of a resume.
pub(crate) const RESUME: u8 = 4;
/// All of the message that says that a ticket is unknown.
pub(crate) const TICKET_UNKNOWN: u8 = 5;
/// First byte of a cookie.
pub(crate) const COOKIE: u8 = 6;

/// Takes a message apart from the front.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn over(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `N` bytes, copied.
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    /// The next so many bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
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

    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }
}
