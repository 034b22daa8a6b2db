//! What is called, and how much it may cost.

use alloy_primitives::{Address, Bytes};

/// A call from the zero address, without value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The contract.
    pub to: Address,
    /// A selector and its arguments, usually.
    pub calldata: Bytes,
}

/// How much a call may cost. Both sides must set the same: a contract can ask how much gas is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Gas, which bounds time and memory. Up to 10,000,000, the default, the precompiles of OP-stack chains take the same
    /// inputs as Ethereum's: the shorter ones they allow cost more than that.
    pub gas: u64,
    /// The longest output in bytes. Of a revert's data, what is kept of it.
    pub returned: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { gas: 10_000_000, returned: 4096 }
    }
}
