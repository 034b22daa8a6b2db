//! The name of a chain's table: `[chains.8453]`.

use std::str::FromStr;

use alloy_chains::NamedChain;
use serde::{Deserialize, Deserializer, de};

/// An EIP-155 chain id, in decimal digits and in one spelling: no sign, and no zero in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChainId(pub(super) u64);

impl FromStr for ChainId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number: Option<u64> = text.parse().ok();
        if let Some(number) = number.filter(|number| number.to_string() == text) {
            return Ok(Self(number));
        }
        let meant = number.or_else(|| text.to_lowercase().parse().ok().map(|named: NamedChain| named.into()));
        let hint = match meant {
            Some(id) => format!("did you mean [chains.{id}]?"),
            None => "write [chains.<id>], with its EIP-155 id: [chains.8453]".into(),
        };
        Err(format!("{text:?} is no chain id; {hint}"))
    }
}

impl<'de> Deserialize<'de> for ChainId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
