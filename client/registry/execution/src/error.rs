//! Why a call has no result.

use alloy_primitives::{Address, Bytes};
use revm::context::result::HaltReason;

/// Why a call has no result, whatever else is proven. The same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecutionError {
    /// The account that is called has no code.
    #[error("{address} is no contract; check the instrument's address and the chain")]
    NotAContract {
        /// The target.
        address: Address,
    },
    /// The contract refused, in its own words.
    #[error("the call reverted with {data}; the contract has no such value now, or not for these arguments")]
    Reverted {
        /// What the contract said: a selector and arguments, as a rule; nothing where a call within ran out of gas.
        /// Cut at [`Limits::returned`](crate::Limits).
        data: Bytes,
    },
    /// The gas was not enough.
    #[error("the call takes more than {limit} gas; an instrument must be cheaper to value")]
    OutOfGas {
        /// [`Limits::gas`](crate::Limits).
        limit: u64,
    },
    /// The output is too long.
    #[error(
        "the call returns {length} bytes, and {limit} are taken; name a function that returns the value alone"
    )]
    TooMuchReturned {
        /// Bytes that came.
        length: usize,
        /// [`Limits::returned`](crate::Limits).
        limit: usize,
    },
    /// The code did what the EVM does not do: an invalid opcode or jump, an empty stack.
    #[error("the contract's code failed: {reason}; it is broken, or made for another chain")]
    Halted {
        /// What it did.
        reason: HaltReason,
    },
    /// The call asks for a block's hash, and the chain's history contract (EIP-2935) has none.
    #[error(
        "the call asks for the hash of block {number}, which this chain's history contract does not have; it cannot be valued here"
    )]
    NoBlockHash {
        /// The height.
        number: u64,
    },
    /// A precompile failed in a way that no input should cause.
    #[error("the call cannot be executed: {detail}")]
    Unsupported {
        /// In the words of the virtual machine.
        detail: String,
    },
}
