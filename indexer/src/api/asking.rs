//! Whether whoever asks has the answer already.

use std::convert::Infallible;

use alloy::primitives::keccak256;
use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::IntoParams;

use super::problem::{Problem, ProblemKind};
use crate::store::Tip;

/// Which answer is held.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct Held {
    /// The `etag` of the answer that is held: where it is still the answer, 304 comes and no body.
    #[param(rename = "If-None-Match")]
    #[expect(
        dead_code,
        reason = "for the description; `Asking` reads the header, which may come more than once"
    )]
    if_none_match: Option<String>,
}

/// What is asked, and which answer is held.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    what: String,
    held: Vec<HeaderValue>,
}

impl Asking {
    /// Whether any answer is held.
    pub(super) const fn holds_any(&self) -> bool {
        !self.held.is_empty()
    }

    /// The answer as of `tip`, which is all it depends on beside what is asked. The same tip and question, the same
    /// answer: so nobody has to make it to know that.
    pub(super) fn answer(&self, tip: &Tip, body: &impl Serialize) -> Result<Response, Problem> {
        let validator = self.of_tip(tip);
        if self.holds(&validator) {
            return Ok(unchanged(&validator));
        }
        let json = serde_json::to_vec(body).map_err(|failure| no_json(&failure))?;
        Ok(sent(StatusCode::OK, &validator, JSON, json))
    }

    /// That the answer as of `tip` is the one that is held, if it is.
    pub(super) fn unchanged(&self, tip: &Tip) -> Option<Response> {
        let validator = self.of_tip(tip);
        self.holds(&validator).then(|| unchanged(&validator))
    }

    /// An answer that depends on more than one tip.
    pub(super) fn answer_by_content(
        &self,
        status: StatusCode,
        media_type: &'static str,
        body: &impl Serialize,
    ) -> Result<Response, Problem> {
        let json = serde_json::to_vec(body).map_err(|failure| no_json(&failure))?;
        let validator = self.validator(&json);
        if status == StatusCode::OK && self.holds(&validator) {
            return Ok(unchanged(&validator));
        }
        Ok(sent(status, &validator, media_type, json))
    }

    fn of_tip(&self, tip: &Tip) -> String {
        let mut state = tip.block.hash.to_vec();
        state.extend_from_slice(&tip.finalized.to_be_bytes());
        state.extend_from_slice(&tip.told_through.map_or(u64::MAX, |height| height).to_be_bytes());
        self.validator(&state)
    }

    /// Weak: an answer is the same however it is compressed.
    fn validator(&self, state: &[u8]) -> String {
        let mut preimage = env!("CARGO_PKG_VERSION").as_bytes().to_vec();
        preimage.push(0);
        preimage.extend_from_slice(self.what.as_bytes());
        preimage.push(0);
        preimage.extend_from_slice(state);
        let [a, b, c, d, e, f, g, h, ..] = keccak256(preimage).0;
        format!("W/\"{}\"", hex::encode([a, b, c, d, e, f, g, h]))
    }

    /// By weak comparison (RFC 9110, 8.8.3.2).
    fn holds(&self, validator: &str) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let held =
            self.held.iter().filter_map(|header| header.to_str().ok()).flat_map(|text| text.split(','));
        let wanted = opaque(validator);
        held.into_iter().any(|tag| tag.trim() == "*" || opaque(tag) == wanted)
    }
}

impl<S: Sync> FromRequestParts<S> for Asking {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let accepted = parts.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let held = parts.headers.get_all(IF_NONE_MATCH).iter().cloned().collect();
        Ok(Self { what: format!("{path} {accepted}"), held })
    }
}

fn unchanged(validator: &str) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    mark(response.headers_mut(), validator);
    response
}

fn sent(status: StatusCode, validator: &str, media_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    mark(headers, validator);
    response
}

fn mark(headers: &mut HeaderMap, validator: &str) {
    if let Ok(validator) = HeaderValue::from_str(validator) {
        headers.insert(ETAG, validator);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
}

fn no_json(failure: &serde_json::Error) -> Problem {
    tracing::error!(%failure, "an answer has no JSON");
    Problem::new(ProblemKind::Broken, "the answer could not be written; its operator has to look at the log")
}

pub(super) const JSON: &str = "application/json";
