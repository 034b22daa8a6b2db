//! A rollback that was refused.

use alloy::eips::BlockNumHash;
use countersign_protocol::Identity;

use super::registry_at::RegistryAt;
use super::seen::Seen;
use crate::acceptance::unix_now;
use crate::endpoint::Endpoint;

/// A state older than one proven before, which somebody showed and nobody accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The chain and the registry.
    pub registry: RegistryAt,
    /// What went back.
    pub rollback: Rollback,
    /// Who showed it the last time. Credentials in their URLs are left out.
    pub endpoints: Vec<String>,
    /// When it was first shown by the local clock, in Unix seconds.
    pub first_at: u64,
    /// When it was last shown, in Unix seconds.
    pub last_at: u64,
    /// How often.
    pub times: u64,
}

/// What went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollback {
    /// The chain: its head lies below one proven before, by more than endpoints of one chain differ.
    Head {
        /// The height of the highest block proven before.
        known: u64,
        /// What was called the newest one.
        shown: BlockNumHash,
    },
    /// A record: a lower version, none at all, or a revocation undone.
    Record {
        /// Whose.
        identity: Identity,
        /// What was proven before.
        known: Seen,
        /// What was shown.
        shown: Seen,
    },
}

impl Incident {
    pub(crate) fn now(registry: RegistryAt, rollback: Rollback, by: &[&Endpoint]) -> Self {
        let now = unix_now();
        let endpoints = by.iter().map(ToString::to_string).collect();
        Self { registry, rollback, endpoints, first_at: now, last_at: now, times: 1 }
    }
}
