//! DID documents, and what is said with them.

use alloy::primitives::Address as Checksummed;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Label, SignatureScheme};
use countersign_registry::RegistryAt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::identifier::{Did, DidMethod, Unresolved};
use crate::store::Entry;

/// A DID resolution result (W3C DID Resolution).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resolution {
    /// What gives the names their meaning in JSON-LD.
    #[serde(rename = "@context")]
    pub context: String,
    /// How it went.
    pub did_resolution_metadata: ResolutionMetadata,
    /// The document; null where there is none.
    #[schema(required = true)]
    pub did_document: Option<Document>,
    /// What is known of the document.
    pub did_document_metadata: DocumentMetadata,
}

/// How a resolution went.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResolutionMetadata {
    /// The document's media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub content_type: Option<String>,
    /// `invalidDid`, `notFound`, `methodNotSupported` or `representationNotSupported`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
    /// What is wrong, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message: Option<String>,
}

/// What is known of a document.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentMetadata {
    /// The height of the block that changed one of the account's records last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub version_id: Option<String>,
    /// That block's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub updated: Option<String>,
    /// Every identity key that the account had was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deactivated: Option<bool>,
}

/// A DID document (W3C DID Core).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DidDocument)]
pub struct Document {
    /// What gives the names their meaning in JSON-LD; not in `application/did+json`.
    #[serde(rename = "@context", default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<Value>,
    /// The DID.
    pub id: String,
    /// The account, and the identity keys that are good now.
    pub verification_method: Vec<Method>,
    /// Who speaks as the account: the account.
    pub authentication: Vec<String>,
    /// Whose statements are the account's: the account's.
    pub assertion_method: Vec<String>,
    /// With whom to agree on a channel's keys: the identity keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_agreement: Vec<String>,
}

/// A key, or an account that recovers from signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = VerificationMethod)]
pub struct Method {
    /// The DID, and after `#` the key's name: `key-VERSION` of the default identity, `LABEL/key-VERSION` of another.
    pub id: String,
    /// `EcdsaSecp256k1RecoveryMethod2020` of an account, `EcdsaSecp256k1VerificationKey2019` of an ECDSA key,
    /// `JsonWebKey2020` of a key that signs otherwise.
    #[serde(rename = "type")]
    pub kind: String,
    /// The DID.
    pub controller: String,
    /// The account, as CAIP-10 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub blockchain_account_id: Option<String>,
    /// The key, as RFC 7517 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub public_key_jwk: Option<PublicKeyJwk>,
    /// The account's own key, compressed, where the DID names the account by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub public_key_hex: Option<String>,
}

/// A secp256k1 key (RFC 8812).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicKeyJwk {
    /// Always `EC`.
    pub kty: String,
    /// Always `secp256k1`.
    pub crv: String,
    /// 32 bytes in base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    pub x: String,
    /// 32 bytes in base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    pub y: String,
}

/// What an identity key is called.
pub(super) struct KeyName<'a> {
    pub(super) entry: &'a Entry,
    /// Named too where the chain has several registries here.
    pub(super) registry: Option<RegistryAt>,
}

impl Document {
    /// The document of an account that registered nothing.
    pub(super) fn of(did: &Did) -> Self {
        let account = Checksummed::from(did.account.0).to_checksum(None);
        let controller = Method {
            blockchain_account_id: Some(format!("eip155:{}:{account}", did.chain_id)),
            ..Method::new(&did.text, did.controller_name(), "EcdsaSecp256k1RecoveryMethod2020")
        };
        let key = did.key.map(|key| Method {
            public_key_hex: Some(hex::encode(key.compressed())),
            ..Method::new(&did.text, "controllerKey", "EcdsaSecp256k1VerificationKey2019")
        });
        let methods: Vec<_> = std::iter::once(controller).chain(key).collect();
        let ids: Vec<_> = methods.iter().map(|method| method.id.clone()).collect();
        Self {
            context: context(),
            id: did.text.clone(),
            verification_method: methods,
            authentication: ids.clone(),
            assertion_method: ids,
            key_agreement: Vec::new(),
        }
    }

    /// Adds an identity key, for what it does: it agrees on keys. It does not speak as the account, so that an agent's key
    /// does not log in as its owner.
    pub(super) fn add(&mut self, method: Method) {
        self.key_agreement.push(method.id.clone());
        self.verification_method.push(method);
    }

    /// As the method did:ethr has it.
    pub(super) fn deactivated(self) -> Self {
        Self {
            verification_method: Vec::new(),
            authentication: Vec::new(),
            assertion_method: Vec::new(),
            key_agreement: Vec::new(),
            ..self
        }
    }

    pub(super) fn without_context(self) -> Self {
        Self { context: Vec::new(), ..self }
    }
}

impl Resolution {
    pub(super) fn resolved(document: Document, did_document_metadata: DocumentMetadata) -> Self {
        let content_type = Some("application/did+ld+json".into());
        Self {
            context: RESOLUTION_CONTEXT.into(),
            did_resolution_metadata: ResolutionMetadata { content_type, ..ResolutionMetadata::default() },
            did_document: Some(document),
            did_document_metadata,
        }
    }

    pub(super) fn unresolved(unresolved: &Unresolved) -> Self {
        let (error, message) = (Some(unresolved.code().into()), Some(unresolved.to_string()));
        Self {
            context: RESOLUTION_CONTEXT.into(),
            did_resolution_metadata: ResolutionMetadata { content_type: None, error, message },
            did_document: None,
            did_document_metadata: DocumentMetadata::default(),
        }
    }
}

impl Method {
    fn new(did: &str, name: &str, kind: &str) -> Self {
        Self {
            id: format!("{did}#{name}"),
            kind: kind.into(),
            controller: did.into(),
            blockchain_account_id: None,
            public_key_jwk: None,
            public_key_hex: None,
        }
    }
}

impl Did {
    /// As each method names the account's own.
    const fn controller_name(&self) -> &'static str {
        match self.method {
            DidMethod::Ethr => "controller",
            DidMethod::Pkh => "blockchainAccountId",
        }
    }
}

/// The key of a record; `None` where no key of its X coordinate has the record's signer as its address, which the registry
/// does not let happen.
pub(super) fn identity_key(did: &str, name: &KeyName<'_>) -> Option<Method> {
    let record = &name.entry.record;
    let fields = record.fields()?;
    let mut keys =
        [false, true].into_iter().filter_map(|odd| PublicKey::from_x_with_parity(&record.x.0, odd).ok());
    let (x, y) = keys.find(|key| key.address() == fields.signer.0)?.xy();
    let kind = match fields.scheme {
        SignatureScheme::Ecdsa => "EcdsaSecp256k1VerificationKey2019",
        SignatureScheme::Schnorr => "JsonWebKey2020",
    };
    let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
    let jwk = PublicKeyJwk { kty: "EC".into(), crv: "secp256k1".into(), x, y };
    Some(Method { public_key_jwk: Some(jwk), ..Method::new(did, &name.fragment(fields.version), kind) })
}

impl KeyName<'_> {
    fn fragment(&self, version: u16) -> String {
        let label = match self.entry.identity.label {
            Label::DEFAULT => String::new(),
            label => format!("{}/", percent_encoded(&label.to_string())),
        };
        let registry = self.registry.map(|registry| format!("@{}", registry.address)).unwrap_or_default();
        format!("{label}key-{version}{registry}")
    }
}

/// What is unreserved in a URI stays (RFC 3986, 2.3).
fn percent_encoded(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

/// The terms stand in the document, so that nobody has to fetch them (as the did:pkh method has it).
fn context() -> Vec<Value> {
    vec![
        json!("https://www.w3.org/ns/did/v1"),
        json!({
            "blockchainAccountId": "https://w3id.org/security#blockchainAccountId",
            "publicKeyJwk": { "@id": "https://w3id.org/security#publicKeyJwk", "@type": "@json" },
            "publicKeyHex": "https://w3id.org/security#publicKeyHex",
            "EcdsaSecp256k1RecoveryMethod2020":
                "https://identity.foundation/EcdsaSecp256k1RecoverySignature2020#EcdsaSecp256k1RecoveryMethod2020",
            "EcdsaSecp256k1VerificationKey2019": "https://w3id.org/security#EcdsaSecp256k1VerificationKey2019",
            "JsonWebKey2020": "https://w3id.org/security#JsonWebKey2020",
        }),
    ]
}

const RESOLUTION_CONTEXT: &str = "https://w3id.org/did-resolution/v1";
