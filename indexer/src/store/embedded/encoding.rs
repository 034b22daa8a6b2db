//! Keys and values as bytes.

use alloy::eips::BlockNumHash;
use alloy::primitives::B256;
use countersign_protocol::{Address, Identity, Label};
use countersign_registry::RegistryAt;

use super::tables::{FORGOTTEN, REGISTRY};
use crate::event::{Appointment, Place};
use crate::record::Record;
use crate::store::row::{Row, Standing, Subject};
use crate::store::{StoreError, Tip};

/// Where a registry stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stands {
    /// Its number, with which all keys about it begin.
    pub(super) id: u32,
    pub(super) tip: Option<Tip>,
}

/// The last event about a record, and the address of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) sequence: u64,
    pub(super) signer: Address,
}

pub(super) fn registry_key(registry: RegistryAt) -> Vec<u8> {
    [REGISTRY, &registry.chain_id.to_be_bytes(), &registry.address.0].concat()
}

pub(super) fn registry_of(key: &[u8]) -> Result<RegistryAt, StoreError> {
    let mut bytes = Bytes(key.strip_prefix(REGISTRY).unwrap_or_default());
    Ok(RegistryAt { chain_id: bytes.number()?, address: Address(bytes.take()?) })
}

pub(super) fn forgotten_key(id: u32) -> Vec<u8> {
    [FORGOTTEN, &id.to_be_bytes()].concat()
}

pub(super) fn forgotten_of(key: &[u8]) -> Result<u32, StoreError> {
    Bytes(key.strip_prefix(FORGOTTEN).unwrap_or_default()).take().map(u32::from_be_bytes)
}

/// Of an event, a revocation, or a kept block, by its number or height.
pub(super) fn numbered_key(id: u32, number: u64) -> [u8; 12] {
    let mut key = [0; 12];
    let (of, at) = key.split_at_mut(4);
    of.copy_from_slice(&id.to_be_bytes());
    at.copy_from_slice(&number.to_be_bytes());
    key
}

pub(super) fn number_of(key: &[u8]) -> Result<u64, StoreError> {
    let mut bytes = Bytes(key);
    bytes.take::<4>()?;
    bytes.number()
}

pub(super) fn record_key(id: u32, identity: &Identity) -> Vec<u8> {
    [&id.to_be_bytes()[..], &identity.owner.0, &identity.label.0].concat()
}

pub(super) fn label_key(id: u32, identity: &Identity) -> Vec<u8> {
    [&id.to_be_bytes()[..], &identity.label.0, &identity.owner.0].concat()
}

pub(super) fn signer_key(id: u32, signer: Address, identity: &Identity) -> Vec<u8> {
    [&id.to_be_bytes()[..], &signer.0, &identity.owner.0, &identity.label.0].concat()
}

pub(super) fn appointment_key(id: u32, appointment: &Appointment) -> Vec<u8> {
    [&id.to_be_bytes()[..], &appointment.owner.0, &appointment.operator.0].concat()
}

/// Whose record a key of `records` or, behind `skipped` bytes, of `by_signer` is.
pub(super) fn identity_of(key: &[u8], skipped: usize) -> Result<Identity, StoreError> {
    let mut bytes = Bytes(key.get(4 + skipped..).unwrap_or_default());
    Ok(Identity { owner: Address(bytes.take()?), label: Label(bytes.take()?) })
}

/// Whose record a key of `by_label` is.
pub(super) fn labelled_of(key: &[u8]) -> Result<Identity, StoreError> {
    let mut bytes = Bytes(key.get(4..).unwrap_or_default());
    let label = Label(bytes.take()?);
    Ok(Identity { owner: Address(bytes.take()?), label })
}

impl Stands {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.id.to_be_bytes().to_vec();
        if let Some(tip) = self.tip {
            bytes.extend_from_slice(&tip.block.number.to_be_bytes());
            bytes.extend_from_slice(tip.block.hash.as_slice());
            bytes.extend_from_slice(&tip.timestamp.to_be_bytes());
            bytes.extend_from_slice(&tip.finalized.to_be_bytes());
            bytes.extend(tip.told_through.map(u64::to_be_bytes).into_iter().flatten());
        }
        bytes
    }

    pub(super) fn decode(value: &[u8]) -> Result<Self, StoreError> {
        let mut bytes = Bytes(value);
        let id = u32::from_be_bytes(bytes.take()?);
        if bytes.is_empty() {
            return Ok(Self { id, tip: None });
        }
        let block = BlockNumHash { number: bytes.number()?, hash: B256::from(bytes.take()?) };
        let (timestamp, finalized) = (bytes.number()?, bytes.number()?);
        let told_through = if bytes.is_empty() { None } else { Some(bytes.number()?) };
        Ok(Self { id, tip: Some(Tip { block, timestamp, finalized, told_through }) })
    }
}

impl Head {
    pub(super) fn encode(&self) -> [u8; 28] {
        let mut value = [0; 28];
        let (sequence, signer) = value.split_at_mut(8);
        sequence.copy_from_slice(&self.sequence.to_be_bytes());
        signer.copy_from_slice(&self.signer.0);
        value
    }

    pub(super) fn decode(value: &[u8]) -> Result<Self, StoreError> {
        let mut bytes = Bytes(value);
        Ok(Self { sequence: bytes.number()?, signer: Address(bytes.take()?) })
    }
}

/// A kept block's hash and time, or those of a reorganisation.
pub(super) fn block_value(hash: B256, timestamp: u64) -> Vec<u8> {
    [hash.as_slice(), &timestamp.to_be_bytes()].concat()
}

pub(super) fn block_of(value: &[u8]) -> Result<(B256, u64), StoreError> {
    let mut bytes = Bytes(value);
    Ok((B256::from(bytes.take()?), bytes.number()?))
}

/// An event: kind, what follows, place, time, row before, transaction, subject, and what stands.
pub(super) fn event_value(row: &Row) -> Vec<u8> {
    let mut value = Vec::with_capacity(EVENT_BYTES);
    value.push(row.code);
    value.push(row.standing.follows());
    value.extend_from_slice(&row.place.log_index.to_be_bytes());
    value.extend_from_slice(&row.place.block.to_be_bytes());
    value.extend_from_slice(&row.timestamp.to_be_bytes());
    value.extend_from_slice(&row.previous.unwrap_or_default().to_be_bytes());
    value.extend_from_slice(row.transaction.as_slice());
    match &row.subject {
        Subject::Record(identity) => {
            value.extend_from_slice(&identity.owner.0);
            value.extend_from_slice(&identity.label.0);
        }
        Subject::Appointment(appointment) => {
            value.extend_from_slice(&appointment.owner.0);
            value.extend_from_slice(&appointment.operator.0);
        }
    }
    match &row.standing {
        Standing::Until(until) => value.extend_from_slice(&until.to_be_bytes()),
        Standing::Record(record) => {
            value.extend_from_slice(record.word.as_slice());
            value.extend_from_slice(record.x.as_slice());
            if row.standing.follows() & PINNED_OTHER != 0 {
                value.extend_from_slice(record.pinned_x.as_slice());
            }
            if row.standing.follows() & BUNDLE != 0 {
                value.extend_from_slice(record.bundle.as_slice());
            }
        }
    }
    value
}

/// The first byte of an event, or of a reorganisation.
pub(super) fn code_of(value: &[u8]) -> Result<u8, StoreError> {
    Bytes(value).byte()
}

pub(super) fn event_of(sequence: u64, value: &[u8]) -> Result<Row, StoreError> {
    let mut bytes = Bytes(value);
    let (code, follows) = (bytes.byte()?, bytes.byte()?);
    let log_index = u32::from_be_bytes(bytes.take()?);
    let place = Place { block: bytes.number()?, log_index };
    let (timestamp, previous) = (bytes.number()?, bytes.number()?);
    let transaction = B256::from(bytes.take()?);
    let owner = Address(bytes.take()?);
    let (subject, standing) = match follows & APPOINTMENT {
        0 => (
            Subject::Record(Identity { owner, label: Label(bytes.take()?) }),
            Standing::Record(bytes.record(follows)?),
        ),
        _ => (
            Subject::Appointment(Appointment { owner, operator: Address(bytes.take()?) }),
            Standing::Until(bytes.number()?),
        ),
    };
    let previous = (previous != 0).then_some(previous);
    Ok(Row { sequence, previous, code, place, timestamp, transaction, subject, standing })
}

/// A reorganisation to a block.
pub(super) fn reorganised_value(code: u8, to: BlockNumHash) -> Vec<u8> {
    [&[code][..], &to.number.to_be_bytes(), to.hash.as_slice()].concat()
}

pub(super) fn reorganised_of(value: &[u8]) -> Result<BlockNumHash, StoreError> {
    let mut bytes = Bytes(value);
    bytes.byte()?;
    Ok(BlockNumHash { number: bytes.number()?, hash: B256::from(bytes.take()?) })
}

pub(super) fn number(value: &[u8]) -> Result<u64, StoreError> {
    Bytes(value).number()
}

impl Standing {
    /// Which of the parts that are mostly zero, or the same as another, are there.
    fn follows(&self) -> u8 {
        match self {
            Self::Until(_) => APPOINTMENT,
            Self::Record(record) => {
                let pinned = match record.pinned_x {
                    zero if zero.is_zero() => 0,
                    same if same == record.x => PINNED_SAME,
                    _ => PINNED_OTHER,
                };
                pinned | if record.bundle.is_zero() { 0 } else { BUNDLE }
            }
        }
    }
}

/// Read from the front.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let (front, rest) = self.0.split_first_chunk().ok_or_else(|| damaged("an entry is too short"))?;
        self.0 = rest;
        Ok(*front)
    }

    fn byte(&mut self) -> Result<u8, StoreError> {
        self.take().map(|[byte]| byte)
    }

    fn number(&mut self) -> Result<u64, StoreError> {
        self.take().map(u64::from_be_bytes)
    }

    fn record(&mut self, follows: u8) -> Result<Record, StoreError> {
        let (word, x) = (B256::from(self.take()?), B256::from(self.take()?));
        let pinned_x = match follows & (PINNED_SAME | PINNED_OTHER) {
            0 => B256::ZERO,
            PINNED_SAME => x,
            _ => B256::from(self.take()?),
        };
        let bundle = if follows & BUNDLE == 0 { B256::ZERO } else { B256::from(self.take()?) };
        Ok(Record { word, x, pinned_x, bundle })
    }
}

pub(super) fn damaged(detail: &str) -> StoreError {
    StoreError::Damaged { detail: detail.into() }
}

/// What reading a tree's file says when it fails.
pub(super) fn unreadable(failure: fjall::Error) -> StoreError {
    match failure {
        fjall::Error::Io(failure) => StoreError::Unavailable { detail: failure.to_string() },
        failure => StoreError::Damaged { detail: failure.to_string() },
    }
}

const APPOINTMENT: u8 = 1;
const PINNED_SAME: u8 = 2;
const PINNED_OTHER: u8 = 4;
const BUNDLE: u8 = 8;

const EVENT_BYTES: usize = 242;
