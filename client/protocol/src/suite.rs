//! Which cryptography a handshake uses.

use core::fmt;

/// A cipher suite. Its number is its level: a registry record's suite floor is compared with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Suite {
    /// `Noise_IKpsk2_secp256k1_AESGCM_SHA256`: no post-quantum secrecy.
    Classical = 0,
    /// `Noise_IKhfs+psk2_secp256k1+MLKEM768_AESGCM_SHA256`: secret while either secp256k1 or ML-KEM-768 holds.
    Hybrid = 1,
}

/// Which suites this side takes part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuitePolicy {
    preferred: Suite,
    minimum: Suite,
}

impl SuitePolicy {
    /// Hybrid alone: the default.
    pub const HYBRID: Self = Self { preferred: Suite::Hybrid, minimum: Suite::Hybrid };
    /// Dials hybrid, answers both.
    pub const PREFER_HYBRID: Self = Self { preferred: Suite::Hybrid, minimum: Suite::Classical };
    /// Dials classical, answers both: for constrained devices whose record and peers allow it.
    pub const PREFER_CLASSICAL: Self = Self { preferred: Suite::Classical, minimum: Suite::Classical };

    /// The suite that this side dials with.
    #[must_use]
    pub const fn preferred(self) -> Suite {
        self.preferred
    }

    /// Whether this side answers a handshake of that suite.
    #[must_use]
    pub fn accepts(self, suite: Suite) -> bool {
        suite >= self.minimum
    }

    /// The suites as a bit set, bit `n` for level `n`: what a hello offers.
    pub(crate) fn offered(self) -> u8 {
        [Suite::Classical, Suite::Hybrid]
            .into_iter()
            .filter(|suite| self.accepts(*suite))
            .fold(0, |bits, suite| bits | suite.bit())
    }
}

impl Default for SuitePolicy {
    fn default() -> Self {
        Self::HYBRID
    }
}

impl Suite {
    /// Level of the suite.
    #[must_use]
    pub const fn level(self) -> u8 {
        self as u8
    }

    pub(crate) const fn from_level(level: u8) -> Option<Self> {
        match level {
            0 => Some(Self::Classical),
            1 => Some(Self::Hybrid),
            _ => None,
        }
    }

    pub(crate) const fn bit(self) -> u8 {
        1 << self.level()
    }

    /// Noise name of a live handshake.
    pub(crate) const fn live_name(self) -> &'static [u8] {
        match self {
            Self::Classical => crate::labels::CLASSICAL,
            Self::Hybrid => crate::labels::HYBRID,
        }
    }

    /// Noise name of a handshake that continues an earlier session.
    pub(crate) const fn continued_name(self) -> &'static [u8] {
        match self {
            Self::Classical => crate::labels::CLASSICAL_CONTINUED,
            Self::Hybrid => crate::labels::HYBRID_CONTINUED,
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classical => "classical",
            Self::Hybrid => "hybrid",
        })
    }
}
