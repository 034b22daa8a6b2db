//! Questions of bounded size. An honest answer must not be longer than what is read of one, whatever was hinted at.

use std::collections::HashSet;

use alloy::primitives::{Address as AccountAddress, B256};

use super::wants::{Piece, Wants};
use crate::node::{CallRequest, PiecesQuestion};
use crate::question::ProofTarget;

/// One question: what is needed, and as much of what was hinted at as fits beside it.
#[derive(Debug, Default)]
pub(super) struct Portion {
    header: bool,
    access_lists: Vec<CallRequest>,
    needed: Vec<Piece>,
    hinted: Vec<Piece>,
    /// What its answer is expected to have, in bytes.
    size: usize,
    accounts: HashSet<AccountAddress>,
}

/// What a node is asked, still without its block.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) header: bool,
    pub(super) targets: Vec<ProofTarget>,
    pub(super) codes: Vec<AccountAddress>,
    pub(super) access_lists: Vec<CallRequest>,
}

impl Portion {
    /// The first question: the header too, and what the node thinks that calls read.
    pub(super) fn first(access_lists: Vec<CallRequest>) -> Self {
        Self { header: true, access_lists, size: HEADER, ..Self::default() }
    }

    /// Puts pieces into this question, and into others as soon as one's answer may be longer than `room` bytes.
    pub(super) fn filled(self, needed: &Wants, hinted: &Wants, room: usize) -> Vec<Self> {
        let mut done = Vec::new();
        let mut current = self;
        let hints = hinted.pieces().iter().filter(|piece| !needed.contains(piece)).map(|piece| (piece, true));
        for (piece, is_hint) in needed.pieces().iter().map(|piece| (piece, false)).chain(hints) {
            if current.size + current.size_of(piece) > room && !current.is_empty() {
                done.push(std::mem::take(&mut current));
            }
            current.add(*piece, is_hint);
        }
        done.extend(Some(current).filter(|last| !last.is_empty()));
        done
    }

    /// Whether it asks for more than is needed.
    pub(super) const fn has_hints(&self) -> bool {
        !self.hinted.is_empty() || !self.access_lists.is_empty()
    }

    /// Whether it asks for anything that is needed.
    pub(super) const fn has_needs(&self) -> bool {
        self.header || !self.needed.is_empty()
    }

    /// All of it.
    pub(super) fn whole(&self) -> Asked {
        let pieces = self.needed.iter().chain(&self.hinted);
        Asked { access_lists: self.access_lists.clone(), ..Asked::of(self.header, pieces) }
    }

    /// Without what is only hinted at.
    pub(super) fn needs(&self) -> Asked {
        Asked::of(self.header, self.needed.iter())
    }

    const fn is_empty(&self) -> bool {
        !self.has_needs() && !self.has_hints()
    }

    fn add(&mut self, piece: Piece, is_hint: bool) {
        self.size += self.size_of(&piece);
        self.accounts.insert(piece.account());
        if is_hint { self.hinted.push(piece) } else { self.needed.push(piece) }
    }

    fn size_of(&self, piece: &Piece) -> usize {
        let proof = if self.accounts.contains(&piece.account()) { 0 } else { PROOF };
        match piece {
            Piece::Account(_) => proof,
            Piece::Contract(_) => proof + CODE,
            Piece::Code(_) => CODE,
            Piece::Slot(..) => proof + PROOF,
        }
    }
}

impl Asked {
    fn of<'a>(header: bool, pieces: impl Iterator<Item = &'a Piece>) -> Self {
        let mut asked = Self { header, ..Self::default() };
        for piece in pieces {
            match *piece {
                Piece::Account(account) => asked.target(account, None),
                Piece::Contract(account) => {
                    asked.target(account, None);
                    asked.codes.push(account);
                }
                Piece::Code(account) => asked.codes.push(account),
                Piece::Slot(account, slot) => asked.target(account, Some(slot)),
            }
        }
        asked
    }

    pub(super) fn question(&self, number: u64, with_hints: bool) -> PiecesQuestion {
        PiecesQuestion {
            number,
            header: self.header,
            proofs: self.targets.clone(),
            codes: self.codes.clone(),
            access_lists: if with_hints { self.access_lists.clone() } else { Vec::new() },
        }
    }

    /// Asks about an account, and one of its slots.
    fn target(&mut self, account: AccountAddress, slot: Option<B256>) {
        match self.targets.iter_mut().find(|target| target.account == account) {
            Some(target) => target.slots.extend(slot),
            None => self.targets.push(ProofTarget { account, slots: slot.into_iter().collect() }),
        }
    }
}

/// A proof in JSON: main net's are about half of it.
const PROOF: usize = 16 << 10;

/// Code in hexadecimal digits, of which a contract may have 24,576 bytes.
const CODE: usize = 64 << 10;

const HEADER: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use countersign_execution::Lacking;

    use super::super::recollection::Recollection;
    use super::*;

    const AT: AccountAddress = AccountAddress::repeat_byte(1);

    fn slots(numbers: std::ops::Range<u8>) -> Wants {
        let slots = numbers.map(|number| (AT, B256::repeat_byte(number))).collect();
        Wants::of(&Lacking { slots, ..Lacking::default() }, &Recollection::default())
    }

    fn sizes(portions: &[Portion]) -> Vec<(usize, usize)> {
        portions.iter().map(|portion| (portion.needed.len(), portion.hinted.len())).collect()
    }

    #[test]
    fn no_answer_is_expected_to_be_longer_than_is_read() {
        let none = Wants::default();
        let portions = Portion::default().filled(&slots(0..200), &none, 1 << 20);
        assert_eq!(sizes(&portions), [(63, 0), (63, 0), (63, 0), (11, 0)]);
        let tiny = Portion::default().filled(&slots(0..3), &none, 1);
        assert_eq!(sizes(&tiny), [(1, 0), (1, 0), (1, 0)]);
        assert!(Portion::default().filled(&none, &none, 1 << 20).is_empty());
    }

    #[test]
    fn hints_fill_what_is_left_and_are_asked_once() {
        let portions = Portion::first(Vec::new()).filled(&slots(0..60), &slots(30..100), 1 << 20);
        assert_eq!(sizes(&portions), [(60, 2), (0, 38)]);
        assert!(portions.iter().all(Portion::has_hints));
        assert_eq!(portions.iter().map(Portion::has_needs).collect::<Vec<_>>(), [true, false]);
        let [first, ..] = portions.as_slice() else { unreachable!() };
        let count = |asked: Asked| asked.targets.iter().map(|target| target.slots.len()).sum::<usize>();
        assert_eq!((count(first.whole()), count(first.needs())), (62, 60));
    }

    #[test]
    fn code_comes_with_the_account_that_proves_it() {
        let lacking =
            Lacking { accounts: (0..30).map(AccountAddress::repeat_byte).collect(), ..Lacking::default() };
        let needed = Wants::of(&lacking, &Recollection::default());
        for portion in Portion::default().filled(&needed, &Wants::default(), 1 << 20) {
            let asked = portion.whole();
            assert!(asked.targets.iter().map(|target| target.account).eq(asked.codes.iter().copied()));
            assert!(asked.codes.len() <= 13);
        }
    }
}
