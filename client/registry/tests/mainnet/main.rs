//! Header, account and storage proof of a mainnet block, and every way of bending them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod absence;
mod header;
mod presence;

use alloy::primitives::{B256, Bytes};
use alloy::rpc::types::{EIP1186AccountProofResponse, EIP1186StorageProof, Header};
use countersign_registry::proof::{ProvenAccount, ProvenHeader};

const BLOCK: &str = include_str!("../../../../tests/vectors/public/mainnet/block.json");
const PROOF: &str = include_str!("../../../../tests/vectors/public/mainnet/proof.json");

fn header() -> Header {
    serde_json::from_str(BLOCK).unwrap()
}

fn answer() -> EIP1186AccountProofResponse {
    serde_json::from_str(PROOF).unwrap()
}

/// The recorded proof of slot 1.
fn slot_proof() -> EIP1186StorageProof {
    answer().storage_proof.remove(0)
}

fn proven_header() -> ProvenHeader {
    let header = header();
    ProvenHeader::recompute(&header.inner, header.hash).unwrap()
}

fn proven_account() -> ProvenAccount {
    let answer = answer();
    proven_header().account(answer.address, &answer).unwrap().unwrap()
}

/// Each copy of the bytes that differs in one of them, whichever, to whatever other value: 255 for each byte.
fn bent(original: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    bent_to(original, every_value)
}

/// Each copy of the bytes that differs in one of them, whichever, to one of these values of it.
fn bent_to(original: &[u8], values: fn(u8) -> Vec<u8>) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..original.len()).flat_map(move |position| {
        let byte = original[position];
        values(byte).into_iter().filter(move |value| *value != byte).map(move |value| {
            let mut bytes = original.to_vec();
            bytes[position] = value;
            bytes
        })
    })
}

/// Each bit flipped, none set, and all. What 3,600 bytes of account nodes are bent to in CI: 255 values of each take a
/// minute.
fn some_values(byte: u8) -> Vec<u8> {
    (0..8).map(|bit| byte ^ (1 << bit)).chain([0, u8::MAX]).collect()
}

fn every_value(_: u8) -> Vec<u8> {
    (0..=u8::MAX).collect()
}

/// As [`bent`], of a word.
fn bent_word(original: B256) -> impl Iterator<Item = B256> {
    let bent: Vec<_> = bent(&original.0).map(|bytes| B256::from_slice(&bytes)).collect();
    bent.into_iter()
}

/// Calls `refuse` with each copy of the nodes in which one byte of one of them is one of these instead. How many there
/// were.
fn bend_nodes(nodes: &[Bytes], values: fn(u8) -> Vec<u8>, mut refuse: impl FnMut(&[Bytes])) -> usize {
    let mut copy = nodes.to_vec();
    let mut count = 0;
    for (position, node) in nodes.iter().enumerate() {
        for bytes in bent_to(node, values) {
            copy[position] = bytes.into();
            refuse(&copy);
            count += 1;
        }
        copy[position] = node.clone();
    }
    count
}
