//! Failures to learn something from the chain.

use countersign::registry::{KnownError, ResolveError, StaleHead};

use super::{Failure, chain_of};
use crate::exit::Exit;
use crate::party::shown;

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        let (exit, kind) = classify(&error);
        let failure = Self::new(exit, kind, chain_of(&error));
        match hint(&error) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<KnownError> for Failure {
    fn from(error: KnownError) -> Self {
        ResolveError::Known(error).into()
    }
}

/// The exit code and the stable name of each reason.
fn classify(error: &ResolveError) -> (Exit, &'static str) {
    match error {
        ResolveError::NotRegistered { .. } => (Exit::Identity, "not_registered"),
        ResolveError::Revoked { .. } => (Exit::Identity, "revoked"),
        ResolveError::Expired { .. } => (Exit::Identity, "expired"),
        ResolveError::TooYoung { .. } => (Exit::Identity, "too_young"),
        ResolveError::DepthUnknown { .. } => (Exit::NotProven, "depth_unknown"),
        ResolveError::Rotated { .. } => (Exit::Identity, "rotated"),
        ResolveError::KeyMismatch { .. } => (Exit::Identity, "key_mismatch"),
        ResolveError::KeyNotPublished { .. } => (Exit::Identity, "key_not_published"),
        ResolveError::RecordRewound { .. } => (Exit::NotProven, "record_rewound"),
        ResolveError::ProofInvalid { .. } => (Exit::NotProven, "proof_invalid"),
        ResolveError::HeadsDisagree { .. } => (Exit::NotProven, "heads_disagree"),
        ResolveError::StaleHead { .. } => (Exit::NotProven, "stale_head"),
        ResolveError::StaleAnchor { .. } => (Exit::NotProven, "stale_anchor"),
        ResolveError::UnknownBlock { .. } => (Exit::NotProven, "unknown_block"),
        ResolveError::TooDeep { .. } => (Exit::NotProven, "too_deep"),
        ResolveError::AnchorNotCanonical { .. } => (Exit::NotProven, "anchor_not_canonical"),
        ResolveError::WrongChain { .. } => (Exit::Configuration, "wrong_chain"),
        ResolveError::WrongRegistry { .. } => (Exit::Configuration, "wrong_registry"),
        ResolveError::NoRegistryHere { .. } => (Exit::Configuration, "no_registry"),
        ResolveError::NoSuchContract { .. } => (Exit::Configuration, "no_such_contract"),
        ResolveError::Known(_) => (Exit::Configuration, "known_records"),
        ResolveError::BeaconDoubted { .. } => (Exit::NotProven, "beacon_doubted"),
        ResolveError::Checkpoint(_) => (Exit::Configuration, "checkpoint"),
        ResolveError::Trust(_) => (Exit::Configuration, "configuration"),
        ResolveError::NoValue { .. } => (Exit::Configuration, "no_value"),
        ResolveError::RulesUnknown { .. } => (Exit::Configuration, "rules_unknown"),
        ResolveError::TooManyQueries { .. } => (Exit::Usage, "usage"),
        ResolveError::NoQuorum { .. } => (Exit::Unreachable, "no_quorum"),
        ResolveError::Unreachable { .. } => (Exit::Unreachable, "unreachable"),
        ResolveError::Timeout { .. } => (Exit::Unreachable, "timeout"),
        ResolveError::BadAnswer { .. } => (Exit::Unreachable, "bad_answer"),
        ResolveError::AnswerTooLarge { .. } => (Exit::Unreachable, "answer_too_large"),
        ResolveError::NodeRefused { .. } => (Exit::Unreachable, "node_refused"),
    }
}

/// What to run next. Most messages say what to do in words; a command helps where there is one.
fn hint(error: &ResolveError) -> Option<String> {
    Some(match error {
        ResolveError::NotRegistered { identity, .. } => {
            format!("if it is yours: countersign register --owner '{}'", shown(identity))
        }
        ResolveError::Revoked { identity, .. } => format!(
            "if it is yours: countersign keygen --out NEW, then countersign register --owner '{}' --keystore NEW",
            shown(identity)
        ),
        ResolveError::Expired { identity, .. } => {
            format!("if it is yours: countersign rotate --owner '{}' --new-keystore NEW", shown(identity))
        }
        ResolveError::RecordRewound { identity, .. } => {
            format!("countersign known show '{}'", shown(identity))
        }
        ResolveError::StaleHead { why: StaleHead::BehindProven { .. }, .. } => {
            "countersign known list shows what was proven before, countersign doctor checks each endpoint"
                .into()
        }
        ResolveError::Known(_) => "countersign doctor; --known-file FILE keeps them in another file".into(),
        ResolveError::RulesUnknown { .. } => {
            "if the chain runs by Ethereum's rules, set [policy] hardfork = \"osaka\" in the configuration, as the other side does".into()
        }
        ResolveError::WrongChain { .. } => "countersign doctor shows each endpoint's chain".into(),
        ResolveError::NoQuorum { .. }
        | ResolveError::Unreachable { .. }
        | ResolveError::Timeout { .. }
        | ResolveError::NodeRefused { .. }
        | ResolveError::BadAnswer { .. }
        | ResolveError::NoRegistryHere { .. }
        | ResolveError::HeadsDisagree { .. }
        | ResolveError::StaleHead { .. }
        | ResolveError::BeaconDoubted { .. }
        | ResolveError::ProofInvalid { .. } => "countersign doctor checks each endpoint".into(),
        _ => return None,
    })
}
