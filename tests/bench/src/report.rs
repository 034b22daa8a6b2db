//! One table for people, one object per line for machines.

use std::io::{self, Write};

use serde::Serialize;

use crate::measure::Measured;

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Aligned columns.
    Table,
    /// JSON, one object per line.
    JsonLines,
}

/// One line of a report.
#[derive(Serialize)]
struct Line {
    bench: &'static str,
    figure: f64,
    unit: &'static str,
    /// The figure of what it is compared with, in the same run.
    baseline: f64,
    ratio: f64,
    #[serde(skip)]
    against: &'static str,
}

/// Prints every figure with its ratio to its baseline.
///
/// # Errors
/// Should nobody read what is printed.
pub(crate) fn print(measured: &[Measured], format: Format) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if format == Format::Table {
        writeln!(out, "{:<24} {:>12}    {:>12}     {:>6}  against", "bench", "median", "baseline", "ratio")?;
    }
    for line in measured.iter().map(line) {
        match format {
            Format::Table => writeln!(
                out,
                "{:<24} {:>12.2} {} {:>12.2} {}  {:>6.3}  {}",
                line.bench, line.figure, line.unit, line.baseline, line.unit, line.ratio, line.against
            )?,
            Format::JsonLines => writeln!(out, "{}", serde_json::to_string(&line)?)?,
        }
    }
    Ok(())
}

fn line(measured: &Measured) -> Line {
    Line {
        bench: measured.name,
        figure: measured.figure,
        unit: measured.unit.symbol(),
        baseline: measured.baseline_figure,
        ratio: measured.ratio,
        against: measured.baseline,
    }
}
