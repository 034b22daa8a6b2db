//! Whether it runs, and whether it is worth asking.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::documentation::Refused;
use super::limits::Readiness;
use super::shared::{Shared, Standing};

/// Whether it can be asked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Whether it can.
    pub healthy: bool,
    /// Why not. Empty where it can.
    pub reasons: Vec<String>,
}

/// Whether the process runs. Asks nothing of the store.
#[utoipa::path(
    get,
    path = "/health/live",
    operation_id = "live",
    tag = "health",
    responses((status = 200, description = "It runs.", body = Health), Refused)
)]
pub(super) async fn live() -> Response {
    Health { healthy: true, reasons: Vec::new() }.into_response()
}

/// Whether its answers are worth asking for: something is indexed, and none of it lies far behind its chain.
#[utoipa::path(
    get,
    path = "/health/ready",
    operation_id = "ready",
    tag = "health",
    responses(
        (status = 200, description = "It can be asked.", body = Health),
        (status = 503, description = "It cannot, for these reasons.", body = Health),
        Refused,
    )
)]
pub(super) async fn ready(State(api): State<Arc<Shared>>) -> Response {
    let reasons = match api.standings().await {
        Ok(standings) if standings.is_empty() => vec!["nothing is indexed".into()],
        Ok(standings) => {
            standings.iter().flat_map(|standing| reasons(standing, api.limits.readiness)).collect()
        }
        Err(failure) => {
            tracing::warn!(%failure, "the store does not answer");
            vec!["the store does not answer".into()]
        }
    };
    Health { healthy: reasons.is_empty(), reasons }.into_response()
}

/// What speaks against asking about a registry.
fn reasons(standing: &Standing, bound: Readiness) -> Vec<String> {
    let of = format!("registry {} on chain {}", standing.registry.address, standing.registry.chain_id);
    if standing.tip.is_none() {
        return vec![format!("nothing of {of} is indexed yet")];
    }
    let blocks = standing
        .lag_blocks()
        .filter(|lag| *lag > bound.blocks)
        .map(|lag| format!("{of} is {lag} blocks behind its chain, more than {}", bound.blocks));
    let seconds = standing
        .lag_seconds()
        .filter(|lag| *lag > bound.seconds)
        .map(|lag| format!("{of} is {lag} seconds behind its chain, more than {}", bound.seconds));
    blocks.into_iter().chain(seconds).collect()
}

impl IntoResponse for Health {
    fn into_response(self) -> Response {
        let status = if self.healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, [(CACHE_CONTROL, "no-store")], Json(self)).into_response()
    }
}
