//! A dialler's connection, before there is a session.

use std::net::SocketAddr;

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Cookie, is_cookie};
use countersign_transport::{HandshakeIo, TransportError, connect};
use tokio::net::{TcpStream, ToSocketAddrs};

use crate::error::Error;
use crate::trader::Trader;

/// A connection to whoever answers at the address.
pub(crate) struct Line {
    pub(crate) io: HandshakeIo<TcpStream>,
    pub(crate) remote: SocketAddr,
    /// The one that the responder gave; it goes into whatever else is sent here.
    cookie: Option<Cookie>,
}

impl Line {
    pub(crate) async fn open(trader: &Trader, at: impl ToSocketAddrs) -> Result<Self, Error> {
        let stream = connect(at, &trader.0.timeouts).await?;
        let remote = stream.peer_addr();
        let remote =
            remote.map_err(|source| TransportError::Io { action: "read the peer's address", source })?;
        Ok(Self { io: HandshakeIo::new(stream, trader.0.timeouts), remote, cookie: None })
    }

    /// Says a hello or a resume, and hears the answer. A cookie is answered, once; a second one is the answer.
    pub(crate) async fn ask(&mut self, message: &mut [u8], responder: &PublicKey) -> Result<Vec<u8>, Error> {
        if let Some(cookie) = &self.cookie {
            cookie.mark(message)?;
        }
        self.io.send(message).await?;
        let answer = self.io.recv().await?;
        if !is_cookie(answer) || self.cookie.is_some() {
            return Ok(answer.to_vec());
        }
        let cookie = Cookie::open(answer, message, responder)?;
        cookie.mark(message)?;
        self.cookie = Some(cookie);
        self.io.send(message).await?;
        Ok(self.io.recv().await?.to_vec())
    }
}
