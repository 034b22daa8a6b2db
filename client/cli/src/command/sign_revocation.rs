//! `countersign sign-revocation`: an owner's revocation that anybody can pay for, made without a node.

use std::path::PathBuf;

use clap::Args;
use countersign::registry::consent::{OwnerSignature, RevocationConsent, SignedRevocation};

use crate::arguments::{DomainArguments, OwnerArguments, OwnerKeystoreArguments, Reason};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment::Deadline;
use crate::{delivery, payer, whole_file};

/// Sign a revocation of your key for somebody else to submit; no node is needed
///
/// The owner account alone signs: it need not hold the identity key, nor any ether. It is good once, for one version of the
/// record, until its deadline; `countersign submit` submits it. An operator that rotates first outruns it. Whoever holds the
/// identity key can make a word that nothing outruns while the key stays: `countersign revocation-certificate`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct SignRevocation {
    /// Why; everyone can read it
    #[arg(long, help_heading = "Record")]
    reason: Reason,
    /// The version to revoke: the one that `countersign resolve` shows
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..),
        help_heading = "Record"
    )]
    record_version: u16,
    /// Until when it can be submitted: a span such as 7days, or a moment such as 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", default_value = "7days", help_heading = "Record")]
    deadline: Deadline,
    /// Where to write the document [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    account: OwnerKeystoreArguments,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    domain: DomainArguments,
}

impl SignRevocation {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        if let Some(out) = &self.out {
            whole_file::refuse_existing(out)?;
        }
        let deadline = delivery::deadline(self.deadline)?;
        let signer = payer::owner_signer(context, &self.account).await?.ok_or_else(|| {
            Failure::usage("nobody is named to sign for the owner").hint("add --owner-keystore FILE")
        })?;
        let signing = payer::address_of_signer(&signer);
        let (identity, domain) = context.settings.subject(&self.owner, &self.domain, Some(signing))?;
        let (version, reason) = (self.record_version, self.reason.as_registry());
        let consent = RevocationConsent { identity, version, reason, deadline };
        let owner_signature = OwnerSignature::sign(&signer, &consent, &domain)
            .map_err(|error| Failure::new(Exit::Keystore, "owner_signature", error.to_string()))?;
        let document = SignedRevocation { domain, consent, owner_signature };
        delivery::deliver(context, &document.into(), self.out.as_deref())
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign sign-revocation --reason superseded --record-version 1 --chain-id 1 \\
      --owner-keystore account.json --out revoke.json
  countersign sign-revocation --reason policy --record-version 3 --chain-id 1 --owner-keystore account.json \\
      --deadline 1day --out revoke.json
  then, anywhere: countersign submit revoke.json --sponsor-keystore gas.json

JSON, with --out: {\"out\", \"document\": \"countersign.revocation.v1\", \"identity\",
  \"chain_id\": null for every chain, \"registry\", \"version\", \"reason\", \"deadline\": Unix seconds,
  \"owner_key_signed\"}. Without --out, the document itself.";
