//! How the task got from the head before to the next.

use super::link::Branch;
use super::ring::{Block, Readings, Ring};
use crate::full_header::FullHeader;
use crate::proof::ProvenHeader;
use crate::resolver::Resolver;

/// The way to a head.
#[derive(Debug)]
pub(super) struct Course {
    /// The ring with the head in it.
    pub(super) ring: Ring,
    /// What is new to the ring, oldest first.
    pub(super) fresh: Vec<FullHeader>,
    pub(super) turn: Turn,
}

/// What became of the blocks before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// There were none.
    Begun,
    /// They are all there.
    Onward,
    /// So many of them are gone, and this one is the newest that is left.
    Back { depth: u64, ancestor: ProvenHeader },
    /// Nobody knows.
    Lost,
}

impl Resolver {
    /// From the ring, or from nothing, to a head.
    pub(super) async fn course(&self, ring: Option<&Ring>, head: &FullHeader) -> Course {
        let Some(ring) = ring else { return self.beginning(head, Turn::Begun).await };
        match self.branch_to(ring, head.clone()).await.and_then(|branch| joined(ring, branch)) {
            Some(course) => course,
            None => self.beginning(head, Turn::Lost).await,
        }
    }

    /// A new ring, as deep as endpoints show it at once.
    async fn beginning(&self, head: &FullHeader, turn: Turn) -> Course {
        let mut ring = Ring::begun(bare(&head.proven));
        match self.ancestors(&head.proven, super::ring::DEPTH).await {
            Ok(ancestors) => {
                // Each hashes to what the one above names, so the first that does not fit is the last that is kept.
                let _ = ancestors.iter().all(|ancestor| ring.deepen(ancestor.proven));
            }
            Err(error) => tracing::info!(%error, "the ring begins at the head alone"),
        }
        Course { ring, fresh: vec![head.clone()], turn }
    }
}

fn joined(ring: &Ring, branch: Branch) -> Option<Course> {
    let Branch { at, blocks: fresh } = branch;
    let ancestor = ring.at(at)?.header;
    let depth = ring.newest_number().saturating_sub(at);
    let turn = if depth == 0 { Turn::Onward } else { Turn::Back { depth, ancestor } };
    let ring = ring.joined(at, fresh.iter().map(|block| bare(&block.proven)))?;
    Some(Course { ring, fresh, turn })
}

fn bare(header: &ProvenHeader) -> Block {
    Block { header: *header, readings: Readings::default() }
}
