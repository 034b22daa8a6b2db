//! Valuing calls where a node stalls, drones, vanishes or hints falsely, and where a contract takes more than it may.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use alloy::primitives::{Address as AccountAddress, Bytes, hex};
use alloy::providers::ext::AnvilApi;
use countersign::protocol::{Calldata, Reading};
use countersign::registry::{
    Endpoint, Fault, HeadPolicy, HeadTrust, NoValue, ResolveError, Resolver, StatePiece, ViewRequest,
    artifact,
};
use countersign::{Address, Query};
use countersign_tests::instruments::Instruments;
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{CHAIN, Market, Party, Terms, prompt, resolver_at};
use serde_json::{Value as Json, json};

struct Scene {
    market: Market,
    alice: Party,
    bob: Party,
    instruments: Instruments,
}

impl Scene {
    async fn set() -> Self {
        let market = Market::open().await;
        let (alice, bob) =
            (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
        let instruments = Instruments::open(&market).await;
        Self { market, alice, bob, instruments }
    }

    async fn read(&self, resolver: &Resolver, queries: &[Query]) -> Result<Vec<Reading>, ResolveError> {
        let (local, peer) = (self.alice.identity, self.bob.identity);
        let request =
            ViewRequest { anchor: None, local, peer, local_key_hint: None, peer_key_hint: None, queries };
        Ok(resolver.view(request).await?.readings().to_vec())
    }

    async fn truth(&self, queries: &[Query]) -> Vec<Reading> {
        self.read(&self.market.resolver(), queries).await.unwrap()
    }

    async fn proxy(&self) -> Proxy {
        Proxy::before(self.market.endpoint().to_string().parse().unwrap()).await
    }

    /// A contract with that code.
    async fn contract(&self, byte: u8, code: impl Into<Bytes>) -> Query {
        let at = AccountAddress::repeat_byte(byte);
        self.market.provider().anvil_set_code(at, code.into()).await.unwrap();
        // Into a block's state.
        self.market.mine(1).await;
        Query::ViewCall { source: Address(at.into_array()), calldata: Calldata::new([]).unwrap() }
    }
}

fn trusting(endpoints: [Endpoint; 2], policy: HeadPolicy) -> Resolver {
    let trust = HeadTrust::Quorum { endpoints: endpoints.to_vec(), threshold: 2.try_into().unwrap() };
    Resolver::new(CHAIN, artifact::key_registry_address(), trust, policy).unwrap()
}

fn why(outcome: Result<Vec<Reading>, ResolveError>) -> NoValue {
    match outcome {
        Err(ResolveError::NoValue { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

/// Room for one of its code's answers, and for 8 proofs.
fn narrow() -> HeadPolicy {
    HeadPolicy { max_response_bytes: 256 << 10, ..prompt() }
}

#[tokio::test]
async fn what_an_honest_contract_reads_is_asked_for_in_portions() {
    let scene = Scene::set().await;
    let resolver = resolver_at(scene.market.endpoint(), narrow());
    for query in [scene.instruments.follow(300), scene.instruments.sum_of_answers(300)] {
        let queries = [query];
        let truth = scene.truth(&queries).await;
        for _ in 0..2 {
            assert_eq!(scene.read(&resolver, &queries).await.unwrap(), truth);
        }
    }
}

/// Many slots and accounts that no call reads, or none of those that it does. The other node tells them.
#[tokio::test]
async fn a_false_hint_keeps_nobody_from_a_true_one() {
    let scene = Scene::set().await;
    let queries = [scene.instruments.follow(300)];
    let truth = scene.truth(&queries).await;
    let hints: [fn(&mut Json); 3] = [
        |result| result["accessList"] = json!([]),
        |result| result["accessList"] = nonsense(),
        |result| {
            let named = result["accessList"].as_array_mut().unwrap();
            named.splice(0..0, nonsense().as_array().unwrap().clone());
        },
    ];
    for (position, hint) in hints.into_iter().enumerate() {
        let (liar, honest) = (scene.proxy().await, scene.proxy().await);
        liar.bend("eth_createAccessList", hint);
        let resolver = trusting([liar.endpoint(), honest.endpoint()], narrow());
        assert_eq!(scene.read(&resolver, &queries).await.unwrap(), truth, "hint {position}");
        if liar.calls("eth_createAccessList") > 0 {
            let before = liar.calls("eth_createAccessList");
            scene.read(&resolver, &[scene.instruments.follow(299)]).await.unwrap();
            assert_eq!(
                liar.calls("eth_createAccessList"),
                before,
                "it is believed to hint again: {position}"
            );
        }
    }
}

fn nonsense() -> Json {
    let keys: Vec<Json> = (0..40).map(|slot| json!(format!("0x{slot:064x}"))).collect();
    let item = |byte| json!({ "address": AccountAddress::repeat_byte(byte), "storageKeys": keys });
    (1..=40_u8).map(item).collect()
}

/// Whatever is wrong with one is told in time where it is the only one, and healed where it is not.
#[tokio::test]
async fn a_node_that_is_of_no_use_is_told_in_time_or_replaced() {
    let scene = Scene::set().await;
    let queries = [scene.instruments.pool_price()];
    let truth = scene.truth(&queries).await;
    let quick = HeadPolicy { request_timeout: Duration::from_secs(1), ..prompt() };
    let lies: [fn() -> Lie; 5] =
        [|| Lie::Stall, || Lie::Trickle, || Lie::Drone, || Lie::HangUp, || Lie::Say("<html>".into())];
    for (position, lie) in lies.into_iter().enumerate() {
        let (bad, good) = (scene.proxy().await, scene.proxy().await);
        // The head and the records are no affair of this test.
        bad.tell_about("eth_getCode", lie());
        let begun = Instant::now();
        let error = scene.read(&resolver_at(bad.endpoint(), quick.clone()), &queries).await.unwrap_err();
        assert!(
            error.fault() == Fault::Endpoint
                || matches!(error, ResolveError::NoValue { why: NoValue::TooSlow { .. }, .. }),
            "lie {position}: {error:?}"
        );
        assert!(begun.elapsed() < Duration::from_secs(6), "lie {position}: {:?}", begun.elapsed());
        let policy = HeadPolicy { head_patience: Duration::from_millis(200), ..prompt() };
        let both = trusting([bad.endpoint(), good.endpoint()], policy);
        assert_eq!(scene.read(&both, &queries).await.unwrap(), truth, "lie {position}");
    }
}

/// It answers the first question of the valuation, and is gone before the second.
#[tokio::test]
async fn a_node_that_vanishes_between_two_questions_is_replaced() {
    let scene = Scene::set().await;
    let queries = [scene.instruments.pool_price()];
    let truth = scene.truth(&queries).await;
    let (first, second) = (scene.proxy().await, scene.proxy().await);
    first.tell(Lie::Delay(Duration::from_millis(150)));
    second.tell(Lie::Delay(Duration::from_millis(150)));
    let resolver = trusting([first.endpoint(), second.endpoint()], prompt());
    let vanish = async {
        loop {
            for proxy in [&first, &second] {
                if proxy.calls("eth_createAccessList") > 0 {
                    // What it was asked it still answers.
                    proxy.tell(Lie::HangUp);
                    return proxy.requests().len();
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let (read, answered) = tokio::join!(scene.read(&resolver, &queries), vanish);
    assert_eq!(read.unwrap(), truth);
    assert_eq!(answered, 2, "the head, and the first question");
}

#[tokio::test]
async fn calls_that_take_too_many_runs_or_too_long_have_no_value() {
    let scene = Scene::set().await;
    let unhinted = scene.proxy().await;
    unhinted.refuse("eth_createAccessList");
    let many: Vec<Query> = (20..36).map(|links| scene.instruments.follow(links)).collect();
    let resolver = resolver_at(unhinted.endpoint(), prompt());
    assert_eq!(why(scene.read(&resolver, &many).await), NoValue::TooManyRuns { limit: 64 });

    let slow = Proxy::before(unhinted.endpoint().to_string().parse().unwrap()).await;
    slow.tell(Lie::Delay(Duration::from_millis(400)));
    let quick = HeadPolicy { request_timeout: Duration::from_secs(1), ..prompt() };
    let outcome = scene.read(&resolver_at(slow.endpoint(), quick), &[scene.instruments.follow(300)]).await;
    assert_eq!(why(outcome), NoValue::TooSlow { limit: Duration::from_secs(2) });
}

/// A loop over `PUSH20 0x9900…00 + n`, n from 70 down to 1.
fn asking(instruction: u8) -> Vec<u8> {
    let base = AccountAddress::left_padding_from(&[0x99, 0, 0]);
    let head = [&hex!("6046 5b 80 73")[..], base.as_slice(), &hex!("01")].concat();
    [&head[..], &[instruction], &hex!("50 6001 90 03 80 6002 57 00")].concat()
}

#[tokio::test]
async fn a_call_that_reads_too_many_accounts_or_too_much_code_has_no_value() {
    let scene = Scene::set().await;
    let (balance, code_size) = (0x31, 0x3b);
    let resolver = scene.market.resolver();
    let accounts = scene.contract(0xa1, asking(balance)).await;
    let outcome = scene.read(&resolver, &[accounts]).await;
    assert_eq!(why(outcome), NoValue::ReadsTooMuch { what: StatePiece::Accounts, limit: 64 });

    let large = |last: u8| (AccountAddress::left_padding_from(&[0x99, 0, last]), vec![last; 200_000]);
    let mut few = asking(code_size);
    few[1] = 6;
    for (at, code) in (1..=6).map(large) {
        scene.market.provider().anvil_set_code(at, code.into()).await.unwrap();
    }
    let codes = scene.contract(0xa2, few).await;
    let outcome = scene.read(&resolver, &[codes]).await;
    assert_eq!(why(outcome), NoValue::ReadsTooMuch { what: StatePiece::CodeBytes, limit: 1 << 20 });
}

/// Ten times all of the gas, one after the other: what each run finds is one account more.
#[tokio::test]
async fn the_gas_of_all_runs_is_bounded() {
    let scene = Scene::set().await;
    let unhinted = scene.proxy().await;
    unhinted.refuse("eth_createAccessList");
    // Jumps until 1,000,000 gas are left, and then the balances.
    let burn = hex!("5b 63000f4240 5a 11 6000 57");
    let body = asking(0x31);
    let mut code = [&burn[..], &body].concat();
    // Its loop begins behind the burning.
    let destination = code.len() - 3;
    code[destination] = u8::try_from(burn.len()).unwrap() + 2;
    let heavy = scene.contract(0xa3, code).await;
    let outcome = scene.read(&resolver_at(unhinted.endpoint(), prompt()), &[heavy]).await;
    assert_eq!(why(outcome), NoValue::TooMuchGas { limit: 40_000_000 });
}
