//! Hiding the length of what is sent.
//!
//! ```text
//! byte  0      1          3            3+n       bucket
//!       +------+----------+------------+---------+
//!       | type | length n | n bytes    | zeros   |     what a padded record seals
//!       +------+----------+------------+---------+
//! ```

use core::num::NonZeroU16;

/// How a sender pads its records. The receiver takes any.
///
/// Padding hides lengths, not times or numbers of records. Its cost is the bytes it adds, 3 at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Padding {
    /// Not at all: each record shows its type and its length.
    #[default]
    None,
    /// To a multiple of so many bytes.
    Multiple(NonZeroU16),
    /// To a power of two, and no less than `least`: a length is one of few, and grows at most to its double.
    PowersOfTwo {
        /// The smallest bucket, in bytes.
        least: NonZeroU16,
    },
    /// As Padmé does: at most 12 % more, and `O(log log n)` bits of the length leak (Nikitin et al., "Reducing Metadata
    /// Leakage from Encrypted Files and Communication with PURBs", PETS 2019, section 4).
    Padme,
    /// To the longest record there is: all records are alike, and cost 16 KiB each.
    Full,
}

impl Padding {
    /// The length to pad to, for so many bytes that must fit, and at most `maximum`.
    pub(super) fn bucket(self, length: usize, maximum: usize) -> usize {
        let wanted = match self {
            Self::None => length,
            Self::Multiple(of) => length.next_multiple_of(usize::from(of.get())),
            Self::PowersOfTwo { least } => length.max(usize::from(least.get())).next_power_of_two(),
            Self::Padme => padme(length),
            Self::Full => maximum,
        };
        // Close to the maximum a bucket is cut: what fits unpadded must fit.
        wanted.min(maximum).max(length)
    }
}

/// Keeps as many bits of the length as its exponent has, and rounds up the rest.
fn padme(length: usize) -> usize {
    let Some(exponent) = length.checked_ilog2().filter(|exponent| *exponent > 0) else { return length };
    let kept = exponent.ilog2() + 1;
    length.next_multiple_of(1 << exponent.saturating_sub(kept))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(bytes: u16) -> NonZeroU16 {
        NonZeroU16::new(bytes).unwrap()
    }

    #[test]
    fn each_policy_has_its_buckets() {
        let powers = Padding::PowersOfTwo { least: of(128) };
        for (length, none, multiple, power, padme) in [
            (3, 3, 100, 128, 3),
            (9, 9, 100, 128, 10),
            (100, 100, 100, 128, 104),
            (128, 128, 200, 128, 128),
            (129, 129, 200, 256, 144),
            (1_000, 1_000, 1_000, 1_024, 1_024),
            (9_000, 9_000, 9_000, 16_384, 9_216),
            (16_384, 16_384, 16_384, 16_384, 16_384),
        ] {
            let buckets = [Padding::None, Padding::Multiple(of(100)), powers, Padding::Padme]
                .map(|policy| policy.bucket(length, 16_384));
            assert_eq!(buckets, [none, multiple, power, padme], "{length}");
            assert_eq!(Padding::Full.bucket(length, 16_384), 16_384);
        }
    }

    #[test]
    fn no_bucket_is_too_small_or_too_large_and_buckets_grow_with_the_length() {
        for policy in [
            Padding::None,
            Padding::Multiple(of(7_000)),
            Padding::PowersOfTwo { least: of(60_000) },
            Padding::Padme,
            Padding::Full,
        ] {
            let buckets = (0..=16_384).map(|length| (length, policy.bucket(length, 16_384)));
            let mut before = 0;
            for (length, bucket) in buckets {
                assert!(
                    bucket >= length && bucket <= 16_384 && bucket >= before,
                    "{policy:?} {length} {bucket}"
                );
                before = bucket;
            }
        }
    }

    #[test]
    fn padme_costs_at_most_an_eighth() {
        for length in 1..=16_384 {
            assert!(padme(length) * 100 <= length * 112, "{length}");
        }
    }
}
