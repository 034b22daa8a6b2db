//! All receipts of a mainnet block against the root in its header, and every way of bending them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use alloy::consensus::ReceiptEnvelope;
use alloy::consensus::proofs::ordered_trie_root_with_encoder;
use alloy::eips::eip2718::Decodable2718;
use alloy::primitives::{B256, Bloom, keccak256};
use alloy::rpc::types::{Header, TransactionReceipt};
use alloy_trie::proof::{ProofRetainer, verify_proof};
use alloy_trie::root::adjust_index_for_rlp;
use alloy_trie::{HashBuilder, Nibbles};
use countersign_registry::logs::{
    BlockReceipts, ConsensusReceipt, LinkedHeader, LogFilter, RpcReceipt, VerifiedLog,
};
use countersign_registry::{ProofPart, ReceiptFlaw};
use serde_json::{Value, json};

const BLOCK: &str = include_str!("../../../tests/vectors/public/mainnet/block.json");
const RECEIPTS: &str = include_str!("../../../tests/vectors/public/mainnet/receipts.json");

fn header() -> LinkedHeader {
    let header: Header = serde_json::from_str(BLOCK).unwrap();
    LinkedHeader::recompute(&header.inner, header.hash).unwrap()
}

fn answer() -> Vec<Value> {
    serde_json::from_str(RECEIPTS).unwrap()
}

fn parsed(answer: &[Value]) -> Vec<RpcReceipt> {
    answer.iter().map(|receipt| serde_json::from_value(receipt.clone()).unwrap()).collect()
}

fn proven() -> BlockReceipts {
    header().receipts(parsed(&answer())).unwrap()
}

fn encoded(receipt: &ConsensusReceipt) -> Vec<u8> {
    let mut bytes = Vec::new();
    receipt.encode(&mut bytes);
    bytes
}

fn is_refused(receipts: Vec<RpcReceipt>) -> bool {
    matches!(header().receipts(receipts), Err(ProofPart::ReceiptsRoot { .. }))
}

#[test]
fn the_receipts_hash_to_the_headers_root_and_give_every_log_its_place() {
    let told: Vec<TransactionReceipt> = serde_json::from_str(RECEIPTS).unwrap();
    let told: Vec<_> = told.iter().flat_map(|receipt| receipt.logs()).collect();
    let header = header();
    let logs: Vec<VerifiedLog> = proven().into_logs(&LogFilter::any()).collect();
    assert_eq!((logs.len(), proven().receipts().len()), (463, 202));
    for (log, told) in logs.iter().zip(&told) {
        assert_eq!(log.log, told.inner);
        assert_eq!(log.block, header.block());
        assert_eq!(log.timestamp, header.proven().timestamp());
        assert_eq!(Some(log.transaction_index), told.transaction_index);
        assert_eq!(Some(log.log_index), told.log_index);
        assert_eq!(Some(log.claimed_transaction), told.transaction_hash);
    }
    assert_eq!(told.len(), logs.len());
}

#[test]
fn every_changed_byte_of_every_receipt_fails() {
    // Ten values in every sixth receipt, one in the others: a million hashes take half a minute.
    let changes = bend_receipts(|position, original| {
        let flipped = (0..8).map(|bit| original ^ (1 << bit));
        flipped.chain([0, u8::MAX]).take(if position % 6 == 0 { 10 } else { 1 }).collect()
    });
    assert!(changes > 200_000, "{changes}");
}

#[test]
#[ignore = "takes a quarter of an hour: scripts/mainnet-mutations"]
fn every_value_of_every_byte_of_every_receipt_fails() {
    let length: usize = proven().receipts().iter().map(|receipt| encoded(receipt).len()).sum();
    assert_eq!(bend_receipts(|_, _| (0..=u8::MAX).collect()), 255 * length);
}

/// Bends each byte of each receipt to the values given for it and its receipt. How many there were.
fn bend_receipts(values: impl Fn(usize, u8) -> Vec<u8>) -> usize {
    let receipts = proven().receipts().to_vec();
    let root = ordered_trie_root_with_encoder(&receipts, ConsensusReceipt::encode);
    let (mut changes, mut still_receipts) = (0_usize, 0_usize);
    for (position, receipt) in receipts.iter().enumerate() {
        let original = encoded(receipt);
        let path = Nibbles::unpack(alloy::rlp::encode(position));
        // A root computed anew from 202 receipts for each byte would take minutes; the leaf's own branch says the same,
        // and it names the leaf by its hash.
        let mut branch = branch_to(&receipts, position, root);
        assert!(verify_proof(root, path, Some(original.clone()), &branch).is_ok());
        let leaf = branch.pop().unwrap().to_vec();
        let before = leaf.len() - original.len();
        assert_eq!(leaf[before..], original);
        let bent_leaf = |place: usize, value: u8| {
            let mut leaf = leaf.clone();
            leaf[before + place] = value;
            leaf
        };
        let hash = keccak256(&leaf);
        for place in 0..original.len() {
            let values = values(position, original[place]);
            let mut bent = original.clone();
            for value in values.into_iter().filter(|value| *value != original[place]) {
                changes += 1;
                assert_ne!(keccak256(bent_leaf(place, value)), hash, "receipt {position}, byte {place}");
                bent[place] = value;
                if let Ok(decoded) = ReceiptEnvelope::decode_2718_exact(&bent) {
                    still_receipts += 1;
                    // A second spelling of the same receipt would hash to the same root.
                    let again = encoded(&ConsensusReceipt::Ethereum(decoded));
                    assert_ne!(again, original, "receipt {position}, byte {place}");
                }
            }
            bent[place] = original[place] ^ (1 << (place % 8));
            branch.push(leaf.clone().into());
            assert!(verify_proof(root, path, Some(bent.clone()), &branch).is_err());
            branch.pop();
            branch.push(bent_leaf(place, bent[place]).into());
            assert!(verify_proof(root, path, Some(bent), &branch).is_err());
            branch.pop();
        }
    }
    assert!(still_receipts > 50_000, "{still_receipts}");
    changes
}

/// The nodes from the root to one receipt.
fn branch_to(receipts: &[ConsensusReceipt], position: usize, root: B256) -> Vec<alloy::primitives::Bytes> {
    let target = Nibbles::unpack(alloy::rlp::encode(position));
    let mut trie = HashBuilder::default().with_proof_retainer(ProofRetainer::new(vec![target]));
    for place in 0..receipts.len() {
        let index = adjust_index_for_rlp(place, receipts.len());
        trie.add_leaf(Nibbles::unpack(alloy::rlp::encode(index)), &encoded(&receipts[index]));
    }
    assert_eq!(trie.root(), root);
    trie.take_proof_nodes().into_nodes_sorted().into_iter().map(|(_, node)| node).collect()
}

#[test]
fn every_changed_field_of_every_receipt_and_log_fails() {
    let (answer, honest) = (answer(), parsed(&answer()));
    for (position, receipt) in answer.iter().enumerate() {
        let bend = |change: &dyn Fn(&mut Value)| {
            let mut bent = receipt.clone();
            change(&mut bent);
            let mut receipts = honest.clone();
            receipts[position] = serde_json::from_value(bent).unwrap();
            assert!(is_refused(receipts), "receipt {position}");
        };
        bend(&|receipt| receipt["status"] = json!(if receipt["status"] == "0x1" { "0x0" } else { "0x1" }));
        bend(&|receipt| receipt["type"] = json!(if receipt["type"] == "0x2" { "0x3" } else { "0x1" }));
        bend(&|receipt| receipt["cumulativeGasUsed"] = json!("0x1"));
        bend(&|receipt| flip(&mut receipt["logsBloom"]));
        for log in 0..receipt["logs"].as_array().unwrap().len() {
            bend(&|receipt| flip(&mut receipt["logs"][log]["address"]));
            bend(&|receipt| flip(&mut receipt["logs"][log]["data"]));
            bend(&|receipt| flip(&mut receipt["logs"][log]["topics"][0]));
            bend(&|receipt| drop(receipt["logs"].as_array_mut().unwrap().remove(log)));
            bend(&|receipt| {
                let doubled = receipt["logs"][log].clone();
                receipt["logs"].as_array_mut().unwrap().insert(log, doubled);
            });
        }
    }
}

/// Changes a hexadecimal string's last digit; of an empty one it makes a zero byte.
fn flip(text: &mut Value) {
    let mut changed = text.as_str().unwrap_or("0x").to_owned();
    let last = changed.pop().unwrap();
    match last {
        'x' => changed.push_str("x00"),
        '0' => changed.push('1'),
        _ => changed.push('0'),
    }
    *text = json!(changed);
}

#[test]
fn swapped_logs_of_one_receipt_fail() {
    let answer = answer();
    let swapped = answer.iter().enumerate().filter(|(_, receipt)| {
        let logs = receipt["logs"].as_array().unwrap();
        logs.len() > 1 && logs[0] != logs[1]
    });
    for (position, receipt) in swapped {
        let mut bent = receipt.clone();
        bent["logs"].as_array_mut().unwrap().swap(0, 1);
        let mut receipts = parsed(&answer);
        receipts[position] = serde_json::from_value(bent).unwrap();
        assert!(is_refused(receipts), "receipt {position}");
    }
}

#[test]
fn a_dropped_doubled_swapped_or_added_receipt_fails() {
    let honest = parsed(&answer());
    let bent = |change: &dyn Fn(&mut Vec<RpcReceipt>)| {
        let mut receipts = honest.clone();
        change(&mut receipts);
        is_refused(receipts)
    };
    for position in 0..honest.len() {
        assert!(bent(&|receipts| drop(receipts.remove(position))), "{position} dropped");
        assert!(bent(&|receipts| receipts.insert(position, honest[position].clone())), "{position} doubled");
        let other = (position + 1) % honest.len();
        assert!(bent(&|receipts| receipts.swap(position, other)), "{position} swapped");
    }
    assert!(bent(&|receipts| receipts.push(honest[0].clone())));
    assert!(is_refused(Vec::new()), "no receipts at all");
}

#[test]
fn what_cannot_be_hashed_is_named() {
    type Change = fn(&mut Value);
    let cases: [(Change, ReceiptFlaw); 4] = [
        (|receipt| receipt["type"] = json!("0x5"), ReceiptFlaw::UnknownType { kind: 5 }),
        (|receipt| receipt["type"] = json!("0x6a"), ReceiptFlaw::UnknownType { kind: 0x6a }),
        (|receipt| receipt["status"] = json!("0x2"), ReceiptFlaw::NoOutcome),
        (|receipt| receipt["logs"][0]["topics"] = json!(vec![B256::ZERO; 5]), ReceiptFlaw::TooManyTopics),
    ];
    for (change, why) in cases {
        let mut answer = answer();
        change(&mut answer[0]);
        let block = header().block().number;
        let expected = ProofPart::Receipt { block, position: 0, why };
        assert_eq!(header().receipts(parsed(&answer)), Err(expected));
    }
}

#[test]
fn what_a_node_says_beside_the_hashed_part_changes_nothing() {
    let mut answer = answer();
    for receipt in &mut answer {
        receipt["blockNumber"] = json!("0x1");
        receipt["transactionIndex"] = json!("0x7");
        receipt["from"] = json!("nonsense");
        for log in receipt["logs"].as_array_mut().unwrap() {
            log["blockHash"] = json!(B256::ZERO);
            log["logIndex"] = json!("0xffff");
            log["transactionIndex"] = json!("0x7");
            log["removed"] = json!(true);
        }
    }
    assert_eq!(header().receipts(parsed(&answer)).unwrap(), proven());
}

#[test]
fn a_filter_takes_what_it_names_and_the_bloom_knows_of_all_of_it() {
    let (header, receipts) = (header(), proven());
    let all: Vec<VerifiedLog> = receipts.clone().into_logs(&LogFilter::any()).collect();
    for wanted in all.iter().step_by(7) {
        let topics =
            std::array::from_fn(|place| wanted.log.topics().get(place).copied().into_iter().collect());
        let filter = LogFilter::emitted_by([wanted.log.address]).with_topics(topics);
        assert!(filter.may_match(header.logs_bloom()));
        assert!(!filter.may_match(&Bloom::ZERO));
        let taken: Vec<_> = receipts.clone().into_logs(&filter).collect();
        let expected: Vec<_> = all
            .iter()
            .filter(|log| {
                log.log.address == wanted.log.address && log.log.topics().starts_with(wanted.log.topics())
            })
            .cloned()
            .collect();
        assert_eq!(taken, expected);
    }
}
