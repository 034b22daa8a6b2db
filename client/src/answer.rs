//! Answering: the responder's handshake, driven over a connection.

use std::net::SocketAddr;

use countersign_protocol::handshake::responder::{
    self, AwaitingPeer, ExpectHello, ResponderParams, SentReply,
};
use countersign_protocol::{Error as ProtocolError, Established, Identity, Query, StateView};
use countersign_replay::{Hello, NotEntered, ReplayCache};
use countersign_transport::HandshakeIo;
use tokio::net::TcpStream;
use tokio::sync::SemaphorePermit;

use crate::clock::{unix_ms, whole_ms};
use crate::difference::Difference;
use crate::error::{AcceptError, Error};
use crate::recent_views::Wanted;
use crate::refusal::{Refusal, Told, as_position, other_instrument};
use crate::session::Session;
use crate::trader::Trader;
use crate::under_way::Place;

/// One connection that wants an answer.
pub(crate) struct Caller {
    pub(crate) stream: TcpStream,
    pub(crate) remote: SocketAddr,
}

/// What is agreed to, before it is said.
struct Agreed<'a> {
    view: StateView,
    /// One of those that may be proven at a time; held no longer than the proof takes.
    permit: SemaphorePermit<'a>,
    /// One of the initiator's own; held until the session is confirmed or given up.
    place: Place<'a>,
}

impl Caller {
    /// Runs the handshake to its end, each wait bounded. `on_hello` is called once a hello has arrived.
    pub(crate) async fn answer(
        self,
        trader: &Trader,
        on_hello: impl FnOnce(),
    ) -> Result<Session, AcceptError> {
        let Self { stream, remote } = self;
        let mut io = HandshakeIo::new(stream, trader.0.timeouts);
        let fail = |initiator, Refusal { cause, told }| {
            let told = told.map(|told: Told| told.reject);
            AcceptError { remote, initiator, told, cause }
        };
        let read = trader.read_hello(&mut io, on_hello).await;
        let peer = read.map_err(|cause| fail(None, Refusal::silent(cause)))?;
        let initiator = Some(peer.proposal().initiator);
        let agreed = trader.agree(&mut io, peer).await;
        let established = agreed.map_err(|refusal| fail(initiator, refusal))?;
        trader.prepare_for_next(&established.summary.view);
        let connection = io.into_connection(established.channel);
        Ok(Session { connection, summary: established.summary, remote })
    }
}

impl Trader {
    async fn read_hello(
        &self,
        io: &mut HandshakeIo<TcpStream>,
        on_hello: impl FnOnce(),
    ) -> Result<AwaitingPeer, Error> {
        let hello = io.recv().await?;
        on_hello();
        let params = ResponderParams {
            identity: self.0.identity,
            public_key: self.0.public_key,
            suites: self.0.suites,
            now_unix_ms: unix_ms(),
            max_clock_skew_ms: whole_ms(self.0.policy.max_clock_skew),
        };
        let awaiting = ExpectHello::new(params).read(hello)?;
        let product = self.0.reserve.answer(awaiting.request()).await?;
        let awaiting = awaiting.answer(product)?;
        let product = self.0.reserve.answer(awaiting.request()).await?;
        Ok(awaiting.answer(product)?)
    }

    /// Everything after the hello: proof, reply, confirmation. A refusal is told before it is returned.
    async fn agree(
        &self,
        io: &mut HandshakeIo<TcpStream>,
        peer: AwaitingPeer,
    ) -> Result<Established, Refusal> {
        let Agreed { view, permit, place } = match self.examine(&peer).await {
            Ok(agreed) => agreed,
            Err(cause) => return Err(tell(io, Refusal::of(cause, &peer)).await),
        };
        let SentReply { reply, next } = match self.accept(peer, view) {
            Ok(sent) => sent,
            Err(refusal) => return Err(tell(io, refusal).await),
        };
        // An initiator that never confirms keeps its own place, and nobody else's.
        drop(permit);
        io.send(&reply).await.map_err(Refusal::silent)?;
        let confirmation = io.recv().await.map_err(Refusal::silent)?;
        let established = next.read(confirmation).map_err(Refusal::silent)?;
        drop(place);
        Ok(established)
    }

    /// Whether this side wants to, and can, prove what is proposed: cheap questions first.
    async fn examine(&self, peer: &AwaitingPeer) -> Result<Agreed<'_>, Error> {
        let proposal = peer.proposal();
        peer.check()?;
        self.examine_initiator(proposal.initiator)?;
        let queries: Vec<Query> = proposal.queries().collect();
        self.examine_queries(peer, &queries)?;
        let hello = self.name(peer);
        if self.0.replays.knows(&hello) {
            return Err(Error::Replayed);
        }
        let (initiator, limit) = (proposal.initiator, self.0.policy.max_handshakes_each);
        let place = self.0.under_way.enter(peer.initiator_key());
        let place = place.ok_or(Error::TooManyAtOnce { initiator, limit })?;
        let busy = || Error::Busy { limit: self.0.policy.max_handshakes };
        let permit = self.0.proving.try_acquire().map_err(|_| busy())?;
        let wanted = Wanted {
            peer: proposal.initiator,
            peer_key: Some(peer.initiator_key()),
            anchor: Some(&proposal.anchor),
            queries: &queries,
        };
        let view = self.prove(wanted).await?.view;
        self.0.replays.enter(hello, unix_ms()).await.map_err(|why| match why {
            NotEntered::Replayed => Error::Replayed,
            NotEntered::Full => busy(),
            NotEntered::TooLate => Error::TooLate,
            NotEntered::Unavailable(source) => Error::NoReplayCache(source),
        })?;
        Ok(Agreed { view, permit, place })
    }

    /// The hello by what it is remembered by.
    fn name(&self, peer: &AwaitingPeer) -> Hello {
        // Twice the skew: one that was good when it arrived leaves custody and proof at least as long again.
        let kept_for = whole_ms(self.0.policy.max_clock_skew).saturating_mul(2);
        Hello {
            responder: self.0.identity,
            ephemeral: peer.initiator_ephemeral().compressed(),
            end_unix_ms: peer.proposal().timestamp_unix_ms.saturating_add(kept_for),
        }
    }

    fn examine_initiator(&self, initiator: Identity) -> Result<(), Error> {
        if initiator == self.0.identity || !self.0.policy.admission.admits(&initiator) {
            return Err(Error::NotAdmitted { initiator });
        }
        Ok(())
    }

    fn examine_queries(&self, peer: &AwaitingPeer, queries: &[Query]) -> Result<(), Error> {
        let policy = &self.0.policy;
        let position = match &policy.instrument {
            Some(instrument) => other_instrument(peer.proposal(), instrument),
            None => (queries.len() > policy.max_queries).then(|| as_position(policy.max_queries)),
        };
        position.map_or(Ok(()), |position| Err(Error::OtherInstrument { position }))
    }

    /// The reply, or why there is none.
    fn accept(&self, peer: AwaitingPeer, view: StateView) -> Result<SentReply, Refusal> {
        let ephemerals = match self.0.reserve.to_answer(view.peer()) {
            Ok(ephemerals) => ephemerals,
            Err(cause) => return Err(Refusal::of(cause, &peer)),
        };
        let proposal = peer.proposal().clone();
        peer.accept(view.clone(), ephemerals).map_err(|responder::Refusal { error, reject: message }| {
            self.forget_view(&proposal.initiator);
            let told = error.as_reject().zip(message).map(|(reject, message)| Told { reject, message });
            let difference = match error {
                ProtocolError::ChainDisagrees(what) => Difference::found(what, &view, &proposal),
                _ => None,
            };
            let cause = difference.map_or(Error::Protocol(error), |found| Error::Differs(Box::new(found)));
            Refusal { cause: Box::new(cause), told }
        })
    }
}

/// Tells the dialler, and notes if it did not listen.
async fn tell(io: &mut HandshakeIo<TcpStream>, refusal: Refusal) -> Refusal {
    let Some(told) = &refusal.told else { return refusal };
    match io.send(&told.message).await {
        Ok(()) => refusal,
        Err(error) => {
            tracing::debug!(%error, "the dialler did not hear why it was refused");
            Refusal { told: None, ..refusal }
        }
    }
}
