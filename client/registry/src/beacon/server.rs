//! One beacon node, asked over HTTP: `/eth/v1/beacon/light_client` of the beacon API, in JSON.
//!
//! Status 404 has a meaning there: the node has no bootstrap of that block, or no newest update *yet*, which is so after
//! its start, and in times without finality. It is the answer of a node that serves no light clients, too. `updates` tells
//! one from the other: it answers with a list, empty where there is nothing, and never 404.

use std::time::Duration;

use alloy::primitives::B256;
use alloy::transports::http::reqwest::Url;
use countersign_light_client::{Bootstrap, Malformed, Preset, Update};

use crate::blocking::run_apart;
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

/// What a beacon node knows last.
#[derive(Debug)]
pub(super) struct Newest {
    /// The newest header that is attested, and the final one below it.
    pub(super) finality: Option<Update>,
    /// The newest header that is attested.
    pub(super) optimistic: Option<Update>,
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

    /// Where to begin at a block; `period` is the one that it is now.
    ///
    /// # Errors
    /// [`BeaconDoubt::NoBootstrap`] where it has none of that block, [`BeaconDoubt::NoLightClients`] where it has none at
    /// all.
    pub(super) async fn bootstrap(
        &self,
        preset: Preset,
        block_root: B256,
        period: u64,
    ) -> Result<Bootstrap, ResolveError> {
        let Some(answer) = self.fetch(BOOTSTRAP, &format!("/{block_root}"), &[]).await? else {
            self.check_serves(preset, period).await?;
            return Err(self.doubt(BeaconDoubt::NoBootstrap { block_root }));
        };
        let read = run_apart(move || Bootstrap::from_answer(preset, &answer)).await;
        read.map_err(|malformed| self.malformed(malformed))
    }

    /// Those it has, of these periods.
    ///
    /// # Errors
    /// [`BeaconDoubt::NoLightClients`] where it serves no light clients.
    pub(super) async fn updates(
        &self,
        preset: Preset,
        start: u64,
        count: u64,
    ) -> Result<Vec<Update>, ResolveError> {
        let query = [("start_period", start), ("count", count)];
        let answer = self.fetch(UPDATES, "", &query).await?;
        let answer = answer.ok_or_else(|| self.doubt(BeaconDoubt::NoLightClients))?;
        let read = run_apart(move || Update::from_updates_answer(preset, &answer)).await;
        read.map_err(|malformed| self.malformed(malformed))
    }

    /// The newest finality update and the newest optimistic one, as far as it has them; `period` is the one that it is
    /// now.
    ///
    /// # Errors
    /// [`BeaconDoubt::NoLightClients`] where it has neither, and serves no light clients.
    pub(super) async fn newest(&self, preset: Preset, period: u64) -> Result<Newest, ResolveError> {
        let (finality, optimistic) =
            tokio::join!(self.fetch(FINALITY, "", &[]), self.fetch(OPTIMISTIC, "", &[]));
        let (finality, optimistic) = (finality?, optimistic?);
        if finality.is_none() && optimistic.is_none() {
            self.check_serves(preset, period).await?;
        }
        let read = run_apart(move || {
            let finality =
                finality.map(|answer| Update::from_finality_answer(preset, &answer)).transpose()?;
            let optimistic =
                optimistic.map(|answer| Update::from_optimistic_answer(preset, &answer)).transpose()?;
            Ok(Newest { finality, optimistic })
        });
        read.await.map_err(|malformed| self.malformed(malformed))
    }

    /// Whether it is one that serves light clients, where it said that it has nothing.
    async fn check_serves(&self, preset: Preset, period: u64) -> Result<(), ResolveError> {
        match self.updates(preset, period, 1).await {
            Err(failure @ ResolveError::BeaconDoubted { why: BeaconDoubt::NoLightClients, .. }) => {
                Err(failure)
            }
            // Whatever else it says, it is somebody who knows what was asked.
            _ => Ok(()),
        }
    }

    /// What it sent is of no use.
    pub(super) fn doubt(&self, why: BeaconDoubt) -> ResolveError {
        ResolveError::BeaconDoubted { endpoint: self.endpoint.clone(), why }
    }

    /// It was silent for that long.
    pub(super) fn too_slow(&self, after: Duration) -> ResolveError {
        ResolveError::Timeout { endpoint: self.endpoint.clone(), after }
    }

    fn malformed(&self, malformed: Malformed) -> ResolveError {
        self.doubt(BeaconDoubt::Malformed(malformed))
    }

    /// What it answers; `None` where it says that there is no such thing.
    async fn fetch(
        &self,
        method: &'static str,
        argument: &str,
        query: &[(&str, u64)],
    ) -> Result<Option<Vec<u8>>, ResolveError> {
        let mut url = self.base.clone();
        // A provider's key may stand in the path or in the query.
        url.set_path(&format!("{}/eth/v1/beacon/{method}{argument}", self.base.path().trim_end_matches('/')));
        for (name, value) in query {
            url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        match tokio::time::timeout(self.timeout, self.http.fetch(url)).await {
            Ok(Ok(answer)) => Ok(Some(answer)),
            Ok(Err(HttpFailure::Status(NOT_FOUND))) => Ok(None),
            Ok(Err(failure)) => Err(self.failure(method, failure)),
            Err(_) => Err(self.too_slow(self.timeout)),
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

const NOT_FOUND: u16 = 404;

const BOOTSTRAP: &str = "light_client/bootstrap";
const UPDATES: &str = "light_client/updates";
const FINALITY: &str = "light_client/finality_update";
const OPTIMISTIC: &str = "light_client/optimistic_update";
