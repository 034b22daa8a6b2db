//! A key on its way into a record: what its holder must sign, and the transaction that carries the signature.

use alloy::primitives::{B256, Bytes, aliases::U40};
use countersign_protocol::{Identity, KeyAnswer, KeyRequest};

use super::{Registrar, RegistryRefusal, WriteError, Written};
use crate::consent::{IdentitySignature, KeyChange, KeyClaim, KeyTerms, TypedData, account, word};
use crate::interface::IKeyRegistry;

/// A registration or rotation that lacks its possession proof.
#[derive(Debug)]
pub struct PendingKey {
    registrar: Registrar,
    claim: KeyClaim,
    terms: KeyTerms,
    change: KeyChange,
    digest: B256,
}

impl PendingKey {
    pub(super) async fn prepare(
        registrar: &Registrar,
        identity: Identity,
        terms: KeyTerms,
        change: KeyChange,
    ) -> Result<Self, WriteError> {
        let version = registrar.next_version(identity).await?;
        let claim = KeyClaim { identity, version, public_key: terms.public_key };
        // Computed here: a node that computed it could have anything signed.
        let digest = claim.digest(&registrar.domain());
        Ok(Self { registrar: registrar.clone(), claim, terms, change, digest })
    }

    /// What the identity key is to sign. For a key that signs with Schnorr the digest alone counts: its holders sign
    /// it their way, and [`submit_proof`](Self::submit_proof) takes what they made.
    #[must_use]
    pub const fn request(&self) -> KeyRequest {
        KeyRequest::Sign { digest: self.digest.0 }
    }

    /// The version the key will have.
    #[must_use]
    pub const fn version(&self) -> u16 {
        self.claim.version
    }

    /// Sends the transaction with the key's ECDSA signature, and waits for its block.
    ///
    /// # Errors
    /// [`WriteError::NotThisKeys`] where the answer is no signature by this key; otherwise why the contract or the
    /// node refused.
    pub async fn submit(self, answer: KeyAnswer) -> Result<Written, WriteError> {
        let proof = IdentitySignature::try_from(answer).map_err(|_| WriteError::NotThisKeys)?;
        self.submit_proof(proof).await
    }

    /// As [`submit`](Self::submit), in either scheme.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub async fn submit_proof(self, proof: IdentitySignature) -> Result<Written, WriteError> {
        if proof.scheme() != self.terms.scheme || proof.verify(&self.terms.public_key, &self.digest).is_err()
        {
            return Err(WriteError::NotThisKeys);
        }
        let Self { registrar, claim: KeyClaim { identity, .. }, change, .. } = self;
        let registration = registration(&self.terms, &proof)?;
        let (owner, label) = (account(identity.owner), word(identity.label));
        if identity.owner == registrar.account() {
            return match change {
                KeyChange::Register => {
                    registrar.call(IKeyRegistry::registerCall { label, registration }).await
                }
                KeyChange::Rotate => registrar.call(IKeyRegistry::rotateCall { label, registration }).await,
            };
        }
        // An empty signature: this account speaks for the owner, as its operator.
        let (deadline, signature) = (U40::MAX, Bytes::new());
        match change {
            KeyChange::Register => {
                let call = IKeyRegistry::registerForCall { owner, label, registration, deadline, signature };
                registrar.call(call).await
            }
            KeyChange::Rotate => {
                let call = IKeyRegistry::rotateForCall { owner, label, registration, deadline, signature };
                registrar.call(call).await
            }
        }
    }
}

/// A key with its possession proof, as the contract takes it.
pub(super) fn registration(
    terms: &KeyTerms,
    proof: &IdentitySignature,
) -> Result<IKeyRegistry::Registration, WriteError> {
    let (x, y) = terms.public_key.xy();
    let (r, s, v) = proof.parts();
    let reserved = RegistryRefusal::SuiteFloorReserved { suite_floor: terms.suite_floor };
    let terms = terms.pack(v).ok_or(reserved)?;
    Ok(IKeyRegistry::Registration { x: x.into(), y: y.into(), r, s, terms })
}
