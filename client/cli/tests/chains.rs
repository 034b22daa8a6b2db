//! Several chains in one configuration, next to as many real Anvils.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use support::{ACCOUNTS, Anvil, Home};

/// Two chains in one file. Alice is registered on both, each time with another key; Bob nowhere.
struct Chains {
    first: Anvil,
    second: Anvil,
    home: Home,
}

impl Chains {
    fn set() -> Self {
        let (first, second, home) = (Anvil::start(), Anvil::of_chain(SECOND), Home::new());
        std::fs::create_dir_all(home.path(".config/countersign")).unwrap();
        let (one, other, owner) = (&first.url, &second.url, ACCOUNTS[0]);
        home.write(
            ".config/countersign/config.toml",
            &format!(
                "[chain]\nid = 31337\nendpoints = ['{one}']\nown_node = true\n\
                 [chains.{SECOND}]\nendpoints = ['{other}']\nthreshold = 1\n\
                 [chains.{SECOND}.policy]\npreset = 'anvil'\n\
                 [identity]\nowner = '{owner}'\nkeystore = '../../first.json'\npassphrase_file = '../../pw'\n"
            ),
        );
        for (keystore, chain_id) in [("first.json", "31337"), ("second.json", "900")] {
            home.keygen(keystore);
            let register =
                ["register", "--unlocked", "--deploy", "--keystore", keystore, "--chain-id", chain_id];
            let registered = home.run(&register);
            assert_eq!(registered.code, 0, "{}", registered.stderr);
        }
        Self { first, second, home }
    }

    fn resolve(&self, who: &str) -> Value {
        self.home.run(&["resolve", who, "--json"]).ok_json()
    }
}

#[test]
fn an_address_is_resolved_on_the_chain_that_it_is_written_with() {
    let chains = Chains::set();
    let (one, other) = (format!("eip155:31337:{}", ACCOUNTS[0]), format!("eip155:{SECOND}:{}", ACCOUNTS[0]));
    let (here, there) = (chains.resolve(&one), chains.resolve(&other));
    assert_eq!((&here["caip10"], &there["caip10"]), (&Value::from(one), &Value::from(other.clone())));
    assert_eq!(
        (&here["proved_at"]["chain_id"], &there["proved_at"]["chain_id"]),
        (&31337.into(), &SECOND.into())
    );
    assert_ne!(here["public_key"], there["public_key"]);
    assert_eq!(
        (&here["head_trust"]["kind"], &there["head_trust"]["kind"]),
        (&"own_node".into(), &"quorum".into())
    );

    // Where no chain is named, it is that of [chain].
    assert_eq!(chains.resolve(ACCOUNTS[0])["public_key"], here["public_key"]);
    let by_flag = chains.home.run(&["resolve", ACCOUNTS[0], "--chain-id", "900", "--json"]).ok_json();
    assert_eq!(by_flag["public_key"], there["public_key"]);
    chains.home.run(&["resolve", &other, "--chain-id", "31337", "--json"]).failed(3, "configuration");
    let nowhere = format!("eip155:901:{}", ACCOUNTS[0]);
    chains.home.run(&["resolve", &nowhere, "--json"]).failed(3, "configuration");
    let nodeless = chains.home.run(&["resolve", ACCOUNTS[0], "--chain-id", "901", "--json"]);
    let refused = nodeless.failed(3, "configuration");
    assert!(refused["hint"].as_str().unwrap().contains("[chains.901]"), "{refused}");

    // A proof says which chain it is of, and that chain's nodes are asked.
    chains.home.run(&["prove", "record", &other, "--out", "there.json", "--json"]).ok_json();
    let verified = chains.home.run(&["verify", "there.json", "--json"]).ok_json();
    assert_eq!(verified["proved_at"]["chain_id"], SECOND);
    assert_eq!(verified["block_trust"]["kind"], "quorum");
}

#[test]
fn doctor_looks_at_every_chain_or_at_the_one_that_is_named() {
    let mut chains = Chains::set();
    let of = |findings: &[Value], check: &str| -> Vec<(u64, String)> {
        let of_check = findings.iter().filter(|finding| finding["check"] == check);
        of_check
            .map(|f| (f["chain_id"].as_u64().unwrap(), f["status"].as_str().unwrap().to_owned()))
            .collect()
    };
    let told = |pairs: &[(u64, &str)]| -> Vec<(u64, String)> {
        pairs.iter().map(|(id, status)| (*id, (*status).to_owned())).collect()
    };
    let all = chains.home.run(&["doctor", "--json"]);
    let findings = all.lines_json();
    assert_eq!(of(&findings, "chain"), told(&[(31337, "ok"), (SECOND, "ok")]));
    assert_eq!(of(&findings, "node"), told(&[(31337, "ok"), (SECOND, "ok")]));
    // The keystore's key is that of the first chain.
    assert_eq!(of(&findings, "record"), told(&[(31337, "ok"), (SECOND, "fail")]));
    assert_eq!(all.code, 11, "{}", all.stdout);

    let one = chains.home.run(&["doctor", "--chain-id", "900", "--keystore", "second.json", "--json"]);
    assert_eq!(one.code, 0, "{}", one.stdout);
    assert_eq!(of(&one.lines_json(), "node"), told(&[(SECOND, "ok")]));

    // One must be registered on one's default chain, and may be on the others.
    let bob = chains.home.run(&["doctor", "--owner", ACCOUNTS[1], "--json"]);
    assert_eq!(of(&bob.lines_json(), "record"), told(&[(31337, "fail"), (SECOND, "warn")]));

    // One chain without a node is no reason to be silent about the other.
    chains.second.kill();
    let half = chains.home.run(&["doctor", "--json"]);
    assert_eq!(of(&half.lines_json(), "node"), told(&[(31337, "ok"), (SECOND, "fail")]));
    chains.first.kill();
}

const SECOND: u64 = 900;
