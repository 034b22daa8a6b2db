//! A key on its way into a record: what its holder must sign, and the transaction that carries the signature.

use alloy::primitives::{Address as AccountAddress, B256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::{Eip712Domain, SolCall, SolStruct, eip712_domain};
use countersign_protocol::{KeyAnswer, KeyRequest, Label};

use super::{KeyTerms, Registrar, WriteError, Written};
use crate::error::ResolveError;
use crate::interface::IKeyRegistry;

/// A registration or rotation that lacks its possession proof.
#[derive(Debug)]
pub struct PendingKey {
    registrar: Registrar,
    label: B256,
    terms: KeyTerms,
    version: u16,
    digest: B256,
    change: Change,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Register,
    Rotate,
}

impl PendingKey {
    pub(super) async fn prepare(
        registrar: &Registrar,
        label: Label,
        terms: KeyTerms,
        change: Change,
    ) -> Result<Self, WriteError> {
        let label = B256::new(label.0);
        let current = registrar.current_version(label).await?;
        let owner = registrar.owner();
        let version = current.checked_add(1).ok_or(super::RegistryRefusal::VersionsExhausted)?;
        let (x, y) = terms.public_key.xy();
        let claim =
            KeyPossession { owner: AccountAddress::new(owner.0), label, version, x: x.into(), y: y.into() };
        // Computed here: a node that computed it could have anything signed.
        let digest = claim.eip712_signing_hash(&registrar.domain());
        Ok(Self { registrar: registrar.clone(), label, terms, version, digest, change })
    }

    /// What the identity key is to sign.
    #[must_use]
    pub const fn request(&self) -> KeyRequest {
        KeyRequest::Sign { digest: self.digest.0 }
    }

    /// The version the key will have.
    #[must_use]
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// Sends the transaction with the key's signature, and waits for its block.
    ///
    /// # Errors
    /// [`WriteError::NotThisKeys`] where the answer is no signature by this key; otherwise why the contract or the
    /// node refused.
    pub async fn submit(self, answer: KeyAnswer) -> Result<Written, WriteError> {
        let KeyAnswer::Signature(signature) = answer else {
            return Err(WriteError::NotThisKeys);
        };
        let public_key = &self.terms.public_key;
        public_key.verify_prehash(&self.digest.0, &signature).map_err(|_| WriteError::NotThisKeys)?;
        let (r, vs) = compact(&signature.to_bytes_65());
        let (x, y) = public_key.xy();
        let registration = IKeyRegistry::Registration {
            x: x.into(),
            y: y.into(),
            r,
            vs,
            validUntil: self.terms.valid_until.unwrap_or(0),
            suiteFloor: self.terms.suite_floor,
            pinned: self.terms.pinned,
        };
        let label = self.label;
        match self.change {
            Change::Register => self.registrar.call(IKeyRegistry::registerCall { label, registration }).await,
            Change::Rotate => self.registrar.call(IKeyRegistry::rotateCall { label, registration }).await,
        }
    }
}

impl Registrar {
    async fn current_version(&self, label: B256) -> Result<u16, WriteError> {
        let call = IKeyRegistry::recordOfCall { owner: self.owner, label };
        let request = TransactionRequest::default().to(self.registry).input(call.abi_encode().into());
        let answer = self.ask("eth_call", self.provider.call(request)).await?;
        if answer.is_empty() {
            // A call of an account without code succeeds and returns nothing.
            let registry = countersign_protocol::Address(self.registry.into_array());
            return Err(ResolveError::NoRegistryHere { registry, found: None }.into());
        }
        let record = IKeyRegistry::recordOfCall::abi_decode_returns(&answer).map_err(|error| {
            let endpoint = self.endpoint.clone();
            ResolveError::BadAnswer { endpoint, method: "eth_call", detail: error.to_string() }
        })?;
        Ok(record.version)
    }

    fn domain(&self) -> Eip712Domain {
        eip712_domain! {
            name: "Countersign KeyRegistry",
            version: "1",
            chain_id: self.chain_id,
            verifying_contract: self.registry,
        }
    }
}

/// r, and s with the parity of R in its top bit (ERC-2098), from r || s || v with v 27 or 28.
fn compact(signature: &[u8; 65]) -> (B256, B256) {
    let [rs @ .., v] = signature;
    let (r, s) = rs.split_at(32);
    let parity = if *v == 28 { PARITY } else { B256::ZERO };
    (B256::from_slice(r), B256::from_slice(s) | parity)
}

/// The top bit, free in a low s.
const PARITY: B256 =
    alloy::primitives::b256!("8000000000000000000000000000000000000000000000000000000000000000");

alloy::sol! {
    /// What an identity key signs to enter a record.
    struct KeyPossession {
        address owner;
        bytes32 label;
        uint16 version;
        bytes32 x;
        bytes32 y;
    }
}
