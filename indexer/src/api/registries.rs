//! What is indexed, and how far.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asking::{Asking, Held, JSON};
use super::documentation::Usual;
use super::json::{Account, Head, Tip};
use super::parameters::{Given, InQuery, Parameters};
use super::problem::Problem;
use super::shared::Shared;

/// What is indexed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registries {
    /// Each registry.
    pub registries: Vec<Registry>,
}

/// One registry, and how far it is indexed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// The chain, by its EIP-155 id.
    pub chain_id: u64,
    /// The registry's address.
    pub registry: Account,
    /// How far it is indexed; null where nothing is yet.
    #[schema(required = true)]
    pub tip: Option<Tip>,
    /// The chain's newest block; null where this process does not follow the chain, or has not heard of one yet.
    #[schema(required = true)]
    pub head: Option<Head>,
    /// How many blocks the index is behind it.
    #[schema(required = true)]
    pub lag_blocks: Option<u64>,
    /// How many seconds, by the two blocks' times.
    #[schema(required = true)]
    pub lag_seconds: Option<u64>,
}

pub(super) struct Nothing;

/// What is indexed here, and how far.
#[utoipa::path(
    get,
    path = "/v1/registries",
    operation_id = "listRegistries",
    tag = "registries",
    params(Held),
    responses(
        (
            status = 200,
            description = "All registries.",
            body = Registries,
            headers(("etag" = String, description = "Of this answer.")),
        ),
        Usual,
    )
)]
pub(super) async fn list(
    State(api): State<Arc<Shared>>,
    InQuery(Nothing): InQuery<Nothing>,
    asking: Asking,
) -> Result<Response, Problem> {
    let standings = api.standings().await?;
    let registries = standings.iter().map(|standing| Registry {
        chain_id: standing.registry.chain_id,
        registry: Account(standing.registry.address),
        tip: standing.tip.map(Into::into),
        head: standing.head.map(Into::into),
        lag_blocks: standing.lag_blocks(),
        lag_seconds: standing.lag_seconds(),
    });
    let registries = Registries { registries: registries.collect() };
    asking.answer_by_content(StatusCode::OK, JSON, &registries)
}

impl Parameters for Nothing {
    fn read(_given: &mut Given) -> Result<Self, Problem> {
        Ok(Self)
    }
}
