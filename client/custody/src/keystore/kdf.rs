//! From a passphrase to the 32 bytes that encrypt and authenticate the key.

use core::fmt;

use sha2::Sha256;
use zeroize::Zeroizing;

use super::KeystoreError;
use crate::passphrase::Passphrase;

/// What scrypt costs (RFC 7914): memory is `128 * n * r` bytes, time grows with `n * r * p`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScryptCost {
    log_n: u8,
    r: u32,
    p: u32,
}

impl ScryptCost {
    /// geth's standard: n = 2^18, r = 8, p = 1. 256 MiB and about half a second.
    pub const STANDARD: Self = Self { log_n: 18, r: 8, p: 1 };

    /// geth's light cost: n = 2^12, r = 8, p = 6. 4 MiB and some tens of milliseconds, 11 times cheaper to guess:
    /// for tests, for demonstrations, and where the passphrase is itself 128 random bits.
    pub const LIGHT: Self = Self { log_n: 12, r: 8, p: 6 };

    /// A cost as a file states it.
    pub(super) fn parse(n: u64, r: u64, p: u64) -> Result<Self, KeystoreError> {
        if !n.is_power_of_two() || n < 2 {
            return Err(KeystoreError::BadField {
                field: "kdfparams.n",
                must_be: "a power of two from 2 on",
            });
        }
        if r == 0 || p == 0 {
            return Err(KeystoreError::BadField { field: "kdfparams.r or .p", must_be: "1 or more" });
        }
        // Three numbers of 64 bits from a file: their product may be beyond any integer.
        let block = u128::from(n).saturating_mul(r.into());
        refuse_above("bytes of memory", block.saturating_mul(128), MEMORY_LIMIT)?;
        // Within these two bounds r and p fit 32 bits, and scrypt's own conditions hold.
        refuse_above("scrypt rounds", block.saturating_mul(p.into()), WORK_LIMIT)?;
        let within = |_| KeystoreError::BadField { field: "kdfparams", must_be: "numbers of 32 bits" };
        Ok(Self {
            log_n: u8::try_from(n.ilog2()).map_err(within)?,
            r: u32::try_from(r).map_err(within)?,
            p: u32::try_from(p).map_err(within)?,
        })
    }

    pub(super) fn n(self) -> u64 {
        1 << self.log_n
    }

    pub(super) fn r(self) -> u32 {
        self.r
    }

    pub(super) fn p(self) -> u32 {
        self.p
    }
}

/// How the passphrase becomes a key, with the salt.
pub(super) enum Kdf {
    /// What this crate writes.
    Scrypt { cost: ScryptCost, salt: Vec<u8> },
    /// PBKDF2 with HMAC-SHA-256, which other tools write; read only.
    Pbkdf2 { rounds: u32, salt: Vec<u8> },
}

/// The first half encrypts, the second half authenticates.
pub(super) type DerivedKey = Zeroizing<[[u8; 16]; 2]>;

impl Kdf {
    /// Scrypt with a new salt.
    pub(super) fn scrypt(cost: ScryptCost) -> Result<Self, KeystoreError> {
        let mut salt = vec![0; 32];
        getrandom::fill(&mut salt).map_err(KeystoreError::NoRandomness)?;
        Ok(Self::Scrypt { cost, salt })
    }

    /// PBKDF2 as a file states it.
    pub(super) fn pbkdf2(rounds: u64, salt: Vec<u8>) -> Result<Self, KeystoreError> {
        refuse_above("PBKDF2 rounds", rounds.into(), ROUNDS_LIMIT)?;
        match u32::try_from(rounds) {
            Ok(rounds) if rounds > 0 => Ok(Self::Pbkdf2 { rounds, salt }),
            _ => Err(KeystoreError::BadField { field: "kdfparams.c", must_be: "1 or more" }),
        }
    }

    pub(super) fn derive(&self, passphrase: &Passphrase) -> Result<DerivedKey, KeystoreError> {
        let mut derived = Zeroizing::new([[0; 16]; 2]);
        let output = derived.as_flattened_mut();
        match self {
            Self::Scrypt { cost, salt } => {
                let params = scrypt::Params::new(cost.log_n, cost.r, cost.p).map_err(|_| OUTSIDE_RFC)?;
                scrypt::scrypt(passphrase.as_bytes(), salt, &params, output).map_err(|_| OUTSIDE_RFC)?;
            }
            Self::Pbkdf2 { rounds, salt } => {
                pbkdf2::pbkdf2_hmac::<Sha256>(passphrase.as_bytes(), salt, *rounds, output);
            }
        }
        Ok(derived)
    }
}

impl fmt::Debug for Kdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scrypt { cost, .. } => f.debug_struct("Scrypt").field("cost", cost).finish_non_exhaustive(),
            Self::Pbkdf2 { rounds, .. } => {
                f.debug_struct("Pbkdf2").field("rounds", rounds).finish_non_exhaustive()
            }
        }
    }
}

fn refuse_above(what: &'static str, asked: u128, limit: u128) -> Result<(), KeystoreError> {
    if asked <= limit { Ok(()) } else { Err(KeystoreError::CostRefused { what, asked, limit }) }
}

const OUTSIDE_RFC: KeystoreError =
    KeystoreError::BadField { field: "kdfparams", must_be: "within the conditions of RFC 7914" };
/// Twice geth's standard.
const MEMORY_LIMIT: u128 = 512 << 20;
/// `n * r * p`: eight times geth's standard, about four seconds.
const WORK_LIMIT: u128 = 1 << 24;
/// Forty times what the format's test vectors use, some seconds.
const ROUNDS_LIMIT: u128 = 10_000_000;
