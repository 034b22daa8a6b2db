//! Which keys a configuration may have, so that a mistyped one is told from the one that was meant.

/// Refuses unknown tables and keys, naming the nearest known one.
pub(super) fn check(table: &toml::Table) -> Result<(), String> {
    for (section, value) in table {
        let Some((_, keys)) = KNOWN.iter().find(|(name, _)| name == section) else {
            return Err(unknown(section, "table", KNOWN.iter().map(|(name, _)| *name), &owner_of(section)));
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

/// Every table and its keys.
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
            "min_record_age",
            "max_anchor_age",
            "request_timeout",
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
}
