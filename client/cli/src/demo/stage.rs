//! The demonstration's chain: Anvil, the registry, and an instrument with a price.

use alloy::primitives::{I256, U256};
use alloy::providers::ProviderBuilder;
use countersign::protocol::{Address, Query};
use countersign::registry::write::{PayingAccount, Registrar, WritePolicy};
use countersign::registry::{HeadPolicy, HeadTrust, Resolver, artifact};

use super::story::{Facts, Told};
use crate::anvil::{Anvil, DEVELOPMENT_ACCOUNTS};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::party::checksummed;

/// A running chain. Dropping it ends the chain.
#[derive(Debug)]
pub(super) struct Stage {
    anvil: Anvil,
}

impl Stage {
    pub(super) async fn start(program: &std::path::Path) -> Result<Told<Self>, Failure> {
        let anvil = Anvil::start(program).await?;
        let facts =
            Facts::default().say("chain", format!("{CHAIN_ID}, by Anvil {} on {}", anvil.version, anvil.url));
        Ok(Told::new(Self { anvil }, facts))
    }

    /// What an account of this chain writes with.
    pub(super) async fn registrar(&self, owner: Address) -> Result<Registrar, Failure> {
        let (account, policy) = (PayingAccount::Unlocked(owner), WritePolicy::default());
        let registry = artifact::key_registry_address();
        Ok(Registrar::connect(&self.anvil.endpoint, CHAIN_ID, registry, account, policy).await?)
    }

    /// How a trader of this chain proves things. Each has one of its own: they share nothing but the chain.
    pub(super) fn resolver(&self, policy: HeadPolicy) -> Result<Resolver, Failure> {
        let trust = HeadTrust::OwnNode(self.anvil.endpoint.clone());
        Ok(Resolver::new(CHAIN_ID, artifact::key_registry_address(), trust, policy)?)
    }

    pub(super) async fn deploy_registry(&self) -> Result<Told<()>, Failure> {
        let deployment = self.registrar(DEPLOYER).await?.deploy_contracts().await?.registry;
        let mut facts = Facts::default().say("registry", checksummed(&deployment.address));
        if let Some(written) = deployment.written {
            facts = facts.say("block", written.block_number).say("gas", written.gas_used);
        }
        Ok(Told::new((), facts))
    }

    /// Deploys the instrument and gives the query that reads its price.
    pub(super) async fn deploy_instrument(&self) -> Result<Told<Query>, Failure> {
        let url = self.anvil.url.parse().map_err(|error| unexpected(&format!("a bad URL: {error}")))?;
        let provider = ProviderBuilder::new().connect_http(url);
        let owner = alloy::primitives::Address::new(DEPLOYER.0);
        let price = I256::try_from(PRICE).map_err(|error| unexpected(&error.to_string()))?;
        let deployment = artifact::PriceFeed::deploy_builder(provider, owner, price).from(owner);
        let contract = deployment.deploy().await.map_err(|error| unexpected(&error.to_string()))?;
        let source = Address(contract.into_array());
        let facts = Facts::default()
            .say("instrument", format!("price feed {}, price in slot 0", checksummed(&source)))
            .say("price", shown_price(&U256::from(PRICE).to_be_bytes()));
        Ok(Told::new(Query::StorageSlot { source, slot: [0; 32] }, facts))
    }
}

/// A price with eight decimals, as price feeds have them.
pub(super) fn shown_price(word: &[u8; 32]) -> String {
    let price: u128 = U256::from_be_bytes(*word).saturating_to();
    format!("{}.{:02} USD", price / 100_000_000, price / 1_000_000 % 100)
}

fn unexpected(what: &str) -> Failure {
    Failure::new(Exit::Unexpected, "demo", format!("the instrument was not deployed: {what}"))
}

pub(super) const CHAIN_ID: u64 = 31337;

const DEPLOYER: Address = DEVELOPMENT_ACCOUNTS[0];

/// Who dials.
pub(super) const ALICES_ACCOUNT: Address = DEVELOPMENT_ACCOUNTS[1];

/// Who listens.
pub(super) const BOBS_ACCOUNT: Address = DEVELOPMENT_ACCOUNTS[2];

/// 3,141.59 USD with eight decimals.
const PRICE: u64 = 314_159_000_000;
