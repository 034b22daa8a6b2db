//! What a responder sends: a reply or a reject.
//!
//! ```text
//! byte  0      1        34                 end-16    end
//!       +------+--------+------------------+---------+
//!       | type | e 33   | ekem1 1,088 + 16 | tag     |     reply; `ekem1` in the hybrid suite alone
//!       +------+--------+------------------+---------+
//!         2
//!       +------+----------+--------+---------+
//!       | type | nonce 12 | 16     | tag 16  |               reject, 45 bytes
//!       +------+----------+--------+---------+
//!         3
//! ```

use alloc::vec::Vec;

use crate::aead::{AeadKey, TAG};
use crate::error::PeerMisbehaved;
use crate::handshake::POINT;
use crate::kem::CIPHERTEXT;
use crate::reject::{REJECT as REJECT_TEXT, Reject};
use crate::suite::Suite;
use crate::symmetric::RejectState;
use crate::wire;

/// Length of a reply in bytes, the type included.
pub(super) const fn length(suite: Suite) -> usize {
    let kem = match suite {
        Suite::Classical => 0,
        Suite::Hybrid => CIPHERTEXT + TAG,
    };
    1 + POINT + kem + TAG
}

/// Seals a reject under its own key, used for nothing else, with the transcript hash as associated data. The nonce
/// is derived from the text: the same reject of the same hello is the same message, another one has another nonce.
pub(super) fn seal_reject(reject: Reject, state: &RejectState) -> Vec<u8> {
    let keys = state.keys();
    let mut text = reject.encode();
    let nonce = keys.nonce(&text);
    let tag = AeadKey::new(&keys.key).seal(nonce, state.associated_data(), &mut text);
    let mut message = Vec::with_capacity(REJECT_LENGTH);
    message.push(wire::REJECT);
    message.extend_from_slice(&nonce);
    message.extend_from_slice(&text);
    message.extend_from_slice(&tag);
    message
}

/// Opens what follows the type byte of a reject.
pub(super) fn open_reject(sealed: &mut [u8], state: &RejectState) -> Result<Reject, PeerMisbehaved> {
    let bad_length = PeerMisbehaved::BadLength { expected: "reject", length: 1 + sealed.len() };
    if 1 + sealed.len() != REJECT_LENGTH {
        return Err(bad_length);
    }
    let (nonce, sealed) = sealed.split_first_chunk_mut::<NONCE>().ok_or(bad_length)?;
    AeadKey::new(&state.keys().key)
        .open(*nonce, state.associated_data(), sealed)
        .map_err(|_| PeerMisbehaved::DoesNotAuthenticate("reject"))?;
    let text = sealed.first_chunk::<REJECT_TEXT>().ok_or(PeerMisbehaved::MalformedReject)?;
    Reject::decode(*text).ok_or(PeerMisbehaved::MalformedReject)
}

const NONCE: usize = 12;
const REJECT_LENGTH: usize = 1 + NONCE + REJECT_TEXT + TAG;
