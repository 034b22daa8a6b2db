//! The chain part of the settings.

use std::num::NonZeroUsize;
use std::time::Duration;

use countersign::protocol::Address;
use countersign::registry::{Endpoint, HeadPolicy, HeadTrust, Resolver, artifact};

use super::Settings;
use crate::arguments::{ChainArguments, Layer, Layered};
use crate::config::{PolicyTable, Preset};
use crate::failure::Failure;
use crate::moment::Span;

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
        let table = &self.config.document.chain;
        let chain_id = chain_id(arguments.chain_id, named, table.id)?;
        let registry = self.registry(arguments);
        let written = arguments.rpc.clone().unwrap_or_else(|| Layer::File.holds(table.endpoints.clone()));
        let endpoints = parse_endpoints(&written.value)?;
        let trust = match self.light_client(arguments, chain_id, &endpoints)? {
            Some(light_client) => HeadTrust::LightClient(Box::new(light_client)),
            None => trust(
                &endpoints,
                applying(arguments.threshold, table.threshold, written.layer),
                applying(arguments.own_node, table.own_node, written.layer).unwrap_or(false),
            )?,
        };
        let preset = arguments
            .policy
            .or(self.config.document.policy.preset)
            .unwrap_or_else(|| Preset::of_chain(chain_id));
        let counterparties = self.counterparties(chain_id)?;
        let policy = HeadPolicy { counterparties, ..self.config.document.policy.over(preset.policy()) };
        Ok(ChainSettings { chain_id, registry, endpoints, trust, policy })
    }

    /// The chain, where anything but an address names one.
    pub(crate) fn chain_id_if_any(&self, arguments: &ChainArguments) -> Option<u64> {
        arguments.chain_id.or(self.config.document.chain.id)
    }

    pub(crate) fn registry(&self, arguments: &ChainArguments) -> Address {
        let named = arguments.registry.or(self.config.document.chain.registry);
        named.map_or_else(artifact::key_registry_address, |named| named.0)
    }
}

impl ChainSettings {
    pub(crate) fn resolver(&self) -> Result<Resolver, Failure> {
        Ok(Resolver::new(self.chain_id, self.registry, self.trust.clone(), self.policy.clone())?)
    }
}

impl Preset {
    /// Which preset suits a chain when none is named. Too strict only ever refuses, so mainnet's is for the unknown.
    const fn of_chain(chain_id: u64) -> Self {
        match chain_id {
            ANVIL_CHAIN_ID => Self::Anvil,
            _ => Self::Mainnet,
        }
    }

    pub(crate) const fn policy(self) -> HeadPolicy {
        match self {
            Self::Anvil => HeadPolicy::anvil(),
            Self::Mainnet => HeadPolicy::mainnet(),
            Self::OpStack => HeadPolicy::op_stack(),
        }
    }
}

impl PolicyTable {
    /// The preset with the file's single values laid over it.
    fn over(&self, preset: HeadPolicy) -> HeadPolicy {
        let or = |span: Option<Span>, default: Duration| span.map_or(default, |span| span.0);
        HeadPolicy {
            max_head_age: match self.max_head_age {
                Some(limit) => limit.map(|span| span.0),
                None => preset.max_head_age,
            },
            max_clock_skew: or(self.max_clock_skew, preset.max_clock_skew),
            max_head_lag: self.max_head_lag.unwrap_or(preset.max_head_lag),
            head_patience: preset.head_patience,
            record_depth: self.record_depth.map_or(preset.record_depth, |depth| depth.0),
            max_anchor_age: or(self.max_anchor_age, preset.max_anchor_age),
            request_timeout: or(self.request_timeout, preset.request_timeout),
            poll_interval: or(self.poll_interval, preset.poll_interval),
            head_reuse: or(self.head_reuse, preset.head_reuse),
            max_response_bytes: self.max_response_bytes.unwrap_or(preset.max_response_bytes),
            hardfork: preset.hardfork,
            counterparties: preset.counterparties,
        }
    }
}

pub(super) fn chain_id(flag: Option<u64>, named: Option<u64>, file: Option<u64>) -> Result<u64, Failure> {
    if let (Some(configured), Some(named)) = (flag.or(file), named)
        && configured != named
    {
        let message = format!("the address is on chain {named}, but chain {configured} is configured");
        return Err(Failure::configuration(message)
            .hint(format!("add --chain-id {named} and an --rpc of that chain")));
    }
    flag.or(named).or(file).ok_or_else(|| {
        let failure = Failure::configuration("no chain is configured");
        failure.hint(
            "add --chain-id ID, write the address as eip155:<id>:0x…, or set [chain] id in the configuration",
        )
    })
}

fn parse_endpoints(written: &[String]) -> Result<Vec<Endpoint>, Failure> {
    if written.is_empty() {
        let failure = Failure::configuration("no node is configured");
        return Err(failure.hint("add --rpc URL, or set [chain] endpoints in the configuration"));
    }
    written.iter().map(|text| parse_endpoint(text)).collect()
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

/// The chain id of a development chain, Anvil's and Hardhat's default.
pub(super) const ANVIL_CHAIN_ID: u64 = 31337;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use countersign::registry::RecordDepth;

    use super::*;
    use crate::config::{Config, Document};

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
        let arguments =
            ChainArguments { chain_id: Some(7), policy: Some(Preset::OpStack), ..Default::default() };
        let chain = settings(FILE).chain(&arguments, None).unwrap();
        assert_eq!(chain.chain_id, 7);
        assert_eq!(chain.policy.max_head_age, HeadPolicy::op_stack().max_head_age);
        assert_eq!(chain.policy.record_depth, RecordDepth::Age(Duration::from_secs(1)));
        assert!(matches!(chain.trust, HeadTrust::OwnNode(_)));
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
        let without = settings("[chain]\nendpoints = ['http://a']\nthreshold = 1");
        assert_eq!(without.chain(&arguments, Some(31337)).unwrap().policy, HeadPolicy::anvil());
    }

    #[test]
    fn what_is_missing_is_said() {
        let missing = |text: &str| settings(text).chain(&ChainArguments::default(), None).unwrap_err();
        assert!(missing("").message().contains("no chain"));
        assert!(missing("[chain]\nid = 1").message().contains("no node"));
    }
}
