//! Two parties in one process, with randomness and keys that the caller chose.

use core::convert::Infallible;
use core::future::Future;
use core::num::NonZeroUsize;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use countersign_custody::{Custody, LocalKey, StaticProducts};
use countersign_protocol::curve::{PublicKey, SecretKey};
use countersign_protocol::{
    Address, Anchor, Channel, ContentType, Identity, InitiatorEphemerals, KeyAnswer, KeyRequest, Label,
    PeerKey, Query, Reading, Received, RegistryRecord, ResponderEphemerals, SignatureScheme, StateView,
    Suite, SuitePolicy, Ticket, Value, initiator, responder, resumption,
};
use zeroize::Zeroizing;

use crate::memcheck::publish;

/// A static key behind its boundary, with the cache of products in front of it.
pub type Key = StaticProducts<LocalKey>;

/// What both parties believe, each from its own side.
pub struct Views {
    /// Who dials.
    pub alice: StateView,
    /// Who answers.
    pub bob: StateView,
}

impl Views {
    /// Both parties' views of that block.
    #[must_use]
    pub fn at(block: u64, [alice, bob]: &[PublicKey; 2]) -> Self {
        let (alice, bob) = (peer_key(0xa1, alice), peer_key(0xb0, bob));
        Self { alice: view(block, alice, bob), bob: view(block, bob, alice) }
    }
}

/// Puts a static key behind its boundary.
#[must_use]
pub fn custody(secret: SecretKey) -> Key {
    StaticProducts::new(LocalKey::new(secret), NonZeroUsize::MIN)
}

/// The static-static product is computed ahead and kept.
pub fn warm(key: &Key, view: &StateView) {
    at_once(key.warm(view.peer())).expect("a key in memory answers");
}

/// Ephemeral keys of one who dials or rotates.
pub fn initiator_ephemerals(mut fill: impl FnMut(&mut [u8])) -> InitiatorEphemerals {
    let generated = InitiatorEphemerals::generate(Suite::Hybrid, |out| {
        fill(out);
        Ok(())
    });
    generated.unwrap_or_else(|never: Infallible| match never {})
}

/// Ephemeral keys of one who answers.
pub fn responder_ephemerals(mut fill: impl FnMut(&mut [u8])) -> ResponderEphemerals {
    let generated = ResponderEphemerals::generate(|out| {
        fill(out);
        Ok(())
    });
    generated.unwrap_or_else(|never: Infallible| match never {})
}

/// Dials.
#[must_use]
pub fn dial(view: &StateView, key: &Key, ephemerals: InitiatorEphemerals) -> initiator::SentHello {
    let params =
        initiator::InitiatorParams { view: view.clone(), suites: SuitePolicy::HYBRID, now_unix_ms: NOW };
    let awaiting = initiator::start(params, ephemerals).expect("both records allow the suite");
    let product = answered(key, awaiting.request());
    awaiting.answer(product).expect("a product was asked for")
}

/// Waits for a hello.
#[must_use]
pub fn expect_hello(view: &StateView) -> responder::ExpectHello {
    responder::ExpectHello::new(responder::ResponderParams {
        identity: view.local().identity(),
        public_key: *view.local().public_key(),
        suites: SuitePolicy::HYBRID,
        now_unix_ms: NOW,
        max_clock_skew_ms: 30_000,
    })
}

/// Answers a hello.
#[must_use]
pub fn reply(
    view: &StateView,
    key: &Key,
    hello: &mut [u8],
    ephemerals: ResponderEphemerals,
) -> responder::SentReply {
    let awaiting = expect_hello(view).read(hello).expect("the hello is in order");
    let product = answered(key, awaiting.request());
    let awaiting = awaiting.answer(product).expect("the hello opens");
    let product = answered(key, awaiting.request());
    let awaiting = awaiting.answer(product).expect("the proposal opens");
    // What it opened is for both sides to know.
    publish(awaiting.proposal());
    publish(&awaiting.proposal().readings[..]);
    publish(awaiting.initiator_key());
    awaiting
        .accept(view.clone(), ephemerals)
        .map_err(|refusal| refusal.error)
        .expect("both hold the same state")
}

/// Takes the reply.
#[must_use]
pub fn complete(key: &Key, next: initiator::ExpectReply, reply: &mut [u8]) -> initiator::Completed {
    let awaiting = next.read(reply).expect("the reply opens");
    let product = answered(key, awaiting.request());
    awaiting.answer(product).expect("both hold the same state")
}

/// A session from the tickets of another, initiator's first. `wire` is called with its messages.
pub fn resume(
    views: &Views,
    tickets: [Ticket; 2],
    mut draw: impl FnMut(&mut [u8]),
    mut wire: impl FnMut(&[u8]),
) -> [Channel; 2] {
    let [ours, theirs] = tickets;
    let ephemerals = initiator_ephemerals(&mut draw);
    let mut sent = resumption::start(ours, views.alice.clone(), SuitePolicy::HYBRID, ephemerals)
        .expect("the ticket is of these records");
    wire(&sent.resume);
    let responder = views.bob.local().public_key();
    let awaiting = resumption::AwaitingTicket::read(&mut sent.resume, responder, SuitePolicy::HYBRID);
    let awaiting = awaiting.and_then(|awaiting| awaiting.open(theirs)).expect("the resume is in order");
    let mut accepted = awaiting
        .accept(views.bob.clone(), responder_ephemerals(&mut draw))
        .map_err(|refusal| refusal.error)
        .expect("both hold the same state");
    wire(&accepted.reply);
    let mut completed = sent.next.read(&mut accepted.reply).expect("the reply opens");
    wire(&completed.confirmation);
    let bob = accepted.next.read(&mut completed.confirmation).expect("the confirmation opens");
    [completed.established.channel, bob.channel]
}

/// Two parties' whole session: a handshake, records and datagrams, a rotation, a state ticket; then
/// another one from its tickets. All is dropped at the end.
///
/// `draw` gives what they draw, in this order: both static keys, then for the handshake, the rotation and the resumption the 32
/// and 64 bytes of who begins and twice 32 of who answers. `at` is called at each stage, `wire` with what carries a Noise message.
#[inline(never)]
pub fn whole(mut draw: impl FnMut(&mut [u8]), mut at: impl FnMut(&str), mut wire: impl FnMut(&[u8])) {
    let [alice_key, bob_key] = [(); 2].map(|()| {
        let mut bytes = Zeroizing::new([0; 32]);
        draw(bytes.as_mut());
        custody(SecretKey::from_bytes(&bytes).expect("a scalar was drawn"))
    });
    let public = [alice_key.public_key(), bob_key.public_key()];
    let views = Views::at(77, &public);
    warm(&alice_key, &views.alice);

    let mut sent = dial(&views.alice, &alice_key, initiator_ephemerals(&mut draw));
    wire(&sent.hello);
    at("dialled");
    let mut replied = reply(&views.bob, &bob_key, &mut sent.hello, responder_ephemerals(&mut draw));
    wire(&replied.reply);
    let mut completed = complete(&alice_key, sent.next, &mut replied.reply);
    let mut bob = replied.next.read(&mut completed.confirmation).expect("the confirmation opens").channel;
    let mut alice = completed.established.channel;
    talk(&mut alice, &mut bob);
    at("established");

    let tickets = [alice.take_ticket(), bob.take_ticket()];
    let views = Views::at(78, &public);
    let begun = alice.request_rotation(views.alice, initiator_ephemerals(&mut draw));
    begun.expect("nothing else is under way");
    deliver(&mut alice, &mut bob, 0, &mut wire);
    bob.agree(views.bob, responder_ephemerals(&mut draw)).expect("both hold the same state");
    deliver(&mut bob, &mut alice, 0, &mut wire);
    deliver(&mut alice, &mut bob, 0, |_| ());
    talk(&mut alice, &mut bob);
    forget_old_datagrams([&mut alice, &mut bob], 10_000);
    at("rotated");

    let views = Views::at(79, &public);
    bob.request_state_ticket(views.bob).expect("nothing else is under way");
    deliver(&mut bob, &mut alice, 20_000, &mut wire);
    let unused = responder_ephemerals(|out| out.fill(0x11));
    alice.agree(views.alice, unused).expect("both hold the same state");
    deliver(&mut alice, &mut bob, 20_000, &mut wire);
    deliver(&mut bob, &mut alice, 20_000, |_| ());
    talk(&mut alice, &mut bob);
    forget_old_datagrams([&mut alice, &mut bob], 30_000);
    at("rebound");

    drop((alice, bob));
    let tickets = tickets.map(|ticket| ticket.expect("each session gives one"));
    let [mut alice, mut bob] = resume(&Views::at(80, &public), tickets, &mut draw, &mut wire);
    talk(&mut alice, &mut bob);
    at("resumed");
}

/// Datagrams under way are opened for a while with the keys of the epoch before.
fn forget_old_datagrams(channels: [&mut Channel; 2], now_ms: u64) {
    for channel in channels {
        channel.due(now_ms);
    }
}

/// Records and datagrams, both ways.
fn talk(alice: &mut Channel, bob: &mut Channel) {
    for _ in 0..2 {
        pass(alice, bob);
        pass(bob, alice);
    }
}

fn pass(from: &mut Channel, to: &mut Channel) {
    let mut record = Vec::new();
    from.append(ContentType::Data, b"order", &mut record).expect("the channel is open");
    to.open(&mut record, 0).expect("the record opens");
    let mut datagram = Vec::new();
    from.append_datagram(b"tick", &mut datagram).expect("the channel is open");
    to.open_datagram(&mut datagram, 0).expect("the datagram opens");
}

/// Carries the control records of one side to the other, each shown on its way.
pub fn deliver(from: &mut Channel, to: &mut Channel, now_ms: u64, mut wire: impl FnMut(&[u8])) {
    while let Some(mut record) = from.next_outgoing() {
        wire(&record);
        match to.open(&mut record, now_ms).expect("the record opens") {
            Received::EpochRequested | Received::EpochBegun => {}
            other => panic!("{other:?} belongs to no epoch"),
        }
    }
}

/// The answer of a key in memory.
#[must_use]
pub fn answered(key: &Key, request: KeyRequest) -> KeyAnswer {
    // The peer's point, which it sent.
    publish(&request);
    at_once(key.answer(request)).expect("a key in memory answers")
}

/// A key in memory keeps nobody waiting, so there is nothing to run its future on.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a key in memory answers at once"),
    }
}

fn peer_key(owner: u8, key: &PublicKey) -> PeerKey {
    let record = RegistryRecord {
        identity: Identity { owner: Address([owner; 20]), label: Label([0; 32]) },
        version: 3,
        signer: Address(key.address()),
        anchored_at: 1_700_000_000,
        valid_until: 0,
        scheme: SignatureScheme::Ecdsa,
        suite_floor: 0,
    };
    PeerKey::proven(record, *key).expect("the record is this key's")
}

fn view(block_number: u64, local: PeerKey, peer: PeerKey) -> StateView {
    let anchor =
        Anchor { chain_id: 31_337, block_number, block_hash: [0xb1; 32], registry: Address([0xcc; 20]) };
    let query = Query::StorageSlot { source: Address([0x50; 20]), slot: [1; 32] };
    StateView::proven(anchor, local, peer, vec![Reading { query, value: Value::Word([0x70; 32]) }])
        .expect("one reading")
}

/// By both sides' clocks.
pub const NOW: u64 = 1_800_000_000_000;
