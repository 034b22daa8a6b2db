//! What the quorums sign: the registry's typed data, and digests at large.

use alloy::primitives::{Address, B256, keccak256};
use alloy::sol;
use alloy::sol_types::{Eip712Domain, SolStruct, eip712_domain};
use serde_json::{Value, json};

use crate::quorum::GroupKey;

/// A record that a quorum's key is for.
pub(crate) struct Record {
    number: usize,
    key: GroupKey,
    owner: Address,
    label: B256,
    version: u16,
    chain_id: u64,
    registry: Address,
}

/// One thing to sign.
pub(crate) struct Document {
    pub(crate) name: &'static str,
    pub(crate) digest: B256,
    /// `domain` and `message`, where it has a type.
    pub(crate) typed: Value,
}

sol! {
    struct KeyPossession { address owner; bytes32 label; uint16 version; bytes32 x; bytes32 y; }
    struct RevocationCertificate { address owner; bytes32 label; address signer; uint8 reason; }
}

impl Record {
    pub(crate) fn numbered(number: usize, key: GroupKey) -> Self {
        let word = |what: &str| keccak256(format!("{what} {number}"));
        let version = [1, 2, 1, 7, 65535, 1];
        Self {
            number,
            key,
            owner: Address::from_word(word("owner")),
            label: if number.is_multiple_of(2) { B256::ZERO } else { word("label") },
            version: version.get(number).copied().unwrap_or(1),
            chain_id: if number == 0 { 1 } else { 31_337 },
            registry: Address::from_word(word("registry")),
        }
    }

    /// A digest, and possession and revocation for the record's chain and for every chain.
    pub(crate) fn documents(&self) -> Vec<Document> {
        let Self { owner, label, version, key: GroupKey { x, y }, .. } = *self;
        let possession = KeyPossession { owner, label, version, x, y };
        // Of six reasons each is once in the file.
        let reason = self.number.try_into().unwrap_or_default();
        let certificate = RevocationCertificate { owner, label, signer: self.key.signer(), reason };
        let possession_json =
            json!({ "owner": owner.to_checksum(None), "label": label, "version": version, "x": x, "y": y });
        let certificate_json = json!({ "owner": owner.to_checksum(None), "label": label, "signer": certificate.signer.to_checksum(None), "reason": reason });
        let mut all = vec![self.digest_at_large()];
        for domain in [self.chain_domain(), self.every_chain_domain()] {
            all.push(Document::typed("KeyPossession", &possession, &possession_json, &domain));
            all.push(Document::typed("RevocationCertificate", &certificate, &certificate_json, &domain));
        }
        all
    }

    /// Zero, all ones, and what is like a hash.
    fn digest_at_large(&self) -> Document {
        let digest = match self.number {
            0 => B256::ZERO,
            1 => B256::repeat_byte(0xff),
            number => keccak256(format!("digest {number}")),
        };
        Document { name: "Digest", digest, typed: json!({}) }
    }

    fn chain_domain(&self) -> Eip712Domain {
        eip712_domain! {
            name: "Countersign KeyRegistry",
            version: "1",
            chain_id: self.chain_id,
            verifying_contract: self.registry,
        }
    }

    fn every_chain_domain(&self) -> Eip712Domain {
        eip712_domain! {
            name: "Countersign KeyRegistry on every chain",
            version: "1",
            verifying_contract: self.registry,
        }
    }
}

impl Document {
    fn typed(name: &'static str, what: &impl SolStruct, message: &Value, domain: &Eip712Domain) -> Self {
        let mut parts = json!({
            "name": domain.name,
            "version": domain.version,
            "verifyingContract": domain.verifying_contract.map(|registry| registry.to_checksum(None)),
        });
        if let (Some(id), Some(parts)) = (domain.chain_id, parts.as_object_mut()) {
            parts.insert("chainId".into(), json!(id.saturating_to::<u64>()));
        }
        Self {
            name,
            digest: what.eip712_signing_hash(domain),
            typed: json!({ "domain": parts, "message": message }),
        }
    }
}
