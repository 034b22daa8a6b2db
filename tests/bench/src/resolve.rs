//! Resolving an identity against a real Anvil: from memory, and by header, account and storage proof.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use alloy::eips::BlockNumberOrTag;
use alloy::node_bindings::{Anvil, AnvilInstance};
use alloy::primitives::Address as AccountAddress;
use alloy::rpc::client::RpcClient;
use alloy::rpc::types::{EIP1186AccountProofResponse, Header};
use countersign::custody::{Custody, LocalKey};
use countersign::registry::proof::{ProvenHeader, ProvenRecord};
use countersign::registry::write::{KeyTerms, PayingAccount, Registrar, WritePolicy};
use countersign::registry::{Endpoint, HeadPolicy, HeadTrust, KnownRecords, RecordSlots, Resolver, artifact};
use countersign::{Address, Identity, Label};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::measure::{BenchError, Unit, Workload};

/// A development chain with one registered identity, its key pinned.
pub(crate) struct Chain {
    runtime: Rc<Runtime>,
    anvil: AnvilInstance,
    identity: Identity,
    folder: TempDir,
}

impl Chain {
    /// Starts Anvil on a free port, deploys the registry and registers.
    ///
    /// # Errors
    /// Should Anvil not be installed, or anything fail on it.
    pub(crate) fn start() -> Result<Self, BenchError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let anvil = Anvil::at(anvil_path()?).try_spawn()?;
        let identity = runtime.block_on(register(&anvil))?;
        let folder = tempfile::tempdir()?;
        Ok(Self { runtime: Rc::new(runtime), anvil, identity, folder })
    }

    /// The resolver with and without memory, from its follower, and the bare RPC of the same batch, whose connection is
    /// open in all of them; and what is left once the answer is there.
    ///
    /// # Errors
    /// Should the setup fail.
    pub(crate) fn workloads(&self) -> Result<Vec<Workload>, BenchError> {
        Ok(vec![
            self.resolving("resolve.warm", Duration::from_secs(24 * 3600), 1_000, None)?,
            self.resolving("resolve.warm.kept", Duration::from_secs(24 * 3600), 1_000, Some(self.known()?))?,
            self.followed()?,
            self.resolving("resolve.cold", Duration::ZERO, 1, None)?,
            self.resolving("resolve.cold.kept", Duration::ZERO, 1, Some(self.known()?))?,
            self.at_a_new_block("resolve.newblock", None)?,
            self.at_a_new_block("resolve.newblock.kept", Some(self.known()?))?,
            self.verifying()?,
            self.bare_rpc()?,
        ])
    }

    fn resolving(
        &self,
        name: &'static str,
        head_reuse: Duration,
        runs_per_sample: u32,
        known: Option<KnownRecords>,
    ) -> Result<Workload, BenchError> {
        let resolver = self.resolver(head_reuse, known)?;
        let (runtime, identity) = (Rc::clone(&self.runtime), self.identity);
        let run = Box::new(move || {
            runtime.block_on(resolver.resolve(identity))?;
            Ok(())
        });
        let prepare = Box::new(|_| Ok(()));
        Ok(Workload { name, baseline: "peer.rpc", unit: Unit::Micros, runs_per_sample, prepare, run })
    }

    /// A block comes before each run, so that what is kept of the head must be flushed to the disk.
    fn at_a_new_block(
        &self,
        name: &'static str,
        known: Option<KnownRecords>,
    ) -> Result<Workload, BenchError> {
        let Workload { baseline, unit, run, .. } = self.resolving(name, Duration::ZERO, 1, known)?;
        let client = RpcClient::new_http(self.anvil.endpoint_url());
        let runtime = Rc::clone(&self.runtime);
        let prepare = Box::new(move |_| {
            runtime.block_on(client.request_noparams::<serde_json::Value>("evm_mine"))?;
            Ok(())
        });
        Ok(Workload { name, baseline, unit, runs_per_sample: 1, prepare, run })
    }

    /// A file of its own for each.
    fn known(&self) -> Result<KnownRecords, BenchError> {
        let file = tempfile::Builder::new().prefix("known-").suffix(".sqlite").tempfile_in(&self.folder)?;
        Ok(KnownRecords::open(file.into_temp_path().keep()?.as_ref())?)
    }

    fn resolver(&self, head_reuse: Duration, known: Option<KnownRecords>) -> Result<Resolver, BenchError> {
        let trust = HeadTrust::OwnNode(self.anvil.endpoint().parse::<Endpoint>()?);
        let policy = HeadPolicy { head_reuse, ..HeadPolicy::anvil() };
        let resolver = Resolver::new(self.anvil.chain_id(), artifact::key_registry_address(), trust, policy)?;
        Ok(match known {
            Some(known) => resolver.remembering(known)?,
            None => resolver,
        })
    }

    /// Of a watched identity, from what the follower has proven.
    fn followed(&self) -> Result<Workload, BenchError> {
        let trust = HeadTrust::OwnNode(self.anvil.endpoint().parse::<Endpoint>()?);
        let day = Duration::from_secs(24 * 3600);
        // The chain stands still, and is not to be asked whether it still does.
        let policy = HeadPolicy {
            head_reuse: Duration::ZERO,
            max_head_age: Some(day),
            poll_interval: day,
            ..HeadPolicy::anvil()
        };
        let resolver = Resolver::new(self.anvil.chain_id(), artifact::key_registry_address(), trust, policy)?;
        let (runtime, identity) = (Rc::clone(&self.runtime), self.identity);
        let watching = runtime.block_on(async {
            let watching = resolver.follow().watch(identity, None);
            timeout(Duration::from_secs(30), watching.proven()).await.map(|()| watching)
        })?;
        let run = Box::new(move || {
            runtime.block_on(resolver.resolve(identity))?;
            watching.standing().map(|_| ()).ok_or_else(|| "the identity is not watched".into())
        });
        let (name, prepare) = ("resolve.followed", Box::new(|_| Ok(())));
        Ok(Workload { name, baseline: "peer.rpc", unit: Unit::Micros, runs_per_sample: 1_000, prepare, run })
    }

    /// Header, account, record and key, from an answer that is there.
    fn verifying(&self) -> Result<Workload, BenchError> {
        let client = RpcClient::new_http(self.anvil.endpoint_url());
        let (identity, registry) = (self.identity, AccountAddress::new(artifact::key_registry_address().0));
        let RecordSlots { word, x, .. } = RecordSlots::of(&identity);
        let (header, proof) = self.runtime.block_on(async {
            let latest = BlockNumberOrTag::Latest;
            let header: Header = client.request("eth_getBlockByNumber", (latest, false)).await?;
            let params = (registry, [word, x], BlockNumberOrTag::Number(header.number));
            let proof: EIP1186AccountProofResponse = client.request("eth_getProof", params).await?;
            Ok::<_, BenchError>((header, proof))
        })?;
        let run = Box::new(move || {
            let proven = ProvenHeader::recompute(&header.inner, header.hash)?;
            let account = proven.account(registry, &proof)?.ok_or("no registry")?;
            let record = ProvenRecord::in_registry(&account, identity, &proof.storage_proof)?;
            let record = record.ok_or("no record")?;
            let pinned = record.pinned().ok_or("no pinned key")?;
            record.peer_key(*pinned)?;
            Ok(())
        });
        let (name, prepare) = ("resolve.verify", Box::new(|_| Ok(())));
        Ok(Workload { name, baseline: "peer.rpc", unit: Unit::Micros, runs_per_sample: 20, prepare, run })
    }

    fn bare_rpc(&self) -> Result<Workload, BenchError> {
        let client = RpcClient::new_http(self.anvil.endpoint_url());
        let registry = AccountAddress::new(artifact::key_registry_address().0);
        let RecordSlots { word, x, .. } = RecordSlots::of(&self.identity);
        let runtime = Rc::clone(&self.runtime);
        let run = Box::new(move || {
            runtime.block_on(async {
                let latest = BlockNumberOrTag::Latest;
                let mut batch = client.new_batch();
                let header = batch.add_call::<_, Header>("eth_getBlockByNumber", &(latest, false))?;
                let proof = batch.add_call::<_, EIP1186AccountProofResponse>(
                    "eth_getProof",
                    &(registry, [word, x], latest),
                )?;
                batch.send().await?;
                header.await?;
                proof.await?;
                Ok(())
            })
        });
        let prepare = Box::new(|_| Ok(()));
        let (name, unit) = ("peer.rpc", Unit::Micros);
        Ok(Workload { name, baseline: name, unit, runs_per_sample: 1, prepare, run })
    }
}

async fn register(anvil: &AnvilInstance) -> Result<Identity, BenchError> {
    let endpoint = anvil.endpoint().parse::<Endpoint>()?;
    let account = anvil.addresses().first().ok_or("Anvil has no accounts")?;
    let owner = PayingAccount::Unlocked(Address(account.into_array()));
    let registry = artifact::key_registry_address();
    let registrar =
        Registrar::connect(&endpoint, anvil.chain_id(), registry, owner, WritePolicy::default()).await?;
    registrar.deploy_contracts().await?;
    let key = LocalKey::generate()?;
    let terms = KeyTerms::new(key.public_key());
    let pending = registrar.register(Label::DEFAULT, terms).await?;
    let possession = key.answer(pending.request()).await?;
    pending.submit(possession).await?;
    Ok(Identity::of(registrar.account()))
}

/// The pinned one, or the one that `ANVIL` names.
fn anvil_path() -> Result<PathBuf, BenchError> {
    if let Some(path) = std::env::var_os("ANVIL") {
        return Ok(path.into());
    }
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOUNDRY_PACKAGES).read_dir();
    let packages = packages.into_iter().flatten().filter_map(Result::ok);
    packages
        .filter(|package| package.file_name().to_string_lossy().starts_with("anvil-"))
        .map(|package| package.path().join("bin/anvil"))
        .find(|program| program.is_file())
        .ok_or_else(|| "Anvil is not installed: run npm ci".into())
}

/// Where npm installs Foundry, each tool in a package that bears the platform's name.
const FOUNDRY_PACKAGES: &str = "../../node_modules/@foundry-rs";
