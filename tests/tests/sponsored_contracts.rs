//! Owners that are contracts: an ERC-1271 wallet, and an account that delegates to one (EIP-7702).
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use alloy::eips::eip7702::Authorization;
use alloy::network::TransactionBuilder7702;
use alloy::primitives::{Address as AccountAddress, U256};
use alloy::providers::{Provider, ProviderBuilder};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use countersign::custody::LocalKey;
use countersign::registry::RevocationReason;
use countersign::registry::consent::{
    Checked, DocumentError, KeyChange, OwnerSignature, SignedDocument, SignedKey, SignedRevocation,
    SigningDomain, TypedData,
};
use countersign::registry::write::{MAX_GAS_WITH_OWNERS_CODE, Registrar, RegistryRefusal, WriteError};
use countersign::{Address, Identity};
use countersign_tests::chain::{Chain, consent, identity_of, possession, refusal, signed};
use countersign_tests::trader::CHAIN;
use countersign_tests::wallet;

#[tokio::test]
async fn a_wallet_registers_rotates_and_revokes_by_its_own_kind_of_signature() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let (keeper, identity) = wallet_of_its_own(&chain).await;
    let domains = [payer.domain(), SigningDomain::EveryChain { registry: payer.domain().registry() }];
    let [first, second] = [(); 2].map(|()| LocalKey::generate().unwrap());
    let steps = [(KeyChange::Register, 1, &first), (KeyChange::Rotate, 2, &second)];
    for ((change, version, key), domain) in steps.into_iter().zip(domains) {
        let consent = consent(change, identity, version, key);
        let owner_signature = wallet::sign(&keeper, &consent.digest(&domain));
        let possession = possession(&consent, domain, key).await;
        let document = SignedKey { domain, consent, possession, owner_signature };
        assert_eq!(document.check(consent.deadline).unwrap(), Checked::OwnerOnChain);
        let outcome = payer.register_many(std::slice::from_ref(&document)).await;
        assert!(matches!(outcome, Err(WriteError::NotForBatch { .. })), "{outcome:?}");
        payer.submit(&document.into()).await.unwrap();
        let resolved = chain.resolver().resolve(identity).await.unwrap();
        assert_eq!(resolved.peer_key.record().version, version);
    }

    let domain = payer.domain();
    let revocation = payer.propose_revocation(identity, RevocationReason::Policy, FAR).await.unwrap();
    let by = |key: &PrivateKeySigner| -> SignedDocument {
        let owner_signature = wallet::sign(key, &revocation.digest(&domain));
        SignedRevocation { domain, consent: revocation, owner_signature }.into()
    };
    let expected = RegistryRefusal::OwnerNotProven { owner: identity.owner };
    assert_eq!(refusal(payer.submit(&by(&PrivateKeySigner::random())).await), expected);
    payer.submit(&by(&keeper)).await.unwrap();
}

/// The registry takes an empty signature for a call of the payer's own. A document must never become one.
#[tokio::test]
async fn what_nobody_signed_is_not_done_on_the_payers_authority() {
    let (_chain, payer) = Chain::open(CHAIN).await;
    let identity = Identity::of(payer.account());
    let (key, domain) = (LocalKey::generate().unwrap(), payer.domain());
    let consent = consent(KeyChange::Register, identity, 1, &key);
    let possession = possession(&consent, domain, &key).await;
    let owner_signature = OwnerSignature::default();
    let document: SignedDocument = SignedKey { domain, consent, possession, owner_signature }.into();
    let read = SignedDocument::from_json(document.to_json().as_bytes()).unwrap();
    let outcome = payer.submit(&read).await;
    assert!(matches!(outcome, Err(WriteError::Document(DocumentError::Unsigned))), "{outcome:?}");
    assert_eq!(payer.record(identity).await.unwrap(), None);
}

#[tokio::test]
async fn a_wallet_that_burns_the_payers_gas_is_not_paid_for() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let (_, identity) = wallet_of_its_own(&chain).await;
    let (key, domain) = (LocalKey::generate().unwrap(), payer.domain());
    let consent = consent(KeyChange::Register, identity, 1, &key);
    let possession = possession(&consent, domain, &key).await;
    let burning = |gas: u32| -> SignedDocument {
        let owner_signature = OwnerSignature::from_bytes(&gas.to_be_bytes()).unwrap();
        SignedKey { domain, consent, possession, owner_signature }.into()
    };
    let costly = burning(3_000_000);
    for outcome in [payer.simulate(&costly).await, payer.submit(&costly).await.map(drop)] {
        assert!(
            matches!(outcome, Err(WriteError::CostlyOwner { owner, gas }) if owner == identity.owner && gas > 3_000_000),
            "{outcome:?}"
        );
    }
    let written = payer.submit(&burning(300_000)).await.unwrap();
    assert!((300_000..MAX_GAS_WITH_OWNERS_CODE).contains(&written.gas_used), "{written:?}");
}

#[tokio::test]
async fn a_delegated_account_consents_by_its_key_and_by_its_code() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let (owner, keeper) = (PrivateKeySigner::random(), PrivateKeySigner::random());
    let code = wallet::deploy(&chain.provider(), chain.anvil.addresses()[3], &keeper).await;
    delegate(&chain, &owner, code).await;
    let code_of_owner = chain.provider().get_code_at(owner.address()).await.unwrap();
    assert_eq!(code_of_owner.as_ref(), [&[0xef, 0x01, 0x00], code.as_slice()].concat());

    let (identity, domain) = (identity_of(&owner), payer.domain());
    let key = LocalKey::generate().unwrap();
    let by_key = signed(consent(KeyChange::Register, identity, 1, &key), domain, &key, &owner).await;
    assert_eq!(by_key.check(0).unwrap(), Checked::Whole);
    // Its key alone suffices even in a batch, where no code is asked.
    payer.register_many(&[by_key]).await.unwrap();
    let by_key = signed(consent(KeyChange::Rotate, identity, 2, &key), domain, &key, &owner).await;
    payer.submit(&by_key.into()).await.unwrap();

    let rotation = consent(KeyChange::Rotate, identity, 3, &key);
    let owner_signature = wallet::sign(&keeper, &rotation.digest(&domain));
    let possession = possession(&rotation, domain, &key).await;
    submit(&payer, SignedKey { domain, consent: rotation, possession, owner_signature }).await;
    assert_eq!(payer.record(identity).await.unwrap().unwrap().version, 3);
}

#[tokio::test]
async fn what_a_wallet_program_spells_otherwise_is_put_right() {
    let (_chain, payer) = Chain::open(CHAIN).await;
    let (owner, domain) = (PrivateKeySigner::random(), payer.domain());
    let identity = identity_of(&owner);
    let key = LocalKey::generate().unwrap();
    for (version, spelling) in [(1, Spelling::HighS), (2, Spelling::SmallV), (3, Spelling::Compact)] {
        let change = if version == 1 { KeyChange::Register } else { KeyChange::Rotate };
        let consent = consent(change, identity, version, &key);
        let digest = consent.digest(&domain);
        let spelt = spelling.of(&owner.sign_hash_sync(&digest).unwrap());
        let owner_signature = OwnerSignature::from_wallet(&spelt, identity.owner, &digest).unwrap();
        let possession = possession(&consent, domain, &key).await;
        if version == 1 {
            // As it came, the contract refuses it by name.
            let untouched = OwnerSignature::from_bytes(&spelt).unwrap();
            let document = SignedKey { domain, consent, possession, owner_signature: untouched };
            assert_eq!(refusal(payer.submit(&document.into()).await), RegistryRefusal::MalleableSignature);
        }
        submit(&payer, SignedKey { domain, consent, possession, owner_signature }).await;
    }
}

#[derive(Clone, Copy)]
enum Spelling {
    HighS,
    SmallV,
    Compact,
}

impl Spelling {
    fn of(self, signature: &alloy::primitives::Signature) -> Vec<u8> {
        let (r, s, odd) = (signature.r(), signature.s(), signature.v());
        match self {
            Self::HighS => alloy::primitives::Signature::new(r, ORDER - s, !odd).as_bytes().to_vec(),
            Self::SmallV => {
                let mut bytes = signature.as_bytes();
                bytes[64] -= 27;
                bytes.to_vec()
            }
            Self::Compact => signature.as_erc2098().to_vec(),
        }
    }
}

async fn submit(payer: &Registrar, document: SignedKey) {
    payer.submit(&document.into()).await.unwrap();
}

/// A wallet that obeys a key without ether, and its default identity.
async fn wallet_of_its_own(chain: &Chain) -> (PrivateKeySigner, Identity) {
    let keeper = PrivateKeySigner::random();
    let at = wallet::deploy(&chain.provider(), chain.anvil.addresses()[3], &keeper).await;
    (keeper, Identity::of(Address(at.into_array())))
}

/// Somebody else pays for it: the account itself has no ether.
async fn delegate(chain: &Chain, owner: &PrivateKeySigner, code: AccountAddress) {
    let authorization = Authorization { chain_id: U256::from(chain.id), address: code, nonce: 0 };
    let signature = owner.sign_hash_sync(&authorization.signature_hash()).unwrap();
    let provider = ProviderBuilder::new().wallet(chain.wallet(6)).connect_http(chain.anvil.endpoint_url());
    // To anybody: the wallet's code takes no plain call.
    let transaction = TransactionRequest::default()
        .to(AccountAddress::ZERO)
        .with_authorization_list(vec![authorization.into_signed(signature)]);
    let receipt = provider.send_transaction(transaction).await.unwrap().get_receipt().await.unwrap();
    assert!(receipt.status());
}

/// A deadline that no clock reaches.
const FAR: u64 = (1 << 40) - 1;
/// Order of the group (SEC 2, 2.4.1).
const ORDER: U256 =
    alloy::primitives::uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
