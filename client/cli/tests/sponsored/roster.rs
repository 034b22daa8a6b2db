//! Rosters for tests: owners and keys made here, documents signed by the library, and a chain that says what it holds.

use alloy::signers::local::PrivateKeySigner;
use countersign::custody::{Custody, LocalKey};
use countersign::protocol::{Address, Identity, Label};
use countersign::registry::artifact;
use countersign::registry::consent::{
    IdentitySignature, KeyChange, KeyConsent, KeyTerms, OwnerSignature, SignedDocument, SignedKey,
    SigningDomain,
};
use serde_json::{Value, json};

use crate::support::{Anvil, Home};

/// Somebody to be registered.
pub(crate) struct Trader {
    pub(crate) owner: Address,
    pub(crate) label: Label,
    signer: Option<PrivateKeySigner>,
    key: LocalKey,
}

impl Trader {
    /// With an account of its own.
    pub(crate) fn new() -> Self {
        let signer = PrivateKeySigner::random();
        let owner = Address(signer.address().into_array());
        Self { owner, label: Label::DEFAULT, signer: Some(signer), key: LocalKey::generate().unwrap() }
    }

    /// Whose account is a contract.
    pub(crate) fn contract(owner: Address) -> Self {
        Self { owner, signer: None, ..Self::new() }
    }

    /// The same account with another key.
    pub(crate) fn again(&self) -> Self {
        let key = LocalKey::generate().unwrap();
        Self { owner: self.owner, label: self.label, signer: self.signer.clone(), key }
    }

    pub(crate) fn shown(&self) -> String {
        alloy::primitives::Address::new(self.owner.0).to_checksum(None)
    }

    /// Its registration, signed for Anvil's chain until then.
    pub(crate) fn signed(&self, deadline: u64) -> SignedKey {
        let domain = SigningDomain::Chain { chain_id: 31337, registry: artifact::key_registry_address() };
        self.signed_for(domain, deadline)
    }

    pub(crate) fn signed_for(&self, domain: SigningDomain, deadline: u64) -> SignedKey {
        let identity = Identity { owner: self.owner, label: self.label };
        let terms = KeyTerms { pinned: false, ..KeyTerms::new(self.key.public_key()) };
        let consent = KeyConsent { change: KeyChange::Register, identity, version: 1, terms, deadline };
        let answer = self.key.answer(consent.claim().request(&domain));
        let answer = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer).unwrap();
        let possession = IdentitySignature::try_from(answer).unwrap();
        let owner_signature = match &self.signer {
            Some(signer) => OwnerSignature::sign(signer, &consent, &domain).unwrap(),
            None => OwnerSignature::from_bytes(b"whatever the contract takes").unwrap(),
        };
        SignedKey { domain, consent, possession, owner_signature }
    }
}

/// A roster being written.
pub(crate) struct Roster<'a> {
    home: &'a Home,
    text: String,
    rows: usize,
}

impl<'a> Roster<'a> {
    pub(crate) fn new(home: &'a Home) -> Self {
        std::fs::create_dir_all(home.path("signed")).unwrap();
        Self { home, text: "owner,label,registration\n".into(), rows: 0 }
    }

    /// Adds a row with a document of its own.
    pub(crate) fn add(&mut self, trader: &Trader, document: &SignedKey) {
        let json = SignedDocument::from(document.clone()).to_json();
        self.add_text(&trader.shown(), &trader.label.to_string(), &json);
    }

    pub(crate) fn add_text(&mut self, owner: &str, label: &str, document: &str) {
        let name = format!("signed/{}.json", self.rows);
        self.home.write(&name, document);
        self.text.push_str(&format!("{owner},{label},{name}\n"));
        self.rows += 1;
    }

    /// Adds a row as it stands.
    pub(crate) fn add_line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.rows += 1;
    }

    pub(crate) fn save(&self) {
        self.home.write("traders.csv", &self.text);
    }
}

/// A roster of so many good rows; gives the traders.
pub(crate) fn good_roster(home: &Home, count: usize) -> Vec<Trader> {
    let traders: Vec<Trader> = (0..count).map(|_| Trader::new()).collect();
    let mut roster = Roster::new(home);
    for trader in &traders {
        roster.add(trader, &trader.signed(in_a_week()));
    }
    roster.save();
    traders
}

pub(crate) fn in_a_week() -> u64 {
    now() + 7 * 86_400
}

pub(crate) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// How many registrations the registry's log shows of an owner.
pub(crate) fn registrations(anvil: &Anvil, trader: &Trader) -> usize {
    let topic = format!("0x{:0>64}", hex::encode(trader.owner.0));
    let filter = json!([{
        "fromBlock": "0x0",
        "address": artifact::key_registry_address().to_string(),
        "topics": [null, topic],
    }]);
    anvil.call("eth_getLogs", &filter).as_array().unwrap().len()
}

pub(crate) fn transactions_of(anvil: &Anvil, account: &str) -> u64 {
    let count = anvil.call("eth_getTransactionCount", &json!([account, "latest"]));
    u64::from_str_radix(count.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

pub(crate) fn automine(anvil: &Anvil, on: bool) {
    anvil.call("evm_setAutomine", &json!([on]));
}

pub(crate) fn mine(anvil: &Anvil) {
    anvil.call("evm_mine", &json!([]));
}

/// The row of a report that is about a trader.
pub(crate) fn row_of<'a>(rows: &'a [Value], trader: &Trader) -> &'a Value {
    rows.iter().find(|row| row["owner"] == trader.shown()).unwrap()
}
