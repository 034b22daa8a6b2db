//! Prices that have to be computed: view calls executed over proven state, on a real chain.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy::network::TransactionBuilder;
use alloy::primitives::{Address as AccountAddress, Bytes, U256, hex, keccak256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use countersign::protocol::{Anchor, Calldata, StateView, Value};
use countersign::registry::{
    Fault, Hardfork, HeadPolicy, HeadTrust, NoValue, ProofPart, ResolveError, Resolver, StatePiece,
    ViewRequest, artifact,
};
use countersign::{Address, Error, Item, Policy, Query, Reject};
use countersign_tests::by_hand::{altered, dial_by_hand, hello_now};
use countersign_tests::instruments::{Instruments, OPENING_ANSWER};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{
    CHAIN, Market, OPENING_PRICE, Party, Terms, aware, meet, prompt, resolver_at,
};
use serde_json::{Value as Json, json};

/// Two registered parties and the instruments.
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

    async fn view(
        &self,
        resolver: &Resolver,
        anchor: Option<Anchor>,
        queries: &[Query],
    ) -> Result<StateView, ResolveError> {
        let (local, peer) = (self.alice.identity, self.bob.identity);
        let request = ViewRequest { anchor, local, peer, local_key_hint: None, peer_key_hint: None, queries };
        resolver.view(request).await
    }

    /// What the node itself says the call returns: what a client that believes it would take.
    async fn as_the_node_says(&self, query: &Query) -> Bytes {
        let Query::ViewCall { source, calldata } = query else { panic!("{query}") };
        let request = TransactionRequest::default()
            .with_to(AccountAddress::new(source.0))
            .with_input(Bytes::copy_from_slice(calldata.as_bytes()));
        self.market.provider().call(request).await.unwrap()
    }

    async fn proxy(&self) -> (Proxy, Resolver) {
        let proxy = Proxy::before(self.market.endpoint().to_string().parse().unwrap()).await;
        let resolver = resolver_at(proxy.endpoint(), prompt());
        (proxy, resolver)
    }

    async fn error(&self, query: Query) -> ResolveError {
        self.view(&self.market.resolver(), None, &[query]).await.unwrap_err()
    }
}

fn returned(view: &StateView, position: usize) -> &[u8] {
    match &view.readings()[position].value {
        Value::Returned(data) => data.as_bytes(),
        Value::Word(word) => panic!("a slot's word: {word:?}"),
    }
}

/// The second word of a round.
fn answer(view: &StateView, position: usize) -> U256 {
    U256::from_be_slice(&returned(view, position)[32..64])
}

fn why(error: ResolveError) -> NoValue {
    match error {
        ResolveError::NoValue { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_returns_what_the_chain_computes() {
    let scene = Scene::set().await;
    let (round, price) = (scene.instruments.newest_round(), scene.instruments.pool_price());
    let queries = [price.clone(), scene.market.price(), round.clone(), scene.instruments.sum_of_answers(3)];
    let resolver = scene.market.resolver();
    let view = scene.view(&resolver, None, &queries).await.unwrap();
    assert_eq!(answer(&view, 2), U256::from(OPENING_ANSWER));
    assert_eq!(U256::from_be_slice(returned(&view, 0)), U256::from(OPENING_ANSWER * 2 / 1000 * 997));
    assert_eq!(view.readings()[1].value, Value::Word(U256::from(OPENING_PRICE).to_be_bytes()));
    for position in [0, 2, 3] {
        assert_eq!(*scene.as_the_node_says(&queries[position]).await, *returned(&view, position));
    }
    assert!(view.readings().iter().map(|reading| &reading.query).eq(&queries));

    // The price moves on; the proposed block stays what it was, and the newest is what it is.
    scene.instruments.publish(99).await;
    let then = scene.view(&resolver, Some(*view.anchor()), &queries).await.unwrap();
    assert_eq!(then.readings(), view.readings());
    let now = scene.view(&resolver, None, &queries).await.unwrap();
    assert_eq!(answer(&now, 2), U256::from(99));
    assert_ne!(now.readings()[0].value, view.readings()[0].value);
}

#[tokio::test]
async fn two_traders_bind_a_session_to_computed_prices() {
    let market = Market::open().await;
    let instruments = Instruments::open(&market).await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let two_calls = Policy { max_calls: 2, ..Policy::default() };
    let (alice, bob) = (alice.at(&market).build(), bob.at(&market).policy(two_calls).build());
    let queries = [instruments.newest_round(), instruments.pool_price(), market.price()];

    let (mut here, mut there) = meet(&alice, &bob, &queries).await;
    assert_eq!(here.state_hash(), there.state_hash());
    assert_eq!(here.readings(), there.readings());
    assert_eq!(answer(&here.summary.view, 0), U256::from(OPENING_ANSWER));
    here.connection.send_message(b"RFQ 100").await.unwrap();
    assert_eq!(there.connection.next_message().await.unwrap().unwrap(), b"RFQ 100");

    instruments.publish(OPENING_ANSWER + 1).await;
    aware(&alice, &market).await;
    let (later, _) = meet(&alice, &bob, &queries).await;
    assert_ne!(later.state_hash(), here.state_hash());
}

/// Alice proposes the newest block, and for it the price that the block before had.
#[tokio::test]
async fn a_price_that_moved_is_no_agreement() {
    let scene = Scene::set().await;
    let queries = [scene.market.price(), scene.instruments.newest_round()];
    let before = scene.alice.view(&scene.market, &scene.bob, &queries).await;
    scene.instruments.publish(OPENING_ANSWER - 1).await;
    let now = scene.alice.view(&scene.market, &scene.bob, &queries).await;
    let stale = altered(&now, |parts| parts.readings = before.readings().to_vec());

    let bob = scene.bob.at(&scene.market).build();
    let mut listener = bob.listen("127.0.0.1:0").await.unwrap();
    let (at, hello) = (listener.local_addr(), hello_now(&scene.alice, stale).await);
    let (here, there) = tokio::join!(dial_by_hand(at, hello), listener.accept());
    let reject = Reject::ValuationDiffers { query: 1 };
    assert!(
        matches!(here, Err(countersign::protocol::Error::Rejected(told)) if told == reject),
        "{:?}",
        here.err()
    );
    let refused = there.unwrap_err();
    assert_eq!(refused.told, Some(reject), "{refused}");
    let Error::Differs(difference) = &*refused.cause else { panic!("{refused}") };
    assert_eq!(difference.item, Item::Reading { position: 1, query: queries[1].clone() });
    assert_eq!(difference.theirs, Some(keccak256(returned(&before, 1)).0));
    assert_eq!(difference.ours, keccak256(returned(&now, 1)).0);
}

#[tokio::test]
async fn a_call_without_a_value_says_whose_fault_it_is() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let instruments = Instruments::deploy(&market).await;
    let scene = Scene { market, alice, bob, instruments };

    let error = scene.error(scene.instruments.newest_round()).await;
    let source = scene.instruments.newest_round().source();
    assert_eq!(error.fault(), Fault::Peer);
    assert!(matches!(error, ResolveError::NoValue { source_address, .. } if source_address == source));
    let NoValue::Call(reverted) = why(error) else { panic!("not reverted") };
    let selector = &keccak256("NoDataPresent()")[..4];
    assert!(reverted.to_string().contains(&hex::encode(selector)), "{reverted}");

    let exhausted = why(scene.error(scene.instruments.exhaust()).await);
    assert!(exhausted.to_string().contains("10000000 gas"), "{exhausted}");

    let calldata = Calldata::new([0xfe, 0xaf, 0x96, 0x8c]).unwrap();
    let nobody = Query::ViewCall { source: Address([5; 20]), calldata };
    let error = scene.error(nobody).await;
    assert!(matches!(error, ResolveError::NoSuchContract { .. }), "{error:?}");
}

/// Anvil's chain id is in no table of hard forks, and another chain of that id may run by other rules.
#[tokio::test]
async fn rules_that_nobody_says_are_not_guessed() {
    let scene = Scene::set().await;
    let unsaid = || scene.market.resolver_with(HeadPolicy { hardfork: None, ..prompt() });
    let (call, slot) = (scene.instruments.newest_round(), scene.market.price());
    let error = scene.view(&unsaid(), None, std::slice::from_ref(&call)).await.unwrap_err();
    assert!(matches!(error, ResolveError::RulesUnknown { chain_id: CHAIN, .. }), "{error:?}");
    assert_eq!(error.fault(), Fault::Configuration);
    assert!(error.to_string().contains("chain 31337") && error.to_string().contains("hardfork"), "{error}");
    scene.view(&unsaid(), None, std::slice::from_ref(&slot)).await.unwrap();

    // Who is asked to execute by them says that it is unable to.
    let bob = scene.bob.seeing(unsaid()).build();
    let mut listener = bob.listen("127.0.0.1:0").await.unwrap();
    let alice = scene.alice.at(&scene.market).build();
    let (at, to) = (listener.local_addr(), scene.bob.identity);
    let queries = [call];
    let (here, there) = tokio::join!(alice.dial(to, at, &queries), listener.accept());
    let refused = there.unwrap_err();
    assert_eq!(refused.told, Some(Reject::Unable), "{refused}");
    assert!(matches!(&*refused.cause, Error::Resolve(ResolveError::RulesUnknown { .. })), "{refused}");
    assert!(matches!(here, Err(Error::Refused { reason: Reject::Unable, .. })), "{:?}", here.err());
}

/// CLZ (EIP-7939) came with Osaka: `PUSH1 1 CLZ PUSH0 MSTORE PUSH1 32 PUSH0 RETURN`.
#[tokio::test]
async fn a_chain_of_ones_own_runs_by_the_rules_that_are_said() {
    let scene = Scene::set().await;
    let runtime = hex!("60011e5f5260205ff3");
    // PUSH9 runtime PUSH0 MSTORE PUSH1 9 PUSH1 23 RETURN
    let code = [&hex!("68")[..], &runtime, &hex!("5f52600960 17f3")].concat();
    let from = scene.market.provider().get_accounts().await.unwrap()[9];
    let deploy = TransactionRequest::default().with_from(from).with_deploy_code(code);
    let receipt =
        scene.market.provider().send_transaction(deploy).await.unwrap().get_receipt().await.unwrap();
    let source = Address(receipt.contract_address.unwrap().into_array());
    let queries = [Query::ViewCall { source, calldata: Calldata::new([]).unwrap() }];
    let by = |fork| scene.market.resolver_with(HeadPolicy { hardfork: Some(fork), ..prompt() });

    let view = scene.view(&by(Hardfork::Osaka), None, &queries).await.unwrap();
    assert_eq!(U256::from_be_slice(returned(&view, 0)), U256::from(255));
    let error = scene.view(&by(Hardfork::Prague), None, &queries).await.unwrap_err();
    assert!(matches!(why(error), NoValue::Call(_)));
}

#[tokio::test]
async fn what_is_fetched_for_a_call_is_bounded() {
    let scene = Scene::set().await;
    let many = why(scene.error(scene.instruments.sum_of_answers(600)).await);
    assert_eq!(many, NoValue::ReadsTooMuch { what: StatePiece::Slots, limit: 512 });

    // With the node's help it is many slots at once, and without it few.
    let (proxy, resolver) = scene.proxy().await;
    let long = [scene.instruments.follow(300)];
    scene.view(&scene.market.resolver(), None, &long).await.unwrap();
    proxy.tell(refusing("eth_createAccessList"));
    scene.view(&resolver, None, &[scene.instruments.sum_of_answers(40)]).await.unwrap();
    let error = scene.view(&resolver, None, &[scene.instruments.follow(500)]).await.unwrap_err();
    assert_eq!(why(error), NoValue::TooManyRounds { limit: 16 });
}

/// The first time it takes the node's hint and what it named; the next time what was touched is asked for at once,
/// and no code.
#[tokio::test]
async fn the_second_time_it_is_one_question() {
    let scene = Scene::set().await;
    let (proxy, resolver) = scene.proxy().await;
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let notes = asked.clone();
    proxy.tell(Lie::Ask(Box::new(move |call| notes.lock().unwrap().push(call.method.clone()))));
    let count = |method: &str| asked.lock().unwrap().iter().filter(|name| *name == method).count();
    let queries = [scene.instruments.pool_price()];

    scene.view(&resolver, None, &queries).await.unwrap();
    assert_eq!(proxy.requests().len(), 1 + 2, "{:?}", asked.lock().unwrap());
    assert_eq!((count("eth_createAccessList"), count("eth_getCode")), (1, 3));

    scene.instruments.sync(10, 21).await;
    asked.lock().unwrap().clear();
    let view = scene.view(&resolver, None, &queries).await.unwrap();
    assert_eq!(U256::from_be_slice(returned(&view, 0)), U256::from(OPENING_ANSWER * 21 / 10_000 * 997));
    assert_eq!(proxy.requests().len(), 3 + 2);
    assert_eq!((count("eth_createAccessList"), count("eth_getCode")), (0, 0));

    // A new round is another entry: one slot more to ask for.
    scene.instruments.publish(7).await;
    scene.view(&resolver, None, &queries).await.unwrap();
    assert_eq!(proxy.requests().len(), 5 + 3);
}

#[tokio::test]
async fn a_hint_is_only_a_hint() {
    let scene = Scene::set().await;
    let queries = [scene.instruments.pool_price(), scene.instruments.newest_round()];
    let honest = scene.view(&scene.market.resolver(), None, &queries).await.unwrap();
    let hints: [fn(&mut Json); 4] = [
        |result| *result = json!({ "accessList": [], "gasUsed": "0x0" }),
        |result| *result = json!({ "accessList": "everything", "gasUsed": "0x0" }),
        |result| *result = json!("no"),
        |result| result["accessList"] = nonsense(),
    ];
    for hint in hints {
        let (proxy, resolver) = scene.proxy().await;
        proxy.bend("eth_createAccessList", hint);
        let view = scene.view(&resolver, None, &queries).await.unwrap();
        assert_eq!(view.readings(), honest.readings());
    }
    let (proxy, resolver) = scene.proxy().await;
    proxy.tell(refusing("eth_createAccessList"));
    let view = scene.view(&resolver, None, &queries).await.unwrap();
    assert_eq!(view.readings(), honest.readings());
}

/// More places than are fetched, none of which any call reads.
fn nonsense() -> Json {
    let keys: Vec<Json> = (0..40).map(|slot| json!(format!("0x{slot:064x}"))).collect();
    let item = |byte| json!({ "address": AccountAddress::repeat_byte(byte), "storageKeys": keys });
    (1..=40_u8).map(item).collect()
}

/// A lie about an instrument's contracts, and what it is found out by.
struct Bent {
    method: &'static str,
    /// Whether it is about that account.
    about: AccountAddress,
    bend: fn(&mut Json),
    is_found_out: fn(&ResolveError) -> bool,
}

fn lies(instruments: &Instruments) -> Vec<Bent> {
    let Instruments { feed, implementation, pool, .. } = *instruments;
    let proof = "eth_getProof";
    vec![
        Bent {
            method: proof,
            about: feed,
            bend: |proof| proof["balance"] = json!("0x1"),
            is_found_out: |error| part(error, |what| matches!(what, ProofPart::AccountNodes { .. })),
        },
        Bent {
            method: proof,
            about: implementation,
            bend: |proof| proof["codeHash"] = json!(keccak256("other")),
            is_found_out: |error| part(error, |what| matches!(what, ProofPart::AccountNodes { .. })),
        },
        Bent {
            method: proof,
            about: pool,
            bend: |proof| proof["accountProof"] = json!([]),
            is_found_out: |error| part(error, |what| matches!(what, ProofPart::AccountProofMissing { .. })),
        },
        Bent {
            method: proof,
            about: feed,
            bend: |proof| {
                for slot in proof["storageProof"].as_array_mut().unwrap() {
                    slot["value"] = json!("0x1");
                }
            },
            is_found_out: |error| part(error, |what| matches!(what, ProofPart::StorageNodes { .. })),
        },
        Bent {
            method: proof,
            about: pool,
            bend: |proof| proof["storageProof"] = json!([]),
            is_found_out: |error| part(error, |what| matches!(what, ProofPart::OtherSlot { .. })),
        },
        Bent {
            method: "eth_getCode",
            about: implementation,
            bend: |code| *code = json!("0x60015f5260205ff3"),
            is_found_out: |error| part(error, |what| matches!(what, ProofPart::Code { .. })),
        },
        Bent {
            method: "eth_getCode",
            about: pool,
            bend: |code| *code = json!("0x"),
            is_found_out: |error| part(error, |what| matches!(what, ProofPart::Code { .. })),
        },
        Bent {
            method: "eth_getCode",
            about: feed,
            bend: |code| *code = Json::Null,
            is_found_out: |error| matches!(error, ResolveError::BadAnswer { method: "eth_getCode", .. }),
        },
    ]
}

fn part(error: &ResolveError, is_it: fn(&ProofPart) -> bool) -> bool {
    matches!(error, ResolveError::ProofInvalid { what, .. } if is_it(what))
}

impl Bent {
    fn lie(&self) -> Lie {
        let (method, about, bend) = (self.method, self.about.to_string().to_lowercase(), self.bend);
        Lie::Answer(Box::new(move |call, answer| {
            let is_about = call.params[0].as_str().is_some_and(|account| account.to_lowercase() == about);
            if call.method == method && is_about && !answer["result"].is_null() {
                bend(&mut answer["result"]);
            }
        }))
    }
}

#[tokio::test]
async fn a_lie_is_found_out_by_the_proof() {
    let scene = Scene::set().await;
    for (position, bent) in lies(&scene.instruments).into_iter().enumerate() {
        let (proxy, resolver) = scene.proxy().await;
        proxy.tell(bent.lie());
        let error = scene.view(&resolver, None, &[scene.instruments.pool_price()]).await.unwrap_err();
        assert!((bent.is_found_out)(&error), "lie {position}: {error:?}");
        assert_eq!(error.fault(), Fault::Endpoint);
    }
}

/// The header in the first question of the valuation, while the one that the head was agreed by is true.
#[tokio::test]
async fn a_false_header_is_found_out_by_its_hash() {
    let scene = Scene::set().await;
    let (proxy, resolver) = scene.proxy().await;
    proxy.tell(Lie::Answer(Box::new(|call, answer| {
        if call.method == "eth_getBlockByNumber" && call.params[0] != "latest" {
            answer["result"]["timestamp"] = json!("0x1");
        }
    })));
    let error = scene.view(&resolver, None, &[scene.instruments.newest_round()]).await.unwrap_err();
    assert!(part(&error, |what| matches!(what, ProofPart::HeaderHash { .. })), "{error:?}");
}

#[tokio::test]
async fn where_one_endpoint_lies_refuses_or_vanishes_another_answers() {
    let scene = Scene::set().await;
    let queries = [scene.instruments.pool_price()];
    let honest = scene.view(&scene.market.resolver(), None, &queries).await.unwrap();
    let mut wrongs: Vec<Lie> = lies(&scene.instruments).iter().map(Bent::lie).collect();
    wrongs.push(refusing("eth_getCode"));
    wrongs.push(refusing_state_of(scene.instruments.pool));
    for (position, wrong) in wrongs.into_iter().enumerate() {
        let (liar, _) = scene.proxy().await;
        let (other, _) = scene.proxy().await;
        liar.tell(wrong);
        // What is agreed must be so by both; for what is proven, one is enough.
        let endpoints = vec![liar.endpoint(), other.endpoint()];
        let trust = HeadTrust::Quorum { endpoints, threshold: 2.try_into().unwrap() };
        let policy = HeadPolicy { head_patience: Duration::from_secs(5), ..prompt() };
        let resolver = Resolver::new(CHAIN, artifact::key_registry_address(), trust, policy).unwrap();
        let view = scene.view(&resolver, None, &queries).await;
        assert_eq!(view.unwrap().readings(), honest.readings(), "wrong {position}");
    }
}

fn refusing(method: &'static str) -> Lie {
    Lie::Answer(Box::new(move |call, answer| {
        if call.method == method {
            refuse(answer);
        }
    }))
}

fn refusing_state_of(account: AccountAddress) -> Lie {
    let account = account.to_string().to_lowercase();
    Lie::Answer(Box::new(move |call, answer| {
        if call.method == "eth_getProof" && call.params[0].as_str().unwrap().to_lowercase() == account {
            refuse(answer);
        }
    }))
}

fn refuse(answer: &mut Json) {
    let error = json!({ "code": -32601, "message": "the method is not available" });
    *answer = json!({ "jsonrpc": "2.0", "id": answer["id"], "error": error });
}
