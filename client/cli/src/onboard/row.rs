//! A row of the roster on its way: what it asks for, and what became of it.

use std::fs::File;
use std::path::Path;

use countersign::protocol::Identity;
use countersign::registry::consent::{Checked, DocumentError, KeyChange, SignedDocument, SignedKey};

use super::report::{RowReport, Status};
use super::roster::{RosterRow, Wish};
use crate::moment::{timestamp, unix_now};
use crate::party::{checksummed, shown};
use crate::settings::ChainSettings;

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    line: u64,
    owner: String,
    label: String,
    /// The identity as the journal names it, where the row has one.
    name: Option<String>,
    state: State,
}

/// Where a row stands.
#[derive(Debug)]
enum State {
    /// Its document is good, and its key is not in the registry as far as is known.
    Wanted(Box<Wanted>),
    /// Nothing more is to be done.
    Done(Outcome),
}

/// A registration to be submitted.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) key: SignedKey,
    /// Whether the chain decides about the owner's signature, as it does where the owner is a contract.
    pub(super) owner_on_chain: bool,
    /// Why it is too late to register it, by this computer's clock when it was read. An earlier run may have been in time.
    pub(super) expired: Option<String>,
}

/// How a row ended.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    status: Status,
    reason: Option<String>,
    version: Option<u16>,
    transaction: Option<String>,
    gas: Option<u64>,
}

impl Row {
    /// Reads the row's document and checks what needs no chain.
    pub(super) fn new(written: RosterRow, chain: &ChainSettings) -> Self {
        let RosterRow { line, owner, label, wish } = written;
        let name = wish.as_ref().ok().map(|wish| shown(&wish.identity));
        let wanted = wish.and_then(|wish| wanted(&wish, chain));
        let state = match wanted {
            Ok(wanted) => State::Wanted(Box::new(wanted)),
            Err(reason) => State::Done(Outcome::bad(Status::Invalid, reason)),
        };
        Self { line, owner, label, name, state }
    }

    pub(super) fn wanted(&self) -> Option<&Wanted> {
        match &self.state {
            State::Wanted(wanted) => Some(wanted),
            State::Done(_) => None,
        }
    }

    pub(super) fn end(&mut self, outcome: Outcome) {
        self.state = State::Done(outcome);
    }

    /// The identity's name and the key's version, where the key was found registered.
    pub(super) fn found(&self) -> Option<(&str, u16)> {
        match &self.state {
            State::Done(Outcome { status: Status::Already, version: Some(version), .. }) => {
                Some((self.name.as_deref()?, *version))
            }
            _ => None,
        }
    }

    /// `rest` is the status of a row that is wanted to the end.
    pub(super) fn report(self, rest: Status) -> RowReport {
        let outcome = match self.state {
            State::Done(outcome) => outcome,
            State::Wanted(wanted) => Outcome::good(rest, wanted.key.consent.version),
        };
        let Outcome { status, reason, version, transaction, gas } = outcome;
        let Self { line: row, owner, label, .. } = self;
        RowReport { row, owner, label, status, reason, version, transaction, gas }
    }
}

impl Wanted {
    pub(super) const fn identity(&self) -> Identity {
        self.key.consent.identity
    }

    /// As the journal names it.
    pub(super) fn name(&self) -> String {
        shown(&self.identity())
    }

    pub(super) fn document(&self) -> SignedDocument {
        self.key.clone().into()
    }

    /// Whether it can share a transaction: the owner signed by the key of its account, for a record never used.
    pub(super) const fn can_share(&self) -> bool {
        !self.owner_on_chain && self.key.consent.version == 1
    }

    /// Whether neither the signature nor the key ends before a block can be late, at `now` in Unix seconds. One that does
    /// would take a whole batch down with it.
    pub(super) fn outlasts_a_block(&self, now: u64) -> bool {
        outlasts_a_block(self.key.consent.deadline, self.key.consent.terms.valid_until, now)
    }
}

impl Outcome {
    pub(super) fn bad(status: Status, reason: impl Into<String>) -> Self {
        Self { status, reason: Some(reason.into()), version: None, transaction: None, gas: None }
    }

    /// By a transaction that carried `rows` of them.
    pub(super) fn registered(version: u16, transaction: &str, gas_used: u64, rows: usize) -> Self {
        let gas = gas_used / (rows.max(1) as u64);
        Self {
            transaction: Some(transaction.to_owned()),
            gas: Some(gas),
            ..Self::good(Status::Registered, version)
        }
    }

    const fn good(status: Status, version: u16) -> Self {
        Self { status, reason: None, version: Some(version), transaction: None, gas: None }
    }

    pub(super) fn already(version: u16) -> Self {
        Self { reason: Some("the key was registered before".into()), ..Self::good(Status::Already, version) }
    }

    pub(super) const fn is_already(&self) -> bool {
        matches!(self.status, Status::Already)
    }

    pub(super) fn at_version(self, version: u16) -> Self {
        Self { version: Some(version), ..self }
    }
}

fn wanted(wish: &Wish, chain: &ChainSettings) -> Result<Wanted, String> {
    let path = wish.document.as_path();
    let document = read(path).map_err(|what| format!("registration {}: {what}", path.display()))?;
    let (checked, too_late) = checked(&document, unix_now()).map_err(|error| error.to_string())?;
    let domain = document.domain();
    if !domain.covers(chain.chain_id, chain.registry) {
        return Err(format!("the document is for the {domain}"));
    }
    let key = match document {
        SignedDocument::Key(key) if key.consent.change == KeyChange::Register => key,
        other => return Err(format!("a {} is no registration", other.kind())),
    };
    same_identity(wish, &key.consent.identity)?;
    let key_ended = key.consent.terms.valid_until.map(u64::from).filter(|until| *until <= unix_now());
    let expired =
        too_late.or_else(|| Some(format!("the key would have expired at {}", timestamp(key_ended?))));
    Ok(Wanted { key, owner_on_chain: checked == Checked::OwnerOnChain, expired })
}

/// Checks all but the deadline, and says apart from it whether that has passed.
fn checked(document: &SignedDocument, now: u64) -> Result<(Checked, Option<String>), DocumentError> {
    match document.check(now) {
        Err(error @ DocumentError::Expired { deadline, .. }) => {
            Ok((document.check(deadline)?, Some(error.to_string())))
        }
        checked => Ok((checked?, None)),
    }
}

fn outlasts_a_block(deadline: u64, valid_until: Option<u32>, now: u64) -> bool {
    deadline.min(valid_until.map_or(u64::MAX, u64::from)) > now.saturating_add(LATEST_BLOCK_SECONDS)
}

fn same_identity(wish: &Wish, signed: &Identity) -> Result<(), String> {
    if signed.owner != wish.identity.owner {
        return Err(format!("the document is signed for the owner {}", checksummed(&signed.owner)));
    }
    if signed.label != wish.identity.label {
        return Err(format!("the document is signed for {}, which has another label", shown(signed)));
    }
    Ok(())
}

fn read(path: &Path) -> Result<SignedDocument, String> {
    let metadata = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    // A folder fails late and oddly, and a pipe would wait for its writer.
    if !metadata.is_file() {
        return Err("is no file".into());
    }
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    SignedDocument::read(file).map_err(|error| error.to_string())
}

/// How long a transaction may wait for its block before an end in between is to be feared.
const LATEST_BLOCK_SECONDS: u64 = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_within_ten_minutes_shares_no_transaction() {
        assert!(outlasts_a_block(1601, None, 1000));
        assert!(!outlasts_a_block(1600, None, 1000));
        assert!(outlasts_a_block(u64::MAX, Some(1601), 1000));
        assert!(!outlasts_a_block(u64::MAX, Some(1600), 1000));
    }
}
