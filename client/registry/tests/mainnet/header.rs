//! The header: whatever byte of it changes, another hash comes out.

use alloy::eips::BlockNumHash;
use alloy::primitives::keccak256;
use alloy::rlp::{Decodable, Encodable};
use countersign_registry::ProofPart;
use countersign_registry::proof::ProvenHeader;

use crate::{bent, header};

#[test]
fn the_header_is_the_one_that_was_recorded() {
    let header = header();
    let proven = ProvenHeader::recompute(&header.inner, header.hash).unwrap();
    assert_eq!(proven.block(), BlockNumHash { number: header.inner.number, hash: header.hash });
    assert_eq!(keccak256(alloy::rlp::encode(&header.inner)), header.hash);
}

/// All of its fields, the lengths before them too: each byte of the encoding in each other value. What still is a
/// header is another one.
#[test]
fn every_changed_byte_of_the_encoded_header_fails() {
    let header = header();
    let original = alloy::rlp::encode(&header.inner);
    let (mut changes, mut still_headers) = (0, 0);
    for bytes in bent(&original) {
        changes += 1;
        let Some(bent) = decoded(&bytes) else { continue };
        still_headers += 1;
        let outcome = ProvenHeader::recompute(&bent, header.hash);
        assert!(matches!(outcome, Err(ProofPart::HeaderHash { .. })), "{outcome:?}");
    }
    assert_eq!(changes, 255 * original.len());
    assert!(still_headers > changes * 9 / 10, "{still_headers} of {changes}");
}

fn decoded(bytes: &[u8]) -> Option<alloy::consensus::Header> {
    let mut rest = bytes;
    alloy::consensus::Header::decode(&mut rest).ok().filter(|_| rest.is_empty())
}

/// No field goes unhashed: each on its own, one up, or gone where it may be.
#[test]
fn every_field_counts() {
    let original = header();
    let encoding_of = |header: &alloy::consensus::Header| {
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        bytes
    };
    let changes: [fn(&mut alloy::consensus::Header); 23] = [
        |header| header.parent_hash.0[31] ^= 1,
        |header| header.ommers_hash.0[0] ^= 1,
        |header| header.beneficiary.0[0] ^= 1,
        |header| header.state_root.0[0] ^= 1,
        |header| header.transactions_root.0[0] ^= 1,
        |header| header.receipts_root.0[0] ^= 1,
        |header| header.logs_bloom.0[0] ^= 1,
        |header| header.difficulty += alloy::primitives::U256::ONE,
        |header| header.number += 1,
        |header| header.gas_limit += 1,
        |header| header.gas_used += 1,
        |header| header.timestamp += 1,
        |header| header.extra_data = alloy::primitives::Bytes::new(),
        |header| header.mix_hash.0[0] ^= 1,
        |header| header.nonce.0[0] ^= 1,
        |header| *header.base_fee_per_gas.as_mut().unwrap() += 1,
        |header| header.withdrawals_root.as_mut().unwrap().0[0] ^= 1,
        |header| *header.blob_gas_used.as_mut().unwrap() += 1,
        |header| *header.excess_blob_gas.as_mut().unwrap() += 1,
        |header| header.parent_beacon_block_root.as_mut().unwrap().0[0] ^= 1,
        |header| header.parent_beacon_block_root = None,
        |header| header.requests_hash = Some(header.requests_hash.unwrap_or_default() ^ header.state_root),
        |header| header.base_fee_per_gas = None,
    ];
    for (position, change) in changes.iter().enumerate() {
        let mut bent = original.inner.clone();
        change(&mut bent);
        assert_ne!(encoding_of(&bent), encoding_of(&original.inner), "{position}");
        let outcome = ProvenHeader::recompute(&bent, original.hash);
        assert!(matches!(outcome, Err(ProofPart::HeaderHash { .. })), "{position}: {outcome:?}");
    }
}
