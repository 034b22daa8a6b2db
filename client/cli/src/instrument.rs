//! What a session values: a storage slot of a contract, or what a contract returns to a call.

use std::str::FromStr;

use alloy::dyn_abi::{DynSolValue, JsonAbiExt, Specifier};
use alloy::json_abi::{Function, Param};
use alloy::primitives::U256;
use countersign::protocol::{Calldata, CalldataTooLong, Query};

use crate::party::{PartyError, PlainAddress};

/// `<contract>:<slot>`, the slot in decimal or, after `0x`, hexadecimal digits; or `<contract>:<signature> <argument> …`, the
/// signature and the arguments as `cast call` takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instrument(pub(crate) Query);

/// Instruments with commas between them, as an environment variable holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instruments(pub(crate) Vec<Instrument>);

/// Why a text is no instrument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InstrumentError {
    #[error(
        "write <contract>:<slot> or <contract>:<function>, for instance 0x5FbD…0aa3:0 or \"0x5FbD…0aa3:latestRoundData()\""
    )]
    NothingToRead,
    #[error(transparent)]
    Contract(#[from] PartyError),
    #[error("{0:?} is no storage slot: a number below 2^256, in decimal or after 0x in hexadecimal digits")]
    Slot(String),
    #[error("{text:?} is no function signature such as \"balanceOf(address)\": {why}")]
    Signature { text: String, why: String },
    #[error(
        "{name} takes {expected} arguments, and {got} are given; write them behind the signature, blanks between them"
    )]
    ArgumentCount { name: String, expected: usize, got: usize },
    #[error("{text:?} is no {kind}: {why}")]
    Argument { text: String, kind: String, why: String },
    #[error(transparent)]
    TooLong(#[from] CalldataTooLong),
}

impl FromStr for Instrument {
    type Err = InstrumentError;

    fn from_str(text: &str) -> Result<Self, InstrumentError> {
        let (contract, read) = text.split_once(':').ok_or(InstrumentError::NothingToRead)?;
        let contract: PlainAddress = contract.trim().parse()?;
        let source = contract.0;
        if read.contains('(') {
            return Ok(Self(Query::ViewCall { source, calldata: parse_call(read)? }));
        }
        let slot = parse_slot(read).ok_or_else(|| InstrumentError::Slot(read.to_owned()))?;
        Ok(Self(Query::StorageSlot { source, slot: slot.to_be_bytes() }))
    }
}

impl FromStr for Instruments {
    type Err = InstrumentError;

    fn from_str(text: &str) -> Result<Self, InstrumentError> {
        split_outside_brackets(text, |character| character == ',')
            .into_iter()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
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

/// A signature, and its arguments behind it.
fn parse_call(text: &str) -> Result<Calldata, InstrumentError> {
    let words = split_outside_brackets(text, char::is_whitespace);
    let mut words = words.into_iter().filter(|word| !word.is_empty());
    let signature = words.next().unwrap_or_default();
    let malformed = |why: String| InstrumentError::Signature { text: signature.to_owned(), why };
    let function = Function::parse(signature).map_err(|error| malformed(error.to_string()))?;
    let arguments: Vec<&str> = words.collect();
    let (expected, got) = (function.inputs.len(), arguments.len());
    if expected != got {
        return Err(InstrumentError::ArgumentCount { name: function.name, expected, got });
    }
    let values = function.inputs.iter().zip(arguments).map(|(input, text)| parse_argument(input, text));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let calldata = function.abi_encode_input(&values).map_err(|error| malformed(error.to_string()))?;
    Ok(Calldata::new(calldata)?)
}

fn parse_argument(input: &Param, text: &str) -> Result<DynSolValue, InstrumentError> {
    let malformed = |why: String| InstrumentError::Argument {
        text: text.to_owned(),
        kind: input.selector_type().into_owned(),
        why,
    };
    let kind = input.resolve().map_err(|error| malformed(error.to_string()))?;
    kind.coerce_str(text).map_err(|error| malformed(error.to_string()))
}

/// The pieces between separators that stand in no bracket, and in no quotation marks.
fn split_outside_brackets(text: &str, is_separator: impl Fn(char) -> bool) -> Vec<&str> {
    let (mut depth, mut quoted) = (0_usize, false);
    let is_cut = |character: char| {
        match character {
            '"' => quoted = !quoted,
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && !quoted && is_separator(character)
    };
    text.split(is_cut).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    const FEED: &str = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

    fn parsed(read: &str) -> Result<Query, InstrumentError> {
        format!("{FEED}:{read}").parse::<Instrument>().map(|instrument| instrument.0)
    }

    fn calldata(read: &str) -> String {
        match parsed(read).unwrap() {
            Query::ViewCall { source, calldata } => {
                assert_eq!(source.to_string(), FEED.to_lowercase());
                calldata.to_string()
            }
            slot => panic!("{slot} is no call"),
        }
    }

    #[test]
    fn slots_read_in_both_bases() {
        let slot = |text: &str| match parsed(text).unwrap() {
            Query::StorageSlot { slot, .. } => U256::from_be_bytes(slot),
            call => panic!("{call} is no slot"),
        };
        assert_eq!(slot("10"), U256::from(10));
        assert_eq!(slot("0x10"), U256::from(16));
        assert_eq!(slot(&format!("0x{}", "f".repeat(64))), U256::MAX);
    }

    #[test]
    fn calls_read_as_cast_takes_them() {
        assert_eq!(calldata("latestRoundData()"), "0xfeaf968c");
        // What `cast sig` and `cast calldata` print.
        assert_eq!(calldata("latestRoundData()(uint80,int256,uint256,uint256,uint80)"), "0xfeaf968c");
        let word = |digits: &str| format!("{digits:0>64}");
        let holder = "70997970c51812dc3a010c7d01b50e0d17dc79c8";
        assert_eq!(
            calldata(&format!("balanceOf(address) 0x{holder}")),
            format!("0x70a08231{}", word(holder))
        );
        assert_eq!(
            calldata(" balanceOf(address owner)  0x70997970C51812dc3A010C7d01b50e0d17dc79C8 "),
            format!("0x70a08231{}", word(holder))
        );
        assert_eq!(
            calldata("get_dy(int128,int128,uint256) 0 -1 10"),
            format!("0x5e0d443f{}{}{}", word("0"), "f".repeat(64), word("a"))
        );
        assert_eq!(
            calldata("f(uint256[],(bool,bytes4)) [1, 2] (true, 0x01020304)").len(),
            2 + 2 * (4 + 6 * 32)
        );
    }

    #[test]
    fn commas_part_instruments_but_not_arguments() {
        let text = format!("{FEED}:0,{FEED}:get_dy(int128,int128,uint256) 0 1 5,{FEED}:0x2");
        let found = text.parse::<Instruments>().unwrap().0;
        let kinds: Vec<bool> =
            found.iter().map(|instrument| matches!(instrument.0, Query::ViewCall { .. })).collect();
        assert_eq!(kinds, [false, true, false]);
        assert!(format!("{FEED}:0,").parse::<Instruments>().is_err());
    }

    #[test]
    fn what_is_no_instrument_says_why() {
        assert_eq!(FEED.parse::<Instrument>(), Err(InstrumentError::NothingToRead));
        for slot in ["", "0x", "-1", "1_0", &format!("0x1{}", "0".repeat(64))] {
            assert!(matches!(parsed(slot), Err(InstrumentError::Slot(_))), "{slot}");
        }
        assert!(matches!("0x12:0".parse::<Instrument>(), Err(InstrumentError::Contract(_))));
        for signature in ["()", "f(", "f(notatype)", "f(uint256", "1f()", "f()x"] {
            let error = parsed(signature).unwrap_err();
            assert!(
                matches!(error, InstrumentError::Signature { .. } | InstrumentError::ArgumentCount { .. }),
                "{error}"
            );
        }
        for arguments in ["", " 1", " 1 2 3"] {
            let error = parsed(&format!("f(uint256,uint256){arguments}")).unwrap_err();
            assert!(matches!(error, InstrumentError::ArgumentCount { expected: 2, .. }), "{error}");
        }
        for (kind, argument) in
            [("address", "0x12"), ("uint8", "256"), ("uint256", "-1"), ("bool", "maybe"), ("bytes4", "0x01")]
        {
            let error = parsed(&format!("f({kind}) {argument}")).unwrap_err();
            assert!(matches!(error, InstrumentError::Argument { .. }), "{error}");
        }
        let long = format!("f(bytes) 0x{}", "00".repeat(300));
        assert_eq!(parsed(&long), Err(InstrumentError::TooLong(CalldataTooLong { length: 4 + 64 + 320 })));
    }
}
