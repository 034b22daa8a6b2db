//! Two parties who completed a real handshake, and the streams between them.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation)]

use core::convert::Infallible;

use countersign_protocol::curve::{PublicKey, SecretKey};
use countersign_protocol::responder::{ExpectHello, ResponderParams};
use countersign_protocol::{
    Address, Anchor, Channel, Identity, InitiatorEphemerals, KeyAnswer, KeyRequest, Label, PeerKey,
    RegistryRecord, ResponderEphemerals, Role, SignatureScheme, StateView, Suite, SuitePolicy, initiator,
};
use countersign_transport::{
    Connection, HandshakeIo, Timeouts, TransportError, Upkeep, UpkeepEvent, accept, connect,
};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};

const NOW: u64 = 1_800_000_000_000;

/// A connected pair over streams that hold at most `capacity` bytes on the way.
pub(crate) fn in_memory(
    capacity: usize,
    timeouts: Timeouts,
) -> (Connection<DuplexStream>, Connection<DuplexStream>) {
    let (a, b) = duplex(capacity);
    over(a, b, timeouts)
}

/// A connected pair over TCP.
pub(crate) async fn over_tcp(timeouts: Timeouts) -> (Connection<TcpStream>, Connection<TcpStream>) {
    let (a, b) = tcp_streams().await;
    over(a, b, timeouts)
}

/// One side connected, and the other end of its stream with the channel of its peer: a peer that does as it likes.
pub(crate) fn against_raw(
    capacity: usize,
    timeouts: Timeouts,
) -> (Connection<DuplexStream>, DuplexStream, Channel) {
    let (a, b) = duplex(capacity);
    let (ours, theirs) = channels();
    (HandshakeIo::new(a, timeouts).into_connection(ours), b, theirs)
}

/// A connected pair in memory, whose channels were set up by `set_up`.
pub(crate) fn in_memory_with(
    capacity: usize,
    set_up: impl Fn(&mut Channel),
) -> (Connection<DuplexStream>, Connection<DuplexStream>) {
    let (mut ours, mut theirs) = channels();
    set_up(&mut ours);
    set_up(&mut theirs);
    in_memory_over(capacity, (ours, theirs))
}

/// A connected pair in memory, of the channels given.
pub(crate) fn in_memory_over(
    capacity: usize,
    (ours, theirs): (Channel, Channel),
) -> (Connection<DuplexStream>, Connection<DuplexStream>) {
    let (a, b) = duplex(capacity);
    let connect = |stream, channel| HandshakeIo::new(stream, Timeouts::default()).into_connection(channel);
    (connect(a, ours), connect(b, theirs))
}

/// The session's state as one side proves it at a block.
pub(crate) fn view(role: Role, block_number: u64) -> StateView {
    let (alice, bob) = (Party::new(1), Party::new(2));
    match role {
        Role::Initiator => alice.view_at(&bob, block_number),
        Role::Responder => bob.view_at(&alice, block_number),
    }
}

/// Ephemeral keys to begin an epoch with.
pub(crate) fn fresh(seed: u8) -> InitiatorEphemerals {
    InitiatorEphemerals::generate(Suite::Hybrid, filling(seed)).unwrap()
}

/// Ephemeral keys to agree to an epoch with.
pub(crate) fn answering(seed: u8) -> ResponderEphemerals {
    ResponderEphemerals::generate(filling(seed)).unwrap()
}

/// Agrees to what the peer asks for, if it still does.
pub(crate) fn agree<S: AsyncRead + AsyncWrite + Unpin>(upkeep: &mut Upkeep<S>, role: Role) {
    if let Some(proposal) = upkeep.requested() {
        let block = proposal.anchor.block_number;
        upkeep.agree(view(role, block), answering(40 + block as u8 % 100)).unwrap();
    }
}

/// Keeps a connection as a facade does, until it ends: rotates when due, agrees to whatever is asked. Returns what
/// happened.
pub(crate) async fn keep<S: AsyncRead + AsyncWrite + Unpin>(
    mut upkeep: Upkeep<S>,
    role: Role,
) -> Vec<UpkeepEvent> {
    let mut events = Vec::new();
    loop {
        let event = upkeep.next().await;
        events.push(event);
        match event {
            UpkeepEvent::RotationDue => {
                let block = upkeep.with_channel(|channel| channel.agreed().view.anchor().block_number + 1);
                let Ok(block) = block else { continue };
                upkeep.request_rotation(view(role, block), fresh(20 + block as u8 % 100)).unwrap();
            }
            UpkeepEvent::Requested => agree(&mut upkeep, role),
            UpkeepEvent::EpochBegun | UpkeepEvent::Refused(_) => {}
            UpkeepEvent::Ended(_) => return events,
        }
    }
}

pub(crate) async fn tcp_streams() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let timeouts = Timeouts::default();
    let (dialled, accepted) = tokio::join!(connect(address, &timeouts), accept(&listener));
    (dialled.unwrap(), accepted.unwrap().0)
}

/// Both channels of a handshake done in memory: the initiator's, then the responder's.
pub(crate) fn channels() -> (Channel, Channel) {
    channels_of(0)
}

/// Both channels of a handshake, another session for each number.
pub(crate) fn channels_of(number: u32) -> (Channel, Channel) {
    let (alice, bob) = (Party::new(1), Party::new(2));
    let params = initiator::InitiatorParams { now_unix_ms: NOW + u64::from(number), ..alice.dials(&bob) };
    let awaiting = initiator::start(params, alice.ephemerals()).unwrap();
    let answer = alice.answer(awaiting.request());
    let mut sent = awaiting.answer(answer).unwrap();
    let awaiting = ExpectHello::new(bob.answers()).read(&mut sent.hello).unwrap();
    let answer = bob.answer(awaiting.request());
    let awaiting = awaiting.answer(answer).unwrap();
    let answer = bob.answer(awaiting.request());
    let proposal = awaiting.answer(answer).unwrap();
    let mut reply =
        proposal.accept(bob.view(&alice), bob.response()).map_err(|refusal| refusal.error).unwrap();
    let awaiting = sent.next.read(&mut reply.reply).unwrap();
    let answer = alice.answer(awaiting.request());
    let mut completed = awaiting.answer(answer).unwrap();
    let responder = reply.next.read(&mut completed.confirmation).unwrap();
    (completed.established.channel, responder.channel)
}

/// The initiator's part of a handshake over a stream.
pub(crate) async fn dial<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    timeouts: Timeouts,
) -> Result<Connection<S>, TransportError> {
    let (alice, bob) = (Party::new(1), Party::new(2));
    let mut io = HandshakeIo::new(stream, timeouts);
    let awaiting = initiator::start(alice.dials(&bob), alice.ephemerals())?;
    let answer = alice.answer(awaiting.request());
    let sent = awaiting.answer(answer)?;
    io.send(&sent.hello).await?;
    let awaiting = sent.next.read(io.recv().await?)?;
    let answer = alice.answer(awaiting.request());
    let completed = awaiting.answer(answer)?;
    io.send(&completed.confirmation).await?;
    Ok(io.into_connection(completed.established.channel))
}

/// The responder's part of a handshake over a stream.
pub(crate) async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    timeouts: Timeouts,
) -> Result<Connection<S>, TransportError> {
    let (alice, bob) = (Party::new(1), Party::new(2));
    let mut io = HandshakeIo::new(stream, timeouts);
    let awaiting = ExpectHello::new(bob.answers()).read(io.recv().await?)?;
    let answer = bob.answer(awaiting.request());
    let awaiting = awaiting.answer(answer)?;
    let answer = bob.answer(awaiting.request());
    let proposal = awaiting.answer(answer)?;
    let reply = proposal.accept(bob.view(&alice), bob.response()).map_err(|refusal| refusal.error)?;
    io.send(&reply.reply).await?;
    let established = reply.next.read(io.recv().await?)?;
    Ok(io.into_connection(established.channel))
}

fn over<S: AsyncRead + AsyncWrite + Unpin>(a: S, b: S, timeouts: Timeouts) -> (Connection<S>, Connection<S>) {
    let (ours, theirs) = channels();
    let connect = |stream, channel| HandshakeIo::new(stream, timeouts).into_connection(channel);
    (connect(a, ours), connect(b, theirs))
}

struct Party {
    number: u8,
    secret: SecretKey,
}

impl Party {
    fn new(number: u8) -> Self {
        Self { number, secret: SecretKey::from_bytes(&[number; 32]).unwrap() }
    }

    fn public_key(&self) -> PublicKey {
        self.secret.public_key()
    }

    fn identity(&self) -> Identity {
        Identity { owner: Address([self.number; 20]), label: Label::DEFAULT }
    }

    fn peer_key(&self) -> PeerKey {
        let record = RegistryRecord {
            identity: self.identity(),
            version: 1,
            signer: Address(self.public_key().address()),
            anchored_at: 1_700_000_000,
            valid_until: 0,
            scheme: SignatureScheme::Ecdsa,
            suite_floor: 1,
        };
        PeerKey::proven(record, self.public_key()).unwrap()
    }

    fn view(&self, peer: &Self) -> StateView {
        self.view_at(peer, 7)
    }

    fn view_at(&self, peer: &Self, block_number: u64) -> StateView {
        let anchor = Anchor { chain_id: 1, block_number, block_hash: [7; 32], registry: Address([9; 20]) };
        StateView::proven(anchor, self.peer_key(), peer.peer_key(), Vec::new()).unwrap()
    }

    fn dials(&self, peer: &Self) -> initiator::InitiatorParams {
        initiator::InitiatorParams { view: self.view(peer), suites: SuitePolicy::HYBRID, now_unix_ms: NOW }
    }

    fn answers(&self) -> ResponderParams {
        ResponderParams {
            identity: self.identity(),
            public_key: self.public_key(),
            suites: SuitePolicy::HYBRID,
            now_unix_ms: NOW,
            max_clock_skew_ms: 1000,
        }
    }

    fn ephemerals(&self) -> InitiatorEphemerals {
        InitiatorEphemerals::generate(Suite::Hybrid, filling(self.number + 10)).unwrap()
    }

    fn response(&self) -> ResponderEphemerals {
        ResponderEphemerals::generate(filling(self.number + 10)).unwrap()
    }

    fn answer(&self, request: KeyRequest) -> KeyAnswer {
        match request {
            KeyRequest::Ecdh { peer, .. } => KeyAnswer::SharedX(self.secret.ecdh_x(&peer)),
            KeyRequest::Sign { digest } => KeyAnswer::Signature(self.secret.sign_prehash(&digest)),
        }
    }
}

/// Not random: these tests are about what comes after.
fn filling(byte: u8) -> impl FnMut(&mut [u8]) -> Result<(), Infallible> {
    move |into| {
        into.fill(byte);
        Ok(())
    }
}
