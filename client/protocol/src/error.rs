//! What can go wrong, by whose fault.

use crate::reject::Reject;
use crate::state::Role;
use crate::suite::Suite;

/// Why a handshake or a channel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The peer, or whoever sits between, sent what an honest peer never sends. Close the connection.
    #[error("the peer, or someone between, misbehaved: {0}")]
    PeerMisbehaved(#[from] PeerMisbehaved),
    /// The peer is honest but cannot talk with this side.
    #[error("the peer is incompatible: {0}")]
    PeerIncompatible(#[from] PeerIncompatible),
    /// The two sides hold different views of the chain.
    #[error("the two views of the chain disagree: {0}")]
    ChainDisagrees(#[from] ChainDisagrees),
    /// The responder refused and said why.
    #[error("the responder refused: {0}")]
    Rejected(Reject),
    /// The responder does not know the ticket: it was used, has aged, or went with the responder's process. Dial live.
    #[error("the responder does not know the ticket; open a session without it")]
    TicketUnknown,
    /// This side called the library wrongly.
    #[error("the library was called wrongly: {0}")]
    ApiMisuse(#[from] ApiMisuse),
    /// A key has done all it may do. Open a new session.
    #[error("exhausted: {0}")]
    Exhausted(#[from] Exhausted),
}

/// What an honest peer never sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerMisbehaved {
    /// The message has not the length that its type and its suite demand.
    #[error("a message of {length} bytes cannot be a {expected}")]
    BadLength {
        /// What was expected.
        expected: &'static str,
        /// Bytes received.
        length: usize,
    },
    /// A message of another type than the state of the handshake expects.
    #[error("expected a {expected}, got a message of type {got}")]
    UnexpectedMessage {
        /// What was expected.
        expected: &'static str,
        /// The first byte of the message.
        got: u8,
    },
    /// The MAC of a hello does not match: it was made for another responder, or altered.
    #[error("the hello was not made for this responder")]
    NotForThisResponder,
    /// A hello uses a suite that it does not offer.
    #[error("the hello uses a suite that it does not offer")]
    SuiteNotOffered,
    /// The bytes are no point of the curve.
    #[error("the {0} is no point on secp256k1")]
    InvalidPoint(&'static str),
    /// The bytes are no ML-KEM-768 encapsulation key.
    #[error("the encapsulation key is malformed")]
    InvalidEncapsulationKey,
    /// An authenticated part does not open: altered, out of order, or sealed under another key.
    #[error("the {0} does not authenticate")]
    DoesNotAuthenticate(&'static str),
    /// An authenticated proposal that breaks its own format.
    #[error("the proposal is malformed: {0}")]
    MalformedProposal(&'static str),
    /// An authenticated reject that breaks its own format.
    #[error("the reject is malformed")]
    MalformedReject,
    /// The first record of the initiator is no confirmation.
    #[error("the first record must be a confirmation")]
    ExpectedConfirmation,
    /// A record of no known type, or one that has no place at this point of the session.
    #[error("a record of type {0:#04x} does not belong here")]
    UnexpectedRecord(u8),
    /// An authenticated padded record that breaks its own format.
    #[error("a padded record is malformed")]
    MalformedPadding,
    /// An authenticated abort that breaks its own format.
    #[error("an abort is malformed")]
    MalformedAbort,
    /// An authenticated record about a new epoch that breaks its own format, or proposes what the session rules out.
    #[error("an {0} is malformed")]
    MalformedEpoch(&'static str),
    /// An epoch that is not the next one, or whose keys are erased.
    #[error("epoch {epoch} is not expected now")]
    UnexpectedEpoch {
        /// The epoch that was named.
        epoch: u32,
    },
    /// A datagram of another session, or none at all.
    #[error("the datagram does not belong to this session")]
    ForeignDatagram,
    /// A datagram that was accepted before, or is too old to tell.
    #[error("datagram {number} came before, or too late to tell")]
    RepeatedDatagram {
        /// Its number.
        number: u64,
    },
}

/// What an honest peer of another version or configuration sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerIncompatible {
    /// Another version of the protocol.
    #[error("it speaks version {got} of the protocol, this side speaks 1; update the older side")]
    Version {
        /// The version in the message.
        got: u8,
    },
    /// A suite that this side does not know.
    #[error("it uses suite {level}, which this side does not know; update this side")]
    UnknownSuite {
        /// The level in the message.
        level: u8,
    },
    /// A suite that is too weak.
    #[error("the {suite} suite is below level {floor}, which {demanded_by} demands; use a stronger suite")]
    SuiteTooLow {
        /// The suite of the handshake.
        suite: Suite,
        /// The least level allowed.
        floor: u8,
        /// Who demands it.
        demanded_by: FloorOf,
    },
    /// A kind of reading that this side does not know.
    #[error(
        "it values the instrument by a reading of kind {kind}, which this side does not know; update this side"
    )]
    UnknownReading {
        /// The kind in the proposal.
        kind: u8,
    },
    /// The hello's time and this side's clock are too far apart.
    #[error("its clock differs from this side's by {skew_ms} ms; set the clocks")]
    ClockSkew {
        /// The difference in milliseconds.
        skew_ms: u64,
    },
}

/// Who sets a floor for the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloorOf {
    /// The registry record of that party.
    Record(Role),
    /// This side's own policy.
    LocalPolicy,
}

/// How the two views of the chain differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainDisagrees {
    /// Another chain.
    #[error("the peer is on chain {theirs}, this side on chain {ours}")]
    Chain {
        /// Chain id of the proposal.
        theirs: u64,
        /// This side's chain id.
        ours: u64,
    },
    /// Another registry contract.
    #[error("the peer reads another registry contract")]
    Registry,
    /// Another block.
    #[error("the peer proposed another block than this side's view was proven at")]
    Block,
    /// An older block than the session rests on already.
    #[error("the proposed block is older than the one that the session rests on")]
    OlderBlock,
    /// The hello names another identity than this responder's.
    #[error("the peer dialled another identity than this one")]
    Responder,
    /// The static key in the hello is not that of the initiator's record.
    #[error("the peer's key is not the one in its registry record")]
    InitiatorKey,
    /// A record is another one.
    #[error("the registry record of the {0} differs")]
    Record(Role),
    /// A reading is another one.
    #[error("reading {query} of the instrument differs (counted from 0)")]
    Reading {
        /// Position of the reading.
        query: u8,
    },
    /// The last message does not open, though all before it did: the responder holds another state, or it was altered.
    #[error("the reply does not confirm this side's state")]
    NotConfirmed,
}

/// What a caller of this crate did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiMisuse {
    /// The answer is not of the kind that was requested.
    #[error("the key request was answered with another kind of answer")]
    WrongAnswer,
    /// Ephemerals of the classical suite in a hybrid handshake, or none where some are needed.
    #[error("the ephemerals were made for the classical suite, or are missing")]
    EphemeralsOfOtherSuite,
    /// Both ends are the same key.
    #[error("a party cannot dial its own key")]
    DialsItself,
    /// A record's content is longer than a record may be.
    #[error("a record holds at most {maximum} bytes, this one has {length}; split it")]
    RecordTooLong {
        /// Bytes given.
        length: usize,
        /// Bytes allowed.
        maximum: usize,
    },
    /// The buffer cannot hold a record's header and tag.
    #[error("a buffer of {length} bytes cannot hold a record")]
    BufferTooShort {
        /// Bytes given.
        length: usize,
    },
    /// The exporter gives at most 8,160 bytes, to a label of at most 65,535.
    #[error("the exporter gives at most 8,160 bytes for a label of at most 65,535")]
    ExportTooLong,
    /// A datagram's content is longer than a datagram may be.
    #[error("a datagram holds at most {maximum} bytes, this one has {length}; send it over the stream")]
    DatagramTooLong {
        /// Bytes given.
        length: usize,
        /// Bytes allowed.
        maximum: usize,
    },
    /// This side has closed, or one of the two has aborted the session.
    #[error("the session is over in that direction; open another")]
    SessionOver,
    /// A ticket is used by the side that had its role in the session that it comes from.
    #[error("the ticket is for the other role; dial live")]
    TicketOfOtherRole,
    /// A new epoch is being agreed on already.
    #[error("a new epoch is under way already; wait for it")]
    EpochUnderWay,
    /// The peer has proposed no epoch.
    #[error("the peer has proposed no epoch to answer")]
    NothingRequested,
    /// The view is another one than the proposal asks for.
    #[error("the view was proven for other identities or queries than the proposal names")]
    ViewOfOtherProposal,
}

/// What ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// A key has sealed or opened as many records as it may.
    #[error("the key has protected its last record")]
    Records,
    /// A key has sealed or opened as many bytes as it may.
    #[error("the key has protected its last byte")]
    Bytes,
    /// The session has had all its epochs.
    #[error("the session has had its last epoch")]
    Epochs,
}

impl core::fmt::Display for FloorOf {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Record(role) => write!(f, "the record of the {role}"),
            Self::LocalPolicy => f.write_str("this side's policy"),
        }
    }
}

impl Error {
    /// What a responder tells its peer of this error. `None`: nothing, just close.
    #[must_use]
    pub fn as_reject(&self) -> Option<Reject> {
        match self {
            Self::ChainDisagrees(disagreement) => disagreement.as_reject(),
            Self::PeerIncompatible(PeerIncompatible::SuiteTooLow { .. }) => Some(Reject::SuiteTooLow),
            Self::PeerIncompatible(PeerIncompatible::ClockSkew { .. }) => Some(Reject::ClockSkew),
            Self::ApiMisuse(_) => Some(Reject::Unable),
            Self::PeerIncompatible(_)
            | Self::PeerMisbehaved(_)
            | Self::Rejected(_)
            | Self::TicketUnknown
            | Self::Exhausted(_) => None,
        }
    }
}

impl ChainDisagrees {
    const fn as_reject(self) -> Option<Reject> {
        Some(match self {
            Self::Chain { .. } => Reject::WrongChain,
            Self::Registry => Reject::WrongRegistry,
            Self::Block | Self::OlderBlock => Reject::StaleState,
            Self::Responder => Reject::WrongResponder,
            Self::InitiatorKey => Reject::KeyMismatch,
            Self::Record(whose) => Reject::RecordDiffers { whose },
            Self::Reading { query } => Reject::ValuationDiffers { query },
            Self::NotConfirmed => return None,
        })
    }
}
