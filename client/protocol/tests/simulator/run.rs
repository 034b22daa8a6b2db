//! Runs seeds, and reports the one that fails so that it can be run again.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::defect::Defect;
use crate::figures::Figures;
use crate::ledger::Violation;
use crate::world::World;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) trace: u64,
    pub(crate) figures: Figures,
}

/// Why a seed failed, and how to see it again.
pub(crate) struct Failure {
    seed: u64,
    step: u64,
    what: String,
    tail: Vec<String>,
}

/// One seed.
pub(crate) fn simulate(seed: u64, defect: Option<Defect>, is_printed: bool) -> Result<Outcome, Failure> {
    let mut world = World::new(seed, defect, is_printed);
    let what = match catch_unwind(AssertUnwindSafe(|| world.run())) {
        Ok(Ok(())) => return Ok(Outcome { trace: world.trace.hash(), figures: world.figures }),
        Ok(Err(Violation(what))) => what,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            format!(
                "panicked: {}",
                text.or_else(|| panic.downcast_ref().copied()).unwrap_or("without a word")
            )
        }
    };
    Err(Failure { seed, step: world.trace.step(), what, tail: world.trace.tail() })
}

/// So many seeds from the first, on all cores. The lowest that fails is reported.
pub(crate) fn run_all(first: u64, count: u64) -> Figures {
    let next = AtomicU64::new(first);
    let end = first.saturating_add(count);
    let result = Mutex::new((Figures::default(), None::<Failure>));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let outcome = simulate(seed, None, count == 1);
            let mut result = result.lock().unwrap();
            match outcome {
                Ok(outcome) => result.0 += outcome.figures,
                Err(failure) => {
                    next.store(end, Ordering::Relaxed);
                    if result.1.as_ref().is_none_or(|found| failure.seed < found.seed) {
                        result.1 = Some(failure);
                    }
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let (figures, failure) = result.into_inner().unwrap();
    if let Some(failure) = failure {
        panic!("{failure}");
    }
    figures
}

/// Which seeds to run: the first and how many. `scripts/simulate` sets the variables.
pub(crate) fn from_environment() -> (u64, u64) {
    let number = |name| {
        let text = std::env::var(name).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
    };
    match number("SIMULATOR_SEED") {
        Some(seed) => (seed, 1),
        None => (number("SIMULATOR_FIRST").unwrap_or(0), number("SIMULATOR_SEEDS").unwrap_or(DEFAULT_SEEDS)),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, step, what, tail } = self;
        writeln!(f, "seed {seed}, step {step}: {what}")?;
        for line in tail {
            writeln!(f, "{line}")?;
        }
        write!(f, "again, with the whole trace: scripts/simulate --seed {seed}")
    }
}

/// Some seconds' worth. The portable backends take longer over each curve operation.
const DEFAULT_SEEDS: u64 = if cfg!(feature = "native") { 300 } else { 40 };
