//! A key that nobody holds: two of three sign, and the registry and its readers take it as any other.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use alloy::primitives::{Address as AccountAddress, B256, keccak256};
use countersign::custody::LocalKey;
use countersign::protocol::SignatureScheme;
use countersign::protocol::curve::{PublicKey, SecretKey};
use countersign::registry::consent::{
    IdentitySignature, KeyChange, KeyConsent, KeyTerms, OwnerSignature, RevocationCertificate,
    SignedCertificate, SignedDocument, SignedKey, SigningDomain, TypedData,
};
use countersign::registry::interface::IKeyRegistry;
use countersign::registry::write::{RegistryRefusal, WriteError};
use countersign::registry::{ResolveError, RevocationReason, artifact};
use countersign::{Address, Identity, Label};
use countersign_tests::chain::{Chain, refusal};
use countersign_tests::trader::{CHAIN, Market, Party, Terms, meet};
use frost_secp256k1_evm as frost;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use quorum::{Origin, Quorum};

// The quorum that makes the vectors signs here too.
#[path = "../examples/frost_vectors/quorum.rs"]
#[allow(dead_code)]
mod quorum;

#[tokio::test]
async fn a_quorums_key_is_registered_resolved_asked_and_revokes_itself() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let identity = Identity::of(payer.account());
    let mut desk = Desk::new(1);
    let pending = payer.register(identity.label, desk.terms()).await.unwrap();
    let countersign::protocol::KeyRequest::Sign { digest } = pending.request() else { panic!("no digest") };
    pending.submit_proof(desk.sign(B256::from(digest))).await.unwrap();

    let resolved = chain.resolver().resolve(identity).await.unwrap();
    assert_eq!(*resolved.peer_key.public_key(), desk.public_key());
    assert_eq!(resolved.peer_key.record().scheme, SignatureScheme::Schnorr);

    let registry = IKeyRegistry::new(artifact::key_registry_address().0.into(), chain.provider());
    let message = keccak256("countersigned");
    let signature = desk.sign(message).for_contract(&desk.public_key());
    assert_eq!(signature.len(), 129);
    let owner = AccountAddress::new(identity.owner.0);
    let is_valid = async |message| {
        registry.isValidSignatureFor(owner, B256::ZERO, message, signature.clone()).call().await.unwrap()
    };
    assert!(is_valid(message).await);
    assert!(!is_valid(keccak256("something else")).await);

    let certificate = desk.certificate(identity, payer.domain());
    let stranger = chain.registrar(chain.account(5)).await;
    stranger.submit(&certificate).await.unwrap();
    assert!(!is_valid(message).await);
    let outcome = chain.resolver().resolve(identity).await;
    assert!(matches!(outcome, Err(ResolveError::Revoked { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_sponsor_pays_for_a_quorum_and_rotates_it_to_another() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let owner = chain.wallet(2);
    let identity = Identity::of(Address(owner.address().into_array()));
    let everywhere = SigningDomain::EveryChain { registry: artifact::key_registry_address() };
    let [mut first, mut second] = [Desk::new(2), Desk::new(3)];
    let document = |change, version, desk: &mut Desk| -> SignedKey {
        let consent = KeyConsent { change, identity, version, terms: desk.terms(), deadline: (1 << 40) - 1 };
        let possession = desk.sign(consent.claim().digest(&everywhere));
        let owner_signature = OwnerSignature::sign(&owner, &consent, &everywhere).unwrap();
        SignedKey { domain: everywhere, consent, possession, owner_signature }
    };
    let registration = document(KeyChange::Register, 1, &mut first);
    let read =
        SignedDocument::from_json(SignedDocument::from(registration.clone()).to_json().as_bytes()).unwrap();
    assert_eq!(read, registration.clone().into());
    payer.register_many(&[registration]).await.unwrap();
    payer.submit(&document(KeyChange::Rotate, 2, &mut second).into()).await.unwrap();
    let resolved = chain.resolver().resolve(identity).await.unwrap();
    assert_eq!(*resolved.peer_key.public_key(), second.public_key());
    // The certificate of the key before is no good any more.
    let late = first.certificate(identity, everywhere);
    let signer = Address(second.public_key().address());
    assert_eq!(refusal(payer.submit(&late).await), RegistryRefusal::CertificateNotProven { signer });
}

#[tokio::test]
async fn a_proof_in_the_other_scheme_is_not_sent() {
    let (_chain, payer) = Chain::open(CHAIN).await;
    let mut desk = Desk::new(4);
    let as_ecdsa = KeyTerms::new(desk.public_key());
    let pending = payer.register(Label::DEFAULT, as_ecdsa).await.unwrap();
    let countersign::protocol::KeyRequest::Sign { digest } = pending.request() else { panic!("no digest") };
    let outcome = pending.submit_proof(desk.sign(digest.into())).await;
    assert!(matches!(outcome, Err(WriteError::NotThisKeys)), "{outcome:?}");
}

/// The scheme is how a key signs; a handshake needs its ECDH alone. The whole key is dealt to three here, so that it can
/// do both: a quorum's ECDH is its custody's business.
#[tokio::test]
async fn a_key_that_signs_with_schnorr_opens_a_session() {
    let market = Market::open().await;
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let whole = frost::SigningKey::new(&mut rng);
    let secret = SecretKey::from_bytes(&whole.serialize().try_into().unwrap()).unwrap();
    let (shares, group) =
        frost::keys::split(&whole, 3, 2, frost::keys::IdentifierList::Default, &mut rng).unwrap();
    let key = Arc::new(LocalKey::new(secret));
    let terms = KeyTerms {
        scheme: SignatureScheme::Schnorr,
        ..KeyTerms::new(countersign::custody::Custody::public_key(&*key))
    };
    let schnorr: Party = market
        .enrol_with(1, terms, key, |digest| {
            let holders: Vec<_> =
                shares.values().skip(1).map(|share| share.clone().try_into().unwrap()).collect();
            two_sign(&holders, &group, digest, &mut rng)
        })
        .await;
    let other = market.enrol(2, "", Terms::default()).await;
    let (here, there) =
        meet(&other.at(&market).build(), &schnorr.at(&market).build(), &[market.price()]).await;
    assert_eq!(here.state_hash(), there.state_hash());
}

fn two_sign(
    holders: &[frost::keys::KeyPackage],
    group: &frost::keys::PublicKeyPackage,
    digest: B256,
    rng: &mut ChaCha20Rng,
) -> IdentitySignature {
    let mut round = Vec::new();
    for share in holders {
        round.push((share, frost::round1::commit(share.signing_share(), rng)));
    }
    let commitments =
        round.iter().map(|(share, (_, commitment))| (*share.identifier(), *commitment)).collect();
    let package = frost::SigningPackage::new(commitments, digest.as_slice());
    let parts = round
        .iter()
        .map(|(share, (nonces, _))| {
            (*share.identifier(), frost::round2::sign(&package, nonces, share).unwrap())
        })
        .collect();
    let signature = frost::aggregate(&package, &parts, group).unwrap();
    IdentitySignature::from_bytes(SignatureScheme::Schnorr, &signature.serialize().unwrap()).unwrap()
}

/// Three people, any two of whom sign; they made their key together.
struct Desk {
    quorum: Quorum,
    rng: ChaCha20Rng,
}

impl Desk {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        rng.next_u64();
        Self { quorum: Quorum::new(Origin::Ceremony, 2, 3, &mut rng).unwrap(), rng }
    }

    fn public_key(&self) -> PublicKey {
        let key = self.quorum.key();
        PublicKey::from_uncompressed_xy(&key.x.0, &key.y.0).unwrap()
    }

    fn terms(&self) -> KeyTerms {
        KeyTerms { scheme: SignatureScheme::Schnorr, ..KeyTerms::new(self.public_key()) }
    }

    fn sign(&mut self, digest: B256) -> IdentitySignature {
        let signed = self.quorum.sign(digest, &mut self.rng).unwrap();
        let bytes = [&[signed.prefix][..], signed.rx.as_slice(), signed.z.as_slice()].concat();
        IdentitySignature::from_bytes(SignatureScheme::Schnorr, &bytes).unwrap()
    }

    fn certificate(&mut self, identity: Identity, domain: SigningDomain) -> SignedDocument {
        let public_key = self.public_key();
        let certificate =
            RevocationCertificate::new(identity, &public_key, RevocationReason::CeasedOperation);
        let signature = self.sign(certificate.digest(&domain));
        SignedCertificate { domain, certificate, public_key, signature }.into()
    }
}
