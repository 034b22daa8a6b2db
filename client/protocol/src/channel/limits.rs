//! How long, and for how much, the keys of an epoch serve.

/// When this side's keys are renewed, and when it stops using them.
///
/// Ages count from the last rotation (or from the handshake), records and bytes from the last new key of this side's
/// sending direction, those of datagrams by themselves. Half the caps is soft: leave a second half that lasts for as long as a
/// proof of the chain's state and a round trip take, or a fast sender wears its keys out before they are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From this age on a rotation is due, in milliseconds. The session's responder waits a quarter of what lies between
    /// the soft and the hard age longer, 15 s by default, so that requests seldom cross.
    pub soft_age_ms: u64,
    /// From this age on nothing is sent any more, in milliseconds.
    pub hard_age_ms: u64,
    /// Records that one key protects; at most [`MAX_RECORDS`].
    pub max_records: u64,
    /// Bytes of sealed content that one key protects; at most [`MAX_BYTES`].
    pub max_bytes: u64,
}

/// What is to be done about the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing, until that time at the latest; `None`: nothing more.
    Nothing {
        /// When to ask again, in the caller's milliseconds.
        again_at_ms: Option<u64>,
    },
    /// A rotation should begin.
    Rotation,
    /// The keys are worn out: nothing but an abort may be sent.
    End,
}

/// How much one key may protect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caps {
    pub(super) records: u64,
    pub(super) bytes: u64,
}

impl Default for Limits {
    /// 120 s and 180 s, and what AES-GCM allows.
    fn default() -> Self {
        Self { soft_age_ms: 120_000, hard_age_ms: 180_000, max_records: MAX_RECORDS, max_bytes: MAX_BYTES }
    }
}

impl Limits {
    pub(super) fn caps(&self) -> Caps {
        Caps { records: self.max_records.min(MAX_RECORDS), bytes: self.max_bytes.min(MAX_BYTES) }
    }
}

impl Caps {
    /// What the protocol allows: an abort still fits where everything else is used up.
    pub(super) const MOST: Self = Self { records: 1 << 32, bytes: 1 << 38 };
}

/// Most records that the application may have one key protect: 2^32, less some that are kept for control records.
pub const MAX_RECORDS: u64 = (1 << 32) - 64;

/// Most bytes of sealed content that the application may have one key protect: 2^38 (256 GiB), less 1 MiB that is kept for
/// control records.
///
/// With both limits at most 2^34 + 2^33 blocks go through a key, where an attacker's advantage against
/// the confidentiality of AES-GCM is below 2^-60 (the bound of RFC 9001, appendix B, and of Iwata, Ohashi and
/// Minematsu, "Breaking and Repairing GCM Security Proofs", 2012).
pub const MAX_BYTES: u64 = (1 << 38) - (1 << 20);
