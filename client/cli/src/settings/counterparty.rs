//! What is asked of single counterparties, by address or contact's name.

use std::collections::BTreeMap;

use countersign::protocol::Identity;
use countersign::registry::CounterpartyPolicy;

use super::Settings;
use crate::config::CounterpartyTable;
use crate::failure::Failure;
use crate::party::Party;

impl Settings {
    /// The tables that are of this chain: a name that is written with another chain's id has no say here.
    pub(super) fn counterparties(
        &self,
        chain_id: u64,
    ) -> Result<BTreeMap<Identity, CounterpartyPolicy>, Failure> {
        let mut policies = BTreeMap::new();
        for (name, table) in &self.config.document.counterparty {
            let in_table = |text: String| Failure::configuration(format!("[counterparty.{name:?}]: {text}"));
            let party: Party = name.parse().map_err(|error| in_table(format!("{error}")))?;
            let account = match party {
                Party::Account(account) => account,
                Party::Contact(_) => self.contacts()?.find(&party)?.account,
            };
            if account.chain_id.is_some_and(|named| named != chain_id) {
                continue;
            }
            if policies.insert(account.identity, table.policy()).is_some() {
                let message = "the same identity has a table of another name; leave one of them".to_owned();
                return Err(in_table(message));
            }
        }
        Ok(policies)
    }
}

impl CounterpartyTable {
    fn policy(&self) -> CounterpartyPolicy {
        CounterpartyPolicy {
            record_depth: self.record_depth.map(|depth| depth.0),
            max_anchor_age: self.max_anchor_age.map(|span| span.0),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use countersign::protocol::{Address, Label};
    use countersign::registry::RecordDepth;

    use super::*;
    use crate::config::{Config, Document};

    fn settings(text: &str) -> Settings {
        Settings { config: Config { document: Document::parse(text).unwrap(), path: None } }
    }

    #[test]
    fn an_identity_of_the_chain_has_its_own_terms() {
        let one = Address([0x11; 20]);
        let settings = settings(
            "[counterparty.'0x1111111111111111111111111111111111111111']\nrecord_depth = 'safe'\n\
             [counterparty.'eip155:5:0x1111111111111111111111111111111111111111#desk']\nmax_anchor_age = '1m'",
        );
        let here = settings.counterparties(5).unwrap();
        let safe = CounterpartyPolicy { record_depth: Some(RecordDepth::Safe), max_anchor_age: None };
        assert_eq!(here.get(&Identity::of(one)), Some(&safe));
        let label = Label::from_text("desk").unwrap();
        let minute = CounterpartyPolicy { record_depth: None, max_anchor_age: Some(Duration::from_secs(60)) };
        assert_eq!(here.get(&Identity { owner: one, label }), Some(&minute));
        assert_eq!(settings.counterparties(6).unwrap().len(), 1);
    }

    #[test]
    fn one_identity_has_one_table_of_a_party() {
        let twice = settings(
            "[counterparty.'0x1111111111111111111111111111111111111111']\nrecord_depth = 'safe'\n\
             [counterparty.'eip155:5:0x1111111111111111111111111111111111111111']\nrecord_depth = '1m'",
        );
        assert!(twice.counterparties(5).unwrap_err().message().contains("another name"));
        assert!(twice.counterparties(6).is_ok());
        let nobody = settings("[counterparty.'0x11']\nrecord_depth = 'safe'");
        assert!(nobody.counterparties(5).unwrap_err().message().contains("[counterparty.\"0x11\"]"));
    }
}
