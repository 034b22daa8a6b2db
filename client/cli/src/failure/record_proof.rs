//! Failures of record proofs.

use countersign::registry::RecordProofError;

use super::Failure;
use crate::exit::Exit;

impl From<RecordProofError> for Failure {
    fn from(error: RecordProofError) -> Self {
        let message = error.to_string();
        let told = |exit, kind| Self::new(exit, kind, message);
        match error {
            RecordProofError::Chain(error) => error.into(),
            RecordProofError::Malformed { .. }
            | RecordProofError::TooLong { .. }
            | RecordProofError::Unreadable { .. }
            | RecordProofError::HeaderCount { .. }
            | RecordProofError::HeaderMalformed { .. } => told(Exit::Document, "record_proof_malformed")
                .hint("countersign prove record PARTY --out FILE makes one"),
            RecordProofError::UnknownVersion { .. } => told(Exit::Document, "record_proof_version"),
            RecordProofError::HeaderUnlinked { .. }
            | RecordProofError::Invalid(_)
            | RecordProofError::OtherKey { .. } => told(Exit::Document, "record_proof_invalid").hint(
                "do not rely on it; whoever made it makes a new one with countersign prove record PARTY --out FILE",
            ),
            RecordProofError::NotTrusted { .. } => told(Exit::NotProven, "block_not_trusted")
                .hint("leave out --block-hash, and your own nodes are asked whether the block is one of the chain's"),
            RecordProofError::OtherChain { claimed, .. } => told(Exit::Document, "record_proof_elsewhere")
                .hint(format!("add --chain-id {claimed}, and an --rpc of that chain")),
            RecordProofError::NoRegistry { .. } => told(Exit::Document, "record_proof_elsewhere")
                .hint("--registry names the registry that you mean"),
            RecordProofError::NoSpan { .. } | RecordProofError::TooFar { .. } => told(Exit::Usage, "usage"),
        }
    }
}
