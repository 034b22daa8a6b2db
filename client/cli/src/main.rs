//! The `countersign` command: what a person types, on top of the library.
//!
//! This crate decides nothing about keys, proofs or the protocol: each command reads its settings, calls the
//! library, and says what came of it, to people or (`--json`) to programs, and by its exit code.
//!
//! ```text
//! arguments ─┐
//! config ────┴─ settings ─► command::* ─► countersign (library) ─► console: stdout, stderr, exit code
//! ```
#![allow(
    rustdoc::invalid_html_tags,
    reason = "an argument's doc comment is its help text, with <placeholders>"
)]

mod anvil;
mod arguments;
mod command;
mod config;
mod confirmation;
mod console;
mod contacts;
mod context;
mod delivery;
mod demo;
mod doctor;
mod exit;
mod failure;
mod fields;
mod hex_bytes;
mod instrument;
mod interrupt;
mod key_terms;
mod keyfile;
mod known_report;
mod local_trader;
mod log;
mod moment;
mod onboard;
mod owner_side;
mod party;
mod passphrase;
mod payer;
mod pipe;
mod progress;
mod proof_report;
mod record_report;
mod session_report;
mod settings;
mod signed_document;
mod terminal;
mod wallet_request;
mod whole_file;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::arguments::{Command, CommandLine};
use crate::console::Console;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::settings::Settings;

fn main() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => return explain_usage(&error),
    };
    let console = Console::new(line.global.json);
    log::begin(line.global.verbose, console);
    let outcome = match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let outcome = runtime.block_on(run(line, console));
            // A thread that waits for standard input would otherwise hold the process back.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::new(Exit::Unexpected, "internal", format!("cannot start: {error}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console.failure(&failure);
            failure.exit().code().into()
        }
    }
}

async fn run(line: CommandLine, console: Console) -> Result<(), Failure> {
    let settings = Settings::load(line.global.config.as_deref())?;
    let interrupt = Interrupt::watch()?;
    let (mut watched, mut insisting) = (interrupt.clone(), interrupt.clone());
    let closes_itself = matches!(line.command, Command::Connect(_) | Command::Listen(_));
    let context = Context { console, settings, interrupt };
    tokio::select! {
        outcome = dispatch(line.command, &context) => outcome,
        // Dropping a command undoes what it holds: files half written, processes started.
        signal = watched.signalled(), if !closes_itself => Err(signal.into_failure()),
        signal = insisting.insisted() => Err(signal.into_failure()),
    }
}

async fn dispatch(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Keygen(keygen) => keygen.run(context).await,
        Command::Register(register) => register.run(context).await,
        Command::Rotate(rotate) => rotate.run(context).await,
        Command::Revoke(revoke) => revoke.run(context).await,
        Command::SignRegistration(sign) => sign.run(context).await,
        Command::SignRevocation(sign) => sign.run(context).await,
        Command::Submit(submit) => submit.run(context).await,
        Command::RevocationCertificate(certificate) => certificate.run(context).await,
        Command::Operator(operator) => operator.run(context).await,
        Command::Onboard(onboard) => onboard.run(context).await,
        Command::Bundle(bundle) => bundle.run(context).await,
        Command::Resolve(resolve) => resolve.run(context).await,
        Command::Prove(prove) => prove.run(context).await,
        Command::Verify(verify) => verify.run(context).await,
        Command::Listen(listen) => listen.run(context).await,
        Command::Connect(connect) => connect.run(context).await,
        Command::Contacts(contacts) => contacts.run(context),
        Command::Known(known) => known.run(context).await,
        Command::Demo(demo) => demo.run(context).await,
        Command::Doctor(doctor) => doctor.run(context).await,
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(context),
    }
}

/// Help and version are no failures; a usage error is one, in JSON where that was asked for.
fn explain_usage(error: &clap::Error) -> ExitCode {
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !asked_for && std::env::args_os().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let message = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
        Console::new(true).failure(&Failure::usage(message).hint("countersign --help"));
    } else {
        // Nothing is left to tell it to where this fails.
        let _ = error.print();
    }
    if asked_for { ExitCode::SUCCESS } else { Exit::Usage.code().into() }
}
