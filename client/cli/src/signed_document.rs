//! Signed documents as files, and as they are shown.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use countersign::registry::consent::{
    Checked, DocumentError, SignedDocument, SignedKey, SignedRevocation, SigningDomain,
};
use serde::Serialize;

use crate::console::Report;
use crate::exit::Exit;
use crate::failure::{Failure, chain_of};
use crate::fields::Fields;
use crate::moment::{timestamp, timestamp_and_distance, unix_now};
use crate::party::{checksummed, shown};
use crate::settings::ChainSettings;

/// Reads a document from a file, or from standard input where the path is `-`, and checks what needs no chain.
pub(crate) fn read(path: &Path) -> Result<(SignedDocument, Checked), Failure> {
    let document = if path == Path::new(STANDARD_INPUT) {
        SignedDocument::read(std::io::stdin().lock())
    } else {
        SignedDocument::read(open(path)?)
    };
    let document = document.map_err(|error| Failure::from(error).in_file(path))?;
    let checked = document.check(unix_now()).map_err(|error| Failure::from(error).in_file(path))?;
    Ok((document, checked))
}

/// Refuses a document that the configured chain's registry would not take.
pub(crate) fn refuse_elsewhere(document: &SignedDocument, chain: &ChainSettings) -> Result<(), Failure> {
    let domain = document.domain();
    if domain.covers(chain.chain_id, chain.registry) {
        return Ok(());
    }
    let here = SigningDomain::Chain { chain_id: chain.chain_id, registry: chain.registry };
    let message = format!("the document is for the {domain}, and this is the {here}");
    Err(Failure::new(Exit::Document, "document_elsewhere", message)
        .hint("give --chain-id, --rpc and --registry of the chain it was signed for"))
}

/// What a document says and would do.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DocumentReport {
    document: &'static str,
    identity: String,
    /// Null where it is good on every chain.
    chain_id: Option<u64>,
    registry: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<u64>,
    /// Whether the owner's signature is by the key of its account; else the chain decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_key_signed: Option<bool>,
}

impl DocumentReport {
    pub(crate) fn new(document: &SignedDocument, checked: Checked) -> Self {
        let domain = document.domain();
        let mut report = Self {
            document: document.kind(),
            identity: shown(&document.identity()),
            chain_id: domain.chain_id(),
            registry: checksummed(&domain.registry()),
            version: None,
            signer: None,
            reason: None,
            deadline: document.deadline(),
            owner_key_signed: Some(checked == Checked::Whole),
        };
        match document {
            SignedDocument::Key(SignedKey { consent, .. }) => {
                let signer = countersign::protocol::Address(consent.terms.public_key.address());
                report.version = Some(consent.version);
                report.signer = Some(checksummed(&signer));
            }
            SignedDocument::Revocation(SignedRevocation { consent, .. }) => {
                report.version = Some(consent.version);
                report.reason = Some(consent.reason.to_string());
            }
            SignedDocument::Certificate(signed) => {
                report.signer = Some(checksummed(&signed.certificate.signer));
                report.reason = Some(signed.certificate.reason.to_string());
                report.owner_key_signed = None;
            }
        }
        report
    }

    pub(crate) fn fields(&self) -> Fields {
        let chain = match self.chain_id {
            Some(chain_id) => format!("{chain_id}, registry {}", self.registry),
            None => format!("every one, registry {}", self.registry),
        };
        let until = self.deadline.map(|deadline| timestamp_and_distance(deadline, unix_now()));
        let owner = self.owner_key_signed.map(|by_key| match by_key {
            true => "signed by the key of its account",
            false => "not signed by the key of its account; the chain decides whether its contract agrees",
        });
        Fields::default()
            .line("document", self.document)
            .line("identity", &self.identity)
            .line("chain", chain)
            .line_if("version", self.version)
            .line_if("signer", self.signer.as_ref())
            .line_if("reason", self.reason.as_ref())
            .line_if("owner", owner)
            .line_if("submit by", until)
    }
}

impl Report for DocumentReport {
    fn lines(&self) -> String {
        self.fields().to_string()
    }
}

/// In one sentence, what a document does to the registry.
pub(crate) fn effect(document: &SignedDocument) -> String {
    let identity = shown(&document.identity());
    match document {
        SignedDocument::Key(SignedKey { consent, .. }) => {
            let signer = checksummed(&countersign::protocol::Address(consent.terms.public_key.address()));
            let end = match consent.terms.valid_until {
                Some(until) => format!("until {}", timestamp(until.into())),
                None => "without end".into(),
            };
            let kept = if consent.terms.pinned { "pinned" } else { "compact" };
            format!("makes {signer} the key of {identity}: version {}, {end}, {kept}", consent.version)
        }
        SignedDocument::Revocation(SignedRevocation { consent, .. }) => {
            format!("revokes key version {} of {identity}, for good: {}", consent.version, consent.reason)
        }
        SignedDocument::Certificate(signed) => {
            let signer = checksummed(&signed.certificate.signer);
            format!("revokes the key {signer} of {identity}, for good: {}", signed.certificate.reason)
        }
    }
}

/// Whether it ends a key.
pub(crate) const fn revokes(document: &SignedDocument) -> bool {
    !matches!(document, SignedDocument::Key(_))
}

fn open(path: &Path) -> Result<impl Read, Failure> {
    let unreadable = |what: &dyn std::fmt::Display| {
        let message = format!("{} cannot be read: {what}", path.display());
        Failure::new(Exit::Document, "document_unreadable", message)
            .hint("countersign sign-registration --out FILE makes one; - reads standard input")
    };
    // To read a folder fails late and oddly.
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(unreadable(&"it is a folder")),
        Ok(_) => File::open(path).map_err(|error| unreadable(&error)),
        Err(error) => Err(unreadable(&error)),
    }
}

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Self {
        let (kind, hint) = match &error {
            DocumentError::Unreadable { .. } => ("document_unreadable", None),
            DocumentError::Expired { .. } => (
                "document_expired",
                Some("have it signed again: countersign sign-registration --deadline 7days"),
            ),
            DocumentError::Unsigned => (
                "document_unsigned",
                Some("its owner signs it: countersign sign-registration, or sign-revocation"),
            ),
            DocumentError::NotTheKeys | DocumentError::OtherKey { .. } | DocumentError::OtherScheme => {
                ("document_signature", Some("have it made again: countersign sign-registration"))
            }
            _ => ("document_malformed", None),
        };
        let failure = Self::new(Exit::Document, kind, chain_of(&error));
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

pub(crate) const STANDARD_INPUT: &str = "-";
