//! What the registry holds of one identity, folded from its events.

use alloy::primitives::B256;
use countersign_protocol::Identity;
use countersign_registry::RecordWord;

use crate::event::{EventKind, NewKey};

/// What the registry's storage holds of one identity, and the X coordinate of its current key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// The packed [`RecordWord`], slot 0. Never zero.
    pub word: B256,
    /// The X coordinate of the current key, as its event told.
    pub x: B256,
    /// What slot 1 holds: zero, or the X coordinate that was pinned last, which may be an earlier key's.
    pub pinned_x: B256,
    /// What slot 2 holds: the hash of the owner's bundle, or zero.
    pub bundle: B256,
}

/// What a record is worth at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Its key is good.
    Active,
    /// Its time is over.
    Expired,
    /// Its key was revoked.
    Revoked,
}

/// An event cannot follow what is known of its identity: some event before it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{event} version {version} of {identity} cannot follow {before}: an endpoint left events out; reindex with --verify"
)]
pub struct Missing {
    /// Whose record.
    pub identity: Identity,
    /// What came.
    pub event: &'static str,
    /// Of which version.
    pub version: u16,
    /// What is known.
    pub before: Known,
}

/// How far an identity's record is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing was registered.
    Nothing,
    /// A version that was not revoked.
    Unrevoked(u16),
    /// A version that was revoked.
    Revoked(u16),
}

impl Record {
    /// What an event makes of what was before. `None` where the event is about no record.
    ///
    /// # Errors
    /// [`Missing`] where the contract emits no such event after what is known: versions begin at 1, never decrease and
    /// never skip, so what a node leaves out shows at the record's next event.
    pub fn after(before: Option<&Self>, event: &EventKind) -> Result<Option<Self>, Missing> {
        let known = Known::of(before);
        let Some(identity) = event.identity() else { return Ok(None) };
        let (name, version, fits) = match event {
            EventKind::Registered(key) => {
                ("registered", version_of(key.word), known.is_free() && key.follows(known))
            }
            EventKind::Rotated(key) => {
                ("rotated to", version_of(key.word), !known.is_free() && key.follows(known))
            }
            EventKind::Revoked { word, .. } => {
                ("revoked", version_of(*word), known == Known::Unrevoked(version_of(*word)))
            }
            EventKind::Pinned { version, x, .. } => (
                "pinned",
                *version,
                known == Known::Unrevoked(*version) && before.is_some_and(|record| record.x == *x),
            ),
            EventKind::BundleAnchored { version, .. } => {
                ("bundle of", *version, known == Known::Unrevoked(*version))
            }
            EventKind::OperatorSet { .. } => return Ok(None),
        };
        let missing = Missing { identity, event: name, version, before: known };
        if !fits || version == 0 {
            return Err(missing);
        }
        let stored = before.copied().unwrap_or(Self {
            word: B256::ZERO,
            x: B256::ZERO,
            pinned_x: B256::ZERO,
            bundle: B256::ZERO,
        });
        Ok(Some(match *event {
            EventKind::Registered(key) | EventKind::Rotated(key) => Self {
                word: key.word,
                x: key.x,
                pinned_x: if key.is_pinned { key.x } else { stored.pinned_x },
                ..stored
            },
            EventKind::Revoked { word, .. } => Self { word, ..stored },
            EventKind::Pinned { x, .. } => Self { pinned_x: x, ..stored },
            EventKind::BundleAnchored { bundle, .. } => Self { bundle, ..stored },
            EventKind::OperatorSet { .. } => stored,
        }))
    }

    /// The word's fields; `None` where it is zero, which [`after`](Self::after) never makes.
    #[must_use]
    pub fn fields(&self) -> Option<RecordWord> {
        RecordWord::parse(self.word)
    }

    /// The version of its key, from 1.
    #[must_use]
    pub fn version(&self) -> u16 {
        version_of(self.word)
    }

    /// Whether a storage proof of it gives its key too.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        !self.x.is_zero() && self.pinned_x == self.x
    }

    /// What it is worth at a time in Unix seconds: the contract's `isActive`, with the reason why not.
    #[must_use]
    pub fn status_at(&self, time: u64) -> Status {
        match self.fields() {
            Some(RecordWord { revoked: Some(_), .. }) | None => Status::Revoked,
            Some(RecordWord { valid_until, .. }) if valid_until != 0 && time >= valid_until.into() => {
                Status::Expired
            }
            Some(_) => Status::Active,
        }
    }
}

impl NewKey {
    fn follows(&self, known: Known) -> bool {
        known.version().checked_add(1) == Some(version_of(self.word))
    }
}

impl Known {
    fn of(record: Option<&Record>) -> Self {
        match record.and_then(Record::fields) {
            None => Self::Nothing,
            Some(RecordWord { version, revoked: Some(_), .. }) => Self::Revoked(version),
            Some(RecordWord { version, .. }) => Self::Unrevoked(version),
        }
    }

    const fn version(self) -> u16 {
        match self {
            Self::Nothing => 0,
            Self::Unrevoked(version) | Self::Revoked(version) => version,
        }
    }

    const fn is_free(self) -> bool {
        matches!(self, Self::Nothing | Self::Revoked(_))
    }
}

impl std::fmt::Display for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Unrevoked(version) => write!(f, "version {version}"),
            Self::Revoked(version) => write!(f, "version {version}, revoked"),
        }
    }
}

fn version_of(word: B256) -> u16 {
    RecordWord::parse(word).map_or(0, |word| word.version)
}
