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

/// What `mac2` is over, in bytes: header, `e`, `mac1`.
const MAC2_COVERS: usize = 4 + 33 + MAC;

/// Length in bytes of a ticket's id.
pub(crate) const TICKET_ID: usize = 16;

/// Length in bytes of a lane's name.
pub(crate) const LANE: usize = 8;

/// What seals a reject.
pub(crate) struct RejectKeys {
    pub(crate) key: Secret32,
    nonce_key: Secret32,
}

/// Noise's HKDF (Noise 4.3): `out[0] || out[1] || ... = HKDF(salt = ck, ikm, info = "", 32 * N)`, `N` at most 3.
pub(crate) fn noise_hkdf<const N: usize>(ck: &Secret32, ikm: &[u8]) -> [Secret32; N] {
    hkdf(ck.expose(), ikm, &[])
}

/// `psk = HKDF(salt = "countersign/1 state psk", ikm = state_hash || previous, info = "", 32)`,
/// where a session that continues no other has 32 zero bytes for `previous`.
pub(crate) fn state_psk(state_hash: &StateHash, previous: &Secret32) -> Secret32 {
    let mut ikm = Zeroizing::new([0; 64]);
    let both = state_hash.0.iter().chain(previous.expose());
    ikm.iter_mut().zip(both).for_each(|(to, from)| *to = *from);
    let [psk] = hkdf(labels::STATE_PSK, ikm.as_slice(), &[]);
    psk
}

/// What an epoch's `epoch_secret` gives.
pub(crate) struct EpochSecrets {
    /// What the exporter derives from; of epoch 0 alone.
    pub(crate) exporter: Secret32,
    /// What the next epoch continues from.
    pub(crate) rotation: Secret32,
    /// What a resumption continues from; of epoch 0 alone.
    pub(crate) resumption: Secret32,
    /// What the datagram keys derive from.
    pub(crate) datagram: Secret32,
}

impl EpochSecrets {
    /// `exporter || rotation || resumption || datagram = HKDF-Expand(epoch_secret, "countersign/1 epoch" || h, 128)`.
    pub(crate) fn derive(epoch_secret: &Secret32, h: &[u8; 32]) -> Self {
        let [exporter, rotation, resumption, datagram] = expand(epoch_secret, &[labels::EPOCH, h]);
        Self { exporter, rotation, resumption, datagram }
    }
}

/// What a resumption starts from.
pub(crate) struct TicketSecrets {
    /// `previous` in the PSK.
    pub(crate) secret: Secret32,
    /// Seals the proposal.
    pub(crate) proposal_key: Secret32,
    /// Names the ticket.
    pub(crate) id: [u8; TICKET_ID],
}

impl TicketSecrets {
    /// `ticket_secret || proposal_key || ticket_id = HKDF-Expand(resumption_secret, "countersign/1 ticket", 96)`, the id cut
    /// to 16 bytes.
    pub(crate) fn derive(resumption_secret: &Secret32) -> Self {
        let [secret, proposal_key, named] = expand(resumption_secret, &[labels::TICKET]);
        Self { secret, proposal_key, id: cut(named.expose()) }
    }
}

/// `initiator_datagram_key || responder_datagram_key = HKDF-Expand(datagram_secret, "countersign/1 datagram", 64)`.
pub(crate) fn datagram_keys(datagram_secret: &Secret32) -> [Secret32; 2] {
    expand(datagram_secret, &[labels::DATAGRAM])
}

/// `lane = HASH("countersign/1 lane" || h)[0..8]`, with `h` of epoch 0.
pub(crate) fn lane(handshake_hash: &[u8; 32]) -> [u8; LANE] {
    cut(&hash::sha256(&[labels::LANE, handshake_hash]))
}

/// `mac1 = HMAC(key = SHA256("countersign/1 mac1" || responder_static), header || e)[0..16]`.
pub(crate) fn mac1(responder: &PublicKey, header_and_e: &[u8]) -> [u8; MAC] {
    let key = hash::sha256(&[labels::MAC1, &responder.compressed()]);
    cut(&hash::hmac(&key, header_and_e))
}

/// `mac2 = HMAC(key = cookie, header || e || mac1)[0..16]`.
pub(crate) fn mac2(cookie: &[u8; MAC], header_and_e: &[u8], mac1: &[u8; MAC]) -> [u8; MAC] {
    let mut text = [0; MAC2_COVERS];
    text.iter_mut().zip(header_and_e.iter().chain(mac1)).for_each(|(to, from)| *to = *from);
    cut(&hash::hmac(cookie, &text))
}

/// `cookie = HMAC(key = cookie_secret, IP address 16 || port u16)[0..16]`.
pub(crate) fn cookie(secret: &Secret32, address: &[u8; 18]) -> [u8; MAC] {
    cut(&hash::hmac(secret.expose(), address))
}

/// `cookie_key = SHA256("countersign/1 cookie" || responder_static)`. Whoever knows the responder knows it.
pub(crate) fn cookie_key(responder: &PublicKey) -> Secret32 {
    Secret32::new(hash::sha256(&[labels::COOKIE, &responder.compressed()]))
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
        cut(&hash::hmac(self.nonce_key.expose(), text))
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

/// `out[0] || out[1] || ... = HKDF(salt, ikm, info, 32 * N)`, `N` at most 4.
fn hkdf<const N: usize>(salt: &[u8], ikm: &[u8], info: &[&[u8]]) -> [Secret32; N] {
    blocks(|okm| hash::hkdf(salt, ikm, info, okm))
}

/// `out[0] || out[1] || ... = HKDF-Expand(prk, info, 32 * N)`, `N` at most 4.
fn expand<const N: usize>(prk: &Secret32, info: &[&[u8]]) -> [Secret32; N] {
    blocks(|okm| hash::hkdf_expand(prk.expose(), info, okm))
}

/// The first `N` bytes of a digest, 32 at most.
fn cut<const N: usize>(digest: &[u8; 32]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    bytes
}

#[allow(clippy::expect_used)]
fn blocks<const N: usize>(derive: impl FnOnce(&mut [u8]) -> bool) -> [Secret32; N] {
    let mut okm = Zeroizing::new([0; 128]);
    let wanted = okm.get_mut(..32 * N).expect("no derivation takes more than four outputs");
    assert!(derive(wanted), "128 bytes are fewer than 8,160");
    let mut blocks = okm.as_chunks::<32>().0.iter();
    [(); N].map(|()| Secret32::copy_of(blocks.next().expect("128 bytes are four blocks")))
}
