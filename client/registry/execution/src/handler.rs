//! A transaction's execution without the transaction.

use std::cell::Cell;
use std::marker::PhantomData;

use revm::context::result::{EVMError, ExecutionResult, HaltReason};
use revm::context::{Cfg, ContextTr, LocalContextTr};
use revm::handler::{EvmTr, FrameResult, Handler, ItemOrResult, MainnetContext, MainnetEvm, execution};
use revm::interpreter::interpreter_action::FrameInit;
use revm::interpreter::{FrameInput, GasTracker, InitialAndFloorGas, InstructionResult, SharedMemory};

use crate::database::{Gap, WitnessedState};

/// Runs the code and nothing around it: nobody pays, so neither caller nor beneficiary need be proven.
#[derive(Default)]
pub(crate) struct ViewHandler<'a> {
    state: PhantomData<&'a ()>,
    /// Gas that was left when the run broke off; all of it where it had not begun.
    left: Cell<Option<u64>>,
}

pub(crate) type ViewEvm<'a> = MainnetEvm<MainnetContext<WitnessedState<'a>>>;

impl ViewHandler<'_> {
    /// Of a run that broke off, what it had spent of its gas. At a contract's creation, what that was given counts too.
    pub(crate) fn spent_of(&self, gas: u64) -> u64 {
        self.left.get().map_or(0, |left| gas.saturating_sub(left))
    }
}

impl<'a> Handler for ViewHandler<'a> {
    type Evm = ViewEvm<'a>;
    type Error = EVMError<Gap>;
    type HaltReason = HaltReason;

    fn validate(&self, _: &mut Self::Evm) -> Result<InitialAndFloorGas, Self::Error> {
        Ok(InitialAndFloorGas::new(0, 0))
    }

    /// All of the gas is the code's. Under Amsterdam a transaction pays for the access to its target's delegate before
    /// (EIP-2780), and this is none.
    fn first_frame_input(
        &mut self,
        evm: &mut Self::Evm,
        gas: &mut GasTracker,
    ) -> Result<Option<FrameInit>, Self::Error> {
        let whole = *gas;
        let mut memory = SharedMemory::new_with_buffer(evm.ctx.local().shared_memory_buffer().clone());
        memory.set_memory_limit(evm.ctx.cfg().memory_limit());
        let Some(mut frame_input) = execution::create_init_frame(&mut evm.ctx, gas)? else { return Ok(None) };
        *gas = whole;
        if let FrameInput::Call(call) = &mut frame_input {
            call.gas_limit = gas.remaining();
            call.reservoir = gas.reservoir();
        }
        Ok(Some(FrameInit { depth: 0, memory, frame_input }))
    }

    /// The default, but that it ends between frames: a call to a precompile makes none that would jump.
    fn run_exec_loop(&mut self, evm: &mut Self::Evm, first: FrameInit) -> Result<FrameResult, Self::Error> {
        if let ItemOrResult::Result(result) = evm.frame_init(first)? {
            return Ok(result);
        }
        loop {
            if evm.ctx.journaled_state.database.stop.is_raised() {
                return Err(EVMError::Database(Gap::Stopped));
            }
            let result = match evm.frame_run()? {
                ItemOrResult::Item(init) => match evm.frame_init(init)? {
                    ItemOrResult::Item(_) => continue,
                    ItemOrResult::Result(result) => result,
                },
                ItemOrResult::Result(result) => {
                    if result.instruction_result() == InstructionResult::FatalExternalError {
                        self.left.set(Some(result.gas().remaining()));
                    }
                    result
                }
            };
            if let Some(result) = evm.frame_return_result(result)? {
                return Ok(result);
            }
        }
    }

    /// What is left in the frames that wait for the one that broke off is looked at before they are gone.
    fn catch_error(
        &self,
        evm: &mut Self::Evm,
        error: Self::Error,
    ) -> Result<ExecutionResult<HaltReason>, Self::Error> {
        while evm.frame_stack.index().is_some() {
            let left = evm.frame_stack.get().interpreter.gas.remaining();
            self.left.set(Some(self.left.get().unwrap_or_default().saturating_add(left)));
            evm.frame_stack.pop();
        }
        Err(error)
    }

    fn reimburse_caller(&self, _: &mut Self::Evm, _: &mut FrameResult) -> Result<(), Self::Error> {
        Ok(())
    }

    fn reward_beneficiary(&self, _: &mut Self::Evm, _: &mut FrameResult) -> Result<(), Self::Error> {
        Ok(())
    }
}
