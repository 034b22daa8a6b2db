//! How deep a record must lie, as the configuration spells it.

use std::num::NonZeroU64;
use std::str::FromStr;

use countersign::registry::RecordDepth;
use serde::{Deserialize, Deserializer, de};

use crate::moment::Span;

/// `finalized`, `safe`, a number of blocks such as `32 blocks`, or a length of time such as `13m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Depth(pub(crate) RecordDepth);

impl FromStr for Depth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let blocks = text.strip_suffix("blocks").or_else(|| text.strip_suffix("block"));
        let depth = match (text, blocks) {
            ("finalized", _) => RecordDepth::Finalized,
            ("safe", _) => RecordDepth::Safe,
            (_, Some(count)) => RecordDepth::Confirmations(count.trim().parse::<NonZeroU64>().map_err(|_| {
                format!("{text:?} is no number of blocks; write it like \"32 blocks\", at least 1")
            })?),
            (_, None) => RecordDepth::Age(text.parse::<Span>().map_err(|_| {
                format!("{text:?} is no depth; write \"finalized\", \"safe\", \"32 blocks\" or a length of time like \"90s\"")
            })?.0),
        };
        Ok(Self(depth))
    }
}

impl<'de> Deserialize<'de> for Depth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn depth(text: &str) -> Result<RecordDepth, String> {
        text.parse().map(|Depth(depth)| depth)
    }

    #[test]
    fn a_depth_is_a_name_a_number_of_blocks_or_a_length_of_time() {
        assert_eq!(depth("finalized"), Ok(RecordDepth::Finalized));
        assert_eq!(depth("safe"), Ok(RecordDepth::Safe));
        assert_eq!(depth("1 block"), Ok(RecordDepth::Confirmations(NonZeroU64::MIN)));
        assert_eq!(depth("32 blocks"), Ok(RecordDepth::Confirmations(NonZeroU64::new(32).unwrap())));
        assert_eq!(depth("13m"), Ok(RecordDepth::Age(Duration::from_secs(780))));
    }

    #[test]
    fn what_is_none_says_how_to_write_one() {
        assert!(depth("0 blocks").unwrap_err().contains("32 blocks"));
        assert!(depth("many blocks").unwrap_err().contains("32 blocks"));
        assert!(depth("soon").unwrap_err().contains("finalized"));
    }
}
