//! What happened to one record.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asking::{Asking, Held};
use super::documentation::Usual;
use super::json::{Account, Event, EventName, Tip};
use super::parameters::{Given, InPath, InQuery, Limit, Parameters};
use super::paths::OfIdentity;
use super::problem::Problem;
use super::shared::Shared;
use crate::store::{Answer, Sequence};

/// Events of one record, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// As of which block.
    pub tip: Tip,
    /// The events of this page.
    pub events: Vec<Event>,
    /// What they say of their own completeness.
    pub versions: Versions,
    /// The `before` of the next page, which is older; null where the record begins.
    #[schema(required = true)]
    pub next: Option<u64>,
}

/// Versions begin at 1 and never skip, so events that were left out show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// The highest version among these events; 0 for none.
    pub newest: u16,
    /// Whether the keys of these events follow each other without a gap and, on the last page, down to version 1.
    pub complete: bool,
}

/// Which part of a history.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// Which registry, where several of the chain are indexed.
    registry: Option<Account>,
    /// Only events before this number: `next` of the page before.
    before: Option<u64>,
    /// How many.
    limit: Option<Limit>,
}

/// The events of a record, newest first.
#[utoipa::path(
    get,
    path = "/v1/{chain_id}/records/{owner}/{label}/history",
    operation_id = "history",
    tag = "records",
    params(OfIdentity, HistoryQuery, Held),
    responses(
        (
            status = 200,
            description = "A page of events.",
            body = History,
            headers(("etag" = String, description = "Of this answer.")),
        ),
        Usual,
    )
)]
pub(super) async fn history(
    State(api): State<Arc<Shared>>,
    InPath(path): InPath<OfIdentity>,
    InQuery(query): InQuery<HistoryQuery>,
    asking: Asking,
) -> Result<Response, Problem> {
    let registry = api.registry(path.chain_id, query.registry).await?;
    if let Some(unchanged) = api.unchanged(&asking, registry).await? {
        return Ok(unchanged);
    }
    let Limit(limit) = query.limit.unwrap_or_default();
    let before = query.before.map(Sequence);
    let Answer { tip, value: stored } = api.store.history(registry, path.identity(), before, limit).await?;
    let next = stored.last().and_then(|last| last.previous.map(|_| last.sequence.0));
    let events: Vec<Event> = stored.iter().map(Event::from).collect();
    let versions = Versions::of(&events, next.is_none());
    asking.answer(&tip, &History { tip: tip.into(), events, versions, next })
}

impl Versions {
    /// Of events, newest first.
    fn of(events: &[Event], is_last: bool) -> Self {
        let newest = events.iter().filter_map(|event| event.version).max().unwrap_or(0);
        let keys =
            events.iter().filter(|event| matches!(event.kind, EventName::Registered | EventName::Rotated));
        let keys: Vec<u16> = keys.filter_map(|event| event.version).collect();
        let follow =
            keys.windows(2).all(|pair| matches!(pair, [new, old] if old.checked_add(1) == Some(*new)));
        let begins = !is_last || events.is_empty() || keys.last() == Some(&1);
        Self { newest, complete: follow && begins }
    }
}

impl Parameters for HistoryQuery {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        Ok(Self {
            registry: given.optional("registry")?,
            before: given.optional("before")?,
            limit: given.optional("limit")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventName, version: u16) -> Event {
        let json = serde_json::json!({"sequence": 1, "kind": kind, "block": 1, "version": version});
        serde_json::from_value(json).unwrap_or_else(|failure| unreachable!("{failure}"))
    }

    #[test]
    fn a_version_that_is_missing_shows() {
        use EventName::{Pinned, Registered, Revoked, Rotated};
        let whole =
            [event(Revoked, 3), event(Rotated, 3), event(Pinned, 2), event(Rotated, 2), event(Registered, 1)];
        assert_eq!(Versions::of(&whole, true), Versions { newest: 3, complete: true });
        let [revoked, third, pinned, _, first] = whole.clone();
        let gap = [revoked.clone(), third.clone(), pinned.clone(), first];
        assert_eq!(Versions::of(&gap, true), Versions { newest: 3, complete: false });
        let begun_late = [revoked, third, pinned];
        assert_eq!(Versions::of(&begun_late, true), Versions { newest: 3, complete: false });
        assert_eq!(Versions::of(&begun_late, false), Versions { newest: 3, complete: true });
    }
}
