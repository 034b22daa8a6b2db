//! The tables, and how they come about. All of them are in the schema `countersign_index`.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::GenericClient;

use super::server::fault;
use crate::store::StoreError;

/// Brings the tables up to what this program knows. Whoever comes second waits, and finds it done.
pub(super) async fn bring_up_to_date(client: &mut ClientWrapper) -> Result<(), StoreError> {
    let known = MIGRATIONS.len();
    if check(format(&**client).await?)? == known {
        return Ok(());
    }
    let change = client.transaction().await.map_err(fault)?;
    change.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await.map_err(fault)?;
    let found = check(format(&*change).await?)?;
    for migration in MIGRATIONS.iter().skip(found) {
        change.batch_execute(migration).await.map_err(fault)?;
    }
    let known = i64::try_from(known).unwrap_or(i64::MAX);
    change.execute("UPDATE countersign_index.store SET format = $1", &[&known]).await.map_err(fault)?;
    change.commit().await.map_err(fault)
}

/// How many of the migrations were done.
async fn format(client: &impl GenericClient) -> Result<u64, StoreError> {
    // Not `to_regclass`: that looks in a cache, where it stays missing while this waits for who makes it.
    let there = "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables \
                 WHERE schemaname = 'countersign_index' AND tablename = 'store')";
    if !client.query_one(there, &[]).await.and_then(|row| row.try_get(0)).map_err(fault)? {
        return Ok(0);
    }
    let row = client.query_one("SELECT format FROM countersign_index.store", &[]).await.map_err(fault)?;
    row.try_get::<_, i64>(0).map(i64::cast_unsigned).map_err(fault)
}

fn check(found: u64) -> Result<usize, StoreError> {
    match usize::try_from(found) {
        Ok(done) if done <= MIGRATIONS.len() => Ok(done),
        _ => Err(StoreError::Format { found, known: MIGRATIONS.len() as u64 }),
    }
}

/// Names this program's locks among all of a database: `csidx` and a number.
pub(super) const LOCK: i64 = 0x6373_6964_7800;

/// Who holds it writes.
pub(super) const WRITER: i64 = LOCK + 1;

/// In the order in which they were made: none may change once a store has it.
///
/// - `events` holds all that was told, in one order per registry, only ever added to at its end: what a record is, and
///   was, is read from there. `name` is a label, or an operator.
/// - `records` and `appointments` lead to the last event about each. They are all that is written at random places, so
///   their rows are short.
/// - An unsigned number is stored as the signed one with the same bits.
const MIGRATIONS: &[&str] = &[r"
    CREATE SCHEMA countersign_index;
    CREATE TABLE countersign_index.store (format bigint NOT NULL, sequence bigint NOT NULL);
    INSERT INTO countersign_index.store VALUES (0, 0);
    CREATE TABLE countersign_index.registries (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        chain_id bigint NOT NULL, address bytea NOT NULL,
        tip bigint, hash bytea, time bigint, finalized bigint, told_through bigint,
        UNIQUE (chain_id, address)
    );
    CREATE TABLE countersign_index.kept (
        registry integer, number bigint, hash bytea NOT NULL, time bigint NOT NULL,
        PRIMARY KEY (registry, number)
    );
    CREATE TABLE countersign_index.events (
        registry integer, kind smallint NOT NULL, log_index integer NOT NULL,
        sequence bigint, previous bigint, block bigint NOT NULL, time bigint NOT NULL,
        transaction bytea NOT NULL, owner bytea NOT NULL, name bytea NOT NULL,
        word bytea, x bytea, pinned_x bytea, bundle bytea, until bigint,
        PRIMARY KEY (registry, sequence)
    );
    CREATE INDEX revocations ON countersign_index.events (registry, sequence) WHERE kind IN (4, 8);
    CREATE TABLE countersign_index.records (
        registry integer, owner bytea, label bytea, signer bytea NOT NULL, sequence bigint NOT NULL,
        PRIMARY KEY (registry, owner, label)
    ) WITH (fillfactor = 90);
    CREATE INDEX by_label ON countersign_index.records (registry, label, owner);
    CREATE INDEX by_signer ON countersign_index.records (registry, signer, owner, label);
    CREATE TABLE countersign_index.appointments (
        registry integer, owner bytea, operator bytea, sequence bigint NOT NULL,
        PRIMARY KEY (registry, owner, operator)
    );
"];
