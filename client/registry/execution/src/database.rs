//! Proven state as the virtual machine reads it, and notes of what it missed.

use std::collections::HashSet;

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, address};
use revm::bytecode::Bytecode;
use revm::database_interface::{DBErrorMarker, Database};
use revm::state::AccountInfo;

use crate::places::{Lacking, Touched};
use crate::state::State;
use crate::stop::Stop;

/// The state, and what one run read and missed of it.
///
/// A missing slot does not end the run. Zero is taken for its value, so that the slots read after it become known too:
/// a run that missed anything counts for nothing but what it missed. A missing account or code ends it.
pub(crate) struct WitnessedState<'a> {
    state: &'a State,
    pub(crate) stop: &'a Stop,
    pub(crate) touched: Touched,
    pub(crate) lacking: Lacking,
    /// The same as touched: `BLOCKHASH` reads anew what was read before, for 20 gas each time.
    accounts: HashSet<Address>,
    slots: HashSet<(Address, B256)>,
}

/// Why the run cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Gap {
    /// It is in [`WitnessedState::lacking`].
    #[error("state is missing")]
    Lacking,
    #[error("the history contract has no hash of block {number}")]
    NoBlockHash { number: u64 },
    #[error("nobody waits for the result")]
    Stopped,
}

impl DBErrorMarker for Gap {}

impl<'a> WitnessedState<'a> {
    pub(crate) fn new(state: &'a State, stop: &'a Stop) -> Self {
        let (touched, lacking) = (Touched::default(), Lacking::default());
        Self { state, stop, touched, lacking, accounts: HashSet::new(), slots: HashSet::new() }
    }

    fn slot(&mut self, account: Address, slot: B256) -> Result<Option<B256>, Gap> {
        if let Some(value) = self.state.slot(account, slot) {
            if self.slots.insert((account, slot)) {
                self.touched.slots.push((account, slot));
            }
            return Ok(Some(value));
        }
        if !self.lacking.slots.contains(&(account, slot)) {
            self.lacking.slots.push((account, slot));
        }
        // Zeros may lead the code anywhere, such as through a bitmap to its end.
        if self.lacking.slots.len() < MAX_GUESSES { Ok(None) } else { Err(Gap::Lacking) }
    }
}

impl Database for WitnessedState<'_> {
    type Error = Gap;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Gap> {
        if let Some(known) = self.state.account(&address) {
            if self.accounts.insert(address) {
                self.touched.accounts.push(address);
            }
            return Ok(known.map(AccountInfo::from));
        }
        // After a guess, the zero address is the guess.
        let is_guess = address.is_zero() && !self.lacking.slots.is_empty();
        if !is_guess {
            self.lacking.accounts.push(address);
        }
        Err(Gap::Lacking)
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Gap> {
        if code_hash == KECCAK256_EMPTY {
            return Ok(Bytecode::default());
        }
        self.state.bytecode(&code_hash).ok_or_else(|| {
            let account = self.state.account_with(&code_hash);
            self.lacking.codes.extend(account.map(|account| (account, code_hash)));
            Gap::Lacking
        })
    }

    fn storage(&mut self, address: Address, index: U256) -> Result<U256, Gap> {
        let value = self.slot(address, B256::from(index))?;
        Ok(value.map_or(U256::ZERO, B256::into))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Gap> {
        let slot = B256::from(U256::from(number % HISTORY_SERVE_WINDOW));
        match self.slot(HISTORY_STORAGE_ADDRESS, slot)? {
            Some(hash) if hash.is_zero() => Err(Gap::NoBlockHash { number }),
            found => Ok(found.unwrap_or_default()),
        }
    }
}

/// How many slots are taken for zero in one run: a proof for each is asked for, and may turn out to be of no use.
const MAX_GUESSES: usize = 32;

/// The contract that keeps the hashes of recent blocks (EIP-2935).
const HISTORY_STORAGE_ADDRESS: Address = address!("0000F90827F1C53a10cb7A02335B175320002935");

/// Of how many blocks it keeps them; a block's slot is its height modulo this (EIP-2935).
const HISTORY_SERVE_WINDOW: u64 = 8191;
