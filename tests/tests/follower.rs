//! Following the chain: what is watched is known before anybody asks, and every change of it is told once.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use countersign::custody::Custody;
use countersign::protocol::{RegistryRecord, Role, Value};
use countersign::registry::{
    Announcing, Change, KeyHint, ResolveError, RevocationReason, Standing, ViewRequest,
};
use countersign::{Address, Anchor, Identity, Policy, Query};
use countersign_tests::followed::{Followed, settled, silent, swift};
use countersign_tests::instruments::{Instruments, OPENING_ANSWER};
use countersign_tests::proxy::Proxy;
use countersign_tests::trader::{CHAIN, Market, OPENING_PRICE, Party, Terms, meet, resolver_at};

fn request<'a>(local: &Party, peer: &Party, queries: &'a [Query]) -> ViewRequest<'a> {
    let (local, peer) = (local.identity, peer.identity);
    ViewRequest { anchor: None, local, peer, local_key_hint: None, peer_key_hint: None, queries }
}

fn word(price: u64) -> Value {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&price.to_be_bytes());
    Value::Word(word)
}

fn active(standing: Standing) -> RegistryRecord {
    match standing {
        Standing::Active(record) => record,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn whoever_is_watched_is_served_without_a_question() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let compact = market.enrol(3, "desk", Terms { is_compact: true, ..Terms::default() }).await;
    let expected = {
        let queries = [market.price()];
        market.resolver().view(request(&alice, &bob, &queries)).await.unwrap()
    };

    let followed = Followed::of(&market, silent()).await;
    let queries = [market.price()];
    let guards = [
        followed.watch(alice.identity).await,
        followed.watch(bob.identity).await,
        followed.follower.watch(compact.identity, Some(compact.key.public_key())),
        followed.follower.watch_queries(&queries),
    ];
    for guard in &guards {
        settled(guard).await;
    }
    let asked = followed.proxy.requests().len();

    let resolved = followed.resolver.resolve(alice.identity).await.unwrap();
    assert_eq!(*resolved.peer_key.public_key(), alice.key.public_key());
    assert_eq!(resolved.proved_at, followed.follower.head().unwrap());
    assert!(resolved.pinned);
    let resolved = followed.resolver.resolve(compact.identity).await.unwrap();
    assert_eq!((*resolved.peer_key.public_key(), resolved.pinned), (compact.key.public_key(), false));
    let view = followed.resolver.view(request(&alice, &bob, &queries)).await.unwrap();
    assert_eq!(view, expected);
    assert_eq!(followed.resolver.head().await.unwrap(), resolved.proved_at);
    let anchored = ViewRequest { anchor: Some(*view.anchor()), ..request(&bob, &alice, &queries) };
    let theirs = followed.resolver.view(anchored).await.unwrap();
    assert_eq!(theirs.state_hash(Role::Responder), view.state_hash(Role::Initiator));

    // A key that is shown must be the one that is registered, watched or not.
    let shown = Some(KeyHint::Shown(bob.key.public_key()));
    let wrong = ViewRequest { peer_key_hint: shown, ..request(&alice, &compact, &[]) };
    let error = followed.resolver.view(wrong).await.unwrap_err();
    assert!(matches!(error, ResolveError::KeyMismatch { .. }), "{error:?}");
    assert_eq!(followed.proxy.requests().len(), asked, "none of it is a question");

    // What is not watched is asked for, as ever.
    let stranger = Identity::of(Address([9; 20]));
    let error = followed.resolver.resolve(stranger).await.unwrap_err();
    assert!(matches!(error, ResolveError::NotRegistered { .. }), "{error:?}");
    assert_eq!(followed.proxy.requests().len(), asked + 1);
}

#[tokio::test]
async fn a_handshake_with_a_watched_counterparty_asks_no_node() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let queries = [market.price()];
    let mut sides = Vec::new();
    for _ in 0..2 {
        let followed = Followed::of(&market, silent()).await;
        let guards = [
            followed.watch(alice.identity).await,
            followed.watch(bob.identity).await,
            followed.follower.watch_queries(&queries),
        ];
        settled(&guards[2]).await;
        sides.push((followed, guards));
    }
    let traders =
        [alice.seeing(sides[0].0.resolver.clone()).build(), bob.seeing(sides[1].0.resolver.clone()).build()];
    let count = || sides.iter().map(|(followed, _)| followed.proxy.requests().len()).collect::<Vec<_>>();
    let asked = count();
    for (dialler, responder) in [(0, 1), (1, 0)] {
        let (here, there) = meet(&traders[dialler], &traders[responder], &queries).await;
        assert_eq!(here.state_hash(), there.state_hash());
        assert_eq!(here.readings()[0].value, word(OPENING_PRICE));
    }
    assert_eq!(count(), asked);

    let elsewhere = Anchor { chain_id: 1, ..sides[0].0.follower.head().unwrap().anchor };
    let request = ViewRequest { anchor: Some(elsewhere), ..request(&alice, &bob, &queries) };
    let refused = sides[0].0.resolver.view_followed(&request).unwrap().unwrap_err();
    assert!(matches!(refused, ResolveError::WrongChain { expected: CHAIN, got: 1, .. }), "{refused}");
}

/// What a stranger's call asks to value is followed for no longer than this side wants to value it itself.
#[tokio::test]
async fn a_responder_follows_its_own_instruments_alone() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let queries = vec![market.price()];
    let policies = [Policy::default(), Policy { instrument: Some(queries.clone()), ..Policy::default() }];
    for (policy, followed) in policies.into_iter().zip([0, 1]) {
        let (dialler, responder) = (alice.at(&market).build(), bob.at(&market).policy(policy).build());
        meet(&dialler, &responder, &queries).await;
        assert_eq!(dialler.resolver().follow().health().queries, 1);
        let health = responder.resolver().follow().health();
        assert_eq!((health.queries, health.records), (followed, 2));
    }
}

#[tokio::test]
async fn every_change_of_a_record_is_told_once_and_in_order() {
    let market = Market::open().await;
    let mut followed = Followed::of(&market, swift()).await;
    let stranger = market.stranger(4).await.identity;
    let watching = followed.watch(stranger).await;
    assert_eq!(watching.standing(), Some(Standing::Absent));
    let error = followed.resolver.resolve(stranger).await.unwrap_err();
    assert!(matches!(error, ResolveError::NotRegistered { .. }), "{error:?}");

    let party = market.enrol(4, "", Terms::default()).await;
    let (before, now) = followed.stands(stranger).await;
    assert_eq!((before, active(now).version), (Standing::Absent, 1));
    assert_eq!(watching.standing(), Some(now), "what is told is served");
    let resolved = followed.resolver.resolve(stranger).await.unwrap();
    assert_eq!(*resolved.peer_key.public_key(), party.key.public_key());

    let rotated = party.rotate(Terms::default()).await;
    let (before, after) = followed.stands(stranger).await;
    assert_eq!((before, active(after).version), (now, 2));
    let resolved = followed.resolver.resolve(stranger).await.unwrap();
    assert_eq!(*resolved.peer_key.public_key(), rotated.key.public_key());

    rotated.revoke().await;
    let (before, revoked) = followed.stands(stranger).await;
    assert_eq!(before, after);
    assert!(
        matches!(revoked, Standing::Revoked { reason: RevocationReason::KeyCompromised, .. }),
        "{revoked:?}"
    );
    let error = followed.resolver.resolve(stranger).await.unwrap_err();
    assert!(matches!(error, ResolveError::Revoked { version: 2, .. }), "{error:?}");

    // Only its owner activates it again; and an end of its own comes with time, block by block.
    let until = u32::try_from(followed.follower.head().unwrap().timestamp + 600).unwrap();
    market.enrol(4, "", Terms { valid_until: Some(until), ..Terms::default() }).await;
    let (before, again) = followed.stands(stranger).await;
    assert_eq!((before, active(again).version), (revoked, 3));
    market.pass(Duration::from_secs(599)).await;
    market.pass(Duration::from_secs(2)).await;
    let (before, expired) = followed.stands(stranger).await;
    assert_eq!((before, expired), (again, Standing::Expired { at: until.into() }));
    let error = followed.resolver.resolve(stranger).await.unwrap_err();
    assert!(matches!(error, ResolveError::Expired { .. }), "{error:?}");
}

#[tokio::test]
async fn a_key_expires_by_the_clock_where_no_block_comes() {
    let market = Market::open().await;
    let until = u32::try_from(countersign_tests::by_hand::now_unix_ms() / 1000 + 15).unwrap();
    let party = market.enrol(1, "", Terms { valid_until: Some(until), ..Terms::default() }).await;
    let mut followed = Followed::of(&market, swift()).await;
    let watching = followed.watch(party.identity).await;
    assert!(matches!(watching.standing(), Some(Standing::Active(_))));
    let (_, now) = followed.stands(party.identity).await;
    assert_eq!(now, Standing::Expired { at: until.into() });
    assert_eq!(watching.standing(), Some(now));
}

#[tokio::test]
async fn a_price_that_moves_is_told_and_older_blocks_keep_theirs() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let mut followed = Followed::of(&market, swift()).await;
    let queries = [market.price()];
    let guards = [
        followed.watch(alice.identity).await,
        followed.watch(bob.identity).await,
        followed.follower.watch_queries(&queries),
    ];
    settled(&guards[2]).await;
    let mut views = vec![followed.resolver.view(request(&alice, &bob, &queries)).await.unwrap()];
    let mut before = OPENING_PRICE;
    for price in [99, 98] {
        market.set_price(price).await;
        let Change::Moved { query, before: was, now } = followed.news().await else {
            panic!("not the price")
        };
        let price = u64::try_from(price).unwrap();
        assert_eq!((query, was, now), (market.price(), word(before), word(price)));
        views.push(followed.resolver.view(request(&alice, &bob, &queries)).await.unwrap());
        assert_eq!(views.last().unwrap().readings()[0].value, word(price));
        before = price;
    }
    // The ring still has the blocks before, with what was read there. A node that is asked for proofs cannot help it.
    followed.proxy.bend("eth_getProof", |proof| proof["accountProof"] = serde_json::json!([]));
    for view in &views {
        let at = ViewRequest { anchor: Some(*view.anchor()), ..request(&alice, &bob, &queries) };
        assert_eq!(followed.resolver.view(at).await.unwrap(), *view);
    }
}

/// What a call returns is watched as a slot is: valued at each block, told once, and served without a question.
#[tokio::test]
async fn a_watched_call_is_valued_at_each_block() {
    let market = Market::open().await;
    let instruments = Instruments::open(&market).await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let mut followed = Followed::of(&market, swift()).await;
    let queries = [instruments.newest_round(), market.price()];
    let guards = [
        followed.watch(alice.identity).await,
        followed.watch(bob.identity).await,
        followed.follower.watch_queries(&queries),
    ];
    settled(&guards[2]).await;
    for answer in [OPENING_ANSWER + 1, OPENING_ANSWER + 2] {
        let before = market.resolver().view(request(&alice, &bob, &queries)).await.unwrap();
        instruments.publish(answer).await;
        let Change::Moved { query, before: was, now } = followed.news().await else {
            panic!("not the answer")
        };
        let asked = market.resolver().view(request(&alice, &bob, &queries)).await.unwrap();
        assert_eq!((&query, &was), (&queries[0], &before.readings()[0].value));
        assert_eq!(now, asked.readings()[0].value);
        let served = followed.resolver.view_followed(&request(&alice, &bob, &queries)).unwrap().unwrap();
        assert_eq!(served, asked);
        assert_eq!(followed.follower.health().unread, 0);
    }
    let rest = followed.rest().await;
    assert!(rest.iter().all(|change| matches!(change, Change::Head(_))), "told once: {rest:?}");
}

/// Nobody polls here: the node announces its blocks, and with the one that holds a revocation, that.
#[tokio::test]
async fn announced_blocks_are_followed() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let proxy = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    let resolver = resolver_at(proxy.web_socket(), silent());
    let mut followed = Followed::by(proxy, resolver);
    let watching = followed.watch(alice.identity).await;
    assert_eq!(followed.resolver.health()[0].announcing, Announcing::Subscribed);
    alice.revoke().await;
    let (_, now) = followed.stands(alice.identity).await;
    assert!(matches!(now, Standing::Revoked { .. }), "{now:?}");
    assert_eq!(watching.standing(), Some(now));
}

#[tokio::test]
async fn what_nobody_watches_any_more_is_asked_for_again_and_the_task_ends_with_the_last_handle() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let followed = Followed::of(&market, swift()).await;
    let watching = followed.watch(alice.identity).await;
    let twice = followed.watch(alice.identity).await;
    drop(twice);
    market.mine(1).await;
    let head = market.height().await;
    let Followed { proxy, resolver, follower, changes } = followed;
    while follower.head().is_none_or(|served| served.anchor.block_number < head) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(watching.standing().is_some(), "one of its watchers left, the other did not");

    drop((follower, changes));
    assert!(watching.standing().is_some(), "whoever watches keeps the follower going");
    drop(watching);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let asked = proxy.requests().len();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(proxy.requests().len(), asked, "nobody follows any more");
    resolver.resolve(alice.identity).await.unwrap();
    assert_eq!(proxy.requests().len(), asked + 1, "nor is served from what was followed");

    // And it begins anew.
    let follower = resolver.follow();
    settled(&follower.watch(alice.identity, None)).await;
}

#[tokio::test]
async fn a_proof_that_was_made_elsewhere_counts_at_once() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let followed = Followed::of(&market, silent()).await;
    let _watching = followed.watch(alice.identity).await;
    alice.revoke().await;
    // The follower does not know yet; then somebody asks for standings, which are never from memory.
    assert!(followed.resolver.resolve(alice.identity).await.is_ok());
    let standings = followed.resolver.standings(&[alice.identity]).await.unwrap();
    assert!(matches!(standings.each[0], Ok(Standing::Revoked { .. })));
    let error = followed.resolver.resolve(alice.identity).await.unwrap_err();
    assert!(matches!(error, ResolveError::Revoked { .. }), "{error:?}");
}

#[tokio::test]
async fn clones_share_one_follower() {
    let market = Market::open().await;
    let resolver = resolver_at(market.endpoint(), swift());
    let (one, other) = (resolver.follow(), resolver.clone().follow());
    let alice = market.enrol(1, "", Terms::default()).await;
    let _watching = one.watch(alice.identity, None);
    settled(&other.watch(alice.identity, None)).await;
    assert_eq!(other.health().records, 1);
    assert_eq!(one.head(), other.head());
    assert_eq!(one.health().unproven, 0);
}
