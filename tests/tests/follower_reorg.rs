//! A chain that is reorganised while it is followed: what is served is of the chain that is, never of the one that was.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::ops::Range;
use std::time::Duration;

use alloy::eips::BlockNumberOrTag;
use alloy::network::Ethereum;
use alloy::primitives::Bytes;
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use countersign::custody::Custody;
use countersign::protocol::{StateView, Value};
use countersign::registry::{Change, HeadPolicy, KnownRecords, ResolveError, Standing, ViewRequest};
use countersign::{Identity, Query};
use countersign_tests::followed::{Followed, endpoint_url, reorganise, settled, swift, watchful};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::switch::Switch;
use countersign_tests::trader::{Market, OPENING_PRICE, Party, Terms, resolver_at};

fn request<'a>(local: &Party, peer: &Party, queries: &'a [Query]) -> ViewRequest<'a> {
    let (local, peer) = (local.identity, peer.identity);
    ViewRequest { anchor: None, local, peer, local_key_hint: None, peer_key_hint: None, queries }
}

fn price(view: &StateView) -> u64 {
    let Value::Word(word) = &view.readings()[0].value else { panic!("no word") };
    u64::from_be_bytes(word[24..].try_into().unwrap())
}

fn version(standing: Standing) -> u16 {
    match standing {
        Standing::Active(record) => record.version,
        other => panic!("{other:?}"),
    }
}

/// The next change, which must be a reorganisation of that depth. In the midst of it a node's proofs may not fit its
/// header, and whoever asks then is in doubt.
async fn reorganised(followed: &mut Followed, depth: u64) {
    loop {
        match followed.news().await {
            Change::Doubt(_) => {}
            Change::Reorganised { depth: told, .. } => return assert_eq!(told, depth),
            other => panic!("{other:?} at depth {depth}"),
        }
    }
}

#[tokio::test]
async fn a_reorganisation_of_any_depth_is_followed() {
    // Anvil runs the transactions of a chain wrongly that it reorganised some forty times, so each of them has eight.
    for first in (1..=64).step_by(8) {
        reorganise_by(first..first + 8).await;
    }
}

/// At each depth a price and the blocks around it go. Whoever asks then reads what a node says who never saw them.
async fn reorganise_by(depths: Range<u64>) {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    market.mine(70).await;
    let mut followed = Followed::of(&market, swift()).await;
    let queries = [market.price()];
    let guards = [
        followed.watch(alice.identity).await,
        followed.watch(bob.identity).await,
        followed.follower.watch_queries(&queries),
    ];
    settled(&guards[2]).await;
    for depth in depths {
        market.set_price(i64::try_from(depth).unwrap()).await;
        let Change::Moved { .. } = followed.news().await else { panic!("not the price") };
        let before = followed.resolver.view(request(&alice, &bob, &queries)).await.unwrap();
        assert_eq!(price(&before), depth);
        market.mine(depth - 1).await;
        followed.reach(before.anchor().block_number + depth - 1).await;

        reorganise(&market, depth).await;
        reorganised(&mut followed, depth).await;
        let Change::Moved { .. } = followed.news().await else { panic!("not the price back") };
        let view = followed.resolver.view(request(&alice, &bob, &queries)).await.unwrap();
        assert_eq!(price(&view), OPENING_PRICE);
        let at = ViewRequest { anchor: Some(*view.anchor()), ..request(&alice, &bob, &queries) };
        assert_eq!(market.resolver().view(at).await.unwrap(), view);
        let gone = ViewRequest { anchor: Some(*before.anchor()), ..request(&alice, &bob, &queries) };
        let error = followed.resolver.view(gone).await.unwrap_err();
        assert!(matches!(error, ResolveError::AnchorNotCanonical { .. }), "{error:?}");
    }
    assert_eq!(followed.follower.health().reorganisations, 8);
}

#[tokio::test]
async fn a_reorganisation_deeper_than_the_ring_begins_anew() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    market.mine(80).await;
    let mut followed = Followed::of(&market, swift()).await;
    let watching = followed.watch(alice.identity).await;
    reorganise(&market, 70).await;
    let Change::Gap { before, now } = followed.news().await else { panic!("no gap") };
    assert!(before.block_hash != now.block_hash);
    settled(&watching).await;
    assert_eq!(version(watching.standing().unwrap()), 1);
    let resolved = followed.resolver.resolve(alice.identity).await.unwrap();
    assert_eq!(*resolved.peer_key.public_key(), alice.key.public_key());
}

/// The headers of a gap are longer together than an answer may be.
#[tokio::test]
async fn a_gap_is_closed_in_as_many_questions_as_it_takes() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    market.mine(80).await;
    let policy = HeadPolicy { max_response_bytes: 24 << 10, ..swift() };
    let mut followed = Followed::of(&market, policy).await;
    let _watching = followed.watch(alice.identity).await;
    followed.proxy.tell(Lie::HangUp);
    let Change::Doubt(_) = followed.news().await else { panic!("no doubt") };
    market.mine(60).await;
    alice.rotate(Terms::default()).await;
    followed.proxy.tell(Lie::None);
    assert_eq!(version(followed.stands(alice.identity).await.1), 2, "and no gap before it");
}

/// What was proven is never gone back from: until the chain has something newer, it is refused, by whichever way.
#[tokio::test]
async fn a_change_that_is_reorganised_away_is_told_and_the_older_state_neither_told_nor_served() {
    let market = Market::open().await;
    let (rotated, revoked) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let stranger = market.stranger(3).await.identity;
    let mut followed = Followed::of(&market, swift()).await;
    let mut guards = Vec::new();
    for identity in [rotated.identity, revoked.identity, stranger] {
        guards.push(followed.watch(identity).await);
    }
    let refused = async |followed: &Followed, identity: Identity| {
        let error = followed.resolver.resolve(identity).await.unwrap_err();
        assert!(matches!(error, ResolveError::RecordRewound { .. }), "{error:?}");
    };

    rotated.rotate(Terms::default()).await;
    assert_eq!(version(followed.stands(rotated.identity).await.1), 2);
    reorganise(&market, 1).await;
    reorganised(&mut followed, 1).await;
    went_back(&mut followed, rotated.identity).await;
    refused(&followed, rotated.identity).await;

    revoked.revoke().await;
    followed.stands(revoked.identity).await;
    reorganise(&market, 1).await;
    reorganised(&mut followed, 1).await;
    went_back(&mut followed, revoked.identity).await;
    assert_eq!(guards[1].standing(), None, "neither revoked nor active");
    refused(&followed, revoked.identity).await;

    let enrolled = market.enrol(3, "", Terms::default()).await;
    assert_eq!(version(followed.stands(stranger).await.1), 1);
    reorganise(&market, 1).await;
    reorganised(&mut followed, 1).await;
    // Whoever relied on the key must know that it is gone.
    assert_eq!(followed.stands(stranger).await.1, Standing::Absent);
    refused(&followed, stranger).await;

    // Once the chain has it again, in whatever block, it is served.
    let again = rotated.rotate(Terms::default()).await;
    assert_eq!(version(followed.stands(rotated.identity).await.1), 2);
    let resolved = followed.resolver.resolve(rotated.identity).await.unwrap();
    assert_eq!(*resolved.peer_key.public_key(), again.key.public_key());
    let enrolled = market.enrol_key(3, "", Terms::default(), enrolled.key.clone()).await;
    assert_eq!(version(followed.stands(stranger).await.1), 1);
    let resolved = followed.resolver.resolve(stranger).await.unwrap();
    assert_eq!(*resolved.peer_key.public_key(), enrolled.key.public_key());
    // A revocation that was proven is undone by a new key alone.
    revoked.rotate(Terms::default()).await;
    assert_eq!(version(followed.stands(revoked.identity).await.1), 2);
    followed.resolver.resolve(revoked.identity).await.unwrap();
}

/// That an older state was shown is told, and not as how the identity stands.
async fn went_back(followed: &mut Followed, whose: Identity) {
    match followed.news().await {
        Change::Rewound { identity, refusal: ResolveError::RecordRewound { .. } } if identity == whose => {}
        other => panic!("{other:?}"),
    }
}

/// A -> B -> A, each longer than the one before, as two nodes of one network show it.
#[tokio::test]
async fn an_uncle_that_becomes_the_chain_again_is_followed_back() {
    let (here, there) = (Market::dated(DAWN).await, Market::dated(DAWN).await);
    let alice = here.enrol(1, "", Terms::default()).await;
    let bob = here.enrol(2, "", Terms::default()).await;
    replay(&here, &there).await;
    let switch = Switch::to(&endpoint_url(&here.endpoint())).await;
    let proxy = Proxy::before(switch.url()).await;
    let resolver = resolver_at(proxy.endpoint(), watchful());
    let mut followed = Followed::by(proxy, resolver);
    let queries = [here.price()];
    let guards = [
        followed.watch(alice.identity).await,
        followed.watch(bob.identity).await,
        followed.follower.watch_queries(&queries),
    ];
    settled(&guards[2]).await;
    let trunk = followed.follower.head().unwrap().anchor.block_number;

    here.set_price(10).await;
    assert!(matches!(followed.news().await, Change::Moved { .. }));
    let on_a = followed.resolver.view(request(&alice, &bob, &queries)).await.unwrap();
    there.set_price(20).await;
    there.set_price(21).await;
    switch.turn(&endpoint_url(&there.endpoint()));
    reorganised(&mut followed, 1).await;
    assert!(matches!(followed.news().await, Change::Moved { .. }));
    let on_b = followed.resolver.view(request(&alice, &bob, &queries)).await.unwrap();
    assert_eq!((price(&on_a), price(&on_b)), (10, 21));

    here.mine(2).await;
    switch.turn(&endpoint_url(&here.endpoint()));
    reorganised(&mut followed, 2).await;
    assert!(matches!(followed.news().await, Change::Moved { .. }));
    let back = followed.resolver.view(request(&alice, &bob, &queries)).await.unwrap();
    assert_eq!((price(&back), back.anchor().block_number), (10, trunk + 3));
    // The block that was an uncle for a while is proposed, and is of the chain.
    let uncle = ViewRequest { anchor: Some(*on_a.anchor()), ..request(&alice, &bob, &queries) };
    assert_eq!(followed.resolver.view(uncle).await.unwrap(), on_a);
    let gone = ViewRequest { anchor: Some(*on_b.anchor()), ..request(&alice, &bob, &queries) };
    let error = followed.resolver.view(gone).await.unwrap_err();
    assert!(matches!(error, ResolveError::AnchorNotCanonical { .. }), "{error:?}");
}

/// A chain that went back and stays there is no chain to serve from: the head proven before counts.
#[tokio::test]
async fn a_chain_that_only_went_back_is_not_served() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    market.mine(5).await;
    let mut followed = Followed::of(&market, swift()).await;
    let _watching = followed.watch(alice.identity).await;
    AnvilApi::<Ethereum>::anvil_rollback(market.provider(), Some(3)).await.unwrap();
    let Change::Doubt(error) = followed.news().await else { panic!("no doubt") };
    assert!(matches!(error, ResolveError::StaleHead { .. }), "{error:?}");
    assert_eq!(followed.follower.head(), None);
    assert!(followed.resolver.resolve(alice.identity).await.is_err());
    market.mine(4).await;
    reorganised(&mut followed, 3).await;
    followed.resolver.resolve(alice.identity).await.unwrap();
}

#[tokio::test]
async fn a_snapshot_that_is_reverted_to_is_a_reorganisation() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let mut followed = Followed::of(&market, swift()).await;
    let queries = [market.price()];
    let guards = [followed.watch(alice.identity).await, followed.follower.watch_queries(&queries)];
    settled(&guards[1]).await;
    let kept = AnvilApi::<Ethereum>::anvil_snapshot(market.provider()).await.unwrap();
    market.set_price(7).await;
    assert!(matches!(followed.news().await, Change::Moved { .. }));
    AnvilApi::<Ethereum>::anvil_revert(market.provider(), kept).await.unwrap();
    market.mine(2).await;
    reorganised(&mut followed, 1).await;
    let Change::Moved { now, .. } = followed.news().await else { panic!("not the price back") };
    let view = market.resolver().view(request(&alice, &alice, &queries)).await.unwrap();
    assert_eq!(now, view.readings()[0].value);
}

/// The ring is kept: blocks that go while nobody looks are noticed by whoever looks again.
#[tokio::test]
async fn a_reorganisation_during_a_restart_is_told() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known.db");
    let follow = async || {
        let proxy = Proxy::before(endpoint_url(&market.endpoint())).await;
        let known = KnownRecords::open(&file).unwrap();
        let resolver = resolver_at(proxy.endpoint(), swift()).remembering(known).unwrap();
        Followed::by(proxy, resolver)
    };
    let mut before = follow().await;
    let _watching = before.watch(alice.identity).await;
    for _ in 0..4 {
        market.mine(1).await;
        before.reach(market.height().await).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop((before, _watching));
    reorganise(&market, 3).await;
    let mut after = follow().await;
    reorganised(&mut after, 3).await;
}

/// Sends every transaction of one chain to another, whose blocks come out the same.
async fn replay(from: &Market, to: &Market) {
    for number in to.height().await + 1..=from.height().await {
        let block =
            from.provider().get_block_by_number(BlockNumberOrTag::Number(number)).await.unwrap().unwrap();
        for hash in block.transactions.hashes() {
            let raw: Bytes =
                from.provider().raw_request("eth_getRawTransactionByHash".into(), (hash,)).await.unwrap();
            to.provider().send_raw_transaction(&raw).await.unwrap().get_receipt().await.unwrap();
        }
        let copy =
            to.provider().get_block_by_number(BlockNumberOrTag::Number(number)).await.unwrap().unwrap();
        assert_eq!(copy.header.hash, block.header.hash);
    }
}

/// When both nodes' chains begin, a second before each block: then their blocks are the same.
const DAWN: u64 = 1_790_000_000;
