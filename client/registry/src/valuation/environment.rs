//! The block that a call is executed in, from its header.

use alloy::consensus::Header;
use countersign_execution::{Block, Spec};

/// The fields of a header whose hash was recomputed.
pub(super) fn block_of(chain_id: u64, header: &Header) -> Block {
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
        spec: Spec::of(chain_id, header.timestamp),
    }
}
