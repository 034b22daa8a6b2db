//! The owner's side of a transaction: who pays, through which node, for which record.

use countersign::custody::{Custody, LocalKey};
use countersign::protocol::{Address, Identity};
use countersign::registry::write::{KeyTerms, OwnerAccount, PendingKey, Registrar, WritePolicy, Written};

use crate::arguments::{ChainArguments, OwnerAccountArguments, OwnerArguments};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::keyfile;
use crate::party::{Account, checksummed};
use crate::settings::ChainSettings;

/// Everything to write one record with.
#[derive(Debug)]
pub(crate) struct OwnerSide {
    pub(crate) registrar: Registrar,
    pub(crate) identity: Identity,
    pub(crate) chain_id: u64,
}

impl OwnerSide {
    /// Opens the owner account and connects to the first of the nodes.
    pub(crate) async fn open(
        context: &Context,
        owner: &OwnerArguments,
        account: &OwnerAccountArguments,
        chain: &ChainArguments,
    ) -> Result<Self, Failure> {
        let named = context.settings.owner_if_any(owner)?;
        let chain = context.settings.chain(chain, named.and_then(|owner| owner.chain_id))?;
        let wallet = unlock(context, account, named.as_ref()).await?;
        let identity = match named {
            Some(owner) => owner.identity,
            // Without a configured owner, whoever pays is it, under the label given.
            None => Identity { owner: wallet.address(), label: context.settings.label(owner)? },
        };
        if identity.owner != wallet.address() {
            let (paying, owner) = (checksummed(&wallet.address()), checksummed(&identity.owner));
            let message = format!("the owner keystore holds the account {paying}, but the owner is {owner}");
            return Err(Failure::new(Exit::Keystore, "other_account", message)
                .hint("only the owner can write its records"));
        }
        let policy = write_policy(&chain, account);
        let endpoint =
            chain.endpoints.first().ok_or_else(|| Failure::configuration("no node is configured"))?;
        let registrar =
            Registrar::connect(endpoint, chain.chain_id, chain.registry, wallet.0, policy).await?;
        Ok(Self { registrar, identity, chain_id: chain.chain_id })
    }
}

/// Answers a registration's or a rotation's possession proof with the identity key, sends it, waits for its block.
pub(crate) async fn prove_and_submit(pending: PendingKey, key: &LocalKey) -> Result<Written, Failure> {
    let proof = key.answer(pending.request()).await?;
    Ok(pending.submit(proof).await?)
}

/// What is said of a key by default: valid without end, hybrid required, pinned.
pub(crate) fn default_terms(key: &LocalKey) -> KeyTerms {
    KeyTerms { public_key: key.public_key(), valid_until: None, suite_floor: 1, pinned: true }
}

/// The paying account with its address.
struct Wallet(OwnerAccount);

impl Wallet {
    fn address(&self) -> Address {
        match &self.0 {
            OwnerAccount::Unlocked(address) => *address,
            OwnerAccount::Wallet(signer) => Address(signer.address().into_array()),
        }
    }
}

async fn unlock(
    context: &Context,
    account: &OwnerAccountArguments,
    owner: Option<&Account>,
) -> Result<Wallet, Failure> {
    let Some(path) = &account.owner_keystore else {
        let owner = owner.ok_or_else(|| {
            Failure::configuration("no owner account is configured")
                .hint("add --owner 0x…: which of the node's accounts")
        })?;
        return Ok(Wallet(OwnerAccount::Unlocked(owner.identity.owner)));
    };
    let keystore = keyfile::read(path)?;
    let passphrase = account.passphrase().read(&path.display().to_string()).await?;
    let _progress = context.console.progress("Opening the owner's keystore");
    let opened = keyfile::blocking(move || {
        let secret = keystore.decrypt_secret(&passphrase)?;
        let unexpected = |error| {
            Failure::new(Exit::Unexpected, "internal", format!("the owner's key is refused: {error}"))
        };
        alloy::signers::local::PrivateKeySigner::from_slice(secret.expose_bytes()).map_err(unexpected)
    });
    let signer = opened.await.map_err(|failure| failure.in_file(path))?;
    Ok(Wallet(OwnerAccount::Wallet(signer)))
}

fn write_policy(chain: &ChainSettings, account: &OwnerAccountArguments) -> WritePolicy {
    let default = WritePolicy::default();
    WritePolicy {
        request_timeout: chain.policy.request_timeout,
        inclusion_timeout: account.wait.map_or(default.inclusion_timeout, |wait| wait.0),
        max_response_bytes: chain.policy.max_response_bytes,
    }
}
