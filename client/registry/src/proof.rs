//! From what a node answered to what is proven: pure, synchronous, no IO, no clock.
//!
//! ```text
//! Header ──recompute──► ProvenHeader ──account──► ProvenAccount ──slot──► word ──record──► PeerKey
//! ```
//! This is the only production caller of [`PeerKey::proven`] and [`StateView::proven`]. Each proof is bound to
//! the address and the slot that *we* asked for; what an answer says of itself is compared, never believed.

use alloy::consensus::Header;
use alloy::eips::BlockNumHash;
use alloy::primitives::{Address as AccountAddress, B256, Bytes, U256, keccak256};
use alloy::rpc::types::{EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_trie::proof::verify_proof;
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY, Nibbles, TrieAccount};
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Anchor, Identity, KeyMismatch, PeerKey, Reading, StateView, TooManyReadings};

use crate::artifact;
use crate::error::ProofPart;
use crate::word::{RecordSlots, RecordWord};

/// A header whose hash was recomputed from its fields. Whether that block is canonical is the quorum's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenHeader {
    hash: B256,
    number: u64,
    parent_hash: B256,
    state_root: B256,
    timestamp: u64,
}

/// An account that exists under a header's state root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenAccount {
    storage_root: B256,
    code_hash: B256,
}

/// A record that exists in the registry's storage, and the key's X coordinate where the record is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenRecord {
    identity: Identity,
    word: RecordWord,
    pinned: Option<PublicKey>,
}

impl ProvenHeader {
    /// Recomputes the hash of a header.
    ///
    /// # Errors
    /// [`ProofPart::HeaderHash`] where it is not `expected`: one field differs from what was hashed.
    pub fn recompute(header: &Header, expected: B256) -> Result<Self, ProofPart> {
        let computed = header.hash_slow();
        if computed != expected {
            return Err(ProofPart::HeaderHash { computed, expected });
        }
        Ok(Self {
            hash: computed,
            number: header.number,
            parent_hash: header.parent_hash,
            state_root: header.state_root,
            timestamp: header.timestamp,
        })
    }

    /// Recomputes the header of this block's parent.
    ///
    /// # Errors
    /// [`ProofPart::HeaderHash`] where it is another block's; [`ProofPart::OtherBlock`] where its height is not the one
    /// below, which a trusted chain never shows.
    pub fn parent(&self, header: &Header) -> Result<Self, ProofPart> {
        let parent = Self::recompute(header, self.parent_hash)?;
        let (asked, got) = (self.number.saturating_sub(1), parent.number);
        if asked == got { Ok(parent) } else { Err(ProofPart::OtherBlock { asked, got }) }
    }

    /// Proves an account present, with what it holds, or absent (`None`).
    ///
    /// # Errors
    /// [`ProofPart`] where the answer is for another account, has no nodes, or does not hold.
    pub fn account(
        &self,
        asked: AccountAddress,
        answer: &EIP1186AccountProofResponse,
    ) -> Result<Option<ProvenAccount>, ProofPart> {
        if answer.address != asked {
            return Err(ProofPart::OtherAccount { asked, got: answer.address });
        }
        if answer.account_proof.is_empty() && self.state_root != EMPTY_ROOT_HASH {
            return Err(ProofPart::AccountProofMissing { account: asked });
        }
        let path = Nibbles::unpack(keccak256(asked));
        let holds = |value: Option<Vec<u8>>| {
            verify_proof(self.state_root, path, value, &answer.account_proof).is_ok()
        };
        let claimed = TrieAccount {
            nonce: answer.nonce,
            balance: answer.balance,
            storage_root: answer.storage_hash,
            code_hash: answer.code_hash,
        };
        if holds(Some(alloy::rlp::encode(claimed))) {
            let TrieAccount { storage_root, code_hash, .. } = claimed;
            return Ok(Some(ProvenAccount { storage_root, code_hash }));
        }
        // Nodes differ in how they spell an absent account's hashes, so only emptiness is looked at before absence is proven.
        let empty = answer.nonce == 0 && answer.balance.is_zero();
        if empty && holds(None) { Ok(None) } else { Err(ProofPart::AccountNodes { account: asked }) }
    }

    /// The block's hash and height.
    #[must_use]
    pub const fn block(&self) -> BlockNumHash {
        BlockNumHash { number: self.number, hash: self.hash }
    }

    /// The parent block's hash.
    #[must_use]
    pub const fn parent_hash(&self) -> B256 {
        self.parent_hash
    }

    /// The block's time, in Unix seconds.
    #[must_use]
    pub const fn timestamp(&self) -> u64 {
        self.timestamp
    }
}

impl ProvenAccount {
    /// Proves the values of slots, zero where a slot's absence is proven. The answer must hold one proof for each
    /// slot asked for, in that order.
    ///
    /// # Errors
    /// [`ProofPart`] where one is for another slot, has no nodes, or does not hold.
    pub fn slots(&self, asked: &[B256], answer: &[EIP1186StorageProof]) -> Result<Vec<B256>, ProofPart> {
        asked
            .iter()
            .enumerate()
            .map(|(position, slot)| {
                let proof = answer.get(position).ok_or(ProofPart::OtherSlot { asked: *slot })?;
                self.slot(*slot, proof)
            })
            .collect()
    }

    /// Proves the value of one slot, zero where absence is proven.
    ///
    /// # Errors
    /// As [`slots`](Self::slots).
    pub fn slot(&self, asked: B256, answer: &EIP1186StorageProof) -> Result<B256, ProofPart> {
        if answer.key.as_b256() != asked {
            return Err(ProofPart::OtherSlot { asked });
        }
        if answer.proof.is_empty() && self.storage_root != EMPTY_ROOT_HASH {
            return Err(ProofPart::StorageProofMissing { slot: asked });
        }
        let value = answer.value;
        self.holds(asked, value, &answer.proof)
            .then(|| B256::from(value))
            .ok_or(ProofPart::StorageNodes { slot: asked })
    }

    /// The root of the account's storage: the same as long as all of it is the same.
    #[must_use]
    pub const fn storage_root(&self) -> B256 {
        self.storage_root
    }

    /// Keccak-256 of the account's code.
    #[must_use]
    pub const fn code_hash(&self) -> B256 {
        self.code_hash
    }

    /// Whether the account has code at all.
    #[must_use]
    pub fn is_contract(&self) -> bool {
        self.code_hash != KECCAK_EMPTY
    }

    /// The account proven at the registry's address, if its code is the registry's; otherwise the hash of the code that
    /// is there, if any is.
    pub(crate) fn of_registry(at_its_address: Option<Self>) -> Result<Self, Option<B256>> {
        match at_its_address {
            Some(account) if account.code_hash == artifact::key_registry_code_hash() => Ok(account),
            other => Err(other.filter(Self::is_contract).map(|account| account.code_hash)),
        }
    }

    fn holds(&self, slot: B256, value: U256, nodes: &[Bytes]) -> bool {
        let path = Nibbles::unpack(keccak256(slot));
        // The trie holds no zeros: a zero value is an absent key.
        let expected = (!value.is_zero()).then(|| alloy::rlp::encode(value));
        verify_proof(self.storage_root, path, expected, nodes).is_ok()
    }
}

impl ProvenRecord {
    /// Proves a record from the registry's storage; `None` where its absence is proven. `answer` holds the proofs
    /// of the record's word and of its X coordinate, in that order.
    ///
    /// # Errors
    /// [`ProofPart`] as in [`ProvenAccount::slots`].
    pub fn in_registry(
        registry: &ProvenAccount,
        identity: Identity,
        answer: &[EIP1186StorageProof],
    ) -> Result<Option<Self>, ProofPart> {
        let RecordSlots { word: word_slot, x: x_slot, .. } = RecordSlots::of(&identity);
        let [word, x] = answer else {
            return Err(ProofPart::OtherSlot { asked: word_slot });
        };
        let word = registry.slot(word_slot, word)?;
        let x = registry.slot(x_slot, x)?;
        Ok(RecordWord::parse(word).map(|word| Self { identity, word, pinned: key_with_x(x, &word) }))
    }

    /// What a proof of that word would show.
    #[cfg(test)]
    pub(crate) const fn stored(identity: Identity, word: RecordWord) -> Self {
        Self { identity, word, pinned: None }
    }

    /// Whose record.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// What it says.
    #[must_use]
    pub const fn word(&self) -> &RecordWord {
        &self.word
    }

    /// The key, where the record is pinned: the root Y of its X whose point hashes to the signer.
    #[must_use]
    pub const fn pinned(&self) -> Option<&PublicKey> {
        self.pinned.as_ref()
    }

    /// The proven key: the pinned one, otherwise `candidate` if it hashes to the record's signer.
    ///
    /// # Errors
    /// [`KeyMismatch`] where it does not.
    pub fn peer_key(&self, candidate: PublicKey) -> Result<PeerKey, KeyMismatch> {
        PeerKey::proven(self.word.record(self.identity), self.pinned.unwrap_or(candidate))
    }

    /// The proven key, if it is one of the two points with that X coordinate.
    #[must_use]
    pub fn peer_key_with_x(&self, x: B256) -> Option<PeerKey> {
        key_with_x(x, &self.word).and_then(|key| self.peer_key(key).ok())
    }
}

/// Joins what was proven under one header into the view that a handshake binds.
///
/// # Errors
/// [`TooManyReadings`] over [`countersign_protocol::MAX_READINGS`].
pub(crate) fn state_view(
    anchor: Anchor,
    local: PeerKey,
    peer: PeerKey,
    readings: Vec<Reading>,
) -> Result<StateView, TooManyReadings> {
    StateView::proven(anchor, local, peer, readings)
}

/// Of the two points with that X coordinate, the one that hashes to the signer. A rotation to a compact record leaves
/// the old X in storage, where it counts for nothing.
fn key_with_x(x: B256, word: &RecordWord) -> Option<PublicKey> {
    if x.is_zero() {
        return None;
    }
    [false, true]
        .into_iter()
        .filter_map(|odd| PublicKey::from_x_with_parity(&x.0, odd).ok())
        .find(|key| key.address() == word.signer.0)
}
