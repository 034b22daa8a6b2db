//! What goes wrong, told to whoever asked (RFC 9457).

use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_registry::RegistryAt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::json::{ProofDocument, Tip};
use crate::store::StoreError;

/// Why there is no answer, and what to do.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: ProblemKind,
    detail: String,
    parameter: Option<String>,
    absence: Option<Box<Absence>>,
    retry_after: Option<Duration>,
}

/// As of when there is no record, and the proof.
#[derive(Clone, Debug)]
struct Absence {
    tip: Tip,
    proof: Option<serde_json::Value>,
}

/// The kinds of problems, each with its own `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// A parameter cannot be read, is unknown, or does not go with another.
    BadParameter,
    /// No such path.
    NoSuchPath,
    /// Nothing is registered under that owner and label.
    NoRecord,
    /// That chain or registry is not indexed here.
    NotIndexedHere,
    /// Only GET.
    OnlyGet,
    /// Too many questions from one client.
    TooFast,
    /// Nothing of that registry is indexed yet.
    NothingIndexed,
    /// It took too long.
    TooLong,
    /// As many streams are open as there may be.
    TooManyStreams,
    /// The store cannot be reached.
    StoreUnavailable,
    /// The chain's endpoints do not prove it.
    NotProven,
    /// This server's own fault.
    Broken,
}

/// A problem as it is sent: `application/problem+json` (RFC 9457).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Which problem: `urn:countersign:problem:` and its name.
    #[serde(rename = "type")]
    #[schema(pattern = "^urn:countersign:problem:[a-z-]+$")]
    pub kind: String,
    /// The problem's name in words; the same for all of its type.
    pub title: String,
    /// The answer's status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong this time, and what to do.
    pub detail: String,
    /// Which parameter is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parameter: Option<String>,
    /// As of which block there is no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tip: Option<Tip>,
    /// The proof that there is no record, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProofDocument>, nullable = false)]
    pub proof: Option<serde_json::Value>,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { kind, detail, parameter: None, absence: None, retry_after: kind.retry_after() }
    }

    pub(super) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self { parameter: Some(name.to_owned()), ..Self::new(ProblemKind::BadParameter, detail) }
    }

    pub(super) fn nothing_indexed(registry: RegistryAt) -> Self {
        let detail = format!(
            "nothing is indexed yet of registry {} on chain {}; ask again later",
            registry.address, registry.chain_id
        );
        Self::new(ProblemKind::NothingIndexed, detail)
    }

    pub(super) fn no_record(detail: String, tip: Tip, proof: Option<serde_json::Value>) -> Self {
        Self { absence: Some(Box::new(Absence { tip, proof })), ..Self::new(ProblemKind::NoRecord, detail) }
    }

    pub(super) fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// What goes out.
    #[must_use]
    pub fn document(self) -> ProblemDocument {
        let (tip, proof) = self.absence.map_or((None, None), |absence| (Some(absence.tip), absence.proof));
        ProblemDocument {
            kind: format!("urn:countersign:problem:{}", self.kind.name()),
            title: self.kind.title().into(),
            status: self.kind.status().as_u16(),
            detail: self.detail,
            parameter: self.parameter,
            tip,
            proof,
        }
    }
}

impl ProblemKind {
    /// The status that it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadParameter => StatusCode::BAD_REQUEST,
            Self::NoSuchPath | Self::NoRecord | Self::NotIndexedHere => StatusCode::NOT_FOUND,
            Self::OnlyGet => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooFast => StatusCode::TOO_MANY_REQUESTS,
            Self::NothingIndexed | Self::TooLong | Self::TooManyStreams | Self::StoreUnavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::NotProven => StatusCode::BAD_GATEWAY,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::BadParameter => "bad-parameter",
            Self::NoSuchPath => "no-such-path",
            Self::NoRecord => "no-record",
            Self::NotIndexedHere => "not-indexed-here",
            Self::OnlyGet => "only-get",
            Self::TooFast => "too-fast",
            Self::NothingIndexed => "nothing-indexed",
            Self::TooLong => "too-long",
            Self::TooManyStreams => "too-many-streams",
            Self::StoreUnavailable => "store-unavailable",
            Self::NotProven => "not-proven",
            Self::Broken => "broken",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::BadParameter => "A parameter is wrong",
            Self::NoSuchPath => "There is no such path",
            Self::NoRecord => "There is no such record",
            Self::NotIndexedHere => "That chain or registry is not indexed here",
            Self::OnlyGet => "Only GET is answered",
            Self::TooFast => "Too many questions",
            Self::NothingIndexed => "Nothing is indexed yet",
            Self::TooLong => "The answer took too long",
            Self::TooManyStreams => "Too many streams are open",
            Self::StoreUnavailable => "The store cannot be reached",
            Self::NotProven => "The chain's endpoints did not prove it",
            Self::Broken => "The indexer is at fault",
        }
    }

    const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::NothingIndexed | Self::TooLong | Self::StoreUnavailable | Self::NotProven => {
                Some(Duration::from_secs(5))
            }
            Self::TooManyStreams => Some(Duration::from_secs(30)),
            Self::TooFast => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}

impl From<StoreError> for Problem {
    fn from(failure: StoreError) -> Self {
        match failure {
            StoreError::NotIndexed(registry) => Self::nothing_indexed(registry),
            StoreError::Ahead { .. } => Self::parameter("block", failure.to_string()),
            StoreError::Unavailable { .. } | StoreError::Busy | StoreError::Full { .. } => {
                // What the engine says is for the operator.
                tracing::warn!(%failure, "the store does not answer");
                Self::new(ProblemKind::StoreUnavailable, "the store does not answer now; ask again later")
            }
            StoreError::Moved { .. }
            | StoreError::Misconfigured { .. }
            | StoreError::Format { .. }
            | StoreError::Damaged { .. } => {
                tracing::error!(%failure, "the store fails");
                Self::new(
                    ProblemKind::Broken,
                    "the store fails; its operator has to look at the indexer's log",
                )
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.kind.status(), self.retry_after);
        // A document of strings and numbers always has a JSON.
        let body = serde_json::to_vec(&self.document()).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = retry_after {
            headers.insert(RETRY_AFTER, whole_seconds(wait).into());
        }
        response
    }
}

/// Rounded up: whoever waits less is refused again.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
