//! The chain part of the settings.

use std::num::NonZeroUsize;

use countersign::protocol::Address;
use countersign::registry::{Endpoint, HeadPolicy, HeadTrust, Resolver, artifact};

use super::Settings;
use crate::arguments::{ChainArguments, Layer, Layered};
use crate::config::ChainTable;
use crate::failure::Failure;
use crate::party::PlainAddress;

/// Which chain is read, through whom, and how recent things must be.
#[derive(Clone, Debug)]
pub(crate) struct ChainSettings {
    pub(crate) chain_id: u64,
    pub(crate) registry: Address,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) trust: HeadTrust,
    pub(crate) policy: HeadPolicy,
}

impl Settings {
    /// `named` is the chain that an address was written with (CAIP-10); it must not contradict the rest.
    pub(crate) fn chain(
        &self,
        arguments: &ChainArguments,
        named: Option<u64>,
    ) -> Result<ChainSettings, Failure> {
        let chain_id = self.chain_id(arguments.chain_id, named)?;
        let table = self.config.document.of_chain(chain_id);
        let written = arguments.rpc.clone().unwrap_or_else(|| Layer::File.holds(table.endpoints.clone()));
        let endpoints = self.parse_endpoints(&written.value, chain_id)?;
        let trust = match self.light_client(arguments, chain_id, &table, &endpoints)? {
            Some(light_client) => HeadTrust::LightClient(Box::new(light_client)),
            None => trust(
                &endpoints,
                applying(arguments.threshold, table.threshold, written.layer),
                applying(arguments.own_node, table.own_node, written.layer).unwrap_or(false),
            )?,
        };
        let policy = self.head_policy(arguments.policy, chain_id, &table.policy)?;
        Ok(ChainSettings {
            chain_id,
            registry: registry(arguments.registry, &table),
            endpoints,
            trust,
            policy,
        })
    }

    /// Every chain that is configured, each as it would be used; just the one where anything is said of a single one.
    pub(crate) fn chains(
        &self,
        arguments: &ChainArguments,
        named: Option<u64>,
    ) -> Vec<(Option<u64>, Result<ChainSettings, Failure>)> {
        let document = &self.config.document;
        let ids = document.chain_ids();
        if ids.is_empty() || arguments.is_of_one_chain() || named.is_some() {
            let chain_id = self.chain_id(arguments.chain_id, named).ok();
            return vec![(chain_id, self.chain(arguments, named))];
        }
        let of =
            |id| (Some(id), self.chain(&ChainArguments { chain_id: Some(id), ..arguments.clone() }, None));
        ids.into_iter().map(of).collect()
    }

    /// Which chain is meant: the one that is named, if it is named alike everywhere, or else the file's default.
    pub(super) fn chain_id(&self, flag: Option<u64>, named: Option<u64>) -> Result<u64, Failure> {
        let document = &self.config.document;
        let configured = flag.or_else(|| document.default_chain());
        match (flag, named) {
            (Some(configured), Some(named)) if configured != named => Err(contradiction(configured, named)),
            (None, Some(named)) if document.chain_ids().contains(&named) => Ok(named),
            (None, Some(named)) => match configured {
                Some(configured) if configured != named => Err(contradiction(configured, named)),
                _ => Ok(named),
            },
            (_, None) | (Some(_), _) => configured.ok_or_else(|| none_named(&document.chain_ids())),
        }
    }

    /// The chain of a document that names one itself, where anything else does: `claimed` if the file has a table for it.
    pub(crate) fn chain_id_if_any(&self, arguments: &ChainArguments, claimed: u64) -> Option<u64> {
        let document = &self.config.document;
        let of_claimed = || document.chain_ids().contains(&claimed).then_some(claimed);
        arguments.chain_id.or_else(of_claimed).or_else(|| document.default_chain())
    }

    /// Whether it is the chain that is meant where none is named.
    pub(crate) fn is_default_chain(&self, chain_id: Option<u64>) -> bool {
        chain_id.is_some() && self.config.document.default_chain() == chain_id
    }

    /// The registry on a chain.
    pub(crate) fn registry(&self, named: Option<PlainAddress>, chain_id: u64) -> Address {
        registry(named, &self.config.document.of_chain(chain_id))
    }

    fn parse_endpoints(&self, written: &[String], chain_id: u64) -> Result<Vec<Endpoint>, Failure> {
        if written.is_empty() {
            let failure = Failure::configuration(format!("no node is configured for chain {chain_id}"));
            let table = self.config.document.table_of(chain_id);
            return Err(
                failure.hint(format!("add --rpc URL, or set endpoints under {table} in the configuration"))
            );
        }
        written.iter().map(|text| parse_endpoint(text)).collect()
    }
}

impl ChainSettings {
    pub(crate) fn resolver(&self) -> Result<Resolver, Failure> {
        Ok(Resolver::new(self.chain_id, self.registry, self.trust.clone(), self.policy.clone())?)
    }
}

/// The registry that is named, or else the one of the chain's table, or else the deterministic one.
pub(super) fn registry(named: Option<PlainAddress>, table: &ChainTable) -> Address {
    named.or(table.registry).map_or_else(artifact::key_registry_address, |named| named.0)
}

fn contradiction(configured: u64, named: u64) -> Failure {
    let message = format!("the address is on chain {named}, but chain {configured} is configured");
    Failure::configuration(message).hint(format!(
        "add --chain-id {named} and an --rpc of that chain, or a table [chains.{named}] to the configuration"
    ))
}

fn none_named(known: &[u64]) -> Failure {
    if known.is_empty() {
        return Failure::configuration("no chain is configured").hint(
            "add --chain-id ID, write the address as eip155:<id>:0x…, or set [chain] id in the configuration",
        );
    }
    let ids = known.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    Failure::configuration(format!("no chain is named, and the configuration has tables for {ids}")).hint(
        "add --chain-id ID, or write the address as eip155:<id>:0x…; [chain] with an id is taken by default",
    )
}

pub(super) fn parse_endpoint(written: &str) -> Result<Endpoint, Failure> {
    written.parse().map_err(|error| Failure::configuration(format!("{error}")))
}

/// The strongest word on endpoints that are named in the layer `named_in`. A weaker layer's word was meant for others.
fn applying<T>(given: Option<Layered<T>>, file: Option<T>, named_in: Layer) -> Option<T> {
    let strongest = given.or_else(|| file.map(|value| Layer::File.holds(value)));
    strongest.and_then(|word| word.for_what_is_named_in(named_in))
}

fn trust(
    endpoints: &[Endpoint],
    threshold: Option<NonZeroUsize>,
    own_node: bool,
) -> Result<HeadTrust, Failure> {
    match (own_node, endpoints) {
        (true, [only]) => Ok(HeadTrust::OwnNode(only.clone())),
        (true, _) => {
            let message =
                format!("{} endpoints are configured, but only one can be your own node", endpoints.len());
            Err(Failure::configuration(message)
                .hint("name your node alone, or drop own_node and set a threshold"))
        }
        (false, [_]) if threshold.is_none() => {
            let message = "a single node is configured, and nothing checks its word on the newest block";
            Err(Failure::configuration(message).hint(
                "add --own-node if it is your node, or more --rpc endpoints; --threshold 1 believes it anyway",
            ))
        }
        (false, _) => {
            let majority = endpoints.len() / 2 + 1;
            let threshold = threshold.or(NonZeroUsize::new(majority)).unwrap_or(NonZeroUsize::MIN);
            Ok(HeadTrust::Quorum { endpoints: endpoints.to_vec(), threshold })
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use countersign::registry::RecordDepth;

    use super::*;
    use crate::config::{Config, Document, Preset};

    fn settings(text: &str) -> Settings {
        Settings { config: Config { document: Document::parse(text).unwrap(), path: None } }
    }

    /// Every layer for the nodes with every layer for the word on them.
    fn pairs() -> impl Iterator<Item = (Layer, Layer)> {
        let layers = [Layer::File, Layer::Environment, Layer::Flag];
        layers.into_iter().flat_map(move |nodes| layers.map(|word| (nodes, word)))
    }

    /// As the command line or the environment gives it; what the file says stands in the file.
    fn given<T>(layer: Layer, value: T) -> Option<Layered<T>> {
        (layer != Layer::File).then(|| layer.holds(value))
    }

    fn three() -> Vec<String> {
        ["http://a", "http://b", "http://c"].map(String::from).to_vec()
    }

    fn threshold_of(chain: &ChainSettings) -> usize {
        let HeadTrust::Quorum { threshold, .. } = &chain.trust else { unreachable!() };
        threshold.get()
    }

    const FILE: &str =
        "[chain]\nid = 5\nendpoints = ['http://a']\nown_node = true\n[policy]\nrecord_depth = '1s'";

    #[test]
    fn flags_win_over_the_file() {
        let arguments = ChainArguments { policy: Some(Preset::OpStack), ..Default::default() };
        let chain = settings(FILE).chain(&arguments, None).unwrap();
        assert_eq!(chain.chain_id, 5);
        assert_eq!(chain.policy.max_head_age, HeadPolicy::op_stack().max_head_age);
        assert_eq!(chain.policy.record_depth, RecordDepth::Age(Duration::from_secs(1)));
        assert!(matches!(chain.trust, HeadTrust::OwnNode(_)));
    }

    /// Two chains: one's own node on the first, somebody else's registry and nodes on the second.
    const TWO: &str = "
        [chain]
        id = 5
        registry = '0x1111111111111111111111111111111111111111'
        endpoints = ['http://a']
        own_node = true
        [policy]
        record_depth = '1s'
        [chains.8453]
        endpoints = ['http://b', 'http://c']
        [chains.8453.policy]
        max_clock_skew = '7s'
    ";

    #[test]
    fn each_chain_is_read_by_what_is_said_of_it_alone() {
        let settings = settings(TWO);
        let flag = ChainArguments { chain_id: Some(8453), ..Default::default() };
        let nothing = ChainArguments::default();
        for base in [
            settings.chain(&flag, None),
            settings.chain(&nothing, Some(8453)),
            settings.chain(&flag, Some(8453)),
        ] {
            let base = base.unwrap();
            assert_eq!((base.chain_id, threshold_of(&base)), (8453, 2));
            assert_eq!(base.registry, artifact::key_registry_address());
            let max_clock_skew = Duration::from_secs(7);
            assert_eq!(base.policy, HeadPolicy { max_clock_skew, ..HeadPolicy::op_stack() });
        }
        for first in [settings.chain(&nothing, None), settings.chain(&nothing, Some(5))] {
            let first = first.unwrap();
            assert_eq!((first.chain_id, first.registry), (5, Address([0x11; 20])));
            assert!(matches!(first.trust, HeadTrust::OwnNode(_)));
        }
    }

    #[test]
    fn what_the_file_says_of_one_chain_counts_for_no_other() {
        let settings = settings(FILE);
        let other = ChainArguments { chain_id: Some(7), ..Default::default() };
        let refused = settings.chain(&other, None).unwrap_err();
        assert!(refused.message().contains("no node is configured for chain 7"), "{}", refused.message());
        assert!(refused.hint_text().unwrap().contains("[chains.7]"));
        let named = ChainArguments { rpc: given(Layer::Flag, vec!["http://b".into()]), ..other.clone() };
        assert!(settings.chain(&named, None).unwrap_err().message().contains("single node"));
        let trusted = ChainArguments { own_node: given(Layer::Flag, true), ..named };
        assert_eq!(settings.chain(&trusted, None).unwrap().policy, HeadPolicy::mainnet());
    }

    #[test]
    fn all_chains_are_meant_where_nothing_is_said_of_one() {
        let settings = settings(TWO);
        let ids = |arguments: &ChainArguments, named| {
            let chains = settings.chains(arguments, named);
            chains
                .into_iter()
                .map(|(id, chain)| (id, chain.ok().map(|chain| chain.chain_id)))
                .collect::<Vec<_>>()
        };
        let of = |id| (Some(id), Some(id));
        let lenient = ChainArguments { policy: Some(Preset::Anvil), ..Default::default() };
        assert_eq!(ids(&ChainArguments::default(), None), [of(5), of(8453)]);
        assert_eq!(ids(&lenient, None), [of(5), of(8453)]);
        assert_eq!(ids(&ChainArguments::default(), Some(8453)), [of(8453)]);
        assert_eq!(ids(&ChainArguments { chain_id: Some(8453), ..Default::default() }, None), [of(8453)]);
        let nodes = ChainArguments { rpc: given(Layer::Environment, three()), ..Default::default() };
        assert_eq!(ids(&nodes, None), [of(5)]);
        assert_eq!(ids(&ChainArguments::default(), Some(10)), [(None, None)]);
    }

    #[test]
    fn own_node_counts_for_a_node_of_its_layer_or_a_weaker_one() {
        for (node, word) in pairs() {
            let arguments = ChainArguments {
                rpc: given(node, vec!["http://b".into()]),
                own_node: given(word, true),
                ..Default::default()
            };
            let own_node = if word == Layer::File { "\nown_node = true" } else { "" };
            let text = format!("[chain]\nid = 5\nendpoints = ['http://a']{own_node}");
            match settings(&text).chain(&arguments, None) {
                Ok(chain) => {
                    assert!(word >= node, "{word:?} blesses a node of {node:?}");
                    assert!(matches!(chain.trust, HeadTrust::OwnNode(_)));
                }
                Err(refused) => {
                    assert!(word < node, "{word:?} does not bless a node of {node:?}");
                    assert!(refused.hint_text().unwrap().contains("--own-node"));
                }
            }
        }
    }

    #[test]
    fn a_threshold_counts_for_nodes_of_its_layer_or_a_weaker_one() {
        for (nodes, word) in pairs() {
            let arguments = ChainArguments {
                rpc: given(nodes, three()),
                threshold: given(word, NonZeroUsize::MIN),
                ..Default::default()
            };
            let threshold = if word == Layer::File { "\nthreshold = 1" } else { "" };
            let text =
                format!("[chain]\nid = 5\nendpoints = ['http://a', 'http://b', 'http://c']{threshold}");
            let chain = settings(&text).chain(&arguments, None).unwrap();
            let expected = if word >= nodes { 1 } else { 2 };
            assert_eq!(threshold_of(&chain), expected, "{word:?} on nodes of {nodes:?}");
        }
    }

    #[test]
    fn the_environment_can_take_back_what_the_file_says() {
        let arguments =
            ChainArguments { own_node: Some(Layer::Environment.holds(false)), ..Default::default() };
        assert!(settings(FILE).chain(&arguments, None).is_err());
    }

    #[test]
    fn a_single_node_is_believed_only_where_that_is_said() {
        let single =
            ChainArguments { rpc: given(Layer::Flag, vec!["http://b".into()]), ..Default::default() };
        let refused = settings(FILE).chain(&single, None).unwrap_err();
        assert!(refused.message().contains("single node"), "{}", refused.message());
        let named = ChainArguments { threshold: given(Layer::Flag, NonZeroUsize::MIN), ..single };
        assert_eq!(threshold_of(&settings(FILE).chain(&named, None).unwrap()), 1);
    }

    #[test]
    fn the_default_threshold_is_a_majority() {
        let arguments = ChainArguments { rpc: given(Layer::Flag, three()), ..Default::default() };
        assert_eq!(threshold_of(&settings(FILE).chain(&arguments, None).unwrap()), 2);
    }

    #[test]
    fn a_caip_10_address_may_not_contradict() {
        let arguments = ChainArguments::default();
        assert_eq!(settings(FILE).chain(&arguments, Some(5)).unwrap().chain_id, 5);
        let error = settings(FILE).chain(&arguments, Some(1)).unwrap_err();
        assert!(error.message().contains("chain 1"), "{}", error.message());
        let flag = ChainArguments { chain_id: Some(5), ..Default::default() };
        assert!(settings(TWO).chain(&flag, Some(8453)).is_err());
        let without = settings("[chain]\nendpoints = ['http://a']\nthreshold = 1");
        assert_eq!(without.chain(&arguments, Some(31337)).unwrap().policy, HeadPolicy::anvil());
    }

    #[test]
    fn what_is_missing_is_said() {
        let missing = |text: &str| settings(text).chain(&ChainArguments::default(), None).unwrap_err();
        assert!(missing("").message().contains("no chain"));
        assert!(missing("[chain]\nid = 1").message().contains("no node"));
        let several = missing("[chains.1]\nthreshold = 2\n[chains.10]\nthreshold = 2");
        assert!(several.message().contains("tables for 1, 10"), "{}", several.message());
    }
}
