//! Jumps that look whether the run is to end: no code runs long without one, or a call.

use revm::bytecode::opcode::{JUMP, JUMPI};
use revm::context::{ContextError, ContextTr};
use revm::handler::MainnetContext;
use revm::handler::instructions::EthInstructions;
use revm::interpreter::instructions::control;
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::{Instruction, InstructionContext, InstructionExecResult, InstructionResult};
use revm::primitives::hardfork::SpecId;

use crate::database::{Gap, WitnessedState};

type Context<'s> = MainnetContext<WitnessedState<'s>>;

/// A fork's instructions, and what they cost.
pub(crate) fn instructions<'s>(fork: SpecId) -> EthInstructions<EthInterpreter, Context<'s>> {
    let mut instructions = EthInstructions::new_mainnet_with_spec(fork);
    for (opcode, instruction) in [(JUMP, Instruction::new(jump)), (JUMPI, Instruction::new(jump_if))] {
        let gas = instructions.gas_table().get(usize::from(opcode)).copied().unwrap_or_default();
        instructions.insert_instruction(opcode, instruction, gas);
    }
    instructions
}

fn jump(context: InstructionContext<'_, Context<'_>, EthInterpreter>) -> InstructionExecResult {
    go_on(context.host)?;
    control::jump(context)
}

fn jump_if(context: InstructionContext<'_, Context<'_>, EthInterpreter>) -> InstructionExecResult {
    go_on(context.host)?;
    control::jumpi(context)
}

/// As a state that cannot be read ends a run: no code can take it for an answer.
fn go_on(context: &mut Context<'_>) -> InstructionExecResult {
    if !context.journaled_state.database.stop.is_raised() {
        return Ok(());
    }
    *context.error() = Err(ContextError::Db(Gap::Stopped));
    Err(InstructionResult::FatalExternalError)
}
