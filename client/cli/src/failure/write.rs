//! Failures to write to the registry.

use countersign::registry::write::{RegistryRefusal, WriteError};

use super::{Failure, chain_of};
use crate::exit::Exit;
use crate::party::checksummed;

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let text = chain_of(&error);
        let failed = |kind| Self::new(Exit::Transaction, kind, text.clone());
        match &error {
            WriteError::Endpoint(inner) => inner.clone().into(),
            WriteError::Refused(refusal) => refused(refusal, text),
            WriteError::InsufficientFunds { owner, .. } => failed("insufficient_funds")
                .hint(format!("send some ether to {}, then run the command again", checksummed(owner))),
            WriteError::NonceTaken { .. } => failed("nonce_taken").hint("run the command again"),
            WriteError::AccountLocked { .. } => {
                failed("account_locked").hint("give the owner account's keystore with --owner-keystore FILE")
            }
            WriteError::NotIncluded { transaction, .. } => failed("not_included")
                .hint(format!("look for {transaction}; countersign resolve shows whether it took effect")),
            WriteError::Reverted { .. } => {
                failed("reverted").hint("countersign resolve shows the record as it is now")
            }
            WriteError::NotThisKeys => failed("possession_not_proven"),
            WriteError::UnknownReason { .. } => failed("unknown_reason"),
            WriteError::NoDeployer { .. } => failed("no_deployer"),
        }
    }
}

fn refused(refusal: &RegistryRefusal, text: String) -> Failure {
    let (kind, hint) = match refusal {
        RegistryRefusal::AlreadyRegistered { .. } => {
            ("already_registered", Some("countersign rotate --new-keystore FILE replaces the key"))
        }
        RegistryRefusal::NotRegistered => ("not_registered", Some("countersign register")),
        RegistryRefusal::KeyRevokedAlready { .. } | RegistryRefusal::RevokedKeyReused => {
            ("key_revoked", Some("countersign keygen --out NEW, then countersign register --keystore NEW"))
        }
        RegistryRefusal::KeyExpired { .. } => ("key_expired", Some("countersign rotate --new-keystore FILE")),
        RegistryRefusal::ExpiryNotInFuture { .. } => ("expiry_not_in_future", None),
        RegistryRefusal::VersionsExhausted => ("versions_exhausted", None),
        RegistryRefusal::PossessionNotProven | RegistryRefusal::MalleableSignature => {
            ("possession_not_proven", Some("run the command again"))
        }
        _ => ("registry_refused", None),
    };
    let failure = Failure::new(Exit::Transaction, kind, text);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
