//! Cookies: what a responder under load asks for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::net::SocketAddr;

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{
    COOKIE_MESSAGE, Cookie, CookieJar, Error, First, PeerMisbehaved, first_message, is_cookie,
};
use support::Pair;

fn bear_cookie(message: &mut [u8], cookie: &mut [u8], responder: &PublicKey) -> Result<(), Error> {
    Cookie::open(cookie, message, responder)?.mark(message)
}

fn source(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn a_hello_with_its_cookie_is_admitted_from_its_source_alone_and_read_as_before() {
    let pair = Pair::new();
    let (bob, here) = (pair.bob.public_key(), source("192.0.2.7:4000"));
    let jar = CookieJar::new([7; 32]);
    let sent = pair.hello();
    let mut hello = sent.hello;
    assert_eq!(first_message(&hello, &bob), Ok(First::Hello));
    assert!(!jar.admits(&hello, &here), "no cookie yet");
    let mut cookie = jar.answer(&hello, &here, &bob, [1; 12]).unwrap();
    let before = hello.clone();
    assert!(is_cookie(&cookie) && !is_cookie(&hello));
    bear_cookie(&mut hello, &mut cookie, &bob).unwrap();
    assert_eq!(hello[..hello.len() - 16], before[..before.len() - 16], "only mac2 changes");
    assert!(jar.admits(&hello, &here));
    for elsewhere in ["192.0.2.7:4001", "192.0.2.8:4000", "[2001:db8::7]:4000"] {
        assert!(!jar.admits(&hello, &source(elsewhere)), "{elsewhere}");
    }
    assert!(jar.admits(&hello, &source("[::ffff:192.0.2.7]:4000")), "the same address, mapped");
    let peer = pair.read_hello(&mut hello).unwrap();
    let mut replied = pair.accept(peer).unwrap();
    assert!(pair.read_reply(sent.next, &mut replied.reply).is_ok());
}

#[test]
fn a_cookie_outlives_one_renewal_and_no_second() {
    let pair = Pair::new();
    let (bob, here) = (pair.bob.public_key(), source("192.0.2.7:4000"));
    let mut jar = CookieJar::new([7; 32]);
    let mut hello = pair.hello().hello;
    let mut cookie = jar.answer(&hello, &here, &bob, [1; 12]).unwrap();
    bear_cookie(&mut hello, &mut cookie, &bob).unwrap();
    jar.renew([8; 32]);
    assert!(jar.admits(&hello, &here));
    jar.renew([9; 32]);
    assert!(!jar.admits(&hello, &here));
}

#[test]
fn no_altered_cookie_is_borne_and_none_for_another_hello() {
    let pair = Pair::new();
    let (bob, here) = (pair.bob.public_key(), source("192.0.2.7:4000"));
    let jar = CookieJar::new([7; 32]);
    let hello = pair.hello().hello;
    let cookie = jar.answer(&hello, &here, &bob, [1; 12]).unwrap();
    for bit in 0..COOKIE_MESSAGE * 8 {
        let (mut altered, mut message) = (cookie, hello.clone());
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(bear_cookie(&mut message, &mut altered, &bob).is_err(), "bit {bit}");
        assert_eq!(message, hello, "the hello is as it was");
    }
    for length in (0..COOKIE_MESSAGE).chain([COOKIE_MESSAGE + 1]) {
        let mut cut = cookie.to_vec();
        cut.resize(length, 0);
        let error = PeerMisbehaved::BadLength { expected: "cookie", length };
        assert_eq!(bear_cookie(&mut hello.clone(), &mut cut, &bob), Err(error.into()));
    }
    let mut other = Pair { alice_suites: countersign_protocol::SuitePolicy::PREFER_CLASSICAL, ..Pair::new() }
        .hello()
        .hello;
    assert!(bear_cookie(&mut other, &mut cookie.clone(), &bob).is_err());
    assert!(jar.answer(&[0; 40], &here, &bob, [1; 12]).is_err(), "too short to be a hello");
    assert!(!jar.admits(&[0; 40], &here));
}

#[test]
fn no_altered_hello_is_admitted() {
    let pair = Pair::new();
    let (bob, here) = (pair.bob.public_key(), source("192.0.2.7:4000"));
    let jar = CookieJar::new([7; 32]);
    let mut hello = pair.hello().hello;
    let mut cookie = jar.answer(&hello, &here, &bob, [1; 12]).unwrap();
    bear_cookie(&mut hello, &mut cookie, &bob).unwrap();
    let covered = (0..37).chain(hello.len() - 32..hello.len());
    for byte in covered {
        let mut altered = hello.clone();
        altered[byte] ^= 1;
        assert!(!jar.admits(&altered, &here), "byte {byte}");
    }
}

#[test]
fn a_cookie_marks_whatever_hello_follows_from_the_same_source() {
    let pair = Pair::new();
    let (bob, here) = (pair.bob.public_key(), source("[2001:db8::7]:4000"));
    let jar = CookieJar::new([7; 32]);
    let first = pair.hello().hello;
    let mut answer = jar.answer(&first, &here, &bob, [1; 12]).unwrap();
    let cookie = Cookie::open(&mut answer, &first, &bob).unwrap();
    let mut second = Pair::classical().hello().hello;
    cookie.mark(&mut second).unwrap();
    assert!(jar.admits(&second, &here));
    assert!(cookie.mark(&mut [0; 68]).is_err(), "too short to be a hello");
    assert_eq!(format!("{cookie:?} {jar:?}"), "Cookie(..) CookieJar(..)");
}
