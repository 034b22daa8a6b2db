//! The result of a view call, executed over proven state.
//!
//! ```text
//! Call + Block + State ──execute──► Returned { output, .. }
//!                          │
//!                          └──────► Lacks { lacking, .. } ──the caller proves it──► State, and again
//! ```
//! An oracle's `latestRoundData()` or a pool's price is worth as much as the state that it was computed from. So
//! nothing here asks anybody: what the call reads comes out of a [`State`] that the caller filled with what it proved
//! against a block's state root, and what is not in there is named, never assumed. Both parties of a session run the
//! same bytes over the same state by the same rules, and hold the same output.
//!
//! By which rules is said by the chain's schedule of hard forks ([`Spec::of`]), or, of a chain of one's own, by whoever runs it
//! ([`Hardfork`]). They are never guessed at.
//!
//! This crate does no IO, has no clock and no randomness, and proves nothing itself.
//!
//! ## What a call sees
//!
//! What SPEC 2.1 says. It is executed at the end of the block, as `eth_call` does: `NUMBER`, `TIMESTAMP`, `COINBASE`, `GASLIMIT`,
//! `BASEFEE`, `PREVRANDAO` and `BLOBBASEFEE` are the block's own. Caller and origin are the zero address, value and
//! gas price are zero, nothing is paid, and nothing that it writes is kept. The gas is [`Limits::gas`], of which no
//! transaction's own costs are taken; origin, target, its delegate (EIP-7702), beneficiary and precompiles are warm. `BLOCKHASH` is read from the history contract's storage (EIP-2935), which is
//! state like any other.

mod block;
mod call;
mod database;
mod error;
mod execute;
mod handler;
mod hardfork;
mod jump;
mod modexp;
mod places;
mod spec;
mod state;
mod stop;

pub use block::Block;
pub use call::{Call, Limits};
pub use error::ExecutionError;
pub use execute::{Outcome, execute};
pub use hardfork::{Hardfork, UnknownHardfork};
pub use places::{Lacking, Touched};
pub use revm::context::result::HaltReason;
pub use spec::Spec;
pub use state::{Account, Code, State};
pub use stop::Stop;
