//! The watched queries at a head.

use std::collections::HashMap;

use alloy::primitives::{Address as AccountAddress, B256};
use countersign_protocol::{Query, ReturnData, Value};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};

use super::asking::ProvenTarget;
use crate::error::{Fault, ResolveError};
use crate::proof::{ProvenAccount, ProvenHeader};
use crate::question::ProofTarget;
use crate::resolver::{Resolver, account_address};

/// What was read, and what kept the rest from being read.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) values: HashMap<Query, Value>,
    /// Worth another attempt. A contract that is not there is none: it is looked for at the next head.
    pub(super) failure: Option<ResolveError>,
}

impl Resolver {
    /// Reads queries at a header: slots, and each call by itself, four at a time, so that one that has no value spoils no
    /// other.
    pub(super) async fn read_at(&self, header: &ProvenHeader, queries: &[Query]) -> Outcome {
        let mut outcome = self.read_slots(header, queries).await;
        let calls = queries.iter().filter(|query| matches!(query, Query::ViewCall { .. }));
        let calls: Vec<_> = calls.map(|call| self.clone().read_call(*header, call.clone())).collect();
        let mut returned = stream::iter(calls).buffer_unordered(CALLS_AT_ONCE);
        while let Some((call, returned)) = returned.next().await {
            match returned {
                Ok(returned) => {
                    let value = |returned| (call.clone(), Value::Returned(returned));
                    outcome.values.extend(returned.into_iter().map(value));
                }
                Err(failure) if failure.fault() == Fault::Endpoint => outcome.failure = Some(failure),
                Err(no_value) => tracing::debug!(%no_value, "a watched call is not read at this head"),
            }
        }
        outcome
    }

    fn read_call(
        self,
        header: ProvenHeader,
        call: Query,
    ) -> BoxFuture<'static, (Query, Result<Vec<ReturnData>, ResolveError>)> {
        Box::pin(async move {
            let returned = self.valuate(&header, std::slice::from_ref(&call)).await;
            (call, returned)
        })
    }

    /// Reads the slots among the queries at a header: one question for up to 64, whatever their contracts.
    pub(super) async fn read_slots(&self, header: &ProvenHeader, queries: &[Query]) -> Outcome {
        let mut outcome = Outcome::default();
        for targets in portions(queries) {
            match self.prove_at(header, &targets).await {
                Ok(proven) => outcome.values.extend(targets.iter().zip(proven).flat_map(words)),
                Err(failure) => outcome.failure = Some(failure),
            }
        }
        outcome
    }
}

/// The slots of a contract, and what they hold; none where there is no contract.
fn words((target, proven): (&ProofTarget, ProvenTarget)) -> impl Iterator<Item = (Query, Value)> {
    let is_contract = proven.account.as_ref().is_some_and(ProvenAccount::is_contract);
    let values = if is_contract { proven.values } else { Vec::new() };
    let read = |(slot, value): (&B256, B256)| (slot_query(target.account, *slot), Value::Word(value.0));
    target.slots.iter().zip(values).map(read)
}

/// Slots by contract, so that each is proven once, in questions of bounded size.
fn portions(queries: &[Query]) -> Vec<Vec<ProofTarget>> {
    let mut slots: Vec<(AccountAddress, B256)> = queries.iter().filter_map(place).collect();
    slots.sort_unstable();
    slots.dedup();
    let by_contract = |some: &[(AccountAddress, B256)]| {
        let same = some.chunk_by(|(one, _), (other, _)| one == other);
        let target = |of_one: &[(AccountAddress, B256)]| {
            let (account, _) = of_one.first()?;
            Some(ProofTarget { account: *account, slots: of_one.iter().map(|(_, slot)| *slot).collect() })
        };
        same.filter_map(target).collect()
    };
    slots.chunks(AT_ONCE).map(by_contract).collect()
}

fn place(query: &Query) -> Option<(AccountAddress, B256)> {
    match query {
        Query::StorageSlot { source, slot } => Some((account_address(*source), B256::new(*slot))),
        Query::ViewCall { .. } => None,
    }
}

fn slot_query(account: AccountAddress, slot: B256) -> Query {
    Query::StorageSlot { source: countersign_protocol::Address(account.into_array()), slot: slot.0 }
}

/// Slots proven in one question: their proofs stay below what is read of one answer.
const AT_ONCE: usize = 64;

const CALLS_AT_ONCE: usize = 4;

#[cfg(test)]
mod tests {
    use countersign_protocol::Address;

    use super::*;

    #[test]
    fn each_contract_is_asked_once_for_each_slot_and_no_question_is_too_large() {
        let query = |source, slot| Query::StorageSlot { source: Address([source; 20]), slot: [slot; 32] };
        let queries = [query(2, 1), query(1, 7), query(2, 1), query(1, 3)];
        let targets: Vec<_> = portions(&queries).into_iter().flatten().collect();
        let target = |source, slots: &[u8]| ProofTarget {
            account: AccountAddress::repeat_byte(source),
            slots: slots.iter().map(|slot| B256::repeat_byte(*slot)).collect(),
        };
        assert_eq!(targets, [target(1, &[3, 7]), target(2, &[1])]);

        let many: Vec<_> = (0..200).map(|slot| query(slot / 100, slot)).collect();
        let sizes =
            portions(&many).into_iter().map(|some| some.iter().map(|target| target.slots.len()).sum());
        assert_eq!(sizes.collect::<Vec<usize>>(), [64, 64, 64, 8]);
    }
}
