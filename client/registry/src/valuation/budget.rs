//! How much is fetched and run for one view.

use std::collections::HashSet;

use countersign_execution::{State, Touched};

use super::wants::Wants;
use crate::error::{NoValue, StatePiece};

/// What was spent so far on what runs lacked. What is fetched because somebody said that it will be needed has bounds of
/// its own ([`Wants`]): whoever says so falsely must not use this up.
#[derive(Debug)]
pub(super) struct Budget {
    calls: u64,
    rounds: usize,
    accounts: usize,
    slots: usize,
    code_bytes: usize,
    runs: usize,
    gas: u64,
}

impl Budget {
    pub(super) const fn of(calls: usize) -> Self {
        Self { calls: calls as u64, rounds: 0, accounts: 0, slots: 0, code_bytes: 0, runs: 0, gas: 0 }
    }

    /// Counts a round of questions before they are asked.
    pub(super) fn ask(&mut self, wants: &Wants, known: &State) -> Result<(), NoValue> {
        self.rounds += 1;
        self.accounts += wants.new_accounts(known);
        self.slots += wants.slots();
        if self.rounds > MAX_ROUNDS {
            return Err(NoValue::TooManyRounds { limit: MAX_ROUNDS });
        }
        within(self.accounts, StatePiece::Accounts, MAX_ACCOUNTS)?;
        within(self.slots, StatePiece::Slots, MAX_SLOTS)
    }

    /// How many rounds were begun.
    pub(super) const fn round(&self) -> usize {
        self.rounds
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

    /// Counts what runs took that lacked something.
    pub(super) const fn burn(&mut self, gas: u64) -> Result<(), NoValue> {
        self.gas = self.gas.saturating_add(gas);
        if self.gas > MAX_GAS * self.calls { Err(NoValue::TooMuchGas { limit: MAX_GAS }) } else { Ok(()) }
    }
}

/// Whether what the calls read is within the limits, however it came to be known: the same for who was helped by hints and
/// who was not.
pub(super) fn check_read<'a>(
    all: impl Iterator<Item = &'a Touched> + Clone,
    state: &State,
) -> Result<(), NoValue> {
    let accounts: HashSet<_> = all.clone().flat_map(|touched| &touched.accounts).collect();
    let slots: HashSet<_> = all.flat_map(|touched| &touched.slots).collect();
    let code_bytes = accounts.iter().filter_map(|account| state.code_length(account)).sum();
    within(accounts.len(), StatePiece::Accounts, MAX_ACCOUNTS)?;
    within(slots.len(), StatePiece::Slots, MAX_SLOTS)?;
    within(code_bytes, StatePiece::CodeBytes, MAX_CODE_BYTES)
}

const fn within(count: usize, what: StatePiece, limit: usize) -> Result<(), NoValue> {
    if count > limit { Err(NoValue::ReadsTooMuch { what, limit }) } else { Ok(()) }
}

const MAX_ROUNDS: usize = 16;

pub(super) const MAX_ACCOUNTS: usize = 64;

pub(super) const MAX_SLOTS: usize = 512;

const MAX_CODE_BYTES: usize = 1 << 20;

/// Of one view, however many calls it has.
const MAX_RUNS: usize = 64;

/// For the runs of one call that lacked something, the last of which may take another 10,000,000. What a stranger's
/// proposal can have this side compute is some seconds.
const MAX_GAS: u64 = 40_000_000;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use alloy::primitives::{Address as AccountAddress, B256, Bytes, KECCAK256_EMPTY, U256};
    use countersign_execution::{Account, Code};

    use super::*;

    fn touching(accounts: usize, slots: usize) -> Touched {
        let account = |number: usize| AccountAddress::left_padding_from(&number.to_be_bytes());
        let slot = |number: usize| (account(0), B256::from(U256::from(number)));
        Touched { accounts: (0..accounts).map(account).collect(), slots: (0..slots).map(slot).collect() }
    }

    #[test]
    fn gas_is_counted_for_each_call() {
        let mut budget = Budget::of(2);
        for _ in 0..8 {
            budget.burn(10_000_000).unwrap();
        }
        assert_eq!(budget.burn(1), Err(NoValue::TooMuchGas { limit: 40_000_000 }));
        assert!(budget.burn(u64::MAX).is_err());
    }

    #[test]
    fn runs_and_code_are_counted() {
        let mut budget = Budget::of(1);
        budget.run(64).unwrap();
        assert_eq!(budget.run(1), Err(NoValue::TooManyRuns { limit: 64 }));
        budget.take_code(1 << 20).unwrap();
        let what = StatePiece::CodeBytes;
        assert_eq!(budget.take_code(1), Err(NoValue::ReadsTooMuch { what, limit: 1 << 20 }));
    }

    #[test]
    fn what_two_calls_read_counts_once() {
        let state = State::default();
        let read = |all: &[Touched]| check_read(all.iter(), &state);
        read(&[touching(64, 512), touching(64, 512)]).unwrap();
        let too_much = |what, limit| Err(NoValue::ReadsTooMuch { what, limit });
        assert_eq!(read(&[touching(65, 1)]), too_much(StatePiece::Accounts, 64));
        assert_eq!(read(&[touching(1, 1), touching(1, 513)]), too_much(StatePiece::Slots, 512));
    }

    #[test]
    fn all_code_that_is_read_counts() {
        let mut state = State::default();
        let code = Code::new(Bytes::from(vec![0; 600_000]));
        let touched = touching(2, 0);
        for (account, code_hash) in touched.accounts.iter().zip([code.hash(), KECCAK256_EMPTY]) {
            state.insert_account(*account, Some(Account { nonce: 1, balance: U256::ZERO, code_hash }));
        }
        state.insert_code(code.clone());
        check_read([&touched].into_iter(), &state).unwrap();
        for account in &touched.accounts {
            let account_of = Account { nonce: 1, balance: U256::ZERO, code_hash: code.hash() };
            state.insert_account(*account, Some(account_of));
        }
        let what = StatePiece::CodeBytes;
        let limit = 1 << 20;
        assert_eq!(check_read([&touched].into_iter(), &state), Err(NoValue::ReadsTooMuch { what, limit }));
    }
}
