//! Whom a venue knows by its label.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asking::{Asking, Held};
use super::cursor::List;
use super::documentation::Usual;
use super::json::{Account, Record, Tip};
use super::parameters::{Given, InPath, InQuery, Limit, Parameters};
use super::paths::OfLabel;
use super::problem::Problem;
use super::records::Records;
use super::shared::Shared;
use crate::record::Status;
use crate::store::{Answer, Selection};

/// A page of a venue's active set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActiveSet {
    /// As of which block.
    pub tip: Tip,
    /// The venue's label.
    pub label: String,
    /// Those of this page, by owner. There may be fewer than the limit, or none, before the end.
    pub records: Vec<Record>,
    /// The `cursor` of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Which part of a set.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ActiveQuery {
    /// Which registry, where several of the chain are indexed.
    registry: Option<Account>,
    /// Where to go on: `next` of the page before.
    cursor: Option<String>,
    /// How many to look at.
    limit: Option<Limit>,
}

/// Who is active under a label: the agents, desks or members that a venue knows by it.
///
/// Each record says that events of all its versions are stored, without a gap. Its storage proof shows whether its version
/// is the newest one.
#[utoipa::path(
    get,
    path = "/v1/{chain_id}/venues/{label}/active",
    operation_id = "activeSet",
    tag = "venues",
    params(OfLabel, ActiveQuery, Held),
    responses(
        (
            status = 200,
            description = "A page of the set.",
            body = ActiveSet,
            headers(("etag" = String, description = "Of this answer.")),
        ),
        Usual,
    )
)]
pub(super) async fn active(
    State(api): State<Arc<Shared>>,
    InPath(path): InPath<OfLabel>,
    InQuery(query): InQuery<ActiveQuery>,
    asking: Asking,
) -> Result<Response, Problem> {
    let registry = api.registry(path.chain_id, query.registry).await?;
    if let Some(unchanged) = api.unchanged(&asking, registry).await? {
        return Ok(unchanged);
    }
    let selection = Selection::Label(path.label.0);
    let list = List { registry, selection, status: Some(Status::Active) };
    let Answer { tip, value } = api.page(&list, query.cursor.as_deref(), query.limit).await?;
    let Records { records, next, .. } = value;
    // A record comes of its events alone, and none is taken that skips a version (`Record::after`).
    let held = |record: Record| Record { versions_held: Some(record.version), ..record };
    let records = records.into_iter().map(held).collect();
    let label = path.label.0.to_string();
    asking.answer(&tip, &ActiveSet { tip: tip.into(), label, records, next })
}

impl Parameters for ActiveQuery {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        Ok(Self {
            registry: given.optional("registry")?,
            cursor: given.optional("cursor")?,
            limit: given.optional("limit")?,
        })
    }
}
