//! Registering a whole roster at somebody else's cost: checked first, resumed after a crash, never twice.
//!
//! ```text
//! traders.csv ─► roster ─► rows ─► past (the journal's pending transactions) ─► survey ─► dispatch ─► report
//!                                      traders.csv.journal ◄───────────────────────────────┘
//! ```
//! Nothing is registered twice for a simple reason: the registry refuses it. The journal is there so that nothing is paid
//! for twice, and so that a later run can tell what an earlier one did.

mod dispatch;
mod ending;
mod foreign_text;
mod journal;
mod past;
mod report;
mod roster;
mod row;
mod survey;

use std::path::Path;

use countersign::registry::write::Registrar;

use self::dispatch::Dispatch;
use self::journal::{Journal, beside};
use self::report::Status;
use self::roster::Roster;
use self::row::Row;
use crate::console::Console;
use crate::failure::Failure;
use crate::party::checksummed;
use crate::payer::Node;

/// A roster to be registered.
#[derive(Debug)]
pub(crate) struct Campaign<'a> {
    pub(crate) console: Console,
    pub(crate) node: &'a Node,
    /// The account that pays.
    pub(crate) registrar: &'a Registrar,
    /// How many registrations share a transaction.
    pub(crate) batch: usize,
}

impl Campaign<'_> {
    /// Registers whoever is not yet registered, and reports on every row.
    pub(crate) async fn run(&self, roster: &Path) -> Result<(), Failure> {
        let path = real_path(roster)?;
        let chain = &self.node.chain;
        let patience = self.node.inclusion_timeout();
        let (journal, mut past) = Journal::open(&path, chain.chain_id, &checksummed(&chain.registry))?;
        let mut dispatch = Dispatch { registrar: self.registrar, patience, journal };
        let mut rows = self.check(&path)?;
        past::settle(self.console, self.node, patience, &mut dispatch.journal, &mut past).await?;
        self.survey(&mut rows).await?;
        past::credit(&past, &mut rows);
        let wanted = rows.iter().filter(|row| row.wanted().is_some()).count();
        let mut sent = Ok(());
        if wanted > 0 {
            let bar = self.console.bar("Registering", wanted);
            sent = dispatch.send_all(&mut rows, self.batch, &bar).await;
        }
        // What was done is reported even where the rest could not be; that is then the more important failure.
        let reported = self.report(&beside(&path, ".report.csv"), rows, Status::Waiting);
        sent.and(reported)
    }

    /// Checks and tries everything, and sends and journals nothing.
    pub(crate) async fn rehearse(&self, roster: &Path) -> Result<(), Failure> {
        let path = real_path(roster)?;
        let mut rows = self.check(&path)?;
        self.survey(&mut rows).await?;
        self.report(&beside(&path, ".dry-run.csv"), rows, Status::Ready)
    }

    fn check(&self, path: &Path) -> Result<Vec<Row>, Failure> {
        let roster = Roster::read(path)?;
        let bar = self.console.bar("Checking the documents", roster.rows.len());
        let check = |row| {
            let row = Row::new(row, &self.node.chain);
            bar.advance(1);
            row
        };
        Ok(roster.rows.into_iter().map(check).collect())
    }

    async fn survey(&self, rows: &mut [Row]) -> Result<(), Failure> {
        let wanted = rows.iter().filter(|row| row.wanted().is_some()).count();
        let bar = self.console.bar("Asking the node about each", wanted);
        survey::survey(self.registrar, rows, &bar).await
    }

    /// `rest` is the status of the rows that are still wanted.
    fn report(&self, path: &Path, rows: Vec<Row>, rest: Status) -> Result<(), Failure> {
        let rows: Vec<_> = rows.into_iter().map(|row| row.report(rest)).collect();
        report::publish(self.console, path, &rows)
    }
}

/// The same file by another name has the same journal.
fn real_path(roster: &Path) -> Result<std::path::PathBuf, Failure> {
    roster.canonicalize().map_err(|error| {
        Failure::configuration(format!("{} cannot be read: {error}", roster.display()))
            .hint("countersign onboard --help shows a roster")
    })
}
