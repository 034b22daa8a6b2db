//! Which keys are good no more.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use countersign_registry::RegistryAt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asking::{Asking, Held};
use super::documentation::Usual;
use super::json::{Account, Event, Tip};
use super::parameters::{Given, InPath, InQuery, Limit, Parameters};
use super::paths::OfChain;
use super::problem::Problem;
use super::shared::{Shared, sequence};
use crate::store::{Answer, News, NewsFilter, Sequence, Store, StoreError};

/// Revocations, oldest first, and the reorganisations that may have undone one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revocations {
    /// As of which block.
    pub tip: Tip,
    /// The events of this page.
    pub events: Vec<Event>,
    /// The `after` of the next page; null where there is none yet: go on later after the last event's number.
    #[schema(required = true)]
    pub next: Option<u64>,
}

/// Since when.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RevocationsQuery {
    /// Which registry, where several of the chain are indexed.
    registry: Option<Account>,
    /// Only events behind this number.
    after: Option<u64>,
    /// Only events of this block and later ones.
    since_block: Option<u64>,
    /// How many.
    limit: Option<Limit>,
}

/// The revocations since a number or a block, oldest first.
#[utoipa::path(
    get,
    path = "/v1/{chain_id}/revocations",
    operation_id = "revocations",
    tag = "events",
    params(OfChain, RevocationsQuery, Held),
    responses(
        (
            status = 200,
            description = "A page of events.",
            body = Revocations,
            headers(("etag" = String, description = "Of this answer.")),
        ),
        Usual,
    )
)]
pub(super) async fn since(
    State(api): State<Arc<Shared>>,
    InPath(path): InPath<OfChain>,
    InQuery(query): InQuery<RevocationsQuery>,
    asking: Asking,
) -> Result<Response, Problem> {
    let registry = api.registry(path.chain_id, query.registry).await?;
    if let Some(unchanged) = api.unchanged(&asking, registry).await? {
        return Ok(unchanged);
    }
    let mut after = Sequence(query.after.unwrap_or(0));
    if let Some(block) = query.since_block {
        after = after.max(before_block(api.store.as_ref(), registry, block).await?);
    }
    let Limit(limit) = query.limit.unwrap_or_default();
    let Answer { tip, value: news } = api.store.news(registry, NewsFilter::Revocations, after, limit).await?;
    let events: Vec<Event> = news.iter().map(Event::from).collect();
    let next = (events.len() == limit).then(|| events.last().map(|last| last.sequence)).flatten();
    asking.answer(&tip, &Revocations { tip: tip.into(), events, next })
}

/// The highest number behind which all events are of `block` or later ones. Halves the numbers: what a reorganisation took
/// back is gone, so events that are left stand in the order of their blocks.
async fn before_block(store: &dyn Store, registry: RegistryAt, block: u64) -> Result<Sequence, StoreError> {
    let (mut low, mut high) = (0, store.newest().await?.0);
    while low < high {
        let middle = low + (high - low) / 2;
        match block_after(store, registry, Sequence(middle)).await? {
            Some(found) if found < block => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(Sequence(low))
}

/// The block of the first event behind a number.
async fn block_after(
    store: &dyn Store,
    registry: RegistryAt,
    mut after: Sequence,
) -> Result<Option<u64>, StoreError> {
    loop {
        let news = store.news(registry, NewsFilter::All, after, FEW).await?.value;
        let event = news.iter().find_map(|news| match news {
            News::Event(stored) => Some(stored.change.event.place.block),
            News::Reorganised { .. } => None,
        });
        match (event, news.last()) {
            (Some(block), _) => return Ok(Some(block)),
            (None, None) => return Ok(None),
            (None, Some(last)) => after = sequence(last),
        }
    }
}

impl Parameters for RevocationsQuery {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        Ok(Self {
            registry: given.optional("registry")?,
            after: given.optional("after")?,
            since_block: given.optional("since_block")?,
            limit: given.optional("limit")?,
        })
    }
}

/// Reorganisations seldom stand one behind the other.
const FEW: usize = 4;
