//! The shape of the configuration file.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueEnum;
use serde::{Deserialize, Deserializer, de};

use super::chain_id::ChainId;
use super::depth::Depth;
use super::hardfork::Fork;
use super::known_keys;
use crate::moment::Span;
use crate::party::{Account, PlainAddress};

/// The whole file. Every key may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Document {
    /// The chain that is meant where none is named; [`of_chain`](Self::of_chain) says what counts for one.
    pub(super) chain: ChainTable,
    /// Its policy.
    pub(super) policy: PolicyTable,
    /// The other chains.
    pub(super) chains: BTreeMap<ChainId, ChainTable>,
    pub(crate) identity: IdentityTable,
    /// By address or contact's name.
    pub(crate) counterparty: BTreeMap<String, CounterpartyTable>,
    pub(crate) session: SessionTable,
    pub(crate) timeouts: TimeoutTable,
    pub(crate) contacts: ContactsTable,
    pub(crate) known: KnownTable,
}

/// Of one chain. In the file, `[chain]` has an id and its policy beside it, `[chains.<id>]` no id and its policy within.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ChainTable {
    pub(super) id: Option<u64>,
    pub(crate) registry: Option<PlainAddress>,
    pub(crate) endpoints: Vec<String>,
    pub(crate) threshold: Option<NonZeroUsize>,
    pub(crate) own_node: Option<bool>,
    pub(crate) beacons: Vec<String>,
    pub(crate) checkpoint: Option<String>,
    pub(crate) checkpoint_file: Option<PathBuf>,
    pub(crate) policy: PolicyTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IdentityTable {
    pub(crate) owner: Option<Account>,
    pub(crate) label: Option<String>,
    pub(crate) keystore: Option<PathBuf>,
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PolicyTable {
    pub(crate) preset: Option<Preset>,
    #[serde(deserialize_with = "span_or_none")]
    pub(crate) max_head_age: Option<Option<Span>>,
    pub(crate) max_clock_skew: Option<Span>,
    pub(crate) max_head_lag: Option<u64>,
    pub(crate) record_depth: Option<Depth>,
    pub(crate) max_anchor_age: Option<Span>,
    pub(crate) request_timeout: Option<Span>,
    pub(crate) poll_interval: Option<Span>,
    pub(crate) head_patience: Option<Span>,
    pub(crate) head_reuse: Option<Span>,
    pub(crate) max_response_bytes: Option<usize>,
    pub(crate) hardfork: Option<Fork>,
}

/// What is asked of one counterparty instead of what [`PolicyTable`] says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CounterpartyTable {
    pub(crate) record_depth: Option<Depth>,
    pub(crate) max_anchor_age: Option<Span>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SessionTable {
    pub(crate) suites: Option<SuiteChoice>,
    pub(crate) instruments: Vec<String>,
    pub(crate) replay_cache: Option<String>,
    pub(crate) rotate_after: Option<Span>,
    pub(crate) rebind: Option<Span>,
    pub(crate) overlap: Option<Span>,
    pub(crate) padding: Option<PaddingChoice>,
    pub(crate) ticket_lifetime: Option<Span>,
    pub(crate) cookies_from: Option<usize>,
    pub(crate) max_handshakes: Option<NonZeroUsize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TimeoutTable {
    pub(crate) connect: Option<Span>,
    pub(crate) handshake_step: Option<Span>,
    #[serde(deserialize_with = "span_or_none")]
    pub(crate) idle: Option<Option<Span>>,
    pub(crate) write: Option<Span>,
    pub(crate) close: Option<Span>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ContactsTable {
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KnownTable {
    pub(crate) file: Option<PathBuf>,
}

/// Starting points for how old and how far apart things may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Preset {
    /// A local development chain that stands still between transactions
    Anvil,
    /// Ethereum: 12 s slots, records count once they are finalized (13 min)
    Mainnet,
    /// An OP-stack rollup: blocks of a second or two, records count once final on L1 (15 to 20 min)
    #[serde(alias = "l2")]
    #[value(alias = "l2")]
    OpStack,
}

/// Which cipher suites this side takes part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SuiteChoice {
    /// secp256k1 and ML-KEM-768 together, and nothing less
    Hybrid,
    /// Dials hybrid, answers classical too
    PreferHybrid,
    /// Dials classical, answers both
    PreferClassical,
}

/// How what is sent is padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PaddingChoice {
    /// Not at all: every length shows
    None,
    /// To powers of two, 128 bytes at least
    Buckets,
    /// To at most an eighth more: long messages cost little, and a few bits of the length show
    Padme,
    /// To 16 KiB, always
    Full,
}

impl Document {
    /// Reads the file's text. An unknown key is an error that names the nearest known one.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        known_keys::check(&table)?;
        let document: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        document.refuse_one_chain_twice()?;
        Ok(document)
    }
}

impl<'de> Deserialize<'de> for PlainAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A span, or the word `none` for no limit.
fn span_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Span>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.as_str() {
        "none" => Ok(Some(None)),
        text => text.parse().map(|span| Some(Some(span))).map_err(de::Error::custom),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use countersign::registry::RecordDepth;

    use super::*;

    #[test]
    fn a_whole_file_reads() {
        let text = r#"
            [chain]
            id = 31337
            endpoints = ["http://127.0.0.1:8545"]
            own_node = true
            [policy]
            preset = "l2"
            max_head_age = "none"
            record_depth = "15m"
            [session]
            suites = "prefer-hybrid"
        "#;
        let document = Document::parse(text).unwrap();
        assert_eq!(document.chain.id, Some(31337));
        assert_eq!(document.policy.max_head_age, Some(None));
        assert_eq!(document.policy.record_depth, Some(Depth(RecordDepth::Age(Duration::from_secs(900)))));
        assert_eq!(document.session.suites, Some(SuiteChoice::PreferHybrid));
    }

    #[test]
    fn a_bad_value_names_its_line() {
        let error = Document::parse("[policy]\nrecord_depth = \"soon\"").unwrap_err();
        assert!(error.contains("line 2") && error.contains("90s"), "{error}");
        let error = Document::parse("[chain]\nthreshold = 0").unwrap_err();
        assert!(error.contains("line 2"), "{error}");
    }

    /// The example in the repository, with every key and every table uncommented.
    fn uncommented() -> String {
        let example = include_str!("../../countersign.example.toml");
        let line = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") || rest.starts_with('[') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        };
        example.lines().map(line).collect()
    }

    fn keys(table: &toml::Value) -> Vec<&str> {
        let mut keys: Vec<&str> = table.as_table().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn the_example_parses_as_it_stands_and_sets_nothing() {
        let example = include_str!("../../countersign.example.toml");
        let document = Document::parse(example).unwrap();
        assert!(document.chain.id.is_none() && document.identity.owner.is_none());
        assert!(document.chains.is_empty());
    }

    #[test]
    fn the_example_lists_every_key_and_no_other() {
        Document::parse(&uncommented()).unwrap();
        let table: toml::Table = uncommented().parse().unwrap();
        for (section, known) in known_keys::KNOWN {
            let mut known = known.to_vec();
            known.sort_unstable();
            assert_eq!(keys(table.get(*section).unwrap()), known, "[{section}]");
        }
        // One table stands for all of its kind. What a chain may say is listed once, under [chain] and [policy].
        let parties = table.get("counterparty").unwrap().as_table().unwrap();
        assert!(parties.values().all(|party| keys(party) == known_keys::OF_A_COUNTERPARTY));
        assert_eq!((parties.len(), table.get("chains").unwrap().as_table().unwrap().len()), (1, 1));
        assert_eq!(table.len(), known_keys::KNOWN.len() + 2);
    }
}
