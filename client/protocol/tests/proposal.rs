//! What a proposal may carry, and every form that none has (SPEC 4.2).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use countersign_protocol::{
    Address, Anchor, Calldata, CalldataTooLong, ClaimedReading, Error, Identity, Label, MAX_CALLDATA,
    MAX_READINGS, MAX_RETURNED, PeerIncompatible, PeerMisbehaved, Proposal, Query, ReturnData, Role,
    StateView, TooMuchReturned, Value,
};
use proptest::prelude::*;
use sha3::{Digest, Keccak256};
use support::{Pair, anchor, call};

#[test]
fn a_call_has_one_encoding() {
    let query = Query::ViewCall {
        source: Address([0x51; 20]),
        calldata: Calldata::new([0xfe, 0xaf, 0x96, 0x8c]).unwrap(),
    };
    let encoded = encoded(&proposal(vec![ClaimedReading { query, value: [7; 32] }]));
    let subject: [u8; 32] = Keccak256::digest([0xfe, 0xaf, 0x96, 0x8c]).into();
    let reading = [&[1][..], &[0x51; 20], &subject, &[7; 32], &[0, 4, 0xfe, 0xaf, 0x96, 0x8c]].concat();
    assert_eq!(encoded[READINGS..][..reading.len()], reading);
    assert_eq!(encoded.len(), 512);
}

#[test]
fn sixteen_of_the_longest_calls_fit_into_every_message() {
    let longest = (0..16).map(|n| call(n, &[n; MAX_CALLDATA], &[n; MAX_RETURNED])).collect();
    let mut pair = Pair::new();
    pair.alice_view = StateView::proven(anchor(), pair.alice.proven(), pair.bob.proven(), longest).unwrap();
    pair.bob_view = StateView::proven(
        anchor(),
        pair.bob.proven(),
        pair.alice.proven(),
        pair.alice_view.readings().to_vec(),
    )
    .unwrap();
    let mut sent = pair.hello();
    assert_eq!(encoded(pair.read_hello(&mut sent.hello.clone()).unwrap().proposal()).len(), 6_144);
    let peer = pair.read_hello(&mut sent.hello).unwrap();
    assert_eq!(peer.proposal().claimed_state_hash(), pair.alice_view.state_hash(Role::Initiator));
    let mut replied = pair.accept(peer).unwrap();
    let mut alice = pair.read_reply(sent.next, &mut replied.reply).unwrap();
    let mut bob = replied.next.read(&mut alice.confirmation).unwrap();
    // A request for an epoch is one record, whatever the instrument.
    alice.established.channel.request_state_ticket(pair.alice_view.clone()).unwrap();
    let mut request = alice.established.channel.next_outgoing().unwrap();
    bob.channel.open(&mut request, 0).unwrap();
    assert_eq!(bob.channel.requested().map(Proposal::claimed_state_hash), Some(bob.summary.state_hash));
}

#[test]
fn what_is_too_long_is_refused_before_it_is_hashed() {
    assert!(Calldata::new(vec![0; MAX_CALLDATA]).is_ok() && ReturnData::new(vec![0; MAX_RETURNED]).is_ok());
    assert_eq!(Calldata::new(vec![0; 261]), Err(CalldataTooLong { length: 261 }));
    assert_eq!(ReturnData::new(vec![0; 4_097]), Err(TooMuchReturned { length: 4_097 }));
}

#[test]
fn calls_and_what_they_return_are_shown_in_full() {
    let reading = call(0x51, &[0xfe, 0xaf, 0x96, 0x8c], &[0, 1]);
    assert_eq!(reading.query.to_string(), format!("call 0xfeaf968c of 0x{}", "51".repeat(20)));
    let Value::Returned(data) = &reading.value else { unreachable!() };
    assert_eq!((data.to_string(), format!("{data:?}")), ("0x0001".into(), "ReturnData(0x0001)".into()));
    let slot = Query::StorageSlot { source: Address([1; 20]), slot: [2; 32] };
    assert_eq!(slot.to_string(), format!("slot 0x{} of 0x{}", "02".repeat(32), "01".repeat(20)));
}

#[test]
fn what_is_called_and_what_it_returned_are_part_of_the_state() {
    let readings = [
        call(0x51, &[1; 4], &[9; 32]),
        call(0x52, &[1; 4], &[9; 32]),
        call(0x51, &[2; 4], &[9; 32]),
        call(0x51, &[1; 5], &[9; 32]),
        call(0x51, &[1; 4], &[8; 32]),
        call(0x51, &[1; 4], &[9; 33]),
        call(0x51, &[], &[9; 32]),
        call(0x51, &[1; 4], &[]),
    ];
    let hashes: std::collections::BTreeSet<_> =
        readings.iter().map(countersign_protocol::Reading::hash).collect();
    assert_eq!(hashes.len(), readings.len());
}

#[test]
fn a_slot_and_a_call_of_the_same_words_differ() {
    let reading = call(0x51, &[1; 4], &[9; 32]);
    let Query::ViewCall { source, calldata } = &reading.query else { unreachable!() };
    let slot = countersign_protocol::Reading {
        query: Query::StorageSlot { source: *source, slot: *calldata.hash() },
        value: Value::Word(*reading.value.commitment()),
    };
    assert_eq!(slot.value.commitment(), reading.value.commitment());
    assert_ne!(slot.hash(), reading.hash());
}

#[test]
fn every_form_that_no_proposal_has_is_refused() {
    let good = encoded(&proposal(vec![claim(&[2; 4])]));
    let malformed = |what| Err(Error::PeerMisbehaved(PeerMisbehaved::MalformedProposal(what)));
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        Proposal::decode(&bytes)
    };
    let not_the_hash = malformed("the subject of a call is not the hash of its calldata");
    let padding = malformed("its padding is not zeros up to the next multiple of 512");
    assert_eq!(with(&|bytes| bytes[CALL + 21] ^= 1), not_the_hash);
    assert_eq!(with(&|bytes| bytes[CALL + 87] ^= 1), not_the_hash);
    // One byte fewer, or more, is another calldata.
    assert_eq!(with(&|bytes| bytes[CALL + 86] = 3), not_the_hash);
    assert_eq!(with(&|bytes| bytes[CALL + 86] = 5), not_the_hash);
    // A call of 261 bytes, whose subject is right.
    let too_long = [7; 261];
    assert_eq!(
        with(&|bytes| {
            bytes.resize(1024, 0);
            bytes[CALL + 21..CALL + 53].copy_from_slice(&Keccak256::digest(too_long));
            bytes[CALL + 85..CALL + 87].copy_from_slice(&[1, 5]);
            bytes[CALL + 87..CALL + 87 + 261].copy_from_slice(&too_long);
        }),
        malformed("it has a call of more than 260 bytes")
    );
    // A call that goes on behind the end.
    let short = malformed("it ends early");
    assert_eq!(with(&|bytes| bytes[CALL + 85] = 0xff), short);
    assert_eq!(with(&|bytes| bytes[READINGS - 1] = 16), short);
    assert_eq!(with(&|bytes| bytes[READINGS - 1] = 17), malformed("it has more than 16 readings"));
    assert_eq!(with(&|bytes| bytes[READINGS - 1] = 0), padding);
    for kind in [2, 0x7f, 0xff] {
        let unknown = Err(PeerIncompatible::UnknownReading { kind }.into());
        assert_eq!(with(&|bytes| bytes[CALL] = kind), unknown);
    }
    // A slot has no calldata: what stands there is padding that is not zero.
    assert_eq!(with(&|bytes| bytes[CALL] = 0), padding);
    assert_eq!(with(&|bytes| bytes[511] = 1), padding);
    assert_eq!(with(&|bytes| bytes.resize(1024, 0)), padding);
    for length in 0..512 {
        assert!(with(&|bytes| bytes.truncate(length)).is_err(), "{length} bytes");
    }
    assert!(Proposal::decode(&good).is_ok());
}

proptest! {
    #[test]
    fn what_is_encoded_is_read_again(claims in proptest::collection::vec(any_claim(), 0..=MAX_READINGS)) {
        let proposal = proposal(claims);
        let bytes = encoded(&proposal);
        prop_assert!(bytes.len().is_multiple_of(512) && bytes.len() <= 6_144);
        prop_assert_eq!(Proposal::decode(&bytes), Ok(proposal));
    }

    /// Whatever is altered, a proposal that is read has these bytes and no others.
    #[test]
    fn nothing_is_read_that_no_honest_peer_writes(
        claims in proptest::collection::vec(any_claim(), 1..4),
        place in any::<proptest::sample::Index>(),
        flip in 1..=u8::MAX,
    ) {
        let mut bytes = encoded(&proposal(claims));
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        if let Ok(read) = Proposal::decode(&bytes) {
            prop_assert_eq!(encoded(&read), bytes);
        }
    }

    #[test]
    fn calldata_and_its_hash_are_claimed_together(bytes in proptest::collection::vec(any::<u8>(), 0..=MAX_CALLDATA)) {
        let calldata = Calldata::new(bytes.clone()).unwrap();
        prop_assert_eq!(calldata.as_bytes(), &bytes);
        prop_assert_eq!(*calldata.hash(), <[u8; 32]>::from(Keccak256::digest(&bytes)));
    }
}

fn any_claim() -> impl Strategy<Value = ClaimedReading> {
    let calldata = proptest::collection::vec(any::<u8>(), 0..=MAX_CALLDATA);
    let query = prop_oneof![
        any::<([u8; 20], [u8; 32])>()
            .prop_map(|(source, slot)| Query::StorageSlot { source: Address(source), slot }),
        (any::<[u8; 20]>(), calldata).prop_map(|(source, bytes)| Query::ViewCall {
            source: Address(source),
            calldata: Calldata::new(bytes).unwrap(),
        }),
    ];
    (query, any::<[u8; 32]>()).prop_map(|(query, value)| ClaimedReading { query, value })
}

fn claim(calldata: &[u8]) -> ClaimedReading {
    call(0x51, calldata, &[7; 32]).claim()
}

fn proposal(readings: Vec<ClaimedReading>) -> Proposal {
    let identity = |n| Identity { owner: Address([n; 20]), label: Label([n; 32]) };
    Proposal {
        timestamp_unix_ms: 1,
        initiator: identity(1),
        initiator_version: 2,
        responder: identity(3),
        anchor: Anchor { chain_id: 4, ..anchor() },
        initiator_record: [5; 32],
        responder_record: [6; 32],
        readings,
    }
}

fn encoded(proposal: &Proposal) -> Vec<u8> {
    let mut bytes = Vec::new();
    proposal.encode_into(&mut bytes);
    bytes
}

/// Where the readings begin.
const READINGS: usize = 247;

/// Where the first of them does.
const CALL: usize = READINGS;
