//! Failures to open a session, and of a session that was open.

use std::io::{self, ErrorKind};

use countersign::protocol::{Abort, Error as ProtocolError};
use countersign::replay::{RedisCacheError, RedisUrlError};
use countersign::transport::TransportError;
use countersign::{Error, Reject};

use super::{Failure, chain_of};
use crate::exit::Exit;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = chain_of(&error);
        match error {
            Error::Resolve(error) => error.into(),
            Error::Custody(error) => error.into(),
            Error::Transport(error) => error.into(),
            Error::Protocol(error) => error.into(),
            Error::Refused { reason, .. } => refused(reason, text),
            Error::CustodyTimeout { .. } => Self::new(Exit::Keystore, "custody", text),
            Error::NotMyKey { .. } => Self::new(Exit::Identity, "not_my_key", text)
                .hint("name the keystore of the registered key with --keystore, or run countersign rotate"),
            Error::Differs(_) => Self::new(Exit::Refused, "view_differs", text),
            _ => Self::new(Exit::Refused, "not_answered", text),
        }
    }
}

impl From<RedisUrlError> for Failure {
    fn from(error: RedisUrlError) -> Self {
        Self::new(Exit::Configuration, "replay_cache", error.to_string())
    }
}

impl From<RedisCacheError> for Failure {
    fn from(error: RedisCacheError) -> Self {
        Self::new(Exit::Configuration, "replay_cache", format!("the replay cache cannot be used: {error}"))
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let text = chain_of(&error);
        let (kind, hint) = match &error {
            TransportError::Protocol(error) => return (*error).into(),
            TransportError::Timeout { .. } => ("peer_timeout", None),
            TransportError::Ended { why, .. } => return by_word(*why, text),
            TransportError::PeerClosed => ("peer_closed", None),
            TransportError::Truncated => {
                ("peer_gone", Some("ask the peer to check its side, then connect again"))
            }
            TransportError::Io { source, .. } => match source.kind() {
                ErrorKind::AddrInUse => (
                    "port_in_use",
                    Some("another program listens there: --bind another port, or port 0 for a free one"),
                ),
                ErrorKind::AddrNotAvailable => ("cannot_listen", Some("--bind an address of this machine")),
                ErrorKind::PermissionDenied => ("cannot_listen", Some("--bind a port from 1024 on")),
                ErrorKind::ConnectionRefused => {
                    ("peer_unreachable", Some("see that the peer listens there: countersign listen"))
                }
                ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
                    ("peer_gone", None)
                }
                _ => ("transport", None),
            },
            _ => ("transport", None),
        };
        let failure = Self::new(Exit::Transport, kind, text);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<ProtocolError> for Failure {
    fn from(error: ProtocolError) -> Self {
        let text = error.to_string();
        match error {
            ProtocolError::Rejected(reason) => refused(reason, text),
            ProtocolError::ChainDisagrees(_) => Self::new(Exit::Refused, "view_differs", text),
            ProtocolError::PeerIncompatible(_) => Self::new(Exit::Refused, "peer_incompatible", text),
            ProtocolError::PeerMisbehaved(_) => Self::new(Exit::Transport, "peer_misbehaved", text)
                .hint("see that a countersign of that very identity listens there"),
            ProtocolError::Exhausted(_) => {
                Self::new(Exit::Transport, "exhausted", text).hint("connect again")
            }
            // Before a session, a live handshake follows by itself; here, only one that does not.
            ProtocolError::TicketUnknown => {
                Self::new(Exit::Transport, "ticket_unknown", text).hint("connect again")
            }
            ProtocolError::ApiMisuse(_) => Self::new(Exit::Unexpected, "internal", text),
        }
    }
}

impl Failure {
    /// An error of a session's byte stream, which carries the transport's own error inside.
    pub(crate) fn of_stream(error: io::Error) -> Self {
        match error.downcast::<TransportError>() {
            Ok(error) => error.into(),
            Err(source) => TransportError::Io { action: "use the connection", source }.into(),
        }
    }
}

/// A session that one side ended by its word.
fn by_word(why: Abort, text: String) -> Failure {
    let (exit, kind, hint) = match why {
        Abort::Revoked(_) => {
            (Exit::Refused, "ended_revoked", "countersign resolve shows what the registry says")
        }
        Abort::Expired(_) => {
            (Exit::Refused, "ended_expired", "countersign rotate, on the side whose record expired")
        }
        Abort::Superseded(_) => (
            Exit::Refused,
            "ended_superseded",
            "connect again: the new key is resolved; where it is your own, name its keystore with --keystore",
        ),
        Abort::KeysWornOut => (Exit::Transport, "ended_keys_worn_out", "connect again"),
        Abort::Unproven => {
            (Exit::Transport, "ended_unproven", "countersign doctor checks the endpoints; then connect again")
        }
    };
    Failure::new(exit, kind, text).hint(hint).ended_by(why)
}

fn refused(reason: Reject, text: String) -> Failure {
    let (kind, hint) = match reason {
        Reject::Revoked => {
            ("refused_revoked", Some("countersign keygen, then countersign register a fresh key"))
        }
        Reject::NotRegistered => ("refused_not_registered", Some("countersign register")),
        Reject::Expired => ("refused_expired", Some("countersign rotate")),
        Reject::TooYoung => ("refused_too_young", None),
        Reject::KeyMismatch => {
            ("refused_key_mismatch", Some("countersign doctor compares your key with your record"))
        }
        Reject::SuiteTooLow => ("refused_suite_too_low", Some("add --suites hybrid")),
        Reject::ValuationDiffers { .. } => {
            ("refused_valuation_differs", Some("countersign doctor checks your nodes"))
        }
        Reject::RecordDiffers { .. } => {
            ("refused_record_differs", Some("countersign doctor checks your nodes"))
        }
        Reject::StaleState => ("refused_stale_state", None),
        Reject::UnknownBlock { .. } => ("refused_unknown_block", None),
        Reject::WrongChain => ("refused_wrong_chain", None),
        Reject::WrongRegistry => ("refused_wrong_registry", None),
        Reject::WrongResponder => ("refused_wrong_responder", None),
        Reject::ClockSkew => {
            ("refused_clock_skew", Some("countersign doctor compares your clock with the chain"))
        }
        Reject::Replayed => ("refused_replayed", None),
        Reject::Busy => ("refused_busy", None),
        Reject::Unwilling => (
            "refused_unwilling",
            Some("ask the other side whether it admits you, and by which --instrument it values"),
        ),
        Reject::Unable => ("refused_unable", None),
    };
    let failure = Failure::new(Exit::Refused, kind, text);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
