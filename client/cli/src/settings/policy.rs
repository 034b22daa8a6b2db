//! How recent things must be on a chain: its preset, with what the file says laid over it.

use std::time::Duration;

use countersign::registry::{Hardfork, HeadPolicy};

use super::Settings;
use crate::config::{PolicyTable, Preset};
use crate::failure::Failure;
use crate::moment::Span;

impl Settings {
    /// `flag` stands in for the preset that the table names.
    pub(super) fn head_policy(
        &self,
        flag: Option<Preset>,
        chain_id: u64,
        table: &PolicyTable,
    ) -> Result<HeadPolicy, Failure> {
        if table.hardfork.is_some() && Hardfork::is_scheduled_on(chain_id) {
            let place = self.config.document.policy_table_of(chain_id);
            let message = format!(
                "the hard forks of chain {chain_id} are known here, and {place} has a hardfork for it too"
            );
            return Err(Failure::configuration(message)
                .hint("remove the key: it would be wrong from the chain's next hard fork on"));
        }
        let preset = flag.or(table.preset);
        let preset = preset.map_or_else(|| HeadPolicy::of_chain(chain_id), Preset::policy);
        let counterparties = self.counterparties(chain_id)?;
        Ok(HeadPolicy { counterparties, ..table.over(preset) })
    }
}

impl Preset {
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
            record_depth: self.record_depth.map_or(preset.record_depth, |depth| depth.0),
            max_anchor_age: or(self.max_anchor_age, preset.max_anchor_age),
            request_timeout: or(self.request_timeout, preset.request_timeout),
            poll_interval: or(self.poll_interval, preset.poll_interval),
            head_patience: or(self.head_patience, preset.head_patience),
            head_reuse: or(self.head_reuse, preset.head_reuse),
            max_response_bytes: self.max_response_bytes.unwrap_or(preset.max_response_bytes),
            hardfork: self.hardfork.map(|fork| fork.0).or(preset.hardfork),
            counterparties: preset.counterparties,
        }
    }
}

/// The chain id of a development chain, Anvil's and Hardhat's default.
pub(super) const ANVIL_CHAIN_ID: u64 = 31337;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::arguments::{ChainArguments, Layer};
    use crate::config::{Config, Document};

    fn policy(text: &str, chain_id: u64) -> Result<HeadPolicy, Failure> {
        let document = Document::parse(text).unwrap();
        let nodes = Some(Layer::Flag.holds(vec!["http://a".to_owned()]));
        let own_node = Some(Layer::Flag.holds(true));
        let arguments =
            ChainArguments { chain_id: Some(chain_id), rpc: nodes, own_node, ..Default::default() };
        let chain = Settings { config: Config { document, path: None } }.chain(&arguments, None)?;
        Ok(chain.policy)
    }

    #[test]
    fn a_chain_has_the_preset_of_its_kind() {
        for text in ["", "[chain]\nthreshold = 2", "[chain]\nid = 5\n[policy]\npreset = 'anvil'"] {
            assert_eq!(policy(text, 31337).unwrap(), HeadPolicy::anvil(), "{text}");
            for rollup in [10, 8453, 84_532, 7_777_777] {
                assert_eq!(policy(text, rollup).unwrap(), HeadPolicy::op_stack(), "{text}");
            }
            for other in [1, 42_161, 900] {
                assert_eq!(policy(text, other).unwrap(), HeadPolicy::mainnet(), "{text}");
            }
        }
        let named = "[chains.8453.policy]\npreset = 'mainnet'";
        assert_eq!(policy(named, 8453).unwrap(), HeadPolicy::mainnet());
    }

    #[test]
    fn rules_are_said_of_chains_that_have_no_known_ones() {
        let said = policy("[policy]\nhardfork = 'prague'", 900).unwrap();
        assert_eq!(said.hardfork, Some(Hardfork::Prague));
        let said = policy("[chains.31337.policy]\nhardfork = 'cancun'", 31337).unwrap();
        assert_eq!(said.hardfork, Some(Hardfork::Cancun));
        let refused = policy("[chains.8453.policy]\nhardfork = 'osaka'", 8453).unwrap_err();
        assert!(refused.message().contains("[chains.8453.policy] has a hardfork"), "{}", refused.message());
        assert!(policy("[policy]\nhardfork = 'osaka'", 1).is_err());
    }
}
