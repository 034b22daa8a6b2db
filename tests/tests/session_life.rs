//! What happens while a session lives: new epochs, newer blocks, datagrams, and the registry's last word.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alloy::eips::BlockId;
use alloy::providers::Provider;
use countersign::transport::{ConnectionReader, ConnectionWriter, TransportError};
use countersign::{Abort, Datagrams, Ended, Error, Fault, Limits, Policy, Role, Session, Side};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{Market, Party, Terms, meet, prompt, resolver_at};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Follows the chain, as any trader does.
fn watchful() -> Policy {
    Policy::default()
}

/// Looks at the chain for an epoch alone.
fn blind() -> Policy {
    Policy { follow: false, ..Policy::default() }
}

struct Desk {
    market: Market,
    alice: Party,
    bob: Party,
}

impl Desk {
    async fn open() -> Self {
        Self::with(Terms::default()).await
    }

    /// Bob's key is registered on those terms.
    async fn with(terms: Terms) -> Self {
        let market = Market::open().await;
        let (alice, bob) = (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", terms).await);
        Self { market, alice, bob }
    }

    /// A session that values the price: alice's end, who dials, and bob's.
    async fn meet(&self, alice: Policy, bob: Policy) -> (Session, Session) {
        let (alice, bob) = (self.alice.at(&self.market).policy(alice), self.bob.at(&self.market).policy(bob));
        meet(&alice.build(), &bob.build(), &[self.market.price()]).await
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(30), what).await.expect("it takes too long")
}

/// Both directions carry a message.
async fn assert_open(here: &mut Session, there: &mut Session) {
    here.connection.send_message(b"ping").await.unwrap();
    assert_eq!(soon(there.connection.next_message()).await.unwrap().unwrap(), b"ping");
    there.connection.send_message(b"pong").await.unwrap();
    assert_eq!(soon(here.connection.next_message()).await.unwrap().unwrap(), b"pong");
}

/// The session is over, for whoever keeps it and for whoever reads and writes. Which side was first is left open.
async fn assert_over(session: &mut Session, why: Abort) -> Side {
    let Ended { by, why: said } = soon(session.ended()).await.expect("by somebody's word");
    assert_eq!(said, why);
    let read = session.connection.next_message().await.unwrap_err();
    assert!(matches!(read, TransportError::Ended { why: said, .. } if said == why), "{read}");
    let sent = session.connection.send_message(b"more").await.unwrap_err();
    assert!(matches!(sent, TransportError::Ended { why: said, .. } if said == why), "{sent}");
    let renewed = session.rotate().await.unwrap_err();
    assert_eq!((renewed.fault(), session.keeper().is_over()), (Error::from(sent).fault(), true));
    by
}

/// Numbers, one message each, until told to stop; how many.
async fn count(mut to: ConnectionWriter<TcpStream>, stop: Arc<AtomicBool>) -> u64 {
    let mut number = 0_u64;
    while !stop.load(Ordering::Relaxed) {
        // Of many lengths.
        let mut message = vec![0; usize::try_from(number * 37 % 5_000).unwrap()];
        message.extend_from_slice(&number.to_be_bytes());
        to.send_message(&message).await.unwrap();
        number += 1;
        if number.is_multiple_of(64) {
            tokio::task::yield_now().await;
        }
    }
    to.close().await.unwrap();
    number
}

/// Checks that every number comes, in order; how many.
async fn follow(mut from: ConnectionReader<TcpStream>) -> u64 {
    let mut expected = 0_u64;
    while let Some(message) = from.next_message().await.unwrap() {
        assert_eq!(message[message.len() - 8..], expected.to_be_bytes());
        expected += 1;
    }
    expected
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_rotate_while_data_flows_and_none_is_lost() {
    let desk = Desk::open().await;
    let (here, there) = desk.meet(blind(), blind()).await;
    let (alice, bob) = (here.keeper().clone(), there.keeper().clone());
    let (here, there) = (here.connection.into_split(), there.connection.into_split());
    let stop = Arc::new(AtomicBool::new(false));
    let sent = [here.writer, there.writer].map(|writer| tokio::spawn(count(writer, stop.clone())));
    let received = [there.reader, here.reader].map(|reader| tokio::spawn(follow(reader)));

    let mut epoch = 0;
    for _ in 0..3 {
        desk.market.mine(1).await;
        for keeper in [&alice, &bob] {
            let agreed = soon(keeper.rotate()).await.unwrap();
            epoch += 1;
            assert_eq!(
                (agreed.epoch, agreed.view.anchor().block_number),
                (epoch, desk.market.height().await)
            );
        }
    }
    // Both at once: the initiator's request stands, and the responder's comes after it.
    let (one, other) = tokio::join!(soon(alice.rotate()), soon(bob.rotate()));
    assert!(one.unwrap().epoch > epoch && other.unwrap().epoch > epoch);
    let (one, other) = tokio::join!(soon(alice.rebind()), soon(bob.rebind()));
    let newest = one.unwrap().epoch.max(other.unwrap().epoch);
    for keeper in [&alice, &bob] {
        soon(keeper.agreed_after(newest - 1)).await.unwrap();
    }
    assert_eq!(alice.agreed().state_hash, bob.agreed().state_hash);
    assert_eq!(alice.agreed().epoch, bob.agreed().epoch);

    stop.store(true, Ordering::Relaxed);
    for (sent, received) in sent.into_iter().zip(received) {
        let (sent, received) = (soon(sent).await.unwrap(), soon(received).await.unwrap());
        println!("{sent} messages through {newest} epochs");
        assert!(sent > 100 && sent == received);
    }
    assert_eq!(soon(alice.ended()).await, None);
}

#[tokio::test]
async fn keys_are_renewed_by_themselves_though_nobody_reads_or_writes() {
    let desk = Desk::open().await;
    let limits = Limits { soft_age_ms: 500, hard_age_ms: 20_000, ..Limits::default() };
    let for_bob = [(desk.bob.identity, limits)].into();
    let (mut here, mut there) = desk.meet(Policy { limits_for: for_bob, ..blind() }, blind()).await;
    let opened = here.state_hash();
    desk.market.mine(1).await;
    let (one, other) =
        tokio::join!(soon(here.keeper().agreed_after(1)), soon(there.keeper().agreed_after(1)));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.epoch, one.state_hash), (other.epoch, other.state_hash));
    assert_ne!(one.state_hash, opened);
    assert_open(&mut here, &mut there).await;
}

#[tokio::test]
async fn a_session_is_bound_to_newer_blocks_and_shows_what_is_read_there() {
    let desk = Desk::open().await;
    let rebinding = Policy { rebind: Some(Duration::from_secs(1)), ..blind() };
    let (mut here, mut there) = desk.meet(rebinding, blind()).await;
    desk.market.set_price(7).await;
    for session in [&here, &there] {
        let agreed = soon(session.keeper().agreed_after(0)).await.unwrap();
        assert_eq!(agreed.view.readings()[0].value.commitment()[24..], 7_u64.to_be_bytes());
        assert_eq!(agreed.view.anchor().block_number, desk.market.height().await);
        // What it was opened with is told as before.
        assert_ne!(session.readings()[0].value.commitment()[24..], 7_u64.to_be_bytes());
    }
    assert_eq!(here.agreed().state_hash, there.agreed().state_hash);
    // No block, no epoch.
    let epoch = here.agreed().epoch;
    sleep(Duration::from_millis(2_500)).await;
    assert_eq!((here.agreed().epoch, there.agreed().epoch), (epoch, epoch));
    // On demand, from the other side.
    desk.market.set_price(8).await;
    let agreed = soon(there.rebind()).await.unwrap();
    assert_eq!(agreed.view.readings()[0].value.commitment()[24..], 8_u64.to_be_bytes());
    assert_open(&mut here, &mut there).await;
}

#[tokio::test]
async fn a_peer_one_block_behind_renews_at_its_own_head() {
    let desk = Desk::open().await;
    let lagging = Proxy::before(desk.market.endpoint().to_string().parse().unwrap()).await;
    let alice = desk.alice.at(&desk.market).policy(blind()).build();
    let bob = desk.bob.seeing(resolver_at(lagging.endpoint(), prompt())).policy(blind()).build();
    let (mut here, mut there) = meet(&alice, &bob, &[desk.market.price()]).await;
    let stuck = desk.market.height().await;
    lagging.stick_at(stuck, &["eth_getBlockByNumber", "eth_getProof"]);
    desk.market.mine(1).await;
    let agreed = soon(here.rotate()).await.unwrap();
    assert_eq!((agreed.epoch, agreed.view.anchor().block_number), (1, stuck));
    // Further behind than two honest nodes may be, it would be choosing among the past.
    desk.market.mine(4).await;
    let refused = soon(here.rotate()).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { .. }), "{refused}");
    assert_open(&mut here, &mut there).await;
}

#[tokio::test]
async fn a_revocation_ends_the_session_on_both_sides_within_its_block() {
    let desk = Desk::open().await;
    let (mut here, mut there) = desk.meet(watchful(), watchful()).await;
    assert_open(&mut here, &mut there).await;
    let before = desk.market.height().await;
    desk.bob.revoke().await;
    let why = Abort::Revoked(Role::Responder);
    let (one, other) = (assert_over(&mut here, why).await, assert_over(&mut there, why).await);
    println!("alice: {one}, bob: {other}");
    assert_eq!(desk.market.height().await, before + 1);
    let sent = here.connection.send_message(b"more").await.unwrap_err();
    let error = Error::from(sent);
    assert_eq!((error.fault(), error.is_retryable()), (Fault::Chain, false));
}

/// Each side watches its own record too: the other one may not look at all.
#[tokio::test]
async fn a_side_whose_own_record_is_revoked_ends_its_session_itself() {
    let desk = Desk::open().await;
    let (mut here, mut there) = desk.meet(watchful(), blind()).await;
    desk.alice.revoke().await;
    let why = Abort::Revoked(Role::Initiator);
    assert_eq!(assert_over(&mut here, why).await, Side::ThisSide);
    assert_eq!(assert_over(&mut there, why).await, Side::Peer);
}

#[tokio::test]
async fn a_replaced_key_ends_the_session_once_the_overlap_is_over() {
    let desk = Desk::open().await;
    let overlapping = Policy { overlap: Duration::from_secs(60), ..watchful() };
    let (mut here, mut there) = desk.meet(overlapping, blind()).await;
    desk.bob.rotate(Terms::default()).await;
    desk.market.pass(Duration::from_secs(30)).await;
    sleep(Duration::from_millis(500)).await;
    assert_open(&mut here, &mut there).await;
    desk.market.pass(Duration::from_secs(40)).await;
    let why = Abort::Superseded(Role::Responder);
    assert_eq!(assert_over(&mut here, why).await, Side::ThisSide);
    assert_eq!(assert_over(&mut there, why).await, Side::Peer);
}

#[tokio::test]
async fn an_expired_key_ends_the_session() {
    let market = Market::open().await;
    let newest = market.provider().get_block(BlockId::latest()).await.unwrap().unwrap();
    let end = u32::try_from(newest.header.timestamp + 1_800).unwrap();
    let terms = Terms { valid_until: Some(end), ..Terms::default() };
    let (alice, bob) = (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", terms).await);
    let desk = Desk { market, alice, bob };
    let (mut here, mut there) = desk.meet(watchful(), blind()).await;
    desk.market.pass(Duration::from_secs(900)).await;
    sleep(Duration::from_millis(500)).await;
    assert_open(&mut here, &mut there).await;
    desk.market.pass(Duration::from_secs(1_000)).await;
    let why = Abort::Expired(Role::Responder);
    assert_eq!(assert_over(&mut here, why).await, Side::ThisSide);
    assert_eq!(assert_over(&mut there, why).await, Side::Peer);
}

/// Without a node nothing can be proven, and nothing says that the session may not go on, until its keys are worn out.
#[tokio::test]
async fn without_a_node_the_session_goes_on_until_its_keys_are_worn_out() {
    let desk = Desk::open().await;
    let node = Proxy::before(desk.market.endpoint().to_string().parse().unwrap()).await;
    let limits = Limits { soft_age_ms: 500, hard_age_ms: 4_000, ..Limits::default() };
    let policy = Policy { limits, ..watchful() };
    let alice = desk.alice.seeing(resolver_at(node.endpoint(), prompt())).policy(policy).build();
    let bob = desk.bob.at(&desk.market).policy(blind()).build();
    let (mut here, mut there) = meet(&alice, &bob, &[]).await;
    node.tell(Lie::HangUp);
    let unproven = soon(here.rotate()).await.unwrap_err();
    assert!(matches!(unproven, Error::Resolve(_)), "{unproven}");
    assert_open(&mut here, &mut there).await;
    assert_eq!(assert_over(&mut here, Abort::Unproven).await, Side::ThisSide);
    assert_eq!(assert_over(&mut there, Abort::Unproven).await, Side::Peer);
    let sent = Error::from(here.connection.send_message(b"more").await.unwrap_err());
    assert_eq!((sent.fault(), sent.is_retryable()), (Fault::Endpoint, true));
}

/// A node that fails for a while costs nothing: what was missed is looked at once it is back.
#[tokio::test]
async fn a_revocation_that_a_failing_node_hid_is_seen_once_it_is_back() {
    let desk = Desk::open().await;
    let node = Proxy::before(desk.market.endpoint().to_string().parse().unwrap()).await;
    let alice = desk.alice.seeing(resolver_at(node.endpoint(), prompt())).policy(watchful()).build();
    let bob = desk.bob.at(&desk.market).policy(blind()).build();
    let (mut here, mut there) = meet(&alice, &bob, &[]).await;
    node.tell(Lie::HangUp);
    desk.bob.revoke().await;
    sleep(Duration::from_millis(300)).await;
    assert_open(&mut here, &mut there).await;
    node.tell(Lie::None);
    assert_eq!(assert_over(&mut here, Abort::Revoked(Role::Responder)).await, Side::ThisSide);
}

async fn carry(from: &Datagrams<TcpStream>, to: &Datagrams<TcpStream>, content: &[u8]) {
    // The network may lose what it is given.
    for _ in 0..10 {
        from.send(content).await.unwrap();
        if let Ok(received) = timeout(Duration::from_secs(1), to.recv()).await {
            return assert_eq!(received.unwrap(), content);
        }
    }
    panic!("no datagram came");
}

#[tokio::test]
async fn datagrams_go_both_ways_and_through_new_epochs() {
    let desk = Desk::open().await;
    let (here, there) = desk.meet(blind(), Policy { datagrams: true, ..blind() }).await;
    let (alice, bob) = (here.datagrams().await.unwrap(), there.datagrams().await.unwrap());
    let early = bob.send(b"quote").await.unwrap_err();
    assert!(matches!(early, TransportError::PeerAddressUnknown), "{early}");
    carry(&alice, &bob, b"RFQ 100").await;
    carry(&bob, &alice, b"QUOTE 2501.5").await;
    soon(here.rotate()).await.unwrap();
    soon(there.keeper().agreed_after(0)).await.unwrap();
    carry(&alice, &bob, b"RFQ 101").await;
    carry(&bob, &alice, b"QUOTE 2502.5").await;

    let (_here, there) = desk.meet(blind(), blind()).await;
    assert!(matches!(there.datagrams().await.unwrap_err(), Error::NoDatagrams));
}

#[tokio::test]
async fn a_dropped_session_leaves_no_task_behind() {
    let desk = Desk::open().await;
    let node = Proxy::before(desk.market.endpoint().to_string().parse().unwrap()).await;
    let trader =
        |party: &Party| party.seeing(resolver_at(node.endpoint(), prompt())).policy(watchful()).build();
    let (alice, bob) = (trader(&desk.alice), trader(&desk.bob));
    let (here, there) = meet(&alice, &bob, &[]).await;
    let asked = node.requests().len();
    sleep(Duration::from_millis(300)).await;
    assert!(node.requests().len() > asked, "nobody watches");

    let (keeper, other) = (here.keeper().clone(), there.keeper().clone());
    drop((here, there));
    assert_eq!((soon(keeper.ended()).await, soon(other.ended()).await), (None, None));
    let renewed = keeper.rotate().await.unwrap_err();
    assert!(matches!(renewed, Error::Transport(TransportError::Closed)), "{renewed}");

    // The next session is watched again, and what keeps it lets go of the traders; they follow the chain until then.
    let (here, there) = meet(&alice, &bob, &[]).await;
    drop((alice, bob, here, there));
    soon(async {
        while [&desk.alice, &desk.bob].iter().any(|party| Arc::strong_count(&party.key) > 1) {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
