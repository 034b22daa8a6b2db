//! The index over HTTP.
//!
//! ```text
//! TcpListener ──serve──► bounded connections ──Router──► counted, compressed, rate-limited, in time
//!                                                           │
//!                             Store ──Answer──► JSON, ETag ◄┘   RecordProver ──► "proof"
//!                             Progress ───────► /health/ready, /metrics
//! ```
//!
//! Every answer is as of one block, its tip. Nothing here has to be believed: a record comes with its storage proof to who
//! asks for it, and a proof is checked without this server.

mod asking;
mod backups;
mod clients;
mod cursor;
mod did;
mod documentation;
mod events;
mod health;
mod history;
mod json;
mod limits;
mod metering;
mod operators;
mod page;
mod parameters;
mod paths;
mod problem;
mod proofs;
mod records;
mod registries;
mod revocations;
mod serving;
mod shared;
mod venues;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, RETRY_AFTER};
use axum::http::{Method, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::watch;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::indexing::Progress;
use crate::store::Store;
use clients::Clients;
use problem::ProblemKind;
use proofs::Proofs;
use shared::Shared;

pub use did::{
    Document, DocumentMetadata, Method as VerificationMethod, PublicKeyJwk, Resolution, ResolutionMetadata,
};
pub use health::Health;
pub use history::{History, Versions};
pub use json::{
    Account, Changed, Event, EventName, Head, ProofDocument, Record, Revoked, Scheme, Status, Tip, Word,
};
pub use limits::{ConnectionLimits, Limits, Rate, Readiness};
pub use metering::Metrics;
pub use operators::{Operator, Operators};
pub use problem::{Problem, ProblemDocument};
pub use proofs::{ChainProver, ProverError, RecordProver};
pub use records::{OneRecord, Records};
pub use registries::{Registries, Registry};
pub use revocations::Revocations;
pub use serving::{Closing, Peer, serve};
pub use venues::ActiveSet;

/// The API over one store.
#[derive(Clone, Debug)]
pub struct Api {
    shared: Arc<Shared>,
}

impl Api {
    /// Answers from `store`, and tells how far it is with the progress of what this process indexes: none, for a reader of
    /// what others index.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        progress: Vec<watch::Receiver<Progress>>,
        prover: impl RecordProver,
        limits: Limits,
    ) -> Self {
        let proofs = Proofs::new(Box::new(prover), &limits);
        Self { shared: Arc::new(Shared::new(store, progress, proofs, limits)) }
    }

    /// What the public may ask. Serve it with [`serve`], which tells each request where it came from.
    pub fn router(&self) -> Router {
        let (router, document) = documented().split_for_parts();
        let document = Arc::new(written(&document));
        let limits = &self.shared.limits;
        let only_get = CorsLayer::new()
            .allow_origin(Any)
            .allow_methods([Method::GET])
            .allow_headers([ACCEPT, IF_NONE_MATCH, HeaderName::from_static("last-event-id")])
            .expose_headers([ETAG, RETRY_AFTER])
            .max_age(PREFLIGHT_GOOD_FOR);
        router
            .merge(page::router())
            .with_state(Arc::clone(&self.shared))
            .route("/openapi.json", get(move || openapi(Arc::clone(&document))))
            .fallback(no_such_path)
            .method_not_allowed_fallback(other_method)
            .layer(middleware::from_fn_with_state(limits.answer_within, in_time))
            .layer(middleware::from_fn_with_state(Arc::new(Clients::new(limits)), clients::bound))
            .layer(CompressionLayer::new())
            .layer(only_get)
            .layer(middleware::from_fn(metering::counted))
    }

    /// What operators may ask, to be served where the public does not reach: `/metrics`, health without rate limits, and
    /// `/backup/{chain_id}/{registry}` ([`backup`](crate::backup)).
    pub fn operations(&self, metrics: Metrics) -> Router {
        let health = OpenApiRouter::new().routes(routes!(health::live)).routes(routes!(health::ready));
        let health: Router<Arc<Shared>> = health.into();
        metrics
            .router(Arc::clone(&self.shared))
            .merge(health.with_state(Arc::clone(&self.shared)))
            .merge(backups::router(Arc::clone(&self.shared)))
    }

    /// The description of the public API (OpenAPI 3.1), as JSON.
    #[must_use]
    pub fn openapi() -> String {
        written(&documented().into_openapi())
    }
}

fn documented() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::with_openapi(documentation::Documentation::openapi())
        .routes(routes!(registries::list))
        .routes(routes!(records::list))
        .routes(routes!(records::of_owner))
        .routes(routes!(records::of_identity))
        .routes(routes!(history::history))
        .routes(routes!(revocations::since))
        .routes(routes!(venues::active))
        .routes(routes!(operators::operators))
        .routes(routes!(events::stream))
        .routes(routes!(did::resolve))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
}

/// Names and texts always have a JSON.
fn written(document: &utoipa::openapi::OpenApi) -> String {
    document.to_pretty_json().map(|json| json + "\n").unwrap_or_default()
}

async fn openapi(document: Arc<String>) -> Response {
    ([(CONTENT_TYPE, "application/json")], document.as_str().to_owned()).into_response()
}

async fn in_time(State(within): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(within, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail =
                format!("it took longer than {} seconds; ask for less, or again later", within.as_secs_f32());
            Problem::new(ProblemKind::TooLong, detail).into_response()
        }
    }
}

async fn no_such_path(uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(PATH_SHOWN).collect();
    Problem::new(ProblemKind::NoSuchPath, format!("there is no {path:?}; /openapi.json tells what there is"))
}

async fn other_method(method: Method) -> Problem {
    Problem::new(ProblemKind::OnlyGet, format!("{method} is not answered; ask with GET"))
}

const PREFLIGHT_GOOD_FOR: Duration = Duration::from_secs(24 * 60 * 60);

const PATH_SHOWN: usize = 100;
