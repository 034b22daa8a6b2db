//! Operators: what they may do, until when, and what never.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use alloy::network::Ethereum;
use alloy::providers::ext::AnvilApi;
use countersign::custody::{Custody, LocalKey};
use countersign::registry::write::{KeyTerms, PendingKey, Registrar, RegistryRefusal, WriteError, Written};
use countersign::registry::{RecordSlots, RecordWord, RevocationReason, artifact};
use countersign::{Address, Identity, Label};
use countersign_tests::chain::{Chain, refusal};
use countersign_tests::trader::CHAIN;

#[tokio::test]
async fn an_operator_registers_rotates_anchors_and_revokes_without_the_owner() {
    let Appointed { chain, operator, identity, .. } = appointed(HOUR).await;
    let [first, second] = [(); 2].map(|()| LocalKey::generate().unwrap());
    let desk = Identity { label: Label::from_text("desk").unwrap(), ..identity };

    prove(operator.register_as_operator(desk, terms(&first)).await, &first).await.unwrap();
    prove(operator.rotate_as_operator(desk, terms(&second)).await, &second).await.unwrap();
    operator.anchor_bundle(desk, [9; 32].into()).await.unwrap();
    let resolved = chain.resolver().resolve(desk).await.unwrap();
    assert_eq!(
        (resolved.peer_key.record().version, *resolved.peer_key.public_key()),
        (2, second.public_key())
    );

    operator.revoke_as_operator(desk, RevocationReason::Superseded).await.unwrap();
    let revoked = operator.record(desk).await.unwrap().unwrap().revoked;
    assert_eq!(revoked, Some(RevocationReason::Superseded));
    // Only the owner brings it back.
    let back = prove(operator.register_as_operator(desk, terms(&first)).await, &first).await;
    assert_eq!(refusal(back), RegistryRefusal::OnlyOwnerReactivates { identity: desk });
}

#[tokio::test]
async fn an_operators_time_ends_by_the_clock_and_by_the_owners_word() {
    let Appointed { chain, owner, operator, identity } = appointed(HOUR).await;
    let key = LocalKey::generate().unwrap();
    let expected = RegistryRefusal::OwnerNotProven { owner: identity.owner };
    prove(operator.register_as_operator(identity, terms(&key)).await, &key).await.unwrap();

    chain.pass(Duration::from_secs(HOUR)).await;
    let rotation = async || prove(operator.rotate_as_operator(identity, terms(&key)).await, &key).await;
    assert_eq!(refusal(rotation().await), expected);
    let revocation = operator.revoke_as_operator(identity, RevocationReason::Policy).await;
    assert_eq!(refusal(revocation), expected);
    assert_eq!(refusal(operator.anchor_bundle(identity, [1; 32].into()).await), expected);

    owner.set_operator(operator.account(), Some(chain.now().await + HOUR)).await.unwrap();
    rotation().await.unwrap();
    owner.set_operator(operator.account(), None).await.unwrap();
    assert_eq!(operator.operator_until(identity.owner, operator.account()).await.unwrap(), 0);
    assert_eq!(refusal(rotation().await), expected);
}

#[tokio::test]
async fn an_operator_leaves_half_of_the_versions_to_the_owner() {
    let Appointed { chain, owner, operator, identity } = appointed(HOUR).await;
    let key = LocalKey::generate().unwrap();
    prove(owner.register(identity.label, terms(&key)).await, &key).await.unwrap();
    let word = owner.record(identity).await.unwrap().unwrap();
    let (slot, registry) = (RecordSlots::of(&identity).word, artifact::key_registry_address());
    let word = RecordWord { version: 32_766, ..word }.pack();
    let provider = chain.provider();
    AnvilApi::<Ethereum>::anvil_set_storage_at(&provider, registry.0.into(), slot.into(), word)
        .await
        .unwrap();

    prove(operator.rotate_as_operator(identity, terms(&key)).await, &key).await.unwrap();
    let outcome = prove(operator.rotate_as_operator(identity, terms(&key)).await, &key).await;
    assert_eq!(refusal(outcome), RegistryRefusal::VersionsLeftToOwner { identity });
    prove(owner.rotate(identity.label, terms(&key)).await, &key).await.unwrap();
    operator.revoke_as_operator(identity, RevocationReason::Policy).await.unwrap();
}

#[tokio::test]
async fn nobody_elses_operator_acts_and_nobody_is_appointed_for_the_past() {
    let Appointed { chain, owner, operator, .. } = appointed(HOUR).await;
    let other = Identity::of(Address([0x77; 20]));
    let key = LocalKey::generate().unwrap();
    let outcome = prove(operator.register_as_operator(other, terms(&key)).await, &key).await;
    assert_eq!(refusal(outcome), RegistryRefusal::OwnerNotProven { owner: other.owner });
    let now = chain.now().await;
    let outcome = owner.set_operator(operator.account(), Some(now - 1)).await;
    assert_eq!(refusal(outcome), RegistryRefusal::ExpiryNotInFuture { until: now - 1 });
}

struct Appointed {
    chain: Chain,
    owner: Registrar,
    operator: Registrar,
    identity: Identity,
}

/// An owner with an operator for so many seconds.
async fn appointed(seconds: u64) -> Appointed {
    let (chain, owner) = Chain::open(CHAIN).await;
    let operator = chain.registrar(chain.account(1)).await;
    let until = chain.now().await + seconds;
    owner.set_operator(operator.account(), Some(until)).await.unwrap();
    assert_eq!(owner.operator_until(owner.account(), operator.account()).await.unwrap(), until);
    let identity = Identity::of(owner.account());
    Appointed { chain, owner, operator, identity }
}

async fn prove(pending: Result<PendingKey, WriteError>, key: &LocalKey) -> Result<Written, WriteError> {
    let pending = pending?;
    let answer = key.answer(pending.request()).await.unwrap();
    pending.submit(answer).await
}

fn terms(key: &LocalKey) -> KeyTerms {
    KeyTerms::new(key.public_key())
}

const HOUR: u64 = 3600;
