//! What the registry told, and where in the chain.

use alloy::primitives::{B256, Log};
use alloy::sol_types::SolEventInterface;
use countersign_protocol::{Address, Identity, Label};
use countersign_registry::interface::IKeyRegistry::IKeyRegistryEvents as Abi;

/// One event of the registry, at its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where it stands.
    pub place: Place,
    /// The time of its block, in Unix seconds.
    pub timestamp: u64,
    /// The hash of its transaction. No header commits to which receipt is whose, so this is a node's word.
    pub claimed_transaction: B256,
    /// What it tells.
    pub kind: EventKind,
}

/// Where an event stands among all of a chain. Orders as the chain does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The height of its block.
    pub block: u64,
    /// Its place among all logs of the block, from 0.
    pub log_index: u32,
}

/// What an event tells (`IKeyRegistry.sol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A first key, or a fresh one after a revocation.
    Registered(NewKey),
    /// A key took the place of one that was not revoked.
    Rotated(NewKey),
    /// The key is good no more.
    Revoked {
        /// Whose.
        identity: Identity,
        /// The packed word as stored, with the reason.
        word: B256,
    },
    /// The X coordinate of a compact record's key was stored.
    Pinned {
        /// Whose.
        identity: Identity,
        /// The version that was pinned.
        version: u16,
        /// The coordinate.
        x: B256,
    },
    /// The hash of what the identity publishes beside its key was stored.
    BundleAnchored {
        /// Whose.
        identity: Identity,
        /// The version of the key that was current.
        version: u16,
        /// Keccak-256; zero for nothing.
        bundle: B256,
    },
    /// An operator was appointed, for some time, or dismissed.
    OperatorSet {
        /// Who may do what.
        appointment: Appointment,
        /// Until when, in Unix seconds; 0 for not at all.
        until: u64,
    },
}

/// A key that became an identity's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// Whose.
    pub identity: Identity,
    /// The packed word as stored.
    pub word: B256,
    /// The key's X coordinate.
    pub x: B256,
    /// Whether the coordinate is in storage too.
    pub is_pinned: bool,
}

/// Who may rotate and revoke for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Appointment {
    /// The account that appoints.
    pub owner: Address,
    /// The account that is appointed.
    pub operator: Address,
}

/// The registry emitted what its interface does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "log {} of block {} is no event of the registry ({detail}); check that the address is a Countersign registry's",
    place.log_index, place.block
)]
pub struct UnknownEvent {
    /// Where it stands.
    pub place: Place,
    /// What the decoder said.
    pub detail: String,
}

impl EventKind {
    /// Reads a log of the registry.
    ///
    /// # Errors
    /// [`UnknownEvent`] where it is none of the interface's.
    pub fn decode(log: &Log, place: Place) -> Result<Self, UnknownEvent> {
        let event =
            Abi::decode_log(log).map_err(|error| UnknownEvent { place, detail: error.to_string() })?.data;
        let key = |owner, label, word: alloy::primitives::U256, x, is_pinned| NewKey {
            identity: identity(owner, label),
            word: word.into(),
            x,
            is_pinned,
        };
        Ok(match event {
            Abi::KeyRegistered(event) => {
                Self::Registered(key(event.owner, event.label, event.word, event.x, false))
            }
            Abi::PinnedKeyRegistered(event) => {
                Self::Registered(key(event.owner, event.label, event.word, event.x, true))
            }
            Abi::KeyRotated(event) => {
                Self::Rotated(key(event.owner, event.label, event.word, event.x, false))
            }
            Abi::PinnedKeyRotated(event) => {
                Self::Rotated(key(event.owner, event.label, event.word, event.x, true))
            }
            Abi::KeyRevoked(event) => {
                Self::Revoked { identity: identity(event.owner, event.label), word: event.word.into() }
            }
            Abi::KeyPinned(event) => Self::Pinned {
                identity: identity(event.owner, event.label),
                version: event.version,
                x: event.x,
            },
            Abi::BundleAnchored(event) => Self::BundleAnchored {
                identity: identity(event.owner, event.label),
                version: event.version,
                bundle: event.bundleHash,
            },
            Abi::OperatorSet(event) => Self::OperatorSet {
                appointment: Appointment {
                    owner: Address(event.owner.into_array()),
                    operator: Address(event.operator.into_array()),
                },
                until: event.until.to(),
            },
        })
    }

    /// Whose record it changes; none for an appointment.
    #[must_use]
    pub const fn identity(&self) -> Option<Identity> {
        match self {
            Self::Registered(key) | Self::Rotated(key) => Some(key.identity),
            Self::Revoked { identity, .. }
            | Self::Pinned { identity, .. }
            | Self::BundleAnchored { identity, .. } => Some(*identity),
            Self::OperatorSet { .. } => None,
        }
    }
}

const fn identity(owner: alloy::primitives::Address, label: B256) -> Identity {
    Identity { owner: Address(owner.into_array()), label: Label(label.0) }
}
