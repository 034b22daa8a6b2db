//! `LightClientBootstrap`, `LightClientUpdate` and its shorter forms, field by field.

use alloy_primitives::{B256, FixedBytes};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ssz::Decode as DecodeSsz;
use ssz_derive::Decode;
use ssz_types::{BitVector, FixedVector};
use tree_hash::TreeHash as _;
use tree_hash_derive::TreeHash;
use typenum::{U4, U5, U6, U7, U9, U11, Unsigned};

use crate::committee;
use crate::header::{BeaconBlockHeader, Execution, ExecutionPayloadHeader, Header};
use crate::refusal::Malformed;
use crate::update::{self, Finalized, ProvenCommittee};

/// What a fork's containers are made of.
pub(super) trait Shape {
    type Header: DecodeSsz + DeserializeOwned + Into<Header>;
    /// The depth of the current and of the next committee in a state.
    type CommitteeDepth: Unsigned + Clone;
    /// The depth of the finalized root in a state.
    type FinalityDepth: Unsigned + Clone;
}

pub(super) enum DenebShape {}
pub(super) enum ElectraShape {}
pub(super) enum GloasShape {}

impl Shape for DenebShape {
    type Header = PayloadHeader;
    type CommitteeDepth = U5;
    type FinalityDepth = U6;
}

impl Shape for ElectraShape {
    type Header = PayloadHeader;
    type CommitteeDepth = U6;
    type FinalityDepth = U7;
}

impl Shape for GloasShape {
    type Header = BlockHashHeader;
    type CommitteeDepth = U11;
    type FinalityDepth = U9;
}

/// `LightClientHeader` from Deneb to Fulu.
#[derive(Decode, Deserialize)]
pub(super) struct PayloadHeader {
    beacon: BeaconBlockHeader,
    execution: ExecutionPayloadHeader,
    execution_branch: FixedVector<B256, U4>,
}

/// `LightClientHeader` since Gloas.
#[derive(Decode, Deserialize)]
pub(super) struct BlockHashHeader {
    beacon: BeaconBlockHeader,
    execution_block_hash: B256,
    execution_branch: FixedVector<B256, U11>,
}

/// `SyncCommittee`.
#[derive(Decode, Deserialize, TreeHash)]
#[serde(bound = "")]
struct SyncCommittee<N: Unsigned + Clone> {
    pubkeys: FixedVector<FixedBytes<48>, N>,
    aggregate_pubkey: FixedBytes<48>,
}

/// `SyncAggregate`.
#[derive(Decode, Deserialize)]
#[serde(bound = "")]
struct SyncAggregate<N: Unsigned + Clone> {
    sync_committee_bits: BitVector<N>,
    sync_committee_signature: FixedBytes<96>,
}

/// `LightClientBootstrap`.
#[derive(Decode, Deserialize)]
#[serde(bound = "")]
pub(super) struct Bootstrap<S: Shape, N: Unsigned + Clone> {
    header: S::Header,
    current_sync_committee: SyncCommittee<N>,
    current_sync_committee_branch: FixedVector<B256, S::CommitteeDepth>,
}

/// `LightClientUpdate`.
#[derive(Decode, Deserialize)]
#[serde(bound = "")]
pub(super) struct Update<S: Shape, N: Unsigned + Clone> {
    attested_header: S::Header,
    next_sync_committee: SyncCommittee<N>,
    next_sync_committee_branch: FixedVector<B256, S::CommitteeDepth>,
    finalized_header: S::Header,
    finality_branch: FixedVector<B256, S::FinalityDepth>,
    sync_aggregate: SyncAggregate<N>,
    #[serde(with = "serde_utils::quoted_u64")]
    signature_slot: u64,
}

/// `LightClientFinalityUpdate`.
#[derive(Decode, Deserialize)]
#[serde(bound = "")]
pub(super) struct FinalityUpdate<S: Shape, N: Unsigned + Clone> {
    attested_header: S::Header,
    finalized_header: S::Header,
    finality_branch: FixedVector<B256, S::FinalityDepth>,
    sync_aggregate: SyncAggregate<N>,
    #[serde(with = "serde_utils::quoted_u64")]
    signature_slot: u64,
}

/// `LightClientOptimisticUpdate`.
#[derive(Decode, Deserialize)]
#[serde(bound = "")]
pub(super) struct OptimisticUpdate<S: Shape, N: Unsigned + Clone> {
    attested_header: S::Header,
    sync_aggregate: SyncAggregate<N>,
    #[serde(with = "serde_utils::quoted_u64")]
    signature_slot: u64,
}

impl From<PayloadHeader> for Header {
    fn from(sent: PayloadHeader) -> Self {
        let PayloadHeader { beacon, execution, execution_branch } = sent;
        let execution = Execution::Payload { header: Box::new(execution), branch: execution_branch.to_vec() };
        Self { beacon, execution }
    }
}

impl From<BlockHashHeader> for Header {
    fn from(sent: BlockHashHeader) -> Self {
        let BlockHashHeader { beacon, execution_block_hash: hash, execution_branch } = sent;
        Self { beacon, execution: Execution::BlockHash { hash, branch: execution_branch.to_vec() } }
    }
}

impl<N: Unsigned + Clone> SyncCommittee<N> {
    fn proven_by(self, branch: &[B256]) -> ProvenCommittee {
        let committee = committee::SyncCommittee::new(self.tree_hash_root(), self.pubkeys.to_vec());
        ProvenCommittee { committee, branch: branch.to_vec() }
    }

    fn is_default(&self) -> bool {
        self.aggregate_pubkey.is_zero() && self.pubkeys.iter().all(FixedBytes::is_zero)
    }
}

impl<N: Unsigned + Clone> From<SyncAggregate<N>> for committee::SyncAggregate {
    fn from(sent: SyncAggregate<N>) -> Self {
        let SyncAggregate { sync_committee_bits, sync_committee_signature: signature } = sent;
        Self { participants: sync_committee_bits.iter().collect(), signature }
    }
}

impl<S: Shape, N: Unsigned + Clone> TryFrom<Bootstrap<S, N>> for update::Bootstrap {
    type Error = Malformed;

    fn try_from(sent: Bootstrap<S, N>) -> Result<Self, Malformed> {
        let committee = sent.current_sync_committee.proven_by(&sent.current_sync_committee_branch);
        Ok(Self { header: sent.header.into(), committee })
    }
}

impl<S: Shape, N: Unsigned + Clone> TryFrom<Update<S, N>> for update::Update {
    type Error = Malformed;

    fn try_from(sent: Update<S, N>) -> Result<Self, Malformed> {
        let next_committee = match is_absent(&sent.next_sync_committee_branch) {
            true if sent.next_sync_committee.is_default() => None,
            true => return Err(Malformed::Unproven { what: "the next sync committee" }),
            false => Some(sent.next_sync_committee.proven_by(&sent.next_sync_committee_branch)),
        };
        Ok(Self {
            attested: sent.attested_header.into(),
            next_committee,
            finalized: finalized(sent.finalized_header.into(), &sent.finality_branch)?,
            aggregate: sent.sync_aggregate.into(),
            signature_slot: sent.signature_slot,
        })
    }
}

impl<S: Shape, N: Unsigned + Clone> TryFrom<FinalityUpdate<S, N>> for update::Update {
    type Error = Malformed;

    fn try_from(sent: FinalityUpdate<S, N>) -> Result<Self, Malformed> {
        Ok(Self {
            attested: sent.attested_header.into(),
            next_committee: None,
            finalized: finalized(sent.finalized_header.into(), &sent.finality_branch)?,
            aggregate: sent.sync_aggregate.into(),
            signature_slot: sent.signature_slot,
        })
    }
}

impl<S: Shape, N: Unsigned + Clone> TryFrom<OptimisticUpdate<S, N>> for update::Update {
    type Error = Malformed;

    fn try_from(sent: OptimisticUpdate<S, N>) -> Result<Self, Malformed> {
        Ok(Self {
            attested: sent.attested_header.into(),
            next_committee: None,
            finalized: None,
            aggregate: sent.sync_aggregate.into(),
            signature_slot: sent.signature_slot,
        })
    }
}

/// `is_finality_update`: without a branch there is no finalized header, and nothing else may stand in its place.
fn finalized(header: Header, branch: &[B256]) -> Result<Option<Finalized>, Malformed> {
    match is_absent(branch) {
        true if header.is_default() => Ok(None),
        true => Err(Malformed::Unproven { what: "the finalized header" }),
        false => Ok(Some(Finalized { header, branch: branch.to_vec() })),
    }
}

fn is_absent(branch: &[B256]) -> bool {
    branch.iter().all(B256::is_zero)
}
