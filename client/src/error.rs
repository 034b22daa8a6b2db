//! Why there is no session: what was wrong, whose fault it is, what to do.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use countersign_custody::CustodyError;
use countersign_protocol::{Abort, Address, Error as ProtocolError, Identity, Reject};
use countersign_registry::{Fault as ResolveFault, ResolveError};
use countersign_transport::{Side, TransportError};

use crate::difference::Difference;

/// Why a dial, or the answer to one, ended without a session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An identity's key or the state of the chain could not be proven, or what is proven rules a session out.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Whoever holds the static key did not do what was asked.
    #[error(transparent)]
    Custody(#[from] CustodyError),
    /// Whoever holds the static key took too long.
    #[error(
        "the static key's custody did not answer within {after:?}; see that it is reachable, or allow a longer handshake step"
    )]
    CustodyTimeout {
        /// How long it was given.
        after: Duration,
    },
    /// The registry names another key for this side than the one that custody holds.
    #[error(
        "the registry names {registered} as the key of {identity}, but {held} is held here; use the current key, or rotate to this one"
    )]
    NotMyKey {
        /// This side.
        identity: Identity,
        /// The signer in the registry.
        registered: Address,
        /// The signer of the key held here.
        held: Address,
    },
    /// The connection failed.
    #[error(transparent)]
    Transport(TransportError),
    /// The handshake failed.
    #[error(transparent)]
    Protocol(ProtocolError),
    /// The responder that was dialled refused, and said why.
    #[error("{peer} refused: {reason}{}", and(difference.as_deref()))]
    Refused {
        /// Who was dialled.
        peer: Identity,
        /// What it said.
        reason: Reject,
        /// What this side proved for the item that the reason names.
        difference: Option<Box<Difference>>,
    },
    /// This side, dialled, does not agree with what the initiator proposed.
    #[error("the two views of the chain differ in {0}; one of the two nodes is wrong, or on a fork")]
    Differs(Box<Difference>),
    /// The initiator's proposal values something else than this side's instrument.
    #[error(
        "the initiator values another instrument than this side, from query {position} on (counted from 0); agree on the queries"
    )]
    OtherInstrument {
        /// The first query that differs, is missing, or is one too many.
        position: u8,
    },
    /// This side's policy does not answer that initiator.
    #[error("{initiator} is not among those whom this side answers; admit it to talk to it")]
    NotAdmitted {
        /// Who dialled.
        initiator: Identity,
    },
    /// The hello was seen before: someone replays it.
    #[error("this hello was answered before; someone replays it")]
    Replayed,
    /// The hello was good when it arrived, and too old to be told from a replay once it was proven.
    #[error(
        "this side took too long to prove what the hello proposes; see why custody or the endpoints are that slow, or accept more clock skew"
    )]
    TooLate,
    /// What remembers the hellos that were answered could not be asked, so nothing shows that this one is new.
    #[error("the replay cache could not be asked, and without it nobody is answered: {0}")]
    NoReplayCache(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// This side has as many handshakes under way as it may.
    #[error("{limit} handshakes are under way already; allow more, or more machines")]
    Busy {
        /// How many may be.
        limit: usize,
    },
    /// That initiator has as many handshakes under way with this side as one may.
    #[error(
        "{initiator} has {limit} handshakes under way already; allow one initiator more, if it is honest"
    )]
    TooManyAtOnce {
        /// Who dialled.
        initiator: Identity,
        /// How many it may have.
        limit: usize,
    },
    /// The dialler was asked for a cookie, since many handshakes are under way, and came without it.
    #[error("the dialler did not bring the cookie that it was asked for; it may not be where it says it is")]
    NoCookie,
    /// Under load, more handshakes come from one place than are answered. The connection is closed without a word.
    #[error(
        "{source_ip} calls more than {each_second} times a second while this side is under load; it may call again later"
    )]
    TooFast {
        /// Where they come from: an IPv4 address, or an IPv6 address in a /64 network.
        source_ip: IpAddr,
        /// How many are answered of one place.
        each_second: u32,
    },
    /// The listener that this session came from takes no datagrams.
    #[error("this side listens for no datagrams; set Policy::datagrams to take them")]
    NoDatagrams,
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness: {0}")]
    NoRandomness(getrandom::Error),
}

/// Why an incoming connection got no session. The listener goes on.
#[derive(Debug, thiserror::Error)]
#[error("{remote} got no session: {cause}")]
pub struct AcceptError {
    /// Where the connection came from.
    pub remote: SocketAddr,
    /// Whom the dialler claims to be; `None` where it failed before it said so.
    pub initiator: Option<Identity>,
    /// What the dialler was told; `None` where the connection was closed without a word.
    pub told: Option<Reject>,
    /// Why.
    #[source]
    pub cause: Box<Error>,
}

/// Whose fault an error is, and so who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// This side: its configuration, its key, its custody, its load.
    ThisSide,
    /// The peer, or somebody between who altered what it sent.
    Peer,
    /// The state of the chain: an identity is not registered, revoked, expired, or the two views differ.
    Chain,
    /// An Ethereum endpoint: unreachable, behind, wrong or lying.
    Endpoint,
    /// The network, or the peer's host: no connection, or one that was cut or stalled.
    Network,
}

impl Error {
    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Resolve(error) => match error.fault() {
                ResolveFault::Identity => Fault::Chain,
                ResolveFault::Peer => Fault::Peer,
                ResolveFault::Endpoint => Fault::Endpoint,
                ResolveFault::Configuration => Fault::ThisSide,
            },
            Self::Custody(_)
            | Self::CustodyTimeout { .. }
            | Self::NotMyKey { .. }
            | Self::Busy { .. }
            | Self::TooLate
            | Self::NoReplayCache(_)
            | Self::NoDatagrams
            | Self::NoRandomness(_) => Fault::ThisSide,
            Self::Transport(TransportError::Ended { by, why }) => fault_ended(*by, *why),
            Self::Transport(_) => Fault::Network,
            Self::Protocol(error) => match error {
                ProtocolError::ApiMisuse(_) | ProtocolError::Exhausted(_) => Fault::ThisSide,
                ProtocolError::ChainDisagrees(_) => Fault::Chain,
                _ => Fault::Peer,
            },
            Self::Refused { reason, .. } => fault_told(*reason),
            Self::Differs(_) => Fault::Chain,
            Self::OtherInstrument { .. }
            | Self::NotAdmitted { .. }
            | Self::Replayed
            | Self::NoCookie
            | Self::TooFast { .. }
            | Self::TooManyAtOnce { .. } => Fault::Peer,
        }
    }

    /// Whether the same call may succeed a little later with nothing changed on this side.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Resolve(error) => is_passing(error),
            Self::Custody(error) => !matches!(error, CustodyError::Unsupported { .. }),
            Self::CustodyTimeout { .. }
            | Self::Busy { .. }
            | Self::TooLate
            | Self::NoReplayCache(_)
            | Self::TooManyAtOnce { .. }
            | Self::TooFast { .. }
            | Self::NoRandomness(_) => true,
            Self::Transport(error) => is_of_the_network(error),
            Self::Refused { reason, .. } => matches!(
                reason,
                Reject::Busy
                    | Reject::Unable
                    | Reject::TooYoung
                    | Reject::StaleState
                    | Reject::UnknownBlock { .. }
            ),
            Self::NotMyKey { .. }
            | Self::Protocol(_)
            | Self::Differs(_)
            | Self::OtherInstrument { .. }
            | Self::NotAdmitted { .. }
            | Self::NoCookie
            | Self::NoDatagrams
            | Self::Replayed => false,
        }
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Protocol(error) => Self::Protocol(error),
            other => Self::Transport(other),
        }
    }
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

fn and(difference: Option<&Difference>) -> String {
    difference.map(|difference| format!(" ({difference})")).unwrap_or_default()
}

/// Who has to act on the word that ended a session.
const fn fault_ended(by: Side, why: Abort) -> Fault {
    match (why, by) {
        (Abort::Revoked(_) | Abort::Expired(_) | Abort::Superseded(_), _) => Fault::Chain,
        (Abort::Unproven, Side::ThisSide) => Fault::Endpoint,
        (Abort::Unproven, Side::Peer) => Fault::Peer,
        // No new epoch came in time: whatever this side said of it, the other one was not there to agree.
        (Abort::KeysWornOut, _) => Fault::Network,
    }
}

/// Who has to act on what a responder says of this side.
const fn fault_told(reason: Reject) -> Fault {
    match reason {
        Reject::StaleState
        | Reject::UnknownBlock { .. }
        | Reject::ValuationDiffers { .. }
        | Reject::RecordDiffers { .. }
        | Reject::Revoked
        | Reject::NotRegistered
        | Reject::Expired
        | Reject::TooYoung => Fault::Chain,
        Reject::KeyMismatch
        | Reject::SuiteTooLow
        | Reject::WrongChain
        | Reject::WrongRegistry
        | Reject::ClockSkew => Fault::ThisSide,
        Reject::WrongResponder | Reject::Replayed | Reject::Busy | Reject::Unwilling | Reject::Unable => {
            Fault::Peer
        }
    }
}

const fn is_passing(error: &ResolveError) -> bool {
    matches!(
        error,
        ResolveError::TooYoung { .. }
            | ResolveError::DepthUnknown { .. }
            | ResolveError::Rotated { .. }
            | ResolveError::HeadsDisagree { .. }
            | ResolveError::NoQuorum { .. }
            | ResolveError::StaleHead { .. }
            | ResolveError::UnknownBlock { .. }
            | ResolveError::AnchorNotCanonical { .. }
            | ResolveError::StaleAnchor { .. }
            | ResolveError::Unreachable { .. }
            | ResolveError::Timeout { .. }
            | ResolveError::BadAnswer { .. }
    )
}

const fn is_of_the_network(error: &TransportError) -> bool {
    matches!(
        error,
        TransportError::Timeout { .. }
            | TransportError::PeerClosed
            | TransportError::Truncated
            | TransportError::Io { .. }
            | TransportError::Ended { why: Abort::KeysWornOut | Abort::Unproven, .. }
    )
}
