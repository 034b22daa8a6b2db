//! One signs, another pays: documents on real chains.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use alloy::providers::Provider;
use alloy::signers::local::PrivateKeySigner;
use countersign::custody::{Custody, LocalKey};
use countersign::registry::consent::{
    Checked, DocumentError, IdentitySignature, KeyChange, OwnerSignature, RevocationCertificate,
    SignedCertificate, SignedDocument, SignedKey, SignedRevocation, SigningDomain,
};
use countersign::registry::write::{
    Fate, MAX_BATCH, PayingAccount, Registrar, RegistryRefusal, WriteError, WritePolicy,
};
use countersign::registry::{ResolveError, RevocationReason, artifact};
use countersign::{Address, Identity};
use countersign_tests::chain::{Chain, consent, identity_of, possession, refusal, signed};
use countersign_tests::trader::CHAIN;

#[tokio::test]
async fn an_owner_without_ether_registers_rotates_and_revokes() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let (owner, domain) = (PrivateKeySigner::random(), payer.domain());
    let identity = identity_of(&owner);
    let [first, second] = [(); 2].map(|()| LocalKey::generate().unwrap());

    for (change, version, key) in [(KeyChange::Register, 1, &first), (KeyChange::Rotate, 2, &second)] {
        let consent = consent(change, identity, version, key);
        let proposed = payer.propose(change, identity, consent.terms, consent.deadline).await.unwrap();
        assert_eq!(proposed, consent);
        let document = by_way_of_a_file(signed(consent, domain, key, &owner).await.into());
        payer.simulate(&document).await.unwrap();
        payer.submit(&document).await.unwrap();
        let resolved = chain.resolver().resolve(identity).await.unwrap();
        assert_eq!(
            (resolved.peer_key.record().version, *resolved.peer_key.public_key()),
            (version, key.public_key())
        );
    }

    let deadline = chain.now().await + 60;
    let consent =
        payer.propose_revocation(identity, RevocationReason::OwnerDecision, deadline).await.unwrap();
    let owner_signature = OwnerSignature::sign(&owner, &consent, &domain).unwrap();
    let document = by_way_of_a_file(SignedRevocation { domain, consent, owner_signature }.into());
    payer.submit(&document).await.unwrap();
    let outcome = chain.resolver().resolve(identity).await;
    let reason = RevocationReason::OwnerDecision;
    assert!(
        matches!(outcome, Err(ResolveError::Revoked { reason: said, .. }) if said == reason),
        "{outcome:?}"
    );
    let balance = chain.provider().get_balance(owner.address()).await.unwrap();
    assert!(balance.is_zero());
}

#[tokio::test]
async fn nothing_is_good_twice() {
    let (_chain, payer) = Chain::open(CHAIN).await;
    let (owner, domain) = (PrivateKeySigner::random(), payer.domain());
    let identity = identity_of(&owner);
    let key = LocalKey::generate().unwrap();
    let registration: SignedDocument =
        signed(consent(KeyChange::Register, identity, 1, &key), domain, &key, &owner).await.into();
    let rotation: SignedDocument =
        signed(consent(KeyChange::Rotate, identity, 2, &key), domain, &key, &owner).await.into();
    payer.submit(&registration).await.unwrap();
    let registered = RegistryRefusal::AlreadyRegistered { identity, version: 1 };
    assert_eq!(refusal(payer.submit(&registration).await), registered);

    let revocation = payer.propose_revocation(identity, RevocationReason::Policy, FAR).await.unwrap();
    let owner_signature = OwnerSignature::sign(&owner, &revocation, &domain).unwrap();
    let revocation = SignedRevocation { domain, consent: revocation, owner_signature }.into();
    payer.submit(&rotation).await.unwrap();
    let outcome = payer.submit(&rotation).await;
    assert!(
        matches!(outcome, Err(WriteError::OutOfTurn { record: 2, signed: 2, identity: whose }) if whose == identity),
        "{outcome:?}"
    );
    // The revocation was of version 1.
    let expected = RegistryRefusal::VersionNotCurrent { identity, current: 2, given: 1 };
    assert_eq!(refusal(payer.submit(&revocation).await), expected);
    // Nor does a rotation signed ahead bring back what was revoked since.
    let ahead = signed(consent(KeyChange::Rotate, identity, 3, &key), domain, &key, &owner).await.into();
    let current = payer.propose_revocation(identity, RevocationReason::Policy, FAR).await.unwrap();
    let owner_signature = OwnerSignature::sign(&owner, &current, &domain).unwrap();
    payer.submit(&SignedRevocation { domain, consent: current, owner_signature }.into()).await.unwrap();
    let expected = RegistryRefusal::KeyRevokedAlready { identity, version: 2 };
    assert_eq!(refusal(payer.submit(&ahead).await), expected);
}

#[tokio::test]
async fn what_could_only_fail_is_not_sent() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let (owner, domain) = (PrivateKeySigner::random(), payer.domain());
    let identity = identity_of(&owner);
    let [key, other] = [(); 2].map(|()| LocalKey::generate().unwrap());
    let good = consent(KeyChange::Register, identity, 1, &key);
    let submit = async |key: SignedKey| payer.submit(&key.into()).await;

    let late =
        signed(countersign::registry::consent::KeyConsent { deadline: 5, ..good }, domain, &key, &owner)
            .await;
    let outcome = submit(late).await;
    assert!(
        matches!(outcome, Err(WriteError::Document(DocumentError::Expired { deadline: 5, .. }))),
        "{outcome:?}"
    );
    let outcome = submit(signed(good, domain, &other, &owner).await).await;
    assert!(matches!(outcome, Err(WriteError::Document(DocumentError::NotTheKeys))), "{outcome:?}");
    let elsewhere = SigningDomain::Chain { chain_id: 1, registry: domain.registry() };
    let outcome = submit(signed(good, elsewhere, &key, &owner).await).await;
    assert!(
        matches!(outcome, Err(WriteError::OtherDomain { signed, .. }) if signed == elsewhere),
        "{outcome:?}"
    );

    // Whether an owner is a contract that agrees is for the chain to say, and it says so by name.
    let stranger = PrivateKeySigner::random();
    let unsigned = signed(good, domain, &key, &stranger).await;
    assert_eq!(unsigned.check(chain.now().await).unwrap(), Checked::OwnerOnChain);
    assert_eq!(refusal(submit(unsigned).await), RegistryRefusal::OwnerNotProven { owner: identity.owner });
    let sent = chain.provider().get_transaction_count(chain.anvil.addresses()[0]).await.unwrap();
    assert_eq!(sent, 2, "the two deployments alone");
}

#[tokio::test]
async fn a_deadline_that_passes_on_the_way_is_named() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let owner = PrivateKeySigner::random();
    let key = LocalKey::generate().unwrap();
    let consent = consent(KeyChange::Register, identity_of(&owner), 1, &key);
    let document = signed(consent, payer.domain(), &key, &owner).await.into();
    chain.pass(Duration::from_secs(4000)).await;
    let expected = RegistryRefusal::SignatureExpired { deadline: consent.deadline };
    assert_eq!(refusal(payer.submit(&document).await), expected);
    assert_eq!(refusal(payer.simulate(&document).await), expected);
}

#[tokio::test]
async fn the_node_signs_for_an_unlocked_owner_and_a_wallet_signs_here() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let key = LocalKey::generate().unwrap();
    for (account, every_chain) in [(chain.account(1), false), (PayingAccount::Wallet(chain.wallet(2)), true)]
    {
        let owner = chain.registrar(account).await;
        let registry = payer.domain().registry();
        let domain = if every_chain { SigningDomain::EveryChain { registry } } else { payer.domain() };
        let consent = consent(KeyChange::Register, Identity::of(owner.account()), 1, &key);
        let owner_signature = owner.sign_typed(&consent, &domain).await.unwrap();
        let possession = possession(&consent, domain, &key).await;
        let document = SignedKey { domain, consent, possession, owner_signature };
        assert_eq!(document.check(consent.deadline).unwrap(), Checked::Whole);
        payer.submit(&document.into()).await.unwrap();
    }
    let locked = chain.registrar(PayingAccount::Unlocked(Address([8; 20]))).await;
    let consent = consent(KeyChange::Register, Identity::of(locked.account()), 1, &key);
    let outcome = locked.sign_typed(&consent, &locked.domain()).await;
    assert!(
        matches!(outcome, Err(WriteError::AccountLocked { .. } | WriteError::Endpoint(_))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_certificate_made_ahead_is_published_by_a_stranger() {
    let (chain, owner) = Chain::open(CHAIN).await;
    let identity = Identity::of(owner.account());
    let [key, next] = [(); 2].map(|()| LocalKey::generate().unwrap());
    let domain = owner.domain();
    // Before the key is registered, and before anybody knows under which version.
    let certificate = by_way_of_a_file(certified(identity, &key, domain).await.into());
    let other = certified(identity, &next, domain).await.into();
    let stranger = chain.registrar(chain.account(5)).await;
    let expected = RegistryRefusal::NotRegistered { identity };
    assert_eq!(refusal(stranger.submit(&certificate).await), expected);

    submit_registration(&owner, identity, &key).await;
    let signer = Address(key.public_key().address());
    assert_eq!(refusal(stranger.submit(&other).await), RegistryRefusal::CertificateNotProven { signer });
    stranger.submit(&certificate).await.unwrap();
    let outcome = chain.resolver().resolve(identity).await;
    let reason = RevocationReason::KeyCompromised;
    assert!(
        matches!(outcome, Err(ResolveError::Revoked { reason: said, .. }) if said == reason),
        "{outcome:?}"
    );
    let expected = RegistryRefusal::KeyRevokedAlready { identity, version: 1 };
    assert_eq!(refusal(stranger.submit(&certificate).await), expected);
}

#[tokio::test]
async fn what_is_signed_for_every_chain_holds_on_both_and_for_one_on_one() {
    let (here, payer_here) = Chain::open(CHAIN).await;
    let (there, payer_there) = Chain::open(424_242).await;
    let owner = PrivateKeySigner::random();
    let identity = identity_of(&owner);
    let key = LocalKey::generate().unwrap();
    let everywhere = SigningDomain::EveryChain { registry: artifact::key_registry_address() };

    let registration: SignedDocument =
        signed(consent(KeyChange::Register, identity, 1, &key), everywhere, &key, &owner).await.into();
    let certificate: SignedDocument = certified(identity, &key, everywhere).await.into();
    let rotation: SignedDocument =
        signed(consent(KeyChange::Rotate, identity, 2, &key), payer_here.domain(), &key, &owner).await.into();
    for (chain, payer) in [(&here, &payer_here), (&there, &payer_there)] {
        payer.submit(&registration).await.unwrap();
        let resolved = chain.resolver().resolve(identity).await.unwrap();
        assert_eq!(*resolved.peer_key.public_key(), key.public_key());
    }
    payer_here.submit(&rotation).await.unwrap();
    let outcome = payer_there.submit(&rotation).await;
    assert!(matches!(outcome, Err(WriteError::OtherDomain { .. })), "{outcome:?}");
    for payer in [&payer_here, &payer_there] {
        payer.submit(&certificate).await.unwrap();
        assert!(payer.record(identity).await.unwrap().unwrap().revoked.is_some());
    }
}

#[tokio::test]
async fn a_batch_of_fifty_passes_over_those_who_are_there() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let domain = payer.domain();
    let mut batch = Vec::new();
    for number in 0..50 {
        let (owner, key) = (PrivateKeySigner::random(), LocalKey::generate().unwrap());
        let mut consent = consent(KeyChange::Register, identity_of(&owner), 1, &key);
        consent.terms.pinned = number % 2 == 0;
        batch.push(signed(consent, domain, &key, &owner).await);
    }
    for early in [3, 17, 49] {
        payer.submit(&batch[early].clone().into()).await.unwrap();
    }
    payer.register_many(&batch).await.unwrap();
    for entry in &batch {
        let resolved = chain.resolver().resolve(entry.consent.identity).await.unwrap();
        assert_eq!(*resolved.peer_key.public_key(), entry.consent.terms.public_key);
        assert_eq!(resolved.peer_key.record().version, 1);
    }
    // All again: nothing changes, nothing fails.
    payer.register_many(&batch).await.unwrap();
    assert_eq!(payer.record(batch[0].consent.identity).await.unwrap().unwrap().version, 1);
}

#[tokio::test]
async fn the_largest_batch_of_the_dearest_entries_fits_a_transaction() {
    let (_chain, payer) = Chain::open(CHAIN).await;
    let everywhere = SigningDomain::EveryChain { registry: artifact::key_registry_address() };
    let mut batch = Vec::new();
    for _ in 0..MAX_BATCH {
        let (owner, key) = (PrivateKeySigner::random(), LocalKey::generate().unwrap());
        batch.push(
            signed(consent(KeyChange::Register, identity_of(&owner), 1, &key), everywhere, &key, &owner)
                .await,
        );
    }
    let written = payer.register_many(&batch).await.unwrap();
    // EIP-7825.
    assert!(written.gas_used < 1 << 24, "{written:?}");
    let last = batch[MAX_BATCH - 1].consent;
    let signer = payer.record(last.identity).await.unwrap().unwrap().signer;
    assert_eq!(signer.0, last.terms.public_key.address());
}

#[tokio::test]
async fn a_batch_names_the_entry_that_does_not_belong() {
    let (_chain, payer) = Chain::open(CHAIN).await;
    let domain = payer.domain();
    let (owner, key) = (PrivateKeySigner::random(), LocalKey::generate().unwrap());
    let identity = identity_of(&owner);
    let good = signed(consent(KeyChange::Register, identity, 1, &key), domain, &key, &owner).await;
    let size = MAX_BATCH + 1;
    for (batch, size) in [(vec![], 0), (vec![good.clone(); size], size)] {
        let outcome = payer.register_many(&batch).await;
        assert!(matches!(outcome, Err(WriteError::BatchSize { size: said }) if said == size), "{outcome:?}");
    }
    let rotation = signed(consent(KeyChange::Rotate, identity, 1, &key), domain, &key, &owner).await;
    let later = signed(consent(KeyChange::Register, identity, 2, &key), domain, &key, &owner).await;
    let owner_signature = OwnerSignature::from_bytes(&[1]).unwrap();
    let by_code = SignedKey { owner_signature, ..good.clone() };
    for odd in [rotation, later, by_code] {
        let outcome = payer.register_many(&[good.clone(), odd]).await;
        assert!(
            matches!(outcome, Err(WriteError::NotForBatch { identity: whose, .. }) if whose == identity),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn sending_and_waiting_come_apart_and_a_nonce_can_be_fixed() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let (owner, key) = (PrivateKeySigner::random(), LocalKey::generate().unwrap());
    let entry =
        signed(consent(KeyChange::Register, identity_of(&owner), 1, &key), payer.domain(), &key, &owner)
            .await;
    let count = payer.transaction_count().await.unwrap();
    assert_eq!((count.included, count.sent), (2, 2));
    let provider = chain.provider();
    alloy::providers::ext::AnvilApi::<alloy::network::Ethereum>::anvil_set_auto_mine(&provider, false)
        .await
        .unwrap();
    let sent = payer.send_many(&[entry], Some(count.sent)).await.unwrap();
    assert_eq!(payer.find(sent).await.unwrap(), Fate::Pending);
    assert_eq!(payer.transaction_count().await.unwrap().sent, 3);
    assert_eq!(payer.find([9; 32].into()).await.unwrap(), Fate::Unknown);
    alloy::providers::ext::AnvilApi::<alloy::network::Ethereum>::anvil_mine(&provider, Some(1), None)
        .await
        .unwrap();
    let written = payer.wait(sent).await.unwrap();
    assert_eq!(payer.find(sent).await.unwrap(), Fate::Included(written));
}

#[tokio::test]
async fn an_account_that_pays_and_does_not_exist_is_not_the_owners_fault() {
    let (chain, _) = Chain::open(CHAIN).await;
    let poor = PayingAccount::Wallet(PrivateKeySigner::random());
    let payer = chain.connect(poor, CHAIN, WritePolicy::default()).await.unwrap();
    let (owner, key) = (PrivateKeySigner::random(), LocalKey::generate().unwrap());
    let document =
        signed(consent(KeyChange::Register, identity_of(&owner), 1, &key), payer.domain(), &key, &owner)
            .await
            .into();
    let outcome = payer.submit(&document).await;
    assert!(
        matches!(outcome, Err(WriteError::InsufficientFunds { account, .. }) if account == payer.account()),
        "{outcome:?}"
    );
}

#[test]
fn no_secret_is_shown() {
    let wallet = PrivateKeySigner::from_slice(&[0x42; 32]).unwrap();
    let shown = format!("{:?}", PayingAccount::Wallet(wallet));
    assert!(!shown.contains("4242424242"), "{shown}");
    // A file that is something else, a key for one, is not repeated.
    for text in ["\"0x4242424242\"", "{\"document\":4242424242}", "4242424242", "{\"4242424242\":1}"] {
        let error = SignedDocument::from_json(text.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("42424242"), "{error:?}");
    }
}

async fn certified(identity: Identity, key: &LocalKey, domain: SigningDomain) -> SignedCertificate {
    let public_key = key.public_key();
    let certificate = RevocationCertificate::new(identity, &public_key, RevocationReason::KeyCompromised);
    let answer = key.answer(certificate.request(&domain)).await.unwrap();
    let signature = IdentitySignature::try_from(answer).unwrap();
    let signed = SignedCertificate { domain, certificate, public_key, signature };
    let shown = format!("{signed:?}");
    assert!(!shown.contains(&hex::encode(&signature.to_bytes()[..16])), "{shown}");
    signed
}

async fn submit_registration(owner: &Registrar, identity: Identity, key: &LocalKey) {
    let consent = consent(KeyChange::Register, identity, 1, key);
    let pending = owner.register(identity.label, consent.terms).await.unwrap();
    let answer = key.answer(pending.request()).await.unwrap();
    pending.submit(answer).await.unwrap();
}

/// What is written reads back, checks, and is what is submitted.
fn by_way_of_a_file(document: SignedDocument) -> SignedDocument {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, document.to_json().as_bytes()).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let read = SignedDocument::read(file).unwrap();
    assert_eq!(read, document);
    assert_eq!(read.check(0).unwrap(), Checked::Whole);
    read
}

/// A deadline that no clock reaches.
const FAR: u64 = (1 << 40) - 1;
