//! What is there: the recorded account, and the slot of its storage.

use alloy::primitives::{Address, B256, U256};
use alloy::rpc::types::EIP1186AccountProofResponse;
use countersign_registry::ProofPart;

use crate::{
    answer, bend_nodes, bent_word, every_value, proven_account, proven_header, slot_proof, some_values,
};

#[test]
fn the_account_and_its_slot_verify() {
    let answer = answer();
    let account = proven_account();
    assert_eq!((account.code_hash(), account.storage_root()), (answer.code_hash, answer.storage_hash));
    assert!(account.is_contract());
    let proof = slot_proof();
    assert_eq!(account.slot(proof.key.as_b256(), &proof).unwrap(), B256::from(proof.value));
}

#[test]
fn every_changed_byte_of_every_account_node_fails() {
    // Ten for each, or nine where the byte is one of the two itself.
    assert!(bend_account_nodes(some_values) > 9 * answer().account_proof.concat().len());
}

#[test]
#[ignore = "takes a minute: scripts/mainnet-mutations"]
fn every_value_of_every_byte_of_every_account_node_fails() {
    assert_eq!(bend_account_nodes(every_value), 255 * answer().account_proof.concat().len());
}

/// Bends each byte of the account's nodes to these values, none of which may prove it. How many there were.
fn bend_account_nodes(values: fn(u8) -> Vec<u8>) -> usize {
    let (header, mut answer) = (proven_header(), answer());
    let nodes = answer.account_proof.clone();
    bend_nodes(&nodes, values, |bent| {
        answer.account_proof.clone_from_slice(bent);
        assert!(matches!(header.account(answer.address, &answer), Err(ProofPart::AccountNodes { .. })));
    })
}

#[test]
fn every_changed_byte_of_every_account_field_fails() {
    let (header, answer) = (proven_header(), answer());
    let fails = |bent: EIP1186AccountProofResponse| {
        assert!(matches!(header.account(bent.address, &bent), Err(ProofPart::AccountNodes { .. })));
    };
    for balance in bent_word(answer.balance.into()) {
        fails(EIP1186AccountProofResponse { balance: balance.into(), ..answer.clone() });
    }
    for code_hash in bent_word(answer.code_hash) {
        fails(EIP1186AccountProofResponse { code_hash, ..answer.clone() });
    }
    for storage_hash in bent_word(answer.storage_hash) {
        fails(EIP1186AccountProofResponse { storage_hash, ..answer.clone() });
    }
    for nonce in crate::bent(&answer.nonce.to_be_bytes()) {
        let nonce = u64::from_be_bytes(nonce.try_into().unwrap());
        fails(EIP1186AccountProofResponse { nonce, ..answer.clone() });
    }
    // As an absent account has it.
    fails(EIP1186AccountProofResponse { balance: U256::ZERO, nonce: 0, ..answer.clone() });
}

#[test]
fn an_account_proof_must_be_for_the_account_asked_for() {
    let (header, answer) = (proven_header(), answer());
    for asked in crate::bent(answer.address.as_slice()) {
        let asked = Address::from_slice(&asked);
        assert!(matches!(header.account(asked, &answer), Err(ProofPart::OtherAccount { .. })));
        // The same nodes under the name that was asked for.
        let renamed = EIP1186AccountProofResponse { address: asked, ..answer.clone() };
        assert!(matches!(header.account(asked, &renamed), Err(ProofPart::AccountNodes { .. })));
    }
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
fn every_changed_byte_of_every_storage_node_fails() {
    let (account, mut proof) = (proven_account(), slot_proof());
    let (slot, nodes) = (proof.key.as_b256(), proof.proof.clone());
    for value in [proof.value, U256::ZERO] {
        proof.value = value;
        let changes = bend_nodes(&nodes, every_value, |bent| {
            proof.proof.clone_from_slice(bent);
            assert_eq!(account.slot(slot, &proof), Err(ProofPart::StorageNodes { slot }));
        });
        assert_eq!(changes, 255 * nodes.concat().len());
    }
}

#[test]
fn every_changed_byte_of_the_value_fails() {
    let (account, mut proof) = (proven_account(), slot_proof());
    let slot = proof.key.as_b256();
    for value in bent_word(proof.value.into()) {
        proof.value = value.into();
        assert_eq!(account.slot(slot, &proof), Err(ProofPart::StorageNodes { slot }));
    }
}

#[test]
fn a_storage_proof_must_be_for_the_slot_asked_for() {
    let (account, answer) = (proven_account(), answer());
    let proof = slot_proof();
    for asked in bent_word(proof.key.as_b256()) {
        assert_eq!(account.slot(asked, &proof), Err(ProofPart::OtherSlot { asked }));
        assert_eq!(
            account.slots(&[proof.key.as_b256(), asked], &answer.storage_proof),
            Err(ProofPart::OtherSlot { asked })
        );
        let mut renamed = proof.clone();
        renamed.key = asked.into();
        assert_eq!(account.slot(asked, &renamed), Err(ProofPart::StorageNodes { slot: asked }));
    }
}

#[test]
fn a_zero_without_its_nodes_is_no_absence() {
    let account = proven_account();
    let proof = slot_proof();
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
