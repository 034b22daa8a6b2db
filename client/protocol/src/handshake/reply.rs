//! What a responder sends: a reply or a reject.
//!
//! ```text
//! byte  0      1        34                 end-16    end
//!       +------+--------+------------------+---------+
//!       | type | e 33   | ekem1 1,088 + 16 | tag     |     reply; `ekem1` in the hybrid suite alone
//!       +------+--------+------------------+---------+
//!         2
//!       +------+--------+---------+
//!       | type | 16     | tag 16  |                          reject, 33 bytes
//!       +------+--------+---------+
//!         3
//! ```

use alloc::vec::Vec;

use crate::aead::{AeadKey, TAG, counter_nonce};
use crate::error::PeerMisbehaved;
use crate::handshake::hello::POINT;
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

/// Seals a reject under its own key, used for nothing else, with the transcript hash as associated data.
pub(super) fn seal_reject(reject: Reject, state: &RejectState) -> Vec<u8> {
    let mut text = reject.encode();
    let tag = AeadKey::new(&state.key()).seal(counter_nonce(0), state.associated_data(), &mut text);
    let mut message = Vec::with_capacity(1 + REJECT_TEXT + TAG);
    message.push(wire::REJECT);
    message.extend_from_slice(&text);
    message.extend_from_slice(&tag);
    message
}

/// Opens what follows the type byte of a reject.
pub(super) fn open_reject(sealed: &mut [u8], state: &RejectState) -> Result<Reject, PeerMisbehaved> {
    if sealed.len() != REJECT_TEXT + TAG {
        return Err(PeerMisbehaved::BadLength { expected: "reject", length: 1 + sealed.len() });
    }
    AeadKey::new(&state.key())
        .open(counter_nonce(0), state.associated_data(), sealed)
        .map_err(|_| PeerMisbehaved::DoesNotAuthenticate("reject"))?;
    let text = sealed.first_chunk::<REJECT_TEXT>().ok_or(PeerMisbehaved::MalformedReject)?;
    Reject::decode(*text).ok_or(PeerMisbehaved::MalformedReject)
}
