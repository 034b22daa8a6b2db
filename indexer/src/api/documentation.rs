//! What the API is, for machines (OpenAPI 3.1).

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi};

use super::parameters::{Key, LabelText, Limit, ProofAt};
use super::problem::ProblemDocument;

/// What is said of the API as a whole. The routes add themselves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign indexer",
        description = "The whole registry at hand: identities listed, searched, watched and audited. It is no root of trust: \
                       answers bring the storage proof when asked, and `countersign verify` checks it.\n\n\
                       32-byte words and addresses are 0x and lower-case hexadecimal, times Unix seconds. Every answer is as \
                       of one block, its tip. Lists go on with `next`. Errors are problem documents (RFC 9457).",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemDocument, Key, LabelText, Limit, ProofAt)),
    tags(
        (name = "registries", description = "What is indexed, and how far."),
        (name = "records", description = "What the registry holds of identities."),
        (name = "venues", description = "Whom a venue knows by its label."),
        (name = "operators", description = "Who may act for whom."),
        (name = "events", description = "What happens."),
        (name = "identifiers", description = "Decentralized identifiers."),
        (name = "health", description = "Whether it can be asked."),
    )
)]
pub(super) struct Documentation;

/// What every question about an index may be answered with beside its answer.
pub(super) struct Usual;

/// What [`Usual`] has, but for what the question itself is at fault for.
pub(super) struct NotItsFault;

/// That a client asks too fast.
pub(super) struct Refused;

impl IntoResponses for Usual {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let absent = "There is no such record, or that chain or registry is not indexed here.";
        let problems = [
            (StatusCode::BAD_REQUEST, problem("A parameter is wrong; the problem names it.", false)),
            (StatusCode::NOT_FOUND, problem(absent, false)),
        ];
        problems
            .map(|(status, problem)| (name(status), problem))
            .into_iter()
            .chain(NotItsFault::responses())
            .collect()
    }
}

impl IntoResponses for NotItsFault {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let unchanged =
            ResponseBuilder::new().description("The answer is the one that `If-None-Match` names.");
        let unavailable = "Nothing is indexed yet, the store is out of reach, or it took too long.";
        let others = [
            (StatusCode::NOT_MODIFIED, unchanged.build().into()),
            (StatusCode::INTERNAL_SERVER_ERROR, problem("The indexer is at fault.", false)),
            (StatusCode::SERVICE_UNAVAILABLE, problem(unavailable, true)),
        ];
        others.map(|(status, other)| (name(status), other)).into_iter().chain(Refused::responses()).collect()
    }
}

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let refused = problem("This client asks faster than it may.", true);
        BTreeMap::from([(name(StatusCode::TOO_MANY_REQUESTS), refused)])
    }
}

fn problem(what: &str, waits: bool) -> RefOr<Response> {
    let schema = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new().description(what).content("application/problem+json", schema);
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let retry_after =
        HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait.")).build();
    let response = if waits { response.header("retry-after", retry_after) } else { response };
    response.build().into()
}

fn name(status: StatusCode) -> String {
    status.as_str().to_owned()
}
