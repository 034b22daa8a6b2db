//! From an identity to its proven key.

mod head;
mod records;

use std::sync::Arc;
use std::time::Instant;

use alloy::primitives::Address as AccountAddress;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Anchor, Identity, PeerKey};

use crate::depth::Settled;
use crate::error::ResolveError;
use crate::follower::Following;
use crate::health::EndpointHealth;
use crate::key_hint::KeyHint;
use crate::known::{KnownRecords, RegistryAt};
use crate::memory::Memory;
use crate::node::Node;
use crate::policy::{HeadPolicy, HeadSource, HeadTrust};
use crate::proof::{ProvenHeader, ProvenRecord};
use crate::proving::{nth, record_of};
use crate::published;
use crate::question::{ProofTarget, Question};
use crate::valuation::{Recollection, Runs};
use crate::voucher::Voucher;
use crate::word::RecordSlots;

/// Resolves identities of one registry on one chain. Cheap to clone: clones share connections and memory.
#[derive(Clone, Debug)]
pub struct Resolver(Arc<Inner>);

/// A head that was trusted, and its header's hash recomputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvedHead {
    /// The block, and the registry looked into.
    pub anchor: Anchor,
    /// The block's time, in Unix seconds.
    pub timestamp: u64,
    /// How it came to be trusted.
    pub trust: HeadSource,
}

/// An identity's key, and where it was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The key, with the record that names it.
    pub peer_key: PeerKey,
    /// The head at which the record was active.
    pub proved_at: ProvedHead,
    /// Whether the registry holds the key itself. Otherwise it came from a log or the peer, and hashes to the
    /// record's signer.
    pub pinned: bool,
}

#[derive(Debug)]
struct Inner {
    chain_id: u64,
    registry: Address,
    nodes: Vec<Arc<Node>>,
    threshold: usize,
    voucher: Voucher,
    policy: HeadPolicy,
    memory: Memory,
    recollection: Recollection,
    runs: Runs,
    settled: Settled,
    following: Following,
}

impl Resolver {
    /// Connects to nothing yet: the first question does.
    ///
    /// # Errors
    /// [`ResolveError::Trust`] where the quorum could never agree, is no majority, or counts an endpoint twice.
    pub fn new(
        chain_id: u64,
        registry: Address,
        trust: HeadTrust,
        policy: HeadPolicy,
    ) -> Result<Self, ResolveError> {
        let voucher = Voucher::of(&trust, &policy)?;
        let (endpoints, threshold) = trust.endpoints()?;
        let node = |endpoint| Arc::new(Node::new(endpoint, chain_id, &policy));
        let nodes = endpoints.into_iter().map(node).collect();
        let memory = Memory::of(RegistryAt { chain_id, address: registry });
        let (recollection, runs) = (Recollection::default(), Runs::default());
        let (settled, following) = (Settled::default(), Following::default());
        let inner = Inner {
            chain_id,
            registry,
            nodes,
            threshold,
            voucher,
            policy,
            memory,
            recollection,
            runs,
            settled,
            following,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Keeps what it proves in a file, and goes back from nothing that was ever kept there: neither below a block, nor
    /// to an older key, nor behind a revocation, whatever restart lies between. Without, that ends with the process.
    /// Where it cannot be kept, nothing is accepted. Clones share it; of several, the first stays. Reads the file, for
    /// which it blocks a moment.
    ///
    /// # Errors
    /// [`ResolveError::Known`] where the file cannot be read.
    pub fn remembering(self, known: KnownRecords) -> Result<Self, ResolveError> {
        self.0.memory.past.keep_in(known)?;
        Ok(self)
    }

    /// The chain this resolver reads, by its EIP-155 id.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.0.chain_id
    }

    /// The registry this resolver reads.
    #[must_use]
    pub fn registry(&self) -> Address {
        self.0.registry
    }

    /// What this resolver takes for recent enough.
    #[must_use]
    pub fn policy(&self) -> &HeadPolicy {
        &self.0.policy
    }

    /// How each endpoint fares, in the order in which they were configured.
    #[must_use]
    pub fn health(&self) -> Vec<EndpointHealth> {
        self.0.nodes.iter().map(|node| node.health().of(node.endpoint())).collect()
    }

    /// The newest block, as the trusted endpoints agree on it: from the follower where there is one, or at most
    /// [`HeadPolicy::head_reuse`] old.
    ///
    /// # Errors
    /// [`ResolveError`] where too few endpoints answer or agree, or the block is stale.
    pub async fn head(&self) -> Result<ProvedHead, ResolveError> {
        if let Some(snapshot) = self.followed() {
            return Ok(snapshot.head);
        }
        if let Some(head) = self.0.memory.warm_head(self.0.policy.head_reuse) {
            return Ok(head);
        }
        let since = Instant::now();
        let survey = self.survey(&Question::head()).await?;
        self.advance(&survey, &[]).await?;
        Ok(self.keep_head(&survey, since))
    }

    /// The proven key of `identity`, active at the newest block. From the follower where it is watched, from memory while
    /// a proof is at most [`HeadPolicy::head_reuse`] old; otherwise one batch to each endpoint.
    ///
    /// # Errors
    /// [`ResolveError`]: what is proven of the identity (`NotRegistered`, `Revoked`, `Expired`, `TooYoung`), or why
    /// nothing is.
    pub async fn resolve(&self, identity: Identity) -> Result<Resolved, ResolveError> {
        self.resolve_hinted(identity, None).await
    }

    /// As [`resolve`](Self::resolve), with a key that somebody claims to be the identity's. It is used only if the
    /// record is compact, and only if it hashes to the record's signer: a [`KeyHint::Known`].
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub async fn resolve_hinted(
        &self,
        identity: Identity,
        hint: Option<PublicKey>,
    ) -> Result<Resolved, ResolveError> {
        if let Some(outcome) = self.resolve_followed(&identity, hint) {
            return outcome;
        }
        if let Some(resolved) = self.0.memory.warm_record(&identity, self.0.policy.head_reuse) {
            return Ok(resolved);
        }
        let since = Instant::now();
        let depth = self.0.policy.depth_for(&identity);
        let question =
            Question::proofs_at_head(vec![self.record_target(&[identity])]).with_deep(self.deep_block(depth));
        let survey = self.survey(&question).await?;
        let record = self
            .prove(&question, &survey, |heard| {
                let answer = nth(heard, &heard.answer.head_proofs, 0)?;
                let registry = self.registry_account(heard, &heard.head, answer)?;
                record_of(heard, &registry, identity, answer, 0)
            })
            .await?;
        self.learn_depth(depth, &survey);
        let [record] = self.accept(&survey, [(identity, record)]).await?;
        let head = self.keep_head(&survey, since);
        let record = record?;
        let peer_key = self.key_of(&record, hint.map(KeyHint::Known)).await?;
        let resolved = Resolved { peer_key, proved_at: head, pinned: record.pinned().is_some() };
        self.0.memory.keep_record(resolved, since);
        self.learn_key(&resolved);
        Ok(resolved)
    }

    /// The key of an accepted record: pinned, hinted, or from the registry's logs.
    pub(crate) async fn key_of(
        &self,
        record: &ProvenRecord,
        hint: Option<KeyHint>,
    ) -> Result<PeerKey, ResolveError> {
        let known = match hint {
            Some(KeyHint::Shown(shown)) => return record.peer_key(shown).map_err(ResolveError::from),
            Some(KeyHint::Known(known)) => Some(known),
            None => None,
        };
        if let Some(candidate) = record.pinned().copied().or(known)
            && let Ok(peer_key) = record.peer_key(candidate)
        {
            return Ok(peer_key);
        }
        published::find_key(&self.0.nodes, account_address(self.0.registry), record).await
    }

    pub(crate) fn anchor_at(&self, header: &ProvenHeader) -> Anchor {
        Anchor {
            chain_id: self.0.chain_id,
            block_number: header.block().number,
            block_hash: header.block().hash.0,
            registry: self.0.registry,
        }
    }

    /// What to ask so that the records of `identities` are proven, in that order.
    pub(crate) fn record_target(&self, identities: &[Identity]) -> ProofTarget {
        let slots = identities.iter().map(RecordSlots::of).flat_map(|slots| [slots.word, slots.x]).collect();
        ProofTarget { account: account_address(self.0.registry), slots }
    }

    pub(crate) fn settled(&self) -> &Settled {
        &self.0.settled
    }

    pub(crate) fn nodes(&self) -> &[Arc<Node>] {
        &self.0.nodes
    }

    /// What view calls read, and code.
    pub(crate) fn recollection(&self) -> &Recollection {
        &self.0.recollection
    }

    /// Where view calls are executed.
    pub(crate) fn runs(&self) -> &Runs {
        &self.0.runs
    }

    pub(crate) fn following(&self) -> &Following {
        &self.0.following
    }
}

pub(crate) const fn account_address(address: Address) -> AccountAddress {
    AccountAddress::new(address.0)
}
