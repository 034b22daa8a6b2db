//! What a session values: a storage slot of a contract.

use std::str::FromStr;

use alloy::primitives::U256;
use countersign::protocol::Query;

use crate::party::{PartyError, PlainAddress};

/// `<contract>:<slot>`, the slot in decimal or, after `0x`, hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instrument(pub(crate) Query);

/// Why a text is no instrument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InstrumentError {
    #[error("write <contract>:<slot>, for instance 0x5FbD…0aa3:0")]
    NoSlot,
    #[error(transparent)]
    Contract(#[from] PartyError),
    #[error("{0:?} is no storage slot: a number below 2^256, in decimal or after 0x in hexadecimal digits")]
    Slot(String),
}

impl FromStr for Instrument {
    type Err = InstrumentError;

    fn from_str(text: &str) -> Result<Self, InstrumentError> {
        let (contract, slot) = text.rsplit_once(':').ok_or(InstrumentError::NoSlot)?;
        let contract: PlainAddress = contract.parse()?;
        let slot = parse_slot(slot).ok_or_else(|| InstrumentError::Slot(slot.to_owned()))?;
        Ok(Self(Query::StorageSlot { source: contract.0, slot: slot.to_be_bytes() }))
    }
}

fn parse_slot(text: &str) -> Option<U256> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // The number parser takes underscores, which are no digits.
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| U256::from_str_radix(digits, radix).ok()).flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    const FEED: &str = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

    #[test]
    fn slots_read_in_both_bases() {
        let slot = |text: &str| match format!("{FEED}:{text}").parse::<Instrument>().unwrap().0 {
            Query::StorageSlot { slot, .. } => U256::from_be_bytes(slot),
            call => panic!("{call} is no slot"),
        };
        assert_eq!(slot("10"), U256::from(10));
        assert_eq!(slot("0x10"), U256::from(16));
        assert_eq!(slot(&format!("0x{}", "f".repeat(64))), U256::MAX);
    }

    #[test]
    fn what_is_no_instrument_says_why() {
        assert_eq!(FEED.parse::<Instrument>(), Err(InstrumentError::NoSlot));
        for slot in ["", "0x", "-1", "1_0", &format!("0x1{}", "0".repeat(64))] {
            assert!(matches!(format!("{FEED}:{slot}").parse::<Instrument>(), Err(InstrumentError::Slot(_))));
        }
        assert!(matches!("0x12:0".parse::<Instrument>(), Err(InstrumentError::Contract(_))));
    }
}
