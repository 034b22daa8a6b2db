//! Beacon nodes and a checkpoint, where they vouch for the newest block.

use std::path::PathBuf;

use alloy::primitives::B256;
use countersign::registry::light_client::Network;
use countersign::registry::{Endpoint, LightClientTrust};

use super::Settings;
use super::chain::parse_endpoint;
use crate::arguments::{ChainArguments, Layer};
use crate::config::{ChainTable, data_file};
use crate::failure::Failure;
use crate::hex_bytes::Hash;

impl Settings {
    /// What the light client starts from, where beacon nodes are named and nothing stronger says whom to believe.
    pub(super) fn light_client(
        &self,
        arguments: &ChainArguments,
        chain_id: u64,
        table: &ChainTable,
        nodes: &[Endpoint],
    ) -> Result<Option<LightClientTrust>, Failure> {
        let named = arguments.beacon.clone().unwrap_or_else(|| Layer::File.holds(table.beacons.clone()));
        if named.value.is_empty() {
            return Ok(None);
        }
        match word_on_nodes(arguments, table) {
            Some(word) if word > named.layer => return Ok(None),
            Some(word) if word == named.layer => {
                let message = "beacon nodes are named, and own_node or a threshold too: only one can vouch for the newest block";
                return Err(Failure::configuration(message).hint(
                    "drop --beacon, or drop --own-node and --threshold (or the same keys of the chain's table)",
                ));
            }
            _ => {}
        }
        Ok(Some(LightClientTrust {
            network: network(chain_id)?,
            beacons: named.value.iter().map(|text| parse_endpoint(text)).collect::<Result<_, _>>()?,
            checkpoint: self.checkpoint(arguments, chain_id, table)?,
            max_checkpoint_age: LightClientTrust::WEAK_SUBJECTIVITY,
            state: self.checkpoint_file(chain_id, table),
            nodes: nodes.to_vec(),
        }))
    }

    fn checkpoint(
        &self,
        arguments: &ChainArguments,
        chain_id: u64,
        table: &ChainTable,
    ) -> Result<B256, Failure> {
        if let Some(Hash(root)) = arguments.checkpoint {
            return Ok(root.into());
        }
        let written = table.checkpoint.as_ref().ok_or_else(|| {
            let failure = Failure::configuration("beacon nodes are named, but no checkpoint to begin at");
            failure.hint(
                "add --checkpoint ROOT: a finalized beacon block's root, compared between two sources you trust",
            )
        })?;
        let Hash(root) = written.parse().map_err(|error| {
            let place = self.config.document.table_of(chain_id);
            Failure::configuration(format!("{place} checkpoint: {error}"))
        })?;
        Ok(root.into())
    }

    fn checkpoint_file(&self, chain_id: u64, table: &ChainTable) -> Option<PathBuf> {
        match &table.checkpoint_file {
            Some(written) => Some(self.config.path_in_file(written)),
            None => data_file(&format!("light-client-{chain_id}.json")),
        }
    }
}

/// Where the strongest word stands that believes the nodes themselves.
fn word_on_nodes(arguments: &ChainArguments, table: &ChainTable) -> Option<Layer> {
    let own_node = arguments.own_node.filter(|own| own.value).map(|own| own.layer);
    let threshold = arguments.threshold.map(|threshold| threshold.layer);
    let in_file = table.own_node == Some(true) || table.threshold.is_some();
    own_node.max(threshold).or(in_file.then_some(Layer::File))
}

fn network(chain_id: u64) -> Result<Network, Failure> {
    match chain_id {
        1 => Ok(Network::mainnet()),
        11_155_111 => Ok(Network::sepolia()),
        560_048 => Ok(Network::hoodi()),
        other => {
            let failure = Failure::configuration(format!("no beacon chain is known for chain {other}"));
            Err(failure.hint("drop --beacon and name several --rpc endpoints, or your own node"))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::num::NonZeroUsize;

    use countersign::registry::HeadTrust;

    use super::*;
    use crate::config::{Config, Document};
    use crate::settings::ChainSettings;

    const ROOT: &str = "0x0101010101010101010101010101010101010101010101010101010101010101";

    fn chain(text: &str, arguments: &ChainArguments) -> Result<ChainSettings, Failure> {
        let config = Config { document: Document::parse(text).unwrap(), path: None };
        Settings { config }.chain(arguments, None)
    }

    fn file(more: &str) -> String {
        format!("[chain]\nid = 1\nendpoints = ['http://a']\nbeacons = ['http://b']\n{more}")
    }

    #[test]
    fn named_beacon_nodes_make_a_light_client() {
        let text = file(&format!("checkpoint = '{ROOT}'\ncheckpoint_file = 'kept.json'"));
        let chain = chain(&text, &ChainArguments::default()).unwrap();
        let HeadTrust::LightClient(trust) = chain.trust else { unreachable!() };
        assert_eq!(trust.network, Network::mainnet());
        assert_eq!(trust.checkpoint, B256::repeat_byte(1));
        assert_eq!(trust.beacons, ["http://b".parse().unwrap()]);
        assert_eq!(trust.nodes, ["http://a".parse().unwrap()]);
        assert_eq!(trust.state, Some("kept.json".into()));
    }

    #[test]
    fn a_stronger_word_on_the_nodes_wins_and_an_equal_one_is_refused() {
        let text = file(&format!("checkpoint = '{ROOT}'"));
        let blessed =
            ChainArguments { threshold: Some(Layer::Flag.holds(NonZeroUsize::MIN)), ..Default::default() };
        assert!(matches!(chain(&text, &blessed).unwrap().trust, HeadTrust::Quorum { .. }));
        let both = format!("{text}\nown_node = true");
        assert!(chain(&both, &ChainArguments::default()).is_err());
        let beacon = Some(Layer::Flag.holds(vec!["http://b".into()]));
        let flag = ChainArguments { beacon, ..Default::default() };
        assert!(matches!(chain(&both, &flag).unwrap().trust, HeadTrust::LightClient(_)));
    }

    #[test]
    fn a_chain_has_beacon_nodes_and_a_checkpoint_of_its_own() {
        let both = format!(
            "[chain]\nid = 10\nendpoints = ['http://c']\nthreshold = 1\n\
             [chains.1]\nendpoints = ['http://a']\nbeacons = ['http://b']\ncheckpoint = '{ROOT}'"
        );
        let nothing = ChainArguments::default();
        assert!(matches!(chain(&both, &nothing).unwrap().trust, HeadTrust::Quorum { .. }));
        let flag = ChainArguments { chain_id: Some(1), ..Default::default() };
        let HeadTrust::LightClient(trust) = chain(&both, &flag).unwrap().trust else { unreachable!() };
        assert!(trust.state.unwrap().ends_with("light-client-1.json"));
        let mistyped = both.replace(ROOT, "0x01");
        assert!(chain(&mistyped, &flag).unwrap_err().message().contains("[chains.1] checkpoint"));
    }

    #[test]
    fn what_is_missing_is_said() {
        let refused = chain(&file(""), &ChainArguments::default()).unwrap_err();
        assert!(refused.hint_text().unwrap().contains("--checkpoint"), "{}", refused.message());
        let refused = chain(&file("checkpoint = '0x01'"), &ChainArguments::default()).unwrap_err();
        assert!(refused.message().contains("32 bytes"), "{}", refused.message());
        let elsewhere = file("").replace("id = 1", "id = 5");
        let refused = chain(&elsewhere, &ChainArguments::default()).unwrap_err();
        assert!(refused.message().contains("chain 5"), "{}", refused.message());
    }
}
