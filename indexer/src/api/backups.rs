//! Backups of a store that is in use, for operators.

use std::sync::Arc;

use alloy::primitives::Address as AccountAddress;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use countersign_protocol::Address;
use countersign_registry::RegistryAt;

use super::problem::Problem;
use super::shared::Shared;
use crate::backup::lines;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().route("/backup/{chain_id}/{registry}", get(backup)).with_state(shared)
}

/// The lines of a backup, as they are read. One that fails is cut off before its last line.
async fn backup(
    State(shared): State<Arc<Shared>>,
    Path((chain_id, registry)): Path<(u64, AccountAddress)>,
) -> Result<Response, Problem> {
    let registry = RegistryAt { chain_id, address: Address(registry.into_array()) };
    shared.store.tip(registry).await?;
    let lines = Body::from_stream(lines(shared.store.clone(), registry));
    Ok(([(CONTENT_TYPE, "application/jsonl")], lines).into_response())
}
