//! Every derivation. Each function quotes its formula; `HKDF(salt, ikm, info, length)` is RFC 5869 with SHA-256.

use zeroize::Zeroizing;

use crate::aead::Nonce;
use crate::curve::PublicKey;
use crate::hash;
use crate::labels;
use crate::secret::Secret32;
use crate::state::StateHash;

/// Length in bytes of a hello's MACs.
pub(crate) const MAC: usize = 16;

/// What seals a reject.
pub(crate) struct RejectKeys {
    pub(crate) key: Secret32,
    nonce_key: Secret32,
}

/// Noise's HKDF (Noise 4.3): `out[0] || out[1] || ... = HKDF(salt = ck, ikm, info = "", 32 * N)`, `N` at most 3.
pub(crate) fn noise_hkdf<const N: usize>(ck: &Secret32, ikm: &[u8]) -> [Secret32; N] {
    hkdf(ck.expose(), ikm, &[])
}

/// `psk = HKDF(salt = "countersign/1 state psk", ikm = state_hash || previous_exporter, info = "", 32)`,
/// where a session that continues no other has 32 zero bytes for `previous_exporter`.
pub(crate) fn state_psk(state_hash: &StateHash) -> Secret32 {
    let mut ikm = [0; 64];
    ikm.iter_mut().zip(state_hash.0).for_each(|(to, from)| *to = from);
    let [psk] = hkdf(labels::STATE_PSK, &ikm, &[]);
    psk
}

/// `mac1 = HMAC(key = SHA256("countersign/1 mac1" || responder_static), header || e)[0..16]`.
pub(crate) fn mac1(responder: &PublicKey, header_and_e: &[u8]) -> [u8; MAC] {
    let key = hash::sha256(&[labels::MAC1, &responder.compressed()]);
    let mut mac = [0; MAC];
    mac.iter_mut().zip(hash::hmac(&key, header_and_e)).for_each(|(to, from)| *to = from);
    mac
}

/// `reject_key || nonce_key = HKDF(salt = ck, ikm = "countersign/1 reject", info = h, 64)`,
/// with `ck` and `h` as they stand after the hello.
pub(crate) fn reject_keys(ck: &Secret32, h: &[u8; 32]) -> RejectKeys {
    let [key, nonce_key] = hkdf(ck.expose(), labels::REJECT, &[h]);
    RejectKeys { key, nonce_key }
}

impl RejectKeys {
    /// `nonce = HMAC(nonce_key, text)[0..12]`: one hello may be refused more than once, for different reasons, and
    /// different texts must not meet under one nonce.
    pub(crate) fn nonce(&self, text: &[u8]) -> Nonce {
        let mut nonce = [0; 12];
        nonce.iter_mut().zip(hash::hmac(self.nonce_key.expose(), text)).for_each(|(to, from)| *to = from);
        nonce
    }
}

/// `exported = HKDF-Expand(exporter_secret, "countersign/1 exporter" || h || u16(len(label)) || label || context)`.
///
/// False, with nothing written, where `out` is over 255 * 32 bytes (RFC 5869, 2.3) or the label over 65,535.
pub(crate) fn export(secret: &Secret32, h: &[u8; 32], label: &[u8], context: &[u8], out: &mut [u8]) -> bool {
    u16::try_from(label.len()).is_ok_and(|length| {
        let info = [labels::EXPORTER, h, &length.to_be_bytes(), label, context];
        hash::hkdf_expand(secret.expose(), &info, out)
    })
}

/// `out[0] || out[1] || ... = HKDF(salt, ikm, info, 32 * N)`, `N` at most 3.
#[allow(clippy::expect_used)]
fn hkdf<const N: usize>(salt: &[u8], ikm: &[u8], info: &[&[u8]]) -> [Secret32; N] {
    let mut okm = Zeroizing::new([0; 96]);
    let wanted = okm.get_mut(..32 * N).expect("no derivation takes more than three outputs");
    assert!(hash::hkdf(salt, ikm, info, wanted), "96 bytes are fewer than 8,160");
    let mut blocks = okm.as_chunks::<32>().0.iter();
    [(); N].map(|()| Secret32::new(*blocks.next().expect("96 bytes are three blocks")))
}
