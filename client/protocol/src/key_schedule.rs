//! The derivations that Noise does not define. Each function quotes its formula.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::curve::PublicKey;
use crate::labels;
use crate::secret::Secret32;
use crate::state::StateHash;

/// Length in bytes of a hello's MACs.
pub(crate) const MAC: usize = 16;

/// Noise's HKDF with two outputs (Noise 4.3), which is RFC 5869 with empty info:
/// `out1 || out2 = HKDF(salt = ck, ikm, info = "", 64)`.
pub(crate) fn noise_hkdf2(ck: &Secret32, ikm: &[u8]) -> (Secret32, Secret32) {
    let mut out = [Secret32::zeroed(), Secret32::zeroed()];
    noise_hkdf(ck, ikm, &mut out);
    let [first, second] = out;
    (first, second)
}

/// Noise's HKDF with three outputs.
pub(crate) fn noise_hkdf3(ck: &Secret32, ikm: &[u8]) -> (Secret32, Secret32, Secret32) {
    let mut out = [Secret32::zeroed(), Secret32::zeroed(), Secret32::zeroed()];
    noise_hkdf(ck, ikm, &mut out);
    let [first, second, third] = out;
    (first, second, third)
}

/// `psk = HKDF(salt = "countersign/1 state psk", ikm = state_hash || previous_exporter, info = "", 32)`,
/// where a session that continues no other has 32 zero bytes for `previous_exporter`.
pub(crate) fn state_psk(state_hash: &StateHash) -> Secret32 {
    let mut ikm = [0; 64];
    ikm.iter_mut().zip(state_hash.0).for_each(|(to, from)| *to = from);
    hkdf_32(labels::STATE_PSK, &ikm)
}

/// `mac1 = HMAC(key = SHA256("countersign/1 mac1" || responder_static), covered)[0..16]`.
pub(crate) fn mac1(responder: &PublicKey, covered: &[u8]) -> [u8; MAC] {
    let key = Sha256::new().chain_update(labels::MAC1).chain_update(responder.compressed()).finalize();
    let tag: [u8; 32] = hmac(&key).chain_update(covered).finalize().into_bytes().into();
    let mut mac = [0; MAC];
    mac.iter_mut().zip(tag).for_each(|(to, from)| *to = from);
    mac
}

/// `reject_key = HKDF(salt = ck, ikm = "countersign/1 reject" || h, info = "", 32)`,
/// with `ck` and `h` as they stand after the hello.
pub(crate) fn reject_key(ck: &Secret32, h: &[u8; 32]) -> Secret32 {
    labelled(ck, labels::REJECT, h)
}

/// `exporter_secret = HKDF(salt = ck, ikm = "countersign/1 exporter" || h, info = "", 32)`,
/// with `ck` and `h` as they stand at the end of the handshake.
pub(crate) fn exporter_secret(ck: &Secret32, h: &[u8; 32]) -> Secret32 {
    labelled(ck, labels::EXPORTER, h)
}

/// `exported = HKDF-Expand(exporter_secret, u16(len(label)) || label || context, len(out))`.
///
/// False, with nothing written, where `out` is over 255 * 32 bytes (RFC 5869, 2.3) or the label over 65,535.
pub(crate) fn export(secret: &Secret32, label: &[u8], context: &[u8], out: &mut [u8]) -> bool {
    let Ok(length) = u16::try_from(label.len()) else { return false };
    let Ok(hkdf) = Hkdf::<Sha256>::from_prk(secret.expose()) else { return false };
    hkdf.expand_multi_info(&[&length.to_be_bytes(), label, context], out).is_ok()
}

fn labelled(ck: &Secret32, label: &[u8], h: &[u8; 32]) -> Secret32 {
    let mut extract = hkdf::HkdfExtract::<Sha256>::new(Some(ck.expose()));
    extract.input_ikm(label);
    extract.input_ikm(h);
    let (_, hkdf) = extract.finalize();
    expand_32(&hkdf)
}

fn hkdf_32(salt: &[u8], ikm: &[u8]) -> Secret32 {
    expand_32(&Hkdf::<Sha256>::new(Some(salt), ikm))
}

#[allow(clippy::expect_used)]
fn expand_32(hkdf: &Hkdf<Sha256>) -> Secret32 {
    let mut out = Secret32::zeroed();
    hkdf.expand(&[], out.expose_mut()).expect("HKDF-SHA256 gives up to 8,160 bytes");
    out
}

#[allow(clippy::expect_used)]
fn noise_hkdf(ck: &Secret32, ikm: &[u8], out: &mut [Secret32]) {
    let mut okm = zeroize::Zeroizing::new([0; 96]);
    let wanted = okm.get_mut(..32 * out.len()).expect("Noise takes two or three outputs");
    Hkdf::<Sha256>::new(Some(ck.expose()), ikm)
        .expand(&[], wanted)
        .expect("HKDF-SHA256 gives up to 8,160 bytes");
    for (secret, block) in out.iter_mut().zip(okm.as_chunks::<32>().0) {
        *secret.expose_mut() = *block;
    }
}

#[allow(clippy::expect_used)]
fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}
