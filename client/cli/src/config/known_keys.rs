//! Which keys a configuration may have, so that a mistyped one is told from the one that was meant.

/// Refuses unknown tables and keys, naming the nearest known one.
pub(super) fn check(table: &toml::Table) -> Result<(), String> {
    for (section, value) in table {
        if section == PER_COUNTERPARTY {
            check_counterparties(value)?;
            continue;
        }
        let Some((_, keys)) = KNOWN.iter().find(|(name, _)| name == section) else {
            let tables = KNOWN.iter().map(|(name, _)| *name).chain([PER_COUNTERPARTY]);
            return Err(unknown(section, "table", tables, &owner_of(section)));
        };
        let Some(value) = value.as_table() else {
            return Err(format!("`{section}` must be a table: write [{section}] on a line of its own"));
        };
        for key in value.keys() {
            if !keys.contains(&key.as_str()) {
                let place = format!("in [{section}]");
                return Err(unknown(key, "key", keys.iter().copied(), &place));
            }
        }
    }
    Ok(())
}

/// One table for each: `[counterparty.alice]`.
fn check_counterparties(tables: &toml::Value) -> Result<(), String> {
    let no_table = |what: &str| {
        format!(
            "{what} must be the table of one counterparty: write [{PER_COUNTERPARTY}.\"0x…\"] or [{PER_COUNTERPARTY}.NAME]"
        )
    };
    let tables = tables.as_table().ok_or_else(|| no_table(&format!("`{PER_COUNTERPARTY}`")))?;
    for (party, value) in tables {
        let place = format!("in [{PER_COUNTERPARTY}.{party:?}]");
        let value = value.as_table().ok_or_else(|| no_table(&format!("`{PER_COUNTERPARTY}.{party}`")))?;
        if let Some(key) = value.keys().find(|key| !OF_A_COUNTERPARTY.contains(&key.as_str())) {
            return Err(unknown(key, "key", OF_A_COUNTERPARTY.iter().copied(), &place));
        }
    }
    Ok(())
}

fn unknown<'a>(word: &str, what: &str, known: impl Iterator<Item = &'a str>, place: &str) -> String {
    let distance = |candidate: &&str| strsim::damerau_levenshtein(word, candidate);
    match known.min_by_key(distance).filter(|nearest| distance(nearest) <= 1 + nearest.len() / 3) {
        Some(nearest) => format!("unknown {what} `{word}` {place}; did you mean `{nearest}`?"),
        None => format!("unknown {what} `{word}` {place}"),
    }
}

/// A key that stands before the first table is most often one that lost its table.
fn owner_of(key: &str) -> String {
    match KNOWN.iter().find(|(_, keys)| keys.contains(&key)) {
        Some((section, _)) => format!("at the top (it belongs under [{section}])"),
        None => "at the top".into(),
    }
}

/// What single counterparties are asked of: a table of tables.
pub(super) const PER_COUNTERPARTY: &str = "counterparty";

/// The keys of each of them, in alphabetical order.
pub(super) const OF_A_COUNTERPARTY: &[&str] = &["max_anchor_age", "record_depth"];

/// Every other table and its keys.
pub(super) const KNOWN: &[(&str, &[&str])] = &[
    (
        "chain",
        &["id", "registry", "endpoints", "threshold", "own_node", "beacons", "checkpoint", "checkpoint_file"],
    ),
    ("identity", &["owner", "label", "keystore", "passphrase_file"]),
    (
        "policy",
        &[
            "preset",
            "max_head_age",
            "max_clock_skew",
            "max_head_lag",
            "record_depth",
            "max_anchor_age",
            "request_timeout",
            "poll_interval",
            "head_reuse",
            "max_response_bytes",
        ],
    ),
    (
        "session",
        &[
            "suites",
            "instruments",
            "replay_cache",
            "rotate_after",
            "rebind",
            "overlap",
            "padding",
            "ticket_lifetime",
            "cookies_from",
            "max_handshakes",
        ],
    ),
    ("timeouts", &["connect", "handshake_step", "idle", "write", "close"]),
    ("contacts", &["file"]),
    ("known", &["file"]),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    fn error(text: &str) -> String {
        super::check(&text.parse().unwrap()).unwrap_err()
    }

    #[test]
    fn a_mistyped_key_names_the_nearest() {
        assert_eq!(
            error("[chain]\nendpoint = []"),
            "unknown key `endpoint` in [chain]; did you mean `endpoints`?"
        );
        assert_eq!(error("[polciy]"), "unknown table `polciy` at the top; did you mean `policy`?");
        assert_eq!(error("[chain]\nzzz = 1"), "unknown key `zzz` in [chain]");
    }

    #[test]
    fn a_key_without_its_table_is_told_where_it_belongs() {
        assert_eq!(
            error("keystore = 'x'"),
            "unknown table `keystore` at the top (it belongs under [identity])"
        );
        assert!(error("chain = 1").contains("[chain]"));
    }

    #[test]
    fn a_counterparty_has_a_table_of_its_own() {
        assert_eq!(
            error("[counterparty.alice]\nrecord_dept = 'safe'"),
            "unknown key `record_dept` in [counterparty.\"alice\"]; did you mean `record_depth`?"
        );
        assert!(error("[counterparty]\nrecord_depth = 'safe'").contains("[counterparty.NAME]"));
        assert!(error("counterparty = 1").contains("[counterparty.NAME]"));
        assert_eq!(
            error("[conterparty.alice]"),
            "unknown table `conterparty` at the top; did you mean `counterparty`?"
        );
    }
}
