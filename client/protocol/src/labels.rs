//! Every label of the protocol. Each stands in one derivation and in no other.

/// Begins the prologue of every live handshake.
pub(crate) const PROLOGUE: &[u8] = b"countersign/1";

/// Begins the prologue of a rotation and of a state ticket.
pub(crate) const ROTATION: &[u8] = b"countersign/1 rotation";

/// Begins the prologue of a resumption.
pub(crate) const RESUMPTION: &[u8] = b"countersign/1 resumption";

/// Noise name of the hybrid suite, live.
pub(crate) const HYBRID: &[u8] = b"Noise_IKhfs+psk2_secp256k1+MLKEM768_AESGCM_SHA256";

/// Noise name of the classical suite, live.
pub(crate) const CLASSICAL: &[u8] = b"Noise_IKpsk2_secp256k1_AESGCM_SHA256";

/// Noise name of the hybrid suite where an earlier session is continued.
pub(crate) const HYBRID_CONTINUED: &[u8] = b"Noise_NNhfs+psk0_secp256k1+MLKEM768_AESGCM_SHA256";

/// Noise name of the classical suite where an earlier session is continued.
pub(crate) const CLASSICAL_CONTINUED: &[u8] = b"Noise_NNpsk0_secp256k1_AESGCM_SHA256";

/// What a state ticket has in place of a Noise name.
pub(crate) const STATE_TICKET: &[u8] = b"Countersign_StateTicket_AESGCM_SHA256";

/// Salt of the PSK that carries the state hash.
pub(crate) const STATE_PSK: &[u8] = b"countersign/1 state psk";

/// Key of the first MAC of a hello.
pub(crate) const MAC1: &[u8] = b"countersign/1 mac1";

/// Key that seals a cookie.
pub(crate) const COOKIE: &[u8] = b"countersign/1 cookie";

/// Key that seals a reject.
pub(crate) const REJECT: &[u8] = b"countersign/1 reject";

/// Secrets of an epoch.
pub(crate) const EPOCH: &[u8] = b"countersign/1 epoch";

/// Secrets of a resumption ticket.
pub(crate) const TICKET: &[u8] = b"countersign/1 ticket";

/// Keys of an epoch's datagrams.
pub(crate) const DATAGRAM: &[u8] = b"countersign/1 datagram";

/// Name of a session's datagram lane.
pub(crate) const LANE: &[u8] = b"countersign/1 lane";

/// Secret from which an application's keys are exported.
pub(crate) const EXPORTER: &[u8] = b"countersign/1 exporter";
