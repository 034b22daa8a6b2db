//! Parties as the registry would have them, for tests that need no chain.
#![allow(clippy::unwrap_used)]

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Identity, PeerKey, RegistryRecord, SignatureScheme};

/// The default identity of the owner with that number.
pub(crate) fn identity(owner: u8) -> Identity {
    Identity::of(Address([owner; 20]))
}

/// Its first record.
pub(crate) fn record(owner: u8, signer: Address) -> RegistryRecord {
    RegistryRecord {
        identity: identity(owner),
        version: 1,
        signer,
        anchored_at: 1,
        valid_until: 0,
        scheme: SignatureScheme::Ecdsa,
        suite_floor: 0,
    }
}

/// That key, as its first record has it.
pub(crate) fn peer_key(owner: u8, public_key: PublicKey) -> PeerKey {
    PeerKey::proven(record(owner, Address(public_key.address())), public_key).unwrap()
}
