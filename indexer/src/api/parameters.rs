//! What is asked, read from paths and queries. Every error names the parameter and what it takes.

mod kinds;

use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::request::Parts;

pub(super) use kinds::{Argument, Key, LabelText, Limit, ProofAt, public_key};

use super::problem::{Problem, ProblemKind};

/// The parameters of a path.
pub(super) struct InPath<T>(pub(super) T);

/// The parameters of a query. Unknown ones are refused: a mistyped filter would otherwise select everything.
pub(super) struct InQuery<T>(pub(super) T);

/// A set of parameters.
pub(super) trait Parameters: Sized {
    /// Takes its own out of what was given.
    fn read(given: &mut Given) -> Result<Self, Problem>;
}

/// Parameters as they came, and the names of those that were asked for.
pub(super) struct Given {
    texts: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Given {
    /// Takes a parameter that may be missing.
    pub(super) fn optional<T: Argument>(&mut self, name: &'static str) -> Result<Option<T>, Problem> {
        self.known.push(name);
        let Some(at) = self.texts.iter().position(|(given, _)| given == name) else { return Ok(None) };
        let (_, text) = self.texts.swap_remove(at);
        if self.texts.iter().any(|(given, _)| given == name) {
            return Err(Problem::parameter(name, format!("{name} is given twice; give it once")));
        }
        let read = T::read(&text).map_err(|flaw| Problem::parameter(name, format!("{name}: {flaw}")))?;
        Ok(Some(read))
    }

    /// Takes one that may not.
    pub(super) fn required<T: Argument>(&mut self, name: &'static str) -> Result<T, Problem> {
        self.optional(name)?.ok_or_else(|| Problem::parameter(name, format!("{name} is missing")))
    }

    fn finish(self) -> Result<(), Problem> {
        let Some((name, _)) = self.texts.into_iter().next() else { return Ok(()) };
        let name: String = name.chars().take(NAME_SHOWN).collect();
        let known = match self.known.as_slice() {
            [] => "it takes none".to_owned(),
            known => format!("it takes {}", known.join(", ")),
        };
        Err(Problem::parameter(&name, format!("there is no parameter {name:?} here; {known}")))
    }
}

impl<S: Send + Sync, T: Parameters> FromRequestParts<S> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|rejection| {
            Problem::new(ProblemKind::BadParameter, format!("the path cannot be read: {rejection}"))
        })?;
        let texts = params.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        T::read(&mut Given { texts, known: Vec::new() }).map(Self)
    }
}

impl<S: Send + Sync, T: Parameters> FromRequestParts<S> for InQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Query(texts) = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            Problem::new(ProblemKind::BadParameter, format!("the query cannot be read: {rejection}"))
        })?;
        let mut given = Given { texts, known: Vec::new() };
        let read = T::read(&mut given)?;
        given.finish().map(|()| Self(read))
    }
}

const NAME_SHOWN: usize = 64;
