//! What the user sees: results on standard output, everything else on standard error.

use std::io::{self, ErrorKind, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use owo_colors::OwoColorize;
use serde::Serialize;
use serde_json::Value;

use crate::exit::Exit;
use crate::failure::Failure;

/// Where output goes and in which form. Colour reaches terminals only, and `NO_COLOR` is obeyed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    json: bool,
    progress: bool,
    remarks: bool,
}

/// A result that both a person and a program can read.
pub(crate) trait Report: Serialize {
    /// The lines for a person; colours are removed where no terminal shows them.
    fn lines(&self) -> String;
}

impl Console {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, progress: !json && io::stderr().is_terminal(), remarks: !json }
    }

    /// For work inside a step that has its own sign of life.
    pub(crate) const fn silent(self) -> Self {
        Self { progress: false, remarks: false, ..self }
    }

    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Whether an animation may be drawn.
    pub(crate) const fn animates(self) -> bool {
        self.progress
    }

    /// The result of a command, on standard output.
    pub(crate) fn report(self, report: &impl Report) -> Result<(), Failure> {
        let text = if self.json { encode(report)? } else { report.lines() };
        write_line(io::stdout(), &text)
    }

    /// One event of a running command, on standard error, where it never mixes with a peer's bytes.
    pub(crate) fn event(self, event: &impl Report) -> Result<(), Failure> {
        let text = if self.json { encode(event)? } else { event.lines() };
        write_line(io::stderr(), &text)
    }

    /// A remark for people, on standard error; programs do without.
    pub(crate) fn remark(self, text: &str) {
        if self.remarks {
            // Nothing else can be told to somebody who closed standard error.
            let _ = write_line(io::stderr(), text);
        }
    }

    pub(crate) fn failure(self, failure: &Failure) {
        let text = if self.json { failure.to_json().to_string() } else { failure_lines(failure) };
        let _ = write_line(io::stderr(), &text);
    }
}

/// Raw bytes to standard output, such as a completion script.
pub(crate) fn write_stdout(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(output_failed)
}

fn failure_lines(failure: &Failure) -> String {
    let mut text = format!("{} {}", "error:".red().bold(), failure.message());
    if let Some(hint) = failure.hint_text() {
        text.push_str(&format!("\n {} {hint}", "hint:".cyan().bold()));
    }
    text
}

fn encode(report: &impl Serialize) -> Result<String, Failure> {
    let value: Result<Value, _> = serde_json::to_value(report);
    let unexpected =
        |error| Failure::new(Exit::Unexpected, "output", format!("cannot encode the result: {error}"));
    value.map(|value| value.to_string()).map_err(unexpected)
}

fn write_line<S: anstream::stream::RawStream + anstream::stream::AsLockedWrite>(
    stream: S,
    text: &str,
) -> Result<(), Failure> {
    let choice: ColorChoice = AutoStream::choice(&stream);
    let mut stream = AutoStream::new(stream, choice);
    writeln!(stream, "{text}").and_then(|()| stream.flush()).map_err(output_failed)
}

fn output_failed(error: io::Error) -> Failure {
    let failure = Failure::new(Exit::Unexpected, "output", format!("cannot write the output: {error}"));
    match error.kind() {
        ErrorKind::BrokenPipe => failure.hint("the program that reads it ended; let it read to the end"),
        _ => failure,
    }
}
