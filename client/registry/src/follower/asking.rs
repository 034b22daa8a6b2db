//! Asking endpoints one after the other for proofs at a head that is agreed already.

use alloy::primitives::B256;
use countersign_protocol::Identity;

use crate::error::ResolveError;
use crate::proof::{ProvenAccount, ProvenHeader, ProvenRecord};
use crate::proving::{hear_at, invalid, nth, record_of};
use crate::question::{ProofTarget, Question};
use crate::resolver::{Resolver, account_address};
use crate::survey::Heard;

impl Resolver {
    /// The registry's account at a header, its code the known one.
    pub(super) async fn registry_at(&self, header: &ProvenHeader) -> Result<ProvenAccount, ResolveError> {
        let registry = self.registry();
        let target = ProofTarget { account: account_address(registry), slots: Vec::new() };
        let mut proven = self.prove_at(header, std::slice::from_ref(&target)).await?;
        let account = proven.pop().and_then(|target| target.account);
        ProvenAccount::of_registry(account).map_err(|found| ResolveError::NoRegistryHere { registry, found })
    }

    /// The records of identities at a header, in one question.
    pub(super) async fn records_at(
        &self,
        header: &ProvenHeader,
        identities: &[Identity],
    ) -> Result<Vec<Option<ProvenRecord>>, ResolveError> {
        let question = question_at(header, vec![self.record_target(identities)]);
        self.ask_in_turn(|node| async {
            let heard = hear_at(node, &question, header).await?;
            let answer = nth(&heard, &heard.answer.head_proofs, 0)?;
            let registry = self.registry_account(&heard, header, answer)?;
            let each = identities.iter().enumerate();
            each.map(|(position, identity)| record_of(&heard, &registry, *identity, answer, position))
                .collect()
        })
        .await
    }

    /// Accounts and slots at a header, in one question.
    pub(super) async fn prove_at(
        &self,
        header: &ProvenHeader,
        targets: &[ProofTarget],
    ) -> Result<Vec<ProvenTarget>, ResolveError> {
        let question = question_at(header, targets.to_vec());
        self.ask_in_turn(|node| async {
            let heard = hear_at(node, &question, header).await?;
            let each = targets.iter().enumerate();
            each.map(|(position, target)| proven(&heard, header, target, position)).collect()
        })
        .await
    }
}

/// What a [`ProofTarget`] turned out to hold.
#[derive(Debug)]
pub(super) struct ProvenTarget {
    /// `None` where there is no such account.
    pub(super) account: Option<ProvenAccount>,
    /// Of each slot; none where there is no account.
    pub(super) values: Vec<B256>,
}

fn proven(
    heard: &Heard<'_>,
    header: &ProvenHeader,
    target: &ProofTarget,
    position: usize,
) -> Result<ProvenTarget, ResolveError> {
    let answer = nth(heard, &heard.answer.head_proofs, position)?;
    let account = header.account(target.account, answer).map_err(|what| invalid(heard, what))?;
    let values = account.map(|account| account.slots(&target.slots, &answer.storage_proof));
    let values = values.transpose().map_err(|what| invalid(heard, what))?.unwrap_or_default();
    Ok(ProvenTarget { account, values })
}

fn question_at(header: &ProvenHeader, targets: Vec<ProofTarget>) -> Question {
    Question::proofs_at_head(targets).at(header.block().number)
}
