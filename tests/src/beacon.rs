//! A beacon chain over a real execution chain: real keys, real trees, real signatures, in the smallest sizes. It is
//! written from the specification alone and shares no code with the client but the containers' names.

mod node;
mod scene;
mod tree;

use alloy::primitives::{B256, FixedBytes};
use blst::min_pk::{AggregatePublicKey, AggregateSignature, PublicKey, SecretKey, Signature};
use countersign::registry::light_client::{
    Activation, BeaconBlockHeader, ExecutionPayloadHeader, Fork, Network, Preset,
};
use serde_json::{Value, json};
use tree_hash::TreeHash;

pub use node::BeaconNode;
pub use scene::{BeaconScene, lit, newest};
use tree::{Tree, parent};

/// A chain with a committee for each period.
pub struct BeaconChain {
    pub network: Network,
    committees: Vec<Vec<SecretKey>>,
}

/// A block of it, and what its state and body hold.
#[derive(Clone)]
pub struct BeaconBlock {
    header: BeaconBlockHeader,
    execution: ExecutionPayloadHeader,
    state: Tree,
    body: Tree,
}

impl BeaconChain {
    /// A chain whose clock shows that slot now.
    pub fn at_slot(slot: u64) -> Self {
        let genesis_time = crate::by_hand::now_unix_ms() / 1000 - slot * SECONDS_PER_SLOT;
        let forks = vec![Activation { fork: Fork::Electra, epoch: 0, version: FORK_VERSION }];
        let network =
            Network::new(Preset::Minimal, genesis_time, GENESIS_VALIDATORS_ROOT, SECONDS_PER_SLOT, forks);
        let member = |period: u8, position: u8| {
            let mut seed = [period; 32];
            seed[0] = position;
            SecretKey::key_gen(&seed, &[]).unwrap()
        };
        let committees = (0..4).map(|period| (0..32).map(|position| member(period, position)).collect());
        Self { network: network.unwrap(), committees: committees.collect() }
    }

    /// A block that names an execution block, and holds another one final.
    pub fn block(
        &self,
        slot: u64,
        execution: &alloy::rpc::types::Header,
        finalized: Option<&BeaconBlock>,
    ) -> BeaconBlock {
        let execution = ExecutionPayloadHeader {
            block_hash: execution.hash,
            block_number: execution.number,
            state_root: execution.state_root,
            timestamp: execution.timestamp,
            ..ExecutionPayloadHeader::default()
        };
        let period = self.period(slot);
        let state = Tree::of([
            (FINALIZED_ROOT, finalized.map_or(B256::ZERO, BeaconBlock::root)),
            (CURRENT_COMMITTEE, self.committee_root(period)),
            (NEXT_COMMITTEE, self.committee_root(period + 1)),
        ]);
        let body = Tree::of([(EXECUTION_PAYLOAD, execution.tree_hash_root())]);
        let header = BeaconBlockHeader {
            slot,
            proposer_index: 7,
            parent_root: B256::repeat_byte(3),
            state_root: state.root(),
            body_root: body.root(),
        };
        BeaconBlock { header, execution, state, body }
    }

    /// The answer of `bootstrap` for a block.
    pub fn bootstrap(&self, block: &BeaconBlock) -> Value {
        versioned(json!({
            "header": block.json(),
            "current_sync_committee": self.committee_json(self.period(block.header.slot)),
            "current_sync_committee_branch": block.state.branch(CURRENT_COMMITTEE),
        }))
    }

    /// One of the answers of `updates`: the next committee, and a finalized header.
    pub fn update(&self, attested: &BeaconBlock, finalized: &BeaconBlock, participants: usize) -> Value {
        let mut update = self.finality_update(attested, finalized, participants);
        update["data"]["next_sync_committee"] = self.committee_json(self.period(attested.header.slot) + 1);
        update["data"]["next_sync_committee_branch"] = json!(attested.state.branch(NEXT_COMMITTEE));
        update
    }

    /// The answer of `finality_update`.
    pub fn finality_update(
        &self,
        attested: &BeaconBlock,
        finalized: &BeaconBlock,
        participants: usize,
    ) -> Value {
        let mut update = self.optimistic_update(attested, participants);
        update["data"]["finalized_header"] = finalized.json();
        update["data"]["finality_branch"] = json!(attested.state.branch(FINALIZED_ROOT));
        update
    }

    /// The answer of `optimistic_update`, signed by the first of the committee in the slot after the block.
    pub fn optimistic_update(&self, attested: &BeaconBlock, participants: usize) -> Value {
        let signature_slot = attested.header.slot + 1;
        self.signed_by(self.period(signature_slot), attested, participants)
    }

    /// As [`optimistic_update`](Self::optimistic_update), by the committee of any period.
    pub fn signed_by(&self, period: u64, attested: &BeaconBlock, participants: usize) -> Value {
        let mut version = B256::ZERO;
        version[..4].copy_from_slice(&FORK_VERSION);
        let fork_data_root = parent(version, GENESIS_VALIDATORS_ROOT);
        let mut domain = B256::ZERO;
        domain[0] = 7;
        domain[4..].copy_from_slice(&fork_data_root[..28]);
        let signing_root = parent(attested.root(), domain);
        let signatures: Vec<Signature> = self.committees[period as usize][..participants]
            .iter()
            .map(|key| key.sign(signing_root.as_slice(), SUITE, &[]))
            .collect();
        let each: Vec<&Signature> = signatures.iter().collect();
        let signature = AggregateSignature::aggregate(&each, false).unwrap().to_signature().compress();
        let bits = (1_u64 << participants) - 1;
        versioned(json!({
            "attested_header": attested.json(),
            "sync_aggregate": {
                "sync_committee_bits": format!("0x{}", hex::encode(&bits.to_le_bytes()[..4])),
                "sync_committee_signature": FixedBytes::from(signature),
            },
            "signature_slot": (attested.header.slot + 1).to_string(),
        }))
    }

    fn period(&self, slot: u64) -> u64 {
        slot / 64
    }

    fn keys(&self, period: u64) -> (Vec<FixedBytes<48>>, FixedBytes<48>) {
        let keys: Vec<PublicKey> = self.committees[period as usize].iter().map(SecretKey::sk_to_pk).collect();
        let each: Vec<&PublicKey> = keys.iter().collect();
        let aggregate = AggregatePublicKey::aggregate(&each, false).unwrap().to_public_key();
        (keys.iter().map(|key| key.compress().into()).collect(), aggregate.compress().into())
    }

    fn committee_json(&self, period: u64) -> Value {
        let (pubkeys, aggregate_pubkey) = self.keys(period);
        json!({ "pubkeys": pubkeys, "aggregate_pubkey": aggregate_pubkey })
    }

    fn committee_root(&self, period: u64) -> B256 {
        let root_of_key = |key: &FixedBytes<48>| {
            let mut second = B256::ZERO;
            second[..16].copy_from_slice(&key[32..]);
            parent(B256::from_slice(&key[..32]), second)
        };
        let (keys, aggregate) = self.keys(period);
        let mut level: Vec<B256> = keys.iter().map(root_of_key).collect();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| parent(pair[0], pair[1])).collect();
        }
        parent(level[0], root_of_key(&aggregate))
    }
}

impl BeaconBlock {
    pub fn root(&self) -> B256 {
        self.header.tree_hash_root()
    }

    fn json(&self) -> Value {
        let BeaconBlockHeader { slot, proposer_index, parent_root, state_root, body_root } = self.header;
        let execution = &self.execution;
        json!({
            "beacon": {
                "slot": slot.to_string(),
                "proposer_index": proposer_index.to_string(),
                "parent_root": parent_root,
                "state_root": state_root,
                "body_root": body_root,
            },
            "execution": {
                "parent_hash": execution.parent_hash,
                "fee_recipient": execution.fee_recipient,
                "state_root": execution.state_root,
                "receipts_root": execution.receipts_root,
                "logs_bloom": execution.logs_bloom,
                "prev_randao": execution.prev_randao,
                "block_number": execution.block_number.to_string(),
                "gas_limit": "0",
                "gas_used": "0",
                "timestamp": execution.timestamp.to_string(),
                "extra_data": "0x",
                "base_fee_per_gas": "0",
                "block_hash": execution.block_hash,
                "transactions_root": execution.transactions_root,
                "withdrawals_root": execution.withdrawals_root,
                "blob_gas_used": "0",
                "excess_blob_gas": "0",
            },
            "execution_branch": self.body.branch(EXECUTION_PAYLOAD),
        })
    }
}

fn versioned(data: Value) -> Value {
    json!({ "version": "electra", "data": data })
}

/// Generalized indices of Electra.
const FINALIZED_ROOT: u64 = 169;
const CURRENT_COMMITTEE: u64 = 86;
const NEXT_COMMITTEE: u64 = 87;
const EXECUTION_PAYLOAD: u64 = 25;

const SECONDS_PER_SLOT: u64 = 6;
const FORK_VERSION: [u8; 4] = [5, 0, 0, 1];
const GENESIS_VALIDATORS_ROOT: B256 = B256::repeat_byte(0x6e);
const SUITE: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
