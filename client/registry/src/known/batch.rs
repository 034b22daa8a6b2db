//! What was just proven at one head, held against what is known, and kept.

use alloy::eips::BlockNumHash;
use countersign_protocol::Identity;
use rusqlite::Connection;

use super::registry_at::RegistryAt;
use super::rows::{self, KnownHead, KnownRecord};
use super::seen::{Contradiction, Seen};

/// A head and what records said there.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) registry: RegistryAt,
    pub(crate) block: BlockNumHash,
    /// The block's time, in Unix seconds.
    pub(crate) timestamp: u64,
    pub(crate) records: Vec<(Identity, Seen)>,
    /// The local clock, in Unix seconds.
    pub(crate) now: u64,
}

/// What came of a batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// The highest block proven by now.
    pub(crate) highest: u64,
    /// For each record of the batch, what is known by now, or why it was not taken.
    pub(crate) records: Vec<Result<Seen, Contradiction>>,
    /// The records' generation until then.
    pub(crate) generation_before: u64,
    /// And by now.
    pub(crate) generation: u64,
}

impl Batch {
    /// Within the caller's transaction. Another process may have proven more since this one looked, so the rules are
    /// applied to what the database holds now.
    pub(super) fn apply(&self, connection: &Connection) -> rusqlite::Result<Kept> {
        let highest = self.keep_head(connection)?;
        let generation_before = rows::generation(connection)?;
        let mut changed = false;
        let mut records = Vec::with_capacity(self.records.len());
        for (identity, shown) in &self.records {
            let before = rows::record(connection, &self.registry, identity)?;
            let now = before.map_or(Ok(*shown), |before| before.seen.followed_by(*shown));
            if let Ok(seen) = now {
                changed |= before.is_none_or(|before| !before.seen.says_the_same_as(&seen));
                rows::put_record(connection, &self.row(*identity, seen, before.as_ref()))?;
            }
            records.push(now);
        }
        if changed {
            rows::begin_generation(connection)?;
        }
        Ok(Kept { highest, records, generation_before, generation: rows::generation(connection)? })
    }

    fn keep_head(&self, connection: &Connection) -> rusqlite::Result<u64> {
        let known = rows::head(connection, &self.registry)?.map(|head| head.block);
        match known {
            Some(known) if known.number > self.block.number || known == self.block => Ok(known.number),
            _ => {
                let Self { registry, block, timestamp, now, .. } = *self;
                rows::put_head(connection, &KnownHead { registry, block, timestamp, proven_at: now })?;
                Ok(block.number)
            }
        }
    }

    fn row(&self, identity: Identity, seen: Seen, before: Option<&KnownRecord>) -> KnownRecord {
        let first_proven_at = before.map_or(self.now, |before| before.first_proven_at);
        KnownRecord { registry: self.registry, identity, seen, first_proven_at, last_proven_at: self.now }
    }
}
