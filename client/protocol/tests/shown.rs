//! What the public types show of themselves, in words and in numbers: no secret, and what SPEC.md says.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use countersign_protocol::{
    Address, COOKIE_MESSAGE, Cookie, CookieJar, FloorOf, Identity, Label, LabelError, Limits, MAX_BYTES,
    MAX_CONTENT, MAX_DATAGRAM, MAX_DATAGRAM_CONTENT, MAX_MESSAGE, MAX_READINGS, MAX_RECORDS, RECORD_OVERHEAD,
    Role, StateHash, Suite,
};
use support::Pair;

#[test]
fn identities_and_hashes_are_shown_whole() {
    let owner = Address([0xa1; 20]);
    let hex = "0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
    let desk = Identity { owner, label: Label::from_text("desk").unwrap() };
    assert_eq!((format!("{owner}"), format!("{owner:?}")), (hex.to_owned(), hex.to_owned()));
    assert_eq!(format!("{:?}", desk.label), "Label(desk)");
    assert_eq!((format!("{desk}"), format!("{desk:?}")), (format!("{hex}#desk"), format!("{hex}#desk")));
    assert_eq!(format!("{}", Identity::of(owner)), hex);
    let hash = StateHash([0x0f; 32]);
    assert_eq!(format!("{hash}"), format!("0x{}", "0f".repeat(32)));
    assert_eq!(format!("{hash:?}"), format!("StateHash({hash})"));
}

#[test]
fn the_longest_text_of_a_label_is_31_bytes() {
    let longest = "desk-7-of-the-longest-name-of-al";
    assert_eq!(Label::from_text(longest), Err(LabelError::TooLong { length: 32 }));
    let label = Label::from_text(&longest[..31]).unwrap();
    assert_eq!((label.as_text(), label.0[31]), (Some(&longest[..31]), 0));
}

#[test]
fn roles_suites_and_floors_have_names() {
    assert_eq!([Role::Initiator, Role::Responder].map(|role| role.to_string()), ["initiator", "responder"]);
    assert_eq!([Suite::Classical, Suite::Hybrid].map(|suite| suite.to_string()), ["classical", "hybrid"]);
    let floors = [FloorOf::Record(Role::Responder), FloorOf::LocalPolicy].map(|floor| floor.to_string());
    assert_eq!(floors, ["the record of the responder", "this side's policy"]);
}

#[test]
fn no_secret_is_shown() {
    let pair = Pair::new();
    let (hello, bob) = (pair.hello().hello, pair.bob.public_key());
    let jar = CookieJar::new([7; 32]);
    assert_eq!(format!("{jar:?}"), "CookieJar(..)");
    let mut answer = jar.answer(&hello, &([192, 0, 2, 7], 4_000).into(), &bob, [1; 12]).unwrap();
    assert_eq!(format!("{:?}", Cookie::open(&mut answer, &hello, &bob).unwrap()), "Cookie(..)");
}

#[test]
fn a_jar_that_was_renewed_with_the_secret_it_had_still_knows_its_cookies() {
    let pair = Pair::new();
    let (mut hello, bob) = (pair.hello().hello, pair.bob.public_key());
    let source = ([192, 0, 2, 7], 4_000).into();
    let mut jar = CookieJar::new([7; 32]);
    let mut answer = jar.answer(&hello, &source, &bob, [1; 12]).unwrap();
    Cookie::open(&mut answer, &hello, &bob).unwrap().mark(&mut hello).unwrap();
    jar.renew([7; 32]);
    assert!(jar.admits(&hello, &source));
}

#[test]
fn the_limits_are_those_of_the_specification() {
    assert_eq!((MAX_CONTENT, RECORD_OVERHEAD, MAX_MESSAGE), (16_384, 17, 16_401));
    assert_eq!((MAX_DATAGRAM, MAX_DATAGRAM_CONTENT), (1_232, 1_232 - 21 - 16));
    assert_eq!((COOKIE_MESSAGE, MAX_READINGS), (45, 16));
    // Less than SPEC.md 6 allows by what is kept for control records.
    assert_eq!((MAX_RECORDS, MAX_BYTES), (4_294_967_296 - 64, 274_877_906_944 - 1_048_576));
    let limits =
        Limits { soft_age_ms: 120_000, hard_age_ms: 180_000, max_records: MAX_RECORDS, max_bytes: MAX_BYTES };
    assert_eq!(Limits::default(), limits);
}
