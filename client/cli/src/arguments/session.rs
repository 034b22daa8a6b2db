//! How a session is made.

use clap::Args;

use crate::config::SuiteChoice;
use crate::instrument::Instruments;

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
    /// Value the instrument by a storage slot, `0x5FbD…0aa3:0`, or by what a call returns, `"0x5FbD…0aa3:latestRoundData()"`,
    /// `"0x5FbD…0aa3:balanceOf(address) 0x7099…"`; both sides must prove the same value; repeatable, at most 16
    #[arg(long, value_name = "CONTRACT:SLOT|CALL", env = "COUNTERSIGN_INSTRUMENTS")]
    pub(crate) instrument: Vec<Instruments>,
}
