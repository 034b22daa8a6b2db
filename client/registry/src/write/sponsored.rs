//! What somebody else signed, submitted by the account that pays.

use alloy::primitives::{B256, Bytes};
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::SolCall;
use countersign_protocol::Identity;

use super::operator::seconds;
use super::pending_key::registration;
use super::{Registrar, RegistryRefusal, WriteError, Written, reason_code};
use crate::acceptance::unix_now;
use crate::consent::{
    Checked, KeyChange, KeyConsent, KeyTerms, OwnerSignature, RevocationConsent, SignedCertificate,
    SignedDocument, SignedKey, SignedRevocation, SigningDomain, TypedData, account, word,
};
use crate::interface::IKeyRegistry;
use crate::word::RevocationReason;

impl Registrar {
    /// What an owner must sign to have a key registered or rotated by somebody else, until a deadline in Unix seconds:
    /// for the version that follows the record's current one, by this node's word.
    ///
    /// # Errors
    /// [`WriteError`] where the record's version cannot be read or was the last, or there is no registry.
    pub async fn propose(
        &self,
        change: KeyChange,
        identity: Identity,
        terms: KeyTerms,
        deadline: u64,
    ) -> Result<KeyConsent, WriteError> {
        seconds(deadline)?;
        let version = self.next_version(identity).await?;
        Ok(KeyConsent { change, identity, version, terms, deadline })
    }

    /// What an owner must sign to have the record's current key revoked by somebody else: as [`propose`](Self::propose).
    ///
    /// # Errors
    /// As [`propose`](Self::propose), and [`RegistryRefusal::NotRegistered`].
    pub async fn propose_revocation(
        &self,
        identity: Identity,
        reason: RevocationReason,
        deadline: u64,
    ) -> Result<RevocationConsent, WriteError> {
        seconds(deadline)?;
        let record = self.record(identity).await?.ok_or(RegistryRefusal::NotRegistered { identity })?;
        Ok(RevocationConsent { identity, version: record.version, reason, deadline })
    }

    /// Submits a signed document, and waits for its block. Anybody may: this account only pays.
    ///
    /// # Errors
    /// [`WriteError::Document`] and [`WriteError::OtherDomain`] where it could only fail, [`WriteError::OutOfTurn`]
    /// where the record has moved on, [`WriteError::CostlyOwner`] where the owner's contract wants too much gas; otherwise why the contract or the node refused.
    pub async fn submit(&self, document: &SignedDocument) -> Result<Written, WriteError> {
        let sent = self.send(document, None).await?;
        self.wait(sent).await
    }

    /// As [`submit`](Self::submit), without waiting: gives the transaction's hash, for [`wait`](Self::wait) or
    /// [`find`](Self::find). With a nonce, it takes the place of whatever waits under it.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub async fn send(&self, document: &SignedDocument, nonce: Option<u64>) -> Result<B256, WriteError> {
        let input = self.submission(document)?;
        let gas = self.bounded_gas(document, &input).await;
        let fixed = |gas| TransactionRequest { nonce, gas, ..Default::default() };
        let outcome = match gas {
            Ok(gas) => self.send_raw(fixed(gas), account(self.registry), input).await,
            Err(error) => Err(error),
        };
        self.explained(outcome, document).await
    }

    /// Has the node try a signed document without submitting it: whether it would be taken now.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub async fn simulate(&self, document: &SignedDocument) -> Result<(), WriteError> {
        let input = self.submission(document)?;
        let outcome = match self.bounded_gas(document, &input).await {
            Ok(_) => self.try_out(input).await.map(drop),
            Err(error) => Err(error),
        };
        self.explained(outcome, document).await
    }

    /// Submits many registrations in one transaction, each for a record never used, of an owner that signed with its
    /// account's key. A record that exists by now is passed over.
    ///
    /// # Errors
    /// [`WriteError::NotForBatch`] for an entry that does not belong here, which names its owner; otherwise as
    /// [`submit`](Self::submit). One entry that the contract refuses fails all of them, and is named.
    pub async fn register_many(&self, keys: &[SignedKey]) -> Result<Written, WriteError> {
        let sent = self.send_many(keys, None).await?;
        self.wait(sent).await
    }

    /// As [`register_many`](Self::register_many), without waiting: as [`send`](Self::send).
    ///
    /// # Errors
    /// As [`register_many`](Self::register_many).
    pub async fn send_many(&self, keys: &[SignedKey], nonce: Option<u64>) -> Result<B256, WriteError> {
        if keys.is_empty() || keys.len() > MAX_BATCH {
            return Err(WriteError::BatchSize { size: keys.len() });
        }
        let entries = keys.iter().map(|key| self.batch_entry(key)).collect::<Result<Vec<_>, _>>()?;
        let input = IKeyRegistry::registerForManyCall { entries }.abi_encode();
        let fixed = TransactionRequest { nonce, ..Default::default() };
        self.send_raw(fixed, account(self.registry), input.into()).await
    }

    /// The call that a document makes, if it can succeed at all.
    fn submission(&self, document: &SignedDocument) -> Result<Bytes, WriteError> {
        self.require_here(document.domain())?;
        document.check(unix_now())?;
        match document {
            SignedDocument::Key(key) => key_call(key),
            SignedDocument::Revocation(revocation) => revocation_call(revocation),
            SignedDocument::Certificate(certificate) => certificate_call(certificate),
        }
    }

    /// Whoever pays runs the owner's code, which may use whatever it is given: it gets what it used when it was tried,
    /// if that is little. `None` where no code of the owner is asked.
    async fn bounded_gas(&self, document: &SignedDocument, input: &Bytes) -> Result<Option<u64>, WriteError> {
        if document.check(unix_now())? == Checked::Whole {
            return Ok(None);
        }
        let gas = self.estimate(input.clone()).await?;
        if gas > MAX_GAS_WITH_OWNERS_CODE {
            let owner = document.identity().owner;
            return Err(WriteError::CostlyOwner { owner, gas });
        }
        Ok(Some(gas))
    }

    fn batch_entry(&self, key: &SignedKey) -> Result<IKeyRegistry::SponsoredRegistration, WriteError> {
        let KeyConsent { identity, change, version, deadline, terms } = key.consent;
        self.require_here(key.domain)?;
        let not_for_batch = |reason| WriteError::NotForBatch { identity, reason };
        if change != KeyChange::Register || version != 1 {
            return Err(not_for_batch("only the registration of a record never used, version 1, is"));
        }
        key.check(unix_now())?;
        let by_key = key.owner_signature.compact(identity.owner, &key.consent.digest(&key.domain));
        let by_key =
            by_key.ok_or_else(|| not_for_batch("only what the key of the owner's account signed is"))?;
        let (r, vs) = by_key.split_at(32);
        Ok(IKeyRegistry::SponsoredRegistration {
            owner: account(identity.owner),
            label: word(identity.label),
            deadline: seconds(deadline)?,
            registration: registration(&terms, &key.possession)?,
            r: B256::from_slice(r),
            vs: B256::from_slice(vs),
        })
    }

    fn require_here(&self, signed: SigningDomain) -> Result<(), WriteError> {
        if signed.covers(self.chain_id, self.registry) {
            return Ok(());
        }
        Err(WriteError::OtherDomain { signed, here: self.domain() })
    }

    /// A key's signature that holds here and not on chain was made for another version.
    async fn explained<T>(
        &self,
        outcome: Result<T, WriteError>,
        document: &SignedDocument,
    ) -> Result<T, WriteError> {
        let (Err(WriteError::Refused(RegistryRefusal::PossessionNotProven { .. })), SignedDocument::Key(key)) =
            (&outcome, document)
        else {
            return outcome;
        };
        let (identity, signed) = (key.consent.identity, key.consent.version);
        let record = self.record(identity).await?.map_or(0, |record| record.version);
        if record.checked_add(1) == Some(signed) {
            outcome
        } else {
            Err(WriteError::OutOfTurn { identity, record, signed })
        }
    }
}

fn key_call(key: &SignedKey) -> Result<Bytes, WriteError> {
    let KeyConsent { change, identity, terms, deadline, .. } = key.consent;
    let (owner, label) = (account(identity.owner), word(identity.label));
    let (registration, deadline) = (registration(&terms, &key.possession)?, seconds(deadline)?);
    let signature = submitted(&key.owner_signature, identity, &key.consent, &key.domain);
    let input = match change {
        KeyChange::Register => {
            IKeyRegistry::registerForCall { owner, label, registration, deadline, signature }.abi_encode()
        }
        KeyChange::Rotate => {
            IKeyRegistry::rotateForCall { owner, label, registration, deadline, signature }.abi_encode()
        }
    };
    Ok(input.into())
}

fn revocation_call(revocation: &SignedRevocation) -> Result<Bytes, WriteError> {
    let RevocationConsent { identity, version, reason, deadline } = revocation.consent;
    let call = IKeyRegistry::revokeForCall {
        owner: account(identity.owner),
        label: word(identity.label),
        version,
        reason: reason_code(reason)?,
        deadline: seconds(deadline)?,
        signature: submitted(&revocation.owner_signature, identity, &revocation.consent, &revocation.domain),
    };
    Ok(call.abi_encode().into())
}

fn certificate_call(signed: &SignedCertificate) -> Result<Bytes, WriteError> {
    let certificate = signed.certificate;
    let call = IKeyRegistry::revokeByKeyCall {
        owner: account(certificate.identity.owner),
        label: word(certificate.identity.label),
        reason: reason_code(certificate.reason)?,
        signature: signed.signature.for_contract(&signed.public_key),
    };
    Ok(call.abi_encode().into())
}

/// An owner's signature as it costs least.
fn submitted(
    signature: &OwnerSignature,
    identity: Identity,
    signed: &impl TypedData,
    domain: &SigningDomain,
) -> Bytes {
    let compact = signature.compact(identity.owner, &signed.digest(domain));
    compact.map_or_else(|| signature.as_bytes().clone(), Into::into)
}

/// How many registrations one transaction may carry: pinned ones take about 60,000 gas each, and a transaction may use
/// 2^24 (EIP-7825).
pub const MAX_BATCH: usize = 200;

/// The gas that is paid for a transaction in which an owner's contract is asked: enough for a Safe with a hundred owners.
pub const MAX_GAS_WITH_OWNERS_CODE: u64 = 1_000_000;
