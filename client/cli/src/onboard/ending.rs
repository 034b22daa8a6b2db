//! Waiting until a transaction is in a block, or can never be in one.

use std::time::Duration;

use alloy::primitives::B256;
use countersign::registry::write::{Fate, Registrar, TransactionCount, WriteError, Written};
use tokio::time::{Instant, sleep};

use super::journal::End;
use crate::exit::Exit;
use crate::failure::Failure;

/// How a transaction ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    /// A block holds it, and it succeeded.
    Included(Written),
    /// A block holds it, and it did nothing.
    Reverted,
    /// Another one has its nonce, or no node has it any more.
    Gone,
}

/// Waits for the end of a transaction by `payer`, which is that registrar's account. Without its hash, as a crash in the
/// middle of sending leaves it, the nonce alone tells.
pub(super) async fn await_ending(
    payer: &Registrar,
    transaction: Option<B256>,
    nonce: u64,
    patience: Duration,
) -> Result<Ending, Failure> {
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        // The order matters: what has a block by now is found, whenever the block came.
        let count = payer.transaction_count().await?;
        let unseen_for_long = begun.elapsed() >= UNSEEN.min(patience);
        if let Some(ending) = judge(fate_of(payer, transaction).await?, count, nonce, unseen_for_long) {
            return Ok(ending);
        }
        if begun.elapsed() >= patience {
            return Err(still_pending(transaction, nonce, patience));
        }
        sleep(pause).await;
        pause = (pause * 2).min(SLOWEST_PAUSE);
    }
}

async fn fate_of(payer: &Registrar, transaction: Option<B256>) -> Result<Fate, Failure> {
    match transaction {
        Some(transaction) => Ok(payer.find(transaction).await?),
        None => Ok(Fate::Unknown),
    }
}

/// `None` while it may still come into a block.
fn judge(fate: Fate, count: TransactionCount, nonce: u64, unseen_for_long: bool) -> Option<Ending> {
    match fate {
        Fate::Included(written) => Some(Ending::Included(written)),
        Fate::Reverted => Some(Ending::Reverted),
        // Whatever the counts say: nodes behind one address may be a block apart.
        Fate::Pending => None,
        Fate::Unknown if count.included > nonce => Some(Ending::Gone),
        // A node may need a moment to show what it has just taken.
        Fate::Unknown => (count.sent <= nonce && unseen_for_long).then_some(Ending::Gone),
    }
}

fn still_pending(transaction: Option<B256>, nonce: u64, after: Duration) -> Failure {
    let failure = match transaction {
        Some(transaction) => Failure::from(WriteError::NotIncluded { transaction, after }),
        None => {
            let message =
                format!("the transaction with nonce {nonce} is in no block after {}s", after.as_secs());
            Failure::new(Exit::Transaction, "not_included", message)
        }
    };
    failure.hint("run the same command again: it waits for that transaction first; --wait 10m waits longer")
}

impl From<&Ending> for End {
    fn from(ending: &Ending) -> Self {
        match ending {
            Ending::Included(written) => {
                Self::Included { block_number: written.block_number, gas_used: written.gas_used }
            }
            Ending::Reverted => Self::Reverted,
            Ending::Gone => Self::Gone,
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const SLOWEST_PAUSE: Duration = Duration::from_secs(2);
const UNSEEN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_node_calls_pending_is_never_gone() {
        let passed = TransactionCount { included: 8, sent: 8 };
        let dropped = TransactionCount { included: 7, sent: 7 };
        for count in [passed, dropped] {
            assert!(judge(Fate::Pending, count, 7, true).is_none());
            assert!(matches!(judge(Fate::Unknown, count, 7, true), Some(Ending::Gone)));
        }
        assert!(judge(Fate::Unknown, dropped, 7, false).is_none());
        assert!(judge(Fate::Unknown, TransactionCount { included: 7, sent: 8 }, 7, true).is_none());
    }
}
