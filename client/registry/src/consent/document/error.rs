//! Why a document is of no use.

use countersign_protocol::Address;

/// Why a signed document cannot be read, or cannot be submitted. Repeats nothing of the document but field names,
/// addresses and times: whoever opens the wrong file does not find its content in a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The file cannot be read.
    #[error("the document cannot be read: {kind}")]
    Unreadable {
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// It is longer than any document.
    #[error("this has more than {limit} bytes and is no signed document")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// It is not the JSON of a document.
    #[error("this is no signed document: {what} (line {line}, column {column})")]
    NotADocument {
        /// What is wrong.
        what: String,
        /// Where, from 1.
        line: usize,
        /// Where, from 1.
        column: usize,
    },
    /// It is of a kind, or a version, that is not known here.
    #[error(
        "this version reads countersign.registration.v1, countersign.rotation.v1, countersign.revocation.v1 and countersign.revocation-certificate.v1, not this kind of document; update, or look for the right file"
    )]
    UnknownKind,
    /// A field does not hold what it should.
    #[error("{field} must be {must_be}; have the document made again")]
    BadField {
        /// Its name.
        field: &'static str,
        /// What it holds in a good document.
        must_be: &'static str,
    },
    /// An address is mistyped: its upper and lower case letters are no checksum of it.
    #[error("{field} has a wrong checksum (EIP-55): a letter was changed; copy the address again")]
    BadChecksum {
        /// The field's name.
        field: &'static str,
    },
    /// The time to submit it is over.
    #[error("this was to be submitted until Unix time {deadline}, and it is {now}; have it signed again")]
    Expired {
        /// The last moment, in Unix seconds.
        deadline: u64,
        /// The clock's, in Unix seconds.
        now: u64,
    },
    /// No owner signed. The registry would take that for a call of the payer's own: its as owner, or as operator.
    #[error("the owner has not signed this document; have it signed")]
    Unsigned,
    /// The identity key did not sign this.
    #[error(
        "the identity key's signature does not hold: it was made by another key, or the document was changed"
    )]
    NotTheKeys,
    /// The certificate is not for the key that it shows.
    #[error("the certificate is for the key of signer {signer}, and shows another key; have it made again")]
    OtherKey {
        /// The signer that it names.
        signer: Address,
    },
    /// The key's signature is not of the scheme that the terms name.
    #[error(
        "the identity key's signature is not of the scheme that the owner agreed to; have it signed again"
    )]
    OtherScheme,
}
