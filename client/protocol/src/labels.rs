//! Every label of the protocol. Each stands in one derivation and in no other.

/// Begins the prologue of every handshake.
pub(crate) const PROLOGUE: &[u8] = b"countersign/1";

/// Noise name of the hybrid suite.
pub(crate) const HYBRID: &[u8] = b"Noise_IKhfs+psk2_secp256k1+MLKEM768_AESGCM_SHA256";

/// Noise name of the classical suite.
pub(crate) const CLASSICAL: &[u8] = b"Noise_IKpsk2_secp256k1_AESGCM_SHA256";

/// Salt of the PSK that carries the state hash.
pub(crate) const STATE_PSK: &[u8] = b"countersign/1 state psk";

/// Key of the first MAC of a hello.
pub(crate) const MAC1: &[u8] = b"countersign/1 mac1";

/// Key that seals a reject.
pub(crate) const REJECT: &[u8] = b"countersign/1 reject";

/// Secret from which an application's keys are exported.
pub(crate) const EXPORTER: &[u8] = b"countersign/1 exporter";
