//! What can be wrong with bytes that claim to be a key, a point or a signature.

/// Why bytes were refused. None of them is worth a retry: the same bytes fail again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CurveError {
    /// The caller's secret is 0 or not below the group order `n` (SEC 1, 3.2.1).
    #[error("the secret key is not in 1..n: whoever made it must draw 32 new random bytes")]
    SecretKeyOutOfRange,
    /// The sender's coordinates are at or above the field prime, or satisfy no curve equation (SEC 1, 3.2.2.1).
    #[error("the public key is not a point of secp256k1: its sender made it wrong, ask for another")]
    NotOnCurve,
    /// The sender's encoding is not the compressed one (SEC 1, 2.3.3): identity, hybrid or something unknown.
    #[error("the public key begins with 0x{tag:02x} where 0x02 or 0x03 is due: its sender must compress it")]
    BadEncoding {
        /// The first byte received.
        tag: u8,
    },
    /// The signer left `s` above `n / 2`, so that a third party could have altered the signature (EIP-2).
    #[error("the signature has a high s: its signer must send n - s and the other recovery parity")]
    HighS,
    /// The signer's `r` or `s` is 0, or not below `n` (SEC 1, 4.1.4 step 1).
    #[error("the signature's r or s is not in 1..n: its signer made it wrong")]
    SignatureOutOfRange,
    /// The last of the 65 bytes is neither 27 nor 28 (Ethereum's `v`).
    #[error(
        "the signature ends with {v} where 27 or 28 is due: its signer must encode the recovery parity so"
    )]
    BadRecoveryByte {
        /// The last byte received.
        v: u8,
    },
    /// The signature was not made by this key over this digest, or recovers to no key at all.
    #[error("the signature does not match: another key made it, or it was made over another digest")]
    BadSignature,
}
