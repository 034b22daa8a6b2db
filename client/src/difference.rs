//! Which item the two sides see differently.

use std::fmt;

use countersign_protocol::{ChainDisagrees, Proposal, Query, Reject, Role, StateView};

/// One item of the state that the two sides do not agree on, with what each of them has there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which item.
    pub item: Item,
    /// What this side proved.
    pub ours: [u8; 32],
    /// What the other side claims. `None` at the initiator: a reject names the item only.
    pub theirs: Option<[u8; 32]>,
}

/// An item of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A reading of the instrument; compared by its value: the word of a slot, the hash of what a call returned.
    Reading {
        /// Its position among the queries, from 0.
        position: u8,
        /// What is read.
        query: Query,
    },
    /// A registry record; compared by its hash.
    Record {
        /// Whose.
        whose: Role,
    },
    /// The block; compared by its hash.
    Block {
        /// Its height in this side's view.
        number: u64,
    },
}

impl Difference {
    /// What a responder's reject says, held against the view of the side that dialled.
    pub(crate) fn rejected(reject: Reject, view: &StateView) -> Option<Self> {
        let item = match reject {
            Reject::ValuationDiffers { query: position } => {
                let reading = view.readings().get(usize::from(position))?;
                Item::Reading { position, query: reading.query.clone() }
            }
            Reject::RecordDiffers { whose } => Item::Record { whose },
            Reject::StaleState | Reject::UnknownBlock { .. } => {
                Item::Block { number: view.anchor().block_number }
            }
            _ => return None,
        };
        Some(Self { ours: item.value_in(view, Role::Initiator)?, item, theirs: None })
    }

    /// Why the responder refuses, with both sides' values: the initiator's are claims.
    pub(crate) fn found(disagreement: ChainDisagrees, view: &StateView, proposal: &Proposal) -> Option<Self> {
        let (item, theirs) = match disagreement {
            ChainDisagrees::Reading { query: position } => {
                let claimed = proposal.readings.get(usize::from(position))?;
                (Item::Reading { position, query: claimed.query.clone() }, claimed.value)
            }
            ChainDisagrees::Record(whose @ Role::Initiator) => {
                (Item::Record { whose }, proposal.initiator_record)
            }
            ChainDisagrees::Record(whose @ Role::Responder) => {
                (Item::Record { whose }, proposal.responder_record)
            }
            ChainDisagrees::Block => {
                (Item::Block { number: view.anchor().block_number }, proposal.anchor.block_hash)
            }
            _ => return None,
        };
        Some(Self { ours: item.value_in(view, Role::Responder)?, item, theirs: Some(theirs) })
    }
}

impl Item {
    fn value_in(&self, view: &StateView, local_role: Role) -> Option<[u8; 32]> {
        Some(match self {
            Self::Reading { position, .. } => {
                *view.readings().get(usize::from(*position))?.value.commitment()
            }
            Self::Record { whose } => *view.key_of(*whose, local_role).record_hash(),
            Self::Block { .. } => view.anchor().block_hash,
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: this side has {}", self.item, Word(&self.ours))?;
        self.theirs.map_or(Ok(()), |theirs| write!(f, ", the other side {}", Word(&theirs)))
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reading { position, query } => write!(f, "reading {position} ({query})"),
            Self::Record { whose } => write!(f, "the hash of the {whose}'s registry record"),
            Self::Block { number } => write!(f, "the hash of block {number}"),
        }
    }
}

struct Word<'a>(&'a [u8; 32]);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
