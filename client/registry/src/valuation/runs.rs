//! Runs of calls: so many at a time, and none for longer than somebody waits for it.

use std::sync::Arc;
use std::thread::available_parallelism;

use countersign_execution::{Block, Call, ExecutionError, Limits, Outcome, State, Stop, execute};
use tokio::sync::Semaphore;

/// Where the runs of one resolver take their turns. What strangers propose may not take all processors.
#[derive(Debug)]
pub(crate) struct Runs(Arc<Semaphore>);

/// What calls came to, in their order, and the state that they were given.
pub(super) struct Ran {
    pub(super) state: State,
    pub(super) outcomes: Vec<Result<Outcome, ExecutionError>>,
}

/// Ends the run of whoever stops waiting.
#[derive(Default)]
struct Waiting(Stop);

impl Runs {
    fn at_once(runs: usize) -> Self {
        Self(Arc::new(Semaphore::new(runs)))
    }

    /// Runs calls one after the other once it is their turn. A future that is dropped ends them.
    ///
    /// # Errors
    /// [`ExecutionError::Unsupported`] where a run broke off.
    pub(super) async fn run(
        &self,
        calls: Vec<Call>,
        block: Block,
        state: State,
        limits: Limits,
    ) -> Result<Ran, ExecutionError> {
        let broke_off = |detail: String| ExecutionError::Unsupported { detail };
        let turn = self.0.clone().acquire_owned().await.map_err(|closed| broke_off(closed.to_string()))?;
        let waiting = Waiting::default();
        let stop = waiting.0.clone();
        // A call may take all of its gas, and other tasks wait for this thread.
        let run = tokio::task::spawn_blocking(move || {
            // The turn is over when the work is, whether or not anybody still waits for it.
            let _turn = turn;
            let outcomes = calls.iter().map(|call| execute(call, &block, &state, &limits, &stop)).collect();
            Ran { state, outcomes }
        });
        run.await.map_err(|ended| broke_off(ended.to_string()))
    }
}

impl Default for Runs {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self::at_once((processors / 2).max(1))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.raise();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use std::time::Duration;

    use alloy::primitives::{Address as AccountAddress, B256, Bytes, U256, hex};
    use countersign_execution::{Account, Code, Hardfork};
    use tokio::time::timeout;

    use super::*;

    const ENDLESS: &[u8] = &hex!("5b5f56");
    const NOTHING: &[u8] = &hex!("00");

    const AT: AccountAddress = AccountAddress::repeat_byte(1);

    fn holding(code: &'static [u8]) -> State {
        let code = Code::new(Bytes::from_static(code));
        let mut state = State::default();
        let account = Account { nonce: 1, balance: U256::ZERO, code_hash: code.hash() };
        state.insert_account(AT, Some(account));
        state.insert_code(code);
        state
    }

    fn run(runs: &Runs, code: &'static [u8], gas: u64) -> impl Future<Output = Result<Ran, ExecutionError>> {
        let block = Block {
            chain_id: 1,
            number: 1,
            timestamp: 1_760_000_000,
            beneficiary: AccountAddress::ZERO,
            gas_limit: 1,
            base_fee: 1,
            prev_randao: B256::ZERO,
            excess_blob_gas: None,
            slot_number: None,
            spec: Hardfork::Prague.into(),
        };
        let call = Call { to: AT, calldata: Bytes::new() };
        runs.run(vec![call], block, holding(code), Limits { gas, ..Limits::default() })
    }

    /// The first has gas for years. Given up, it makes room for the next; waited for, it makes it wait.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_run_takes_its_turn_and_ends_with_who_waits_for_it() {
        let runs = Runs::at_once(1);
        let first = timeout(Duration::from_millis(200), run(&runs, ENDLESS, u64::MAX));
        let second = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(runs.0.available_permits(), 0);
            let early = timeout(Duration::from_millis(50), run(&runs, NOTHING, 100));
            assert!(early.await.is_err(), "two at once");
        };
        let (first, ()) = tokio::join!(first, second);
        assert!(first.is_err());
        let last = timeout(Duration::from_secs(5), run(&runs, NOTHING, 100));
        let ran = last.await.unwrap().unwrap();
        assert!(matches!(ran.outcomes[0], Ok(Outcome::Returned { .. })), "{:?}", ran.outcomes);
        assert!(ran.state.account(&AT).is_some());
    }
}
