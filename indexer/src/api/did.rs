//! Accounts and their identity keys as decentralized identifiers.
//!
//! `did:ethr` (ERC-1056's method) and `did:pkh` name accounts, and need no registration: an account that registered nothing
//! has a document too. What ERC-1056 contracts hold is not looked at; the keys come from the Countersign registry.

mod document;
mod identifier;
mod representation;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use countersign_registry::RegistryAt;
use utoipa::IntoParams;

use super::asking::{Asking, Held};
use super::documentation::NotItsFault;
use super::parameters::{Given, InPath, InQuery, Parameters};
use super::problem::{Problem, ProblemDocument};
use super::registries::Nothing;
use super::shared::Shared;
use crate::record::Status;
use crate::store::{Entry, RecordQuery, Selection};
pub use document::{Document, DocumentMetadata, Method, PublicKeyJwk, Resolution, ResolutionMetadata};
use document::{KeyName, identity_key};
use identifier::{Did, Unresolved};
use representation::Representation;

/// A DID.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfDid {
    /// `did:ethr:ADDRESS`, `did:ethr:CHAIN:ADDRESS` with the chain's name or its id as 0x and digits, either with a
    /// compressed public key in place of the address; or `did:pkh:eip155:CHAIN:ADDRESS`.
    did: String,
}

/// Resolves a DID: an account, with its identity keys of that chain.
///
/// The interface is that of W3C's DID Resolution over HTTP, and of a Universal Resolver driver: asked for
/// `application/did+ld+json` or `application/did+json` it answers with the document alone.
#[utoipa::path(
    get,
    path = "/1.0/identifiers/{did}",
    operation_id = "resolve",
    tag = "identifiers",
    params(
        OfDid,
        Held,
        ("Accept" = Option<String>, Header, description = "In which form: the whole result, or the document alone."),
    ),
    responses(
        (
            status = 200,
            description = "The document, alone or with what is known of it.",
            content(
                (Resolution = "application/did-resolution"),
                (Document = "application/did+ld+json"),
                (Document = "application/did+json"),
            ),
            headers(("etag" = String, description = "Of this answer.")),
        ),
        (
            status = 400,
            description = "It is no DID, or a parameter is wrong.",
            content(
                (Resolution = "application/did-resolution"),
                (ProblemDocument = "application/problem+json"),
            ),
        ),
        (
            status = 404,
            description = "Its chain is not indexed here.",
            body = Resolution,
            content_type = "application/did-resolution",
        ),
        (
            status = 406,
            description = "There is no such representation.",
            body = Resolution,
            content_type = "application/did-resolution",
        ),
        (
            status = 410,
            description = "The DID is deactivated: every identity key that the account had was revoked.",
            content(
                (Resolution = "application/did-resolution"),
                (Document = "application/did+ld+json"),
                (Document = "application/did+json"),
            ),
        ),
        (
            status = 501,
            description = "Its method is not known here.",
            body = Resolution,
            content_type = "application/did-resolution",
        ),
        NotItsFault,
    )
)]
pub(super) async fn resolve(
    State(api): State<Arc<Shared>>,
    InPath(OfDid { did }): InPath<OfDid>,
    InQuery(Nothing): InQuery<Nothing>,
    asking: Asking,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let resolved = match (Representation::accepted(&headers), Did::read(&did)) {
        (None, _) => Err(Unresolved::NoRepresentation),
        (_, Err(unresolved)) => Err(unresolved),
        (Some(wanted), Ok(did)) => api.resolved(&did).await?.map(|resolution| (wanted, resolution)),
    };
    let (wanted, resolution) = match resolved {
        Ok(resolved) => resolved,
        Err(unresolved) => {
            let (status, resolution) = (unresolved.status(), Resolution::unresolved(&unresolved));
            return asking.answer_by_content(status, Representation::Resolution.media_type(), &resolution);
        }
    };
    let status = match resolution.did_document_metadata.deactivated {
        Some(true) => StatusCode::GONE,
        _ => StatusCode::OK,
    };
    let media_type = wanted.media_type();
    match (wanted, resolution.did_document) {
        (Representation::Resolution, did_document) => {
            let resolution = Resolution { did_document, ..resolution };
            asking.answer_by_content(status, media_type, &resolution)
        }
        (Representation::JsonLd, document) => asking.answer_by_content(status, media_type, &document),
        (Representation::Json, document) => {
            asking.answer_by_content(status, media_type, &document.map(Document::without_context))
        }
    }
}

impl Shared {
    async fn resolved(&self, did: &Did) -> Result<Result<Resolution, Unresolved>, Problem> {
        let registries = self.registries_of(did.chain_id).await?;
        if registries.is_empty() {
            return Ok(Err(Unresolved::ChainNotIndexed(did.chain_id)));
        }
        let is_only = registries.len() == 1;
        let mut document = Document::of(did);
        let (mut newest, mut held, mut revoked) = (None, 0_usize, 0_usize);
        for registry in registries {
            for (entry, status) in self.entries(registry, did).await? {
                held += 1;
                revoked += usize::from(status == Status::Revoked);
                newest = newest.max(Some((entry.changed.place.block, entry.changed.timestamp)));
                let name = KeyName { entry: &entry, registry: (!is_only).then_some(registry) };
                if let (Status::Active, Some(method)) = (status, identity_key(&did.text, &name)) {
                    document.add(method);
                }
            }
        }
        let deactivated = did.can_be_deactivated() && held > 0 && held == revoked;
        let metadata = DocumentMetadata {
            version_id: newest.map(|(block, _)| block.to_string()),
            updated: newest.map(|(_, time)| date(time)),
            deactivated: deactivated.then_some(true),
        };
        let document = if deactivated { document.deactivated() } else { document };
        Ok(Ok(Resolution::resolved(document, metadata)))
    }

    /// The account's records, and what each is worth now.
    async fn entries(&self, registry: RegistryAt, did: &Did) -> Result<Vec<(Entry, Status)>, Problem> {
        let selection = Selection::Owner(did.account);
        let query = RecordQuery { selection, status: None, after: None, limit: MOST_KEYS };
        let answer = self.store.records(registry, query).await?;
        let time = answer.tip.timestamp;
        Ok(answer.value.entries.into_iter().map(|entry| (entry, entry.record.status_at(time))).collect())
    }
}

impl Parameters for OfDid {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        Ok(Self { did: given.required("did")? })
    }
}

/// As DID Core, 7.3, has it: UTC, without fractions of a second.
fn date(time: u64) -> String {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(time.min(LAST_DATE))).unwrap_or(UNIX_EPOCH);
    humantime::format_rfc3339_seconds(time).to_string()
}

/// The end of the year 9999, beyond which dates have another form.
const LAST_DATE: u64 = 253_402_300_799;

/// In a document, for each registry: 200 KB. An account with more lists them at `/v1/{chain_id}/records`.
const MOST_KEYS: usize = 1000;
