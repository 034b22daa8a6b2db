//! Byte-for-byte conformance of `NNhfs+psk0` and `NNpsk0` with `snow`, in both roles.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../../../tests/snow/resolver.rs"]
mod resolver;

use alloc::vec;
use alloc::vec::Vec;

use resolver::{Pattern, builder};

use super::{Freshness, answer, begin, first_length};
use crate::error::{ChainDisagrees, Error};
use crate::handshake::{InitiatorEphemerals, ResponderEphemerals};
use crate::secret::Secret32;
use crate::suite::Suite;
use crate::symmetric::{Split, SymmetricState};

const PSK: [u8; 32] = [0x77; 32];
const PROLOGUE: [&[u8]; 4] = [b"countersign/1 rotation", &[0x48; 32], &[1], b"kind, epoch and proposal"];

#[test]
fn our_beginner_and_snows_responder_agree_byte_for_byte() {
    for suite in [Suite::Hybrid, Suite::Classical] {
        let mut first = Vec::new();
        let begun =
            begin(symmetric(suite), &psk(PSK), Some((suite, ours_to_begin(suite))), &mut first).unwrap();
        assert_eq!(first.len(), first_length(Freshness::Ephemeral(suite)));
        let (mut initiator, mut responder) =
            (snow(suite, 0x31).build_initiator().unwrap(), theirs_to_answer(suite));
        let mut buffer = vec![0; 65_535];
        let length = initiator.write_message(&[], &mut buffer).unwrap();
        assert_eq!(first, &buffer[..length], "snow's initiator writes the same message");
        assert_eq!(responder.read_message(&first, &mut buffer).unwrap(), 0);
        let length = responder.write_message(&[], &mut buffer).unwrap();
        let split = begun.finish(&mut buffer[..length]).unwrap();
        assert_same(&split, &mut responder);
    }
}

#[test]
fn snows_initiator_and_our_responder_agree_byte_for_byte() {
    for suite in [Suite::Hybrid, Suite::Classical] {
        let (mut initiator, mut responder) =
            (snow(suite, 0x31).build_initiator().unwrap(), theirs_to_answer(suite));
        let (mut buffer, mut plain) = (vec![0; 65_535], vec![0; 65_535]);
        let length = initiator.write_message(&[], &mut buffer).unwrap();
        responder.read_message(&buffer[..length], &mut plain).unwrap();
        let mut second = Vec::new();
        let freshness = Freshness::Ephemeral(suite);
        let split = answer(
            symmetric(suite),
            &psk(PSK),
            freshness,
            &mut buffer[..length],
            Some(ours_to_answer()),
            &mut second,
        )
        .unwrap();
        let length = responder.write_message(&[], &mut buffer).unwrap();
        assert_eq!(second, &buffer[..length], "snow's responder writes the same message");
        assert_eq!(initiator.read_message(&second, &mut plain).unwrap(), 0);
        assert_same(&split, &mut initiator);
    }
}

#[test]
fn another_psk_opens_nothing() {
    for suite in [Suite::Hybrid, Suite::Classical] {
        let mut buffer = vec![0; 65_535];
        let length = snow(suite, 0x31).build_initiator().unwrap().write_message(&[], &mut buffer).unwrap();
        let refused = answer(
            symmetric(suite),
            &psk([0x78; 32]),
            Freshness::Ephemeral(suite),
            &mut buffer[..length],
            Some(ours_to_answer()),
            &mut Vec::new(),
        );
        assert_eq!(refused.err(), Some(Error::from(ChainDisagrees::NotConfirmed)));
    }
}

fn assert_same(ours: &Split, snow: &mut ::snow::HandshakeState) {
    assert_eq!(ours.handshake_hash[..], *snow.get_handshake_hash());
    let keys = snow.dangerously_get_raw_split();
    assert_eq!((*ours.initiator.expose(), *ours.responder.expose()), keys);
}

fn symmetric(suite: Suite) -> SymmetricState {
    SymmetricState::new(suite.continued_name(), PROLOGUE)
}

fn psk(bytes: [u8; 32]) -> Secret32 {
    Secret32::new(bytes)
}

fn ours_to_begin(suite: Suite) -> InitiatorEphemerals {
    InitiatorEphemerals::generate(suite, fill(0x31)).unwrap()
}

fn ours_to_answer() -> ResponderEphemerals {
    ResponderEphemerals::generate(fill(0x32)).unwrap()
}

fn fill(byte: u8) -> impl FnMut(&mut [u8]) -> Result<(), core::convert::Infallible> {
    move |buffer| {
        buffer.fill(byte);
        Ok(())
    }
}

fn theirs_to_answer(suite: Suite) -> ::snow::HandshakeState {
    snow(suite, 0x32).build_responder().unwrap()
}

fn snow(suite: Suite, ephemeral: u8) -> ::snow::Builder<'static> {
    // snow borrows what it is given for as long as it builds.
    let prologue: &'static [u8] = alloc::boxed::Box::leak(PROLOGUE.concat().into_boxed_slice());
    let ephemeral: &'static [u8] = alloc::boxed::Box::leak(alloc::boxed::Box::new([ephemeral; 32]));
    let name = core::str::from_utf8(suite.continued_name()).unwrap();
    builder(Pattern::Continued, suite == Suite::Hybrid, name)
        .fixed_ephemeral_key_for_testing_only(ephemeral)
        .prologue(prologue)
        .unwrap()
        .psk(0, &PSK)
        .unwrap()
}
