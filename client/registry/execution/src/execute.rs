//! Running a call.

use alloy_primitives::{Address, Bytes, KECCAK256_EMPTY, TxKind};
use revm::context::result::{EVMError, ExecutionResult, HaltReason, Output};
use revm::context::transaction::{AccessList, AccessListItem};
use revm::context::{Evm, FrameStack, TransactionType, TxEnv};
use revm::handler::{Handler, MainnetContext};

use crate::block::Block;
use crate::call::{Call, Limits};
use crate::database::{Gap, WitnessedState};
use crate::error::ExecutionError;
use crate::handler::{ViewEvm, ViewHandler};
use crate::jump::instructions;
use crate::modexp;
use crate::places::{Lacking, Touched};
use crate::state::State;
use crate::stop::Stop;

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The call's result. It depends on the call, the block, the limits and proven state alone.
    Returned {
        /// What the contract returned.
        output: Bytes,
        /// Of [`Limits::gas`].
        gas_used: u64,
        /// What of the state it read.
        touched: Touched,
    },
    /// More must be proven. Then run it again.
    Lacks {
        /// What.
        lacking: Lacking,
        /// What the run took nevertheless, of [`Limits::gas`].
        gas_used: u64,
    },
    /// It was [stopped](Stop::raise). That says nothing of the call.
    Stopped,
}

/// Runs a call over what is proven, by the rules of SPEC 2.1. It takes as long as its gas lasts, or until it is stopped.
///
/// # Errors
/// [`ExecutionError`] where the call has no result, however much more is proven.
pub fn execute(
    call: &Call,
    block: &Block,
    state: &State,
    limits: &Limits,
    stop: &Stop,
) -> Result<Outcome, ExecutionError> {
    modexp::install();
    let mut evm = machine(call, block, limits, WitnessedState::new(state, stop));
    let mut handler = ViewHandler::default();
    let result = handler.run(&mut evm);
    let WitnessedState { touched, lacking, .. } = evm.ctx.journaled_state.database;
    if matches!(result, Err(EVMError::Database(Gap::Stopped))) {
        return Ok(Outcome::Stopped);
    }
    if !lacking.is_empty() {
        let broke_off = |_| handler.spent_of(limits.gas);
        let gas_used = result.map_or_else(broke_off, |ended| ended.tx_gas_used());
        return Ok(Outcome::Lacks { lacking, gas_used });
    }
    if !is_contract(state, &call.to) {
        return Err(ExecutionError::NotAContract { address: call.to });
    }
    match result {
        Ok(ExecutionResult::Success { output: Output::Call(output), gas, .. }) => {
            let (length, limit) = (output.len(), limits.returned);
            if length > limit {
                return Err(ExecutionError::TooMuchReturned { length, limit });
            }
            Ok(Outcome::Returned { output, gas_used: gas.tx_gas_used(), touched })
        }
        Ok(other) => Err(failure(other, limits)),
        Err(EVMError::Database(Gap::NoBlockHash { number })) => Err(ExecutionError::NoBlockHash { number }),
        Err(other) => Err(ExecutionError::Unsupported { detail: other.to_string() }),
    }
}

fn failure(result: ExecutionResult, limits: &Limits) -> ExecutionError {
    match result {
        ExecutionResult::Revert { output, .. } => {
            // Copied, so that a long tail is not kept alive.
            let data = output.get(..limits.returned).map_or(output.clone(), Bytes::copy_from_slice);
            ExecutionError::Reverted { data }
        }
        ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. } => {
            ExecutionError::OutOfGas { limit: limits.gas }
        }
        ExecutionResult::Halt { reason, .. } => ExecutionError::Halted { reason },
        ExecutionResult::Success { .. } => {
            ExecutionError::Unsupported { detail: "a call created a contract".into() }
        }
    }
}

fn is_contract(state: &State, address: &Address) -> bool {
    let account = state.account(address).flatten();
    account.is_some_and(|account| account.code_hash != KECCAK256_EMPTY)
}

fn machine<'a>(call: &Call, block: &Block, limits: &Limits, state: WitnessedState<'a>) -> ViewEvm<'a> {
    let fork = block.spec.fork();
    // Of a type that has an access list. No costs are taken of either: its one entry is warm, and not read.
    let origin = AccessListItem { address: Address::ZERO, storage_keys: Vec::new() };
    let tx = TxEnv {
        tx_type: TransactionType::Eip2930.into(),
        access_list: AccessList(vec![origin]),
        kind: TxKind::Call(call.to),
        data: call.calldata.clone(),
        gas_limit: limits.gas,
        gas_price: 0,
        chain_id: Some(block.chain_id),
        ..TxEnv::default()
    };
    let context = MainnetContext::new(state, fork)
        .with_cfg(block.configuration())
        .with_block(block.environment())
        .with_tx(tx);
    Evm {
        ctx: context,
        inspector: (),
        instruction: instructions(fork),
        precompiles: block.spec.precompiles(),
        frame_stack: FrameStack::new_prealloc(8),
    }
}
