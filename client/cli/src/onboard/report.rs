//! What became of each row: as a table, as JSON, and as a CSV beside the roster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use owo_colors::OwoColorize;
use serde::Serialize;

use super::foreign_text::{LONGEST_NAME, LONGEST_REASON, for_spreadsheet, for_terminal};
use crate::console::{Console, Report};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::whole_file;

/// One row's outcome.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RowReport {
    /// The line in the roster.
    pub(super) row: u64,
    pub(super) owner: String,
    pub(super) label: String,
    pub(super) status: Status,
    /// Why, where it is not registered, or was before.
    pub(super) reason: Option<String>,
    /// The key's version in the registry.
    pub(super) version: Option<u16>,
    pub(super) transaction: Option<String>,
    /// This row's share of its transaction's gas.
    pub(super) gas: Option<u64>,
}

/// What can become of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// By a transaction of this or an earlier run.
    Registered,
    /// The same key was there before, by somebody else's transaction.
    Already,
    /// With --dry-run: it would be registered.
    Ready,
    /// The command stopped before the row was registered, or before that was known.
    Waiting,
    /// Another key is there, or the same one at its end.
    Conflict,
    /// The registry does not take it.
    Refused,
    /// The row or its document is wrong by itself.
    Invalid,
}

impl Status {
    pub(super) const fn is_good(self) -> bool {
        matches!(self, Self::Registered | Self::Already | Self::Ready)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Already => "already",
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
        }
    }
}

/// Writes the CSV to `path`, prints every row, and fails unless all of them are good.
pub(super) fn publish(console: Console, path: &Path, rows: &[RowReport]) -> Result<(), Failure> {
    whole_file::replace(path, &as_csv(rows)?)?;
    if console.is_json() {
        rows.iter().try_for_each(|row| console.report(row))?;
    } else {
        console.report(&Summary { rows: rows.to_vec(), path: path.to_owned() })?;
    }
    let bad = rows.iter().filter(|row| !row.status.is_good()).count();
    if bad == 0 {
        return Ok(());
    }
    let message = format!("{bad} of {} rows are not registered", rows.len());
    Err(Failure::new(Exit::Transaction, "not_all_registered", message).hint(format!(
        "{} says why; put it right and run the same command again, which leaves the others alone",
        for_terminal(&path.to_string_lossy(), usize::MAX)
    )))
}

fn as_csv(rows: &[RowReport]) -> Result<Vec<u8>, Failure> {
    let unexpected = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Unexpected, "output", format!("cannot make the report: {error}"))
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row.for_spreadsheet()).map_err(|error| unexpected(&error))?;
    }
    writer.into_inner().map_err(|error| unexpected(&error))
}

/// All of it, for a person.
#[derive(Debug, Serialize)]
struct Summary {
    rows: Vec<RowReport>,
    path: PathBuf,
}

impl Report for Summary {
    fn lines(&self) -> String {
        let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row.status).or_default() += 1;
        }
        let counted: Vec<String> =
            counts.iter().map(|(status, count)| format!("{count} {}", status.name())).collect();
        let mut lines: Vec<String> =
            self.rows.iter().filter(|row| !row.status.is_good()).map(RowReport::line).collect();
        let gas: u64 = self.rows.iter().filter_map(|row| row.gas).sum();
        let total = if counted.is_empty() { "no rows".into() } else { counted.join(", ") };
        lines.push(if gas == 0 { total } else { format!("{total}; {gas} gas in all") });
        lines.push(format!("each row: {}", for_terminal(&self.path.to_string_lossy(), usize::MAX)));
        lines.join("\n")
    }
}

impl Report for RowReport {
    fn lines(&self) -> String {
        self.line()
    }
}

impl RowReport {
    fn line(&self) -> String {
        let status = format!("{:<8}", self.status.name());
        let owner = for_terminal(&self.owner, LONGEST_NAME);
        let label = for_terminal(&self.label, LONGEST_NAME);
        let label = if label.is_empty() { label } else { format!("#{label}") };
        let reason = for_terminal(self.reason.as_deref().unwrap_or_default(), LONGEST_REASON);
        format!("line {:<5} {}  {owner}{label}  {reason}", self.row, status.red())
    }

    fn for_spreadsheet(&self) -> Self {
        Self {
            owner: for_spreadsheet(&self.owner, LONGEST_NAME),
            label: for_spreadsheet(&self.label, LONGEST_NAME),
            reason: self.reason.as_deref().map(|reason| for_spreadsheet(reason, LONGEST_REASON)),
            ..self.clone()
        }
    }
}
