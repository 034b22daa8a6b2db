//! Countersign against its peers, in one process and one run.
//!
//! ```text
//! cargo run --profile bench -p countersign-bench -- [--json] [--quick | --smoke]
//! ```
//!
//! Every workload runs in every round, so that whatever slows the machine slows all of them. Figures are medians over
//! the rounds; a ratio is the median of the rounds' ratios. `scripts/bench` does the set-up first.

mod countersign_pair;
mod known_peer;
mod measure;
mod record;
mod report;
mod resolve;
mod rustls_peer;
mod snow_peer;

use std::process::ExitCode;

use crate::measure::{BenchError, Workload};
use crate::report::Format;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), BenchError> {
    let (mut format, mut rounds) = (Format::Table, ROUNDS);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--json" => format = Format::JsonLines,
            "--quick" => rounds = QUICK_ROUNDS,
            "--smoke" => rounds = SMOKE_ROUNDS,
            other => {
                return Err(format!("unknown argument {other}; there are --json, --quick and --smoke").into());
            }
        }
    }
    let chain = resolve::Chain::start()?;
    let mut measured = measure::interleaved(handshakes()?, rounds)?;
    measured.extend(measure::interleaved(record::workloads()?, rounds)?);
    measured.extend(measure::interleaved(chain.workloads()?, rounds)?);
    Ok(report::print(&measured, format)?)
}

fn handshakes() -> Result<Vec<Workload>, BenchError> {
    Ok(vec![
        countersign_pair::cold()?,
        known_peer::known()?,
        rustls_peer::raw_public_keys()?,
        rustls_peer::certificates()?,
        snow_peer::secp256k1()?,
        snow_peer::x25519()?,
    ])
}

const ROUNDS: usize = 300;
const QUICK_ROUNDS: usize = 30;
/// Enough to see that everything runs.
const SMOKE_ROUNDS: usize = 2;
