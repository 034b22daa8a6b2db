//! A proof of one record that travels: whoever trusts a block's hash checks it without any node.
//!
//! ```text
//! a block's hash, trusted ─► header ─► parent's header ─► … ─► state root ─► the registry's account ─► the record
//! ```

mod document;
mod error;
mod making;

use alloy::consensus::Header;
use alloy::eips::BlockNumHash;
use alloy::primitives::{B256, Bytes, keccak256};
use alloy::rlp::Decodable;
use alloy::rpc::types::EIP1186AccountProofResponse;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Identity};

pub use error::RecordProofError;

use crate::error::ProofPart;
use crate::proof::{ProvenAccount, ProvenHeader, ProvenRecord};
use crate::resolver::account_address;
use crate::standing::Standing;
use crate::word::RecordSlots;

/// Everything that proves what the registry says of one identity at one block, absence included, but for one thing: that
/// the block is one of the chain's. For that [`verify`](Self::verify) takes a hash that its caller trusts.
///
/// Says nothing of any later block: the key may have been revoked since. On Ethereum it takes 10 KB of JSON while the
/// registry is small (7.3 KB of it prove the account), some 20 KB with ten thousand records, and 1.3 KB more for each
/// header between the proven block and the trusted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordProof {
    chain_id: u64,
    identity: Identity,
    /// RLP, so that what is hashed are the bytes. The proven block's first, each the parent of the next.
    headers: Vec<Bytes>,
    /// As a node answered it: the registry's account, and the slots of word, X coordinate and bundle.
    proof: EIP1186AccountProofResponse,
    /// The key of a compact record, which names a fingerprint alone.
    public_key: Option<PublicKey>,
}

/// What a [`RecordProof`] proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedRecord {
    /// Whose record.
    pub identity: Identity,
    /// The chain, as the proof's maker says: no header names its chain, and the trusted hash alone decides.
    pub claimed_chain_id: u64,
    /// The block at which it is proven.
    pub block: BlockNumHash,
    /// The block's time, in Unix seconds.
    pub timestamp: u64,
    /// The record; `None` where its absence is proven.
    pub record: Option<ProvenRecord>,
    /// The key: pinned, or one that came along and hashes to the record's signer.
    pub public_key: Option<PublicKey>,
    /// Keccak-256 of what the identity publishes beside its key; zero for nothing.
    pub bundle_hash: B256,
}

impl RecordProof {
    /// Checks everything against the hash of a block that the caller trusts: the proven block, or one of those that follow
    /// it in the proof. `registry` is the one that the caller means; another one with the same code proves nothing.
    ///
    /// # Errors
    /// [`RecordProofError`]: what does not hold. It is the proof's fault, unless the hash or the registry is not the one
    /// that the caller meant.
    pub fn verify(&self, registry: Address, trusted: B256) -> Result<VerifiedRecord, RecordProofError> {
        let headers = self.linked()?;
        let (Some(proven), Some(newest)) = (headers.first(), headers.last()) else {
            return Err(RecordProofError::HeaderCount { count: 0 });
        };
        if !headers.iter().any(|header| header.block().hash == trusted) {
            let (oldest, newest) = (proven.block(), newest.block());
            return Err(RecordProofError::NotTrusted { trusted, oldest, newest });
        }
        self.verify_at(proven, registry)
    }

    /// The chain that its maker says the block is of, by its EIP-155 id.
    #[must_use]
    pub const fn claimed_chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Whose record it proves.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// The newest of its blocks: trust its hash, and all of it is proven.
    ///
    /// # Errors
    /// [`RecordProofError`] where the headers are no chain.
    pub fn newest(&self) -> Result<BlockNumHash, RecordProofError> {
        let newest = self.linked()?.last().map(ProvenHeader::block);
        newest.ok_or(RecordProofError::HeaderCount { count: 0 })
    }

    fn verify_at(
        &self,
        proven: &ProvenHeader,
        registry: Address,
    ) -> Result<VerifiedRecord, RecordProofError> {
        let account = ProvenAccount::of_registry(proven.account(account_address(registry), &self.proof)?)
            .map_err(|found| RecordProofError::NoRegistry { registry, found })?;
        let slots = RecordSlots::of(&self.identity);
        let [word, x, bundle] = self.proof.storage_proof.as_slice() else {
            return Err(ProofPart::OtherSlot { asked: slots.word }.into());
        };
        let record = ProvenRecord::in_registry(&account, self.identity, &[word.clone(), x.clone()])?;
        let bundle_hash = account.slot(slots.bundle, bundle)?;
        Ok(VerifiedRecord {
            identity: self.identity,
            claimed_chain_id: self.chain_id,
            block: proven.block(),
            timestamp: proven.timestamp(),
            public_key: self.key_of(record.as_ref())?,
            record,
            bundle_hash,
        })
    }

    fn key_of(&self, record: Option<&ProvenRecord>) -> Result<Option<PublicKey>, RecordProofError> {
        let Some(record) = record else { return Ok(None) };
        match record.pinned().copied().or(self.public_key) {
            Some(key) if Address(key.address()) == record.word().signer => Ok(Some(key)),
            Some(key) => {
                let (signer, shown) = (record.word().signer, Address(key.address()));
                Err(RecordProofError::OtherKey { signer, shown })
            }
            None => Ok(None),
        }
    }

    /// The headers, each the parent of the next.
    fn linked(&self) -> Result<Vec<ProvenHeader>, RecordProofError> {
        let count = self.headers.len();
        if count == 0 || count > MAX_HEADERS {
            return Err(RecordProofError::HeaderCount { count });
        }
        let mut linked: Vec<ProvenHeader> = Vec::with_capacity(count);
        for (position, bytes) in self.headers.iter().enumerate() {
            let header = decode(bytes).ok_or(RecordProofError::HeaderMalformed { position })?;
            if linked.last().is_some_and(|parent| parent.block().hash != header.parent_hash()) {
                return Err(RecordProofError::HeaderUnlinked { position });
            }
            linked.push(header);
        }
        Ok(linked)
    }
}

impl VerifiedRecord {
    /// How the identity stood at the proven block, by that block's time.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing::of(self.record.as_ref(), self.timestamp)
    }
}

/// A header of these very bytes: whatever else they could mean, the hash is of them.
fn decode(bytes: &Bytes) -> Option<ProvenHeader> {
    let mut rest = bytes.as_ref();
    let header = Header::decode(&mut rest).ok().filter(|_| rest.is_empty())?;
    ProvenHeader::recompute(&header, keccak256(bytes)).ok()
}

/// Headers in one proof: 51 minutes of Ethereum, and 300 KB.
pub(crate) const MAX_HEADERS: usize = 256;
