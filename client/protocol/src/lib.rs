//! The Countersign handshake and channel, without IO.
//!
//! Two parties who know each other by Ethereum address run `Noise_IKhfs+psk2` on secp256k1 with
//! ML-KEM-768, with the hash of the chain state they agree on in the PSK slot: if they do not hold the
//! same block, the same two registry records and the same valuation, they do not derive the same keys.
//!
//! This crate does **not** touch a socket, a clock, a random number generator, a chain or a private key.
//! Bytes, the time and randomness are arguments; a private-key operation is a [`KeyRequest`] that the
//! caller has answered; a peer's key is a [`PeerKey`] that a proof stands behind.
//!
//! ```text
//! initiator::start ─► hello ─────────────► responder::ExpectHello
//!                                          AwaitingPeer: prove the proposal's block, then accept
//! ExpectReply  ◄───────────────── reply ── SentReply
//! Completed ───────► confirmation ───────► ExpectConfirmation
//! Channel  ◄─── records, new epochs ─────► Channel
//! ```
//!
//! `SPEC.md` beside this crate is the normative text.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub use countersign_curve as curve;

pub mod handshake;

mod aead;
mod channel;
mod cookie;
mod custody;
mod dead_stack;
mod eip712;
mod error;
mod exporter;
mod hash;
mod identity;
mod kem;
mod key_schedule;
mod labels;
mod peer;
mod proposal;
mod query;
mod reading;
mod record;
mod reject;
mod secret;
mod state;
mod suite;
mod symmetric;
mod ticket;
mod wire;

pub use channel::{
    Abort, Agreed, Channel, ContentType, Due, Limits, MAX_BYTES, MAX_CONTENT, MAX_DATAGRAM,
    MAX_DATAGRAM_CONTENT, MAX_RECORDS, OpenedDatagram, Padding, RECORD_OVERHEAD, Received, lane_of,
};
pub use cookie::{COOKIE_MESSAGE, Cookie, CookieJar, is_cookie};
pub use custody::{EcdhPurpose, KeyAnswer, KeyRequest};
pub use error::{ApiMisuse, ChainDisagrees, Error, Exhausted, FloorOf, PeerIncompatible, PeerMisbehaved};
pub use exporter::Exporter;
pub use handshake::{
    Established, First, InitiatorEphemerals, ResponderEphemerals, Summary, first_message, initiator,
    responder, resumption,
};
pub use identity::{Address, AddressError, Identity, Label, LabelError};
pub use peer::{KeyMismatch, PeerKey};
pub use proposal::Proposal;
pub use query::{Calldata, CalldataTooLong, MAX_CALLDATA, Query};
pub use reading::{ClaimedReading, MAX_READINGS, MAX_RETURNED, Reading, ReturnData, TooMuchReturned, Value};
pub use record::{RegistryRecord, SignatureScheme};
pub use reject::Reject;
pub use state::{Anchor, Role, StateHash, StateView, TooManyReadings};
pub use suite::{Suite, SuitePolicy};
pub use ticket::Ticket;
pub use wire::MAX_MESSAGE;
