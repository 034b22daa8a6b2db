//! This side of a session: settings, key and chain joined into the library's `Trader`.

use clap::Args;
use countersign::{Policy, Trader, TraderBuilder};

use crate::arguments::{ChainArguments, KeystoreArguments, KnownArguments, OwnerArguments, SuiteArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::keyfile;
use crate::party::Account;
use crate::settings::ChainSettings;

/// Who this side is, with which key, on which chain.
#[derive(Clone, Debug, Args)]
pub(crate) struct LocalArguments {
    #[command(flatten)]
    pub(crate) owner: OwnerArguments,
    #[command(flatten)]
    pub(crate) keystore: KeystoreArguments,
    #[command(flatten)]
    pub(crate) chain: ChainArguments,
    #[command(flatten)]
    pub(crate) known: KnownArguments,
    #[command(flatten)]
    pub(crate) suites: SuiteArguments,
}

impl LocalArguments {
    /// Opens the keystore and makes the trader. `peer` is whom it is for, where that is known.
    pub(crate) async fn trader(
        &self,
        context: &Context,
        peer: Option<&Account>,
        policy: Policy,
    ) -> Result<Trader, Failure> {
        Ok(self.builder(context, peer, policy).await?.build())
    }

    /// As [`trader`](Self::trader), where more is to be said.
    pub(crate) async fn builder(
        &self,
        context: &Context,
        peer: Option<&Account>,
        policy: Policy,
    ) -> Result<TraderBuilder, Failure> {
        let settings = &context.settings;
        let owner = settings.owner(&self.owner)?;
        let chain = self.chain(context, &owner, peer)?;
        let resolver = settings.remembering(&chain, &self.known)?;
        let path = settings.keystore(&self.keystore)?;
        let key =
            keyfile::open(context.console, &path, &settings.passphrase(&self.keystore.passphrase)).await?;
        let builder = Trader::builder(owner.identity, key, resolver);
        Ok(builder.suites(settings.suites(&self.suites)).timeouts(settings.timeouts()).policy(policy))
    }

    fn chain(
        &self,
        context: &Context,
        owner: &Account,
        peer: Option<&Account>,
    ) -> Result<ChainSettings, Failure> {
        let named = one_chain(owner, peer)?;
        context.settings.chain(&self.chain, named)
    }
}

/// The chain that either address is written with.
fn one_chain(owner: &Account, peer: Option<&Account>) -> Result<Option<u64>, Failure> {
    let peers = peer.and_then(|peer| peer.chain_id);
    match (owner.chain_id, peers) {
        (Some(ours), Some(theirs)) if ours != theirs => {
            let message = format!(
                "you are written on chain {ours}, the peer on chain {theirs}; both must use one chain"
            );
            Err(Failure::configuration(message))
        }
        (ours, theirs) => Ok(ours.or(theirs)),
    }
}
