//! Sending what is wanted: journalled before it goes, waited for, and looked at afterwards.

use std::time::Duration;

use countersign::registry::ResolveError;
use countersign::registry::write::{Registrar, WriteError, Written};

use super::ending::{Ending, await_ending};
use super::journal::{End, Journal, Sending};
use super::report::Status;
use super::row::{Outcome, Row, Wanted};
use super::survey;
use crate::failure::Failure;
use crate::moment::unix_now;
use crate::party::checksummed;
use crate::progress::Bar;

/// The account that pays, and the journal of what it sent.
#[derive(Debug)]
pub(super) struct Dispatch<'a> {
    pub(super) registrar: &'a Registrar,
    /// How long to wait for a block.
    pub(super) patience: Duration,
    pub(super) journal: Journal,
}

/// What came of sending one transaction.
#[derive(Debug)]
enum Attempt {
    /// It succeeded.
    Written(Written),
    /// It did nothing, for a reason that lies with its rows or with another transaction.
    Nothing,
    /// The node would not send it, for a reason that lies with its only row.
    Refused(Outcome),
}

impl Dispatch<'_> {
    /// Sends all that is wanted: what can share a transaction in batches, the rest one by one.
    pub(super) async fn send_all(
        &mut self,
        rows: &mut [Row],
        batch: usize,
        bar: &Bar,
    ) -> Result<(), Failure> {
        let mut shared = Vec::new();
        let mut single = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            match row.wanted() {
                Some(wanted) if wanted.can_share() => shared.push(index),
                Some(_) => single.push(index),
                None => {}
            }
        }
        for members in shared.chunks(batch) {
            self.send_together(rows, members).await?;
            bar.advance(members.len());
        }
        for index in single {
            self.send_alone(rows, index).await?;
            bar.advance(1);
        }
        Ok(())
    }

    /// Sends rows in one transaction; again without those that went bad meanwhile, a few times; then each by itself, so
    /// that rows made to spoil one batch after another hold up none but themselves.
    async fn send_together(&mut self, rows: &mut [Row], members: &[usize]) -> Result<(), Failure> {
        for _ in 0..ATTEMPTS {
            // Decided anew each time: those before may have taken long.
            let wanted: Vec<_> = still_wanted(rows, members)
                .into_iter()
                .filter(|(_, wanted)| wanted.outlasts_a_block(unix_now()))
                .collect();
            if wanted.is_empty() || self.send(rows, &wanted).await? {
                break;
            }
        }
        for (index, _) in still_wanted(rows, members) {
            self.send_alone(rows, index).await?;
        }
        Ok(())
    }

    /// Sends one row in a transaction of its own, a few times.
    async fn send_alone(&mut self, rows: &mut [Row], index: usize) -> Result<(), Failure> {
        for _ in 0..ATTEMPTS {
            let wanted = still_wanted(rows, &[index]);
            if wanted.is_empty() || self.send(rows, &wanted).await? {
                return Ok(());
            }
        }
        if !still_wanted(rows, &[index]).is_empty() {
            let reason =
                format!("its transaction failed {ATTEMPTS} times, though the registry would take it");
            end(rows, index, Outcome::bad(Status::Refused, reason));
        }
        Ok(())
    }

    /// Sends rows in one transaction, once. Whether it succeeded, or there is nothing left to try.
    async fn send(&mut self, rows: &mut [Row], wanted: &[(usize, Wanted)]) -> Result<bool, Failure> {
        match self.attempt(&wanted.iter().map(|(_, wanted)| wanted).collect::<Vec<_>>()).await? {
            Attempt::Written(written) => self.conclude(rows, wanted, &written).await.map(|()| true),
            // One of them spoilt it for all, or another transaction took this one's place.
            Attempt::Nothing => self.examine_again(rows, wanted).await.map(|()| false),
            Attempt::Refused(outcome) => {
                wanted.iter().for_each(|(index, _)| end(rows, *index, outcome.clone()));
                Ok(true)
            }
        }
    }

    /// One transaction.
    async fn attempt(&mut self, wanted: &[&Wanted]) -> Result<Attempt, Failure> {
        let nonce = self.registrar.transaction_count().await?.sent;
        let payer = checksummed(&self.registrar.account());
        let names = wanted.iter().map(|wanted| wanted.name()).collect();
        let mut sending = self.journal.sending(payer, nonce, names)?;
        let sent = match wanted {
            [only] if !only.can_share() => self.registrar.send(&only.document(), Some(nonce)).await,
            _ => {
                let keys: Vec<_> = wanted.iter().map(|wanted| wanted.key.clone()).collect();
                self.registrar.send_many(&keys, Some(nonce)).await
            }
        };
        let transaction = match sent {
            Ok(transaction) => transaction,
            Err(error) => return self.not_sent(sending, wanted, error),
        };
        self.journal.sent(&mut sending, transaction.to_string())?;
        let ending = await_ending(self.registrar, Some(transaction), nonce, self.patience).await?;
        self.journal.ended(&mut sending, End::from(&ending))?;
        match ending {
            Ending::Included(written) => Ok(Attempt::Written(written)),
            Ending::Reverted | Ending::Gone => Ok(Attempt::Nothing),
        }
    }

    fn not_sent(
        &mut self,
        mut sending: Sending,
        wanted: &[&Wanted],
        error: WriteError,
    ) -> Result<Attempt, Failure> {
        let answered = !matches!(error, WriteError::Endpoint(_))
            || matches!(error, WriteError::Endpoint(ResolveError::NodeRefused { .. }));
        // A node that does not answer may have taken it: then the journal must go on asking.
        if answered {
            self.journal.ended(&mut sending, End::Gone)?;
        }
        match (error, wanted) {
            (WriteError::Refused(_) | WriteError::OutOfTurn { .. } | WriteError::Document(_), _) => {
                Ok(Attempt::Nothing)
            }
            // A contract may say one thing when it is tried and another when its gas is estimated.
            (error, [only]) if answered && !only.can_share() => {
                survey::refusal(error, only).map(Attempt::Refused)
            }
            (other, _) => Err(other.into()),
        }
    }

    /// After a transaction that succeeded: an entry whose record existed by then was passed over.
    async fn conclude(
        &self,
        rows: &mut [Row],
        sent: &[(usize, Wanted)],
        written: &Written,
    ) -> Result<(), Failure> {
        for (index, wanted) in sent {
            let record = self.registrar.record(wanted.identity()).await?;
            let outcome = match survey::settled(record.as_ref(), wanted) {
                Some(outcome) if outcome.is_already() => {
                    let transaction = written.transaction.to_string();
                    Outcome::registered(
                        wanted.key.consent.version,
                        &transaction,
                        written.gas_used,
                        sent.len(),
                    )
                }
                Some(outcome) => outcome,
                None => Outcome::bad(
                    Status::Refused,
                    "its transaction succeeded, and the node shows no record of it; run the command again",
                ),
            };
            end(rows, *index, outcome);
        }
        Ok(())
    }

    async fn examine_again(&self, rows: &mut [Row], sent: &[(usize, Wanted)]) -> Result<(), Failure> {
        for (index, wanted) in sent {
            if let Some(outcome) = survey::examine(self.registrar, wanted).await? {
                end(rows, *index, outcome);
            }
        }
        Ok(())
    }
}

fn still_wanted(rows: &[Row], members: &[usize]) -> Vec<(usize, Wanted)> {
    let wanted = |index: &usize| Some((*index, rows.get(*index)?.wanted()?.clone()));
    members.iter().filter_map(wanted).collect()
}

fn end(rows: &mut [Row], index: usize, outcome: Outcome) {
    if let Some(row) = rows.get_mut(index) {
        row.end(outcome);
    }
}

/// How often a batch is sent before its rows go alone, and a row alone before it is given up.
const ATTEMPTS: usize = 3;
