//! What readers ask. Each is one statement, so that the tip and what comes with it are of one moment.
//!
//! `OFFSET 0` keeps the planner from joining by reading all of `events`, which it does while a fresh table has no
//! statistics yet.

use super::columns::{before_columns, event_columns, tip_columns};

pub(super) const REGISTRIES: &str = concat!(
    "SELECT r.chain_id, r.address, ",
    tip_columns!(),
    " FROM countersign_index.registries r ORDER BY r.id"
);

pub(super) const TIP: &str = concat!(
    "SELECT ",
    tip_columns!(),
    " FROM countersign_index.registries r WHERE r.chain_id = $1 AND r.address = $2"
);

pub(super) const NEWEST: &str = "SELECT sequence FROM countersign_index.store";

/// `$1` chain, `$2` registry; what is `e` follows.
macro_rules! answer {
    ($columns:expr, $events:expr) => {
        concat!(
            "SELECT ",
            tip_columns!(),
            ", ",
            $columns,
            " FROM countersign_index.registries r LEFT JOIN LATERAL (",
            $events,
            ") e ON true WHERE r.chain_id = $1 AND r.address = $2"
        )
    };
}

/// As `answer`, with what stood before each event.
macro_rules! answer_with_before {
    ($events:expr) => {
        concat!(
            "SELECT ",
            tip_columns!(),
            ", ",
            event_columns!(),
            ", ",
            before_columns!(),
            " FROM countersign_index.registries r LEFT JOIN LATERAL (",
            $events,
            ") e ON true LEFT JOIN LATERAL (SELECT * FROM countersign_index.events b \
             WHERE b.registry = r.id AND b.sequence = e.previous OFFSET 0) b ON true \
             WHERE r.chain_id = $1 AND r.address = $2"
        )
    };
}

/// The events that some rows lead to.
macro_rules! events_of {
    ($rows:expr) => {
        concat!(
            "SELECT e.* FROM (",
            $rows,
            ") c CROSS JOIN LATERAL (SELECT * FROM countersign_index.events e \
             WHERE e.registry = c.registry AND e.sequence = c.sequence OFFSET 0) e"
        )
    };
}

/// `$3` owner, `$4` label.
pub(super) const RECORD: &str = answer!(
    event_columns!(),
    events_of!(
        "SELECT * FROM countersign_index.records c WHERE c.registry = r.id AND c.owner = $3 AND c.label = $4"
    )
);

/// `$3` owner, `$4` label, `$5` block. From the newest event of the record back to the first that is old enough.
pub(super) const RECORD_AT: &str = answer!(
    event_columns!(),
    concat!(
        "WITH RECURSIVE h AS (",
        events_of!(
            "SELECT * FROM countersign_index.records c \
             WHERE c.registry = r.id AND c.owner = $3 AND c.label = $4"
        ),
        " UNION ALL SELECT e.* FROM h CROSS JOIN LATERAL (SELECT * FROM countersign_index.events e \
         WHERE e.registry = h.registry AND e.sequence = h.previous OFFSET 0) e WHERE h.block > $5) \
         SELECT * FROM h WHERE h.block <= $5 LIMIT 1"
    )
);

/// `$3` owner, `$4` label, `$5` before which number, `$6` how many. Begins at that number where it is one of the record's.
pub(super) const HISTORY: &str = answer_with_before!(
    "WITH RECURSIVE h AS (\
         (SELECT e.* FROM countersign_index.events e WHERE e.registry = r.id AND e.sequence = COALESCE(\
             (SELECT b.sequence FROM countersign_index.events b WHERE b.registry = r.id AND b.sequence = $5 \
              AND b.owner = $3 AND b.name = $4), \
             (SELECT c.sequence FROM countersign_index.records c \
              WHERE c.registry = r.id AND c.owner = $3 AND c.label = $4))) \
         UNION ALL SELECT e.* FROM h CROSS JOIN LATERAL (SELECT * FROM countersign_index.events e \
         WHERE e.registry = h.registry AND e.sequence = h.previous OFFSET 0) e) \
     SELECT * FROM h WHERE h.sequence < $5 LIMIT $6"
);

/// `$3` owner.
pub(super) const APPOINTMENTS: &str = answer!(
    event_columns!(),
    events_of!("SELECT * FROM countersign_index.appointments c WHERE c.registry = r.id AND c.owner = $3")
);

/// `$3` and `$4` owner and label behind which to begin, `$5` how many.
pub(super) const ALL: &str = answer!(
    event_columns!(),
    events_of!(
        "SELECT * FROM countersign_index.records c WHERE c.registry = r.id AND (c.owner, c.label) > ($3, $4) \
         ORDER BY c.owner, c.label LIMIT $5"
    )
);

/// As [`ALL`], `$6` owner.
pub(super) const OF_OWNER: &str = answer!(
    event_columns!(),
    events_of!(
        "SELECT * FROM countersign_index.records c WHERE c.registry = r.id AND c.owner = $6 \
         AND (c.owner, c.label) > ($3, $4) ORDER BY c.owner, c.label LIMIT $5"
    )
);

/// `$3` owner behind which to begin, `$4` label, `$5` how many.
pub(super) const UNDER_LABEL: &str = answer!(
    event_columns!(),
    events_of!(
        "SELECT * FROM countersign_index.records c WHERE c.registry = r.id AND c.label = $4 AND c.owner > $3 \
         ORDER BY c.owner LIMIT $5"
    )
);

/// As [`ALL`], `$6` signer.
pub(super) const OF_SIGNER: &str = answer!(
    event_columns!(),
    events_of!(
        "SELECT * FROM countersign_index.records c WHERE c.registry = r.id AND c.signer = $6 \
         AND (c.owner, c.label) > ($3, $4) ORDER BY c.owner, c.label LIMIT $5"
    )
);

/// `$3` after which number, `$4` how many.
pub(super) const NEWS: &str = answer_with_before!(
    "SELECT * FROM countersign_index.events e WHERE e.registry = r.id AND e.sequence > $3 \
     ORDER BY e.sequence LIMIT $4"
);

/// As [`NEWS`].
pub(super) const REVOCATIONS: &str = answer_with_before!(
    "SELECT * FROM countersign_index.events e WHERE e.registry = r.id AND e.sequence > $3 \
     AND e.kind IN (4, 8) ORDER BY e.sequence LIMIT $4"
);
