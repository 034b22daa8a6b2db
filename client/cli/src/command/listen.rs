//! `countersign listen`: sessions for whoever dials, one after another.

use std::collections::HashSet;
use std::io::IsTerminal;

use clap::Args;
use countersign::replay::{RedisCache, RedisLimits};
use countersign::{Abort, Admission, Identity, Listener, Policy, Session, Side};
use serde::Serialize;
use tokio::io::{Stdin, Stdout};

use crate::arguments::{AnsweringArguments, InstrumentArgument, ReplayArguments, UpkeepArguments};
use crate::console::Report;
use crate::context::Context;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::local_trader::LocalArguments;
use crate::party::{Party, shown};
use crate::pipe::{AfterPeerClose, pipe};
use crate::session_report::{Broken, Closed, Opened, Refused};

/// Wait for diallers and pipe each session through standard input and output, one after another
///
/// Each dialler proposes a block; this side proves both keys and the instrument's value there itself and refuses, with the
/// reason, whoever is not registered, revoked, or sees anything differently. A refusal never ends the command.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Listen {
    /// Address and port to listen at; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9734", help_heading = "Session")]
    bind: String,
    /// End after one session
    #[arg(long, help_heading = "Session")]
    once: bool,
    /// Answer these alone (repeatable) [default: anyone registered]
    #[arg(long, value_name = "WHO", help_heading = "Session")]
    allow: Vec<Party>,
    #[command(flatten)]
    instrument: InstrumentArgument,
    #[command(flatten)]
    replay: ReplayArguments,
    #[command(flatten)]
    upkeep: UpkeepArguments,
    #[command(flatten)]
    answering: AnsweringArguments,
    #[command(flatten)]
    local: LocalArguments,
}

#[derive(Debug, Serialize)]
struct Listening {
    event: &'static str,
    address: String,
    identity: String,
}

/// What the sessions are piped through.
struct Stdio {
    input: Stdin,
    output: Stdout,
}

impl Listen {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let mut interrupt = context.interrupt.clone();
        let mut listener = tokio::select! {
            listener = self.open(context) => listener?,
            signal = interrupt.signalled() => return Err(signal.into_failure()),
        };
        let mut stdio = Stdio { input: tokio::io::stdin(), output: tokio::io::stdout() };
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                signal = interrupt.signalled() => return Err(signal.into_failure()),
            };
            match accepted {
                Err(refused) => context.console.event(&Refused::new(&refused))?,
                Ok(session) => {
                    let served = self.serve(context, session, &mut stdio, &mut interrupt).await;
                    if self.once || served.is_err() {
                        return served;
                    }
                }
            }
        }
    }

    async fn open(&self, context: &Context) -> Result<Listener, Failure> {
        // Before anybody types a passphrase for nothing.
        let cache = match context.settings.replay_cache(&self.replay)? {
            Some(url) => Some(RedisCache::connect(&url, RedisLimits::default()).await?),
            None => None,
        };
        let builder = self.local.builder(context, None, self.policy(context)?).await?;
        let trader = match cache {
            Some(cache) => builder.replay_cache(cache).build(),
            None => builder.build(),
        };
        let identity = shown(&trader.identity());
        let listener = trader.listen(self.bind.as_str()).await.map_err(|error| {
            let failure = Failure::from(error);
            failure.about(&format!("listening at {}", self.bind))
        })?;
        let address = listener.local_addr().to_string();
        context.console.event(&Listening { event: "listening", address, identity })?;
        Ok(listener)
    }

    fn policy(&self, context: &Context) -> Result<Policy, Failure> {
        let contacts = context.settings.contacts()?;
        let find = |party: &Party| contacts.find(party).map(|found| found.account.identity);
        let allowed: HashSet<Identity> = self.allow.iter().map(find).collect::<Result<_, _>>()?;
        let admission = if allowed.is_empty() { Admission::Registered } else { Admission::Only(allowed) };
        let queries = context.settings.queries(&self.instrument)?;
        let instrument = (!queries.is_empty()).then_some(queries);
        let policy = context.settings.answering(&self.upkeep, &self.answering)?;
        Ok(Policy { admission, instrument, ..policy })
    }

    /// One session. Only an interrupt, a broken standard stream or, with `--once`, a broken session is a failure.
    async fn serve(
        &self,
        context: &Context,
        mut session: Session,
        stdio: &mut Stdio,
        interrupt: &mut Interrupt,
    ) -> Result<(), Failure> {
        context.console.event(&Opened::new(&session))?;
        let after = match self.once && !std::io::stdin().is_terminal() {
            true => AfterPeerClose::SendTheRest,
            false => AfterPeerClose::Close,
        };
        let peer = shown(&session.peer());
        match pipe(context, &mut session, &mut stdio.input, &mut stdio.output, after, interrupt).await {
            Ok(traffic) => context.console.event(&Closed::new(peer, traffic)),
            Err(failure) if self.once || !failure.is_of_session() => Err(failure),
            Err(failure) if failure.is_by_word() && is_own_record_over(&session).await => {
                Err(failure.hint("register a fresh key under this identity, then listen again"))
            }
            Err(failure) => context.console.event(&Broken::new(peer, &failure)),
        }
    }
}

/// Whether this side's own record ended the session, by this side's own proof: nobody can be answered any more.
async fn is_own_record_over(session: &Session) -> bool {
    let ours = |role| role == session.summary.role;
    session.ended().await.is_some_and(|ended| {
        ended.by == Side::ThisSide
            && match ended.why {
                Abort::Revoked(role) | Abort::Expired(role) | Abort::Superseded(role) => ours(role),
                Abort::KeysWornOut | Abort::Unproven => false,
            }
    })
}

impl Report for Listening {
    fn lines(&self) -> String {
        format!("listening at {} as {}", self.address, self.identity)
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign listen                                         anyone registered, at 127.0.0.1:9734
  countersign listen --bind 0.0.0.0:9734 --allow alice --instrument 0x5FbD…0aa3:0
  countersign listen --once < quote.json > order.json
  countersign listen --replay-cache redis://127.0.0.1:6379   one of several that listen as you

With --once, and where standard input is no terminal, all of it is sent even if the peer closes
first. Without --once a peer's close ends its session, and standard input stays for the next one.

JSON events, on standard error: session, epoch and closed as in connect, and
  {\"event\": \"listening\", \"address\", \"identity\"}
  {\"event\": \"refused\", \"remote\", \"initiator\", \"told\", \"message\"}
  {\"event\": \"broken\", \"peer\", \"kind\", \"message\"}";
