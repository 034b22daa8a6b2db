//! What to ask a node for next.

use alloy::eips::eip2930::AccessListResult;
use alloy::primitives::{Address as AccountAddress, B256};
use countersign_execution::{Call, Lacking, State};

use super::recollection::Recollection;
use crate::node::{CallRequest, PiecesQuestion};
use crate::question::ProofTarget;

/// One question, still without its block.
#[derive(Debug, Default)]
pub(super) struct Wants {
    header: bool,
    pub(super) targets: Vec<ProofTarget>,
    pub(super) codes: Vec<AccountAddress>,
    access_lists: Vec<CallRequest>,
    new_accounts: usize,
}

impl Wants {
    /// Before anything is known: the header, and of each call what it read the last time, or else its target and
    /// what the node thinks that it reads.
    pub(super) fn first<'a>(
        calls: impl Iterator<Item = &'a Call>,
        gas: u64,
        recollection: &Recollection,
    ) -> Self {
        let mut wants = Self { header: true, ..Self::default() };
        for call in calls {
            wants.add_account(call.to, recollection);
            match recollection.touched(call) {
                Some(touched) => {
                    touched.accounts.iter().for_each(|account| wants.add_account(*account, recollection));
                    touched.slots.iter().for_each(|(account, slot)| wants.add_slot(*account, *slot));
                }
                None => {
                    wants.access_lists.push(CallRequest::new(call.to, call.calldata.clone(), gas));
                }
            }
        }
        wants.new_accounts = wants.targets.len();
        wants
    }

    /// What runs lacked, and what a node said that they will read. That is a hint: it is proven like the rest, and
    /// half of what may be fetched is left for what it did not name.
    pub(super) fn of(
        lacking: &Lacking,
        hints: Vec<AccessListResult>,
        state: &State,
        recollection: &Recollection,
    ) -> Self {
        let mut wants = Self::default();
        lacking.accounts.iter().for_each(|account| wants.add_account(*account, recollection));
        lacking.slots.iter().for_each(|(account, slot)| wants.add_slot(*account, *slot));
        lacking.codes.iter().for_each(|(account, _)| wants.add_code(*account));
        for item in hints.into_iter().flat_map(|hint| hint.access_list.0) {
            if state.account(&item.address).is_none() {
                wants.add_account(item.address, recollection);
            }
            for slot in item.storage_keys {
                if state.slot(item.address, slot).is_none() {
                    wants.add_slot(item.address, slot);
                }
            }
        }
        let is_new = |target: &&ProofTarget| state.account(&target.account).is_none();
        wants.new_accounts = wants.targets.iter().filter(is_new).count();
        wants
    }

    /// How many of the accounts are asked about for the first time.
    pub(super) const fn new_accounts(&self) -> usize {
        self.new_accounts
    }

    pub(super) fn slots(&self) -> usize {
        self.targets.iter().map(|target| target.slots.len()).sum()
    }

    pub(super) fn question(&self, number: u64) -> PiecesQuestion {
        PiecesQuestion {
            number,
            header: self.header,
            proofs: self.targets.clone(),
            codes: self.codes.clone(),
            access_lists: self.access_lists.clone(),
        }
    }

    /// An account that is new to this valuation, with its code unless that is known.
    fn add_account(&mut self, account: AccountAddress, recollection: &Recollection) {
        if self.target(account).is_some() && !recollection.has_code_of(&account) {
            self.add_code(account);
        }
    }

    fn add_code(&mut self, account: AccountAddress) {
        if !self.codes.contains(&account) {
            self.codes.push(account);
        }
    }

    fn add_slot(&mut self, account: AccountAddress, slot: B256) {
        if self.slots() < MAX_SLOTS
            && let Some(target) = self.target(account)
            && !target.slots.contains(&slot)
        {
            target.slots.push(slot);
        }
    }

    /// The question about an account, if there is room for one.
    fn target(&mut self, account: AccountAddress) -> Option<&mut ProofTarget> {
        let position = self.targets.iter().position(|target| target.account == account);
        if position.is_none() && self.targets.len() < MAX_ACCOUNTS {
            self.targets.push(ProofTarget { account, slots: Vec::new() });
        }
        let position = position.unwrap_or(self.targets.len().saturating_sub(1));
        self.targets.get_mut(position).filter(|target| target.account == account)
    }
}

/// Of one question: an answer has some kilobytes for each.
const MAX_ACCOUNTS: usize = 32;

/// Of one question, in all.
const MAX_SLOTS: usize = 256;
