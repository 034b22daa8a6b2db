//! The outside of what a dialler sends first: each check by itself, in the order of its cost.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use countersign_protocol::{Error, First, PeerIncompatible, PeerMisbehaved, first_message};
use support::{Pair, repair_mac1};

/// What a responder says of the honest hello of that pair with some bytes changed, and `mac1` made anew.
fn verdict(pair: &Pair, change: impl FnOnce(&mut Vec<u8>)) -> Result<First, Error> {
    let mut hello = pair.hello().hello;
    change(&mut hello);
    repair_mac1(&mut hello, &pair.bob.public_key());
    first_message(&hello, &pair.bob.public_key())
}

#[test]
fn a_suite_must_be_among_those_that_are_offered() {
    for (pair, level) in [(Pair::new(), 1), (Pair::classical(), 0)] {
        let offering = |offered| verdict(&pair, |hello| hello[3] = offered);
        assert_eq!(offering(0), Err(PeerMisbehaved::SuiteNotOffered.into()));
        assert_eq!(offering(!(1 << level)), Err(PeerMisbehaved::SuiteNotOffered.into()));
        assert_eq!(offering(1 << level), Ok(First::Hello));
        assert_eq!(offering(0xff), Ok(First::Hello), "what is not known is ignored");
    }
}

#[test]
fn type_version_and_suite_are_checked_before_anything_else() {
    let pair = Pair::new();
    let unexpected = PeerMisbehaved::UnexpectedMessage { expected: "hello", got: 2 };
    assert_eq!(verdict(&pair, |hello| hello[0] = 2), Err(unexpected.into()));
    assert_eq!(verdict(&pair, |hello| hello[1] = 2), Err(PeerIncompatible::Version { got: 2 }.into()));
    assert_eq!(verdict(&pair, |hello| hello[2] = 2), Err(PeerIncompatible::UnknownSuite { level: 2 }.into()));
}

#[test]
fn a_hello_has_one_of_few_lengths() {
    let pair = Pair::new();
    let mut hello = pair.hello().hello;
    let (honest, bob) = (hello.len(), pair.bob.public_key());
    let mut of_length = |length: usize| {
        hello.resize(length, 0);
        repair_mac1(&mut hello, &bob);
        first_message(&hello, &bob)
    };
    for length in honest - 512..honest + 13 * 512 {
        let proposal = (length + 512).checked_sub(honest).unwrap();
        // One to twelve times 512 bytes of proposal.
        let may_be = proposal.is_multiple_of(512) && (1..=12).contains(&(proposal / 512));
        let bad_length = PeerMisbehaved::BadLength { expected: "hello", length };
        assert_eq!(
            of_length(length),
            if may_be { Ok(First::Hello) } else { Err(bad_length.into()) },
            "{length}"
        );
    }
    for length in 0..4 {
        let bad_length = PeerMisbehaved::BadLength { expected: "hello", length };
        let start = &pair.hello().hello[..length];
        assert_eq!(first_message(start, &pair.bob.public_key()), Err(bad_length.into()));
    }
}

#[test]
fn mac1_is_about_the_header_and_the_ephemeral_key() {
    let pair = Pair::new();
    let honest = pair.hello().hello;
    let covered = (3..37).chain(honest.len() - 32..honest.len() - 16);
    for byte in 3..honest.len() {
        let mut hello = honest.clone();
        hello[byte] ^= 0x80;
        let verdict = first_message(&hello, &pair.bob.public_key());
        let expected = if covered.clone().any(|covered| covered == byte) {
            Err(PeerMisbehaved::NotForThisResponder.into())
        } else {
            Ok(First::Hello)
        };
        assert_eq!(verdict, expected, "byte {byte}");
    }
    assert_eq!(
        first_message(&honest, &pair.alice.public_key()),
        Err(PeerMisbehaved::NotForThisResponder.into())
    );
}
