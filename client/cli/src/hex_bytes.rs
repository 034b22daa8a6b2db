//! Bytes as people write them: `0x` and hexadecimal digits.

use std::str::FromStr;

/// Bytes of any number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HexBytes(pub(crate) Vec<u8>);

/// Exactly 32 bytes: a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hash(pub(crate) [u8; 32]);

impl FromStr for HexBytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim().strip_prefix("0x").ok_or("it begins with 0x")?;
        hex::decode(digits).map(Self).map_err(|error| format!("no hexadecimal bytes: {error}"))
    }
}

impl FromStr for Hash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let HexBytes(bytes) = text.parse()?;
        let length = bytes.len();
        bytes.try_into().map(Self).map_err(|_| format!("a hash has 32 bytes, this has {length}"))
    }
}
