//! Operators: who may act for an owner, and what they do.

use alloy::primitives::{Bytes, aliases::U40};
use countersign_protocol::{Address, Identity};

use super::{PendingKey, Registrar, WriteError, Written, reason_code};
use crate::consent::{KeyChange, KeyTerms, account, word};
use crate::interface::IKeyRegistry;
use crate::word::RevocationReason;

impl Registrar {
    /// Allows an account to register under unused labels, rotate, revoke and anchor bundles for this one, until a time
    /// in Unix seconds; `None` ends it now.
    ///
    /// # Errors
    /// [`WriteError::BeyondTime`] for a time from 2^40 on; otherwise why the contract or the node refused.
    pub async fn set_operator(&self, operator: Address, until: Option<u64>) -> Result<Written, WriteError> {
        let until = seconds(until.unwrap_or(0))?;
        self.call(IKeyRegistry::setOperatorCall { operator: account(operator), until }).await
    }

    /// Unix seconds from which `operator` may no longer act for `owner`; 0 if it never could. What the node says,
    /// unproven.
    ///
    /// # Errors
    /// [`WriteError`] where the node does not answer or has no registry.
    pub async fn operator_until(&self, owner: Address, operator: Address) -> Result<u64, WriteError> {
        let call = IKeyRegistry::operatorUntilCall { owner: account(owner), operator: account(operator) };
        Ok(self.view(call).await?.to())
    }

    /// As [`register`](Self::register), for an owner of which this account is a live operator. Not for records that
    /// were ever used: those only their owner brings back.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub async fn register_as_operator(
        &self,
        identity: Identity,
        terms: KeyTerms,
    ) -> Result<PendingKey, WriteError> {
        PendingKey::prepare(self, identity, terms, KeyChange::Register).await
    }

    /// As [`rotate`](Self::rotate), for an owner of which this account is a live operator.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub async fn rotate_as_operator(
        &self,
        identity: Identity,
        terms: KeyTerms,
    ) -> Result<PendingKey, WriteError> {
        PendingKey::prepare(self, identity, terms, KeyChange::Rotate).await
    }

    /// As [`revoke`](Self::revoke), for an owner of which this account is a live operator. Revokes the version that the
    /// record has now.
    ///
    /// # Errors
    /// As [`revoke`](Self::revoke).
    pub async fn revoke_as_operator(
        &self,
        identity: Identity,
        reason: RevocationReason,
    ) -> Result<Written, WriteError> {
        let version = self.record(identity).await?.map_or(0, |record| record.version);
        self.call(IKeyRegistry::revokeForCall {
            owner: account(identity.owner),
            label: word(identity.label),
            version,
            reason: reason_code(reason)?,
            deadline: U40::MAX,
            signature: Bytes::new(),
        })
        .await
    }
}

/// Unix seconds as the contract takes them.
pub(super) fn seconds(until: u64) -> Result<U40, WriteError> {
    U40::try_from(until).map_err(|_| WriteError::BeyondTime { until })
}
