//! What all answers are made from.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::response::Response;
use countersign_registry::RegistryAt;
use tokio::sync::{Semaphore, watch};

use super::asking::Asking;
use super::json::Account;
use super::limits::Limits;
use super::problem::{Problem, ProblemKind};
use super::proofs::Proofs;
use crate::indexing::Progress;
use crate::record::Missing;
use crate::store::{KeptBlock, News, Sequence, Store, StoreError, Tip};

/// What all answers are made from.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) proofs: Proofs,
    pub(super) limits: Limits,
    pub(super) streams: Arc<Semaphore>,
    progress: Vec<watch::Receiver<Progress>>,
    known: Mutex<Known>,
}

/// The registries that a store was seen to have.
#[derive(Debug, Default)]
struct Known {
    registries: Vec<RegistryAt>,
    asked: Option<Instant>,
}

/// How far one registry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) registry: RegistryAt,
    pub(super) tip: Option<Tip>,
    pub(super) head: Option<KeptBlock>,
    pub(super) events: u64,
    pub(super) reorganisations: u64,
    pub(super) failure: Option<String>,
}

impl Shared {
    pub(super) fn new(
        store: Arc<dyn Store>,
        progress: Vec<watch::Receiver<Progress>>,
        proofs: Proofs,
        limits: Limits,
    ) -> Self {
        let streams = Arc::new(Semaphore::new(limits.streams.min(Semaphore::MAX_PERMITS)));
        Self { store, proofs, limits, streams, progress, known: Mutex::default() }
    }

    /// The registry that is meant: the chain's only one, where none is named.
    pub(super) async fn registry(
        &self,
        chain_id: u64,
        named: Option<Account>,
    ) -> Result<RegistryAt, Problem> {
        let registries = self.registries().await?;
        let of_chain: Vec<_> = registries.iter().filter(|registry| registry.chain_id == chain_id).collect();
        match (named, of_chain.as_slice()) {
            (None, [only]) => Ok(**only),
            (None, []) => {
                let mut chains: Vec<_> = registries.iter().map(|registry| registry.chain_id).collect();
                chains.dedup();
                Err(Problem::new(
                    ProblemKind::NotIndexedHere,
                    format!("chain {chain_id} is not indexed here; {}", what_is(&chains)),
                ))
            }
            (None, several) => {
                let addresses: Vec<_> = several.iter().map(|registry| registry.address).collect();
                Err(Problem::parameter(
                    "registry",
                    format!(
                        "several registries of chain {chain_id} are indexed; name one with registry: {}",
                        listed(&addresses)
                    ),
                ))
            }
            (Some(Account(address)), of_chain) => {
                let found = of_chain.iter().find(|registry| registry.address == address);
                found.map(|registry| **registry).ok_or_else(|| {
                    let detail = format!("registry {address} of chain {chain_id} is not indexed here; /v1/registries tells what is");
                    Problem::new(ProblemKind::NotIndexedHere, detail)
                })
            }
        }
    }

    /// Those of one chain.
    pub(super) async fn registries_of(&self, chain_id: u64) -> Result<Vec<RegistryAt>, Problem> {
        let mut registries = self.registries().await?;
        registries.retain(|registry| registry.chain_id == chain_id);
        Ok(registries)
    }

    /// What of an answer is held already, looked up only for who holds any.
    pub(super) async fn unchanged(
        &self,
        asking: &Asking,
        registry: RegistryAt,
    ) -> Result<Option<Response>, Problem> {
        match asking.holds_any() {
            true => Ok(asking.unchanged(&self.store.tip(registry).await?)),
            false => Ok(None),
        }
    }

    /// How far each registry is: by the store, and by this process where it indexes.
    pub(super) async fn standings(&self) -> Result<Vec<Standing>, StoreError> {
        let key = |registry: &RegistryAt| (registry.chain_id, registry.address);
        let mut standings = BTreeMap::new();
        for (registry, tip) in self.store.registries().await? {
            standings.insert(key(&registry), Standing::new(registry, tip));
        }
        for progress in &self.progress {
            let progress = progress.borrow().clone();
            let registry = progress.registry;
            let standing =
                standings.entry(key(&registry)).or_insert_with(|| Standing::new(registry, progress.tip));
            standing.head = progress.head;
            standing.events = progress.events;
            standing.reorganisations = progress.reorganisations;
            standing.failure = progress.failure;
        }
        Ok(standings.into_values().collect())
    }

    /// What is indexed, by chain. The store is asked now and then: another process may index another registry.
    async fn registries(&self) -> Result<Vec<RegistryAt>, Problem> {
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if !known.registries.is_empty() && known.asked.is_some_and(|asked| asked.elapsed() < KNOWN_FOR) {
                return Ok(known.registries.clone());
            }
        }
        let registries: Vec<_> =
            self.standings().await?.into_iter().map(|standing| standing.registry).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Known { registries: registries.clone(), asked: Some(Instant::now()) };
        Ok(registries)
    }
}

impl Standing {
    const fn new(registry: RegistryAt, tip: Option<Tip>) -> Self {
        Self { registry, tip, head: None, events: 0, reorganisations: 0, failure: None }
    }

    /// How many blocks the index is behind the chain; `None` before both are known.
    pub(super) fn lag_blocks(&self) -> Option<u64> {
        Some(self.head?.block.number.saturating_sub(self.tip?.block.number))
    }

    /// How many seconds, by the times of the two blocks.
    pub(super) fn lag_seconds(&self) -> Option<u64> {
        Some(self.head?.timestamp.saturating_sub(self.tip?.timestamp))
    }
}

/// A store holds what no event makes.
pub(super) fn damaged(missing: Missing) -> Problem {
    StoreError::Damaged { detail: missing.to_string() }.into()
}

/// The number of some news.
pub(super) const fn sequence(news: &News) -> Sequence {
    match news {
        News::Event(stored) => stored.sequence,
        News::Reorganised { sequence, .. } => *sequence,
    }
}

fn what_is(chains: &[u64]) -> String {
    match chains {
        [] => "nothing is".into(),
        chains => format!("these are: {}", listed(chains)),
    }
}

fn listed<T: ToString>(things: &[T]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// How long the list of registries is believed.
const KNOWN_FOR: Duration = Duration::from_secs(10);
