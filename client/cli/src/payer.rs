//! The account that pays, and the node it pays through.

use std::path::Path;
use std::time::Duration;

use alloy::signers::local::PrivateKeySigner;
use countersign::protocol::Address;
use countersign::registry::write::{PayingAccount, Registrar, WritePolicy};

use crate::arguments::{NodeArguments, OwnerKeystoreArguments, PayerArguments};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::keyfile;
use crate::passphrase::PassphraseSource;
use crate::settings::ChainSettings;

/// The node that transactions go through, and the patience with it.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) chain: ChainSettings,
    policy: WritePolicy,
}

impl Node {
    /// `named` is the chain that an address was written with.
    pub(crate) fn new(
        context: &Context,
        arguments: &NodeArguments,
        named: Option<u64>,
    ) -> Result<Self, Failure> {
        let chain = context.settings.chain(&arguments.chain, named)?;
        let default = WritePolicy::default();
        let policy = WritePolicy {
            request_timeout: chain.policy.request_timeout,
            inclusion_timeout: arguments.wait.map_or(default.inclusion_timeout, |wait| wait.0),
            max_response_bytes: chain.policy.max_response_bytes,
        };
        Ok(Self { chain, policy })
    }

    /// How long to wait for a block to include a transaction.
    pub(crate) const fn inclusion_timeout(&self) -> Duration {
        self.policy.inclusion_timeout
    }

    /// Connects an account to the first of the nodes.
    pub(crate) async fn registrar(&self, account: PayingAccount) -> Result<Registrar, Failure> {
        let first = self.chain.endpoints.first();
        let endpoint = first.ok_or_else(|| Failure::configuration("no node is configured"))?;
        let (chain_id, registry) = (self.chain.chain_id, self.chain.registry);
        Ok(Registrar::connect(endpoint, chain_id, registry, account, self.policy).await?)
    }
}

/// The account that is to pay, if one is named.
pub(crate) async fn named(
    context: &Context,
    payer: &PayerArguments,
) -> Result<Option<PayingAccount>, Failure> {
    match (&payer.sponsor, &payer.sponsor_keystore) {
        (Some(address), _) => Ok(Some(PayingAccount::Unlocked(address.0))),
        (None, Some(path)) => {
            let signer = open(context, path, &payer.passphrase(), "Opening the sponsor's keystore").await?;
            Ok(Some(PayingAccount::Wallet(signer)))
        }
        (None, None) => Ok(None),
    }
}

/// The account that is to pay, where there must be one.
pub(crate) async fn required(context: &Context, payer: &PayerArguments) -> Result<PayingAccount, Failure> {
    named(context, payer).await?.ok_or_else(|| {
        Failure::usage("nobody is named to pay for the transaction").hint(
            "add --sponsor-keystore FILE, or --sponsor 0x… for an account that the node holds; any account will do",
        )
    })
}

/// The owner's account from its keystore, if one is named.
pub(crate) async fn owner_signer(
    context: &Context,
    owner: &OwnerKeystoreArguments,
) -> Result<Option<PrivateKeySigner>, Failure> {
    let Some(path) = &owner.owner_keystore else { return Ok(None) };
    open(context, path, &owner.passphrase(), "Opening the owner's keystore").await.map(Some)
}

pub(crate) fn address_of_signer(signer: &PrivateKeySigner) -> Address {
    Address(signer.address().into_array())
}

async fn open(
    context: &Context,
    path: &Path,
    source: &PassphraseSource,
    doing: &str,
) -> Result<PrivateKeySigner, Failure> {
    let keystore = keyfile::read(path)?;
    let passphrase = source.read(&path.display().to_string()).await?;
    let _progress = context.console.progress(doing);
    let opened = keyfile::blocking(move || {
        let secret = keystore.decrypt_secret(&passphrase)?;
        let unexpected = |error| {
            Failure::new(Exit::Unexpected, "internal", format!("the account's key is refused: {error}"))
        };
        PrivateKeySigner::from_slice(secret.expose_bytes()).map_err(unexpected)
    });
    opened.await.map_err(|failure| failure.in_file(path))
}

/// An account for those who only read: nothing is ever sent from it.
pub(crate) const fn reader(address: Address) -> PayingAccount {
    PayingAccount::Unlocked(address)
}
