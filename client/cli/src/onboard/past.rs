//! What earlier runs sent: waited for before anything else is, and credited to its rows.

use std::collections::HashMap;
use std::time::Duration;

use countersign::registry::write::{Fate, Registrar};

use super::ending::await_ending;
use super::journal::{End, Journal, Past, Sending};
use super::row::{Outcome, Row};
use crate::console::Console;
use crate::failure::Failure;
use crate::party::PlainAddress;
use crate::payer::{Node, reader};

/// Waits until each transaction of an earlier run is in a block or can never be.
pub(super) async fn settle(
    console: Console,
    node: &Node,
    patience: Duration,
    journal: &mut Journal,
    past: &mut Past,
) -> Result<(), Failure> {
    for sending in past.transactions.iter_mut().filter(|sending| is_open(sending)) {
        let _progress = console.progress("Waiting for what an earlier run sent");
        let fault = |what: &str| {
            Failure::configuration(format!("the journal {} names no {what}", journal.path().display()))
        };
        let payer: PlainAddress = sending.payer.parse().map_err(|_| fault("payer"))?;
        let transaction = sending.transaction.as_deref().map(str::parse).transpose();
        let transaction = transaction.map_err(|_| fault("transaction"))?;
        // Another account may have paid then.
        let payer: Registrar = node.registrar(reader(payer.0)).await?;
        if let (Some(_), Some(transaction)) = (&sending.end, transaction)
            && matches!(payer.find(transaction).await?, Fate::Unknown)
        {
            continue;
        }
        let ending = await_ending(&payer, transaction, sending.nonce, patience).await?;
        journal.ended(sending, End::from(&ending))?;
    }
    Ok(())
}

/// Rows that are registered by a transaction of an earlier run are this campaign's work.
pub(super) fn credit(past: &Past, rows: &mut [Row]) {
    let mut credits: HashMap<&str, Credit<'_>> = HashMap::new();
    let mut successes: Vec<_> =
        past.transactions.iter().filter_map(|sending| Some((sending, included(sending)?))).collect();
    successes.sort_by_key(|(_, credit)| credit.block_number);
    for (sending, credit) in successes {
        // The first to succeed did it: a later one passed the row over.
        for name in &sending.rows {
            credits.entry(name).or_insert(credit);
        }
    }
    for row in rows {
        let Some((name, version)) = row.found() else { continue };
        if let Some(Credit { transaction, gas_used, rows, .. }) = credits.get(name) {
            let outcome = Outcome::registered(version, transaction, *gas_used, *rows);
            row.end(outcome);
        }
    }
}

/// What a transaction did for its rows.
#[derive(Clone, Copy, Debug)]
struct Credit<'a> {
    transaction: &'a str,
    block_number: u64,
    gas_used: u64,
    rows: usize,
}

/// Whether it may yet turn out to be in a block. One that was sent and then given up for gone may: a node can lose a
/// transaction that another keeps.
const fn is_open(sending: &Sending) -> bool {
    matches!((&sending.end, &sending.transaction), (None, _) | (Some(End::Gone), Some(_)))
}

fn included(sending: &Sending) -> Option<Credit<'_>> {
    let Some(End::Included { block_number, gas_used }) = sending.end else { return None };
    let transaction = sending.transaction.as_deref()?;
    Some(Credit { transaction, block_number, gas_used, rows: sending.rows.len() })
}
