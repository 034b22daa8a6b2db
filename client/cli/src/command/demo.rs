//! `countersign demo`: the whole job, on a chain of its own.

use std::path::PathBuf;

use clap::Args;

use crate::anvil;
use crate::context::Context;
use crate::demo;
use crate::failure::Failure;

/// Run the whole job on a chain of its own, and tell it step by step
///
/// Starts Anvil on a free port, deploys the registry and an instrument, registers two traders, resolves them with
/// proofs checked, opens a session bound to a block and to the instrument's price, trades, rotates one key, revokes
/// the other, and shows that the next handshake is refused. Nothing is left behind. Everything goes through the same
/// library calls as the other commands; needs Anvil (`npm ci` installs it here) and no network.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Demo {
    /// Anvil's program [default: $ANVIL, else in a node_modules folder above, else on the PATH]
    #[arg(long, value_name = "PATH")]
    anvil: Option<PathBuf>,
}

impl Demo {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let program = anvil::find(self.anvil.as_deref())?;
        demo::run(context.console, &program).await
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign demo
  countersign demo --json | jq .name

JSON: one object per step, {\"step\", \"name\", \"title\", \"millis\", …facts}, then
  {\"name\": \"end\", \"ok\": true, \"steps\", \"millis\"}
The refusal at the end is what is expected, exit code 0; anything unexpected is a failure.";
