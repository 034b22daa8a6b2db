//! How far indexing is.

use std::fmt;

use countersign_registry::RegistryAt;

use crate::store::{KeptBlock, Tip};

/// How far one registry's indexing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which registry.
    pub registry: RegistryAt,
    /// What is stored; `None` for nothing yet.
    pub tip: Option<Tip>,
    /// The newest block that the endpoints agree on; `None` before the first.
    pub head: Option<KeptBlock>,
    /// Events stored since the start.
    pub events: u64,
    /// Reorganisations since the start that undid what was stored.
    pub reorganisations: u64,
    /// What holds it up.
    pub failure: Option<String>,
}

impl Progress {
    /// Nothing is known yet.
    #[must_use]
    pub const fn new(registry: RegistryAt) -> Self {
        Self { registry, tip: None, head: None, events: 0, reorganisations: 0, failure: None }
    }

    /// How many blocks the store is behind the head; `None` before both are known.
    #[must_use]
    pub fn lag(&self) -> Option<u64> {
        Some(self.head?.block.number.saturating_sub(self.tip?.block.number))
    }

    pub(super) const fn head_is(&mut self, head: KeptBlock) {
        self.head = Some(head);
    }

    pub(super) const fn advanced(&mut self, tip: Tip, events: u64) {
        self.tip = Some(tip);
        self.events = self.events.saturating_add(events);
    }

    pub(super) const fn reorganised(&mut self) {
        self.reorganisations = self.reorganisations.saturating_add(1);
    }

    pub(crate) fn failed(&mut self, failure: &impl fmt::Display) {
        self.failure = Some(failure.to_string());
    }

    pub(super) fn succeeded(&mut self) {
        self.failure = None;
    }
}
