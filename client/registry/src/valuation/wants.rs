//! What to have proven next.

use std::collections::HashSet;

use alloy::eips::eip2930::AccessListResult;
use alloy::primitives::{Address as AccountAddress, B256};
use countersign_execution::{Call, Lacking, State};

use super::budget::{MAX_ACCOUNTS, MAX_SLOTS};
use super::recollection::Recollection;

/// A piece of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Piece {
    Account(AccountAddress),
    /// An account, and its code too.
    Contract(AccountAddress),
    /// The code of an account that is proven already.
    Code(AccountAddress),
    Slot(AccountAddress, B256),
}

/// Pieces, each once, in the order in which they came up.
#[derive(Clone, Debug, Default)]
pub(super) struct Wants {
    pieces: Vec<Piece>,
    all: HashSet<Piece>,
}

impl Wants {
    /// What calls cannot do without.
    pub(super) fn first<'a>(calls: impl Iterator<Item = &'a Call>, recollection: &Recollection) -> Self {
        let mut wants = Self::default();
        calls.for_each(|call| wants.add_account(call.to, recollection));
        wants
    }

    /// What the same calls read the last time.
    pub(super) fn recollected<'a>(
        calls: impl Iterator<Item = &'a Call>,
        recollection: &Recollection,
    ) -> Self {
        let mut wants = Self::default();
        for touched in calls.filter_map(|call| recollection.touched(call)) {
            touched.accounts.iter().for_each(|account| wants.add_account(*account, recollection));
            touched.slots.iter().for_each(|(account, slot)| wants.add(Piece::Slot(*account, *slot)));
        }
        wants.cut_to_hints()
    }

    /// What runs lacked.
    pub(super) fn of(lacking: &Lacking, recollection: &Recollection) -> Self {
        let mut wants = Self::default();
        lacking.accounts.iter().for_each(|account| wants.add_account(*account, recollection));
        lacking.codes.iter().for_each(|(account, _)| wants.add(Piece::Code(*account)));
        lacking.slots.iter().for_each(|(account, slot)| wants.add(Piece::Slot(*account, *slot)));
        wants
    }

    /// What a node said that the calls will read, and is not known.
    pub(super) fn hinted(lists: &[AccessListResult], state: &State, recollection: &Recollection) -> Self {
        let mut wants = Self::default();
        for item in lists.iter().flat_map(|list| &list.access_list.0) {
            if state.account(&item.address).is_none() {
                wants.add_account(item.address, recollection);
            }
            for slot in &item.storage_keys {
                if state.slot(item.address, *slot).is_none() {
                    wants.add(Piece::Slot(item.address, *slot));
                }
            }
        }
        wants.cut_to_hints()
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    pub(super) fn contains(&self, piece: &Piece) -> bool {
        self.all.contains(piece)
    }

    pub(super) fn slots(&self) -> usize {
        self.pieces.iter().filter(|piece| matches!(piece, Piece::Slot(..))).count()
    }

    /// How many of the accounts are asked about for the first time.
    pub(super) fn new_accounts(&self, known: &State) -> usize {
        let accounts: HashSet<AccountAddress> = self.pieces.iter().map(Piece::account).collect();
        accounts.into_iter().filter(|account| known.account(account).is_none()).count()
    }

    /// Whether the code of that account is among it.
    pub(super) fn has_code_of(&self, account: AccountAddress) -> bool {
        self.contains(&Piece::Code(account)) || self.contains(&Piece::Contract(account))
    }

    fn add(&mut self, piece: Piece) {
        if self.all.insert(piece) {
            self.pieces.push(piece);
        }
    }

    /// An account that is new to this valuation, with its code unless that is known.
    fn add_account(&mut self, account: AccountAddress, recollection: &Recollection) {
        self.add(match recollection.has_code_of(&account) {
            true => Piece::Account(account),
            false => Piece::Contract(account),
        });
    }

    /// Hints are fetched up to what a call may read in all, but for code, of which there may be much: what else is needed
    /// will be lacking.
    fn cut_to_hints(self) -> Self {
        let (mut accounts, mut codes, mut slots) = (0, 0, 0);
        let mut cut = Self::default();
        for piece in self.pieces {
            let piece = match piece {
                Piece::Contract(account) if codes == MAX_HINTED_CODES => Piece::Account(account),
                piece => piece,
            };
            let (count, limit) = match piece {
                Piece::Account(_) => (&mut accounts, MAX_ACCOUNTS),
                Piece::Contract(_) | Piece::Code(_) => (&mut codes, MAX_HINTED_CODES),
                Piece::Slot(..) => (&mut slots, MAX_SLOTS),
            };
            if *count < limit {
                *count += 1;
                cut.add(piece);
            }
        }
        cut
    }
}

impl Piece {
    pub(super) const fn account(&self) -> AccountAddress {
        match self {
            Self::Account(account)
            | Self::Contract(account)
            | Self::Code(account)
            | Self::Slot(account, _) => *account,
        }
    }
}

/// Of one endpoint's word.
const MAX_HINTED_CODES: usize = 16;
