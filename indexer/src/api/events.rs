//! All that happens, as it happens.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use countersign_registry::RegistryAt;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::IntoParams;

use super::documentation::Usual;
use super::json::{Account, Event};
use super::parameters::{Argument, Given, InPath, InQuery, Parameters};
use super::paths::OfChain;
use super::problem::{Problem, ProblemKind};
use super::serving::Closing;
use super::shared::{Shared, sequence};
use crate::store::{NewsFilter, Sequence, StoreError};

/// Where to begin.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// Which registry, where several of the chain are indexed.
    registry: Option<Account>,
    /// Begin behind this number; 0 for all there is. Without it, with what happens from now on. The header
    /// `Last-Event-ID`, which browsers send when they come back, goes before it.
    after: Option<u64>,
}

/// Events as they are stored, reorganisations too, as server-sent events.
///
/// Each has its number as `id`, its kind as `event`, and an `Event` as `data`. A comment comes now and then. A reader that
/// takes nothing for a while is dropped, and resumes with the number it saw last.
#[utoipa::path(
    get,
    path = "/v1/{chain_id}/events",
    operation_id = "events",
    tag = "events",
    params(
        OfChain,
        EventsQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "Resume behind this number."),
    ),
    responses(
        (
            status = 200,
            description = "A stream without an end.",
            body = String,
            content_type = "text/event-stream",
        ),
        Usual,
    )
)]
pub(super) async fn stream(
    State(api): State<Arc<Shared>>,
    InPath(path): InPath<OfChain>,
    InQuery(query): InQuery<EventsQuery>,
    closing: Option<axum::Extension<Closing>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let registry = api.registry(path.chain_id, query.registry).await?;
    // So that whoever asks too early is told before the stream begins.
    api.store.tip(registry).await?;
    let after = begin(&api, &query, &headers).await?;
    let place = Arc::clone(&api.streams).try_acquire_owned().map_err(|_| {
        let detail = format!(
            "{} streams are open, as many as there may be; ask again later, or another server",
            api.limits.streams
        );
        Problem::new(ProblemKind::TooManyStreams, detail)
    })?;
    let keep_alive = KeepAlive::new().interval(api.limits.heartbeat);
    let telling = Telling { api, registry, after, ready: VecDeque::new(), _place: Place::taken(place) };
    let closing = closing.map(|axum::Extension(closing)| closing);
    // Where it begins: a reader that loses the stream before the first event resumes there, not at whatever is then now.
    let begun = stream::iter([Ok(sse::Event::default().id(after.0.to_string()))]);
    Ok(Sse::new(begun.chain(telling.until(closing))).keep_alive(keep_alive).into_response())
}

/// One reader's stream. It holds one page of events at most, and fetches the next when the reader took them.
struct Telling {
    api: Arc<Shared>,
    registry: RegistryAt,
    after: Sequence,
    ready: VecDeque<Event>,
    _place: Place,
}

/// A place among the streams, free again when the reader is gone.
struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Telling {
    fn until(self, closing: Option<Closing>) -> impl Stream<Item = Result<sse::Event, Infallible>> {
        stream::unfold((self, closing), |(mut telling, mut closing)| async move {
            let closed = async {
                match &mut closing {
                    Some(closing) => closing.closed().await,
                    None => std::future::pending().await,
                }
            };
            let event = tokio::select! {
                biased;
                () = closed => return None,
                event = telling.next() => event,
            };
            match event {
                Ok(event) => Some((Ok(written(&event)), (telling, closing))),
                Err(failure) => {
                    // The reader comes back by itself, to where it was.
                    tracing::warn!(%failure, "a stream of events ends");
                    None
                }
            }
        })
    }

    async fn next(&mut self) -> Result<Event, StoreError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            // Before the events are asked for, so that none is slept through; and over all registries, as that is what
            // waiting goes by.
            let newest = self.api.store.newest().await?;
            let news = self.api.store.news(self.registry, NewsFilter::All, self.after, PAGE).await?.value;
            match news.last() {
                Some(last) => self.after = sequence(last),
                None => self.api.store.changed_after(newest).await?,
            }
            self.ready.extend(news.iter().map(Event::from));
        }
    }
}

impl Place {
    fn taken(permit: OwnedSemaphorePermit) -> Self {
        metrics::gauge!(super::metering::STREAMS).increment(1);
        Self { _permit: permit }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!(super::metering::STREAMS).decrement(1);
    }
}

impl Parameters for EventsQuery {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        Ok(Self { registry: given.optional("registry")?, after: given.optional("after")? })
    }
}

async fn begin(api: &Shared, query: &EventsQuery, headers: &HeaderMap) -> Result<Sequence, Problem> {
    let newest = api.store.newest().await?;
    let seen = match headers.get(LAST_EVENT_ID) {
        Some(header) => {
            let number = header.to_str().map_err(|_| "give a number".to_owned()).and_then(u64::read);
            let number = number
                .map_err(|flaw| Problem::parameter(LAST_EVENT_ID, format!("{LAST_EVENT_ID}: {flaw}")))?;
            Some((LAST_EVENT_ID, number))
        }
        None => query.after.map(|number| ("after", number)),
    };
    match seen {
        Some((name, number)) if number > newest.0 => Err(Problem::parameter(
            name,
            format!(
                "{name} is {number}, and the newest number is {}: it is of another index; begin anew with after=0",
                newest.0
            ),
        )),
        Some((_, number)) => Ok(Sequence(number)),
        None => Ok(newest),
    }
}

fn written(event: &Event) -> sse::Event {
    let kind = event.kind.as_str();
    let written = sse::Event::default().id(event.sequence.to_string()).event(kind);
    // An event of numbers and texts always has a JSON.
    let json = serde_json::to_string(event).unwrap_or_default();
    written.data(json)
}

const LAST_EVENT_ID: &str = "Last-Event-ID";

/// Events in memory for one reader: 130 KB.
const PAGE: usize = 256;
