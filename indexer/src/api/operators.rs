//! Whom an owner appointed.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asking::{Asking, Held};
use super::documentation::Usual;
use super::json::{Account, Tip};
use super::parameters::{Given, InPath, InQuery, Parameters};
use super::paths::OfOwner;
use super::problem::Problem;
use super::shared::Shared;
use crate::store::Answer;

/// Whom an owner appointed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Operators {
    /// As of which block.
    pub tip: Tip,
    /// Each operator that was ever appointed.
    pub operators: Vec<Operator>,
}

/// Who may rotate and revoke for an owner.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Who.
    pub operator: Account,
    /// Until when, in Unix seconds; 0 for dismissed.
    pub until: u64,
}

/// Of which registry.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OperatorsQuery {
    /// Which registry, where several of the chain are indexed.
    registry: Option<Account>,
}

/// Whom an owner appointed to rotate and revoke, with the ends of the appointments.
#[utoipa::path(
    get,
    path = "/v1/{chain_id}/operators/{owner}",
    operation_id = "operators",
    tag = "operators",
    params(OfOwner, OperatorsQuery, Held),
    responses(
        (
            status = 200,
            description = "The appointments.",
            body = Operators,
            headers(("etag" = String, description = "Of this answer.")),
        ),
        Usual,
    )
)]
pub(super) async fn operators(
    State(api): State<Arc<Shared>>,
    InPath(path): InPath<OfOwner>,
    InQuery(query): InQuery<OperatorsQuery>,
    asking: Asking,
) -> Result<Response, Problem> {
    let registry = api.registry(path.chain_id, query.registry).await?;
    if let Some(unchanged) = api.unchanged(&asking, registry).await? {
        return Ok(unchanged);
    }
    let Answer { tip, value } = api.store.appointments(registry, path.owner.0).await?;
    let operator = |(operator, until)| Operator { operator: Account(operator), until };
    let operators = value.into_iter().map(operator).collect();
    asking.answer(&tip, &Operators { tip: tip.into(), operators })
}

impl Parameters for OperatorsQuery {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        Ok(Self { registry: given.optional("registry")? })
    }
}
