//! What is not there: the recorded nodes lead to some places where nothing is, or something else.
//!
//! No node was asked for these. The recorded proofs end at a leaf, and the branches on their way have empty children; so
//! whatever hashes to a path through one of those is proven absent by the nodes above it, and so is what shares all of a
//! leaf's way but the leaf's own rest.

use alloy::primitives::{Address, B256, U256, address, keccak256};
use alloy::rpc::types::{EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use countersign_registry::ProofPart;

use crate::{
    answer, bend_nodes, bent_word, every_value, proven_account, proven_header, slot_proof, some_values,
};

/// An account that nobody has. The seventh branch above the recorded account is reached by hashes that begin `6fae96`,
/// and has no child at `e`: counting addresses up from zero, this is the first whose hash begins `6fae96` and goes on to
/// an empty child.
const NOBODY: Address = address!("0x000000000000000000000000000000000003a65f");

/// Slots that hash to an empty child of the storage's root, to one of the branch below it, and to the same leaf as slot 1
/// does; each with the number of nodes that prove it.
const EMPTY_SLOTS: [(u64, usize, &str); 3] = [(21, 1, "5"), (338, 2, "b0"), (24, 3, "b1")];

/// What a node would answer about [`NOBODY`]: the branches above its place.
fn nobody() -> EIP1186AccountProofResponse {
    let recorded = answer();
    EIP1186AccountProofResponse {
        address: NOBODY,
        account_proof: recorded.account_proof[..7].to_vec(),
        balance: U256::ZERO,
        nonce: 0,
        code_hash: KECCAK_EMPTY,
        storage_hash: EMPTY_ROOT_HASH,
        storage_proof: Vec::new(),
    }
}

fn empty_slots() -> impl Iterator<Item = (B256, EIP1186StorageProof)> {
    EMPTY_SLOTS.into_iter().map(|(slot, length, _)| {
        let slot = B256::from(U256::from(slot));
        let proof = slot_proof().proof[..length].to_vec();
        (slot, EIP1186StorageProof { key: slot.into(), value: U256::ZERO, proof })
    })
}

#[test]
fn they_hash_to_the_places_that_are_named() {
    assert!(keccak256(NOBODY).to_string().starts_with("0x6fae96e"));
    for (slot, _, way) in EMPTY_SLOTS {
        let hash = keccak256(B256::from(U256::from(slot))).to_string();
        assert!(hash.starts_with(&format!("0x{way}")), "slot {slot}: {hash}");
    }
}

#[test]
fn an_absent_account_is_proven_absent_however_its_hashes_are_spelt() {
    let (header, answer) = (proven_header(), nobody());
    assert_eq!(header.account(NOBODY, &answer), Ok(None));
    for (code_hash, storage_hash) in [(B256::ZERO, B256::ZERO), (B256::ZERO, EMPTY_ROOT_HASH)] {
        let spelt = EIP1186AccountProofResponse { code_hash, storage_hash, ..answer.clone() };
        assert_eq!(header.account(NOBODY, &spelt), Ok(None));
    }
}

#[test]
fn every_changed_byte_of_every_node_fails_to_prove_the_account_absent() {
    // Ten for each, or nine where the byte is one of the two itself.
    assert!(bend_account_nodes(some_values) > 9 * nobody().account_proof.concat().len());
}

#[test]
#[ignore = "takes a minute: scripts/mainnet-mutations"]
fn every_value_of_every_byte_of_every_node_fails_to_prove_the_account_absent() {
    assert_eq!(bend_account_nodes(every_value), 255 * nobody().account_proof.concat().len());
}

/// Bends each byte of the nodes to these values, none of which may prove the absence. How many there were.
fn bend_account_nodes(values: fn(u8) -> Vec<u8>) -> usize {
    let (header, mut answer) = (proven_header(), nobody());
    let nodes = answer.account_proof.clone();
    let fails = Err(ProofPart::AccountNodes { account: NOBODY });
    bend_nodes(&nodes, values, |bent| {
        answer.account_proof.clone_from_slice(bent);
        assert_eq!(header.account(NOBODY, &answer), fails);
    })
}

#[test]
fn an_account_that_has_anything_is_not_absent() {
    let (header, answer) = (proven_header(), nobody());
    let fails = Err(ProofPart::AccountNodes { account: NOBODY });
    for balance in bent_word(B256::ZERO) {
        let rich = EIP1186AccountProofResponse { balance: balance.into(), ..answer.clone() };
        assert_eq!(header.account(NOBODY, &rich), fails);
    }
    for nonce in crate::bent(&[0; 8]) {
        let nonce = u64::from_be_bytes(nonce.try_into().unwrap());
        assert_eq!(header.account(NOBODY, &EIP1186AccountProofResponse { nonce, ..answer.clone() }), fails);
    }
}

#[test]
fn too_few_or_too_many_nodes_prove_no_account_absent() {
    let (header, answer) = (proven_header(), nobody());
    for length in 0..answer.account_proof.len() {
        let mut cut = answer.clone();
        cut.account_proof.truncate(length);
        assert!(header.account(NOBODY, &cut).is_err(), "{length} nodes");
    }
    let mut beyond = answer.clone();
    beyond.account_proof.push(crate::answer().account_proof[7].clone());
    assert_eq!(header.account(NOBODY, &beyond), Err(ProofPart::AccountNodes { account: NOBODY }));
    // And the recorded account is none that those branches prove absent.
    let there = crate::answer().address;
    let renamed = EIP1186AccountProofResponse { address: there, ..answer };
    assert_eq!(header.account(there, &renamed), Err(ProofPart::AccountNodes { account: there }));
}

#[test]
fn absent_slots_are_zero() {
    let account = proven_account();
    for (slot, proof) in empty_slots() {
        assert_eq!(account.slot(slot, &proof), Ok(B256::ZERO), "{slot}");
    }
}

#[test]
fn every_changed_byte_of_every_node_fails_to_prove_a_slot_absent() {
    let account = proven_account();
    for (slot, mut proof) in empty_slots() {
        let nodes = proof.proof.clone();
        let changes = bend_nodes(&nodes, every_value, |bent| {
            proof.proof.clone_from_slice(bent);
            assert_eq!(account.slot(slot, &proof), Err(ProofPart::StorageNodes { slot }));
        });
        assert_eq!(changes, 255 * nodes.concat().len());
    }
}

#[test]
fn an_absent_slot_has_no_other_value() {
    let account = proven_account();
    for (slot, mut proof) in empty_slots() {
        for value in bent_word(B256::ZERO).chain([slot_proof().value.into()]) {
            proof.value = value.into();
            assert_eq!(account.slot(slot, &proof), Err(ProofPart::StorageNodes { slot }));
        }
    }
}

#[test]
fn too_few_or_too_many_nodes_prove_no_slot_absent() {
    let account = proven_account();
    for (slot, proof) in empty_slots() {
        for length in (0..=3).filter(|length| *length != proof.proof.len()) {
            let nodes = slot_proof().proof[..length].to_vec();
            let other = EIP1186StorageProof { proof: nodes, ..proof.clone() };
            let expected = match length {
                0 => ProofPart::StorageProofMissing { slot },
                _ => ProofPart::StorageNodes { slot },
            };
            assert_eq!(account.slot(slot, &other), Err(expected), "{length} nodes");
        }
    }
}
