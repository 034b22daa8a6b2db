//! `countersign sign-registration`: a registration that anybody can pay for, made without a node.

use std::path::PathBuf;

use clap::Args;
use countersign::custody::LocalKey;
use countersign::protocol::Identity;
use countersign::registry::consent::{
    KeyChange, KeyConsent, OwnerSignature, SignedDocument, SignedKey, SigningDomain, TypedData,
};

use crate::arguments::{DomainArguments, KeystoreArguments, OwnerArguments, OwnerKeystoreArguments};
use crate::console::write_stdout;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::hex_bytes::HexBytes;
use crate::key_terms::TermArguments;
use crate::moment::{Deadline, timestamp};
use crate::owner_side::identity_signature;
use crate::party::checksummed;
use crate::wallet_request::WalletRequest;
use crate::{delivery, keyfile, payer, whole_file};

/// Sign a registration for somebody else to submit; no node is needed
///
/// The identity key signs that you hold it, the owner account signs that it wants it. The result is a document: whoever
/// has ether submits it with `countersign submit`, and pays. It is good once, for the record's next version, until its
/// deadline. Where the owner account lives in another wallet (a Ledger, a Safe), --typed-data prints what that wallet is to
/// sign, and --owner-signature takes its answer.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct SignRegistration {
    #[command(flatten)]
    terms: TermArguments,
    /// The key is to take the place of another one: sign a rotation
    #[arg(long, requires = "record_version", help_heading = "Record")]
    rotation: bool,
    /// The version that the key will have: 1, or the one that `countersign resolve` shows, and 1 more [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Record")]
    record_version: Option<u16>,
    /// Until when it can be submitted: a span such as 7days, or a moment such as 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", default_value = "7days", help_heading = "Record")]
    deadline: Deadline,
    /// Where to write the document [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print what the owner's wallet is to sign (for `eth_signTypedData_v4`), and make no document yet
    #[arg(
        long,
        conflicts_with_all = ["owner_keystore", "owner_signature", "out"],
        help_heading = "Owner in another wallet"
    )]
    typed_data: bool,
    /// The wallet's signature over what --typed-data printed, in hexadecimal
    #[arg(
        long,
        value_name = "0x…",
        requires = "from",
        conflicts_with = "owner_keystore",
        help_heading = "Owner in another wallet"
    )]
    owner_signature: Option<HexBytes>,
    /// The file that --typed-data printed; all terms come from it, and it must be for the owner, chain and registry named
    #[arg(
        long,
        value_name = "FILE",
        requires = "owner_signature",
        conflicts_with_all = [
            "pinned", "compact", "valid_for", "suite_floor", "rotation", "record_version", "deadline",
        ],
        help_heading = "Owner in another wallet"
    )]
    from: Option<PathBuf>,
    #[command(flatten)]
    account: OwnerKeystoreArguments,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    keystore: KeystoreArguments,
    #[command(flatten)]
    domain: DomainArguments,
}

impl SignRegistration {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        if let Some(out) = &self.out {
            whole_file::refuse_existing(out)?;
        }
        if let (Some(signature), Some(from)) = (&self.owner_signature, &self.from) {
            let request = WalletRequest::read(from)?;
            let key = self.identity_key(context).await?;
            request.refuse_other_key(&key)?;
            let (identity, domain) = context.settings.subject(&self.owner, &self.domain, None)?;
            request.refuse_other_subject(&identity, &domain)?;
            let WalletRequest { domain, consent } = request;
            let digest = consent.digest(&domain);
            let owner_signature = OwnerSignature::from_wallet(&signature.0, consent.identity.owner, &digest)
                .map_err(|error| Failure::usage(error.to_string()))?;
            return self.finish(context, &key, (domain, consent), owner_signature).await;
        }
        let signer = payer::owner_signer(context, &self.account).await?;
        let signing = signer.as_ref().map(payer::address_of_signer);
        let (identity, domain) = context.settings.subject(&self.owner, &self.domain, signing)?;
        if signer.is_none() && !self.typed_data {
            return Err(Failure::usage("nobody is named to sign for the owner")
                .hint("add --owner-keystore FILE; or --typed-data, for an owner in another wallet"));
        }
        let key = self.identity_key(context).await?;
        let consent = self.consent(identity, &key)?;
        let Some(signer) = signer else { return print_typed_data(context, &consent, &domain) };
        let owner_signature = OwnerSignature::sign(&signer, &consent, &domain)
            .map_err(|error| Failure::new(Exit::Keystore, "owner_signature", error.to_string()))?;
        self.finish(context, &key, (domain, consent), owner_signature).await
    }

    async fn identity_key(&self, context: &Context) -> Result<LocalKey, Failure> {
        let path = context.settings.keystore(&self.keystore)?;
        keyfile::open(context.console, &path, &context.settings.passphrase(&self.keystore.passphrase)).await
    }

    fn consent(&self, identity: Identity, key: &LocalKey) -> Result<KeyConsent, Failure> {
        Ok(KeyConsent {
            change: if self.rotation { KeyChange::Rotate } else { KeyChange::Register },
            identity,
            version: self.record_version.unwrap_or(1),
            terms: self.terms.terms(key)?,
            deadline: delivery::deadline(self.deadline)?,
        })
    }

    /// Adds the identity key's own signature, and hands the document out.
    async fn finish(
        &self,
        context: &Context,
        key: &LocalKey,
        (domain, consent): (SigningDomain, KeyConsent),
        owner_signature: OwnerSignature,
    ) -> Result<(), Failure> {
        let possession = identity_signature(key, consent.claim().request(&domain)).await?;
        let document = SignedDocument::from(SignedKey { domain, consent, possession, owner_signature });
        delivery::deliver(context, &document, self.out.as_deref())
    }
}

fn print_typed_data(context: &Context, consent: &KeyConsent, domain: &SigningDomain) -> Result<(), Failure> {
    let text = consent.typed_data(domain).to_string();
    write_stdout(format!("{text}\n").as_bytes())?;
    context.console.remark(&format!(
        "{} is to sign this with eth_signTypedData_v4 by {}. With it in typed.json, the same command, with\n  \
         --from typed.json --owner-signature 0x… --out signed.json in place of --typed-data and the terms",
        checksummed(&consent.identity.owner),
        timestamp(consent.deadline),
    ));
    Ok(())
}

const EXAMPLES: &str = "\
Examples:
  countersign sign-registration --chain-id 1 --owner-keystore account.json --out signed.json
  countersign sign-registration --chain-id 1 --owner-keystore account.json --deadline 2027-01-31T12:00:00Z
  countersign sign-registration --rotation --record-version 2 --keystore new.json \\
      --chain-id 1 --owner-keystore account.json --out rotation.json
  An owner in another wallet, in two steps:
  countersign sign-registration --chain-id 1 --owner 0xf39F…2266 --typed-data > typed.json
  countersign sign-registration --chain-id 1 --owner 0xf39F…2266 --from typed.json \\
      --owner-signature 0x… --out signed.json

JSON, with --out: {\"out\", \"document\": \"countersign.registration.v1\" or \"countersign.rotation.v1\",
  \"identity\", \"chain_id\": null for every chain, \"registry\", \"version\", \"signer\", \"deadline\": Unix seconds,
  \"owner_key_signed\": false where only the chain can tell whether the owner agrees}
Without --out, the document itself; with --typed-data, the typed data.";
