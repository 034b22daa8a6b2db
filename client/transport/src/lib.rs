//! Countersign channels over tokio streams.
//!
//! This crate decides nothing: it does not hold keys, resolve addresses, choose whom to talk to or retry, and proves
//! no state for a new epoch. It carries the messages of a handshake that its caller drives, then turns the resulting
//! channel into a stream of bytes or of messages, bounded in memory and in time at every step.
//!
//! ```text
//! TcpStream ── HandshakeIo ── send / recv ──► (protocol: hello, reply, confirmation) ──► Channel
//!                  └───────── into_connection(Channel) ──► Connection: AsyncRead + AsyncWrite,
//!                                                           or send_message / next_message (Sink, Stream)
//!                                                           ├── into_split: reader and writer, for two tasks
//!                                                           └── upkeep: what renews the keys, for a third
//! UdpSocket ── DatagramSocket ── open(&Connection) ──► Datagrams: send / recv, under the same keys
//! ```
//!
//! On the wire, each protocol message is a frame: its length in two bytes, big-endian, then the message. A length of
//! zero or above the protocol's maximum is refused before anything is read or allocated for it.

mod borrowed;
mod connection;
mod connection_core;
mod connection_reader;
mod connection_writer;
mod datagram_socket;
mod datagrams;
mod ended;
mod error;
mod frame_reader;
mod frame_writer;
mod handshake_io;
mod inbound;
mod keeping;
mod outbound;
mod patience;
mod receiving;
mod sending;
mod tcp;
mod timeouts;
mod upkeep;
mod wakers;

pub use borrowed::Borrowed;
pub use connection::{Connection, Split};
pub use connection_reader::ConnectionReader;
pub use connection_writer::ConnectionWriter;
pub use datagram_socket::DatagramSocket;
pub use datagrams::Datagrams;
pub use ended::{Ended, Side};
pub use error::{TransportError, Wait};
pub use handshake_io::HandshakeIo;
pub use tcp::{accept, connect};
pub use timeouts::Timeouts;
pub use upkeep::{Upkeep, UpkeepEvent};
