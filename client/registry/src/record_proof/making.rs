//! Making a record proof from what endpoints show, and checking one against the chain as they agree on it.

use std::ops::RangeInclusive;

use alloy::rpc::types::Header;
use countersign_protocol::Identity;

use super::{MAX_HEADERS, RecordProof, RecordProofError, VerifiedRecord};
use crate::error::{ProofPart, ResolveError};
use crate::node::Node;
use crate::proof::ProvenHeader;
use crate::question::{ProofTarget, Question};
use crate::resolver::{Resolver, account_address};
use crate::survey::hear;
use crate::word::RecordSlots;

impl Resolver {
    /// A proof of what the registry says of `identity` at block `at`, absence included; at the newest block where that is
    /// `None`. With the headers up to block `through` it convinces whoever trusts the hash of any block in between.
    ///
    /// Endpoints that keep no old state refuse proofs of old blocks.
    ///
    /// # Errors
    /// [`RecordProofError::NoSpan`] and [`RecordProofError::TooFar`] where no proof leads from one block to the
    /// other; [`RecordProofError::Chain`] where no endpoint shows what holds.
    pub async fn prove_record(
        &self,
        identity: Identity,
        at: Option<u64>,
        through: Option<u64>,
    ) -> Result<RecordProof, RecordProofError> {
        let newest = match through.or(at) {
            Some(height) => self.header_at(height).await?,
            None => self.survey(&Question::head()).await?.head.header,
        };
        let through = newest.block().number;
        let heights = at.unwrap_or(through)..=through;
        let at = *heights.start();
        match through.checked_sub(at).map(usize::try_from) {
            None => return Err(RecordProofError::NoSpan { at, through }),
            Some(Ok(above)) if above < MAX_HEADERS => {}
            Some(_) => return Err(RecordProofError::TooFar { at, through }),
        }
        let ask = |node| self.proof_from(node, identity, heights.clone(), &newest);
        let (proof, verified) = self.ask_in_turn(ask).await?;
        let public_key = match verified.record {
            Some(record) if verified.public_key.is_none() => {
                let found = self.key_of(&record, None).await;
                found.map(|peer_key| *peer_key.public_key()).map_err(|failure| {
                    tracing::debug!(%failure, "the proof goes without the key itself");
                })
            }
            _ => Err(()),
        };
        Ok(RecordProof { public_key: public_key.ok(), ..proof })
    }

    /// Checks a proof against the chain, as the trusted endpoints agree on it: the newest of its blocks must be one of
    /// this chain's.
    ///
    /// # Errors
    /// [`RecordProofError`]: what does not hold, or why nothing is known of the block.
    pub async fn verify_record_proof(&self, proof: &RecordProof) -> Result<VerifiedRecord, RecordProofError> {
        let (expected, claimed) = (self.chain_id(), proof.chain_id);
        if expected != claimed {
            return Err(RecordProofError::OtherChain { expected, claimed });
        }
        let shown = proof.newest()?;
        let canonical = self.header_at(shown.number).await?.block();
        if canonical.hash != shown.hash {
            let (number, claimed, canonical) = (shown.number, shown.hash, Some(canonical.hash));
            return Err(ResolveError::AnchorNotCanonical { number, claimed, canonical }.into());
        }
        proof.verify(self.registry(), canonical.hash)
    }

    /// One endpoint's proof, whole and verified.
    async fn proof_from(
        &self,
        node: &Node,
        identity: Identity,
        heights: RangeInclusive<u64>,
        newest: &ProvenHeader,
    ) -> Result<(RecordProof, VerifiedRecord), ResolveError> {
        let RecordSlots { word, x, bundle } = RecordSlots::of(&identity);
        let account = account_address(self.registry());
        let target = ProofTarget { account, slots: vec![word, x, bundle] };
        let at = *heights.start();
        let question = Question { head: at.into(), ..Question::proofs_at_head(vec![target]) };
        let headers = node.headers(heights.collect()).await?;
        let answered = hear(node, &question).await?.answer.head_proofs.into_iter().next();
        let proof = answered
            .unwrap_or_else(|| Err(node.bad_answer("eth_getProof", "it left the proof out".into())))?;
        let proof = RecordProof {
            chain_id: self.chain_id(),
            identity,
            headers: headers.iter().map(encoded).collect(),
            proof,
            public_key: None,
        };
        // What a header says of its own hash is not looked at: its bytes are.
        let verified = proof.verify(self.registry(), newest.block().hash);
        let verified = verified.map_err(|flaw| flaw_of(node, flaw))?;
        match verified.block.number {
            got if got == at => Ok((proof, verified)),
            got => Err(flaw_of(node, ProofPart::OtherBlock { asked: at, got }.into())),
        }
    }
}

fn encoded(header: &Header) -> alloy::primitives::Bytes {
    alloy::rlp::encode(&header.inner).into()
}

/// Whose fault it is that a proof just made does not hold: the endpoint's, but for a registry that is not there.
fn flaw_of(node: &Node, flaw: RecordProofError) -> ResolveError {
    let what = match flaw {
        RecordProofError::NoRegistry { registry, found } => {
            return ResolveError::NoRegistryHere { registry, found };
        }
        RecordProofError::NotTrusted { trusted: expected, newest, .. } => {
            ProofPart::HeaderHash { computed: newest.hash, expected }
        }
        RecordProofError::Invalid(what) => what,
        other => return node.bad_answer("eth_getBlockByNumber", other.to_string()),
    };
    node.lied(what)
}
