//! The outside of a hello: what can be checked before any curve operation.
//!
//! ```text
//! byte  0      1         2       3         4                          end-32    end-16    end
//!       +------+---------+-------+---------+--------------------------+---------+---------+
//!       | type | version | suite | offered | Noise message 1          | mac1    | mac2    |
//!       +------+---------+-------+---------+--------------------------+---------+---------+
//!         1      1         level   bit set
//! ```
//!
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
use crate::key_schedule::{MAC, mac1};
use crate::proposal::{MAX_PROPOSAL, PADDING};
use crate::suite::{Suite, SuitePolicy};
use crate::wire::{HELLO, VERSION};

pub(super) const HEADER: usize = 4;
const MACS: usize = 2 * MAC;
/// What `mac1` is over: the header and `e`.
const MAC1_COVERS: usize = HEADER + POINT;

/// Longest hello in bytes.
pub(super) const MAX_HELLO: usize = around_proposal(Suite::Hybrid) + MAX_PROPOSAL;

/// The first bytes of a hello.
pub(super) type Header = [u8; HEADER];

pub(super) fn header(suites: SuitePolicy) -> Header {
    [HELLO, VERSION, suites.preferred().level(), suites.offered()]
}

/// Appends `mac1`, and a `mac2` of zeros.
pub(super) fn append_macs(hello: &mut Vec<u8>, responder: &PublicKey) {
    let mac = mac1(responder, hello.get(..MAC1_COVERS).unwrap_or_default());
    hello.extend_from_slice(&mac);
    hello.extend_from_slice(&[0; MAC]);
}

/// A hello whose outside is in order.
pub(super) struct Opened<'a> {
    pub(super) header: Header,
    pub(super) suite: Suite,
    pub(super) noise_message: &'a mut [u8],
}

/// Checks type, version, length, `mac1` and suite, in the order of their cost.
pub(super) fn open<'a>(hello: &'a mut [u8], responder: &PublicKey) -> Result<Opened<'a>, Error> {
    let length = hello.len();
    let bad_length = PeerMisbehaved::BadLength { expected: "hello", length };
    let (header, _) = hello.split_first_chunk::<HEADER>().ok_or(bad_length)?;
    let header = *header;
    let [kind, version, level, offered] = header;
    if kind != HELLO {
        return Err(PeerMisbehaved::UnexpectedMessage { expected: "hello", got: kind }.into());
    }
    if version != VERSION {
        return Err(PeerIncompatible::Version { got: version }.into());
    }
    let suite = Suite::from_level(level).ok_or(PeerIncompatible::UnknownSuite { level })?;
    if !is_length(suite, length) {
        return Err(bad_length.into());
    }
    let (before, macs) = hello.split_at_mut_checked(length - MACS).ok_or(bad_length)?;
    let (claimed, mac2) = macs.split_first_chunk::<MAC>().ok_or(bad_length)?;
    let header_and_e = before.get(..MAC1_COVERS).ok_or(bad_length)?;
    if !bool::from(mac1(responder, header_and_e).ct_eq(claimed)) {
        return Err(PeerMisbehaved::NotForThisResponder.into());
    }
    if offered & suite.bit() == 0 {
        return Err(PeerMisbehaved::SuiteNotOffered.into());
    }
    if mac2.iter().any(|byte| *byte != 0) {
        return Err(PeerMisbehaved::UnaskedCookie.into());
    }
    let noise_message = before.get_mut(HEADER..).ok_or(bad_length)?;
    Ok(Opened { header, suite, noise_message })
}

/// Whether a hello of that suite may be that long: proposals come in few lengths.
fn is_length(suite: Suite, length: usize) -> bool {
    length
        .checked_sub(around_proposal(suite))
        .is_some_and(|proposal| (1..=MAX_PROPOSAL).contains(&proposal) && proposal.is_multiple_of(PADDING))
}

/// Bytes of a hello besides the proposal.
const fn around_proposal(suite: Suite) -> usize {
    let kem = match suite {
        Suite::Classical => 0,
        Suite::Hybrid => ENCAPSULATION_KEY + TAG,
    };
    HEADER + POINT + kem + POINT + TAG + TAG + MACS
}
