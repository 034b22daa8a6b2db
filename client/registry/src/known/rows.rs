//! What the tables hold, and how it is read and written.

use alloy::eips::BlockNumHash;
use alloy::primitives::B256;
use countersign_protocol::{Address, Identity, Label};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::incident::{Incident, Rollback};
use super::registry_at::RegistryAt;
use super::seen::Seen;
use crate::word::RevocationReason;

/// The highest block that was proven of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownHead {
    /// The chain, and the registry that was looked into.
    pub registry: RegistryAt,
    /// The block.
    pub block: BlockNumHash,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
    /// When it was proven by the local clock, in Unix seconds.
    pub proven_at: u64,
}

/// What is known of one identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownRecord {
    /// The chain and the registry.
    pub registry: RegistryAt,
    /// Whose record.
    pub identity: Identity,
    /// What it said last.
    pub seen: Seen,
    /// When it was first proven by the local clock, in Unix seconds.
    pub first_proven_at: u64,
    /// When it was last proven, a second or so late; in Unix seconds.
    pub last_proven_at: u64,
}

pub(super) fn generation(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT generation FROM state", [], |row| number(row, 0))
}

/// Tells other processes that records changed.
pub(super) fn begin_generation(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("UPDATE state SET generation = generation + 1", []).map(drop)
}

pub(super) fn head(connection: &Connection, at: &RegistryAt) -> rusqlite::Result<Option<KnownHead>> {
    let sql = "SELECT * FROM heads WHERE chain_id = ? AND registry = ?";
    connection.query_row(sql, params![at.chain_id.cast_signed(), at.address.0], read_head).optional()
}

pub(super) fn heads(connection: &Connection) -> rusqlite::Result<Vec<KnownHead>> {
    connection.prepare("SELECT * FROM heads")?.query_map([], read_head)?.collect()
}

pub(super) fn put_head(connection: &Connection, head: &KnownHead) -> rusqlite::Result<()> {
    let KnownHead { registry, block, timestamp, proven_at } = head;
    let row = params![
        registry.chain_id.cast_signed(),
        registry.address.0,
        block.number.cast_signed(),
        block.hash.0,
        timestamp.cast_signed(),
        proven_at.cast_signed(),
    ];
    connection.execute("INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?, ?, ?)", row).map(drop)
}

pub(super) fn record(
    connection: &Connection,
    at: &RegistryAt,
    identity: &Identity,
) -> rusqlite::Result<Option<KnownRecord>> {
    let sql = "SELECT * FROM records WHERE chain_id = ? AND registry = ? AND owner = ? AND label = ?";
    let key = params![at.chain_id.cast_signed(), at.address.0, identity.owner.0, identity.label.0];
    connection.query_row(sql, key, read_record).optional()
}

pub(super) fn records(connection: &Connection) -> rusqlite::Result<Vec<KnownRecord>> {
    connection.prepare("SELECT * FROM records")?.query_map([], read_record)?.collect()
}

pub(super) fn put_record(connection: &Connection, record: &KnownRecord) -> rusqlite::Result<()> {
    let KnownRecord { registry, identity, seen, first_proven_at, last_proven_at } = record;
    let row = params![
        registry.chain_id.cast_signed(),
        registry.address.0,
        identity.owner.0,
        identity.label.0,
        seen.version,
        seen.signer.0,
        seen.revoked.map(RevocationReason::code),
        seen.block.number.cast_signed(),
        seen.block.hash.0,
        first_proven_at.cast_signed(),
        last_proven_at.cast_signed(),
    ];
    let sql = "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    connection.execute(sql, row).map(drop)
}

pub(super) fn incidents(connection: &Connection) -> rusqlite::Result<Vec<Incident>> {
    connection.prepare("SELECT * FROM incidents ORDER BY last_at")?.query_map([], read_incident)?.collect()
}

/// Adds an incident, or counts it once more where the same was shown before.
pub(super) fn note_incident(connection: &Connection, incident: &Incident) -> rusqlite::Result<()> {
    let (identity, known, shown) = columns(&incident.rollback);
    let (owner, label) =
        identity.map_or((Vec::new(), Vec::new()), |of| (of.owner.0.to_vec(), of.label.0.to_vec()));
    let row = params![
        incident.registry.chain_id.cast_signed(),
        incident.registry.address.0,
        owner,
        label,
        known.version,
        known.signer.0,
        code_or_none(known.revoked),
        known.block.number.cast_signed(),
        known.block.hash.0,
        shown.version,
        shown.signer.0,
        code_or_none(shown.revoked),
        shown.block.number.cast_signed(),
        shown.block.hash.0,
        incident.endpoints.join("\n"),
        incident.first_at.cast_signed(),
        incident.last_at.cast_signed(),
        incident.times.cast_signed(),
    ];
    // What an attacker repeats takes no more room, however often.
    let sql = "INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET
            known_signer = excluded.known_signer, known_number = excluded.known_number,
            known_hash = excluded.known_hash, shown_signer = excluded.shown_signer,
            shown_number = excluded.shown_number, shown_hash = excluded.shown_hash,
            endpoints = excluded.endpoints, last_at = excluded.last_at, times = times + excluded.times";
    connection.execute(sql, row).map(drop)
}

/// Gives the number of records.
pub(super) fn forget(
    connection: &Connection,
    identity: &Identity,
    chain_id: Option<u64>,
) -> rusqlite::Result<usize> {
    let key = params![chain_id.map(u64::cast_signed), identity.owner.0, identity.label.0];
    connection.execute(&format!("DELETE FROM incidents WHERE {OF_IDENTITY}"), key)?;
    begin_generation(connection)?;
    connection.execute(&format!("DELETE FROM records WHERE {OF_IDENTITY}"), key)
}

/// Gives the number of records.
pub(super) fn forget_all(connection: &Connection, chain_id: Option<u64>) -> rusqlite::Result<usize> {
    let key = params![chain_id.map(u64::cast_signed)];
    for table in ["incidents", "heads", "ring"] {
        connection.execute(&format!("DELETE FROM {table} WHERE {OF_CHAIN}"), key)?;
    }
    begin_generation(connection)?;
    connection.execute(&format!("DELETE FROM records WHERE {OF_CHAIN}"), key)
}

fn columns(rollback: &Rollback) -> (Option<Identity>, Seen, Seen) {
    let at = |block| Seen { version: 0, signer: Address([0; 20]), revoked: None, block };
    match *rollback {
        Rollback::Head { known, shown } => {
            (None, at(BlockNumHash { number: known, hash: B256::ZERO }), at(shown))
        }
        Rollback::Record { identity, known, shown } => (Some(identity), known, shown),
    }
}

fn read_head(row: &Row<'_>) -> rusqlite::Result<KnownHead> {
    Ok(KnownHead {
        registry: read_registry(row)?,
        block: BlockNumHash { number: number(row, 2)?, hash: row.get::<_, [u8; 32]>(3)?.into() },
        timestamp: number(row, 4)?,
        proven_at: number(row, 5)?,
    })
}

fn read_record(row: &Row<'_>) -> rusqlite::Result<KnownRecord> {
    Ok(KnownRecord {
        registry: read_registry(row)?,
        identity: Identity { owner: Address(row.get(2)?), label: Label(row.get(3)?) },
        seen: Seen {
            version: row.get(4)?,
            signer: Address(row.get(5)?),
            revoked: row.get::<_, Option<u8>>(6)?.map(RevocationReason::from_code),
            block: BlockNumHash { number: number(row, 7)?, hash: row.get::<_, [u8; 32]>(8)?.into() },
        },
        first_proven_at: number(row, 9)?,
        last_proven_at: number(row, 10)?,
    })
}

fn read_incident(row: &Row<'_>) -> rusqlite::Result<Incident> {
    let side = |first: usize| -> rusqlite::Result<Seen> {
        Ok(Seen {
            version: row.get(first)?,
            signer: Address(row.get(first + 1)?),
            revoked: u8::try_from(row.get::<_, i64>(first + 2)?).ok().map(RevocationReason::from_code),
            block: BlockNumHash {
                number: number(row, first + 3)?,
                hash: row.get::<_, [u8; 32]>(first + 4)?.into(),
            },
        })
    };
    let (known, shown) = (side(4)?, side(9)?);
    let rollback = match row.get::<_, Vec<u8>>(2)?.is_empty() {
        true => Rollback::Head { known: known.block.number, shown: shown.block },
        false => {
            let identity = Identity { owner: Address(row.get(2)?), label: Label(row.get(3)?) };
            Rollback::Record { identity, known, shown }
        }
    };
    let endpoints: String = row.get(14)?;
    Ok(Incident {
        registry: read_registry(row)?,
        rollback,
        endpoints: endpoints.lines().map(str::to_owned).collect(),
        first_at: number(row, 15)?,
        last_at: number(row, 16)?,
        times: number(row, 17)?,
    })
}

fn read_registry(row: &Row<'_>) -> rusqlite::Result<RegistryAt> {
    Ok(RegistryAt { chain_id: number(row, 0)?, address: Address(row.get(1)?) })
}

/// An unsigned number that SQLite keeps as a signed one.
pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

/// A revocation's code; -1 for none, since a key's column cannot be null.
fn code_or_none(revoked: Option<RevocationReason>) -> i64 {
    revoked.map_or(-1, |reason| reason.code().into())
}

const OF_CHAIN: &str = "(?1 IS NULL OR chain_id = ?1)";
const OF_IDENTITY: &str = "(?1 IS NULL OR chain_id = ?1) AND owner = ?2 AND label = ?3";
