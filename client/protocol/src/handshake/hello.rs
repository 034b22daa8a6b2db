//! The outside of a hello and of a resume: what can be checked before any curve operation.
//!
//! ```text
//! byte  0      1         2       3         4                          end-32    end-16    end
//!       +------+---------+-------+---------+--------------------------+---------+---------+
//!       | type | version | suite | offered | Noise message 1          | mac1    | mac2    |
//!       +------+---------+-------+---------+--------------------------+---------+---------+
//!         1      1         level   bit set
//! ```
//!
//! A resume has the type 4, and a ticket id of 16 bytes and its sealed proposal behind the Noise message. In a hello
//! Noise message 1 is `e` 33, for the hybrid suite `e1` 1,184 + 16, `s` 33 + 16, and the sealed
//! [`Proposal`](crate::Proposal) with its tag. The first four bytes are part of the prologue, so that
//! taking a suite away from the offer breaks the handshake. `mac1`, over those four bytes and `e`, shows that
//! the sender knows whom it calls (the rest is held by the transcript); `mac2` is zero unless the responder has demanded a cookie.

use alloc::vec::Vec;

use subtle::ConstantTimeEq;

use crate::aead::TAG;
use crate::curve::PublicKey;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::handshake::POINT;
use crate::kem::ENCAPSULATION_KEY;
use crate::key_schedule::{MAC, TICKET_ID, mac1};
use crate::proposal::{MAX_PROPOSAL, PADDING};
use crate::suite::{Suite, SuitePolicy};
use crate::wire::{HELLO, RESUME, VERSION};

pub(super) const HEADER: usize = 4;
/// Bytes of both MACs, which end the message.
pub(crate) const MACS: usize = 2 * MAC;
/// What `mac1` is over: the header and `e`.
pub(crate) const MAC1_COVERS: usize = HEADER + POINT;

/// Longest hello in bytes.
pub(super) const MAX_HELLO: usize = First::Hello.around_proposal(Suite::Hybrid) + MAX_PROPOSAL;

/// The first bytes of a hello.
pub(super) type Header = [u8; HEADER];

/// What a dialler may send first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The beginning of a live handshake: [`ExpectHello`](crate::responder::ExpectHello) reads it.
    Hello,
    /// The beginning of a resumption: [`AwaitingTicket`](crate::resumption::AwaitingTicket) reads it.
    Resume,
}

/// Appends `mac1`, and a `mac2` of zeros.
pub(super) fn append_macs(hello: &mut Vec<u8>, responder: &PublicKey) {
    let mac = mac1(responder, hello.get(..MAC1_COVERS).unwrap_or_default());
    hello.extend_from_slice(&mac);
    hello.extend_from_slice(&[0; MAC]);
}

/// A hello or a resume whose outside is in order.
pub(super) struct Opened<'a> {
    pub(super) header: Header,
    pub(super) suite: Suite,
    /// What stands between the header and the MACs.
    pub(super) body: &'a mut [u8],
}

/// What was sent to this responder first, checked in the order of the cost: type, version, suite, length, `mac1`. A responder
/// under load does this, then asks for a [cookie](crate::CookieJar), and only then reads on.
///
/// # Errors
/// [`PeerMisbehaved`] and [`PeerIncompatible`]; there is nothing to answer, close the connection.
pub fn first_message(message: &[u8], responder: &PublicKey) -> Result<First, Error> {
    let length = message.len();
    let bad_length = PeerMisbehaved::BadLength { expected: "hello", length };
    let [kind, version, level, offered] = *message.first_chunk::<HEADER>().ok_or(bad_length)?;
    let first =
        First::from_byte(kind).ok_or(PeerMisbehaved::UnexpectedMessage { expected: "hello", got: kind })?;
    if version != VERSION {
        return Err(PeerIncompatible::Version { got: version }.into());
    }
    let suite = Suite::from_level(level).ok_or(PeerIncompatible::UnknownSuite { level })?;
    if !first.is_length(suite, length) {
        return Err(bad_length.into());
    }
    let header_and_e = message.get(..MAC1_COVERS).ok_or(bad_length)?;
    let claimed = message.get(length - MACS..length - MAC).ok_or(bad_length)?;
    if !bool::from(mac1(responder, header_and_e).as_slice().ct_eq(claimed)) {
        return Err(PeerMisbehaved::NotForThisResponder.into());
    }
    if offered & suite.bit() == 0 {
        return Err(PeerMisbehaved::SuiteNotOffered.into());
    }
    Ok(first)
}

/// As [`first_message`], where it must be of that kind.
pub(super) fn open<'a>(
    message: &'a mut [u8],
    expected: First,
    responder: &PublicKey,
) -> Result<Opened<'a>, Error> {
    let bad_length = PeerMisbehaved::BadLength { expected: expected.name(), length: message.len() };
    if first_message(message, responder)? != expected {
        let got = message.first().copied().unwrap_or_default();
        return Err(PeerMisbehaved::UnexpectedMessage { expected: expected.name(), got }.into());
    }
    let (header, rest) = message.split_first_chunk_mut::<HEADER>().ok_or(bad_length)?;
    let [_, _, level, _] = *header;
    let suite = Suite::from_level(level).ok_or(PeerIncompatible::UnknownSuite { level })?;
    let (body, _) = rest.split_last_chunk_mut::<MACS>().ok_or(bad_length)?;
    Ok(Opened { header: *header, suite, body })
}

impl First {
    /// The first bytes of a message that uses one suite and offers several.
    pub(super) fn header(self, suite: Suite, offered: SuitePolicy) -> Header {
        let kind = match self {
            Self::Hello => HELLO,
            Self::Resume => RESUME,
        };
        [kind, VERSION, suite.level(), offered.offered()]
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            HELLO => Some(Self::Hello),
            RESUME => Some(Self::Resume),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Resume => "resume",
        }
    }

    /// Whether such a message of that suite may be that long: proposals come in few lengths.
    fn is_length(self, suite: Suite, length: usize) -> bool {
        length.checked_sub(self.around_proposal(suite)).is_some_and(|proposal| {
            (1..=MAX_PROPOSAL).contains(&proposal) && proposal.is_multiple_of(PADDING)
        })
    }

    /// Bytes of such a message besides the proposal.
    const fn around_proposal(self, suite: Suite) -> usize {
        let kem = match suite {
            Suite::Classical => 0,
            Suite::Hybrid => ENCAPSULATION_KEY + TAG,
        };
        let own = match self {
            // The static key, and the tag of the payload that is the proposal.
            Self::Hello => POINT + TAG + TAG,
            // The tag of the empty payload, the ticket's id, and the tag of the proposal.
            Self::Resume => TAG + TICKET_ID + TAG,
        };
        HEADER + POINT + kem + own + MACS
    }
}
