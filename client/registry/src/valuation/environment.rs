//! The block that a call is executed in, from its header, and by which rules.

use alloy::consensus::Header;
use countersign_execution::{Block, Hardfork, Spec};

use crate::error::ResolveError;
use crate::proof::ProvenHeader;
use crate::resolver::Resolver;

impl Resolver {
    /// The rules in force at a block: by the chain's schedule, or else as the policy says.
    ///
    /// # Errors
    /// [`ResolveError::RulesUnknown`] where neither says any. Both sides must have run the same, so none is guessed at.
    pub(super) fn rules_at(&self, block: &ProvenHeader) -> Result<Spec, ResolveError> {
        let chain_id = self.chain_id();
        let rules = match Hardfork::is_scheduled_on(chain_id) {
            true => Spec::of(chain_id, block.timestamp()),
            false => self.policy().hardfork.map(Spec::from),
        };
        rules.ok_or(ResolveError::RulesUnknown { chain_id, block: block.block().number })
    }
}

/// The fields of a header whose hash was recomputed.
pub(super) fn block_of(chain_id: u64, spec: Spec, header: &Header) -> Block {
    Block {
        chain_id,
        number: header.number,
        timestamp: header.timestamp,
        beneficiary: header.beneficiary,
        gas_limit: header.gas_limit,
        base_fee: header.base_fee_per_gas.unwrap_or_default(),
        prev_randao: header.mix_hash,
        excess_blob_gas: header.excess_blob_gas,
        slot_number: header.slot_number,
        spec,
    }
}
