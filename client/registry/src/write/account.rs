//! The account that pays, and its word given as a signature instead of a transaction.

use alloy::primitives::Bytes;
use alloy::providers::Provider;
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::TransportError;
use countersign_protocol::Address;

use super::{Registrar, WriteError};
use crate::consent::{OwnerSignature, SigningDomain, TypedData, account};

/// Who pays: the owner of a record, its operator, or anybody with what the owner signed.
#[derive(Clone, Debug)]
pub enum PayingAccount {
    /// An account whose key the node holds, as a development node does.
    Unlocked(Address),
    /// An account whose key is here; transactions are signed before they leave.
    Wallet(PrivateKeySigner),
}

impl PayingAccount {
    /// Its address.
    #[must_use]
    pub const fn address(&self) -> Address {
        match self {
            Self::Unlocked(address) => *address,
            Self::Wallet(signer) => Address(signer.address().into_array()),
        }
    }
}

impl Registrar {
    /// This account's own consent, for somebody else to submit. A wallet signs here; for an unlocked account the node
    /// does, by `eth_signTypedData_v4`, and what it answers counts only if this account's key made it.
    ///
    /// # Errors
    /// [`WriteError::NotSigned`] where the account's key did not sign this; otherwise why the node refused.
    pub async fn sign_typed(
        &self,
        data: &impl TypedData,
        domain: &SigningDomain,
    ) -> Result<OwnerSignature, WriteError> {
        let account = self.account();
        let not_signed = |detail: String| WriteError::NotSigned { account, detail };
        if let PayingAccount::Wallet(signer) = &self.account {
            return OwnerSignature::sign(signer, data, domain).map_err(|error| not_signed(error.to_string()));
        }
        let bytes = self.ask_to_sign(data, domain).await?;
        // Computed here: a node that showed the account other data would be found out.
        let digest = data.digest(domain);
        let signature = OwnerSignature::from_wallet(&bytes, account, &digest);
        let signature = signature.map_err(|error| not_signed(error.to_string()))?;
        if signature.is_by(account, &digest) {
            return Ok(signature);
        }
        Err(not_signed("the node gave another account's signature, or one over something else".into()))
    }

    async fn ask_to_sign(&self, data: &impl TypedData, domain: &SigningDomain) -> Result<Bytes, WriteError> {
        const METHOD: &str = "eth_signTypedData_v4";
        let params = (account(self.account()), data.typed_data(domain));
        let asked = self.provider.raw_request::<_, Bytes>(METHOD.into(), params);
        let answer: Result<Bytes, TransportError> =
            tokio::time::timeout(self.policy.request_timeout, asked).await.map_err(|_| self.too_slow())?;
        answer.map_err(|error| WriteError::refused(&self.endpoint, METHOD, self.account(), error))
    }
}
