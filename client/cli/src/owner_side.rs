//! One record's writer: its owner, somebody who pays for the owner, or the owner's operator.

use countersign::custody::{Custody, LocalKey};
use countersign::protocol::{Address, Identity};
use countersign::registry::RevocationReason;
use countersign::registry::consent::{
    IdentitySignature, KeyChange, KeyTerms, SignedDocument, SignedKey, SignedRevocation,
};
use countersign::registry::write::{PayingAccount, PendingKey, Registrar, Written};

use crate::arguments::WriterArguments;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment::{timestamp, unix_now};
use crate::party::{Account, checksummed};
use crate::payer::{self, Node};

/// Everything to write one record with.
#[derive(Debug)]
pub(crate) struct OwnerSide {
    /// The account that pays.
    pub(crate) registrar: Registrar,
    pub(crate) identity: Identity,
    pub(crate) chain_id: u64,
    standing: Standing,
}

/// By what right the paying account writes.
#[derive(Debug)]
enum Standing {
    /// It is the owner.
    Owner,
    /// The owner signs each time; this is its account.
    Sponsor { owner: Box<Registrar> },
    /// The owner appointed it.
    Operator,
}

/// A key on chain, and the version it has there.
#[derive(Debug)]
pub(crate) struct KeyOnChain {
    pub(crate) version: u16,
    pub(crate) written: Written,
}

impl OwnerSide {
    /// Opens the accounts and connects to the first of the nodes.
    pub(crate) async fn open(context: &Context, writer: &WriterArguments) -> Result<Self, Failure> {
        let named = context.settings.owner_if_any(&writer.owner)?;
        let node = Node::new(context, &writer.node, named.and_then(|owner| owner.chain_id))?;
        if writer.operator {
            return Self::operator(context, writer, &node).await;
        }
        let owner = owner_account(context, writer, named.as_ref()).await?;
        let identity = match named {
            Some(owner) => owner.identity,
            // Without a configured owner, whoever signs is it, under the label given.
            None => Identity { owner: owner.address(), label: context.settings.label(&writer.owner)? },
        };
        if identity.owner != owner.address() {
            return Err(other_account(&owner.address(), &identity.owner));
        }
        let sponsor = payer::named(context, &writer.payer).await?;
        let owner = node.registrar(owner).await?;
        let (registrar, standing) = match sponsor {
            None => (owner, Standing::Owner),
            Some(sponsor) => (node.registrar(sponsor).await?, Standing::Sponsor { owner: Box::new(owner) }),
        };
        Ok(Self { registrar, identity, chain_id: node.chain.chain_id, standing })
    }

    /// Registers or rotates, with the possession proof of the key at hand.
    pub(crate) async fn put_key(
        &self,
        change: KeyChange,
        terms: KeyTerms,
        key: &LocalKey,
    ) -> Result<KeyOnChain, Failure> {
        let Self { registrar, identity, .. } = self;
        let pending = match (&self.standing, change) {
            (Standing::Sponsor { owner }, _) => {
                return self.sponsor_key(owner, change, terms, key).await;
            }
            (Standing::Owner, KeyChange::Register) => registrar.register(identity.label, terms).await?,
            (Standing::Owner, KeyChange::Rotate) => registrar.rotate(identity.label, terms).await?,
            (Standing::Operator, KeyChange::Register) => {
                registrar.register_as_operator(*identity, terms).await?
            }
            (Standing::Operator, KeyChange::Rotate) => registrar.rotate_as_operator(*identity, terms).await?,
        };
        let version = pending.version();
        Ok(KeyOnChain { version, written: prove_and_submit(pending, key).await? })
    }

    pub(crate) async fn revoke(&self, reason: RevocationReason) -> Result<Written, Failure> {
        let Self { registrar, identity, .. } = self;
        match &self.standing {
            Standing::Owner => Ok(registrar.revoke(identity.label, reason).await?),
            Standing::Operator => Ok(registrar.revoke_as_operator(*identity, reason).await?),
            Standing::Sponsor { owner } => {
                let domain = owner.domain();
                let consent = owner.propose_revocation(*identity, reason, soon()).await?;
                let owner_signature = owner.sign_typed(&consent, &domain).await?;
                let document = SignedRevocation { domain, consent, owner_signature };
                Ok(registrar.submit(&document.into()).await?)
            }
        }
    }

    /// The account that pays, where it is not the owner.
    pub(crate) fn paid_by(&self) -> Option<Address> {
        let account = self.registrar.account();
        (account != self.identity.owner).then_some(account)
    }

    async fn operator(context: &Context, writer: &WriterArguments, node: &Node) -> Result<Self, Failure> {
        let identity = context.settings.owner(&writer.owner)?.identity;
        let registrar = node.registrar(payer::required(context, &writer.payer).await?).await?;
        let account = registrar.account();
        let standing = if account == identity.owner { Standing::Owner } else { Standing::Operator };
        if matches!(standing, Standing::Operator) {
            refuse_idle_operator(&registrar, &identity.owner, &account).await?;
        }
        Ok(Self { registrar, identity, chain_id: node.chain.chain_id, standing })
    }

    async fn sponsor_key(
        &self,
        owner: &Registrar,
        change: KeyChange,
        terms: KeyTerms,
        key: &LocalKey,
    ) -> Result<KeyOnChain, Failure> {
        let domain = owner.domain();
        let consent = owner.propose(change, self.identity, terms, soon()).await?;
        let possession = identity_signature(key, consent.claim().request(&domain)).await?;
        let owner_signature = owner.sign_typed(&consent, &domain).await?;
        let document = SignedDocument::from(SignedKey { domain, consent, possession, owner_signature });
        let written = self.registrar.submit(&document).await?;
        Ok(KeyOnChain { version: consent.version, written })
    }
}

/// Answers a registration's or a rotation's possession proof with the identity key, sends it, waits for its block.
pub(crate) async fn prove_and_submit(pending: PendingKey, key: &LocalKey) -> Result<Written, Failure> {
    let proof = key.answer(pending.request()).await?;
    Ok(pending.submit(proof).await?)
}

/// What an identity key signs for a document.
pub(crate) async fn identity_signature(
    key: &LocalKey,
    request: countersign::protocol::KeyRequest,
) -> Result<IdentitySignature, Failure> {
    let answer = key.answer(request).await?;
    IdentitySignature::try_from(answer)
        .map_err(|error| Failure::new(Exit::Keystore, "custody", error.to_string()))
}

/// The account at hand is not the owner that is named.
pub(crate) fn other_account(held: &Address, owner: &Address) -> Failure {
    let (held, owner) = (checksummed(held), checksummed(owner));
    let message = format!("the owner keystore holds the account {held}, but the owner is {owner}");
    Failure::new(Exit::Keystore, "other_account", message).hint(format!(
        "give the keystore of {owner}; an account that only pays is named with --sponsor-keystore, \
         and one that acts for the owner with --operator besides"
    ))
}

async fn owner_account(
    context: &Context,
    writer: &WriterArguments,
    named: Option<&Account>,
) -> Result<PayingAccount, Failure> {
    if let Some(signer) = payer::owner_signer(context, &writer.account.keystore).await? {
        return Ok(PayingAccount::Wallet(signer));
    }
    if !writer.account.unlocked {
        return Err(Failure::usage("nobody is named to sign for the owner").hint(
            "add --owner-keystore FILE, or --unlocked where the node holds the owner account; \
             with --operator, --sponsor or --sponsor-keystore names who acts for the owner",
        ));
    }
    let owner = named.ok_or_else(|| {
        Failure::configuration("no owner account is configured")
            .hint("add --owner 0x…: which of the node's accounts")
    })?;
    Ok(PayingAccount::Unlocked(owner.identity.owner))
}

/// An operator that was never appointed, or whose time is over, is told so before anything is signed or sent.
async fn refuse_idle_operator(
    registrar: &Registrar,
    owner: &Address,
    account: &Address,
) -> Result<(), Failure> {
    let until = registrar.operator_until(*owner, *account).await?;
    if until > unix_now() {
        return Ok(());
    }
    let (operator, shown) = (checksummed(account), checksummed(owner));
    let message = match until {
        0 => format!("{operator} is no operator of {shown}"),
        _ => format!("{operator} was an operator of {shown} until {}", timestamp(until)),
    };
    Err(Failure::new(Exit::Transaction, "no_operator", message).hint(format!(
        "the owner appoints it: countersign operator set {operator} --for 30days --owner-keystore FILE"
    )))
}

/// When an owner's signature that is submitted at once is no good any more: time enough for a slow block, too little for a
/// node that keeps it for later.
fn soon() -> u64 {
    unix_now().saturating_add(60 * 60)
}
