//! A beacon block's header, with the proof of the execution block that it stands for.

use alloy_primitives::{Address, B256, FixedBytes, U256};
use serde::Deserialize;
use ssz_derive::Decode;
use ssz_types::VariableList;
use tree_hash::TreeHash;
use tree_hash_derive::TreeHash;
use typenum::U32;

use crate::merkle::{self, GeneralizedIndex};
use crate::network::{Fork, Network};
use crate::refusal::Refusal;

/// `LightClientHeader` of any fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub(crate) beacon: BeaconBlockHeader,
    pub(crate) execution: Execution,
}

/// `BeaconBlockHeader`, 112 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Decode, Deserialize, TreeHash)]
pub struct BeaconBlockHeader {
    /// When.
    #[serde(with = "serde_utils::quoted_u64")]
    pub slot: u64,
    /// Who proposed it.
    #[serde(with = "serde_utils::quoted_u64")]
    pub proposer_index: u64,
    /// The parent's root.
    pub parent_root: B256,
    /// The state after it.
    pub state_root: B256,
    /// Its content.
    pub body_root: B256,
}

/// How a beacon block commits to an execution block. Each fork's containers become one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Execution {
    /// Deneb to Fulu: the execution header, under the block's body.
    Payload { header: Box<ExecutionPayloadHeader>, branch: Vec<B256> },
    /// From Gloas on: the hash alone, under the block's body.
    BlockHash { hash: B256, branch: Vec<B256> },
}

/// `ExecutionPayloadHeader`, the same from Deneb to Fulu: 584 bytes and `extra_data`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode, Deserialize, TreeHash)]
pub struct ExecutionPayloadHeader {
    /// The parent block's hash.
    pub parent_hash: B256,
    /// Who is paid for it.
    pub fee_recipient: Address,
    /// The state after it.
    pub state_root: B256,
    /// Its receipts.
    pub receipts_root: B256,
    /// Their bloom.
    pub logs_bloom: FixedBytes<256>,
    /// Its randomness.
    pub prev_randao: B256,
    /// Its height.
    #[serde(with = "serde_utils::quoted_u64")]
    pub block_number: u64,
    /// Its limit of gas.
    #[serde(with = "serde_utils::quoted_u64")]
    pub gas_limit: u64,
    /// Its gas.
    #[serde(with = "serde_utils::quoted_u64")]
    pub gas_used: u64,
    /// Its time, in Unix seconds.
    #[serde(with = "serde_utils::quoted_u64")]
    pub timestamp: u64,
    /// Whatever its builder wrote.
    #[serde(with = "ssz_types::serde_utils::hex_var_list")]
    pub extra_data: VariableList<u8, U32>,
    /// Its base fee, in wei.
    #[serde(with = "serde_utils::quoted_u256")]
    pub base_fee_per_gas: U256,
    /// Its hash.
    pub block_hash: B256,
    /// Its transactions: an SSZ root, not the header's own.
    pub transactions_root: B256,
    /// Its withdrawals: an SSZ root, not the header's own.
    pub withdrawals_root: B256,
    /// Its blob gas.
    #[serde(with = "serde_utils::quoted_u64")]
    pub blob_gas_used: u64,
    /// The excess of blob gas.
    #[serde(with = "serde_utils::quoted_u64")]
    pub excess_blob_gas: u64,
}

impl Header {
    /// The slot of the beacon block.
    #[must_use]
    pub const fn slot(&self) -> u64 {
        self.beacon.slot
    }

    /// `hash_tree_root` of the beacon block's header: what a checkpoint names.
    #[must_use]
    pub fn beacon_root(&self) -> B256 {
        self.beacon.tree_hash_root()
    }

    /// The hash of the execution block. From Gloas on it is the newest one that had been revealed when the beacon
    /// block was proposed: the parent of the one that its bid promises.
    #[must_use]
    pub fn execution_block_hash(&self) -> B256 {
        match &self.execution {
            Execution::Payload { header, .. } => header.block_hash,
            Execution::BlockHash { hash, .. } => *hash,
        }
    }

    /// The execution header, which Gloas leaves out.
    #[must_use]
    pub fn execution_header(&self) -> Option<&ExecutionPayloadHeader> {
        match &self.execution {
            Execution::Payload { header, .. } => Some(header),
            Execution::BlockHash { .. } => None,
        }
    }

    /// `get_lc_execution_root` until Fulu: of the execution header.
    #[must_use]
    pub fn execution_root(&self) -> Option<B256> {
        self.execution_header().map(TreeHash::tree_hash_root)
    }

    /// `is_valid_light_client_header`: the execution block is the one in the beacon block's body.
    pub(crate) fn check(&self, network: &Network) -> Result<Fork, Refusal> {
        let slot = self.slot();
        let fork = network.fork_at(slot).ok_or(Refusal::BeforeFirstFork { slot })?;
        let body_root = self.beacon.body_root;
        let holds = match &self.execution {
            // The older container has no place for what a block of Gloas is proven by.
            Execution::Payload { .. } if fork >= Fork::Gloas => false,
            Execution::Payload { header, branch } => {
                merkle::holds(header.tree_hash_root(), branch, EXECUTION_PAYLOAD, body_root)
            }
            Execution::BlockHash { hash, branch } => {
                merkle::holds(*hash, branch, fork.execution_block_hash(), body_root)
            }
        };
        if holds { Ok(fork) } else { Err(Refusal::ExecutionBranch { slot }) }
    }

    /// Whether it is the container's default: how absence is spelt.
    pub(crate) fn is_default(&self) -> bool {
        let nothing = |branch: &[B256]| branch.iter().all(B256::is_zero);
        let no_execution = match &self.execution {
            Execution::Payload { header, branch } => {
                **header == ExecutionPayloadHeader::default() && nothing(branch)
            }
            Execution::BlockHash { hash, branch } => hash.is_zero() && nothing(branch),
        };
        self.beacon == BeaconBlockHeader::default() && no_execution
    }
}

/// `EXECUTION_PAYLOAD_GINDEX`, until Fulu.
const EXECUTION_PAYLOAD: GeneralizedIndex = GeneralizedIndex::new(25);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::network::{Activation, Preset};

    /// Deneb from epoch 0 and Gloas from epoch 1, which is slot 8.
    fn network() -> Network {
        let at = |fork, epoch| Activation { fork, epoch, version: [0; 4] };
        let forks = vec![at(Fork::Deneb, 0), at(Fork::Gloas, 1)];
        Network::new(Preset::Minimal, 0, B256::ZERO, 6, forks).unwrap()
    }

    /// A header whose body holds `hash` at the place that these turns lead to, from the leaf up.
    fn header(slot: u64, hash: B256, padding: usize, turns: &[u8]) -> Header {
        let siblings: Vec<B256> = (1..=turns.len()).map(|level| B256::repeat_byte(level as u8)).collect();
        let climb = |below, (turn, sibling): (&u8, &B256)| match turn {
            0 => merkle::node(below, *sibling),
            _ => merkle::node(*sibling, below),
        };
        let body_root = turns.iter().zip(&siblings).fold(hash, climb);
        let branch = [vec![B256::ZERO; padding], siblings].concat();
        let beacon = BeaconBlockHeader { slot, body_root, ..BeaconBlockHeader::default() };
        Header { beacon, execution: Execution::BlockHash { hash, branch } }
    }

    /// 2856 is 101100101000 in binary: the way from the root, after the leading one. 812 is 1100101100.
    const IN_GLOAS: [u8; 11] = [0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0];
    const IN_DENEB: [u8; 9] = [0, 0, 1, 1, 0, 1, 0, 0, 1];

    #[test]
    fn a_header_of_gloas_proves_a_block_hash() {
        let hash = B256::repeat_byte(0xee);
        let proven = header(8, hash, 0, &IN_GLOAS);
        assert_eq!(proven.check(&network()), Ok(Fork::Gloas));
        assert_eq!((proven.execution_block_hash(), proven.execution_root()), (hash, None));
        let forged = Header {
            execution: Execution::BlockHash {
                hash: B256::ZERO,
                branch: match &proven.execution {
                    Execution::BlockHash { branch, .. } | Execution::Payload { branch, .. } => branch.clone(),
                },
            },
            ..proven
        };
        assert_eq!(forged.check(&network()), Err(Refusal::ExecutionBranch { slot: 8 }));
        assert!(header(8, hash, 2, &IN_DENEB).check(&network()).is_err());
    }

    #[test]
    fn an_older_header_in_a_container_of_gloas_has_a_shorter_branch() {
        let hash = B256::repeat_byte(0xee);
        assert_eq!(header(7, hash, 2, &IN_DENEB).check(&network()), Ok(Fork::Deneb));
        assert!(header(7, hash, 0, &IN_GLOAS).check(&network()).is_err());
    }

    #[test]
    fn a_container_of_before_proves_nothing_of_gloas() {
        let beacon = BeaconBlockHeader { slot: 8, ..BeaconBlockHeader::default() };
        let execution = Execution::Payload { header: Box::default(), branch: vec![B256::ZERO; 4] };
        let outcome = Header { beacon, execution }.check(&network());
        assert_eq!(outcome, Err(Refusal::ExecutionBranch { slot: 8 }));
    }
}
