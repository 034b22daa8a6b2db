//! The database's format, and how an older one becomes the newest.

use rusqlite::Connection;

/// What the format of an opened database came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// As this version writes it.
    Ready,
    /// A later version wrote it.
    Newer(i64),
    /// Another program's database.
    Foreign,
}

/// Brings a database to the newest format, within the caller's transaction. A database of a later version or of another
/// program is left as it is.
pub(super) fn migrate(connection: &Connection) -> rusqlite::Result<Format> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (application, found) = (number("application_id")?, number("user_version")?);
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_empty = application == 0 && found == 0 && tables == 0;
    if application != APPLICATION && !is_empty {
        return Ok(Format::Foreign);
    }
    let Some(missing) = usize::try_from(found).ok().and_then(|done| STEPS.get(done..)) else {
        return Ok(Format::Newer(found));
    };
    if missing.is_empty() {
        return Ok(Format::Ready);
    }
    for step in missing {
        connection.execute_batch(step)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", NEWEST)?;
    Ok(Format::Ready)
}

/// Distinguishes the file from other programs' databases: "Csgn".
const APPLICATION: i64 = 0x4373_676e;

/// One step from each format to the next; a step that was released never changes.
///
/// Numbers of blocks and chains are the 64 bits of an unsigned number, read as SQLite's signed one, and compared in Rust.
/// Times are Unix seconds. `generation` changes with every record, for processes that keep some of them in memory.
const STEPS: [&str; 1] = ["
    CREATE TABLE state (only INTEGER PRIMARY KEY CHECK (only = 1), generation INTEGER NOT NULL) STRICT;
    INSERT INTO state VALUES (1, 0);
    CREATE TABLE heads (
        chain_id INTEGER NOT NULL, registry BLOB NOT NULL,
        number INTEGER NOT NULL, hash BLOB NOT NULL, timestamp INTEGER NOT NULL, proven_at INTEGER NOT NULL,
        PRIMARY KEY (chain_id, registry)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE records (
        chain_id INTEGER NOT NULL, registry BLOB NOT NULL, owner BLOB NOT NULL, label BLOB NOT NULL,
        version INTEGER NOT NULL, signer BLOB NOT NULL, revoked INTEGER,
        block_number INTEGER NOT NULL, block_hash BLOB NOT NULL,
        first_proven_at INTEGER NOT NULL, last_proven_at INTEGER NOT NULL,
        PRIMARY KEY (chain_id, registry, owner, label)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE incidents (
        chain_id INTEGER NOT NULL, registry BLOB NOT NULL, owner BLOB NOT NULL, label BLOB NOT NULL,
        known_version INTEGER NOT NULL, known_signer BLOB NOT NULL, known_revoked INTEGER NOT NULL,
        known_number INTEGER NOT NULL, known_hash BLOB NOT NULL,
        shown_version INTEGER NOT NULL, shown_signer BLOB NOT NULL, shown_revoked INTEGER NOT NULL,
        shown_number INTEGER NOT NULL, shown_hash BLOB NOT NULL,
        endpoints TEXT NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, times INTEGER NOT NULL,
        PRIMARY KEY (chain_id, registry, owner, label, known_version, known_revoked, shown_version, shown_revoked)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE ring (
        chain_id INTEGER NOT NULL, number INTEGER NOT NULL, header BLOB NOT NULL,
        PRIMARY KEY (chain_id, number)
    ) STRICT, WITHOUT ROWID;
"];

/// The format that this version writes.
pub(super) const NEWEST: i64 = STEPS.len() as i64;
