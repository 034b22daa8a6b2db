//! The configuration file: what is indexed, where it is kept, and where it is served.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use countersign_indexer::api::{Limits, Rate, Readiness};
use countersign_indexer::chain::Chain;
use countersign_indexer::indexing::Backfill;
use countersign_protocol::Address;
use countersign_registry::{Endpoint, HeadPolicy, HeadTrust, Resolver, artifact};
use ipnet::IpNet;
use serde::Deserialize;

use crate::failure::Failure;

/// The whole file. An unknown key is an error, so that a misspelt one does not count for nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) store: StoreTable,
    pub(crate) limits: LimitsTable,
    pub(crate) registries: Vec<RegistryTable>,
}

/// Where the index is kept: a folder of its own, or PostgreSQL.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreTable {
    pub(crate) path: Option<PathBuf>,
    /// A file with the connection string: a password has no place in this one.
    pub(crate) postgres_file: Option<PathBuf>,
}

/// What one client, and all of them, may ask. What is left out is as [`Limits`] has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsTable {
    /// Answers a second to one client; 0 for as many as it asks for.
    pub(crate) answers_each_second: Option<u32>,
    /// Answers at once after a rest.
    pub(crate) burst: Option<NonZeroU32>,
    /// Networks of reverse proxies, whose X-Forwarded-For is believed.
    pub(crate) trusted_proxies: Vec<String>,
    /// Streams at once, over all clients.
    pub(crate) streams: Option<usize>,
    /// How many blocks, or seconds, behind the head it is still ready.
    pub(crate) ready_within_blocks: Option<u64>,
    pub(crate) ready_within_seconds: Option<u64>,
}

/// One registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistryTable {
    pub(crate) chain_id: u64,
    pub(crate) endpoints: Vec<String>,
    pub(crate) threshold: Option<NonZeroUsize>,
    #[serde(default)]
    pub(crate) own_node: bool,
    pub(crate) registry: Option<String>,
    #[serde(default)]
    pub(crate) first_block: u64,
    #[serde(default)]
    pub(crate) verify: bool,
}

impl Config {
    /// Reads the file; paths in it start at its own folder.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::configuration(format!("cannot read {}: {error}", path.display())))?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| Failure::configuration(format!("{}: {}", path.display(), error.message())))?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        for written in [&mut config.store.path, &mut config.store.postgres_file] {
            *written = written.take().map(|written| folder.join(written));
        }
        Ok(config)
    }
}

impl LimitsTable {
    pub(crate) fn limits(&self) -> Result<Limits, Failure> {
        let network = |text: &String| {
            text.parse::<IpNet>()
                .map_err(|error| Failure::configuration(format!("trusted_proxies: {text}: {error}")))
        };
        let default = Limits::default();
        let rate = |each_second| {
            let burst = self.burst.or(default.rate.map(|rate| rate.burst)).unwrap_or(each_second);
            Rate { each_second, burst }
        };
        let usual = default.rate.map(|rate| rate.each_second);
        Ok(Limits {
            rate: self.answers_each_second.map_or(usual, NonZeroU32::new).map(rate),
            trusted_proxies: self.trusted_proxies.iter().map(network).collect::<Result<_, _>>()?,
            streams: self.streams.unwrap_or(default.streams),
            readiness: Readiness {
                blocks: self.ready_within_blocks.unwrap_or(default.readiness.blocks),
                seconds: self.ready_within_seconds.unwrap_or(default.readiness.seconds),
            },
            ..default
        })
    }
}

impl RegistryTable {
    /// The registry on its chain.
    pub(crate) fn chain(&self) -> Result<Chain, Failure> {
        let endpoints = self.endpoints.iter().map(|text| text.parse::<Endpoint>());
        let endpoints = endpoints.collect::<Result<Vec<_>, _>>().map_err(|error| self.wrong(&error))?;
        let registry = match &self.registry {
            Some(text) => text.parse::<Address>().map_err(|error| self.wrong(&error))?,
            None => artifact::key_registry_address(),
        };
        let resolver = Resolver::new(
            self.chain_id,
            registry,
            self.trust(endpoints)?,
            HeadPolicy::of_chain(self.chain_id),
        )
        .map_err(|error| self.wrong(&error))?;
        Ok(Chain::new(resolver))
    }

    pub(crate) const fn backfill(&self) -> Backfill {
        if self.verify { Backfill::Verified } else { Backfill::Told }
    }

    fn trust(&self, endpoints: Vec<Endpoint>) -> Result<HeadTrust, Failure> {
        match (endpoints.as_slice(), self.own_node, self.threshold) {
            ([], ..) => Err(self.wrong(&"no endpoint is named; name the nodes to read from")),
            ([one], true, None) => Ok(HeadTrust::OwnNode(one.clone())),
            (_, true, _) => Err(self.wrong(&"own_node is for a single endpoint without a threshold")),
            ([_], false, None) => Err(self.wrong(
                &"a single endpoint's word on the newest block is taken only if you say that the node is yours (own_node = true, --own-node)",
            )),
            (several, false, threshold) => {
                let majority = NonZeroUsize::MIN.saturating_add(several.len() / 2);
                Ok(HeadTrust::Quorum { threshold: threshold.unwrap_or(majority), endpoints })
            }
        }
    }

    fn wrong(&self, what: &impl std::fmt::Display) -> Failure {
        Failure::configuration(format!("registry on chain {}: {what}", self.chain_id))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn table(text: &str) -> RegistryTable {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_single_endpoint_is_taken_only_as_ones_own() {
        let one = "chain_id = 1\nendpoints = ['http://127.0.0.1:1']\n";
        assert!(table(one).chain().unwrap_err().to_string().contains("own_node"));
        assert!(table(&format!("{one}own_node = true")).chain().is_ok());
        assert!(table(&format!("{one}threshold = 1")).chain().is_ok());
        assert!(table(&format!("{one}own_node = true\nthreshold = 1")).chain().is_err());
    }

    #[test]
    fn of_several_a_majority_must_agree() {
        let three = table("chain_id = 1\nendpoints = ['http://a', 'http://b', 'http://c']");
        let trust = three.trust(three.endpoints.iter().map(|text| text.parse().unwrap()).collect()).unwrap();
        assert!(matches!(trust, HeadTrust::Quorum { threshold, .. } if threshold.get() == 2));
    }

    #[test]
    fn limits_are_those_that_are_written_and_else_the_usual_ones() {
        let limits = |text: &str| toml::from_str::<LimitsTable>(text).unwrap().limits().unwrap();
        assert_eq!(limits("").rate, Limits::default().rate);
        assert_eq!(limits("answers_each_second = 0").rate, None);
        let rate = limits("answers_each_second = 5\nburst = 7").rate.unwrap();
        assert_eq!((rate.each_second.get(), rate.burst.get()), (5, 7));
        assert_eq!(limits("trusted_proxies = ['10.0.0.0/8']").trusted_proxies.len(), 1);
        let readiness = limits("ready_within_blocks = 3").readiness;
        assert_eq!((readiness.blocks, readiness.seconds), (3, Limits::default().readiness.seconds));
    }

    #[test]
    fn what_is_misspelt_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("indexer.toml");
        std::fs::write(&path, "[store]\npaht = 'x'").unwrap();
        assert!(Config::load(&path).unwrap_err().to_string().contains("paht"));
        std::fs::write(&path, "[store]\npath = 'x'").unwrap();
        assert_eq!(Config::load(&path).unwrap().store.path.unwrap(), folder.path().join("x"));
    }
}
