//! Several chains in one file: which table speaks of which.

use super::chain_id::ChainId;
use super::document::{ChainTable, Document};

impl Document {
    /// The chain that is meant where none is named: that of `[chain]`.
    pub(crate) const fn default_chain(&self) -> Option<u64> {
        self.chain.id
    }

    /// Every chain that the file names by its id: that of `[chain]` first.
    pub(crate) fn chain_ids(&self) -> Vec<u64> {
        self.chain.id.into_iter().chain(self.chains.keys().map(|id| id.0)).collect()
    }

    /// What counts for a chain, its policy included: a table of its own; else `[chain]`, unless that is another chain's.
    ///
    /// Nothing of one chain's table ever counts for another. Nodes, a threshold that suits them, a registry or a short
    /// depth of records, taken for those of a chain that they were not chosen for, would be believed without anybody
    /// having said so.
    pub(crate) fn of_chain(&self, id: u64) -> ChainTable {
        match (self.chains.get(&ChainId(id)), self.chain.id) {
            (Some(own), _) => own.clone(),
            (None, Some(other)) if other != id => ChainTable::default(),
            (None, _) => self.of_default_chain(),
        }
    }

    /// What `[chain]` and `[policy]` say, whichever chain that is.
    pub(crate) fn of_default_chain(&self) -> ChainTable {
        ChainTable { policy: self.policy.clone(), ..self.chain.clone() }
    }

    /// Where the file says something of a chain, or would.
    pub(crate) fn table_of(&self, id: u64) -> String {
        match self.chain.id {
            Some(other) if other != id => table_name(id),
            None if self.chains.contains_key(&ChainId(id)) => table_name(id),
            _ => "[chain]".into(),
        }
    }

    /// And its policy.
    pub(crate) fn policy_table_of(&self, id: u64) -> String {
        match self.table_of(id).as_str() {
            "[chain]" => "[policy]".into(),
            _ => format!("[chains.{id}.policy]"),
        }
    }

    /// A chain with two tables would have one of them passed over.
    pub(super) fn refuse_one_chain_twice(&self) -> Result<(), String> {
        match self.chain.id {
            Some(id) if self.chains.contains_key(&ChainId(id)) => Err(format!(
                "chain {id} has two tables; remove {}, for it is the chain of [chain], whose policy stands under [policy]",
                table_name(id)
            )),
            _ => Ok(()),
        }
    }
}

fn table_name(id: u64) -> String {
    format!("[chains.{id}]")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::document::Preset;
    use super::*;

    const TWO: &str = "
        [chain]
        id = 1
        endpoints = ['http://one']
        own_node = true
        [policy]
        preset = 'anvil'
        [chains.8453]
        endpoints = ['http://base']
        [chains.8453.policy]
        record_depth = 'safe'
    ";

    #[test]
    fn each_chain_has_what_its_own_table_says() {
        let document = Document::parse(TWO).unwrap();
        let (one, base, other) = (document.of_chain(1), document.of_chain(8453), document.of_chain(10));
        assert_eq!((one.endpoints, one.own_node), (vec!["http://one".to_owned()], Some(true)));
        assert_eq!((one.policy.preset, one.policy.record_depth), (Some(Preset::Anvil), None));
        assert_eq!((base.endpoints, base.own_node), (vec!["http://base".to_owned()], None));
        assert_eq!(base.policy.preset, None);
        assert!(base.policy.record_depth.is_some());
        assert!(other.endpoints.is_empty() && other.own_node.is_none() && other.policy.preset.is_none());
        assert_eq!(document.chain_ids(), [1, 8453]);
        assert_eq!(document.policy_table_of(1), "[policy]");
        assert_eq!(document.policy_table_of(8453), "[chains.8453.policy]");
        assert_eq!(document.table_of(10), "[chains.10]");
    }

    #[test]
    fn a_chain_table_without_an_id_is_any_chains_that_has_no_table() {
        let document =
            Document::parse("[chain]\nendpoints = ['http://a']\n[chains.5]\nthreshold = 1").unwrap();
        assert_eq!(document.of_chain(7).endpoints, ["http://a"]);
        assert!(document.of_chain(5).endpoints.is_empty());
        assert_eq!(document.table_of(7), "[chain]");
        assert_eq!(document.table_of(5), "[chains.5]");
    }

    #[test]
    fn a_chain_with_two_tables_is_told_which_to_remove() {
        let error = Document::parse("[chain]\nid = 5\n[chains.5]\nthreshold = 1").unwrap_err();
        assert!(error.contains("chain 5 has two tables; remove [chains.5]"), "{error}");
    }

    #[test]
    fn a_chain_goes_by_its_id() {
        let error = |text: &str| Document::parse(text).unwrap_err();
        assert!(error("[chains.base]").contains("did you mean [chains.8453]?"));
        assert!(error("[chains.08453]").contains("did you mean [chains.8453]?"));
        assert!(error("[chains.mine]").contains("write [chains.<id>]"));
        assert!(error("[chains.-1]").contains("write [chains.<id>]"));
    }
}
