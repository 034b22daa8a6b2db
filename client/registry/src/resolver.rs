//! From an identity to its proven key.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use alloy::primitives::Address as AccountAddress;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Anchor, Identity, PeerKey};

use crate::acceptance::{accept_head, unix_now};
use crate::beacon;
use crate::depth::Settled;
use crate::error::{ResolveError, StaleHead};
use crate::follower::Following;
use crate::health::EndpointHealth;
use crate::key_hint::KeyHint;
use crate::known::{KnownRecords, RegistryAt};
use crate::memory::{Memory, Past, Shown};
use crate::node::Node;
use crate::policy::{HeadPolicy, HeadSource, HeadTrust};
use crate::proof::{ProvenHeader, ProvenRecord};
use crate::proving::{nth, record_of};
use crate::published;
use crate::question::{ProofTarget, Question};
use crate::survey::{Electorate, Survey};
use crate::valuation::Recollection;
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
        let (recollection, settled, following) =
            (Recollection::default(), Settled::default(), Following::default());
        let inner = Inner {
            chain_id,
            registry,
            nodes,
            threshold,
            voucher,
            policy,
            memory,
            recollection,
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

    /// Asks all endpoints until enough agree on a head that the policy takes.
    pub(crate) async fn survey(&self, question: &Question) -> Result<Survey<'_>, ResolveError> {
        let Inner { nodes, threshold, policy, memory, voucher, .. } = &*self.0;
        // Read before asking: what another task proves meanwhile may well be newer than this answer.
        let highest = memory.past.highest().await?;
        let refused = Mutex::new(None);
        let accept = |head: &ProvenHeader| {
            let verdict = self.accept_head(head, highest);
            if verdict.is_err() {
                *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(head.block());
            }
            verdict
        };
        let outcome = match voucher {
            Voucher::LightClient(beacon) => {
                beacon::survey(nodes, &beacon.head().await?, question, accept).await
            }
            Voucher::OwnNode | Voucher::Quorum => {
                let (max_lag, patience) = (policy.max_head_lag, policy.head_patience);
                let electorate = Electorate { nodes, threshold: *threshold, max_lag, patience };
                electorate.survey(question, accept).await
            }
        };
        let shown = refused.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let (Some(shown), Err(ResolveError::StaleHead { why: StaleHead::BehindProven { proven }, .. })) =
            (shown, &outcome)
        {
            let asked: Vec<_> = nodes.iter().map(|node| node.endpoint()).collect();
            memory.past.note_head(*proven, shown, &asked).await;
        }
        outcome
    }

    /// Whether a block passes for the newest one, where `highest` was proven before.
    pub(crate) fn accept_head(&self, head: &ProvenHeader, highest: u64) -> Result<(), ResolveError> {
        let Inner { policy, voucher, .. } = &*self.0;
        let floor = highest.saturating_sub(voucher.slack(policy));
        accept_head(head, policy, unix_now(), floor, highest)
    }

    /// The highest block proven so far, by this process.
    pub(crate) fn highest(&self) -> u64 {
        self.0.memory.past.highest_here()
    }

    /// Who vouches for its heads.
    pub(crate) fn voucher(&self) -> &Voucher {
        &self.0.voucher
    }

    /// Registered, not rewound, and accepted at the head, each of them; forgets what is not. What is given back was
    /// kept before: a restart does not lose it.
    pub(crate) async fn accept<const N: usize>(
        &self,
        survey: &Survey<'_>,
        records: [(Identity, Option<ProvenRecord>); N],
    ) -> Result<[Result<ProvenRecord, ResolveError>; N], ResolveError> {
        let shown = records.each_ref().map(|(identity, record)| (*identity, record.as_ref()));
        let mut verdicts = self.advance(survey, &shown).await?.into_iter();
        let mut unknown = Vec::with_capacity(N);
        for (_, record) in &records {
            unknown.push(match record {
                Some(record) => self.learn_depth_of(record, survey).await.err(),
                None => None,
            });
        }
        let mut unknown = unknown.into_iter();
        Ok(records.map(|(identity, record)| {
            let (verdict, unknown) = (verdicts.next().unwrap_or(Ok(())), unknown.next().flatten());
            let accepted = verdict.and_then(|()| self.accept_one(identity, record, &survey.head.header));
            if accepted.is_err() {
                self.forget_record(&identity);
            }
            match accepted {
                Err(young @ ResolveError::TooYoung { .. }) => Err(unknown.unwrap_or(young)),
                accepted => accepted,
            }
        }))
    }

    fn accept_one(
        &self,
        identity: Identity,
        record: Option<ProvenRecord>,
        head: &ProvenHeader,
    ) -> Result<ProvenRecord, ResolveError> {
        let block = head.block().number;
        let record = record.ok_or(ResolveError::NotRegistered { identity, block })?;
        self.judge(&record, head).map(|()| record)
    }

    /// Holds what an agreed head shows of records against what was proven before, and keeps it; a verdict for each.
    ///
    /// # Errors
    /// [`ResolveError::Known`] where it cannot be kept; then none of it may be acted on.
    pub(crate) async fn advance(
        &self,
        survey: &Survey<'_>,
        records: &[(Identity, Option<&ProvenRecord>)],
    ) -> Result<Vec<Result<(), ResolveError>>, ResolveError> {
        let head = &survey.head.header;
        let by: Vec<_> = survey.voters().collect();
        self.0.memory.past.advance(Shown { head, by: &by }, records).await
    }

    /// What was proven before, for whoever proves without a survey.
    pub(crate) fn past(&self) -> &Past {
        &self.0.memory.past
    }

    /// Serves that identity from memory no more.
    pub(crate) fn forget_record(&self, identity: &Identity) {
        self.0.memory.forget_record(identity);
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

    pub(crate) fn keep_head(&self, survey: &Survey<'_>, since: Instant) -> ProvedHead {
        let head = self.agreed_head(&survey.head.header, survey.head.votes);
        self.0.memory.keep_head(head, since);
        head
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

    /// How many endpoints must agree.
    pub(crate) fn threshold(&self) -> usize {
        self.0.threshold
    }

    /// A header that so many endpoints vouched for, or so many of a committee.
    pub(crate) fn agreed_head(&self, header: &ProvenHeader, votes: usize) -> ProvedHead {
        let trust = self.0.voucher.source(votes, self.0.nodes.len());
        ProvedHead { anchor: self.anchor_at(header), timestamp: header.timestamp(), trust }
    }

    pub(crate) fn following(&self) -> &Following {
        &self.0.following
    }
}

pub(crate) const fn account_address(address: Address) -> AccountAddress {
    AccountAddress::new(address.0)
}
