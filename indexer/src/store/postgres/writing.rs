//! What the writer asks and does. `$1` is the registry's number here.

/// `$1` chain, `$2` address: where the registry stands, and the newest number.
pub(super) const STANDS: &str = concat!(
    "SELECT s.sequence, r.id, ",
    super::columns::tip_columns!(),
    " FROM countersign_index.store s LEFT JOIN countersign_index.registries r \
     ON r.chain_id = $1 AND r.address = $2"
);

pub(super) const NEW_REGISTRY: &str =
    "INSERT INTO countersign_index.registries (chain_id, address) VALUES ($1, $2) RETURNING id";

/// `$1` chain, `$2` address.
pub(super) const KEPT: &str = "SELECT k.number, k.hash, k.time FROM countersign_index.kept k \
     JOIN countersign_index.registries r ON r.id = k.registry \
     WHERE r.chain_id = $1 AND r.address = $2 ORDER BY k.number";

/// `$1` chain, `$2` address, `$3` owners, `$4` labels.
pub(super) const HELD_RECORDS: &str = concat!(
    "SELECT c.owner, c.label, ",
    super::columns::before_columns!(),
    " FROM countersign_index.registries r CROSS JOIN unnest($3::bytea[], $4::bytea[]) a(owner, label) \
     CROSS JOIN LATERAL (SELECT * FROM countersign_index.records c \
     WHERE c.registry = r.id AND c.owner = a.owner AND c.label = a.label OFFSET 0) c \
     CROSS JOIN LATERAL (SELECT * FROM countersign_index.events b \
     WHERE b.registry = r.id AND b.sequence = c.sequence OFFSET 0) b \
     WHERE r.chain_id = $1 AND r.address = $2"
);

/// As [`HELD_RECORDS`], `$4` operators.
pub(super) const HELD_APPOINTMENTS: &str = concat!(
    "SELECT c.owner, c.operator, ",
    super::columns::before_columns!(),
    " FROM countersign_index.registries r CROSS JOIN unnest($3::bytea[], $4::bytea[]) a(owner, operator) \
     CROSS JOIN LATERAL (SELECT * FROM countersign_index.appointments c \
     WHERE c.registry = r.id AND c.owner = a.owner AND c.operator = a.operator OFFSET 0) c \
     CROSS JOIN LATERAL (SELECT * FROM countersign_index.events b \
     WHERE b.registry = r.id AND b.sequence = c.sequence OFFSET 0) b \
     WHERE r.chain_id = $1 AND r.address = $2"
);

/// `$2` owners, `$3` labels: the last events about them.
pub(super) const LAST_OF_RECORDS: &str = "SELECT a.owner, a.label, c.sequence \
     FROM unnest($2::bytea[], $3::bytea[]) a(owner, label) \
     CROSS JOIN LATERAL (SELECT c.sequence FROM countersign_index.records c \
     WHERE c.registry = $1 AND c.owner = a.owner AND c.label = a.label OFFSET 0) c";

/// As [`LAST_OF_RECORDS`], `$3` operators.
pub(super) const LAST_OF_APPOINTMENTS: &str = "SELECT a.owner, a.operator, c.sequence \
     FROM unnest($2::bytea[], $3::bytea[]) a(owner, operator) \
     CROSS JOIN LATERAL (SELECT c.sequence FROM countersign_index.appointments c \
     WHERE c.registry = $1 AND c.owner = a.owner AND c.operator = a.operator OFFSET 0) c";

pub(super) const COPY_EVENTS: &str = "COPY countersign_index.events (registry, kind, log_index, sequence, \
     previous, block, time, transaction, owner, name, word, x, pinned_x, bundle, until) \
     FROM STDIN (FORMAT binary)";

pub(super) const COPY_RECORDS: &str =
    "COPY countersign_index.records (registry, owner, label, signer, sequence) FROM STDIN (FORMAT binary)";

/// `$2` owners, `$3` labels, `$4` signers, `$5` numbers.
pub(super) const UPDATE_RECORDS: &str = "UPDATE countersign_index.records c \
     SET signer = a.signer, sequence = a.sequence \
     FROM unnest($2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[]) a(owner, label, signer, sequence) \
     WHERE c.registry = $1 AND c.owner = a.owner AND c.label = a.label";

/// `$2` owners, `$3` labels.
pub(super) const DELETE_RECORDS: &str = "DELETE FROM countersign_index.records c \
     USING unnest($2::bytea[], $3::bytea[]) a(owner, label) \
     WHERE c.registry = $1 AND c.owner = a.owner AND c.label = a.label";

/// `$2` owners, `$3` operators, `$4` numbers.
pub(super) const SET_APPOINTMENTS: &str = "INSERT INTO countersign_index.appointments \
     (registry, owner, operator, sequence) \
     SELECT $1, a.owner, a.operator, a.sequence \
     FROM unnest($2::bytea[], $3::bytea[], $4::bigint[]) a(owner, operator, sequence) \
     ON CONFLICT (registry, owner, operator) DO UPDATE SET sequence = excluded.sequence";

/// `$2` owners, `$3` operators.
pub(super) const DELETE_APPOINTMENTS: &str = "DELETE FROM countersign_index.appointments c \
     USING unnest($2::bytea[], $3::bytea[]) a(owner, operator) \
     WHERE c.registry = $1 AND c.owner = a.owner AND c.operator = a.operator";

/// `$2` heights, `$3` hashes, `$4` times.
pub(super) const KEEP: &str = "INSERT INTO countersign_index.kept (registry, number, hash, time) \
     SELECT $1, a.number, a.hash, a.time \
     FROM unnest($2::bigint[], $3::bytea[], $4::bigint[]) a(number, hash, time) \
     ON CONFLICT (registry, number) DO UPDATE SET hash = excluded.hash, time = excluded.time";

/// `$2` final height: all below the newest that is final.
pub(super) const PRUNE: &str = "DELETE FROM countersign_index.kept WHERE registry = $1 AND number < \
     (SELECT max(number) FROM countersign_index.kept WHERE registry = $1 AND number <= $2)";

/// `$2` height, hash and time of the tip, what is final, what was told.
pub(super) const SET_TIP: &str = "UPDATE countersign_index.registries \
     SET tip = $2, hash = $3, time = $4, finalized = $5, told_through = $6 WHERE id = $1";

/// `$1` the newest number.
pub(super) const SET_NEWEST: &str = "UPDATE countersign_index.store SET sequence = $1";

/// `$1` channel, `$2` the newest number. Heard once the change is there to be read.
pub(super) const NOTIFY: &str = "SELECT pg_notify($1, $2)";

/// `$2` height: whether, and when, a block was kept.
pub(super) const KEPT_AT: &str =
    "SELECT k.number, k.hash, k.time FROM countersign_index.kept k WHERE k.registry = $1 AND k.number = $2";

/// `$2` height. Events are stored in the order of the chain, so none above a height comes before one at or below it.
pub(super) const UNDO_EVENTS: &str = "DELETE FROM countersign_index.events e WHERE e.registry = $1 \
     AND e.kind <> 8 AND e.sequence > COALESCE((SELECT n.sequence FROM countersign_index.events n \
     WHERE n.registry = $1 AND n.kind <> 8 AND n.block <= $2 ORDER BY n.sequence DESC LIMIT 1), 0) \
     RETURNING e.owner, e.name, e.sequence, e.previous";

/// `$2` numbers: what those events left.
pub(super) const LEFT: &str = concat!(
    "SELECT b.sequence, ",
    super::columns::before_columns!(),
    " FROM unnest($2::bigint[]) a(sequence) CROSS JOIN LATERAL (SELECT * FROM countersign_index.events b \
     WHERE b.registry = $1 AND b.sequence = a.sequence OFFSET 0) b"
);

/// `$2` height.
pub(super) const UNKEEP: &str = "DELETE FROM countersign_index.kept WHERE registry = $1 AND number > $2";

/// `$2` number, `$3` height, `$4` hash, `$5` time.
pub(super) const TELL_REORGANISED: &str = "INSERT INTO countersign_index.events \
     (registry, kind, log_index, sequence, block, time, transaction, owner, name) \
     VALUES ($1, 8, 0, $2, $3, $5, $4, '', '')";

/// One after the other.
pub(super) const FORGET: &[&str] = &[
    "DELETE FROM countersign_index.records WHERE registry = $1",
    "DELETE FROM countersign_index.appointments WHERE registry = $1",
    "DELETE FROM countersign_index.kept WHERE registry = $1",
    "DELETE FROM countersign_index.events WHERE registry = $1",
    "UPDATE countersign_index.registries SET tip = NULL, hash = NULL WHERE id = $1",
];
