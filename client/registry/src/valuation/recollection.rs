//! What earlier valuations found: hints of what to prove, and code, which its hash proves.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy::primitives::{Address as AccountAddress, B256};
use countersign_execution::{Call, Code, Touched};

/// Shared by all valuations of a resolver. Bounded: the oldest goes first.
#[derive(Debug, Default)]
pub(crate) struct Recollection(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    touched: Fifo<Call, Arc<Touched>>,
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

    pub(super) fn keep_touched(&self, call: &Call, touched: Touched) {
        let mut kept = self.kept();
        kept.touched.insert(call.clone(), Arc::new(touched));
        kept.touched.shrink_to(MAX_CALLS);
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
    fn keep_hash(&mut self, account: AccountAddress, hash: B256) {
        self.code_hashes.insert(account, hash);
        self.code_hashes.shrink_to(MAX_ACCOUNTS);
    }
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

/// Calls whose places are remembered; a few kilobytes each.
const MAX_CALLS: usize = 256;

/// Accounts whose code hash is remembered.
const MAX_ACCOUNTS: usize = 4096;

/// In all.
const MAX_CODE_BYTES: usize = 8 << 20;
