//! `countersign operator`: who may act for an owner, and until when.

use clap::{Args, Subcommand};
use countersign::protocol::Address;
use serde::Serialize;

use crate::arguments::{
    NodeArguments, OwnerAccountArguments, OwnerArguments, PayerArguments, WriterArguments,
};
use crate::console::Report;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::key_terms::TransactionReport;
use crate::moment::{Moment, Span, timestamp_and_distance, unix_now};
use crate::owner_side::OwnerSide;
use crate::party::{PlainAddress, checksummed};
use crate::payer::{self, Node};

/// Let another account act for the owner: rotate, revoke, register new labels
///
/// For agents and desks that look after keys without the treasury's own key. An operator acts under every label of the
/// owner until its time is over. It cannot bring a revoked record back, nor appoint anybody.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct OperatorCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Appoint an operator, or give it another time
    #[command(after_long_help = EXAMPLES)]
    Set(Set),
    /// End an operator's time now
    #[command(after_long_help = EXAMPLES)]
    End(End),
    /// Show until when an account may act for the owner
    #[command(after_long_help = EXAMPLES)]
    Show(Show),
}

#[derive(Debug, Args)]
struct Set {
    /// The operator's account
    operator: PlainAddress,
    /// For how long, such as 30days
    #[arg(long = "for", value_name = "TIME", conflicts_with = "until", required_unless_present = "until")]
    span: Option<Span>,
    /// Until when, such as 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    #[command(flatten)]
    appointing: AppointingArguments,
}

#[derive(Debug, Args)]
struct End {
    /// The operator's account
    operator: PlainAddress,
    #[command(flatten)]
    appointing: AppointingArguments,
}

/// Only the owner itself appoints: the registry takes no signature for it.
#[derive(Debug, Args)]
struct AppointingArguments {
    #[command(flatten)]
    account: OwnerAccountArguments,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    node: NodeArguments,
}

#[derive(Debug, Args)]
struct Show {
    /// The operator's account
    operator: PlainAddress,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    node: NodeArguments,
}

/// What an operator may do now.
#[derive(Debug, Serialize)]
struct Appointment {
    owner: String,
    operator: String,
    chain_id: u64,
    status: &'static str,
    until: Option<u64>,
    #[serde(flatten)]
    transaction: Option<TransactionReport>,
}

impl OperatorCommand {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.action {
            Action::Set(set) => {
                let until = match (set.span, set.until) {
                    (_, Some(moment)) => moment.0,
                    (Some(span), None) => unix_now().saturating_add(span.0.as_secs()),
                    (None, None) => return Err(Failure::usage("give --for TIME or --until TIME")),
                };
                if until <= unix_now() {
                    return Err(Failure::usage("the end is not in the future").hint(format!(
                        "countersign operator end {} ends it now",
                        checksummed(&set.operator.0)
                    )));
                }
                appoint(context, set.appointing, set.operator.0, Some(until)).await
            }
            Action::End(end) => appoint(context, end.appointing, end.operator.0, None).await,
            Action::Show(show) => show.run(context).await,
        }
    }
}

async fn appoint(
    context: &Context,
    appointing: AppointingArguments,
    operator: Address,
    until: Option<u64>,
) -> Result<(), Failure> {
    let AppointingArguments { account, owner, node } = appointing;
    let writer = WriterArguments { account, owner, node, payer: PayerArguments::default(), operator: false };
    let side = OwnerSide::open(context, &writer).await?;
    let progress = context.console.progress("Telling the registry, and waiting for the block");
    let written = side.registrar.set_operator(operator, until).await?;
    drop(progress);
    context.console.report(&Appointment {
        owner: checksummed(&side.identity.owner),
        operator: checksummed(&operator),
        chain_id: side.chain_id,
        status: if until.is_some() { "live" } else { "ended" },
        until,
        transaction: Some(written.into()),
    })
}

impl Show {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let owner = context.settings.owner(&self.owner)?;
        let node = Node::new(context, &self.node, owner.chain_id)?;
        // It only reads; any address will do.
        let registrar = node.registrar(payer::reader(self.operator.0)).await?;
        let until = registrar.operator_until(owner.identity.owner, self.operator.0).await?;
        context.console.report(&Appointment {
            owner: checksummed(&owner.identity.owner),
            operator: checksummed(&self.operator.0),
            chain_id: node.chain.chain_id,
            status: match until {
                0 => "none",
                until if until <= unix_now() => "ended",
                _ => "live",
            },
            until: (until != 0).then_some(until),
            transaction: None,
        })
    }
}

impl Report for Appointment {
    fn lines(&self) -> String {
        let until = self.until.map(|until| timestamp_and_distance(until, unix_now()));
        let fields = Fields::default()
            .line("operator", &self.operator)
            .line("owner", &self.owner)
            .line("status", self.status)
            .line_if("until", until);
        match &self.transaction {
            Some(transaction) => transaction.append_to(fields).to_string(),
            None => fields.to_string(),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign operator set 0x7099…79C8 --for 30days --owner-keystore account.json
  countersign operator set 0x7099…79C8 --until 2027-01-31T12:00:00Z --owner 0xf39F…2266 --unlocked
  countersign operator end 0x7099…79C8 --owner-keystore account.json
  countersign operator show 0x7099…79C8 --owner 0xf39F…2266
  then, as the operator: countersign rotate --operator --sponsor-keystore agent.json …

JSON: {\"owner\", \"operator\", \"chain_id\", \"status\": \"live\", \"ended\" or \"none\",
  \"until\": Unix seconds or null; after set and end also \"transaction\", \"block_number\", \"gas_used\"}
What show says is the first node's word, not proven.";
