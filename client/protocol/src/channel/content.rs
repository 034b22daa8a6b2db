//! What a record carries, by its first byte.

use crate::error::PeerMisbehaved;
use crate::state::Role;

/// What the application sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ContentType {
    /// Application data that ends a message.
    Data = 0x10,
    /// Application data whose message goes on in the next record.
    DataMore = 0x11,
    /// The sender will send no more. Empty.
    Close = 0x12,
}

/// Why one side ended a session, said under the session's keys. It is that side's word, not a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Abort {
    /// The newest head shows a record revoked.
    #[error("the record of the {0} is revoked")]
    Revoked(Role),
    /// The newest head shows a record past its expiry.
    #[error("the record of the {0} has expired")]
    Expired(Role),
    /// The newest head shows a record with another key, and the overlap is over.
    #[error("the key of the {0} was replaced; dial the new one")]
    Superseded(Role),
    /// The keys reached their age or a cap, and no new epoch came in time.
    #[error("the session's keys are worn out, as no rotation came in time; open a new session")]
    KeysWornOut,
    /// No state could be proven for a new epoch.
    #[error(
        "no state of the chain could be proven for a new epoch; open a new session once the endpoints answer"
    )]
    Unproven,
}

/// Every first byte of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum RecordType {
    Data = 0x10,
    DataMore = 0x11,
    Close = 0x12,
    Confirmation = 0x13,
    EpochRequest = 0x14,
    EpochReply = 0x15,
    EpochRefusal = 0x16,
    Abort = 0x17,
    Padded = 0x1f,
}

impl From<ContentType> for RecordType {
    fn from(content_type: ContentType) -> Self {
        match content_type {
            ContentType::Data => Self::Data,
            ContentType::DataMore => Self::DataMore,
            ContentType::Close => Self::Close,
        }
    }
}

impl RecordType {
    pub(super) const fn from_byte(byte: u8) -> Result<Self, PeerMisbehaved> {
        Ok(match byte {
            0x10 => Self::Data,
            0x11 => Self::DataMore,
            0x12 => Self::Close,
            0x13 => Self::Confirmation,
            0x14 => Self::EpochRequest,
            0x15 => Self::EpochReply,
            0x16 => Self::EpochRefusal,
            0x17 => Self::Abort,
            0x1f => Self::Padded,
            other => return Err(PeerMisbehaved::UnexpectedRecord(other)),
        })
    }

    /// The type inside a padded record.
    pub(super) fn within_padding(byte: u8) -> Result<Self, PeerMisbehaved> {
        match Self::from_byte(byte)? {
            Self::Padded | Self::Confirmation => Err(PeerMisbehaved::UnexpectedRecord(byte)),
            inner => Ok(inner),
        }
    }
}

impl Abort {
    /// `code 1 | detail 1`.
    pub(super) const fn encode(self) -> [u8; 2] {
        match self {
            Self::Revoked(whose) => [1, whose.byte()],
            Self::Expired(whose) => [2, whose.byte()],
            Self::Superseded(whose) => [3, whose.byte()],
            Self::KeysWornOut => [4, 0],
            Self::Unproven => [5, 0],
        }
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, PeerMisbehaved> {
        let whose = |byte| Role::from_byte(byte).ok_or(PeerMisbehaved::MalformedAbort);
        match bytes {
            [1, role] => whose(*role).map(Self::Revoked),
            [2, role] => whose(*role).map(Self::Expired),
            [3, role] => whose(*role).map(Self::Superseded),
            [4, 0] => Ok(Self::KeysWornOut),
            [5, 0] => Ok(Self::Unproven),
            _ => Err(PeerMisbehaved::MalformedAbort),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abort_has_one_encoding() {
        let mut known = 0;
        for code in 0..=u8::MAX {
            for detail in 0..=u8::MAX {
                let Ok(abort) = Abort::decode(&[code, detail]) else { continue };
                assert_eq!(abort.encode(), [code, detail]);
                known += 1;
            }
        }
        assert_eq!(known, 8);
        assert!(Abort::decode(&[4]).is_err() && Abort::decode(&[4, 0, 0]).is_err());
    }

    #[test]
    fn padding_hides_neither_padding_nor_a_confirmation() {
        let hidden = (0..=u8::MAX).filter(|byte| RecordType::within_padding(*byte).is_ok());
        assert!(hidden.eq([0x10, 0x11, 0x12, 0x14, 0x15, 0x16, 0x17]));
    }
}
