//! Which keys a configuration may have, so that a mistyped one is told from the one that was meant.

use super::chain_id::ChainId;

/// Refuses unknown tables and keys, naming the nearest known one.
pub(super) fn check(table: &toml::Table) -> Result<(), String> {
    for (section, value) in table {
        match (section.as_str(), keys_of(section)) {
            (PER_COUNTERPARTY, _) => check_counterparties(value)?,
            (PER_CHAIN, _) => check_chains(value)?,
            (_, Some(keys)) => check_table(section, value, keys)?,
            (_, None) => {
                let tables = KNOWN.iter().map(|(name, _)| *name).chain([PER_COUNTERPARTY, PER_CHAIN]);
                return Err(unknown(section, "table", tables, &owner_of(section)));
            }
        }
    }
    Ok(())
}

fn check_table(name: &str, value: &toml::Value, keys: &[&'static str]) -> Result<(), String> {
    let no_table = || format!("`{name}` must be a table: write [{name}] on a line of its own");
    let table = value.as_table().ok_or_else(no_table)?;
    match table.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(unknown(key, "key", keys.iter().copied(), &format!("in [{name}]"))),
        None => Ok(()),
    }
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
        if !value.is_table() {
            return Err(no_table(&format!("`{PER_COUNTERPARTY}.{party}`")));
        }
        check_table(&format!("{PER_COUNTERPARTY}.{party:?}"), value, OF_A_COUNTERPARTY)?;
    }
    Ok(())
}

/// One table for each, `[chains.8453]`: what `[chain]` has but the id, and a policy.
fn check_chains(tables: &toml::Value) -> Result<(), String> {
    let no_table = |what: &str| {
        format!("{what} must be the table of one chain: write [{PER_CHAIN}.8453], with its EIP-155 id")
    };
    let tables = tables.as_table().ok_or_else(|| no_table(&format!("`{PER_CHAIN}`")))?;
    for (id, value) in tables {
        let Some(table) = value.as_table() else { return Err(no_table(&format!("`{PER_CHAIN}.{id}`"))) };
        let ChainId(id) = id.parse()?;
        let name = format!("{PER_CHAIN}.{id}");
        let keys = keys_of("chain").unwrap_or_default().iter().copied().filter(|key| *key != "id");
        let keys: Vec<&'static str> = keys.chain(["policy"]).collect();
        if table.contains_key("id") {
            return Err(format!("unknown key `id` in [{name}]: the table's own name is the chain's id"));
        }
        check_table(&name, value, &keys)?;
        if let Some(policy) = table.get("policy") {
            check_table(&format!("{name}.policy"), policy, keys_of("policy").unwrap_or_default())?;
        }
    }
    Ok(())
}

fn keys_of(section: &str) -> Option<&'static [&'static str]> {
    KNOWN.iter().find(|(name, _)| *name == section).map(|(_, keys)| *keys)
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

/// The chains beside that of `[chain]`: a table of tables.
const PER_CHAIN: &str = "chains";

/// What single counterparties are asked of: a table of tables.
const PER_COUNTERPARTY: &str = "counterparty";

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
            "head_patience",
            "head_reuse",
            "max_response_bytes",
            "hardfork",
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

    #[test]
    fn a_chain_has_a_table_of_its_own() {
        assert_eq!(
            error("[chains.8453]\nendpoint = []"),
            "unknown key `endpoint` in [chains.8453]; did you mean `endpoints`?"
        );
        assert_eq!(
            error("[chains.8453.policy]\nrecord_dept = 'safe'"),
            "unknown key `record_dept` in [chains.8453.policy]; did you mean `record_depth`?"
        );
        assert!(error("[chains.8453]\nid = 8453").contains("the table's own name"));
        assert!(error("[chain.policy]\npreset = 'anvil'").contains("`policy` in [chain]"));
        assert!(error("[chains]\nendpoints = []").contains("write [chains.8453]"));
        assert!(error("chains = 1").contains("write [chains.8453]"));
        assert!(error("[chains.8453]\npolicy = 1").contains("write [chains.8453.policy]"));
    }
}
