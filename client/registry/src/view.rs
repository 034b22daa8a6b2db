//! The view of the chain that a handshake binds: two records and the readings, proven at one block.

use std::time::{Duration, Instant};

use alloy::primitives::{Address as AccountAddress, B256};
use countersign_protocol::{Anchor, Identity, MAX_READINGS, Query, Reading, StateView, Value};

use crate::error::ResolveError;
use crate::key_hint::KeyHint;
use crate::proof::{self, ProvenHeader, ProvenRecord};
use crate::proving::{invalid, nth, record_of};
use crate::question::{ProofAnswer, ProofTarget, Question};
use crate::resolver::{Resolver, account_address};
use crate::survey::{Heard, Survey};

/// What a handshake needs to know of the chain.
#[derive(Clone, Debug)]
pub struct ViewRequest<'a> {
    /// The block that the peer proposed; `None` for the newest one.
    pub anchor: Option<Anchor>,
    /// This side.
    pub local: Identity,
    /// The other side.
    pub peer: Identity,
    /// This side's key, in case its record is compact.
    pub local_key_hint: Option<KeyHint>,
    /// The peer's key, in case its record is compact. Used only if it hashes to the record's signer.
    pub peer_key_hint: Option<KeyHint>,
    /// What to read, at most [`MAX_READINGS`].
    pub queries: &'a [Query],
}

/// The records of both sides, and the readings, under one header.
struct Findings {
    local: Option<ProvenRecord>,
    peer: Option<ProvenRecord>,
    readings: Vec<Reading>,
}

/// What one endpoint proved at the head and at the proposed block.
struct Proven {
    at_head: Findings,
    /// `None` where the head itself is the anchor.
    at_anchor: Option<Findings>,
}

impl Resolver {
    /// Both records and the readings, proven at one block, in one batch to each endpoint. Both records are active at
    /// the newest block too, and the same there. From the follower where it watches all of it; never from memory.
    ///
    /// # Errors
    /// [`ResolveError`]: what is proven of either identity, what is wrong with the proposed block, or why nothing is proven.
    pub async fn view(&self, request: ViewRequest<'_>) -> Result<StateView, ResolveError> {
        self.check_request(&request)?;
        match self.view_followed(&request) {
            Some(followed) => followed,
            None => self.view_anew(request).await,
        }
    }

    /// As [`view`](Self::view), by asking the endpoints, whatever a follower has.
    ///
    /// # Errors
    /// As [`view`](Self::view).
    pub async fn view_anew(&self, request: ViewRequest<'_>) -> Result<StateView, ResolveError> {
        let since = Instant::now();
        self.check_request(&request)?;
        let question = self.question(&request);
        let survey = self.survey(&question).await?;
        let head = survey.head.header;
        let anchor = match request.anchor {
            Some(proposed) => Some(self.check_anchor(&proposed, &request.peer, &survey)?),
            None => None,
        };
        let proven = self.prove(&question, &survey, |heard| self.verify(&request, anchor, heard)).await?;
        self.learn_depth(self.policy().depth_for(&request.peer), &survey);
        let records = [(request.local, proven.at_head.local), (request.peer, proven.at_head.peer)];
        let [local, peer] = self.accept(&survey, records).await?;
        self.keep_head(&survey, since);
        let (local, peer) = (local?, peer?);
        let (header, readings) = match (anchor, proven.at_anchor) {
            (Some(anchor), Some(findings)) => {
                unchanged(findings.local, &local, &anchor)?;
                unchanged(findings.peer, &peer, &anchor)?;
                (anchor, findings.readings)
            }
            _ => (head, proven.at_head.readings),
        };
        let readings = self.with_calls(&header, request.queries, readings).await?;
        let local = self.key_of(&local, request.local_key_hint).await?;
        let peer = self.key_of(&peer, request.peer_key_hint).await?;
        proof::state_view(self.anchor_at(&header), local, peer, readings)
            .map_err(|too_many| ResolveError::TooManyQueries { count: too_many.count })
    }

    pub(crate) fn check_request(&self, request: &ViewRequest<'_>) -> Result<(), ResolveError> {
        let count = request.queries.len();
        if count > MAX_READINGS {
            return Err(ResolveError::TooManyQueries { count });
        }
        let Some(anchor) = request.anchor else { return Ok(()) };
        let (expected, got) = (self.chain_id(), anchor.chain_id);
        if expected != got {
            return Err(ResolveError::WrongChain { expected, got, endpoint: None });
        }
        let (expected, got) = (self.registry(), anchor.registry);
        if expected != got {
            return Err(ResolveError::WrongRegistry { expected, got });
        }
        Ok(())
    }

    fn question(&self, request: &ViewRequest<'_>) -> Question {
        let records = self.record_target(&[request.local, request.peer]);
        let mut all = vec![records.clone()];
        all.extend(reading_targets(request.queries));
        match request.anchor {
            None => Question::proofs_at_head(all),
            Some(anchor) => Question {
                anchor: Some(anchor.block_number),
                anchor_proofs: all,
                ..Question::proofs_at_head(vec![records])
            },
        }
        .with_deep(self.deep_block(self.policy().depth_for(&request.peer)))
    }

    /// The proposed block is known here, canonical, and recent.
    fn check_anchor(
        &self,
        proposed: &Anchor,
        peer: &Identity,
        survey: &Survey<'_>,
    ) -> Result<ProvenHeader, ResolveError> {
        let (number, claimed) = (proposed.block_number, B256::new(proposed.block_hash));
        let head = survey.head.header;
        if number > head.block().number {
            return Err(ResolveError::UnknownBlock { number, my_head: head.block().number });
        }
        let canonical = survey.anchor.filter(|anchor| anchor.block().hash == claimed);
        let Some(anchor) = canonical else {
            let canonical = survey.anchor.map(|anchor| anchor.block().hash);
            return Err(ResolveError::AnchorNotCanonical { number, claimed, canonical });
        };
        let age = Duration::from_secs(head.timestamp().saturating_sub(anchor.timestamp()));
        let maximum = self.policy().anchor_age_for(peer);
        if age > maximum {
            return Err(ResolveError::StaleAnchor { age, maximum });
        }
        Ok(anchor)
    }

    fn verify(
        &self,
        request: &ViewRequest<'_>,
        anchor: Option<ProvenHeader>,
        heard: &Heard<'_>,
    ) -> Result<Proven, ResolveError> {
        let answer = &heard.answer;
        let Some(anchor) = anchor else {
            let at_head = self.findings(request, request.queries, &heard.head, &answer.head_proofs, heard)?;
            return Ok(Proven { at_head, at_anchor: None });
        };
        let at_head = self.findings(request, &[], &heard.head, &answer.head_proofs, heard)?;
        let (local, peer) = (at_head.local, at_head.peer);
        let has_old_state = matches!(answer.anchor_proofs.first(), Some(Ok(_)));
        if !has_old_state && tells_all(local, &anchor) && tells_all(peer, &anchor) {
            let readings = read(request.queries, &anchor, &answer.anchor_proofs, heard)?;
            return Ok(Proven { at_head, at_anchor: Some(Findings { local, peer, readings }) });
        }
        // The state root comes from the agreed header, whatever header this endpoint showed for that height.
        let at_anchor = self.findings(request, request.queries, &anchor, &answer.anchor_proofs, heard)?;
        Ok(Proven { at_head, at_anchor: Some(at_anchor) })
    }

    fn findings(
        &self,
        request: &ViewRequest<'_>,
        queries: &[Query],
        header: &ProvenHeader,
        proofs: &[ProofAnswer],
        heard: &Heard<'_>,
    ) -> Result<Findings, ResolveError> {
        let records = nth(heard, proofs, 0)?;
        let registry = self.registry_account(heard, header, records)?;
        let local = record_of(heard, &registry, request.local, records, 0)?;
        let peer = record_of(heard, &registry, request.peer, records, 1)?;
        let readings = read(queries, header, proofs, heard)?;
        Ok(Findings { local, peer, readings })
    }
}

/// One `eth_getProof` per contract, in the order in which the queries first name them.
fn reading_targets(queries: &[Query]) -> Vec<ProofTarget> {
    let mut targets: Vec<ProofTarget> = Vec::new();
    for (account, slot) in queries.iter().filter_map(place) {
        match targets.iter_mut().find(|target| target.account == account) {
            Some(target) if target.slots.contains(&slot) => {}
            Some(target) => target.slots.push(slot),
            None => targets.push(ProofTarget { account, slots: vec![slot] }),
        }
    }
    targets
}

/// The readings, in the order of the queries. The first proof is the registry's, the others follow [`reading_targets`].
fn read(
    queries: &[Query],
    header: &ProvenHeader,
    proofs: &[ProofAnswer],
    heard: &Heard<'_>,
) -> Result<Vec<Reading>, ResolveError> {
    let mut found: Vec<(AccountAddress, B256, B256)> = Vec::with_capacity(queries.len());
    for (position, target) in reading_targets(queries).iter().enumerate() {
        let answer = nth(heard, proofs, position + 1)?;
        let account = header.account(target.account, answer).map_err(|what| invalid(heard, what))?;
        let Some(contract) = account.filter(proof::ProvenAccount::is_contract) else {
            let source_address = countersign_protocol::Address(target.account.into_array());
            return Err(ResolveError::NoSuchContract { source_address, block: header.block().number });
        };
        let values =
            contract.slots(&target.slots, &answer.storage_proof).map_err(|what| invalid(heard, what))?;
        found.extend(target.slots.iter().zip(values).map(|(slot, value)| (target.account, *slot, value)));
    }
    let value_of = |query: &Query| {
        let (account, slot) = place(query)?;
        let value = found.iter().find(|(at, key, _)| (*at, *key) == (account, slot))?.2;
        Some(Reading { query: query.clone(), value: Value::Word(value.0) })
    };
    Ok(queries.iter().filter_map(value_of).collect())
}

/// Where a storage slot is; a view call is at no one place.
fn place(query: &Query) -> Option<(AccountAddress, B256)> {
    match query {
        Query::StorageSlot { source, slot } => Some((account_address(*source), B256::new(*slot))),
        Query::ViewCall { .. } => None,
    }
}

/// Whether what is proven at the head tells all of a record at an older block, so that no node need keep that block's
/// state. One that is absent or revoked is refused whatever it was. Any other was the same at every block after the time
/// it names: the registry writes a word in three places (`KeyRecords.sol`), of which `_storeRegistered` and
/// `_storeRotated` store one that `_nextWord` gave the block's own time, and `_storeRevoked` marks it as revoked, from
/// which only a registration leads back. Strictly after: some chains give several blocks one time.
fn tells_all(at_head: Option<ProvenRecord>, anchor: &ProvenHeader) -> bool {
    at_head.is_none_or(|record| {
        record.word().revoked.is_some() || record.word().anchored_at < anchor.timestamp()
    })
}

/// The record at the proposed block is the one accepted at the head.
fn unchanged(
    anchored: Option<ProvenRecord>,
    newest: &ProvenRecord,
    anchor: &ProvenHeader,
) -> Result<(), ResolveError> {
    let identity = newest.identity();
    match anchored {
        None => Err(ResolveError::NotRegistered { identity, block: anchor.block().number }),
        Some(anchored) if anchored.word() == newest.word() => Ok(()),
        Some(anchored) => {
            let (anchored, newest) = (anchored.word().version, newest.word().version);
            Err(ResolveError::Rotated { identity, anchored, newest })
        }
    }
}
