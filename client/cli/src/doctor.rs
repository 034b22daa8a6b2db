//! Looking for trouble before it is met: each check yields a finding.

pub(crate) mod chain;
pub(crate) mod local;

use owo_colors::OwoColorize;
use serde::Serialize;

use crate::console::{Console, Report};
use crate::exit::Exit;
use crate::failure::Failure;

/// What one check found.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    check: String,
    status: Status,
    detail: String,
    hint: Option<String>,
    /// Of which chain, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<EndpointReport>,
}

/// How a node fares, in figures.
#[derive(Debug, Serialize)]
struct EndpointReport {
    endpoint: String,
    /// What its answers take.
    latency_ms: Option<f64>,
    /// Whether it announces new blocks itself; null where that could not be found out.
    subscriptions: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// The findings so far, told as they come.
#[derive(Debug)]
pub(crate) struct Examination {
    console: Console,
    failed: usize,
}

impl Examination {
    pub(crate) const fn new(console: Console) -> Self {
        Self { console, failed: 0 }
    }

    pub(crate) fn add(&mut self, finding: Finding) -> Result<(), Failure> {
        self.failed += usize::from(finding.status == Status::Fail);
        self.console.report(&finding)
    }

    pub(crate) fn verdict(self) -> Result<(), Failure> {
        match self.failed {
            0 => Ok(()),
            1 => Err(Failure::new(Exit::Unhealthy, "unhealthy", "1 check failed")),
            failed => Err(Failure::new(Exit::Unhealthy, "unhealthy", format!("{failed} checks failed"))),
        }
    }
}

impl Finding {
    fn ok(check: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::of(check, Status::Ok, detail, None)
    }

    fn warn(check: impl Into<String>, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::of(check, Status::Warn, detail, Some(hint.into()))
    }

    fn fail(check: impl Into<String>, failure: &Failure) -> Self {
        let hint = failure.hint_text().map(str::to_owned);
        Self::of(check, Status::Fail, failure.message(), hint)
    }

    fn of(check: impl Into<String>, status: Status, detail: impl Into<String>, hint: Option<String>) -> Self {
        Self { check: check.into(), status, detail: detail.into(), hint, chain_id: None, endpoint: None }
    }

    pub(crate) fn of_chain(self, chain_id: Option<u64>) -> Self {
        Self { chain_id, ..self }
    }

    fn on(self, endpoint: EndpointReport) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }
}

impl Report for Finding {
    fn lines(&self) -> String {
        let status = match self.status {
            Status::Ok => "ok  ".green().to_string(),
            Status::Warn => "warn".yellow().to_string(),
            Status::Fail => "fail".red().bold().to_string(),
        };
        let hint =
            self.hint.as_ref().map(|hint| format!("\n{:18}{} {hint}", "", "→".cyan())).unwrap_or_default();
        format!("{status}  {:<10}  {}{hint}", self.check, self.detail)
    }
}
