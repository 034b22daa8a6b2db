//! The contract's own errors.

use countersign_protocol::{Address, Identity, Label};

use crate::interface::IKeyRegistry::IKeyRegistryErrors as Raw;

/// Why the contract refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryRefusal {
    /// An unrevoked key is there.
    #[error("a key of {identity} (version {version}) is registered already; rotate it")]
    AlreadyRegistered {
        /// Whose.
        identity: Identity,
        /// Its version.
        version: u16,
    },
    /// Nothing is there.
    #[error("nothing is registered for {identity}; register first")]
    NotRegistered {
        /// Whose record.
        identity: Identity,
    },
    /// The key was revoked.
    #[error(
        "the key of {identity} (version {version}) was revoked, which nothing undoes; register a fresh key"
    )]
    KeyRevokedAlready {
        /// Whose.
        identity: Identity,
        /// Its version.
        version: u16,
    },
    /// The key expired.
    #[error("the key of {identity} expired at Unix time {valid_until}; rotate it")]
    KeyExpired {
        /// Whose.
        identity: Identity,
        /// When, in Unix seconds.
        valid_until: u32,
    },
    /// The end that was asked for, of a key or an operator, lies in the past.
    #[error("the end at Unix time {until} is not in the future; give a later one or none")]
    ExpiryNotInFuture {
        /// What was asked for, in Unix seconds.
        until: u64,
    },
    /// The suite floor has no meaning yet.
    #[error("suite floor {suite_floor} is reserved; use 0 or 1")]
    SuiteFloorReserved {
        /// What was asked for.
        suite_floor: u8,
    },
    /// Bits of the terms without meaning are set.
    #[error("the terms ask for what this registry does not know; use terms that it does")]
    TermsReserved,
    /// The revoked key itself was registered again.
    #[error("the key of signer {signer} was revoked; register a fresh one")]
    RevokedKeyReused {
        /// The key's Ethereum address.
        signer: Address,
    },
    /// 65,535 versions.
    #[error("{identity} had its last version; use another label")]
    VersionsExhausted {
        /// Whose record.
        identity: Identity,
    },
    /// An operator reached version 32,767.
    #[error("an operator may not rotate {identity} beyond version 32767; its owner may")]
    VersionsLeftToOwner {
        /// Whose record.
        identity: Identity,
    },
    /// The possession proof is by another key, or for another version.
    #[error(
        "the possession proof of signer {signer} does not hold: the record changed meanwhile, or another key signed; try again"
    )]
    PossessionNotProven {
        /// The Ethereum address of the key that was to sign.
        signer: Address,
    },
    /// A signature's s is high.
    #[error("a signature has a high s; sign with the low one")]
    MalleableSignature,
    /// The key to be pinned is not the record's.
    #[error("the key of signer {offered} is not the record's, which is {signer}; pin that one")]
    KeyMismatch {
        /// The record's.
        signer: Address,
        /// The one offered.
        offered: Address,
    },
    /// It is pinned already.
    #[error("the key of {identity} (version {version}) is pinned already; nothing is to do")]
    AlreadyPinned {
        /// Whose.
        identity: Identity,
        /// Its version.
        version: u16,
    },
    /// The owner's signature came too late.
    #[error("the signature was to be submitted until Unix time {deadline}; have a new one made")]
    SignatureExpired {
        /// The last moment, in Unix seconds.
        deadline: u64,
    },
    /// The owner did not sign this, and the caller may not act for it.
    #[error(
        "{owner} did not consent: it signed something else, or for another version, chain or registry, and the account that pays is no live operator of it"
    )]
    OwnerNotProven {
        /// Who should have consented.
        owner: Address,
    },
    /// The revocation is of another version.
    #[error(
        "the key of {identity} is at version {current}, and version {given} was to be revoked; look at the record and sign again"
    )]
    VersionNotCurrent {
        /// Whose.
        identity: Identity,
        /// The record's version.
        current: u16,
        /// The one named.
        given: u16,
    },
    /// The certificate is not by the record's key.
    #[error(
        "the record's key, of signer {signer}, did not sign this certificate: it is for another key, record, chain, registry or reason"
    )]
    CertificateNotProven {
        /// The Ethereum address of the record's key.
        signer: Address,
    },
    /// An operator tried to bring a revoked record back.
    #[error(
        "the key of {identity} was revoked, and only the owner itself registers a fresh one, not its operator"
    )]
    OnlyOwnerReactivates {
        /// Whose record.
        identity: Identity,
    },
}

impl From<Raw> for RegistryRefusal {
    fn from(raw: Raw) -> Self {
        // `sol!` gives each error fields of its own type.
        macro_rules! whose {
            ($error:ident) => {
                Identity { owner: address($error.owner), label: Label($error.label.0) }
            };
        }
        match raw {
            Raw::AlreadyRegistered(e) => Self::AlreadyRegistered { identity: whose!(e), version: e.version },
            Raw::NotRegistered(e) => Self::NotRegistered { identity: whose!(e) },
            Raw::KeyRevokedAlready(e) => Self::KeyRevokedAlready { identity: whose!(e), version: e.version },
            Raw::KeyExpired(e) => Self::KeyExpired { identity: whose!(e), valid_until: e.validUntil },
            Raw::ExpiryNotInFuture(e) => Self::ExpiryNotInFuture { until: e.validUntil.to() },
            Raw::SuiteFloorReserved(e) => Self::SuiteFloorReserved { suite_floor: e.suiteFloor },
            Raw::TermsReserved(_) => Self::TermsReserved,
            Raw::RevokedKeyReused(e) => Self::RevokedKeyReused { signer: address(e.signer) },
            Raw::VersionsExhausted(e) => Self::VersionsExhausted { identity: whose!(e) },
            Raw::PossessionNotProven(e) => Self::PossessionNotProven { signer: address(e.signer) },
            Raw::MalleableSignature(_) => Self::MalleableSignature,
            Raw::KeyMismatch(e) => {
                Self::KeyMismatch { signer: address(e.signer), offered: address(e.offered) }
            }
            Raw::AlreadyPinned(e) => Self::AlreadyPinned { identity: whose!(e), version: e.version },
            Raw::SignatureExpired(e) => Self::SignatureExpired { deadline: e.deadline.to() },
            Raw::OwnerNotProven(e) => Self::OwnerNotProven { owner: address(e.owner) },
            Raw::VersionNotCurrent(e) => {
                Self::VersionNotCurrent { identity: whose!(e), current: e.current, given: e.given }
            }
            Raw::CertificateNotProven(e) => Self::CertificateNotProven { signer: address(e.signer) },
            Raw::VersionsLeftToOwner(e) => Self::VersionsLeftToOwner { identity: whose!(e) },
            Raw::OnlyOwnerReactivates(e) => Self::OnlyOwnerReactivates { identity: whose!(e) },
        }
    }
}

const fn address(address: alloy::primitives::Address) -> Address {
    Address(address.into_array())
}
