//! The `countersign-indexer` command: what an operator types, on top of the library.
#![allow(
    rustdoc::invalid_html_tags,
    reason = "an argument's doc comment is its help text, with <placeholders>"
)]

mod arguments;
mod command;
mod config;
mod failure;
mod log;
mod places;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Command, CommandLine};
use crate::failure::Failure;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    let json = line.json;
    log::begin(line.verbose, json);
    let outcome = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(run(line)),
        Err(error) => Err(Failure::new(failure::Exit::Unexpected, format!("no runtime: {error}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&failure, json);
            ExitCode::from(failure.code())
        }
    }
}

async fn run(line: CommandLine) -> Result<(), Failure> {
    let json = line.json;
    match line.command {
        Command::Run(arguments) => command::run::run(arguments, json).await,
        Command::VerifyStore(arguments) => command::verify_store::run(arguments, json).await,
        Command::Reindex(arguments) => command::reindex::run(arguments, json).await,
        Command::Backup(arguments) => command::backup::backup(arguments, json).await,
        Command::Restore(arguments) => command::backup::restore(arguments, json).await,
        Command::Completions { shell } => command::completions::run(shell),
    }
}

fn tell(failure: &Failure, json: bool) {
    let mut stderr = std::io::stderr().lock();
    let red = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = match (json, red) {
        (true, _) => failure.to_json().to_string(),
        (false, true) => format!("\x1b[1;31merror:\x1b[0m {failure}"),
        (false, false) => format!("error: {failure}"),
    };
    // Nothing else can be told to somebody who closed standard error.
    let _ = writeln!(stderr, "{text}");
}
