//! `countersign known`: what was proven before, and is never gone back from.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign::protocol::Identity;
use countersign::registry::{Incident, KnownRecord, KnownRecords, Rollback};
use serde::Serialize;

use crate::arguments::KnownArguments;
use crate::confirmation;
use crate::console::Report;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::known_report::KnownLine;
use crate::party::Party;

/// List, show and forget what was proven before
///
/// Whatever is proven of a chain or of somebody's key is kept in a file, before anything is done on the strength of it.
/// An older block, an older key, a vanished record, or a key that was revoked is refused from then on, whatever the
/// nodes say and whatever restart lies between, and each such attempt is written down.
///
/// Nothing protects a first contact: what is shown then is compared with nothing.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct KnownCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Everybody who is known, and the highest block of each chain
    List(List),
    /// What is known of somebody, and which rollbacks of it were refused
    Show(Show),
    /// Accept again whatever is proven next, even if it is older
    ///
    /// For a development chain that was begun anew, or where a reorganisation really undid what was proven. Ask the other
    /// side by another way first: a rollback looks the same when somebody replays an old state to you.
    Forget(Forget),
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    known: KnownArguments,
}

#[derive(Debug, Args)]
struct Show {
    /// 0x…, eip155:<chain>:0x… (with #label for one of several keys), or a contact's name
    who: Party,
    #[command(flatten)]
    known: KnownArguments,
}

#[derive(Debug, Args)]
struct Forget {
    /// 0x…, eip155:<chain>:0x… (with #label for one of several keys), or a contact's name
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    who: Option<Party>,
    /// Everybody, and the highest blocks
    #[arg(long)]
    all: bool,
    /// Only on this chain
    #[arg(long, value_name = "ID")]
    chain_id: Option<u64>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    known: KnownArguments,
}

/// What was forgotten.
#[derive(Debug, Serialize)]
struct Forgotten {
    forgotten: usize,
}

impl KnownCommand {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.action {
            Action::List(list) => list.run(context),
            Action::Show(show) => show.run(context),
            Action::Forget(forget) => forget.run(context).await,
        }
    }
}

impl List {
    fn run(&self, context: &Context) -> Result<(), Failure> {
        let file = &file(context, &self.known)?;
        let Some(known) = existing(file)? else {
            context.console.remark(&format!("Nothing is known yet; {} does not exist.", file.display()));
            return Ok(());
        };
        let (heads, records, incidents) = (known.heads()?, known.records()?, known.incidents()?);
        for head in &heads {
            context.console.report(&KnownLine::chain(head, &incidents))?;
        }
        for record in &records {
            context.console.report(&KnownLine::record(record, &incidents))?;
        }
        for incident in incidents.iter().filter(|incident| is_of_chain(incident)) {
            context.console.report(&KnownLine::incident(incident))?;
        }
        let (records, rollbacks) = (records.len(), incidents.len());
        context
            .console
            .remark(&format!("{records} records, {rollbacks} refused rollbacks in {}.", file.display()));
        Ok(())
    }
}

impl Show {
    fn run(&self, context: &Context) -> Result<(), Failure> {
        let (file, who) = (&file(context, &self.known)?, &self.who);
        let (identity, chain_id) = find(context, who, None)?;
        let known = existing(file)?;
        let (records, incidents) = match &known {
            Some(known) => (of(known, &identity, chain_id)?, known.incidents()?),
            None => (Vec::new(), Vec::new()),
        };
        let incidents: Vec<_> =
            incidents.into_iter().filter(|it| concerns(it, &identity, chain_id)).collect();
        if records.is_empty() && incidents.is_empty() {
            return Err(not_known(who, file));
        }
        for record in &records {
            context.console.report(&KnownLine::record(record, &incidents))?;
        }
        incidents.iter().try_for_each(|incident| context.console.report(&KnownLine::incident(incident)))
    }
}

impl Forget {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let file = &file(context, &self.known)?;
        let known = existing(file)?;
        let Some(who) = &self.who else { return self.forget_all(context, known).await };
        let (identity, chain_id) = find(context, who, self.chain_id)?;
        let records = known.as_ref().map_or(Ok(Vec::new()), |known| of(known, &identity, chain_id))?;
        let (Some(known), false) = (known, records.is_empty()) else { return Err(not_known(who, file)) };
        if !self.yes {
            let incidents = known.incidents()?;
            for record in &records {
                context.console.event(&KnownLine::record(record, &incidents))?;
            }
            let question = format!("Forget this of {who}, and accept an older key or a revoked one again?");
            confirmation::ask(&question).await?;
        }
        context.console.report(&Forgotten { forgotten: known.forget(&identity, chain_id)? })
    }

    async fn forget_all(&self, context: &Context, known: Option<KnownRecords>) -> Result<(), Failure> {
        let Some(known) = known else { return context.console.report(&Forgotten { forgotten: 0 }) };
        if !self.yes {
            let count = known.records()?.iter().filter(|it| self.is_meant(it.registry.chain_id)).count();
            let incidents = known.incidents()?;
            for head in known.heads()?.iter().filter(|head| self.is_meant(head.registry.chain_id)) {
                context.console.event(&KnownLine::chain(head, &incidents))?;
            }
            let question =
                format!("Forget these blocks and {count} records, and accept whatever is shown next?");
            confirmation::ask(&question).await?;
        }
        context.console.report(&Forgotten { forgotten: known.forget_all(self.chain_id)? })
    }

    fn is_meant(&self, chain_id: u64) -> bool {
        self.chain_id.is_none_or(|only| only == chain_id)
    }
}

fn file(context: &Context, arguments: &KnownArguments) -> Result<PathBuf, Failure> {
    context.settings.known_file(arguments)?.ok_or_else(|| {
        let failure = Failure::configuration("what is proven is kept nowhere");
        failure.hint("--known-file FILE names a file")
    })
}

/// The known records, where there are any: a look makes no file.
fn existing(file: &Path) -> Result<Option<KnownRecords>, Failure> {
    match file.symlink_metadata() {
        Ok(_) => Ok(Some(KnownRecords::open(file)?)),
        Err(_) => Ok(None),
    }
}

/// Who is meant, and on which chain; `None` for all.
fn find(context: &Context, who: &Party, chain_id: Option<u64>) -> Result<(Identity, Option<u64>), Failure> {
    let account = context.settings.contacts()?.find(who)?.account;
    match (account.chain_id, chain_id) {
        (Some(written), Some(given)) if written != given => {
            Err(Failure::usage(format!("the address is on chain {written}, and --chain-id says {given}")))
        }
        (written, given) => Ok((account.identity, written.or(given))),
    }
}

fn of(known: &KnownRecords, identity: &Identity, chain_id: Option<u64>) -> Result<Vec<KnownRecord>, Failure> {
    let mut records = known.records()?;
    records.retain(|record| {
        record.identity == *identity && chain_id.is_none_or(|only| only == record.registry.chain_id)
    });
    Ok(records)
}

fn concerns(incident: &Incident, identity: &Identity, chain_id: Option<u64>) -> bool {
    let whose = match &incident.rollback {
        Rollback::Record { identity, .. } => Some(identity),
        Rollback::Head { .. } => None,
    };
    whose == Some(identity) && chain_id.is_none_or(|only| only == incident.registry.chain_id)
}

fn is_of_chain(incident: &Incident) -> bool {
    matches!(incident.rollback, Rollback::Head { .. })
}

fn not_known(who: &Party, file: &Path) -> Failure {
    let message = format!("nothing was proven of {who} that {} would keep", file.display());
    let failure = Failure::new(Exit::Configuration, "not_known", message);
    failure.hint("countersign known list; countersign resolve proves somebody's key")
}

impl Report for Forgotten {
    fn lines(&self) -> String {
        match self.forgotten {
            1 => "1 record forgotten".into(),
            count => format!("{count} records forgotten"),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign known list
  countersign known show alice
  countersign known forget eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266#desk-7
  countersign known forget --all --chain-id 1337 --yes     a development chain that was begun anew

JSON, one object per line: list gives, for each chain, {\"kind\": \"chain\", \"chain_id\", \"registry\",
  \"block_number\", \"block_hash\", \"timestamp\", \"proven_at\", \"incidents\"} and, for each identity,
  {\"kind\": \"record\", \"identity\", \"chain_id\", \"registry\", \"version\", \"signer\", \"status\",
  \"block_number\", \"block_hash\", \"first_proven_at\", \"last_proven_at\", \"incidents\"}; incidents
  counts the different rollbacks that were refused. show adds, and list for chains, {\"kind\":
  \"incident\", \"chain_id\", \"registry\", \"identity\" or null, \"known\", \"shown\", \"endpoints\",
  \"first_at\", \"last_at\", \"times\"}. forget gives {\"forgotten\": number of records}.
Nobody known by that name is exit code 3: not_known.";
