//! How much is fetched and run for one view.

use super::wants::Wants;
use crate::error::{NoValue, StatePiece};

/// What was spent so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    rounds: usize,
    accounts: usize,
    slots: usize,
    code_bytes: usize,
    runs: usize,
}

impl Budget {
    /// Counts a question before it is asked.
    pub(super) fn ask(&mut self, wants: &Wants) -> Result<(), NoValue> {
        self.rounds += 1;
        self.accounts += wants.new_accounts();
        self.slots += wants.slots();
        if self.rounds > MAX_ROUNDS {
            return Err(NoValue::TooManyRounds { limit: MAX_ROUNDS });
        }
        within(self.accounts, StatePiece::Accounts, MAX_ACCOUNTS)?;
        within(self.slots, StatePiece::Slots, MAX_SLOTS)
    }

    /// Counts code that came and had the proven hash.
    pub(super) fn take_code(&mut self, bytes: usize) -> Result<(), NoValue> {
        self.code_bytes += bytes;
        within(self.code_bytes, StatePiece::CodeBytes, MAX_CODE_BYTES)
    }

    /// Counts calls before they are run.
    pub(super) fn run(&mut self, calls: usize) -> Result<(), NoValue> {
        self.runs += calls;
        if self.runs > MAX_RUNS { Err(NoValue::TooManyRuns { limit: MAX_RUNS }) } else { Ok(()) }
    }
}

const fn within(count: usize, what: StatePiece, limit: usize) -> Result<(), NoValue> {
    if count > limit { Err(NoValue::ReadsTooMuch { what, limit }) } else { Ok(()) }
}

const MAX_ROUNDS: usize = 16;

const MAX_ACCOUNTS: usize = 64;

const MAX_SLOTS: usize = 512;

const MAX_CODE_BYTES: usize = 1 << 20;

/// Of at most 10,000,000 gas each: what a stranger's proposal can have this side compute is some seconds.
const MAX_RUNS: usize = 64;
