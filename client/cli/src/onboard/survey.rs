//! What the chain says of rows before anything is sent: who is there already, and whom the registry would take.

use countersign::protocol::Address;
use countersign::registry::write::{Registrar, WriteError};
use countersign::registry::{RecordWord, ResolveError};
use futures_util::stream::{self, StreamExt};

use super::report::Status;
use super::row::{Outcome, Row, Wanted};
use crate::failure::Failure;
use crate::moment::{timestamp, unix_now};
use crate::party::checksummed;
use crate::progress::Bar;

/// Ends every wanted row that is done, or that the registry would refuse.
pub(super) async fn survey(registrar: &Registrar, rows: &mut [Row], bar: &Bar) -> Result<(), Failure> {
    let found: Vec<(usize, Result<Option<Outcome>, Failure>)> = {
        let wanted = rows.iter().enumerate().filter_map(|(index, row)| Some((index, row.wanted()?)));
        stream::iter(wanted)
            .map(|(index, wanted)| async move {
                let outcome = examine(registrar, wanted).await;
                bar.advance(1);
                (index, outcome)
            })
            .buffered(AT_ONCE)
            .collect()
            .await
    };
    for (index, outcome) in found {
        if let (Some(outcome), Some(row)) = (outcome?, rows.get_mut(index)) {
            row.end(outcome);
        }
    }
    Ok(())
}

/// `None` where the registry would take it now.
pub(super) async fn examine(registrar: &Registrar, wanted: &Wanted) -> Result<Option<Outcome>, Failure> {
    let record = registrar.record(wanted.identity()).await?;
    if let Some(outcome) = settled(record.as_ref(), wanted) {
        return Ok(Some(outcome));
    }
    if let Some(reason) = &wanted.expired {
        return Ok(Some(Outcome::bad(Status::Invalid, reason.as_str())));
    }
    match registrar.simulate(&wanted.document()).await {
        Ok(()) => Ok(None),
        Err(error) => refusal(error, wanted).map(Some),
    }
}

/// What the record alone decides. `None` where the key is not there and the record is free for it.
pub(super) fn settled(record: Option<&RecordWord>, wanted: &Wanted) -> Option<Outcome> {
    let record = record?;
    let signer = Address(wanted.key.consent.terms.public_key.address());
    let version = record.version;
    let conflict = |reason: String| Some(Outcome::bad(Status::Conflict, reason).at_version(version));
    match (record.signer == signer, record.revoked) {
        (true, None) if record.valid_until != 0 && u64::from(record.valid_until) <= unix_now() => {
            conflict(format!(
                "this key (version {version}) was registered and expired at {}; its owner may rotate it",
                timestamp(record.valid_until.into())
            ))
        }
        (true, None) => Some(Outcome::already(version)),
        (true, Some(_)) => conflict(format!(
            "this key (version {version}) was registered and revoked; have a fresh one signed"
        )),
        (false, None) => conflict(format!(
            "another key (version {version}, signer {}) is registered; its owner may rotate it",
            checksummed(&record.signer)
        )),
        (false, Some(_)) => revoked(version, wanted),
    }
}

/// A record whose key was revoked takes a fresh key, if the owner signed for the version that comes next.
fn revoked(version: u16, wanted: &Wanted) -> Option<Outcome> {
    let signed = wanted.key.consent.version;
    if version.checked_add(1) == Some(signed) {
        return None;
    }
    let reason = format!("the key (version {version}) was revoked, and the document is for version {signed}");
    Some(Outcome::bad(Status::Conflict, reason).at_version(version))
}

/// Sorts the refusal of one row, by the registry or by an owner's contract, from a failure of everything.
pub(super) fn refusal(error: WriteError, wanted: &Wanted) -> Result<Outcome, Failure> {
    match error {
        WriteError::Refused(_)
        | WriteError::OutOfTurn { .. }
        | WriteError::CostlyOwner { .. }
        | WriteError::Document(_) => Ok(Outcome::bad(Status::Refused, error.to_string())),
        // The node answered a moment before. An owner's contract may fail in any way, or take for ever; where there is
        // none, it is the node that fails.
        WriteError::Endpoint(ResolveError::NodeRefused { .. } | ResolveError::Timeout { .. })
            if wanted.owner_on_chain =>
        {
            Ok(Outcome::bad(Status::Refused, error.to_string()))
        }
        other => Err(other.into()),
    }
}

/// Questions under way at once: enough to hide a node's latency, too few to trip its limits.
const AT_ONCE: usize = 8;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use countersign::custody::{Custody, LocalKey};
    use countersign::protocol::{Identity, Label};
    use countersign::registry::artifact;
    use countersign::registry::consent::{
        IdentitySignature, KeyChange, KeyConsent, KeyTerms, OwnerSignature, SignedKey, SigningDomain,
    };

    use super::*;

    async fn wanted(owner_on_chain: bool) -> Wanted {
        let key = LocalKey::generate().unwrap();
        let domain = SigningDomain::Chain { chain_id: 31337, registry: artifact::key_registry_address() };
        let consent = KeyConsent {
            change: KeyChange::Register,
            identity: Identity { owner: Address([1; 20]), label: Label::DEFAULT },
            version: 1,
            terms: KeyTerms::new(key.public_key()),
            deadline: u64::MAX,
        };
        let answer = key.answer(consent.claim().request(&domain)).await.unwrap();
        let possession = IdentitySignature::try_from(answer).unwrap();
        let owner_signature = OwnerSignature::from_bytes(b"whatever the contract takes").unwrap();
        let key = SignedKey { domain, consent, possession, owner_signature };
        Wanted { key, owner_on_chain, expired: None }
    }

    #[tokio::test]
    async fn the_same_key_counts_until_its_end() {
        let wanted = wanted(false).await;
        let terms = &wanted.key.consent.terms;
        let record = |valid_until| RecordWord {
            signer: Address(terms.public_key.address()),
            anchored_at: 1,
            valid_until,
            version: 1,
            scheme: terms.scheme,
            suite_floor: terms.suite_floor,
            revoked: None,
        };
        for (valid_until, counts) in [(0, true), (u32::MAX, true), (2, false)] {
            let outcome = settled(Some(&record(valid_until)), &wanted).unwrap();
            assert_eq!(outcome.is_already(), counts, "{valid_until}");
        }
    }

    #[tokio::test]
    async fn a_node_that_fails_is_no_refusal_unless_a_contract_may_have_made_it() {
        let timeout = || {
            let endpoint = "http://127.0.0.1:1".parse().unwrap();
            WriteError::Endpoint(ResolveError::Timeout { endpoint, after: Duration::from_secs(1) })
        };
        assert!(refusal(timeout(), &wanted(true).await).is_ok());
        assert!(refusal(timeout(), &wanted(false).await).is_err());
    }
}
