//! Why a view call has no value.

use std::time::Duration;

use countersign_execution::ExecutionError;

/// Why a view call has no value at a block, whatever the endpoints serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoValue {
    /// Executed over proven state, it reverted, ran out of gas or failed: the contract's word, or its fault.
    #[error(transparent)]
    Call(#[from] ExecutionError),
    /// It reads more of the state than is fetched for one view.
    #[error("it reads more than {limit} {what} of state; an instrument must be cheaper to value")]
    ReadsTooMuch {
        /// Of what.
        what: StatePiece,
        /// How many are fetched.
        limit: usize,
    },
    /// Each piece of state that it reads leads to the next.
    #[error(
        "what it reads came to light too slowly, and after {limit} questions there was still more; an instrument must be cheaper to value"
    )]
    TooManyRounds {
        /// How many questions are asked for one view.
        limit: usize,
    },
    /// The time is over that a view's calls have in all.
    #[error("it was not done within {}ms, whichever endpoint was asked; bind fewer calls, or raise the timeout", limit.as_millis())]
    TooSlow {
        /// Twice the policy's `request_timeout`.
        limit: Duration,
    },
    /// Its runs took too much gas before all that it reads was known.
    #[error(
        "it takes more than {limit} gas to find all that it reads; an instrument must be cheaper to value"
    )]
    TooMuchGas {
        /// For all the runs of a call that something was missing in.
        limit: u64,
    },
    /// The calls of one view were run too often for what they lacked.
    #[error(
        "the calls of this view take more than {limit} runs to find all that they read; bind fewer of them"
    )]
    TooManyRuns {
        /// How many runs they have in all.
        limit: usize,
    },
}

/// What state is fetched in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatePiece {
    /// Accounts.
    Accounts,
    /// Storage slots.
    Slots,
    /// Bytes of code.
    CodeBytes,
}

impl std::fmt::Display for StatePiece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Accounts => "accounts",
            Self::Slots => "slots",
            Self::CodeBytes => "bytes of code",
        })
    }
}
