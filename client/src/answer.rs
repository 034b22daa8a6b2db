//! Answering: the responder's handshake, driven over a connection.

use std::net::SocketAddr;
use std::time::Instant;

use countersign_protocol::handshake::responder::{self, ExpectHello, ResponderParams, SentReply};
use countersign_protocol::resumption::{AwaitingTicket, TICKET_UNKNOWN};
use countersign_protocol::{Error as ProtocolError, Established, First, StateView, first_message};
use countersign_transport::{DatagramSocket, HandshakeIo};
use tokio::net::TcpStream;

use crate::call::Call;
use crate::clock::{unix_ms, whole_ms};
use crate::cookies::UnderWayNow;
use crate::difference::Difference;
use crate::error::{AcceptError, Error};
use crate::examination::{Agreed, Taken};
use crate::opening::Opening;
use crate::refusal::{Refusal, Told};
use crate::session::Session;
use crate::tickets::KeptTicket;
use crate::trader::Trader;

/// One connection that wants an answer.
pub(crate) struct Caller {
    pub(crate) stream: TcpStream,
    pub(crate) remote: SocketAddr,
    /// Where the listener takes datagrams.
    pub(crate) datagrams: Option<DatagramSocket>,
}

/// A caller's connection while the handshake is under way.
struct Answering<'a> {
    trader: &'a Trader,
    io: HandshakeIo<TcpStream>,
    remote: SocketAddr,
    /// Whether the caller was asked for a cookie: it need not answer a second one.
    has_given_cookie: bool,
}

impl Caller {
    /// Runs the handshake to its end, each wait bounded. `on_proposal` is called once nothing more is
    /// awaited from the caller before it is answered.
    pub(crate) async fn answer(
        self,
        trader: &Trader,
        on_proposal: impl FnOnce(),
    ) -> Result<Session, AcceptError> {
        let Self { stream, remote, datagrams } = self;
        let io = HandshakeIo::new(stream, trader.0.timeouts);
        let mut answering = Answering { trader, io, remote, has_given_cookie: false };
        let fail = |initiator, Refusal { cause, told }| {
            let told = told.map(|told: Told| told.reject);
            AcceptError { remote, initiator, told, cause }
        };
        let read = answering.read_call(on_proposal).await;
        let (call, _under_way) = read.map_err(|cause| fail(None, Refusal::silent(cause)))?;
        let initiator = Some(call.proposal().initiator);
        let agreed = answering.agree(call).await;
        let (established, resumed_since) = agreed.map_err(|refusal| fail(initiator, refusal))?;
        let Answering { io, .. } = answering;
        Ok(trader.begin_session(Opening { io, established, remote, datagrams, resumed_since }))
    }
}

impl<'a> Answering<'a> {
    /// What the caller proposes. A ticket that is not known makes it call anew.
    async fn read_call(&mut self, on_proposal: impl FnOnce()) -> Result<(Call, UnderWayNow<'a>), Error> {
        let mut message = self.io.recv().await?.to_vec();
        let first = first_message(&message, &self.trader.0.public_key)?;
        let under_way = self.trader.0.cookies.enter();
        self.admit(&mut message).await?;
        if first == First::Resume {
            if let Some(resumed) = self.trader.find_ticket(&mut message)? {
                self.count()?;
                on_proposal();
                return Ok((resumed, under_way));
            }
            self.io.send(&TICKET_UNKNOWN).await?;
            message = self.io.recv().await?.to_vec();
            first_message(&message, &self.trader.0.public_key)?;
            self.admit(&mut message).await?;
        }
        self.count()?;
        on_proposal();
        Ok((self.trader.read_hello(&mut message).await?, under_way))
    }

    /// Under load, asks whoever bears no cookie for one, before anything is computed for it.
    async fn admit(&mut self, message: &mut Vec<u8>) -> Result<(), Error> {
        let (cookies, own_key) = (&self.trader.0.cookies, &self.trader.0.public_key);
        let Some(cookie) = cookies.demand(message, &self.remote, own_key)? else { return Ok(()) };
        if self.has_given_cookie {
            return Err(Error::NoCookie);
        }
        self.has_given_cookie = true;
        self.io.send(&cookie).await?;
        let again = self.io.recv().await?;
        let is_the_same = first_message(again, own_key)? == first_message(message, own_key)?;
        if !is_the_same || !cookies.admits(again, &self.remote) {
            return Err(Error::NoCookie);
        }
        *message = again.to_vec();
        Ok(())
    }

    /// Under load, no place has more answers than its share, before custody or a node is asked.
    fn count(&self) -> Result<(), Error> {
        match self.trader.0.cookies.is_under_load() {
            true => self.trader.0.sources.enter(self.remote.ip()),
            false => Ok(()),
        }
    }

    /// Everything after the call: proof, reply, confirmation. A refusal is told before it is returned.
    async fn agree(&mut self, call: Call) -> Result<(Established, Option<Instant>), Refusal> {
        let (agreed, resumed_since) = match &call {
            Call::Live(peer) => (self.trader.examine(peer).await, None),
            Call::Resumed(peer, taken) => {
                (self.trader.examine_resumed(peer, taken).await, Some(taken.live_since))
            }
        };
        Ok((self.reply(call, agreed).await?, resumed_since))
    }

    async fn reply(&mut self, call: Call, agreed: Result<Agreed<'_>, Error>) -> Result<Established, Refusal> {
        let io = &mut self.io;
        let Agreed { view, permit, place } = match agreed {
            Ok(agreed) => agreed,
            Err(cause) => return Err(tell(io, Refusal::of(cause, &call)).await),
        };
        let SentReply { reply, next } = match self.trader.accept(call, view) {
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
}

impl Trader {
    async fn read_hello(&self, hello: &mut [u8]) -> Result<Call, Error> {
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
        Ok(Call::Live(Box::new(awaiting.answer(product)?)))
    }

    /// The ticket that a resume bears, used up; `None` where this side does not know it, or somebody else bears it.
    fn find_ticket(&self, resume: &mut [u8]) -> Result<Option<Call>, Error> {
        let awaiting = AwaitingTicket::read(resume, &self.0.public_key, self.0.suites)?;
        let kept = self.0.tickets.take(&awaiting.id(), |ticket| awaiting.is_of(ticket));
        let Some(KeptTicket { ticket, peer_key, live_since }) = kept else { return Ok(None) };
        let awaiting = Box::new(awaiting.open(ticket)?);
        Ok(Some(Call::Resumed(awaiting, Taken { peer_key, live_since })))
    }

    /// The reply, or why there is none.
    fn accept(&self, call: Call, view: StateView) -> Result<SentReply, Refusal> {
        let ephemerals = match self.0.reserve.to_answer(view.peer()) {
            Ok(ephemerals) => ephemerals,
            Err(cause) => return Err(Refusal::of(cause, &call)),
        };
        let proposal = call.proposal().clone();
        call.accept(view.clone(), ephemerals).map_err(|responder::Refusal { error, reject: message }| {
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
