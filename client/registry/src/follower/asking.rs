//! Asking endpoints one after the other for proofs at a head that is agreed already.

use alloy::eips::BlockNumberOrTag;
use alloy::primitives::B256;
use countersign_protocol::Identity;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::timeout;

use crate::artifact;
use crate::error::{ProofPart, ResolveError};
use crate::node::Node;
use crate::proof::{ProvenAccount, ProvenHeader, ProvenRecord};
use crate::proving::{invalid, note_flaw, nth, record_of};
use crate::question::{ProofTarget, Question};
use crate::resolver::{Resolver, account_address};
use crate::survey::{Heard, hear};

impl Resolver {
    /// What the first endpoint answers whose answer holds. They are asked in the order of preference: the next one
    /// once one fails, or is slower than the policy's patience. So one request is enough where all is well, and no
    /// endpoint holds the others up.
    pub(super) async fn in_turn<'a, T, F>(&'a self, ask: impl Fn(&'a Node) -> F) -> Result<T, ResolveError>
    where
        F: Future<Output = Result<T, ResolveError>>,
    {
        let mut nodes = self.preferred().into_iter();
        let mut pending = FuturesUnordered::new();
        let mut flaw = None;
        loop {
            let outcome = match nodes.next() {
                Some(node) => {
                    pending.push(ask(node));
                    match timeout(self.policy().head_patience, pending.next()).await {
                        Ok(outcome) => outcome,
                        Err(_slow) => continue,
                    }
                }
                None => pending.next().await,
            };
            match outcome {
                Some(Err(failure)) if failure.is_one_endpoints() => note_flaw(&mut flaw, failure),
                Some(outcome) => return outcome,
                // Without a flaw there are no endpoints, and then no head was agreed.
                None => return Err(flaw.unwrap_or(NOBODY)),
            }
        }
    }

    /// The registry's account at a header, its code the known one.
    pub(super) async fn registry_at(&self, header: &ProvenHeader) -> Result<ProvenAccount, ResolveError> {
        let registry = self.registry();
        let target = ProofTarget { account: account_address(registry), slots: Vec::new() };
        let mut proven = self.prove_at(header, std::slice::from_ref(&target)).await?;
        let account = proven.pop().and_then(|target| target.account);
        account.filter(|account| account.code_hash() == artifact::key_registry_code_hash()).ok_or_else(|| {
            let found = account.filter(ProvenAccount::is_contract).map(|account| account.code_hash());
            ResolveError::NoRegistryHere { registry, found }
        })
    }

    /// The records of identities at a header, in one question.
    pub(super) async fn records_at(
        &self,
        header: &ProvenHeader,
        identities: &[Identity],
    ) -> Result<Vec<Option<ProvenRecord>>, ResolveError> {
        let question = question_at(header, vec![self.record_target(identities)]);
        self.in_turn(|node| async {
            let heard = hear_at(node, &question, header).await?;
            let answer = nth(&heard, &heard.answer.head_proofs, 0)?;
            let registry = self.registry_account(&heard, header, answer)?;
            let each = identities.iter().enumerate();
            each.map(|(position, identity)| record_of(&heard, &registry, *identity, answer, position)).collect()
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
        self.in_turn(|node| async {
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

/// By number: the answer's header is compared with the agreed one.
fn question_at(header: &ProvenHeader, targets: Vec<ProofTarget>) -> Question {
    Question { head: BlockNumberOrTag::Number(header.block().number), ..Question::proofs_at_head(targets) }
}

async fn hear_at<'a>(
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

const NOBODY: ResolveError = ResolveError::NoQuorum { needed: 1, answered: 0, failures: Vec::new() };
