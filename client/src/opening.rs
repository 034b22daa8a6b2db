//! From a finished handshake to a session.

use std::net::SocketAddr;
use std::time::Instant;

use countersign_protocol::Established;
use countersign_transport::{DatagramSocket, HandshakeIo};
use tokio::net::TcpStream;

use crate::keeper::keeper;
use crate::keeping::{Keeping, Kept};
use crate::session::Session;
use crate::tickets::KeptTicket;
use crate::trader::Trader;

/// What a finished handshake leaves.
pub(crate) struct Opening {
    pub(crate) io: HandshakeIo<TcpStream>,
    pub(crate) established: Established,
    pub(crate) remote: SocketAddr,
    /// Where the listener takes datagrams; `None` where it takes none, and at a dialler.
    pub(crate) datagrams: Option<DatagramSocket>,
    /// Of the session whose ticket opened this one, when its last live handshake took place.
    pub(crate) resumed_since: Option<Instant>,
}

impl Trader {
    /// The session, with what keeps and watches it, and a ticket for the next one.
    pub(crate) fn begin_session(&self, opening: Opening) -> Session {
        let Opening { io, established, remote, datagrams, resumed_since } = opening;
        let Established { mut channel, summary } = established;
        let view = &summary.view;
        channel.set_limits(self.0.policy.limits_with(&view.peer().identity()));
        channel.set_padding(self.0.policy.padding);
        if let Some(ticket) = channel.take_ticket() {
            let (peer_key, live_since) =
                (*view.peer().public_key(), resumed_since.unwrap_or_else(Instant::now));
            self.0.tickets.keep(KeptTicket { ticket, peer_key, live_since });
        }
        self.prepare_for_next(view);
        self.follow(summary.role, view);
        let (keeper, duties) = keeper(channel.agreed().clone());
        let watched = self.watch(summary.role, view);
        let connection = io.into_connection(channel);
        let (role, suite, upkeep) = (summary.role, summary.suite, connection.upkeep());
        let kept = Kept { trader: self.clone(), upkeep, role, suite, duties, watched };
        tokio::spawn(Keeping::new(kept).run());
        Session { connection, summary, remote, keeper, datagrams, is_resumed: resumed_since.is_some() }
    }
}
