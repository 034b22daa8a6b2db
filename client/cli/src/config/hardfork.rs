//! A chain's rules, as the configuration spells them.

use countersign::registry::Hardfork;
use serde::{Deserialize, Deserializer, de};

/// `shanghai`, `cancun`, `prague` or `osaka`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fork(pub(crate) Hardfork);

impl<'de> Deserialize<'de> for Fork {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(de::Error::custom)
    }
}
