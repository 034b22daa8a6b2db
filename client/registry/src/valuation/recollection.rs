//! What earlier valuations found: hints of what to prove, and code, which its hash proves.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy::primitives::{Address as AccountAddress, B256};
use countersign_execution::{Call, Code, Touched};

use super::budget;

/// Shared by all valuations of a resolver. Bounded: the oldest goes first.
#[derive(Debug, Default)]
pub(crate) struct Recollection(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    touched: Fifo<Call, Arc<Touched>>,
    /// Of all of them.
    places: usize,
    codes: Fifo<B256, Code>,
    code_bytes: usize,
    /// Which code an account had.
    code_hashes: Fifo<AccountAddress, B256>,
}

#[derive(Debug)]
struct Fifo<K, V> {
    entries: HashMap<K, V>,
    order: VecDeque<K>,
}

impl Recollection {
    /// What that call read the last time.
    pub(super) fn touched(&self, call: &Call) -> Option<Arc<Touched>> {
        self.kept().touched.entries.get(call).cloned()
    }

    /// Nothing that is larger than what one call may read, and not too many in all.
    pub(super) fn keep_touched(&self, call: &Call, touched: Touched) {
        if touched.accounts.len() > budget::MAX_ACCOUNTS || touched.slots.len() > budget::MAX_SLOTS {
            return;
        }
        self.kept().keep_touched(call, touched);
    }

    /// Whether the code that the account had the last time is here, so that it need not be asked for again.
    pub(super) fn has_code_of(&self, account: &AccountAddress) -> bool {
        let kept = self.kept();
        kept.code_hashes.entries.get(account).is_some_and(|hash| kept.codes.entries.contains_key(hash))
    }

    /// The code with that hash, which the account is now known to have.
    pub(super) fn code(&self, account: AccountAddress, hash: B256) -> Option<Code> {
        let mut kept = self.kept();
        let code = kept.codes.entries.get(&hash).cloned()?;
        kept.keep_hash(account, hash);
        Some(code)
    }

    pub(super) fn keep_code(&self, account: AccountAddress, code: &Code) {
        let mut kept = self.kept();
        kept.keep_hash(account, code.hash());
        if kept.codes.insert(code.hash(), code.clone()) {
            kept.code_bytes += code.len();
        }
        while kept.code_bytes > MAX_CODE_BYTES
            && let Some(oldest) = kept.codes.pop()
        {
            kept.code_bytes -= oldest.len();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep_touched(&mut self, call: &Call, touched: Touched) {
        self.places += places(&touched);
        let before = self.touched.entries.get(call).map_or(0, |before| places(before));
        self.places = self.places.saturating_sub(before);
        self.touched.insert(call.clone(), Arc::new(touched));
        while (self.places > MAX_PLACES || self.touched.entries.len() > MAX_CALLS)
            && let Some(oldest) = self.touched.pop()
        {
            self.places = self.places.saturating_sub(places(&oldest));
        }
    }

    fn keep_hash(&mut self, account: AccountAddress, hash: B256) {
        self.code_hashes.insert(account, hash);
        self.code_hashes.shrink_to(MAX_ACCOUNTS);
    }
}

fn places(touched: &Touched) -> usize {
    touched.accounts.len() + touched.slots.len()
}

impl<K: Clone + Eq + Hash, V> Fifo<K, V> {
    /// Whether it is new.
    fn insert(&mut self, key: K, value: V) -> bool {
        let is_new = self.entries.insert(key.clone(), value).is_none();
        if is_new {
            self.order.push_back(key);
        }
        is_new
    }

    fn pop(&mut self) -> Option<V> {
        self.order.pop_front().and_then(|oldest| self.entries.remove(&oldest))
    }

    fn shrink_to(&mut self, limit: usize) {
        while self.entries.len() > limit && self.pop().is_some() {}
    }
}

impl<K, V> Default for Fifo<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new() }
    }
}

/// Calls whose places are remembered.
const MAX_CALLS: usize = 256;

/// Of all of them, at most 52 bytes each: some 2 MB.
const MAX_PLACES: usize = 1 << 15;

/// Accounts whose code hash is remembered.
const MAX_ACCOUNTS: usize = 4096;

/// In all.
const MAX_CODE_BYTES: usize = 8 << 20;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use alloy::primitives::{Bytes, U256};

    use super::*;

    fn call(number: u64) -> Call {
        let calldata = Bytes::copy_from_slice(&number.to_be_bytes());
        Call { to: AccountAddress::ZERO, calldata }
    }

    fn touching(slots: u64) -> Touched {
        let slot = |number| (AccountAddress::ZERO, B256::from(U256::from(number)));
        Touched { accounts: vec![AccountAddress::ZERO], slots: (0..slots).map(slot).collect() }
    }

    #[test]
    fn what_is_remembered_of_calls_is_bounded() {
        let recollection = Recollection::default();
        recollection.keep_touched(&call(0), touching(513));
        assert_eq!(recollection.touched(&call(0)), None, "more than a call may read");
        for number in 0..300 {
            recollection.keep_touched(&call(number), touching(512));
            recollection.keep_touched(&call(number), touching(500));
        }
        let kept = recollection.kept();
        let all: usize = kept.touched.entries.values().map(|touched| places(touched)).sum();
        assert_eq!((kept.places, kept.touched.entries.len()), (all, MAX_PLACES / 501));
        assert!(kept.touched.entries.contains_key(&call(299)));
        drop(kept);
        for number in 1000..1500 {
            recollection.keep_touched(&call(number), touching(1));
        }
        assert_eq!(recollection.kept().touched.entries.len(), MAX_CALLS);
    }
}
