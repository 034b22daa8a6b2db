//! What the fuzzer calls, and what `cargo test` replays over the committed corpora.
//!
//! Each target takes arbitrary bytes for one message. It must not panic, and must accept nothing but the one
//! message that an honest peer with these keys sends. That message is in the corpus.
//!
//! Beside what anyone may send there is what only the peer can (`sealed`), and a whole session with an adversary for its
//! network (`session`).
#![allow(dead_code, reason = "each fuzz binary calls one target")]

#[path = "../../client/protocol/tests/support/mod.rs"]
mod support;

pub mod corpus;
mod end;
mod network;
mod receiver;
mod resumption;
mod sealed;
mod session;
mod session_keys;

use std::net::SocketAddr;

use corpus::Target;
use countersign_protocol::{
    ContentType, Cookie, CookieJar, Error, Proposal, Reject, first_message, is_cookie, lane_of,
};
use support::Pair;

pub use resumption::{resume, resume_reply, sealed_proposal};
pub use sealed::{datagram as sealed_datagram, record as sealed_record};
pub use session::run as session;

/// A hello that reaches a responder.
pub fn hello(data: &[u8]) {
    let pair = pair(data);
    if pair.read_hello(&mut data.to_vec()).is_ok() {
        let honest = pair.hello().hello;
        // The last MAC is for responders under load alone.
        let covered = honest.len() - 16;
        assert_eq!(data.len(), honest.len());
        assert_eq!(
            data[..covered],
            honest[..covered],
            "a responder took a hello that its initiator never sent"
        );
    }
}

/// A hello by someone who knows the responder's public key, and so passes the first check.
pub fn repaired_hello(data: &[u8]) {
    let mut message = data.to_vec();
    // Shorter than header, `e` and both MACs: nothing to repair.
    if message.len() >= 69 {
        let macs = message.len() - 16;
        message[macs..].fill(0);
        support::repair_mac1(&mut message, &Pair::new().bob.public_key());
    }
    hello(&message);
}

/// An answer that reaches an initiator.
pub fn reply(data: &[u8]) {
    let pair = pair(data);
    let completes = pair.read_reply(pair.hello().next, &mut data.to_vec()).is_ok();
    assert!(!completes || data == honest_reply(), "an initiator took a reply that its responder never sent");
}

/// A cookie that reaches an initiator, and a hello that reaches a responder under load.
pub fn cookie(data: &[u8]) {
    let pair = Pair::new();
    let (bob, hello) = (pair.bob.public_key(), pair.hello().hello);
    if Cookie::open(&mut data.to_vec(), &hello, &bob).is_ok() {
        assert!(is_cookie(data) && data == honest_cookie(), "an initiator took a cookie that nobody baked");
    }
    let jar = CookieJar::new([7; 32]);
    if first_message(data, &bob).is_ok() {
        assert!(jar.answer(data, &source(), &bob, [1; 12]).is_ok(), "no cookie for what may be a hello");
    }
    if jar.admits(data, &source()) {
        // The marks of a message are about its first bytes; those of the honest hello are all that was ever marked.
        let marked = marked_hello();
        assert_eq!(data[..37], marked[..37], "a message was admitted that bears no cookie of this jar");
        assert!(data.ends_with(&marked[marked.len() - 32..]));
    }
}

/// A refusal that reaches an initiator, and the parser behind its seal.
pub fn reject(data: &[u8]) {
    let pair = Pair::new();
    let read = pair.read_reply(pair.hello().next, &mut data.to_vec());
    let believed = matches!(read, Err(Error::Rejected(_)));
    assert!(!believed || data == honest_reject(), "an initiator believed a reject that nobody sent");
    if let Some(text) = data.first_chunk()
        && let Some(reject) = Reject::decode(*text)
    {
        assert_eq!(reject.encode(), *text, "one reject has two encodings");
    }
}

/// A record that reaches a channel.
pub fn record(data: &[u8]) {
    let (_, mut bob) = Pair::new().establish();
    let opens = bob.channel.open(&mut data.to_vec(), 0).is_ok();
    assert!(!opens || data == honest_record(), "a channel took a record that was never sealed");
}

/// A datagram that reaches a channel.
pub fn datagram(data: &[u8]) {
    let (_, mut bob) = Pair::new().establish();
    let is_ours = lane_of(data) == Some(bob.channel.lane());
    let opens = bob.channel.open_datagram(&mut data.to_vec(), 0).is_ok();
    assert!(
        !opens || (is_ours && data == honest_datagram()),
        "a channel took a datagram that was never sealed"
    );
}

/// The parser behind the seal of a hello.
pub fn proposal(data: &[u8]) {
    if let Ok(proposal) = Proposal::decode(data) {
        let mut encoded = Vec::new();
        proposal.encode_into(&mut encoded);
        assert_eq!(encoded, data, "one proposal has two encodings");
    }
}

/// Every target.
pub fn all() -> Vec<Target> {
    let hellos = vec![Pair::new().hello().hello, Pair::classical().hello().hello];
    let sealed_records = [sealed::honest_records(), sealed::altered_records()].concat();
    let rejects = vec![honest_reject(), Reject::UnknownBlock { my_head: 76 }.encode().to_vec()];
    vec![
        Target { name: "hello", run: hello, honest: hellos.clone() },
        Target { name: "repaired_hello", run: repaired_hello, honest: hellos },
        Target { name: "reply", run: reply, honest: vec![honest_reply(), honest_reject()] },
        Target { name: "reject", run: reject, honest: rejects },
        Target { name: "cookie", run: cookie, honest: vec![honest_cookie(), marked_hello()] },
        Target { name: "resume", run: resume, honest: resumption::honest_resumes() },
        Target { name: "resume_reply", run: resume_reply, honest: resumption::honest_replies() },
        Target { name: "sealed_proposal", run: sealed_proposal, honest: resumption::sealed_proposals() },
        Target { name: "record", run: record, honest: vec![honest_record()] },
        Target { name: "sealed_record", run: sealed_record, honest: sealed_records },
        Target { name: "datagram", run: datagram, honest: vec![honest_datagram()] },
        Target { name: "sealed_datagram", run: sealed_datagram, honest: sealed::honest_datagrams() },
        Target { name: "proposal", run: proposal, honest: vec![honest_proposal()] },
        Target { name: "session", run: session, honest: session::honest_scripts() },
    ]
}

/// The pair whose suite the message names: level 0 is the classical one.
fn pair(message: &[u8]) -> Pair {
    if message.get(2) == Some(&0) { Pair::classical() } else { Pair::new() }
}

fn honest_reply() -> Vec<u8> {
    let pair = Pair::new();
    let peer = pair.read_hello(&mut pair.hello().hello).unwrap();
    pair.accept(peer).ok().unwrap().reply
}

fn honest_reject() -> Vec<u8> {
    let pair = Pair::new();
    pair.read_hello(&mut pair.hello().hello).unwrap().reject(Reject::Busy)
}

fn honest_cookie() -> Vec<u8> {
    let pair = Pair::new();
    let jar = CookieJar::new([7; 32]);
    jar.answer(&pair.hello().hello, &source(), &pair.bob.public_key(), [1; 12]).unwrap().to_vec()
}

fn marked_hello() -> Vec<u8> {
    let pair = Pair::new();
    let mut hello = pair.hello().hello;
    Cookie::open(&mut honest_cookie(), &hello, &pair.bob.public_key()).unwrap().mark(&mut hello).unwrap();
    hello
}

fn source() -> SocketAddr {
    ([192, 0, 2, 7], 4_000).into()
}

fn honest_record() -> Vec<u8> {
    let (mut alice, _) = Pair::new().establish();
    let mut record = [&[0][..], b"sell 5 at 2,999.75", &[0; 16]].concat();
    alice.channel.seal(ContentType::Data, &mut record).unwrap();
    record
}

fn honest_datagram() -> Vec<u8> {
    let (mut alice, _) = Pair::new().establish();
    let mut datagram = Vec::new();
    alice.channel.append_datagram(b"sell 5 at 2,999.75", &mut datagram).unwrap();
    datagram
}

fn honest_proposal() -> Vec<u8> {
    let pair = Pair::new();
    let peer = pair.read_hello(&mut pair.hello().hello).unwrap();
    let mut encoded = Vec::new();
    peer.proposal().encode_into(&mut encoded);
    encoded
}
