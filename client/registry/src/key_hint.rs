//! A key that somebody says an identity has.

use countersign_protocol::curve::PublicKey;

/// A key to hold against a compact record, which names a fingerprint alone. A pinned record needs none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHint {
    /// Known from before, and replaceable: tried first; where it does not fit, the registry's logs are searched.
    Known(PublicKey),
    /// The only key that will do, because its bearer shows it: where it does not fit, that is an error at once. So
    /// nobody who shows a wrong key makes this side search logs.
    Shown(PublicKey),
}
