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
            WriteError::Document(inner) => inner.clone().into(),
            WriteError::OtherDomain { .. } => Self::new(Exit::Document, "document_elsewhere", text)
                .hint("give --chain-id, --rpc and --registry of the chain it was signed for"),
            WriteError::OutOfTurn { .. } => failed("out_of_turn").hint(
                "countersign resolve shows the record's version; have it signed with --record-version one higher",
            ),
            WriteError::InsufficientFunds { account, .. } => failed("insufficient_funds")
                .hint(format!("send some ether to {}, then run the command again", checksummed(account))),
            WriteError::NonceTaken { .. } => failed("nonce_taken").hint("run the command again"),
            WriteError::AccountLocked { .. } => failed("account_locked").hint(
                "give the account's keystore: --owner-keystore FILE for the owner, --sponsor-keystore FILE for who pays",
            ),
            WriteError::NotIncluded { transaction, .. } => failed("not_included")
                .hint(format!("look for {transaction}; countersign resolve shows whether it took effect")),
            WriteError::Reverted { .. } => {
                failed("reverted").hint("countersign resolve shows the record as it is now")
            }
            WriteError::NotSigned { .. } => failed("not_signed")
                .hint("a wallet elsewhere signs what countersign sign-registration --typed-data prints"),
            WriteError::NotThisKeys => failed("possession_not_proven"),
            WriteError::UnknownReason { .. } => failed("unknown_reason"),
            WriteError::NotForBatch { .. } | WriteError::BatchSize { .. } => failed("not_for_batch"),
            WriteError::CostlyOwner { .. } => failed("costly_owner"),
            WriteError::BeyondTime { .. } => Self::usage(text),
            WriteError::NoDeployer { .. } => failed("no_deployer"),
            WriteError::OtherCode { .. } => Self::new(Exit::Configuration, "other_code", text),
        }
    }
}

fn refused(refusal: &RegistryRefusal, text: String) -> Failure {
    let (kind, hint) = match refusal {
        RegistryRefusal::AlreadyRegistered { .. } => {
            ("already_registered", Some("countersign rotate --new-keystore FILE replaces the key"))
        }
        RegistryRefusal::NotRegistered { .. } => ("not_registered", Some("countersign register")),
        RegistryRefusal::KeyRevokedAlready { .. } | RegistryRefusal::RevokedKeyReused { .. } => {
            ("key_revoked", Some("countersign keygen --out NEW, then countersign register --keystore NEW"))
        }
        RegistryRefusal::KeyExpired { .. } => ("key_expired", Some("countersign rotate --new-keystore FILE")),
        RegistryRefusal::ExpiryNotInFuture { .. } => ("expiry_not_in_future", None),
        RegistryRefusal::VersionsExhausted { .. } => ("versions_exhausted", None),
        RegistryRefusal::PossessionNotProven { .. } | RegistryRefusal::MalleableSignature => {
            ("possession_not_proven", Some("run the command again"))
        }
        RegistryRefusal::SignatureExpired { .. } => (
            "signature_expired",
            Some("have it signed again: countersign sign-registration --deadline 7days"),
        ),
        RegistryRefusal::OwnerNotProven { .. } => (
            "owner_not_proven",
            Some("the owner signs again for this chain and version, or appoints: countersign operator set"),
        ),
        RegistryRefusal::VersionNotCurrent { .. } => {
            ("version_not_current", Some("countersign resolve shows the version; sign for that one"))
        }
        RegistryRefusal::CertificateNotProven { .. } => (
            "certificate_not_proven",
            Some("countersign revocation-certificate show FILE says which key it ends"),
        ),
        RegistryRefusal::VersionsLeftToOwner { .. } => {
            ("versions_left_to_owner", Some("the owner rotates: countersign rotate --owner-keystore FILE"))
        }
        RegistryRefusal::OnlyOwnerReactivates { .. } => (
            "only_owner_reactivates",
            Some("the owner registers: countersign register --owner-keystore FILE"),
        ),
        _ => ("registry_refused", None),
    };
    let failure = Failure::new(Exit::Transaction, kind, text);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
