//! Two parties who completed a real handshake, and the streams between them.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use core::convert::Infallible;

use countersign_protocol::curve::{PublicKey, SecretKey};
use countersign_protocol::responder::{ExpectHello, ResponderParams};
use countersign_protocol::{
    Address, Anchor, Channel, Identity, InitiatorEphemerals, KeyAnswer, KeyRequest, Label, PeerKey,
    RegistryRecord, ResponderEphemerals, SignatureScheme, StateView, Suite, SuitePolicy, initiator,
};
use countersign_transport::{Connection, HandshakeIo, Timeouts, TransportError, accept, connect};
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

pub(crate) async fn tcp_streams() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let timeouts = Timeouts::default();
    let (dialled, accepted) = tokio::join!(connect(address, &timeouts), accept(&listener));
    (dialled.unwrap(), accepted.unwrap().0)
}

/// Both channels of a handshake done in memory: the initiator's, then the responder's.
pub(crate) fn channels() -> (Channel, Channel) {
    let (alice, bob) = (Party::new(1), Party::new(2));
    let awaiting = initiator::start(alice.dials(&bob), alice.ephemerals()).unwrap();
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
        let anchor = Anchor { chain_id: 1, block_number: 7, block_hash: [7; 32], registry: Address([9; 20]) };
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
