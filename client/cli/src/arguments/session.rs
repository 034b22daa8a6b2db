//! How a session is made.

use clap::Args;

use crate::config::SuiteChoice;
use crate::instrument::Instrument;

/// Which cryptography.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Session")]
pub(crate) struct SuiteArguments {
    /// Cipher suites this side takes part in [default: hybrid]
    #[arg(long, value_name = "CHOICE", env = "COUNTERSIGN_SUITES")]
    pub(crate) suites: Option<SuiteChoice>,
}

/// What the session is about.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Session")]
pub(crate) struct InstrumentArgument {
    /// Value the instrument by this storage slot; both sides must prove the same value; repeatable, at most 16
    #[arg(long, value_name = "CONTRACT:SLOT", env = "COUNTERSIGN_INSTRUMENTS", value_delimiter = ',')]
    pub(crate) instrument: Vec<Instrument>,
}
