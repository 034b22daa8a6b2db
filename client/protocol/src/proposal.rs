//! What the initiator proposes to agree on: the payload of a hello.

use alloc::vec::Vec;

use crate::error::{ChainDisagrees, Error, PeerIncompatible, PeerMisbehaved};
use crate::identity::{Address, Identity, Label};
use crate::query::{self, Calldata, MAX_CALLDATA, Query};
use crate::reading::{ClaimedReading, MAX_READINGS, Reading, hash_claims};
use crate::state::{self, Anchor, Role, StateHash, StateView};
use crate::wire::Reader;

/// The initiator's proposal. Its values and hashes are claims, for diagnosis: what counts is what
/// each side proves for itself, and the key schedule holds them to it.
///
/// Encoded big-endian, and padded with zeros to a multiple of 512 bytes so that the length does not
/// tell the number of readings:
///
/// ```text
/// timestamp_unix_ms u64
/// initiator  owner 20 | label 32 | version u16
/// responder  owner 20 | label 32
/// anchor     chain_id u64 | block_number u64 | block_hash 32 | registry 20
/// claims     initiator record hash 32 | responder record hash 32
/// count u8, then count times  kind u8 | source 20 | subject 32 | value 32
///                             behind a view call, kind 1:  length u16 | calldata
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// When the initiator made it, in Unix milliseconds by its own clock.
    pub timestamp_unix_ms: u64,
    /// Who dials.
    pub initiator: Identity,
    /// The version of the initiator's record.
    pub initiator_version: u16,
    /// Who was dialled.
    pub responder: Identity,
    /// The block to agree on.
    pub anchor: Anchor,
    /// The hash of the initiator's record, as the initiator proved it.
    pub initiator_record: [u8; 32],
    /// The hash of the responder's record, as the initiator proved it.
    pub responder_record: [u8; 32],
    /// What to read, and what the initiator read there. At most [`MAX_READINGS`].
    pub readings: Vec<ClaimedReading>,
}

/// Proposals are padded to a multiple of this.
pub(crate) const PADDING: usize = 512;

/// Bytes before the readings.
const FIXED: usize = 8 + 54 + 52 + 68 + 64 + 1;

const SHORT: Error = Error::PeerMisbehaved(PeerMisbehaved::MalformedProposal("it ends early"));

/// Bytes of one reading without its calldata.
const READING: usize = 85;

/// Longest encoded proposal in bytes: that many of the longest calls fit into a hello.
pub(crate) const MAX_PROPOSAL: usize =
    (FIXED + MAX_READINGS * (READING + LENGTH + MAX_CALLDATA)).next_multiple_of(PADDING);

/// Bytes before the calldata of a view call.
const LENGTH: usize = 2;

impl Proposal {
    /// What an initiator proposes, from its own proven view.
    pub(crate) fn of(view: &StateView, timestamp_unix_ms: u64) -> Self {
        Self { timestamp_unix_ms, ..Self::within(view, Role::Initiator) }
    }

    /// What either side of a session proposes, from its own proven view: without a time.
    pub(crate) fn within(view: &StateView, local_role: Role) -> Self {
        let initiator = view.key_of(Role::Initiator, local_role);
        let responder = view.key_of(Role::Responder, local_role);
        Self {
            timestamp_unix_ms: 0,
            initiator: initiator.identity(),
            initiator_version: initiator.record().version,
            responder: responder.identity(),
            anchor: *view.anchor(),
            initiator_record: *initiator.record_hash(),
            responder_record: *responder.record_hash(),
            readings: view.readings().iter().map(Reading::claim).collect(),
        }
    }

    /// The queries to prove at the anchor.
    pub fn queries(&self) -> impl ExactSizeIterator<Item = &Query> + '_ {
        self.readings.iter().map(|reading| &reading.query)
    }

    /// The state hash that the initiator claims.
    #[must_use]
    pub fn claimed_state_hash(&self) -> StateHash {
        let valuation = hash_claims(&self.readings);
        state::state_hash(&self.anchor, &self.initiator_record, &self.responder_record, &valuation)
    }

    /// Compares the claims with this side's own view and names the first that differs.
    pub(crate) fn check_against(&self, view: &StateView, local_role: Role) -> Result<(), ChainDisagrees> {
        let initiator = view.key_of(Role::Initiator, local_role);
        let responder = view.key_of(Role::Responder, local_role);
        let anchor = view.anchor();
        if self.anchor.chain_id != anchor.chain_id {
            return Err(ChainDisagrees::Chain { theirs: self.anchor.chain_id, ours: anchor.chain_id });
        }
        if self.anchor.registry != anchor.registry {
            return Err(ChainDisagrees::Registry);
        }
        if self.anchor != *anchor {
            return Err(ChainDisagrees::Block);
        }
        let is_initiators = self.initiator_version == initiator.record().version
            && self.initiator_record == *initiator.record_hash();
        if !is_initiators {
            return Err(ChainDisagrees::Record(Role::Initiator));
        }
        if self.responder_record != *responder.record_hash() {
            return Err(ChainDisagrees::Record(Role::Responder));
        }
        let differs =
            self.readings.iter().zip(view.readings()).position(|(theirs, ours)| !theirs.is_of(ours));
        match differs.map(u8::try_from) {
            None => Ok(()),
            Some(position) => Err(ChainDisagrees::Reading { query: position.unwrap_or(u8::MAX) }),
        }
    }

    /// Appends the encoding. Readings beyond [`MAX_READINGS`] are left out.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.timestamp_unix_ms.to_be_bytes());
        extend_identity(out, &self.initiator);
        out.extend_from_slice(&self.initiator_version.to_be_bytes());
        extend_identity(out, &self.responder);
        out.extend_from_slice(&self.anchor.chain_id.to_be_bytes());
        out.extend_from_slice(&self.anchor.block_number.to_be_bytes());
        out.extend_from_slice(&self.anchor.block_hash);
        out.extend_from_slice(&self.anchor.registry.0);
        out.extend_from_slice(&self.initiator_record);
        out.extend_from_slice(&self.responder_record);
        let readings = self.readings.iter().take(MAX_READINGS);
        out.push(u8::try_from(readings.len()).unwrap_or(0));
        readings.for_each(|reading| extend_reading(out, reading));
        let padded = start + (out.len() - start).next_multiple_of(PADDING);
        out.resize(padded, 0);
    }

    /// Reads an encoded proposal.
    ///
    /// # Errors
    /// [`PeerMisbehaved::MalformedProposal`] with what is wrong; [`PeerIncompatible::UnknownReading`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::over(bytes);
        let proposal = Self::decode_fields(&mut reader)?;
        let padding = reader.rest();
        let is_least = padding.len() < PADDING && bytes.len().is_multiple_of(PADDING);
        if !is_least || padding.iter().any(|byte| *byte != 0) {
            return Err(PeerMisbehaved::MalformedProposal(
                "its padding is not zeros up to the next multiple of 512",
            )
            .into());
        }
        Ok(proposal)
    }

    fn decode_fields(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            timestamp_unix_ms: reader.u64().ok_or(SHORT)?,
            initiator: take_identity(reader).ok_or(SHORT)?,
            initiator_version: reader.u16().ok_or(SHORT)?,
            responder: take_identity(reader).ok_or(SHORT)?,
            anchor: take_anchor(reader).ok_or(SHORT)?,
            initiator_record: reader.array().ok_or(SHORT)?,
            responder_record: reader.array().ok_or(SHORT)?,
            readings: take_readings(reader)?,
        })
    }
}

fn extend_identity(out: &mut Vec<u8>, identity: &Identity) {
    out.extend_from_slice(&identity.owner.0);
    out.extend_from_slice(&identity.label.0);
}

fn extend_reading(out: &mut Vec<u8>, ClaimedReading { query, value }: &ClaimedReading) {
    out.push(query.kind());
    out.extend_from_slice(&query.source().0);
    out.extend_from_slice(query.subject());
    out.extend_from_slice(value);
    if let Query::ViewCall { calldata, .. } = query {
        let bytes = calldata.as_bytes();
        // At most MAX_CALLDATA.
        out.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(bytes);
    }
}

fn take_identity(reader: &mut Reader<'_>) -> Option<Identity> {
    Some(Identity { owner: Address(reader.array()?), label: Label(reader.array()?) })
}

fn take_anchor(reader: &mut Reader<'_>) -> Option<Anchor> {
    Some(Anchor {
        chain_id: reader.u64()?,
        block_number: reader.u64()?,
        block_hash: reader.array()?,
        registry: Address(reader.array()?),
    })
}

fn take_readings(reader: &mut Reader<'_>) -> Result<Vec<ClaimedReading>, Error> {
    let count = usize::from(reader.u8().ok_or(SHORT)?);
    if count > MAX_READINGS {
        return Err(PeerMisbehaved::MalformedProposal("it has more than 16 readings").into());
    }
    let mut readings = Vec::with_capacity(count);
    for _ in 0..count {
        readings.push(take_reading(reader)?);
    }
    Ok(readings)
}

fn take_reading(reader: &mut Reader<'_>) -> Result<ClaimedReading, Error> {
    let kind = reader.u8().ok_or(SHORT)?;
    let source = Address(reader.array().ok_or(SHORT)?);
    let subject = reader.array().ok_or(SHORT)?;
    let value = reader.array().ok_or(SHORT)?;
    let query = match kind {
        query::STORAGE_SLOT => Query::StorageSlot { source, slot: subject },
        query::VIEW_CALL => Query::ViewCall { source, calldata: take_calldata(reader, &subject)? },
        kind => return Err(PeerIncompatible::UnknownReading { kind }.into()),
    };
    Ok(ClaimedReading { query, value })
}

fn take_calldata(reader: &mut Reader<'_>, hash: &[u8; 32]) -> Result<Calldata, Error> {
    let length = reader.u16().ok_or(SHORT)?;
    let bytes = reader.bytes(length.into()).ok_or(SHORT)?;
    let calldata = Calldata::new(bytes)
        .map_err(|_| PeerMisbehaved::MalformedProposal("it has a call of more than 260 bytes"))?;
    if calldata.hash() != hash {
        return Err(PeerMisbehaved::MalformedProposal(
            "the subject of a call is not the hash of its calldata",
        )
        .into());
    }
    Ok(calldata)
}
