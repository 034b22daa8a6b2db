//! Why a responder refuses, said under a key that both sides hold after the hello.

use crate::state::Role;

/// A refusal.
///
/// On the wire it is always the same length, so that its size says nothing:
///
/// ```text
/// byte   0     1                 9                16
///        +-----+-----------------+----------------+
///        |code | detail, u64 BE  | zeros          |   sealed with AES-256-GCM under the reject key
///        +-----+-----------------+----------------+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// The proposed block is older than the responder accepts.
    #[error("the proposed block is too old for the responder; propose a newer one")]
    StaleState,
    /// The responder does not know the proposed block.
    #[error("the responder does not know the proposed block; the newest it knows is {my_head}")]
    UnknownBlock {
        /// Height of the newest block the responder knows.
        my_head: u64,
    },
    /// A reading has another value in the responder's proven view.
    #[error("the responder proved another value for reading {query} of the instrument (counted from 0)")]
    ValuationDiffers {
        /// Position of the reading in the proposal.
        query: u8,
    },
    /// A registry record is another in the responder's proven view.
    #[error("the responder proved another registry record of the {whose}")]
    RecordDiffers {
        /// Whose record.
        whose: Role,
    },
    /// The initiator's identity is revoked.
    #[error("the initiator's identity is revoked; register a fresh key")]
    Revoked,
    /// The registry proves that the initiator has no record.
    #[error("the initiator is not registered; register first")]
    NotRegistered,
    /// The initiator's record has expired.
    #[error("the initiator's record has expired; rotate the key")]
    Expired,
    /// The initiator's record is too fresh to be out of a reorganisation's reach.
    #[error("the initiator's record is too young for the responder; wait and try again")]
    TooYoung,
    /// The static key of the hello is not the one in the initiator's record.
    #[error("the initiator's key is not the one in its registry record; use the registered key")]
    KeyMismatch,
    /// The suite is below what the responder or one of the two records demands.
    #[error("the suite is too weak for the responder or for one of the records; dial with the hybrid suite")]
    SuiteTooLow,
    /// The responder follows another chain.
    #[error("the responder follows another chain")]
    WrongChain,
    /// The responder reads another registry contract.
    #[error("the responder reads another registry contract")]
    WrongRegistry,
    /// The hello names another responder than the one that answers.
    #[error("another identity answers at this endpoint than the one that was dialled")]
    WrongResponder,
    /// The hello's time is too far from the responder's clock.
    #[error("the clocks of the two sides are too far apart; set yours")]
    ClockSkew,
    /// This hello was seen before.
    #[error("the responder has seen this hello before")]
    Replayed,
    /// The responder has too much to do.
    #[error("the responder is busy; try again later")]
    Busy,
    /// The responder does not talk to this initiator, or not about this instrument.
    #[error("the responder's policy refuses this initiator or this instrument")]
    Unwilling,
    /// The responder cannot prove its own view just now.
    #[error("the responder cannot prove its view of the chain just now; try again later")]
    Unable,
}

/// Length of a reject before it is sealed.
pub(crate) const REJECT: usize = 16;

impl Reject {
    /// The encoding.
    #[must_use]
    pub fn encode(self) -> [u8; REJECT] {
        let (code, detail) = self.code_and_detail();
        let [a, b, c, d, e, f, g, h] = detail.to_be_bytes();
        [code, a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0]
    }

    /// Reads an encoding; `None` for an unknown code, a detail out of range or padding that is not zero.
    #[must_use]
    pub fn decode(bytes: [u8; REJECT]) -> Option<Self> {
        let [code, a, b, c, d, e, f, g, h, ..] = bytes;
        let reject = Self::from_code_and_detail(code, u64::from_be_bytes([a, b, c, d, e, f, g, h]))?;
        // One encoding per reject: whatever does not encode back is malformed.
        (reject.encode() == bytes).then_some(reject)
    }

    fn code_and_detail(self) -> (u8, u64) {
        match self {
            Self::StaleState => (1, 0),
            Self::UnknownBlock { my_head } => (2, my_head),
            Self::ValuationDiffers { query } => (3, query.into()),
            Self::RecordDiffers { whose: Role::Initiator } => (4, 0),
            Self::RecordDiffers { whose: Role::Responder } => (4, 1),
            Self::Revoked => (5, 0),
            Self::NotRegistered => (6, 0),
            Self::Expired => (7, 0),
            Self::TooYoung => (8, 0),
            Self::KeyMismatch => (9, 0),
            Self::SuiteTooLow => (10, 0),
            Self::WrongChain => (11, 0),
            Self::WrongRegistry => (12, 0),
            Self::WrongResponder => (13, 0),
            Self::ClockSkew => (14, 0),
            Self::Replayed => (15, 0),
            Self::Busy => (16, 0),
            Self::Unwilling => (17, 0),
            Self::Unable => (18, 0),
        }
    }

    fn from_code_and_detail(code: u8, detail: u64) -> Option<Self> {
        Some(match code {
            1 => Self::StaleState,
            2 => Self::UnknownBlock { my_head: detail },
            3 => Self::ValuationDiffers { query: u8::try_from(detail).ok()? },
            4 if detail == 0 => Self::RecordDiffers { whose: Role::Initiator },
            4 => Self::RecordDiffers { whose: Role::Responder },
            5 => Self::Revoked,
            6 => Self::NotRegistered,
            7 => Self::Expired,
            8 => Self::TooYoung,
            9 => Self::KeyMismatch,
            10 => Self::SuiteTooLow,
            11 => Self::WrongChain,
            12 => Self::WrongRegistry,
            13 => Self::WrongResponder,
            14 => Self::ClockSkew,
            15 => Self::Replayed,
            16 => Self::Busy,
            17 => Self::Unwilling,
            18 => Self::Unable,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reject_has_one_encoding() {
        let mut known = 0;
        for code in 0..=u8::MAX {
            for detail in [0, 1, 2, 255, 256, u64::MAX] {
                if let Some(reject) = Reject::from_code_and_detail(code, detail)
                    && Reject::decode(reject.encode()) == Some(reject)
                    && reject.code_and_detail() == (code, detail)
                {
                    known += 1;
                }
            }
        }
        // 15 codes without detail, UnknownBlock with all 6, ValuationDiffers with 4, RecordDiffers with 2.
        assert_eq!(known, 15 + 6 + 4 + 2);
    }

    #[test]
    fn padding_and_unknown_codes_are_refused() {
        let mut padded = Reject::Busy.encode();
        padded[15] = 1;
        assert_eq!(Reject::decode(padded), None);
        assert_eq!(Reject::decode([0; REJECT]), None);
        assert_eq!(Reject::decode([19; REJECT]), None);
    }
}
