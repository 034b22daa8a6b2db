//! One beacon node, asked over HTTP: `/eth/v1/beacon/light_client` of the beacon API, in JSON, which all of them serve.

use std::time::Duration;

use alloy::primitives::B256;
use alloy::transports::http::reqwest::Url;
use countersign_light_client::{Bootstrap, Malformed, Preset, Refusal, Update};

use crate::endpoint::{Endpoint, Target};
use crate::error::{BeaconDoubt, ResolveError};
use crate::http::{BoundedHttp, HttpFailure};
use crate::policy::TrustError;

/// A beacon node and the connections to it.
#[derive(Debug)]
pub(super) struct BeaconServer {
    endpoint: Endpoint,
    http: BoundedHttp,
    base: Url,
    timeout: Duration,
}

impl BeaconServer {
    pub(super) fn new(
        endpoint: Endpoint,
        timeout: Duration,
        max_response_bytes: usize,
    ) -> Result<Self, ResolveError> {
        let Target::Http(base) = endpoint.target() else {
            return Err(TrustError::BeaconWithoutHttp { endpoint }.into());
        };
        let base = base.clone();
        let http = BoundedHttp::new(base.clone(), timeout, max_response_bytes).map_err(|failure| {
            ResolveError::Unreachable { endpoint: endpoint.clone(), detail: failure.to_string() }
        })?;
        Ok(Self { endpoint, http, base, timeout })
    }

    pub(super) async fn bootstrap(
        &self,
        preset: Preset,
        block_root: B256,
    ) -> Result<Bootstrap, ResolveError> {
        let answer = self.fetch(BOOTSTRAP, &format!("/{block_root}"), &[]).await?;
        Bootstrap::from_answer(preset, &answer).map_err(|malformed| self.malformed(malformed))
    }

    pub(super) async fn updates(
        &self,
        preset: Preset,
        start: u64,
        count: u64,
    ) -> Result<Vec<Update>, ResolveError> {
        let answer = self.fetch(UPDATES, "", &[("start_period", start), ("count", count)]).await?;
        Update::from_updates_answer(preset, &answer).map_err(|malformed| self.malformed(malformed))
    }

    pub(super) async fn finality_update(&self, preset: Preset) -> Result<Update, ResolveError> {
        let answer = self.fetch(FINALITY, "", &[]).await?;
        Update::from_finality_answer(preset, &answer).map_err(|malformed| self.malformed(malformed))
    }

    pub(super) async fn optimistic_update(&self, preset: Preset) -> Result<Update, ResolveError> {
        let answer = self.fetch(OPTIMISTIC, "", &[]).await?;
        Update::from_optimistic_answer(preset, &answer).map_err(|malformed| self.malformed(malformed))
    }

    /// What it sent does not hold.
    pub(super) fn refused(&self, refusal: Refusal) -> ResolveError {
        self.doubt(BeaconDoubt::Refused(refusal))
    }

    /// What it sent is of no use.
    pub(super) fn doubt(&self, why: BeaconDoubt) -> ResolveError {
        ResolveError::BeaconDoubted { endpoint: self.endpoint.clone(), why }
    }

    fn malformed(&self, malformed: Malformed) -> ResolveError {
        self.doubt(BeaconDoubt::Malformed(malformed))
    }

    async fn fetch(
        &self,
        method: &'static str,
        argument: &str,
        query: &[(&str, u64)],
    ) -> Result<Vec<u8>, ResolveError> {
        let mut url = self.base.clone();
        // A provider's key may stand in the path or in the query.
        url.set_path(&format!("{}/eth/v1/beacon/{method}{argument}", self.base.path().trim_end_matches('/')));
        for (name, value) in query {
            url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        let timeout = ResolveError::Timeout { endpoint: self.endpoint.clone(), after: self.timeout };
        match tokio::time::timeout(self.timeout, self.http.fetch(url)).await {
            Ok(answer) => answer.map_err(|failure| self.failure(method, failure)),
            Err(_) => Err(timeout),
        }
    }

    fn failure(&self, method: &'static str, failure: HttpFailure) -> ResolveError {
        let endpoint = self.endpoint.clone();
        let detail = endpoint.redact(&failure.to_string());
        match failure {
            HttpFailure::TooLarge { limit } => ResolveError::AnswerTooLarge { endpoint, limit },
            HttpFailure::Connection(_) => ResolveError::Unreachable { endpoint, detail },
            HttpFailure::Status(_) | HttpFailure::NotJsonRpc(_) => {
                ResolveError::BadAnswer { endpoint, method, detail }
            }
        }
    }
}

const BOOTSTRAP: &str = "light_client/bootstrap";
const UPDATES: &str = "light_client/updates";
const FINALITY: &str = "light_client/finality_update";
const OPTIMISTIC: &str = "light_client/optimistic_update";
