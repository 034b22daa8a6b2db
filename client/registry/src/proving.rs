//! From what endpoints answered to one answer that holds.

use alloy::rpc::types::EIP1186AccountProofResponse;
use countersign_protocol::Identity;

use crate::error::{ProofPart, ResolveError};
use crate::failover::graver;
use crate::node::Node;
use crate::proof::{ProvenAccount, ProvenHeader, ProvenRecord};
use crate::question::{ProofAnswer, Question};
use crate::resolver::{Resolver, account_address};
use crate::survey::{Heard, Survey, hear};

impl Resolver {
    /// Finds one endpoint whose proofs hold at the agreed head: first among the answers heard, then by asking
    /// one after the other again by number, since a block may have come between an honest node's header and its proof.
    pub(crate) async fn prove<T>(
        &self,
        question: &Question,
        survey: &Survey<'_>,
        verify: impl Fn(&Heard<'_>) -> Result<T, ResolveError>,
    ) -> Result<T, ResolveError> {
        let agreed = survey.head.header;
        let mut flaw = None;
        for heard in survey.answers.iter().filter(|heard| heard.head == agreed) {
            match verify(heard) {
                Err(failure) if failure.is_one_endpoints() => flaw = Some(graver(flaw, failure)),
                outcome => return outcome,
            }
        }
        let again = question.at(agreed.block().number);
        let asked = self.ask_in_turn(|node| {
            let (again, verify) = (&again, &verify);
            async move {
                let heard = hear_at(node, again, &agreed).await?;
                node.note_lie(verify(&heard))
            }
        });
        asked.await.map_err(|failure| match failure.is_one_endpoints() {
            true => graver(flaw, failure),
            false => failure,
        })
    }

    /// The registry's account at a header, its code the known one.
    pub(crate) fn registry_account(
        &self,
        heard: &Heard<'_>,
        header: &ProvenHeader,
        answer: &EIP1186AccountProofResponse,
    ) -> Result<ProvenAccount, ResolveError> {
        let registry = self.registry();
        let account =
            header.account(account_address(registry), answer).map_err(|what| invalid(heard, what))?;
        ProvenAccount::of_registry(account).map_err(|found| ResolveError::NoRegistryHere { registry, found })
    }
}

/// Asks about an agreed head by its height, so the answer's header is compared with it.
pub(crate) async fn hear_at<'a>(
    node: &'a Node,
    question: &Question,
    header: &ProvenHeader,
) -> Result<Heard<'a>, ResolveError> {
    let heard = hear(node, question).await?;
    let (computed, expected) = (heard.head.block().hash, header.block().hash);
    if computed != expected {
        return Err(invalid(&heard, ProofPart::HeaderHash { computed, expected }));
    }
    Ok(heard)
}

/// The record of the `position`th identity of a [`Resolver::record_target`].
pub(crate) fn record_of(
    heard: &Heard<'_>,
    registry: &ProvenAccount,
    identity: Identity,
    answer: &EIP1186AccountProofResponse,
    position: usize,
) -> Result<Option<ProvenRecord>, ResolveError> {
    let proofs = answer.storage_proof.get(2 * position..2 * position + 2).unwrap_or_default();
    ProvenRecord::in_registry(registry, identity, proofs).map_err(|what| invalid(heard, what))
}

/// One of an answer's proofs, or why the node refused it.
pub(crate) fn nth<'a>(
    heard: &Heard<'_>,
    proofs: &'a [ProofAnswer],
    position: usize,
) -> Result<&'a EIP1186AccountProofResponse, ResolveError> {
    match proofs.get(position) {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(refusal)) => Err(refusal.clone()),
        None => Err(ResolveError::BadAnswer {
            endpoint: heard.node.endpoint().clone(),
            method: "eth_getProof",
            detail: "a proof is missing".into(),
        }),
    }
}

pub(crate) fn invalid(heard: &Heard<'_>, what: ProofPart) -> ResolveError {
    heard.node.invalid_proof(what)
}
