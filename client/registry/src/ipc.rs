//! JSON-RPC over a Unix socket with an upper bound on what is read. Alloy's own transport reads a message whatever its
//! length, and connects again of itself.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use alloy::pubsub::{ConnectionHandle, ConnectionInterface, PubSubConnect};
use alloy::transports::{TransportErrorKind, TransportResult};
use alloy_json_rpc::PubSubItem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// A node's socket, and its limits.
#[derive(Clone, Debug)]
pub(crate) struct BoundedIpc {
    pub(crate) path: PathBuf,
    /// For writing one request: a node that does not read may not hold a task for ever.
    pub(crate) timeout: Duration,
    pub(crate) max_message_bytes: usize,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum IpcFailure {
    #[error("a message of more than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("not JSON-RPC: {0}")]
    NotJsonRpc(String),
    #[error("the node closed the connection")]
    Closed,
    #[error("the node does not read")]
    Clogged,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Cuts what was read into JSON objects. Each byte is looked at once, however slowly they come.
#[derive(Debug)]
struct Messages {
    bytes: Vec<u8>,
    /// How many of them were looked at.
    scanned: usize,
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    limit: usize,
}

impl PubSubConnect for BoundedIpc {
    fn is_local(&self) -> bool {
        true
    }

    async fn connect(&self) -> TransportResult<ConnectionHandle> {
        let stream = UnixStream::connect(&self.path).await.map_err(TransportErrorKind::custom)?;
        let (handle, interface) = ConnectionHandle::new();
        tokio::spawn(self.clone().serve(stream, interface));
        Ok(handle)
    }
}

impl BoundedIpc {
    async fn serve(self, stream: UnixStream, mut interface: ConnectionInterface) {
        if let Err(failure) = self.exchange(stream, &mut interface).await {
            tracing::debug!(%failure, "a connection over IPC ended");
            interface.close_with_transport_error(TransportErrorKind::custom(failure));
        }
    }

    /// Until the client hangs up, or something fails.
    async fn exchange(
        &self,
        mut stream: UnixStream,
        interface: &mut ConnectionInterface,
    ) -> Result<(), IpcFailure> {
        let (mut incoming, mut outgoing) = stream.split();
        let mut messages = Messages::within(self.max_message_bytes);
        let mut chunk = [0; CHUNK];
        loop {
            tokio::select! {
                request = interface.recv_from_frontend() => {
                    let Some(request) = request else { return Ok(()) };
                    let written = timeout(self.timeout, outgoing.write_all(request.get().as_bytes())).await;
                    written.map_err(|_| IpcFailure::Clogged)??;
                }
                read = incoming.read(&mut chunk) => {
                    let read = chunk.get(..read?).unwrap_or_default();
                    if read.is_empty() {
                        return Err(IpcFailure::Closed);
                    }
                    messages.bytes.extend_from_slice(read);
                    while let Some(message) = messages.next()? {
                        if interface.send_to_frontend(message).is_err() {
                            return Ok(());
                        }
                    }
                }
            }
        }
    }
}

impl Messages {
    const fn within(limit: usize) -> Self {
        Self { bytes: Vec::new(), scanned: 0, depth: 0, in_string: false, is_escaped: false, limit }
    }

    /// The next whole message; none until more is read.
    fn next(&mut self) -> Result<Option<PubSubItem>, IpcFailure> {
        while let Some(byte) = self.bytes.get(self.scanned).copied() {
            self.scanned += 1;
            if self.ends_with(byte)? {
                let message: Vec<u8> = self.bytes.drain(..self.scanned).collect();
                self.scanned = 0;
                return parse(&message).map(Some);
            }
        }
        match self.bytes.len() > self.limit {
            true => Err(IpcFailure::TooLarge { limit: self.limit }),
            false => Ok(None),
        }
    }

    /// Whether a message ends with this byte.
    fn ends_with(&mut self, byte: u8) -> Result<bool, IpcFailure> {
        match (byte, self.depth) {
            (b' ' | b'\t' | b'\r' | b'\n', 0) => {}
            (b'{' | b'[', _) if !self.in_string => self.depth += 1,
            (_, 0) => return Err(IpcFailure::NotJsonRpc("it begins with no object".into())),
            (b'}' | b']', _) if !self.in_string => {
                self.depth -= 1;
                return Ok(self.depth == 0);
            }
            (b'"', _) if !self.is_escaped => self.in_string = !self.in_string,
            (b'\\', _) if self.in_string && !self.is_escaped => {
                self.is_escaped = true;
                return Ok(false);
            }
            _ => {}
        }
        self.is_escaped = false;
        Ok(false)
    }
}

fn parse(message: &[u8]) -> Result<PubSubItem, IpcFailure> {
    serde_json::from_slice(message).map_err(|error| IpcFailure::NotJsonRpc(error.to_string()))
}

const CHUNK: usize = 16 << 10;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// What comes of bytes that arrive in pieces of `size`.
    fn read(text: &str, size: usize, limit: usize) -> (usize, Option<IpcFailure>) {
        let mut messages = Messages::within(limit);
        let mut whole = 0;
        for piece in text.as_bytes().chunks(size) {
            messages.bytes.extend_from_slice(piece);
            loop {
                match messages.next() {
                    Ok(Some(_)) => whole += 1,
                    Ok(None) => break,
                    Err(failure) => return (whole, Some(failure)),
                }
            }
        }
        (whole, None)
    }

    #[test]
    fn messages_are_found_however_they_are_cut() {
        let one = r#"{"jsonrpc":"2.0","id":1,"result":"a } brace, a \" quote and a \\"}"#;
        let two = r#"{"jsonrpc":"2.0","id":2,"result":[{"a":[1]}]}"#;
        let text = format!(
            "{one}{two}
  {one}
"
        );
        for size in [1, 2, 7, 4096] {
            let (whole, failure) = read(&text, size, 1024);
            assert_eq!((whole, failure.map(|failure| failure.to_string())), (3, None), "pieces of {size}");
        }
    }

    #[test]
    fn what_grows_beyond_the_limit_is_cut_short() {
        let endless = format!(r#"{{"jsonrpc":"2.0","id":1,"result":"{}"#, "x".repeat(4096));
        assert!(matches!(read(&endless, 64, 1024), (0, Some(IpcFailure::TooLarge { limit: 1024 }))));
        assert!(matches!(read(&" ".repeat(4096), 64, 1024), (0, Some(IpcFailure::TooLarge { .. }))));
    }

    #[test]
    fn what_is_no_json_rpc_ends_the_connection() {
        for text in ["nonsense", "17", "}", "[1]", r#"{"a":}"#, "{}"] {
            assert!(matches!(read(text, 1, 64), (0, Some(IpcFailure::NotJsonRpc(_)))), "{text}");
        }
    }
}
