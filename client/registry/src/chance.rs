//! Chance, so that many clients do not do the same thing at the same moment. Nothing secret depends on it.

use std::time::Duration;

/// The duration, a quarter more or less.
pub(crate) fn spread(duration: Duration) -> Duration {
    duration.mul_f64(0.75 + 0.5 * fraction())
}

/// Anything from nothing up to the duration: full jitter, which spreads best those who were cut off together.
pub(crate) fn up_to(duration: Duration) -> Duration {
    duration.mul_f64(fraction())
}

/// At least 0, below 1. Without the system's randomness it is the middle.
fn fraction() -> f64 {
    getrandom::u32().map_or(0.5, |drawn| f64::from(drawn) / 4_294_967_296.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_stays_within_its_bounds_and_differs() {
        let second = Duration::from_secs(1);
        let drawn: Vec<_> = (0..64).map(|_| spread(second)).collect();
        assert!(drawn.iter().all(|one| *one >= second * 3 / 4 && *one < second * 5 / 4));
        assert!(drawn.windows(2).any(|pair| matches!(pair, [one, other] if one != other)));
        assert!((0..64).all(|_| up_to(second) < second));
    }
}
