//! A node that lies about logs, or cannot or will not tell: refused with its own error, or healed by another node.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use alloy::eips::BlockNumberOrTag;
use alloy::network::Ethereum;
use alloy::primitives::{Address as AccountAddress, B256};
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::Header;
use alloy::rpc::types::anvil::ReorgOptions;
use countersign::registry::logs::{LinkedHeaders, LogFilter, LogPage, LogsError, VerifiedLog, VerifiedLogs};
use countersign::registry::{
    Endpoint, EndpointState, HeadPolicy, HeadTrust, ProofPart, ReceiptFlaw, ResolveError, Resolver, artifact,
};
use countersign_tests::proxy::{Lie, Proxy, refuse};
use countersign_tests::trader::{CHAIN, Market, Terms, prompt, resolver_at};
use serde_json::{Value, json};

/// A chain of some hundred blocks with five events, before it a node that will lie, and another that will not.
struct Scene {
    market: Market,
    liar: Proxy,
    honest: Proxy,
    height: u64,
}

impl Scene {
    async fn set() -> Self {
        let market = Market::open().await;
        for account in 1..6 {
            market.enrol(account, "", Terms::default()).await;
            market.mine(20).await;
        }
        let upstream = || market.endpoint().to_string().parse().unwrap();
        let (liar, honest) = (Proxy::before(upstream()).await, Proxy::before(upstream()).await);
        let height = market.height().await;
        Self { market, liar, honest, height }
    }

    fn trusting_the_liar(&self) -> Resolver {
        resolver_at(self.liar.endpoint(), quick())
    }

    /// Both must agree on blocks; whose receipts are taken is another matter.
    fn trusting_both(&self) -> Resolver {
        let endpoints = vec![self.liar.endpoint(), self.honest.endpoint()];
        let trust = HeadTrust::Quorum { endpoints, threshold: 2.try_into().unwrap() };
        Resolver::new(CHAIN, artifact::key_registry_address(), trust, quick()).unwrap()
    }

    async fn expected(&self) -> Vec<VerifiedLog> {
        read(&self.market.resolver(), self.height).await.unwrap()
    }

    /// What the liar is found out at where it is the only one.
    async fn flaw(&self) -> ResolveError {
        match read(&self.trusting_the_liar(), self.height).await {
            Err(LogsError::Unproven { failures, .. }) if failures.len() == 1 => failures[0].clone(),
            other => panic!("{other:?}"),
        }
    }

    async fn proof_flaw(&self) -> ProofPart {
        match self.flaw().await {
            ResolveError::ProofInvalid { what, endpoint } if endpoint == self.liar.endpoint() => what,
            other => panic!("{other:?}"),
        }
    }

    /// The honest one makes up for it.
    async fn is_healed(&self) {
        assert_eq!(read(&self.trusting_both(), self.height).await.unwrap(), self.expected().await);
    }

    /// Bends the receipts of one block that has some.
    fn bend_receipts(&self, bend: impl Fn(&mut Vec<Value>) + Send + 'static) {
        self.liar.bend("eth_getBlockReceipts", move |receipts| {
            let receipts = receipts.as_array_mut().unwrap();
            if receipts.iter().any(|receipt| receipt["logs"] != json!([])) {
                bend(receipts);
            }
        });
    }

    /// Has the liar know no receipts by block, and list as many transactions of each as its gas pays for, and so many more;
    /// all of them have the receipt of the first, bent.
    fn list_transactions(&self, more: usize, bend: fn(&mut Value)) {
        self.liar.tell(Lie::Answer(Box::new(move |call, answer| match call.method.as_str() {
            "eth_getBlockReceipts" => refuse(answer),
            "eth_getTransactionReceipt" => bend(&mut answer["result"]),
            "eth_getBlockByNumber" if answer["result"]["transactions"][0].is_string() => {
                let block = &mut answer["result"];
                let gas = block["gasUsed"].as_str().unwrap().trim_start_matches("0x");
                let most = usize::from_str_radix(gas, 16).unwrap() / 10_500 + 8;
                block["transactions"] = json!(vec![block["transactions"][0].clone(); most + more]);
            }
            _ => {}
        })));
    }

    /// The liar, each of whose receipts takes half of what one request may take, and an answer to itself.
    async fn slow(&self) -> Proxy {
        self.list_transactions(0, |receipt| receipt["padding"] = json!("0".repeat(16 << 10)));
        let slow = Proxy::before(self.liar.endpoint().to_string().parse().unwrap()).await;
        slow.tell_about("eth_getTransactionReceipt", Lie::Delay(short().request_timeout / 2));
        slow
    }

    async fn refuses_receipts_bent_so(&self, bend: impl Fn(&mut Vec<Value>) + Send + 'static) {
        self.bend_receipts(bend);
        assert!(matches!(self.proof_flaw().await, ProofPart::ReceiptsRoot { .. }));
        self.is_healed().await;
    }
}

/// Answers of 24 KiB, each within a second.
fn short() -> HeadPolicy {
    HeadPolicy { request_timeout: Duration::from_secs(1), max_response_bytes: 24 << 10, ..prompt() }
}

/// Whether it will be asked last for longer than a failure alone would have it.
fn is_blamed(resolver: &Resolver, endpoint: &Endpoint) -> bool {
    let health = resolver.health().into_iter().find(|health| health.endpoint == *endpoint).unwrap();
    matches!(health.state, EndpointState::CoolingDown { left } if left > Duration::from_secs(30))
}

fn quick() -> HeadPolicy {
    HeadPolicy { request_timeout: Duration::from_secs(2), ..prompt() }
}

fn of_registry() -> LogFilter {
    LogFilter::emitted_by([AccountAddress::new(artifact::key_registry_address().0)])
}

async fn read(resolver: &Resolver, height: u64) -> Result<Vec<VerifiedLog>, LogsError> {
    let logs = resolver.verified_logs(0..=height, of_registry()).await?;
    Ok(rest(logs).await?.into_iter().flat_map(|page| page.logs).collect())
}

async fn rest(mut logs: VerifiedLogs) -> Result<Vec<LogPage>, LogsError> {
    let mut pages = Vec::new();
    while let Some(page) = logs.next().await {
        pages.push(page?);
    }
    Ok(pages)
}

#[tokio::test]
async fn a_log_left_out_added_or_altered_is_found_out() {
    let scene = Scene::set().await;
    scene.refuses_receipts_bent_so(|receipts| drop(receipts[0]["logs"].as_array_mut().unwrap().pop())).await;
    scene.refuses_receipts_bent_so(|receipts| receipts[0]["logs"] = json!([])).await;
    scene
        .refuses_receipts_bent_so(|receipts| {
            let log = receipts[0]["logs"][0].clone();
            receipts[0]["logs"].as_array_mut().unwrap().push(log);
        })
        .await;
    scene.refuses_receipts_bent_so(|receipts| receipts[0]["logs"][0]["topics"][1] = json!(B256::ZERO)).await;
    scene.refuses_receipts_bent_so(|receipts| receipts[0]["logs"][0]["data"] = json!("0x")).await;
    scene
        .refuses_receipts_bent_so(|receipts| {
            receipts[0]["logs"][0]["address"] = json!(AccountAddress::repeat_byte(7));
        })
        .await;
}

#[tokio::test]
async fn a_receipt_left_out_added_or_altered_is_found_out() {
    let scene = Scene::set().await;
    scene.refuses_receipts_bent_so(|receipts| drop(receipts.pop())).await;
    scene.refuses_receipts_bent_so(|receipts| receipts.push(receipts[0].clone())).await;
    scene.refuses_receipts_bent_so(|receipts| receipts[0]["status"] = json!("0x0")).await;
    scene.refuses_receipts_bent_so(|receipts| receipts[0]["type"] = json!("0x1")).await;
    scene.refuses_receipts_bent_so(|receipts| receipts[0]["cumulativeGasUsed"] = json!("0x1")).await;
}

#[tokio::test]
async fn another_blocks_receipts_are_found_out() {
    let scene = Scene::set().await;
    let height = scene.height;
    scene.liar.tell(Lie::Ask(Box::new(move |call| {
        if call.method == "eth_getBlockReceipts" {
            call.params = json!([format!("{height:#x}")]);
        }
    })));
    assert!(matches!(scene.proof_flaw().await, ProofPart::ReceiptsRoot { .. }));
    scene.is_healed().await;
}

#[tokio::test]
async fn a_receipt_of_an_unknown_type_is_named_and_not_guessed_at() {
    let scene = Scene::set().await;
    scene.bend_receipts(|receipts| receipts[0]["type"] = json!("0x6a"));
    let ProofPart::Receipt { position, why, .. } = scene.proof_flaw().await else { panic!("another flaw") };
    assert_eq!((position, why), (0, ReceiptFlaw::UnknownType { kind: 0x6a }));
    scene.is_healed().await;
}

#[tokio::test]
async fn a_header_of_another_chain_is_found_out() {
    let scene = Scene::set().await;
    let other = Market::open().await;
    other.mine(scene.height).await;
    let foreign: Value = block(&other, 30).await;
    scene.liar.tell(Lie::Answer(Box::new(move |call, answer| {
        if call.method == "eth_getBlockByNumber" && call.params[0] == "0x1e" {
            answer["result"] = foreign.clone();
        }
    })));
    assert!(matches!(scene.proof_flaw().await, ProofPart::HeaderHash { .. }));
    scene.is_healed().await;
}

async fn block(market: &Market, height: u64) -> Value {
    let params = (BlockNumberOrTag::Number(height), false);
    market.provider().raw_request("eth_getBlockByNumber".into(), params).await.unwrap()
}

/// An emptied bloom would hide the block's events, but it is part of the header.
#[tokio::test]
async fn an_emptied_bloom_is_found_out() {
    let scene = Scene::set().await;
    let height = scene.height;
    scene.liar.tell(Lie::Answer(Box::new(move |call, answer| {
        if call.method == "eth_getBlockByNumber"
            && call.params[0] != "latest"
            && call.params[0] != format!("{height:#x}")
        {
            answer["result"]["logsBloom"] = json!(format!("0x{}", "00".repeat(256)));
        }
    })));
    assert!(matches!(scene.proof_flaw().await, ProofPart::HeaderHash { .. }));
    scene.is_healed().await;
}

#[tokio::test]
async fn null_refusal_and_nonsense_are_no_answer() {
    let scene = Scene::set().await;
    scene.liar.bend("eth_getBlockReceipts", |receipts| *receipts = Value::Null);
    assert!(matches!(scene.flaw().await, ResolveError::BadAnswer { method: "eth_getBlockReceipts", .. }));
    scene.is_healed().await;

    scene.liar.bend("eth_getBlockReceipts", |receipts| *receipts = json!([{ "type": "0x2" }]));
    assert!(matches!(scene.flaw().await, ResolveError::BadAnswer { .. }));
    scene.is_healed().await;

    scene.liar.tell(Lie::Answer(Box::new(|call, answer| {
        if call.method.ends_with("Receipts") || call.method.ends_with("Receipt") {
            answer.as_object_mut().unwrap().remove("result");
            answer["error"] = json!({ "code": -32000, "message": "pruned history unavailable" });
        }
    })));
    let refused = scene.flaw().await;
    assert!(
        matches!(refused, ResolveError::NodeRefused { method: "eth_getTransactionReceipt", .. }),
        "{refused:?}"
    );
    scene.is_healed().await;

    for text in ["{", "[]", "null", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}", "<html>502</html>"] {
        scene.liar.tell_about("eth_getBlockReceipts", Lie::Say(text.into()));
        let flaw = scene.flaw().await;
        assert!(matches!(flaw, ResolveError::BadAnswer { .. }), "{text}: {flaw:?}");
        scene.is_healed().await;
    }
}

#[tokio::test]
async fn silence_and_slowness_end_in_time() {
    let scene = Scene::set().await;
    let in_time = async |method: &'static str, lie: fn() -> Lie| {
        scene.liar.tell_about(method, lie());
        let start = Instant::now();
        let flaw = scene.flaw().await;
        assert!(start.elapsed() < 12 * quick().request_timeout, "{:?}", start.elapsed());
        scene.is_healed().await;
        flaw
    };
    let slow = |flaw: &ResolveError| matches!(flaw, ResolveError::Timeout { .. });
    assert!(slow(&in_time("eth_getBlockReceipts", || Lie::Stall).await));
    assert!(slow(&in_time("eth_getBlockReceipts", || Lie::Trickle).await));
    let gone = in_time("eth_getBlockReceipts", || Lie::HangUp).await;
    assert!(matches!(gone, ResolveError::Unreachable { .. }), "{gone:?}");
}

/// A flood may be a block too long for one answer, so its receipts are asked for one by one; where everything is a
/// flood there is an end to it.
#[tokio::test]
async fn a_flood_is_cut_off() {
    let scene = Scene::set().await;
    scene.liar.tell_about("eth_getBlockReceipts", Lie::Drone);
    assert_eq!(read(&scene.trusting_the_liar(), scene.height).await.unwrap(), scene.expected().await);
    scene.liar.tell_about("eth_getBlockByNumber", Lie::Drone);
    let outcome = read(&scene.trusting_the_liar(), scene.height).await;
    assert!(matches!(outcome, Err(LogsError::Untrusted(ResolveError::AnswerTooLarge { .. }))), "{outcome:?}");
}

/// Which transactions a block has is an endpoint's word, and each costs a question.
#[tokio::test]
async fn more_transactions_than_a_blocks_gas_pays_for_are_asked_for_of_nobody() {
    let scene = Scene::set().await;
    scene.list_transactions(1, |_| {});
    let ProofPart::TransactionCount { listed, most, .. } = scene.proof_flaw().await else {
        panic!("another flaw")
    };
    assert_eq!(listed, most + 1);
    assert_eq!(scene.liar.calls("eth_getTransactionReceipt"), 0);
    scene.is_healed().await;
    // As many as it pays for are asked for, and found out once they are there.
    scene.list_transactions(0, |_| {});
    assert!(matches!(scene.proof_flaw().await, ProofPart::ReceiptsRoot { .. }));
    assert!(scene.liar.calls("eth_getTransactionReceipt") > 8);
}

/// Each answer is short enough, and there are ever more of them.
#[tokio::test]
async fn receipts_of_one_block_that_take_too_much_altogether_are_cut_off() {
    let scene = Scene::set().await;
    scene.list_transactions(0, |receipt| {
        let data = format!("0x{}", "00".repeat(9 << 10));
        receipt["logs"] = json!([{ "address": AccountAddress::ZERO, "topics": [], "data": data }]);
    });
    let resolver = resolver_at(scene.liar.endpoint(), short());
    let outcome = read(&resolver, scene.height).await;
    let Err(LogsError::Unproven { failures, .. }) = outcome else { panic!("{outcome:?}") };
    let [ResolveError::AnswerTooLarge { limit, .. }] = *failures else { panic!("{failures:?}") };
    assert_eq!(limit, 4 * short().max_response_bytes);
    assert!(is_blamed(&resolver, &scene.liar.endpoint()));
}

/// Each answer comes in time, and there are ever more of them.
#[tokio::test]
async fn receipts_of_one_block_that_take_too_long_altogether_are_cut_off() {
    let scene = Scene::set().await;
    let slow = scene.slow().await;
    let resolver = resolver_at(slow.endpoint(), short());
    let outcome = read(&resolver, scene.height).await;
    let Err(LogsError::Unproven { failures, .. }) = outcome else { panic!("{outcome:?}") };
    let [ResolveError::Timeout { after, .. }] = *failures else { panic!("{failures:?}") };
    assert_eq!(after, 4 * short().request_timeout);
    assert!(is_blamed(&resolver, &slow.endpoint()));
}

/// A follower waits for these: it proves everything anew rather than wait for long.
#[tokio::test]
async fn which_identities_changed_is_known_soon_or_not_at_all() {
    let scene = Scene::set().await;
    let slow = scene.slow().await;
    let mut headers: Vec<Header> = Vec::new();
    for height in 0..=scene.height {
        headers.push(serde_json::from_value(block(&scene.market, height).await).unwrap());
    }
    let newest = headers.last().unwrap().hash;
    let headers = LinkedHeaders::link(headers.iter().map(|header| &header.inner), newest).unwrap();

    let alone = resolver_at(slow.endpoint(), short());
    let start = Instant::now();
    let outcome = alone.changed_identities(&headers).await;
    assert!(start.elapsed() < 3 * short().request_timeout, "{:?}", start.elapsed());
    let Err(LogsError::Unproven { failures, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(matches!(*failures, [ResolveError::Timeout { after, .. }] if after <= short().request_timeout));
    assert!(is_blamed(&alone, &slow.endpoint()));

    let endpoints = vec![slow.endpoint(), scene.honest.endpoint()];
    let trust = HeadTrust::Quorum { endpoints, threshold: 2.try_into().unwrap() };
    let both = Resolver::new(CHAIN, artifact::key_registry_address(), trust, short()).unwrap();
    assert_eq!(both.changed_identities(&headers).await.unwrap().len(), 5);
}

/// Where nobody tells the truth, there are no logs, and each one's lie is named.
#[tokio::test]
async fn where_all_lie_there_is_an_error_with_every_reason() {
    let scene = Scene::set().await;
    scene.bend_receipts(|receipts| receipts[0]["logs"] = json!([]));
    scene.honest.bend("eth_getBlockReceipts", |receipts| *receipts = Value::Null);
    let outcome = read(&scene.trusting_both(), scene.height).await;
    let Err(LogsError::Unproven { failures, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failures.len(), 2);
    assert!(failures.iter().any(|one| matches!(one, ResolveError::ProofInvalid { .. })));
    assert!(failures.iter().any(|one| matches!(one, ResolveError::BadAnswer { .. })));
}

/// After an error nothing comes any more, and what came before it stands.
#[tokio::test]
async fn an_error_ends_the_pages() {
    let scene = Scene::set().await;
    scene.bend_receipts(|receipts| receipts[0]["logs"] = json!([]));
    let resolver = scene.trusting_the_liar();
    let mut logs = resolver.verified_logs(0..=scene.height, of_registry()).await.unwrap();
    assert!(logs.next().await.unwrap().is_err());
    assert!(logs.next().await.is_none());
}

async fn reorganise(market: &Market, depth: u64) {
    // Later blocks at the same heights: a time of their own makes them others.
    AnvilApi::<Ethereum>::anvil_increase_time(market.provider(), 1000).await.unwrap();
    let options = ReorgOptions { depth, tx_block_pairs: Vec::new() };
    AnvilApi::<Ethereum>::anvil_reorg(market.provider(), options).await.unwrap();
}

#[tokio::test]
async fn a_reorganisation_between_pages_names_a_block_that_changed() {
    let scene = Scene::set().await;
    scene.market.mine(1500).await;
    let height = scene.market.height().await;
    let resolver = scene.market.resolver();
    let mut logs = resolver.verified_logs(0..=height, of_registry()).await.unwrap();
    let first = logs.next().await.unwrap().unwrap();
    let before = resolver.block_at(height).await.unwrap();
    reorganise(&scene.market, 200).await;
    assert_ne!(resolver.block_at(height).await.unwrap(), before);
    let outcome = rest(logs).await;
    let Err(LogsError::Reorganised { block, was, now }) = outcome else { panic!("{outcome:?}") };
    assert!(block > first.last.number && was != now, "{block}");
    assert_eq!(now, resolver.block_at(block).await.unwrap().block_hash);
    assert!(read(&resolver, height).await.unwrap().len() == 5);
}

#[tokio::test]
async fn receipts_of_a_block_that_is_no_longer_there_are_a_reorganisation() {
    let scene = Scene::set().await;
    scene.liar.tell_about("eth_getBlockReceipts", Lie::Stall);
    let resolver = scene.trusting_the_liar();
    let logs = resolver.verified_logs(0..=scene.height, of_registry()).await.unwrap();
    let (outcome, ()) = tokio::join!(rest(logs), async {
        while scene.liar.calls("eth_getBlockReceipts") == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        reorganise(&scene.market, 100).await;
    });
    assert!(matches!(outcome, Err(LogsError::Reorganised { .. })), "{outcome:?}");
}

/// A stretch whose last block changes before its headers are there is linked again, to the new one.
#[tokio::test]
async fn a_reorganisation_before_anything_was_read_is_read_again() {
    let scene = Scene::set().await;
    scene.market.mine(400).await;
    // The end of the first stretch of 256 blocks, as it will have been.
    let outdated = block(&scene.market, 255).await;
    let height = scene.market.height().await;
    reorganise(&scene.market, height - 250).await;
    let shown = AtomicUsize::new(0);
    scene.liar.tell(Lie::Answer(Box::new(move |call, answer| {
        let is_end = call.method == "eth_getBlockByNumber" && call.params[0] == "0xff";
        if is_end && shown.fetch_add(1, Ordering::Relaxed) == 0 {
            answer["result"] = outdated.clone();
        }
    })));
    let resolver = scene.trusting_the_liar();
    assert_eq!(read(&resolver, height).await.unwrap(), read(&scene.market.resolver(), height).await.unwrap());
}
