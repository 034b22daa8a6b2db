//! Header, account and storage proof of a mainnet block, and every way of bending them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::rpc::types::{EIP1186AccountProofResponse, Header};
use countersign_registry::ProofPart;
use countersign_registry::proof::{ProvenAccount, ProvenHeader};

const BLOCK: &str = include_str!("../../../tests/vectors/public/mainnet/block.json");
const PROOF: &str = include_str!("../../../tests/vectors/public/mainnet/proof.json");

fn header() -> Header {
    serde_json::from_str(BLOCK).unwrap()
}

fn answer() -> EIP1186AccountProofResponse {
    serde_json::from_str(PROOF).unwrap()
}

fn proven_header() -> ProvenHeader {
    let header = header();
    ProvenHeader::recompute(&header.inner, header.hash).unwrap()
}

fn proven_account() -> ProvenAccount {
    let answer = answer();
    proven_header().account(answer.address, &answer).unwrap().unwrap()
}

/// Each copy of the nodes with one byte of one node changed.
fn bent(nodes: &[Bytes]) -> impl Iterator<Item = Vec<Bytes>> + '_ {
    nodes.iter().enumerate().flat_map(move |(node, bytes)| {
        (0..bytes.len()).map(move |position| {
            let mut copy = nodes.to_vec();
            let mut changed = copy[node].to_vec();
            changed[position] ^= 1 << (position % 8);
            copy[node] = changed.into();
            copy
        })
    })
}

#[test]
fn the_block_verifies() {
    let answer = answer();
    let account = proven_account();
    assert_eq!(account.code_hash(), answer.code_hash);
    assert!(account.is_contract());
    let proof = &answer.storage_proof[0];
    assert_eq!(account.slot(proof.key.as_b256(), proof).unwrap(), B256::from(proof.value));
}

#[test]
fn a_changed_header_field_changes_the_hash() {
    let Header { hash, inner, .. } = header();
    let changes: [fn(&mut alloy::consensus::Header); 7] = [
        |header| header.state_root.0[0] ^= 1,
        |header| header.parent_hash.0[31] ^= 1,
        |header| header.number += 1,
        |header| header.timestamp -= 1,
        |header| header.gas_used ^= 1,
        |header| header.extra_data = Bytes::new(),
        |header| header.parent_beacon_block_root = None,
    ];
    for change in changes {
        let mut bent = inner.clone();
        change(&mut bent);
        assert!(matches!(ProvenHeader::recompute(&bent, hash), Err(ProofPart::HeaderHash { .. })));
    }
}

#[test]
fn a_changed_byte_of_any_account_node_fails() {
    let (header, answer) = (proven_header(), answer());
    for nodes in bent(&answer.account_proof) {
        let bent = EIP1186AccountProofResponse { account_proof: nodes, ..answer.clone() };
        assert!(matches!(header.account(answer.address, &bent), Err(ProofPart::AccountNodes { .. })));
    }
}

#[test]
fn a_changed_account_field_fails() {
    let (header, answer) = (proven_header(), answer());
    let changes: [fn(&mut EIP1186AccountProofResponse); 5] = [
        |answer| answer.balance += U256::ONE,
        |answer| answer.nonce += 1,
        |answer| answer.code_hash.0[7] ^= 1,
        |answer| answer.storage_hash.0[7] ^= 1,
        |answer| {
            answer.balance = U256::ZERO;
            answer.nonce = 0;
        },
    ];
    for change in changes {
        let mut bent = answer.clone();
        change(&mut bent);
        assert!(matches!(header.account(answer.address, &bent), Err(ProofPart::AccountNodes { .. })));
    }
}

#[test]
fn an_account_proof_must_be_for_the_account_asked_for() {
    let (header, answer) = (proven_header(), answer());
    let asked = Address::repeat_byte(7);
    assert!(matches!(header.account(asked, &answer), Err(ProofPart::OtherAccount { .. })));
    // The same nodes under the name that was asked for.
    let renamed = EIP1186AccountProofResponse { address: asked, ..answer };
    assert!(matches!(header.account(asked, &renamed), Err(ProofPart::AccountNodes { .. })));
}

#[test]
fn missing_or_cut_account_nodes_prove_nothing() {
    let (header, answer) = (proven_header(), answer());
    for length in 0..answer.account_proof.len() {
        let mut cut = answer.clone();
        cut.account_proof.truncate(length);
        assert!(header.account(answer.address, &cut).is_err());
        (cut.nonce, cut.balance) = (0, U256::ZERO);
        assert!(header.account(answer.address, &cut).is_err(), "absence from {length} nodes");
    }
}

#[test]
fn a_changed_byte_of_any_storage_node_fails() {
    let (account, answer) = (proven_account(), answer());
    let proof = &answer.storage_proof[0];
    for nodes in bent(&proof.proof) {
        for value in [proof.value, U256::ZERO] {
            let mut bent = proof.clone();
            (bent.proof, bent.value) = (nodes.clone(), value);
            assert!(matches!(account.slot(proof.key.as_b256(), &bent), Err(ProofPart::StorageNodes { .. })));
        }
    }
}

#[test]
fn a_storage_proof_must_be_for_the_slot_asked_for() {
    let (account, answer) = (proven_account(), answer());
    let proof = &answer.storage_proof[0];
    let asked = B256::with_last_byte(9);
    assert_eq!(account.slot(asked, proof), Err(ProofPart::OtherSlot { asked }));
    assert_eq!(
        account.slots(&[proof.key.as_b256(), asked], &answer.storage_proof),
        Err(ProofPart::OtherSlot { asked })
    );
    let mut renamed = proof.clone();
    renamed.key = asked.into();
    assert_eq!(account.slot(asked, &renamed), Err(ProofPart::StorageNodes { slot: asked }));
}

#[test]
fn a_zero_without_its_nodes_is_no_absence() {
    let (account, answer) = (proven_account(), answer());
    let proof = &answer.storage_proof[0];
    let slot = proof.key.as_b256();
    for length in 0..=proof.proof.len() {
        let mut cut = proof.clone();
        cut.proof.truncate(length);
        cut.value = U256::ZERO;
        let expected = match length {
            0 => ProofPart::StorageProofMissing { slot },
            _ => ProofPart::StorageNodes { slot },
        };
        assert_eq!(account.slot(slot, &cut), Err(expected));
    }
}
