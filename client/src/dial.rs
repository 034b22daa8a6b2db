//! Dialling: the initiator's handshake, driven over a connection.

use std::time::Instant;

use countersign_protocol::handshake::initiator::{self, Completed, InitiatorParams, SentHello};
use countersign_protocol::resumption::{self, SentResume};
use countersign_protocol::{Error as ProtocolError, Identity, Query, Reject, StateView};
use countersign_transport::TransportError;
use tokio::net::ToSocketAddrs;

use crate::clock::unix_ms;
use crate::difference::Difference;
use crate::error::Error;
use crate::line::Line;
use crate::opening::Opening;
use crate::session::Session;
use crate::tickets::KeptTicket;
use crate::trader::{Proven, Trader};
use crate::wanted::Wanted;

/// As [`Trader::dial`] says.
pub(crate) async fn dial(
    trader: &Trader,
    peer: Identity,
    at: impl ToSocketAddrs,
    queries: &[Query],
) -> Result<Session, Error> {
    let wanted = Wanted { peer, key: None, anchor: None, queries };
    // Neither needs the other, and whichever fails first ends both.
    let (line, proven) = tokio::try_join!(Line::open(trader, at), trader.prove(wanted))?;
    let remote = line.remote;
    let Proven { view, is_followed } = proven;
    let proposed = view.anchor().block_number;
    let records = [*view.local().record(), *view.peer().record()];
    let line = match trader.0.tickets.take_to_dial(&peer) {
        None => line,
        Some(ticket) => match line.resume(trader, ticket, &view).await {
            Resumed::Session(session) => return Ok(*session),
            Resumed::NotHere(line) => line,
            Resumed::Failed(failure) => {
                tracing::debug!(%peer, %failure, "no session by ticket; dialling live");
                Line::open(trader, remote).await?
            }
        },
    };
    let failure = match line.handshake(trader, view).await {
        Ok(session) => return Ok(session),
        Err(failure) => failure,
    };
    let max_step_back = trader.0.resolver.policy().max_head_lag.saturating_add(1);
    let Some(at) = second_proposal(&failure, proposed, max_step_back, is_followed) else {
        return Err(failure);
    };
    tracing::debug!(%peer, %failure, "proposing another block");
    let view = match at {
        Block::Newest | Block::NewestOfOthers => trader.prove_anew(wanted).await?.view,
        Block::Height(height) => trader.prove_at_height(wanted, height).await?.view,
    };
    if at == Block::NewestOfOthers && records == [*view.local().record(), *view.peer().record()] {
        return Err(failure);
    }
    Line::open(trader, remote).await?.handshake(trader, view).await
}

/// Which block to propose the second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    Newest,
    /// The newest, should the records be others there.
    NewestOfOthers,
    Height(u64),
}

/// Whether to dial once more, and with which block. That the follower's view is a block old may be why the handshake
/// failed: the peer has another key by now, say. Then the endpoints are asked.
///
/// A responder behind by at most `max_step_back` blocks is met at its head. One that claims to be further behind is
/// not: it could choose among the prices of the past.
fn second_proposal(failure: &Error, proposed: u64, max_step_back: u64, is_followed: bool) -> Option<Block> {
    match failure {
        Error::Refused { reason: Reject::UnknownBlock { my_head }, .. } if *my_head < proposed => {
            (proposed - my_head <= max_step_back).then_some(Block::Height(*my_head))
        }
        Error::Refused { reason: Reject::StaleState | Reject::UnknownBlock { .. }, .. } => {
            Some(Block::Newest)
        }
        Error::Refused { reason: Reject::RecordDiffers { .. } | Reject::KeyMismatch, .. }
        | Error::Protocol(ProtocolError::PeerMisbehaved(_) | ProtocolError::ChainDisagrees(_))
        | Error::Transport(TransportError::PeerClosed)
            if is_followed =>
        {
            Some(Block::NewestOfOthers)
        }
        _ => None,
    }
}

/// What became of a ticket.
enum Resumed {
    Session(Box<Session>),
    /// The ticket is of no use, and the line as good as new.
    NotHere(Line),
    Failed(Error),
}

impl Line {
    async fn handshake(mut self, trader: &Trader, view: StateView) -> Result<Session, Error> {
        let reserve = &trader.0.reserve;
        // First, so that the product is computed once: the request below is then answered from the cache.
        reserve.warm(view.peer()).await?;
        let ephemerals = reserve.to_dial(view.peer())?;
        let params = InitiatorParams { view: view.clone(), suites: trader.0.suites, now_unix_ms: unix_ms() };
        let awaiting = initiator::start(params, ephemerals)?;
        let product = reserve.answer(awaiting.request()).await?;
        let SentHello { mut hello, next } = awaiting.answer(product)?;
        let mut reply = self.ask(&mut hello, view.peer().public_key()).await?;
        let awaiting = next.read(&mut reply).map_err(|error| refused(error, &view))?;
        let product = reserve.answer(awaiting.request()).await?;
        self.complete(trader, awaiting.answer(product)?, None).await
    }

    /// Opens a session without the static keys, on the same proof of the state.
    async fn resume(mut self, trader: &Trader, ticket: KeptTicket, view: &StateView) -> Resumed {
        let KeptTicket { ticket, live_since, .. } = ticket;
        let started =
            trader.0.reserve.to_begin(ticket.suite()).and_then(|ephemerals| {
                Ok(resumption::start(ticket, view.clone(), trader.0.suites, ephemerals)?)
            });
        let SentResume { mut resume, next } = match started {
            Ok(started) => started,
            Err(why) => {
                tracing::debug!(%why, "a ticket is of no use any more");
                return Resumed::NotHere(self);
            }
        };
        let mut reply = match self.ask(&mut resume, view.peer().public_key()).await {
            Ok(reply) => reply,
            Err(failure) => return Resumed::Failed(failure),
        };
        let completed = match next.read(&mut reply) {
            Ok(completed) => completed,
            Err(ProtocolError::TicketUnknown) => return Resumed::NotHere(self),
            Err(error) => return Resumed::Failed(refused(error, view)),
        };
        match self.complete(trader, completed, Some(live_since)).await {
            Ok(session) => Resumed::Session(Box::new(session)),
            Err(failure) => Resumed::Failed(failure),
        }
    }

    async fn complete(
        mut self,
        trader: &Trader,
        completed: Completed,
        resumed_since: Option<Instant>,
    ) -> Result<Session, Error> {
        let Completed { confirmation, established } = completed;
        self.io.send(&confirmation).await?;
        let Self { io, remote, .. } = self;
        Ok(trader.begin_session(Opening { io, established, remote, datagrams: None, resumed_since }))
    }
}

fn refused(error: ProtocolError, view: &StateView) -> Error {
    match error {
        ProtocolError::Rejected(reason) => Error::Refused {
            peer: view.peer().identity(),
            reason,
            difference: Difference::rejected(reason, view).map(Box::new),
        },
        other => Error::Protocol(other),
    }
}

#[cfg(test)]
mod tests {
    use countersign_protocol::Address;

    use super::*;

    fn told(reason: Reject) -> Error {
        Error::Refused { peer: Identity::of(Address([1; 20])), reason, difference: None }
    }

    #[test]
    fn only_a_block_or_an_outdated_view_is_worth_a_second_call() {
        let behind = told(Reject::UnknownBlock { my_head: 6 });
        assert_eq!(second_proposal(&behind, 7, 3, false), Some(Block::Height(6)));
        // A responder that claims to know more and yet not this block sees another fork.
        let ahead = told(Reject::UnknownBlock { my_head: 9 });
        assert_eq!(second_proposal(&ahead, 7, 3, false), Some(Block::Newest));
        assert_eq!(second_proposal(&told(Reject::StaleState), 7, 3, false), Some(Block::Newest));
        let differs = told(Reject::ValuationDiffers { query: 0 });
        assert_eq!(second_proposal(&differs, 7, 3, true), None);
        assert_eq!(second_proposal(&told(Reject::KeyMismatch), 7, 3, false), None);
        assert_eq!(second_proposal(&told(Reject::KeyMismatch), 7, 3, true), Some(Block::NewestOfOthers));
    }

    #[test]
    fn a_responder_does_not_choose_among_old_blocks() {
        let behind = |my_head| second_proposal(&told(Reject::UnknownBlock { my_head }), 100, 3, true);
        assert_eq!(behind(97), Some(Block::Height(97)));
        assert_eq!(behind(96), None);
        assert_eq!(behind(0), None);
    }
}
