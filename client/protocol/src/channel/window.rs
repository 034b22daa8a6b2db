//! Which datagrams were accepted (RFC 4303, 3.4.3; in blocks, as RFC 6479 has it).

/// The last 2,048 numbers, a bit each.
pub(super) struct Window {
    /// The bit of number `n` is bit `n % 64` of block `n / 64 % BLOCKS`.
    blocks: [u64; BLOCKS],
    /// One past the highest accepted number; 0: none was accepted.
    end: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { blocks: [0; BLOCKS], end: 0 }
    }
}

impl Window {
    /// Whether a datagram of that number may be accepted: not accepted yet, and not too old to know.
    pub(super) fn is_new(&self, number: u64) -> bool {
        if number >= self.end {
            return true;
        }
        self.end - number <= WINDOW && self.block(number).is_some_and(|block| block & bit(number) == 0)
    }

    /// Accepts a new number; whether it is the highest so far.
    pub(super) fn accept(&mut self, number: u64) -> bool {
        let is_highest = number >= self.end;
        if is_highest {
            self.clear_between(self.end, number);
            self.end = number.saturating_add(1);
        }
        if let Some(block) = self.blocks.get_mut(place(number)) {
            *block |= bit(number);
        }
        is_highest
    }

    /// Clears the blocks that begin after `end - 1` and no later than `number`.
    fn clear_between(&mut self, end: u64, number: u64) {
        let first_fresh = end.div_ceil(64);
        let last_fresh = number / 64;
        let oldest_kept = last_fresh.saturating_sub(BLOCKS as u64 - 1);
        for block in first_fresh.max(oldest_kept)..=last_fresh {
            if let Some(block) = self.blocks.get_mut(place(block.saturating_mul(64))) {
                *block = 0;
            }
        }
    }

    fn block(&self, number: u64) -> Option<u64> {
        self.blocks.get(place(number)).copied()
    }
}

const fn bit(number: u64) -> u64 {
    1 << (number % 64)
}

#[allow(clippy::cast_possible_truncation, reason = "below the number of blocks")]
const fn place(number: u64) -> usize {
    (number / 64 % BLOCKS as u64) as usize
}

/// How far behind the highest a number may be.
const WINDOW: u64 = 2_048;
/// One block more than the window has, as the newest block is only partly used.
const BLOCKS: usize = WINDOW as usize / 64 + 1;

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_window_is_2048_numbers_wide() {
        let mut window = Window::default();
        assert!(window.accept(5_000));
        assert!(!window.is_new(5_000) && window.is_new(5_001));
        assert!(window.is_new(5_000 - 2_047) && !window.is_new(5_000 - 2_048));
        assert!(!window.accept(5_000 - 2_047));
        assert!(!window.is_new(5_000 - 2_047));
    }

    #[test]
    fn the_last_number_of_all_does_not_wrap() {
        let mut window = Window::default();
        assert!(window.accept(u64::MAX - 1));
        assert!(!window.is_new(u64::MAX - 1) && !window.is_new(0));
    }

    proptest! {
        /// Against a set that remembers everything.
        #[test]
        fn it_is_a_set_cut_off_2048_behind_the_highest(
            steps in proptest::collection::vec((0..6_000_u64, 0..3_u8), 1..600),
        ) {
            let (mut window, mut seen, mut base) = (Window::default(), BTreeSet::new(), 0_u64);
            for (offset, jump) in steps {
                base += u64::from(jump) * 40;
                let number = base + offset;
                let highest = seen.last().copied();
                let expected = !seen.contains(&number)
                    && highest.is_none_or(|highest| number + 2_048 > highest);
                prop_assert_eq!(window.is_new(number), expected);
                if expected {
                    prop_assert_eq!(window.accept(number), highest.is_none_or(|highest| number > highest));
                    seen.insert(number);
                }
            }
        }
    }
}
