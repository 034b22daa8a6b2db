//! Dialling: the initiator's handshake, driven over a connection.

use std::net::SocketAddr;

use countersign_protocol::handshake::initiator::{self, Completed, InitiatorParams, SentHello};
use countersign_protocol::{Error as ProtocolError, Identity, Query, Reject, StateView};
use countersign_transport::{HandshakeIo, TransportError, connect};
use tokio::net::{TcpStream, ToSocketAddrs};

use crate::clock::unix_ms;
use crate::difference::Difference;
use crate::error::Error;
use crate::recent_views::Wanted;
use crate::session::Session;
use crate::trader::{Proven, Trader};

/// As [`Trader::dial`] says.
pub(crate) async fn dial(
    trader: &Trader,
    peer: Identity,
    at: impl ToSocketAddrs,
    queries: &[Query],
) -> Result<Session, Error> {
    let wanted = || Wanted { peer, peer_key: None, anchor: None, queries };
    // Neither needs the other, and whichever fails first ends both.
    let (line, proven) = tokio::try_join!(Line::open(trader, at), trader.prove(wanted()))?;
    let remote = line.remote;
    let Proven { view, is_reused } = proven;
    let proposed = view.anchor().block_number;
    let failure = match line.handshake(trader, view).await {
        Ok(session) => return Ok(session),
        Err(failure) => failure,
    };
    trader.forget_view(&peer);
    let max_step_back = trader.0.resolver.policy().max_head_lag.saturating_add(1);
    let Some(at) = second_proposal(&failure, proposed, max_step_back, is_reused) else {
        return Err(failure);
    };
    tracing::debug!(%peer, %failure, "proposing another block");
    let proven = async {
        match at {
            Block::Newest => trader.prove(wanted()).await,
            Block::Height(height) => trader.prove_at_height(wanted(), height).await,
        }
    };
    let (line, proven) = tokio::try_join!(Line::open(trader, remote), proven)?;
    line.handshake(trader, proven.view).await
}

/// Which block to propose the second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    Newest,
    Height(u64),
}

/// Whether to dial once more, and with which block. A view that was proven for an earlier session may be why the
/// handshake failed, whatever the failure: then the next one proves anew.
///
/// A responder behind by at most `max_step_back` blocks is met at its head. One that claims to be further behind is
/// not: it could choose among the prices of the past.
fn second_proposal(failure: &Error, proposed: u64, max_step_back: u64, is_reused: bool) -> Option<Block> {
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
            if is_reused =>
        {
            Some(Block::Newest)
        }
        _ => None,
    }
}

/// A connection to whoever answers at the address.
struct Line {
    io: HandshakeIo<TcpStream>,
    remote: SocketAddr,
}

impl Line {
    async fn open(trader: &Trader, at: impl ToSocketAddrs) -> Result<Self, Error> {
        let stream = connect(at, &trader.0.timeouts).await?;
        let remote = stream.peer_addr();
        let remote =
            remote.map_err(|source| TransportError::Io { action: "read the peer's address", source })?;
        Ok(Self { io: HandshakeIo::new(stream, trader.0.timeouts), remote })
    }

    async fn handshake(mut self, trader: &Trader, view: StateView) -> Result<Session, Error> {
        let reserve = &trader.0.reserve;
        // First, so that the product is computed once: the request below is then answered from the cache.
        reserve.warm(view.peer()).await?;
        let ephemerals = reserve.to_dial(view.peer())?;
        let params = InitiatorParams { view: view.clone(), suites: trader.0.suites, now_unix_ms: unix_ms() };
        let awaiting = initiator::start(params, ephemerals)?;
        let product = reserve.answer(awaiting.request()).await?;
        let SentHello { hello, next } = awaiting.answer(product)?;
        self.io.send(&hello).await?;
        let reply = self.io.recv().await?;
        let awaiting = next.read(reply).map_err(|error| refused(error, &view))?;
        let product = reserve.answer(awaiting.request()).await?;
        let Completed { confirmation, established } = awaiting.answer(product)?;
        self.io.send(&confirmation).await?;
        trader.prepare_for_next(&view);
        let connection = self.io.into_connection(established.channel);
        Ok(Session { connection, summary: established.summary, remote: self.remote })
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
        assert_eq!(second_proposal(&told(Reject::KeyMismatch), 7, 3, true), Some(Block::Newest));
    }

    #[test]
    fn a_responder_does_not_choose_among_old_blocks() {
        let behind = |my_head| second_proposal(&told(Reject::UnknownBlock { my_head }), 100, 3, true);
        assert_eq!(behind(97), Some(Block::Height(97)));
        assert_eq!(behind(96), None);
        assert_eq!(behind(0), None);
    }
}
