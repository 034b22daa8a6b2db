//! A market whose blocks a beacon chain names, and one beacon node that shows them.

use alloy::eips::BlockId;
use alloy::providers::Provider;
use alloy::rpc::types::Header;
use countersign::registry::{
    BeaconDoubt, HeadPolicy, HeadTrust, LightClientTrust, ResolveError, Resolver, artifact,
};

use super::{BeaconBlock, BeaconChain, BeaconNode};
use crate::trader::{CHAIN, Market, Party, Terms, prompt};

pub struct BeaconScene {
    pub market: Market,
    pub alice: Party,
    pub chain: BeaconChain,
    pub checkpoint: BeaconBlock,
    pub beacon: BeaconNode,
}

impl BeaconScene {
    /// Slot 40 of the first period, with a checkpoint at slot 8.
    pub async fn set() -> Self {
        Self::set_at(40).await
    }

    pub async fn set_at(slot: u64) -> Self {
        Self::set_over(Market::open().await, slot).await
    }

    pub async fn set_over(market: Market, slot: u64) -> Self {
        let alice = market.enrol(1, "", Terms::default()).await;
        let chain = BeaconChain::at_slot(slot);
        let checkpoint = chain.block(8, &newest(&market).await, None);
        let beacon = BeaconNode::serve().await;
        beacon.show_bootstrap(checkpoint.root(), &chain.bootstrap(&checkpoint));
        Self { market, alice, chain, checkpoint, beacon }
    }

    pub fn trust(&self) -> LightClientTrust {
        LightClientTrust {
            network: self.chain.network.clone(),
            beacons: vec![self.beacon.endpoint()],
            checkpoint: self.checkpoint.root(),
            max_checkpoint_age: LightClientTrust::WEAK_SUBJECTIVITY,
            state: None,
            nodes: vec![self.market.endpoint()],
        }
    }

    pub fn resolver(&self) -> Resolver {
        lit(self.trust(), prompt())
    }

    /// A block at that slot naming the newest execution block, signed by so many.
    pub async fn attest(&self, slot: u64, participants: usize) -> BeaconBlock {
        self.attest_final(slot, &self.checkpoint, participants).await
    }

    /// As [`attest`](Self::attest), and another block is final by then.
    pub async fn attest_final(&self, slot: u64, last: &BeaconBlock, participants: usize) -> BeaconBlock {
        let block = self.chain.block(slot, &newest(&self.market).await, Some(last));
        self.beacon.show_finality(&self.chain.finality_update(&block, last, participants));
        self.beacon.show_optimistic(&self.chain.optimistic_update(&block, participants));
        block
    }

    pub fn show(&self, beacon: &BeaconNode, block: &BeaconBlock, participants: usize) {
        beacon.show_finality(&self.chain.finality_update(block, &self.checkpoint, participants));
        beacon.show_optimistic(&self.chain.optimistic_update(block, participants));
    }

    pub async fn error(&self) -> ResolveError {
        self.resolver().resolve(self.alice.identity).await.expect_err("it is refused")
    }

    pub async fn doubt(&self) -> BeaconDoubt {
        match self.error().await {
            ResolveError::BeaconDoubted { endpoint, why } if endpoint == self.beacon.endpoint() => why,
            other => panic!("{other:?}"),
        }
    }
}

/// A resolver whose heads a light client proves.
pub fn lit(trust: LightClientTrust, policy: HeadPolicy) -> Resolver {
    let trust = HeadTrust::LightClient(Box::new(trust));
    Resolver::new(CHAIN, artifact::key_registry_address(), trust, policy).unwrap()
}

/// The newest block of a market's chain.
pub async fn newest(market: &Market) -> Header {
    market.provider().get_block(BlockId::latest()).await.unwrap().unwrap().header
}
