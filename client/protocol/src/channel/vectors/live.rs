//! Live handshakes, whole and altered.

use super::case::{Case, Keys, array, bytes, initiator_ephemerals, number, responder_ephemerals, secret};
use super::{assert_datagrams, assert_epoch, assert_session, cases};
use crate::curve::{PublicKey, SecretKey};
use crate::handshake::initiator::{self, Completed, ExpectReply, InitiatorParams, SentHello};
use crate::handshake::responder::{AwaitingPeer, ExpectHello, ResponderParams};
use crate::secret::Secret32;
use crate::{Cookie, CookieJar, Error, KeyAnswer, KeyRequest, Role, SuitePolicy, is_cookie, key_schedule};

#[test]
fn both_sides_make_every_message() {
    for case in cases("live") {
        let keys = Keys::of(case.input("initiator_static"), case.input("responder_static"));
        let responder = keys.secret(Role::Responder).public_key();
        let SentHello { hello, next } = sent_hello(&case, &keys);
        assert_eq!(hello, bytes(case.output("hello")), "{}", case.name());
        check_cookie(&case, &hello, &responder);
        let peer = read_hello(&mut hello.clone(), keys.secret(Role::Responder), &case).unwrap();
        for (reject, sealed) in case.rejects() {
            assert_eq!(peer.reject(reject), sealed);
        }
        let view = case.view(Role::Responder, &keys);
        let psk = key_schedule::state_psk(&view.state_hash(Role::Responder), &Secret32::zeroed());
        assert_eq!(*psk.expose(), array(case.output("psk")));
        let mut sent = peer.accept(view, responder_ephemerals(case.input("responder"))).unwrap();
        assert_eq!(sent.reply, bytes(case.output("reply")));
        let mut completed = read_answer(next, &mut sent.reply, keys.secret(Role::Initiator)).unwrap();
        assert_eq!(completed.confirmation, bytes(case.output("confirmation")));
        let established = sent.next.read(&mut completed.confirmation).unwrap();
        for (mut channel, began) in [(completed.established.channel, true), (established.channel, false)] {
            assert_session(&channel, &case);
            assert_epoch(&mut channel, case.output("epoch"), began);
            assert_datagrams(&mut channel, &case.0["outputs"]);
        }
    }
}

#[test]
fn every_altered_hello_is_refused() {
    for case in cases("open_hello") {
        assert!(case.is_refused());
        let responder = secret(case.input("responder_static"));
        let mut hello = bytes(case.input("hello"));
        let read = read_hello(&mut hello, &responder, &case);
        assert!(read.is_err(), "{}", case.name());
    }
}

#[test]
fn every_answer_is_taken_for_what_it_is() {
    for case in cases("open_answer") {
        let whole = cases("live")
            .into_iter()
            .find(|live| live.input("initiator") == case.input("initiator"))
            .unwrap();
        let keys = Keys::of(whole.input("initiator_static"), whole.input("responder_static"));
        let next = sent_hello(&case, &keys).next;
        let answered = read_answer(next, &mut bytes(case.input("answer")), keys.secret(Role::Initiator));
        let outputs = &case.0["outputs"];
        match answered {
            Ok(completed) => {
                assert_epoch(&mut { completed.established.channel }, &outputs["epoch"], true);
            }
            Err(Error::Rejected(reason)) => {
                let said = serde_json::json!([outputs["reason"], outputs["detail"]]);
                assert_eq!(reason, super::case::reject(&said), "{}", case.name());
            }
            Err(_) => assert!(case.is_refused(), "{}", case.name()),
        }
    }
}

fn sent_hello(case: &Case, keys: &Keys) -> SentHello {
    let params = InitiatorParams {
        view: case.view(Role::Initiator, keys),
        suites: case.suites(),
        now_unix_ms: number(case.input("timestamp")),
    };
    let ephemerals = initiator_ephemerals(case.input("initiator"), case.suite());
    let awaiting = initiator::start(params, ephemerals).unwrap();
    let product = answer(keys.secret(Role::Initiator), awaiting.request());
    awaiting.answer(product).unwrap()
}

fn read_hello(hello: &mut [u8], responder: &SecretKey, case: &Case) -> Result<AwaitingPeer, Error> {
    let params = ResponderParams {
        identity: case.0["inputs"]
            .get("state")
            .map_or(crate::Identity::of(crate::Address([0; 20])), |state| {
                super::case::record(&state["responder"]).identity
            }),
        public_key: responder.public_key(),
        suites: SuitePolicy::PREFER_HYBRID,
        now_unix_ms: case.0["inputs"].get("timestamp").map_or(0, number),
        max_clock_skew_ms: 0,
    };
    let awaiting = ExpectHello::new(params).read(hello)?;
    let product = answer(responder, awaiting.request());
    let awaiting = awaiting.answer(product)?;
    let product = answer(responder, awaiting.request());
    awaiting.answer(product)
}

fn read_answer(next: ExpectReply, message: &mut [u8], initiator: &SecretKey) -> Result<Completed, Error> {
    let awaiting = next.read(message)?;
    let product = answer(initiator, awaiting.request());
    awaiting.answer(product)
}

fn answer(secret: &SecretKey, request: KeyRequest) -> KeyAnswer {
    match request {
        KeyRequest::Ecdh { peer, .. } => KeyAnswer::SharedX(secret.ecdh_x(&peer)),
        KeyRequest::Sign { .. } => panic!("a handshake signs nothing"),
    }
}

fn check_cookie(case: &Case, hello: &[u8], responder: &PublicKey) {
    let jar = CookieJar::new(array(case.input("cookie_secret")));
    let port = u16::try_from(number(case.input("port"))).unwrap();
    let source = (case.input("ip").as_str().unwrap().parse::<core::net::IpAddr>().unwrap(), port).into();
    let mut cookie = jar.answer(hello, &source, responder, array(case.input("cookie_nonce"))).unwrap();
    assert_eq!(cookie.to_vec(), bytes(case.output("cookie")));
    assert!(is_cookie(&cookie));
    let mut marked = hello.to_vec();
    Cookie::open(&mut cookie, hello, responder).unwrap().mark(&mut marked).unwrap();
    assert_eq!(marked, bytes(case.output("hello_with_cookie")));
    assert!(jar.admits(&marked, &source) && !jar.admits(hello, &source));
}
