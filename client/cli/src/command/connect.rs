//! `countersign connect`: standard input and output, through a session.

use clap::Args;
use countersign::Session;

use crate::arguments::{InstrumentArgument, UpkeepArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::local_trader::LocalArguments;
use crate::party::{Party, shown};
use crate::pipe::{AfterPeerClose, pipe};
use crate::session_report::{Closed, Opened};

/// Open a session with an address and pipe standard input and output through it
///
/// Proves both keys and the instrument's value at the newest block, shakes hands, then sends standard input to the peer
/// and prints what the peer sends. The end of standard input (Ctrl-D) closes this direction; the session ends when
/// both sides have closed theirs.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Connect {
    /// 0x…, eip155:<chain>:0x… (with #label for one of several keys), or a contact's name
    who: Party,
    /// Where it listens [default: the contact's endpoint]
    #[arg(long, value_name = "HOST:PORT", help_heading = "Session")]
    at: Option<String>,
    #[command(flatten)]
    instrument: InstrumentArgument,
    #[command(flatten)]
    upkeep: UpkeepArguments,
    #[command(flatten)]
    local: LocalArguments,
}

impl Connect {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let mut interrupt = context.interrupt.clone();
        let mut session = tokio::select! {
            session = self.open(context) => session?,
            signal = interrupt.signalled() => return Err(signal.into_failure()),
        };
        context.console.event(&Opened::new(&session))?;
        let (mut input, mut output) = (tokio::io::stdin(), tokio::io::stdout());
        let traffic =
            pipe(context, &mut session, &mut input, &mut output, AfterPeerClose::SendTheRest, &mut interrupt)
                .await?;
        context.console.event(&Closed::new(shown(&session.peer()), traffic))
    }

    async fn open(&self, context: &Context) -> Result<Session, Failure> {
        let peer = context.settings.contacts()?.find(&self.who)?;
        let Some(at) = self.at.clone().or(peer.endpoint) else {
            let failure = Failure::usage(format!("where does {} listen?", self.who));
            return Err(
                failure.hint("add --at host:port, or give the contact an endpoint: countersign contacts add")
            );
        };
        let queries = context.settings.queries(&self.instrument)?;
        let trader =
            self.local.trader(context, Some(&peer.account), context.settings.upkeep(&self.upkeep)?).await?;
        let _progress = context.console.progress(&format!("Proving and shaking hands with {}", self.who));
        Ok(trader.dial(peer.account.identity, at.as_str(), &queries).await?)
    }
}

const EXAMPLES: &str = "\
Examples:
  echo order | countersign connect 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 --at 127.0.0.1:9734
  countersign connect alice --instrument 0x5FbDB2315678afecb367f032d93F642f64180aa3:0
  countersign connect alice < order.json > fill.json

JSON events, on standard error:
  {\"event\": \"session\", \"peer\", \"peer_version\", \"remote\", \"suite\", \"state_hash\",
   \"block_number\", \"block_hash\", \"resumed\", \"readings\": [{\"contract\", \"slot\", \"value\"}]}
  {\"event\": \"epoch\", \"peer\", \"epoch\", \"state_hash\", \"block_number\", \"block_hash\", \"readings\"}: new keys,
   bound to a newly proven state
  {\"event\": \"closed\", \"peer\", \"sent\", \"received\"}: bytes
A refusal is a failure, exit code 9, whose kind names the reason: refused_revoked,
refused_valuation_differs, …";
