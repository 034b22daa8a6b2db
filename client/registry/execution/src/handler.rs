//! A transaction's execution without the transaction.

use std::marker::PhantomData;

use revm::context::result::{EVMError, HaltReason};
use revm::handler::{FrameResult, Handler, MainnetContext, MainnetEvm};
use revm::interpreter::InitialAndFloorGas;

use crate::database::{Gap, WitnessedState};

/// Runs the code and nothing around it: nobody pays, so neither caller nor beneficiary need be proven.
pub(crate) struct ViewHandler<'a>(PhantomData<&'a ()>);

pub(crate) type ViewEvm<'a> = MainnetEvm<MainnetContext<WitnessedState<'a>>>;

impl Default for ViewHandler<'_> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<'a> Handler for ViewHandler<'a> {
    type Evm = ViewEvm<'a>;
    type Error = EVMError<Gap>;
    type HaltReason = HaltReason;

    fn validate(&self, _: &mut Self::Evm) -> Result<InitialAndFloorGas, Self::Error> {
        Ok(InitialAndFloorGas::new(0, 0))
    }

    fn reimburse_caller(&self, _: &mut Self::Evm, _: &mut FrameResult) -> Result<(), Self::Error> {
        Ok(())
    }

    fn reward_beneficiary(&self, _: &mut Self::Evm, _: &mut FrameResult) -> Result<(), Self::Error> {
        Ok(())
    }
}
