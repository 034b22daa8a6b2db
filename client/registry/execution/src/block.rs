//! The block at whose end a call is executed.

use alloy_primitives::{Address, B256, U256};
use revm::context::{BlockEnv, CfgEnv};

use crate::spec::Spec;

/// What a call can ask about its block: fields of a header whose hash is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// EIP-155.
    pub chain_id: u64,
    /// Height.
    pub number: u64,
    /// Unix seconds.
    pub timestamp: u64,
    /// Who is paid for it.
    pub beneficiary: Address,
    /// Gas of the block, which does not limit the call.
    pub gas_limit: u64,
    /// Wei per gas.
    pub base_fee: u64,
    /// The header's `mixHash`.
    pub prev_randao: B256,
    /// `None` before Cancun.
    pub excess_blob_gas: Option<u64>,
    /// The beacon chain's slot, `None` before Amsterdam.
    pub slot_number: Option<u64>,
    /// The rules of that chain at that time.
    pub spec: Spec,
}

impl Block {
    pub(crate) fn environment(&self) -> BlockEnv {
        let mut environment = BlockEnv {
            number: U256::from(self.number),
            beneficiary: self.beneficiary,
            timestamp: U256::from(self.timestamp),
            gas_limit: self.gas_limit,
            basefee: self.base_fee,
            difficulty: U256::ZERO,
            prevrandao: Some(self.prev_randao),
            blob_excess_gas_and_price: None,
            slot_num: self.slot_number.unwrap_or_default(),
        };
        if let Some(excess) = self.excess_blob_gas {
            environment.set_blob_excess_gas_and_price(excess, self.spec.blob_base_fee_update_fraction());
        }
        environment
    }

    pub(crate) fn configuration(&self) -> CfgEnv {
        let mut configuration = CfgEnv::new_with_spec(self.spec.fork()).with_chain_id(self.chain_id);
        // A cap on what a block takes of one transaction (EIP-7825), and this is none.
        configuration.tx_gas_limit_cap = Some(u64::MAX);
        configuration
    }
}
