//! Proofs of records that travel: made from a real chain, checked without one.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use alloy::network::Ethereum;
use alloy::primitives::B256;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::anvil::ReorgOptions;
use alloy::rpc::types::{Block, EIP1186AccountProofResponse};
use countersign::custody::Custody;
use countersign::registry::{
    HeadTrust, ProofPart, RecordProof, RecordProofError, ResolveError, Resolver, RevocationReason, Standing,
    VerifiedRecord, artifact,
};
use countersign::{Address, Identity};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{CHAIN, Market, Party, Terms, prompt, resolver_at};
use serde_json::{Value, json};

const COMPACT: Terms = Terms { is_compact: true, suite_floor: 0, valid_until: None };

struct Scene {
    market: Market,
    alice: Party,
    resolver: Resolver,
}

impl Scene {
    async fn set(terms: Terms) -> Self {
        let market = Market::open().await;
        let alice = market.enrol(1, "desk", terms).await;
        let resolver = market.resolver();
        Self { market, alice, resolver }
    }

    /// Proven at the newest block, written, and read again; with the block's hash.
    async fn proof_of(&self, identity: Identity) -> (RecordProof, B256) {
        let proof = self.resolver.prove_record(identity, None, None).await.unwrap();
        let head = self.resolver.head().await.unwrap().anchor.block_hash.into();
        (RecordProof::from_json(proof.to_json().unwrap().as_bytes()).unwrap(), head)
    }

    async fn verified(&self, identity: Identity) -> VerifiedRecord {
        let (proof, head) = self.proof_of(identity).await;
        verify(&proof, head).unwrap()
    }
}

fn verify(proof: &RecordProof, trusted: B256) -> Result<VerifiedRecord, RecordProofError> {
    proof.verify(artifact::key_registry_address(), trusted)
}

#[tokio::test]
async fn every_standing_is_proven_to_who_trusts_the_block() {
    let scene = Scene::set(Terms::default()).await;
    let verified = scene.verified(scene.alice.identity).await;
    assert!(matches!(verified.standing(), Standing::Active(record) if record.version == 1));
    assert_eq!(verified.public_key, Some(scene.alice.key.public_key()));
    assert_eq!((verified.identity, verified.claimed_chain_id), (scene.alice.identity, CHAIN));
    assert!(verified.bundle_hash.is_zero());

    let until = u32::try_from(verified.timestamp).unwrap() + 60;
    let soon = scene.market.enrol(2, "", Terms { valid_until: Some(until), ..COMPACT }).await;
    let verified = scene.verified(soon.identity).await;
    assert_eq!(verified.public_key, Some(soon.key.public_key()), "a compact record's key comes along");
    scene.market.pass(std::time::Duration::from_secs(120)).await;
    assert_eq!(scene.verified(soon.identity).await.standing(), Standing::Expired { at: until.into() });

    scene.alice.revoke().await;
    let standing = scene.verified(scene.alice.identity).await.standing();
    assert!(matches!(standing, Standing::Revoked { reason: RevocationReason::KeyCompromised, .. }));
    let stranger = Identity::of(Address([7; 20]));
    assert_eq!(scene.verified(stranger).await.standing(), Standing::Absent);
}

#[tokio::test]
async fn a_later_block_vouches_for_an_earlier_one() {
    let scene = Scene::set(Terms::default()).await;
    let at = scene.market.height().await;
    scene.alice.revoke().await;
    scene.market.mine(3).await;
    let proof = scene.resolver.prove_record(scene.alice.identity, Some(at), Some(at + 3)).await.unwrap();
    for height in at..=at + 3 {
        let hash = scene.resolver.block_at(height).await.unwrap().block_hash.into();
        let verified = verify(&proof, hash).unwrap();
        assert_eq!(verified.block.number, at);
        assert!(matches!(verified.standing(), Standing::Active(_)), "it was revoked one block later");
    }
    let head: B256 = scene.resolver.head().await.unwrap().anchor.block_hash.into();
    let outcome = verify(&proof, head);
    let Err(RecordProofError::NotTrusted { trusted, oldest, newest }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((trusted, oldest.number, newest.number), (head, at, at + 3));

    let outcome = scene.resolver.prove_record(scene.alice.identity, Some(at), Some(at - 1)).await;
    assert!(matches!(outcome, Err(RecordProofError::NoSpan { .. })), "{outcome:?}");
    scene.market.mine(300).await;
    let outcome = scene.resolver.prove_record(scene.alice.identity, Some(at), Some(at + 256)).await;
    assert!(matches!(outcome, Err(RecordProofError::TooFar { .. })), "{outcome:?}");
    let widest = scene.resolver.prove_record(scene.alice.identity, Some(at), Some(at + 255)).await.unwrap();
    let text = widest.to_json().unwrap();
    assert!(text.len() < 1 << 19, "{} bytes", text.len());
    assert_eq!(RecordProof::read(text.as_bytes()).unwrap(), widest);
}

/// Every byte of the document, changed: it proves nothing any more, or the very same.
#[tokio::test]
async fn no_changed_byte_changes_what_is_proven() {
    for terms in [Terms::default(), COMPACT] {
        let scene = Scene::set(terms).await;
        let at = scene.market.height().await;
        scene.market.mine(1).await;
        let proof = scene.resolver.prove_record(scene.alice.identity, Some(at), Some(at + 1)).await.unwrap();
        let trusted = proof.newest().unwrap().hash;
        let proven = verify(&proof, trusted).unwrap();
        let text = proof.to_json().unwrap().into_bytes();
        let mut refused = 0;
        for position in 0..text.len() {
            let mut changed = text.clone();
            changed[position] = match changed[position] {
                digit @ (b'0'..=b'8' | b'a'..=b'e') => digit + 1,
                b'9' | b'f' => b'0',
                other => other ^ 1,
            };
            match RecordProof::from_json(&changed).and_then(|proof| verify(&proof, trusted)) {
                Err(_) => refused += 1,
                // Of which chain a block is, no header says: that is compared where the block is asked for.
                Ok(found) => {
                    let place = String::from_utf8_lossy(&text[position.saturating_sub(30)..position + 1]);
                    assert_ne!(found.claimed_chain_id, CHAIN, "at {position}: {place}");
                    assert_eq!(VerifiedRecord { claimed_chain_id: CHAIN, ..found }, proven, "at {position}");
                }
            }
        }
        assert_eq!(refused, text.len() - CHAIN.to_string().len(), "all but the digits of the chain's id");
    }
}

#[tokio::test]
async fn parts_of_two_proofs_make_no_third() {
    let scene = Scene::set(Terms::default()).await;
    let before = scene.proof_of(scene.alice.identity).await;
    scene.alice.revoke().await;
    let after = scene.proof_of(scene.alice.identity).await;
    let document =
        |proof: &RecordProof| -> Value { serde_json::from_str(&proof.to_json().unwrap()).unwrap() };
    let mut mixed = document(&after.0);
    mixed["proof"] = document(&before.0)["proof"].clone();
    let mixed = RecordProof::from_json(mixed.to_string().as_bytes()).unwrap();
    assert!(matches!(verify(&mixed, after.1), Err(RecordProofError::Invalid(_))));
    let mut mixed = document(&before.0);
    let newer = document(&after.0)["headers"][0].clone();
    mixed["headers"].as_array_mut().unwrap().insert(0, newer);
    let mixed = RecordProof::from_json(mixed.to_string().as_bytes()).unwrap();
    let outcome = verify(&mixed, after.1);
    assert!(matches!(outcome, Err(RecordProofError::HeaderUnlinked { position: 1 })), "{outcome:?}");
    // Another registry is another account, whoever claims what.
    let outcome = before.0.verify(Address([1; 20]), before.1);
    let Err(RecordProofError::Invalid(ProofPart::OtherAccount { .. })) = outcome else {
        panic!("{outcome:?}")
    };
}

#[tokio::test]
async fn what_is_no_record_proof_is_told_so() {
    let scene = Scene::set(Terms::default()).await;
    let (proof, _) = scene.proof_of(scene.alice.identity).await;
    let document: Value = serde_json::from_str(&proof.to_json().unwrap()).unwrap();
    let with = |key: &str, value: Value| {
        let mut changed = document.clone();
        changed[key] = value;
        RecordProof::from_json(changed.to_string().as_bytes())
    };
    for text in ["", "{}", "[]", "null", "{\"document\": \"countersign.revocation.v1\", \"version\": 1}"] {
        let outcome = RecordProof::from_json(text.as_bytes());
        assert!(matches!(outcome, Err(RecordProofError::Malformed { .. })), "{text}: {outcome:?}");
    }
    assert!(matches!(
        with("version", json!(2)),
        Err(RecordProofError::UnknownVersion { found: 2, known: 1 })
    ));
    assert!(matches!(with("surprise", json!(2)), Err(RecordProofError::Malformed { .. })));
    assert!(matches!(with("public_key", json!("0x02")), Err(RecordProofError::Malformed { .. })));
    for headers in [json!([]), json!(vec!["0xc0"; 257])] {
        let outcome = with("headers", headers).unwrap().newest();
        assert!(matches!(outcome, Err(RecordProofError::HeaderCount { .. })), "{outcome:?}");
    }
    let outcome = with("headers", json!(["0xc0"])).unwrap().newest();
    assert!(matches!(outcome, Err(RecordProofError::HeaderMalformed { position: 0 })), "{outcome:?}");
    let endless = std::io::repeat(b' ');
    assert!(matches!(RecordProof::read(endless), Err(RecordProofError::TooLong { .. })));
    let mut text = document.to_string().into_bytes();
    text.resize(4 << 20, b' ');
    assert_eq!(RecordProof::from_json(&text).unwrap(), proof);
    text.push(b' ');
    let outcome = RecordProof::from_json(&text);
    assert!(matches!(outcome, Err(RecordProofError::TooLong { limit }) if limit == 4 << 20), "{outcome:?}");
}

#[tokio::test]
async fn ones_own_endpoints_say_whether_the_block_is_the_chains() {
    let scene = Scene::set(Terms::default()).await;
    scene.market.mine(2).await;
    let (proof, _) = scene.proof_of(scene.alice.identity).await;
    scene.market.mine(5).await;
    let verified = scene.resolver.verify_record_proof(&proof).await.unwrap();
    assert!(matches!(verified.standing(), Standing::Active(_)));

    let elsewhere = Resolver::new(
        5,
        artifact::key_registry_address(),
        HeadTrust::OwnNode(scene.market.endpoint()),
        prompt(),
    );
    let outcome = elsewhere.unwrap().verify_record_proof(&proof).await;
    assert!(
        matches!(outcome, Err(RecordProofError::OtherChain { expected: 5, claimed: CHAIN })),
        "{outcome:?}"
    );

    let options = ReorgOptions { depth: 6, tx_block_pairs: Vec::new() };
    AnvilApi::<Ethereum>::anvil_reorg(scene.market.provider(), options).await.unwrap();
    let outcome = scene.market.resolver().verify_record_proof(&proof).await;
    let Err(RecordProofError::Chain(ResolveError::AnchorNotCanonical { .. })) = outcome else {
        panic!("{outcome:?}")
    };
}

#[tokio::test]
async fn a_lying_node_makes_no_proof_and_is_named() {
    let scene = Scene::set(Terms::default()).await;
    let upstream = || scene.market.endpoint().to_string().parse().unwrap();
    let (liar, honest) = (Proxy::before(upstream()).await, Proxy::before(upstream()).await);
    let alone = resolver_at(liar.endpoint(), prompt());
    liar.bend("eth_getProof", |proof| proof["storageProof"][0]["value"] = json!("0x1"));
    let outcome = alone.prove_record(scene.alice.identity, None, None).await;
    let Err(RecordProofError::Chain(ResolveError::ProofInvalid { endpoint, .. })) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(endpoint, liar.endpoint());
    liar.bend("eth_getBlockByNumber", |block| block["extraData"] = json!("0x01"));
    let outcome = alone.prove_record(scene.alice.identity, None, None).await;
    assert!(
        matches!(outcome, Err(RecordProofError::Chain(ResolveError::ProofInvalid { .. }))),
        "{outcome:?}"
    );

    liar.tell(Lie::Answer(Box::new(|call, answer| {
        if call.method == "eth_getProof" {
            answer["result"]["storageProof"] = json!([]);
        }
    })));
    let endpoints = vec![liar.endpoint(), honest.endpoint()];
    let trust = HeadTrust::Quorum { endpoints, threshold: 2.try_into().unwrap() };
    let both = Resolver::new(CHAIN, artifact::key_registry_address(), trust, prompt()).unwrap();
    both.prove_record(scene.alice.identity, None, None).await.unwrap();
}

/// Header and account of Ethereum's main chain go the same way. There is no registry at that account, and that is what is
/// found: after the header's hash and the account's proof were found to hold.
#[test]
fn main_chain_material_goes_the_same_way() {
    let block: Block = serde_json::from_str(include_str!("../vectors/public/mainnet/block.json")).unwrap();
    let proof: EIP1186AccountProofResponse =
        serde_json::from_str(include_str!("../vectors/public/mainnet/proof.json")).unwrap();
    let header = alloy::primitives::Bytes::from(alloy::rlp::encode(&block.header.inner));
    let document = |header: &alloy::primitives::Bytes, proof: &EIP1186AccountProofResponse| {
        let text = json!({
            "document": "countersign.record-proof", "version": 1, "chain_id": 1,
            "owner": Address([1; 20]).to_string(), "label": B256::ZERO, "headers": [header], "proof": proof,
        });
        RecordProof::from_json(text.to_string().as_bytes()).unwrap()
    };
    let at = Address(proof.address.into_array());
    let trusted = block.header.hash;
    let outcome = document(&header, &proof).verify(at, trusted);
    let Err(RecordProofError::NoRegistry { found: Some(found), .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(found, proof.code_hash);

    for position in 0..header.len() {
        let mut changed = header.to_vec();
        changed[position] ^= 0x11;
        let outcome = document(&changed.into(), &proof).verify(at, trusted);
        let is_refused = matches!(
            outcome,
            Err(RecordProofError::HeaderMalformed { position: 0 } | RecordProofError::NotTrusted { .. })
        );
        assert!(is_refused, "{outcome:?}");
    }
    for (number, node) in proof.account_proof.iter().enumerate() {
        for position in 0..node.len() {
            let mut changed = proof.clone();
            let mut bytes = node.to_vec();
            bytes[position] ^= 0x11;
            changed.account_proof[number] = bytes.into();
            let outcome = document(&header, &changed).verify(at, trusted);
            assert!(matches!(outcome, Err(RecordProofError::Invalid(_))), "{outcome:?}");
        }
    }
}
