//! The rules of a chain that nobody has a schedule of, as its operator says.

use std::fmt;
use std::str::FromStr;

use crate::spec::Spec;

/// Ethereum's rules since one of its hard forks, for a chain of one's own that runs by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hardfork {
    /// April 2023.
    Shanghai,
    /// March 2024.
    Cancun,
    /// May 2025.
    Prague,
    /// December 2025, with the blob parameters that Prague brought: those that came after are not a fork's, but a chain's.
    Osaka,
}

/// A name that is none of a [`Hardfork`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} is no hard fork that is known here; write \"shanghai\", \"cancun\", \"prague\" or \"osaka\""
)]
pub struct UnknownHardfork {
    /// What was written.
    pub name: String,
}

impl Hardfork {
    /// All of them, the oldest first.
    pub const ALL: [Self; 4] = [Self::Shanghai, Self::Cancun, Self::Prague, Self::Osaka];

    /// Whether that chain's hard forks are in a table ([`Spec::of`]), so that nobody has to say them.
    #[must_use]
    pub fn is_scheduled_on(chain_id: u64) -> bool {
        Spec::of(chain_id, u64::MAX).is_some()
    }

    /// As it is written: in small letters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shanghai => "shanghai",
            Self::Cancun => "cancun",
            Self::Prague => "prague",
            Self::Osaka => "osaka",
        }
    }
}

impl FromStr for Hardfork {
    type Err = UnknownHardfork;

    fn from_str(text: &str) -> Result<Self, UnknownHardfork> {
        let named = Self::ALL.into_iter().find(|fork| fork.name().eq_ignore_ascii_case(text));
        named.ok_or_else(|| UnknownHardfork { name: text.to_owned() })
    }
}

impl fmt::Display for Hardfork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_it_is_written() {
        for fork in Hardfork::ALL {
            assert_eq!(fork.to_string().parse(), Ok(fork));
            assert_eq!(fork.to_string().to_uppercase().parse(), Ok(fork));
        }
        assert!("london".parse::<Hardfork>().unwrap_err().to_string().contains("\"osaka\""));
    }
}
