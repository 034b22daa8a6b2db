//! The command line: what can be asked, and the help that teaches it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::command;
use crate::exit;

mod chain;
mod domain;
mod identity;
mod known;
mod layered;
mod passphrase;
mod payer;
mod reason;
mod replay;
mod session;
mod upkeep;
mod writer;

pub(crate) use chain::ChainArguments;
pub(crate) use domain::DomainArguments;
pub(crate) use identity::{KeystoreArguments, OwnerAccountArguments, OwnerArguments, OwnerKeystoreArguments};
pub(crate) use known::KnownArguments;
pub(crate) use layered::{Layer, Layered};
pub(crate) use passphrase::PassphraseArguments;
pub(crate) use payer::PayerArguments;
pub(crate) use reason::Reason;
pub(crate) use replay::{MaybeSecret, ReplayArguments};
pub(crate) use session::{InstrumentArgument, SuiteArguments};
pub(crate) use upkeep::{AnsweringArguments, UpkeepArguments};
pub(crate) use writer::{NodeArguments, WriterArguments};

/// Private, mutually authenticated channels between two Ethereum addresses.
///
/// A key is registered on chain under an account. Whoever wants to talk to that account proves the key from the chain
/// itself, and both sides get a channel only if they hold the same view of it: the same block, the same two
/// records, the same price of the instrument they are about to trade.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    max_term_width = 100,
    after_help = "Try `countersign demo`: the whole job on a chain of its own, in under 20 seconds.",
    after_long_help = long_help(),
    arg_required_else_help = true
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Configuration file (TOML) [default: config.toml in the platform's configuration folder]
    #[arg(long, global = true, value_name = "FILE", env = "COUNTERSIGN_CONFIG", help_heading = "Global")]
    pub(crate) config: Option<PathBuf>,
    /// Print for programs: one JSON object per line, errors too
    #[arg(long, global = true, help_heading = "Global")]
    pub(crate) json: bool,
    /// Say more on standard error; twice for every detail
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global")]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Keygen(command::keygen::Keygen),
    Register(command::register::Register),
    Rotate(command::rotate::Rotate),
    Revoke(command::revoke::Revoke),
    SignRegistration(command::sign_registration::SignRegistration),
    SignRevocation(command::sign_revocation::SignRevocation),
    Submit(command::submit::Submit),
    RevocationCertificate(command::revocation_certificate::RevocationCertificateCommand),
    Operator(command::operator::OperatorCommand),
    Onboard(command::onboard::Onboard),
    Bundle(command::bundle::BundleCommand),
    Resolve(command::resolve::Resolve),
    Prove(command::prove::Prove),
    Verify(command::verify::Verify),
    Listen(command::listen::Listen),
    Connect(command::connect::Connect),
    Contacts(command::contacts::ContactsCommand),
    Known(command::known::KnownCommand),
    Demo(command::demo::Demo),
    Doctor(command::doctor::Doctor),
    Completions(command::completions::Completions),
    Man(command::man::Man),
}

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{PRECEDENCE}\n\n{}\n\n{JSON}", exit::TABLE)
}

const EXAMPLES: &str = "\
Examples:
  countersign demo                                      the whole job, on a chain of its own
  countersign keygen                                    make an identity key
  countersign register --unlocked                       put it on chain under your account
  countersign register --owner-keystore a.json --sponsor 0x7099…79C8   the owner signs, another account pays
  countersign resolve 0xf39F…2266                       somebody's key, proven
  countersign prove record 0xf39F…2266 --out proof.json   for somebody without a node, who checks it by
  countersign verify proof.json --block-hash 0x…
  countersign listen --bind 127.0.0.1:9734              wait for peers
  echo order | countersign connect 0xf39F…2266 --at 127.0.0.1:9734
  countersign sign-registration --owner-keystore a.json --out signed.json   offline; then, anywhere:
  countersign submit signed.json --sponsor-keystore gas.json
  countersign onboard traders.csv --sponsor-keystore gas.json           a whole venue at once
  countersign revocation-certificate make               so that you can end your key, whatever is lost
  countersign doctor                                    when something does not work";

const PRECEDENCE: &str = "\
Configuration:
  Flags win over the environment (COUNTERSIGN_*, named at each option), which wins over one TOML
  file: --config FILE, else $COUNTERSIGN_CONFIG, else config.toml in the platform's configuration
  folder. countersign.example.toml lists every key. Passphrases come from a prompt, a file or a
  descriptor: never from arguments or the environment, which other processes can read.
  COUNTERSIGN_LOG wins over -v: a level (error to trace), or levels by part of the program, such
  as countersign_registry=trace. Of other libraries it shows info and above, for their details
  would show the URLs of your nodes.";

const JSON: &str = "\
JSON:
  With --json, a result is one object per line on standard output. connect and listen keep
  standard output for the peer's bytes and print their events, each with an \"event\" key, on
  standard error. A failure is {\"error\": {\"kind\", \"message\", \"hint\", \"exit_code\"}} on
  standard error; hint may be null.";
