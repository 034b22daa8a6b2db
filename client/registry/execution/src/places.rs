//! Where in the state a call reads.

use alloy_primitives::{Address, B256};

/// What a run found missing: as much as could be known without it. At least one of the three has something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Accounts of which nothing is proven. Each is about to be called or asked for, so its code may be needed next.
    pub accounts: Vec<Address>,
    /// Accounts whose code is not known, and its proven hash.
    pub codes: Vec<(Address, B256)>,
    /// Slots whose value is not proven.
    pub slots: Vec<(Address, B256)>,
}

/// What a run read of the state: to be proven first the next time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Accounts, the target first.
    pub accounts: Vec<Address>,
    /// Slots, each once, in the order of the first read.
    pub slots: Vec<(Address, B256)>,
}

impl Lacking {
    /// Whether nothing is missing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.codes.is_empty() && self.slots.is_empty()
    }
}
