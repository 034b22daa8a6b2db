//! Interleaved rounds and medians.

use std::error::Error;
use std::time::Instant;

/// What broke; the program ends with it.
pub(crate) type BenchError = Box<dyn Error + Send + Sync>;

/// Something to time.
pub(crate) struct Workload {
    /// A stable name: reports are compared by it.
    pub(crate) name: &'static str,
    /// The name of the workload that this one is compared with; its own where there is none.
    pub(crate) baseline: &'static str,
    /// In what the figure is given.
    pub(crate) unit: Unit,
    /// How many runs make one sample: enough that the clock's resolution does not show.
    pub(crate) runs_per_sample: u32,
    /// Makes ready for this many runs, untimed.
    pub(crate) prepare: Box<dyn FnMut(u32) -> Result<(), BenchError>>,
    /// One run.
    pub(crate) run: Box<dyn FnMut() -> Result<(), BenchError>>,
}

/// The unit of a figure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

/// A workload's medians.
pub(crate) struct Measured {
    /// As in [`Workload`].
    pub(crate) name: &'static str,
    /// As in [`Workload`].
    pub(crate) baseline: &'static str,
    /// As in [`Workload`].
    pub(crate) unit: Unit,
    /// Median time of one run.
    pub(crate) figure: f64,
    /// Median time of one run of the baseline.
    pub(crate) baseline_figure: f64,
    /// Median over the rounds of each round's ratio of the two: what slows a whole round cancels out.
    pub(crate) ratio: f64,
}

impl Unit {
    /// How it is written.
    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::Micros => "us",
            Self::Nanos => "ns",
        }
    }

    const fn per_second(self) -> f64 {
        match self {
            Self::Micros => 1e6,
            Self::Nanos => 1e9,
        }
    }
}

/// Takes a burst of samples of every workload in every round. One round in ten more comes first and does not count.
///
/// # Errors
/// The first that a workload returns, or a baseline that is not among the workloads.
pub(crate) fn interleaved(mut workloads: Vec<Workload>, rounds: usize) -> Result<Vec<Measured>, BenchError> {
    let mut all_samples = vec![Vec::with_capacity(rounds); workloads.len()];
    for round in 0..rounds + rounds / 10 {
        for (workload, samples) in workloads.iter_mut().zip(&mut all_samples) {
            let seconds = burst(workload).map_err(|error| format!("{}: {error}", workload.name))?;
            if round >= rounds / 10 {
                samples.push(seconds * workload.unit.per_second());
            }
        }
    }
    let position = |name| workloads.iter().position(|workload| workload.name == name);
    let against_its_baseline = |(workload, samples): (&Workload, &Vec<f64>)| {
        let baseline = position(workload.baseline).and_then(|at| all_samples.get(at));
        Ok(measured(workload, samples, baseline.ok_or_else(|| format!("no {}", workload.baseline))?))
    };
    workloads.iter().zip(&all_samples).map(against_its_baseline).collect()
}

fn burst(workload: &mut Workload) -> Result<f64, BenchError> {
    let samples = (0..BURST).map(|_| sample(workload)).collect::<Result<Vec<f64>, BenchError>>()?;
    Ok(median(samples.into_iter()))
}

fn sample(workload: &mut Workload) -> Result<f64, BenchError> {
    let runs = workload.runs_per_sample;
    (workload.prepare)(runs)?;
    let start = Instant::now();
    for _ in 0..runs {
        (workload.run)()?;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(runs))
}

fn measured(workload: &Workload, samples: &[f64], baseline: &[f64]) -> Measured {
    Measured {
        name: workload.name,
        baseline: workload.baseline,
        unit: workload.unit,
        figure: median(samples.iter().copied()),
        baseline_figure: median(baseline.iter().copied()),
        ratio: median(samples.iter().zip(baseline).map(|(ours, theirs)| ours / theirs)),
    }
}

fn median(samples: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = samples.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How many samples a workload gives at a time, of which a round keeps the median: the first mostly shows how the
/// caches recover from the workload before, and on a busy machine any one may hold another process's time.
const BURST: usize = 5;
