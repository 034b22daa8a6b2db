//! Why a key is revoked, as it is typed.

use clap::ValueEnum;
use countersign::registry::RevocationReason;

/// A reason that the registry knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reason {
    Unspecified,
    /// Somebody else may hold the key
    KeyCompromised,
    /// Another key takes its place
    Superseded,
    /// The identity is not used any more
    CeasedOperation,
    OwnerDecision,
    /// A policy demands it
    Policy,
}

impl Reason {
    pub(crate) const fn as_registry(self) -> RevocationReason {
        match self {
            Self::Unspecified => RevocationReason::Unspecified,
            Self::KeyCompromised => RevocationReason::KeyCompromised,
            Self::Superseded => RevocationReason::Superseded,
            Self::CeasedOperation => RevocationReason::CeasedOperation,
            Self::OwnerDecision => RevocationReason::OwnerDecision,
            Self::Policy => RevocationReason::Policy,
        }
    }
}
