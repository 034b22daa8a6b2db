//! A chain with the registry and an instrument, and the parties that trade on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use alloy::network::Ethereum;
use alloy::node_bindings::{Anvil, AnvilInstance};
use alloy::primitives::{Address as AccountAddress, B256, I256};
use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use countersign::custody::{Custody, Keystore, LocalKey, Passphrase, ScryptCost};
use countersign::protocol::curve::PublicKey;
use countersign::protocol::{KeyRequest, StateView};
use countersign::registry::consent::IdentitySignature;
use countersign::registry::write::{KeyTerms, PayingAccount, Registrar, WritePolicy};
use countersign::registry::{
    Endpoint, HeadPolicy, HeadTrust, KeyHint, Resolver, RevocationReason, ViewRequest, artifact,
};
use countersign::{Address, Identity, Label, Query, Session, Timeouts, Trader, TraderBuilder};
use tokio::time::{sleep, timeout};

/// A development chain of its own, with the registry and one instrument.
pub struct Market {
    anvil: AnvilInstance,
    provider: DynProvider,
    feed: AccountAddress,
}

/// A registered identity and its key.
#[derive(Clone)]
pub struct Party {
    pub identity: Identity,
    pub key: Arc<LocalKey>,
    registrar: Registrar,
}

/// What a key is registered with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    pub is_compact: bool,
    pub suite_floor: u8,
    pub valid_until: Option<u32>,
}

impl Market {
    /// Starts Anvil on a free port, and deploys the registry and the instrument.
    pub async fn open() -> Self {
        Self::on(Anvil::at(anvil_path()).try_spawn().expect("anvil starts")).await
    }

    /// As [`open`](Self::open), its clock one second further with each block: two of them that are sent the same
    /// transactions have the same blocks.
    pub async fn dated(genesis: u64) -> Self {
        let genesis = genesis.to_string();
        let anvil = Anvil::at(anvil_path()).args(["--timestamp", &genesis]).try_spawn();
        let anvil = anvil.expect("anvil starts");
        let provider = ProviderBuilder::new().connect_http(anvil.endpoint_url());
        AnvilApi::<Ethereum>::anvil_set_block_timestamp_interval(&provider, 1).await.unwrap();
        Self::on(anvil).await
    }

    /// As [`open`](Self::open), its first block of that height: those below have been forgotten.
    pub async fn beginning_at(height: u64) -> Self {
        let height = height.to_string();
        Self::on(Anvil::at(anvil_path()).args(["--number", &height]).try_spawn().expect("anvil starts")).await
    }

    async fn on(anvil: AnvilInstance) -> Self {
        let provider = ProviderBuilder::new().connect_http(anvil.endpoint_url()).erased();
        let keeper = anvil.addresses()[9];
        let price = I256::try_from(OPENING_PRICE).unwrap();
        let feed = artifact::PriceFeed::deploy_builder(&provider, keeper, price).from(keeper);
        let feed = feed.deploy().await.expect("the instrument deploys");
        let market = Self { anvil, provider, feed };
        market.registrar(0).await.deploy_contracts().await.expect("the registry deploys");
        market
    }

    pub fn endpoint(&self) -> Endpoint {
        self.anvil.endpoint().parse().unwrap()
    }

    pub fn provider(&self) -> &DynProvider {
        &self.provider
    }

    pub fn resolver(&self) -> Resolver {
        self.resolver_with(prompt())
    }

    pub fn resolver_with(&self, policy: HeadPolicy) -> Resolver {
        resolver_at(self.endpoint(), policy)
    }

    /// Registers a new key of one of the development accounts, 0 to 8, under a label.
    pub async fn enrol(&self, account: usize, label: &str, terms: Terms) -> Party {
        let key = Arc::new(LocalKey::generate().unwrap());
        self.enrol_key(account, label, terms, key).await
    }

    pub async fn enrol_key(&self, account: usize, label: &str, terms: Terms, key: Arc<LocalKey>) -> Party {
        let registrar = self.registrar(account).await;
        let label = Label::from_text(label).unwrap();
        let pending = registrar.register(label, terms.of(key.public_key())).await.unwrap();
        let answer = key.answer(pending.request()).await.unwrap();
        pending.submit(answer).await.expect("a registration");
        Party { identity: Identity { owner: registrar.account(), label }, key, registrar }
    }

    /// Registers a key that signs its possession proof elsewhere, under the default label of an account.
    pub async fn enrol_with(
        &self,
        account: usize,
        terms: KeyTerms,
        key: Arc<LocalKey>,
        sign: impl FnOnce(B256) -> IdentitySignature,
    ) -> Party {
        let registrar = self.registrar(account).await;
        let identity = Identity::of(registrar.account());
        let pending = registrar.register(identity.label, terms).await.unwrap();
        let KeyRequest::Sign { digest } = pending.request() else { panic!("not a signature") };
        pending.submit_proof(sign(digest.into())).await.expect("a registration");
        Party { identity, key, registrar }
    }

    /// An identity with a key that the registry has never heard of.
    pub async fn stranger(&self, account: usize) -> Party {
        let registrar = self.registrar(account).await;
        let key = Arc::new(LocalKey::generate().unwrap());
        Party { identity: Identity::of(registrar.account()), key, registrar }
    }

    /// Two traders of this market, registered and pinned.
    pub async fn pair(&self) -> (Trader, Trader) {
        let (one, other) =
            (self.enrol(7, "", Terms::default()).await, self.enrol(8, "", Terms::default()).await);
        (one.at(self).build(), other.at(self).build())
    }

    pub async fn height(&self) -> u64 {
        self.provider.get_block_number().await.unwrap()
    }

    /// The instrument's price.
    pub fn price(&self) -> Query {
        Query::StorageSlot { source: Address(self.feed.into_array()), slot: [0; 32] }
    }

    pub async fn set_price(&self, price: i64) {
        let feed = artifact::PriceFeed::new(self.feed, &self.provider);
        let keeper = self.anvil.addresses()[9];
        // Asked anew each time: a reorganisation takes transactions back, which the provider does not notice.
        let nonce = self.provider.get_transaction_count(keeper).await.unwrap();
        let set = feed.setPrice(I256::try_from(price).unwrap()).from(keeper).nonce(nonce);
        let receipt = set.send().await.unwrap().get_receipt().await.unwrap();
        assert!(receipt.status(), "{receipt:?}");
    }

    pub async fn mine(&self, blocks: u64) {
        AnvilApi::<Ethereum>::anvil_mine(&self.provider, Some(blocks), None).await.unwrap();
    }

    /// Lets time pass on the chain, and mines a block at the end of it.
    pub async fn pass(&self, time: Duration) {
        AnvilApi::<Ethereum>::anvil_increase_time(&self.provider, time.as_secs()).await.unwrap();
        self.mine(1).await;
    }

    async fn registrar(&self, account: usize) -> Registrar {
        let owner = PayingAccount::Unlocked(Address(self.anvil.addresses()[account].into_array()));
        let registry = artifact::key_registry_address();
        Registrar::connect(&self.endpoint(), CHAIN, registry, owner, WritePolicy::default()).await.unwrap()
    }
}

impl Party {
    /// A trader with short timeouts, for the party's own key.
    pub fn at(&self, market: &Market) -> TraderBuilder {
        self.seeing(market.resolver())
    }

    pub fn seeing(&self, resolver: Resolver) -> TraderBuilder {
        Trader::builder(self.identity, self.key.clone(), resolver).timeouts(impatient())
    }

    pub async fn rotate(&self, terms: Terms) -> Self {
        let key = Arc::new(LocalKey::generate().unwrap());
        let pending = self.registrar.rotate(self.identity.label, terms.of(key.public_key())).await.unwrap();
        let answer = key.answer(pending.request()).await.unwrap();
        pending.submit(answer).await.expect("a rotation");
        Self { key, ..self.clone() }
    }

    pub async fn revoke(&self) {
        let reason = RevocationReason::KeyCompromised;
        self.registrar.revoke(self.identity.label, reason).await.expect("a revocation");
    }

    /// Lets another account act for this one, which changes none of its records.
    pub async fn appoint(&self, operator: [u8; 20]) {
        let until = Some(u32::MAX.into());
        self.registrar.set_operator(Address(operator), until).await.expect("an appointment");
    }

    /// The party's own proven view of itself and a peer.
    pub async fn view(&self, market: &Market, peer: &Self, queries: &[Query]) -> StateView {
        let request = ViewRequest {
            anchor: None,
            local: self.identity,
            peer: peer.identity,
            local_key_hint: Some(KeyHint::Shown(self.key.public_key())),
            peer_key_hint: Some(KeyHint::Shown(peer.key.public_key())),
            queries,
        };
        market.resolver().view(request).await.expect("a view")
    }

    /// The same key, by way of an encrypted file.
    pub fn from_keystore(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("identity.json");
        let passphrase = || Passphrase::new(b"correct horse".to_vec().into()).unwrap();
        let keystore = Keystore::encrypt(&self.key, &passphrase(), ScryptCost::LIGHT).unwrap();
        keystore.write_new(&file).unwrap();
        let key = Keystore::read(&file).unwrap().decrypt(&passphrase()).unwrap();
        Self { key: Arc::new(key), ..self.clone() }
    }
}

impl Terms {
    fn of(self, public_key: PublicKey) -> KeyTerms {
        let Self { is_compact, suite_floor, valid_until } = self;
        KeyTerms { valid_until, suite_floor, pinned: !is_compact, ..KeyTerms::new(public_key) }
    }
}

/// A session between two traders: the dialling side's end, and the other's.
pub async fn meet(dialler: &Trader, responder: &Trader, queries: &[Query]) -> (Session, Session) {
    let mut listener = responder.listen("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr();
    let (here, there) = tokio::join!(dialler.dial(responder.identity(), at, queries), listener.accept());
    (here.expect("a session for the dialler"), there.expect("a session for the responder"))
}

/// Waits until a trader's follower stands at the market's newest block, with all that it watches.
pub async fn aware(trader: &Trader, market: &Market) {
    let (follower, height) = (trader.resolver().follow(), market.height().await);
    let is_there = || {
        let head = follower.head().is_some_and(|head| head.anchor.block_number >= height);
        head && follower.health().unproven == 0
    };
    let there = timeout(Duration::from_secs(30), async {
        while !is_there() {
            sleep(Duration::from_millis(20)).await;
        }
    });
    there.await.unwrap_or_else(|_| panic!("block {height} is not followed: {:?}", follower.health()));
}

pub fn resolver_at(endpoint: Endpoint, policy: HeadPolicy) -> Resolver {
    let registry = artifact::key_registry_address();
    Resolver::new(CHAIN, registry, HeadTrust::OwnNode(endpoint), policy).unwrap()
}

/// Anvil's policy, without memory.
pub fn prompt() -> HeadPolicy {
    HeadPolicy { head_reuse: Duration::ZERO, ..HeadPolicy::anvil() }
}

/// Long enough for a busy machine, short enough to wait for.
pub fn impatient() -> Timeouts {
    Timeouts { handshake_step: Duration::from_secs(5), close: Duration::from_secs(2), ..Timeouts::default() }
}

/// `$ANVIL`, or the one that npm installed: its package bears the platform's name, and only the right one is there.
pub fn anvil_path() -> PathBuf {
    if let Some(named) = std::env::var_os("ANVIL") {
        return named.into();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/@foundry-rs");
    let packages = folder.read_dir().expect("Anvil: npm ci, or set $ANVIL").map(Result::unwrap);
    packages
        .filter(|package| package.file_name().to_string_lossy().starts_with("anvil-"))
        .map(|package| package.path().join("bin/anvil"))
        .find(|program| program.exists())
        .expect("Anvil: npm ci, or set $ANVIL")
}

pub const CHAIN: u64 = 31337;

/// The instrument's first price: 2,500 with eight decimals.
pub const OPENING_PRICE: u64 = 250_000_000_000;
