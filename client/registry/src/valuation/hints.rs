//! Whose word on what calls read is listened to.

use std::collections::HashSet;

use alloy::eips::eip2930::AccessListResult;
use alloy::primitives::{Address as AccountAddress, B256};
use countersign_execution::Touched;
use tokio::time::timeout;

use crate::node::{CallRequest, Node, PiecesQuestion};
use crate::resolver::Resolver;

/// What one node said that calls read. It is proven like the rest.
pub(super) struct Hint<'a> {
    pub(super) by: &'a Node,
    pub(super) lists: Vec<AccessListResult>,
}

/// The nodes that gave hints to one valuation, each once: a call that reads along a chain of slots is not found out without,
/// and one false hint must not stand in the way of a true one.
pub(super) struct Hints<'a> {
    heard: Vec<&'a Node>,
    /// What the last one named.
    named: HashSet<(AccountAddress, B256)>,
    /// From which round on another one is asked.
    due: usize,
}

impl<'a> Hints<'a> {
    /// In which round the first is asked where the first question brought none. What was found the last time is nobody's
    /// hint, and may have changed: there it is later.
    pub(super) fn due_from(round: usize) -> Self {
        Self { heard: Vec::new(), named: HashSet::new(), due: round }
    }

    /// Asks another node than before, once what the others named has turned out not to be enough.
    pub(super) async fn of_another(
        &self,
        resolver: &'a Resolver,
        round: usize,
        number: u64,
        access_lists: Vec<CallRequest>,
    ) -> Option<Hint<'a>> {
        if round < self.due || self.heard.len() >= MAX_HEARD {
            return None;
        }
        let is_new = |node: &&Node| !self.heard.iter().any(|heard| std::ptr::eq(*heard, *node));
        let by = resolver.nodes().iter().map(|node| &**node).filter(is_new);
        let by = by.min_by_key(|node| (node.health().hints_in_vain(), node.health().rank()))?;
        let question = PiecesQuestion { number, access_lists, ..PiecesQuestion::default() };
        let answer = timeout(resolver.policy().head_patience, by.pieces(&question)).await;
        let lists = answer.ok().and_then(Result::ok).map(|answer| answer.access_lists).unwrap_or_default();
        Some(Hint { by, lists })
    }

    /// Takes note of a hint. The one before was not enough.
    pub(super) fn hear(&mut self, hint: &Hint<'a>, round: usize) {
        if let Some(last) = self.heard.last() {
            last.health().hinted_in_vain();
        }
        let items = hint.lists.iter().flat_map(|list| &list.access_list.0);
        let slots = items.flat_map(|item| item.storage_keys.iter().map(|slot| (item.address, *slot)));
        self.named = slots.take(MAX_JUDGED).collect();
        self.heard.push(hint.by);
        self.due = round + ROUNDS_OF_A_HINT;
    }

    /// Once it is known what was read.
    pub(super) fn judge(&self, read: &[&Touched]) {
        let slots: HashSet<_> = read.iter().flat_map(|touched| touched.slots.iter().copied()).collect();
        let of_use = self.named.intersection(&slots).count();
        if let Some(last) = self.heard.last()
            && 2 * of_use + LENIENCE < self.named.len()
        {
            last.health().hinted_in_vain();
        }
    }
}

/// How many nodes give hints to one valuation.
const MAX_HEARD: usize = 3;

/// One to hear it, one to prove what it names, and one for what no access list has: hashes of blocks.
const ROUNDS_OF_A_HINT: usize = 3;

/// Slots that may be named for nothing, beside as many as were of use.
const LENIENCE: usize = 16;

/// Slots of a hint that are held against what was read.
const MAX_JUDGED: usize = 1024;
