//! What owners and identity keys sign for somebody else to submit: made, signed, stored and checked without a node.
//!
//! ```text
//! KeyConsent ──claim──► KeyClaim ──digest──► identity key ──► IdentitySignature ┐
//!     └──digest or typed_data──► the owner's account ──► OwnerSignature ────────┴► SignedKey         ┐
//! RevocationConsent ──digest or typed_data──► the owner's account ─────────────► SignedRevocation    ├► SignedDocument
//! RevocationCertificate ──digest──► identity key ──────────────────────────────► SignedCertificate   ┘   (JSON)
//! ```
//! Whoever has ether submits a document: [`Registrar::submit`](crate::write::Registrar::submit). The contract checks
//! all of it again; what is checked here saves a transaction that must fail.

mod certificate;
mod document;
mod domain;
mod identity_signature;
mod key;
mod owner_signature;
mod revocation;
mod schnorr;
mod terms;
mod typed;

pub use certificate::RevocationCertificate;
pub use document::{
    Checked, DocumentError, MAX_DOCUMENT_BYTES, SignedCertificate, SignedDocument, SignedKey,
    SignedRevocation,
};
pub use domain::SigningDomain;
pub use identity_signature::{IdentitySignature, SignatureError};
pub use key::{KeyChange, KeyClaim, KeyConsent};
pub use owner_signature::{MAX_OWNER_SIGNATURE_BYTES, OwnerSignature, OwnerSignatureError};
pub use revocation::RevocationConsent;
pub use schnorr::SchnorrSignature;
pub use terms::KeyTerms;
pub use typed::TypedData;

pub(crate) use typed::{account, word};
