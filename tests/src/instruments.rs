//! Instruments whose price no one slot has: a feed of rounds behind a proxy, and a pool that asks it.

use alloy::primitives::{Address as AccountAddress, I256, U256, Uint, aliases::U112};
use alloy::providers::{DynProvider, Provider};
use alloy::sol_types::SolCall;
use countersign::protocol::Calldata;
use countersign::{Address, Query};

use crate::trader::Market;

alloy::sol!(
    #[sol(rpc)]
    RoundFeed,
    "../contracts/artifacts/RoundFeed.json"
);
alloy::sol!(
    #[sol(rpc)]
    FeedProxy,
    "../contracts/artifacts/FeedProxy.json"
);
alloy::sol!(
    #[sol(rpc)]
    SwapPool,
    "../contracts/artifacts/SwapPool.json"
);

/// The contracts, on a market's chain.
pub struct Instruments {
    provider: DynProvider,
    keeper: AccountAddress,
    pub feed: AccountAddress,
    pub implementation: AccountAddress,
    pub pool: AccountAddress,
}

impl Instruments {
    /// A feed without a round, and an empty pool.
    pub async fn deploy(market: &Market) -> Self {
        let provider = market.provider().clone();
        let keeper = provider.get_accounts().await.unwrap()[9];
        let implementation = RoundFeed::deploy_builder(&provider).from(keeper).deploy().await.unwrap();
        let feed = FeedProxy::deploy_builder(&provider, implementation).from(keeper).deploy().await.unwrap();
        let pool = SwapPool::deploy_builder(&provider, feed).from(keeper).deploy().await.unwrap();
        Self { provider, keeper, feed, implementation, pool }
    }

    /// With a first round of 2,500 USD, and 10 of the base token for 20 of the quote token.
    pub async fn open(market: &Market) -> Self {
        let instruments = Self::deploy(market).await;
        instruments.publish(OPENING_ANSWER).await;
        instruments.sync(10, 20).await;
        instruments
    }

    pub async fn publish(&self, answer: i64) {
        let feed = RoundFeed::new(self.feed, &self.provider);
        let publish = feed.publish(I256::try_from(answer).unwrap()).from(self.keeper);
        publish.send().await.unwrap().get_receipt().await.unwrap();
    }

    pub async fn sync(&self, base: u64, quote: u64) {
        let pool = SwapPool::new(self.pool, &self.provider);
        let sync = pool.sync(U112::from(base), U112::from(quote)).from(self.keeper);
        sync.send().await.unwrap().get_receipt().await.unwrap();
    }

    /// Slots of two contracts: the implementation's address, the newest round's number, and its entry.
    pub fn newest_round(&self) -> Query {
        call(self.feed, &RoundFeed::latestRoundDataCall {})
    }

    /// The pool's own slots, and all that the newest round takes.
    pub fn pool_price(&self) -> Query {
        call(self.pool, &SwapPool::priceCall {})
    }

    /// As many slots as rounds.
    pub fn sum_of_answers(&self, count: u64) -> Query {
        call(self.feed, &RoundFeed::sumOfAnswersCall { count: U256::from(count) })
    }

    /// As many slots, of which each leads to the next.
    pub fn follow(&self, links: u64) -> Query {
        call(self.feed, &RoundFeed::followCall { links: Uint::from(links) })
    }

    /// Of the code itself: a proxy is left a 64th of the gas, and reverts with nothing to say.
    pub fn exhaust(&self) -> Query {
        call(self.implementation, &RoundFeed::exhaustCall {})
    }
}

pub fn call(source: AccountAddress, call: &impl SolCall) -> Query {
    let calldata = Calldata::new(call.abi_encode()).unwrap();
    Query::ViewCall { source: Address(source.into_array()), calldata }
}

/// The feed's first answer, with 8 decimals.
pub const OPENING_ANSWER: i64 = 250_000_000_000;
