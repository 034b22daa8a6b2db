//! A record proof as JSON.

use std::io::Read;

use alloy::primitives::{Address as AccountAddress, B256, Bytes};
use alloy::rpc::types::EIP1186AccountProofResponse;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Identity, Label};
use serde::{Deserialize, Serialize};

use super::{RecordProof, RecordProofError};

/// The document. All bytes are hexadecimal, with `0x`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// [`FORMAT`].
    document: String,
    /// [`VERSION`].
    version: u64,
    chain_id: u64,
    owner: AccountAddress,
    label: B256,
    /// RLP, the proven block's first, each the parent of the next.
    headers: Vec<Bytes>,
    /// The answer of `eth_getProof`: slots of word, X coordinate and bundle.
    proof: EIP1186AccountProofResponse,
    /// Compressed; of a compact record alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<Bytes>,
}

/// What tells the kind of a document, whatever its version has besides.
#[derive(Deserialize)]
struct Kind {
    document: String,
    version: u64,
}

impl RecordProof {
    /// Reads a document, of 4 MiB at most. Nothing is proven yet.
    ///
    /// # Errors
    /// [`RecordProofError`] where it cannot be read, or is none of this kind.
    pub fn read(source: impl Read) -> Result<Self, RecordProofError> {
        let mut text = Vec::new();
        source
            .take(MAX_BYTES + 1)
            .read_to_end(&mut text)
            .map_err(|error| RecordProofError::Unreadable { detail: error.to_string() })?;
        Self::from_json(&text)
    }

    /// As [`read`](Self::read), from memory.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_json(text: &[u8]) -> Result<Self, RecordProofError> {
        if text.len() as u64 > MAX_BYTES {
            return Err(RecordProofError::TooLong { limit: MAX_BYTES });
        }
        let kind: Kind = serde_json::from_slice(text).map_err(malformed)?;
        if kind.document != FORMAT {
            let detail = format!("it calls itself {:?}", kind.document.chars().take(64).collect::<String>());
            return Err(RecordProofError::Malformed { detail });
        }
        if kind.version != VERSION {
            return Err(RecordProofError::UnknownVersion { found: kind.version, known: VERSION });
        }
        let document: Document = serde_json::from_slice(text).map_err(malformed)?;
        let public_key = document.public_key.map(|bytes| key(&bytes)).transpose()?;
        let owner = Address(document.owner.into_array());
        Ok(Self {
            chain_id: document.chain_id,
            identity: Identity { owner, label: Label(document.label.0) },
            headers: document.headers,
            proof: document.proof,
            public_key,
        })
    }

    /// The document: JSON on several lines, a newline at its end.
    ///
    /// # Errors
    /// [`RecordProofError::Malformed`] where something in it has no JSON, which nothing has.
    pub fn to_json(&self) -> Result<String, RecordProofError> {
        let document = Document {
            document: FORMAT.into(),
            version: VERSION,
            chain_id: self.chain_id,
            owner: self.identity.owner.0.into(),
            label: self.identity.label.0.into(),
            headers: self.headers.clone(),
            proof: self.proof.clone(),
            public_key: self.public_key.map(|key| key.compressed().to_vec().into()),
        };
        serde_json::to_string_pretty(&document).map(|text| text + "\n").map_err(malformed)
    }
}

fn key(bytes: &Bytes) -> Result<PublicKey, RecordProofError> {
    let no_key = || RecordProofError::Malformed { detail: "its public_key is no compressed point".into() };
    let compressed: [u8; 33] = bytes.as_ref().try_into().map_err(|_| no_key())?;
    PublicKey::from_compressed(&compressed).map_err(|_| no_key())
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err has it")]
fn malformed(error: serde_json::Error) -> RecordProofError {
    RecordProofError::Malformed { detail: error.to_string() }
}

const FORMAT: &str = "countersign.record-proof";
const VERSION: u64 = 1;

/// Eight times what a proof with the most headers takes.
const MAX_BYTES: u64 = 4 << 20;
