//! What operators watch, for Prometheus.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::shared::{Shared, Standing};

/// The process's metrics.
#[derive(Clone, Debug)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Collects what this process counts from now on, also outside of the API, and keeps it small. Once in a process, within
    /// a Tokio runtime.
    ///
    /// # Errors
    /// [`BuildError`] where something else collects already.
    pub fn install() -> Result<Self, BuildError> {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(SECONDS.into()), &BUCKETS)?
            .install_recorder()?;
        describe();
        let upkeep = handle.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                upkeep.run_upkeep();
            }
        });
        Ok(Self { handle })
    }

    /// Serves `/metrics`, with how far each registry is at the time.
    pub(super) fn router(self, shared: Arc<Shared>) -> Router {
        Router::new().route("/metrics", get(scraped)).with_state((self.handle, shared))
    }
}

/// Counts an answer, by its route and status.
pub(super) async fn counted(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "none".into());
    let asked = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_str().to_owned();
    metrics::counter!(REQUESTS, "route" => route.clone(), "status" => status).increment(1);
    metrics::histogram!(SECONDS, "route" => route).record(asked.elapsed().as_secs_f64());
    response
}

async fn scraped(State((handle, shared)): State<(PrometheusHandle, Arc<Shared>)>) -> Response {
    match shared.standings().await {
        Ok(standings) => standings.iter().for_each(tell),
        // What was counted is still worth telling.
        Err(failure) => tracing::warn!(%failure, "how far registries are is not known"),
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and heights lie far below 2^53")]
fn tell(standing: &Standing) {
    let labels = [
        ("chain", standing.registry.chain_id.to_string()),
        ("registry", standing.registry.address.to_string()),
    ];
    let gauge = |name: &'static str, value: Option<u64>| {
        if let Some(value) = value {
            metrics::gauge!(name, &labels).set(value as f64);
        }
    };
    gauge(TIP, standing.tip.map(|tip| tip.block.number));
    gauge(HEAD, standing.head.map(|head| head.block.number));
    gauge(LAG_BLOCKS, standing.lag_blocks());
    gauge(LAG_SECONDS, standing.lag_seconds());
    metrics::counter!(EVENTS, &labels).absolute(standing.events);
    metrics::counter!(REORGANISATIONS, &labels).absolute(standing.reorganisations);
    gauge(HELD_UP, Some(standing.failure.is_some().into()));
}

fn describe() {
    metrics::describe_counter!(REQUESTS, "Answers, by route and status.");
    metrics::describe_histogram!(
        SECONDS,
        metrics::Unit::Seconds,
        "How long answers took to begin, by route."
    );
    metrics::describe_gauge!(STREAMS, "Streams of events that are open.");
    metrics::describe_counter!(RATE_LIMITED, "Questions refused because a client asked too fast.");
    metrics::describe_gauge!(TIP, "The height of the last block that is stored.");
    metrics::describe_gauge!(HEAD, "The height of the chain's newest block.");
    metrics::describe_gauge!(LAG_BLOCKS, "How many blocks the store is behind the chain.");
    metrics::describe_gauge!(LAG_SECONDS, "How many seconds, by the times of the two blocks.");
    metrics::describe_counter!(EVENTS, "Events stored since the start.");
    metrics::describe_counter!(
        REORGANISATIONS,
        "Reorganisations since the start that undid what was stored."
    );
    metrics::describe_gauge!(HELD_UP, "1 while something holds up indexing.");
}

const REQUESTS: &str = "countersign_indexer_http_requests_total";
const SECONDS: &str = "countersign_indexer_http_request_seconds";
pub(super) const STREAMS: &str = "countersign_indexer_streams";
pub(super) const RATE_LIMITED: &str = "countersign_indexer_rate_limited_total";
const TIP: &str = "countersign_indexer_tip_block";
const HEAD: &str = "countersign_indexer_head_block";
const LAG_BLOCKS: &str = "countersign_indexer_lag_blocks";
const LAG_SECONDS: &str = "countersign_indexer_lag_seconds";
const EVENTS: &str = "countersign_indexer_events_total";
const REORGANISATIONS: &str = "countersign_indexer_reorganisations_total";
const HELD_UP: &str = "countersign_indexer_held_up";

/// In seconds: a lookup takes less than one millisecond, a proof up to the bound of an answer.
const BUCKETS: [f64; 12] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

/// What a histogram collects is put into its buckets so often.
const UPKEEP: Duration = Duration::from_secs(5);
