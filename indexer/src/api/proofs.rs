//! Storage proofs beside answers, so that nobody has to believe this index.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use alloy::primitives::B256;
use async_trait::async_trait;
use countersign_protocol::Identity;
use countersign_registry::{RecordProof, RecordProofError, RegistryAt, Resolver};
use lru::LruCache;
use tokio::sync::Semaphore;

use super::limits::Limits;
use super::parameters::ProofAt;
use super::problem::{Problem, ProblemKind};
use crate::store::Tip;

/// Who makes storage proofs.
#[async_trait]
pub trait RecordProver: fmt::Debug + Send + Sync + 'static {
    /// A proof of what the registry says of an identity at the end of a block, absence included; at the newest where that
    /// is `None`.
    ///
    /// # Errors
    /// [`ProverError`] where nobody proves it.
    async fn prove(
        &self,
        registry: RegistryAt,
        identity: Identity,
        block: Option<u64>,
    ) -> Result<RecordProof, ProverError>;
}

/// Why there is no proof.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProverError {
    /// This process has no endpoints of that chain.
    #[error(
        "this indexer has no endpoints for registry {} on chain {}, so it proves nothing of it; ask one that follows the chain",
        .0.address, .0.chain_id
    )]
    NoEndpoints(RegistryAt),
    /// The chain's endpoints do not prove it.
    #[error(transparent)]
    Proof(#[from] RecordProofError),
}

/// Makes proofs from the chains' endpoints.
#[derive(Debug, Default)]
pub struct ChainProver {
    resolvers: HashMap<RegistryAt, Resolver>,
}

/// Proofs, made once for all who ask.
pub(super) struct Proofs {
    prover: Box<dyn RecordProver>,
    kept: Mutex<LruCache<Proven, serde_json::Value>>,
    at_once: Semaphore,
}

/// What a proof is of. A block's hash stands for all of the chain below it; a final height does too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Proven {
    registry: RegistryAt,
    identity: Identity,
    block: ProvenAt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ProvenAt {
    Hash(B256),
    FinalHeight(u64),
}

impl ChainProver {
    /// Proves what these resolve from.
    #[must_use]
    pub fn new(resolvers: impl IntoIterator<Item = Resolver>) -> Self {
        let at =
            |resolver: &Resolver| RegistryAt { chain_id: resolver.chain_id(), address: resolver.registry() };
        Self { resolvers: resolvers.into_iter().map(|resolver| (at(&resolver), resolver)).collect() }
    }
}

#[async_trait]
impl RecordProver for ChainProver {
    async fn prove(
        &self,
        registry: RegistryAt,
        identity: Identity,
        block: Option<u64>,
    ) -> Result<RecordProof, ProverError> {
        let resolver = self.resolvers.get(&registry).ok_or(ProverError::NoEndpoints(registry))?;
        Ok(resolver.prove_record(identity, block, None).await?)
    }
}

impl Proofs {
    pub(super) fn new(prover: Box<dyn RecordProver>, limits: &Limits) -> Self {
        let kept = Mutex::new(LruCache::new(limits.proofs_kept));
        let at_once = Semaphore::new(limits.proofs_at_once.clamp(1, Semaphore::MAX_PERMITS));
        Self { prover, kept, at_once }
    }

    /// The proof, as JSON, beside an answer as of `tip`.
    pub(super) async fn at(
        &self,
        registry: RegistryAt,
        identity: Identity,
        at: ProofAt,
        tip: &Tip,
    ) -> Result<serde_json::Value, Problem> {
        let height = match at {
            ProofAt::Latest => tip.block.number,
            ProofAt::Block(height) => height,
        };
        if height > tip.block.number {
            let detail = format!(
                "block {height} is above the newest indexed one, {}; ask again later, or for latest",
                tip.block.number
            );
            return Err(Problem::parameter("proof", detail));
        }
        let block = match height {
            height if height == tip.block.number => Some(ProvenAt::Hash(tip.block.hash)),
            height if height <= tip.finalized => Some(ProvenAt::FinalHeight(height)),
            _ => None,
        };
        let proven = block.map(|block| Proven { registry, identity, block });
        if let Some(known) = proven.and_then(|proven| self.kept().get(&proven).cloned()) {
            return Ok(known);
        }
        let json = self.make(registry, identity, height, tip).await?;
        if let Some(proven) = proven {
            self.kept().put(proven, json.clone());
        }
        Ok(json)
    }

    async fn make(
        &self,
        registry: RegistryAt,
        identity: Identity,
        height: u64,
        tip: &Tip,
    ) -> Result<serde_json::Value, Problem> {
        // Never closed.
        let _turn = self.at_once.acquire().await.ok();
        let proof = self.prover.prove(registry, identity, Some(height)).await.map_err(not_proven)?;
        let newest = proof.newest().map_err(|flaw| not_proven(flaw.into()))?;
        if height == tip.block.number && newest.hash != tip.block.hash {
            let detail = format!("block {height} was reorganised away just now; ask again");
            return Err(Problem::new(ProblemKind::NotProven, detail));
        }
        let json = proof.to_json().map_err(|flaw| not_proven(flaw.into()))?;
        serde_json::from_str(&json)
            .map_err(|failure| not_proven(RecordProofError::Malformed { detail: failure.to_string() }.into()))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, LruCache<Proven, serde_json::Value>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Proofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proofs").field("prover", &self.prover).finish_non_exhaustive()
    }
}

/// What endpoints said is for the operator: it may name them.
#[expect(clippy::needless_pass_by_value, reason = "as map_err has it")]
fn not_proven(failure: ProverError) -> Problem {
    tracing::warn!(%failure, "a record is not proven");
    let detail = match failure {
        ProverError::NoEndpoints(_) => failure.to_string(),
        ProverError::Proof(_) => {
            "the chain's endpoints do not prove it at that block now; ask for a newer block, or \
                                  again later"
                .into()
        }
    };
    Problem::new(ProblemKind::NotProven, detail)
}
