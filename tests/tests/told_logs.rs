//! Logs by an endpoint's word: believed in nothing but what shows by itself.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use alloy::primitives::Address as AccountAddress;
use alloy::primitives::B256;
use countersign::registry::logs::{LogFilter, LogsError, ToldLog};
use countersign::registry::{ResolveError, Resolver, artifact};
use countersign_tests::proxy::{Lie, Proxy, refuse};
use countersign_tests::trader::{Market, Terms, prompt, resolver_at};
use serde_json::{Value, json};

fn of_registry() -> LogFilter {
    LogFilter::emitted_by([AccountAddress::new(artifact::key_registry_address().0)])
}

async fn behind_proxy() -> (Market, Proxy, Resolver) {
    let market = Market::open().await;
    for account in 1..4 {
        let party = market.enrol(account, "", Terms::default()).await;
        party.rotate(Terms::default()).await;
        market.mine(5).await;
    }
    let proxy = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    let resolver = resolver_at(proxy.endpoint(), prompt());
    (market, proxy, resolver)
}

async fn refusal(market: &Market, resolver: &Resolver) -> ResolveError {
    match resolver.told_logs(0..=market.height().await, &of_registry()).await {
        Err(LogsError::Untrusted(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_honest_node_tells_what_is_proven_in_one_request() {
    let (market, proxy, resolver) = behind_proxy().await;
    let height = market.height().await;
    let told = resolver.told_logs(0..=height, &of_registry()).await.unwrap();
    assert_eq!(proxy.calls("eth_getLogs"), 1);
    let mut pages = market.resolver().verified_logs(0..=height, of_registry()).await.unwrap();
    let mut proven = Vec::new();
    while let Some(page) = pages.next().await {
        proven.extend(page.unwrap().logs);
    }
    let proven: Vec<ToldLog> = proven
        .into_iter()
        .map(|log| ToldLog {
            block: log.block,
            timestamp: log.timestamp,
            log_index: log.log_index,
            log: log.log,
            transaction: log.claimed_transaction,
        })
        .collect();
    assert_eq!(told.logs, proven);
    assert_eq!(told.logs.len(), 6);
    let last = resolver.block_at(height).await.unwrap();
    assert_eq!((told.last.number, told.last.hash), (height, B256::from(last.block_hash)));
}

#[tokio::test]
async fn topics_are_asked_for_as_well() {
    let (market, _proxy, resolver) = behind_proxy().await;
    let whole = resolver.told_logs(0..=market.height().await, &of_registry()).await.unwrap();
    let owner = whole.logs[0].log.topics()[1];
    let filter = of_registry().with_topics([vec![], vec![owner], vec![], vec![]]);
    let told = resolver.told_logs(0..=market.height().await, &filter).await.unwrap();
    assert_eq!(told.logs, whole.logs[..2]);
}

/// Not every node puts a block's time into its logs.
#[tokio::test]
async fn times_that_are_left_out_are_taken_from_the_headers() {
    let (market, proxy, resolver) = behind_proxy().await;
    let height = market.height().await;
    let whole = resolver.told_logs(0..=height, &of_registry()).await.unwrap();
    proxy.bend("eth_getLogs", |logs| {
        for log in logs.as_array_mut().unwrap() {
            log.as_object_mut().unwrap().remove("blockTimestamp");
        }
    });
    assert_eq!(resolver.told_logs(0..=height, &of_registry()).await.unwrap(), whole);
}

#[tokio::test]
async fn what_was_not_asked_for_is_refused() {
    let (market, proxy, resolver) = behind_proxy().await;
    let bends: [fn(&mut Value); 7] = [
        |logs| logs.as_array_mut().unwrap().swap(0, 1),
        |logs| logs[1] = logs[0].clone(),
        |logs| logs[0]["address"] = json!("0x00000000000000000000000000000000000000ee"),
        |logs| logs[5]["blockNumber"] = json!("0xffffff"),
        |logs| logs[0]["blockHash"] = Value::Null,
        |logs| logs[0]["removed"] = json!(true),
        |logs| logs[0]["logIndex"] = Value::Null,
    ];
    for (position, bend) in bends.into_iter().enumerate() {
        proxy.bend("eth_getLogs", bend);
        let error = refusal(&market, &resolver).await;
        assert!(matches!(error, ResolveError::BadAnswer { .. }), "{position}: {error}");
    }
}

#[tokio::test]
async fn another_chain_a_missing_block_and_a_refusal_are_told() {
    let (market, proxy, resolver) = behind_proxy().await;
    proxy.bend("eth_chainId", |id| *id = json!("0x1"));
    assert!(matches!(refusal(&market, &resolver).await, ResolveError::WrongChain { got: 1, .. }));
    proxy.bend("eth_getBlockByNumber", |block| *block = Value::Null);
    assert!(matches!(refusal(&market, &resolver).await, ResolveError::BadAnswer { .. }));
    proxy.tell(Lie::Answer(Box::new(|call, answer| {
        if call.method == "eth_getLogs" {
            refuse(answer);
        }
    })));
    assert!(matches!(refusal(&market, &resolver).await, ResolveError::NodeRefused { .. }));
}

#[tokio::test]
async fn a_range_that_ends_before_it_begins_is_none() {
    let (_market, _proxy, resolver) = behind_proxy().await;
    #[allow(clippy::reversed_empty_ranges, reason = "it is refused")]
    let outcome = resolver.told_logs(2..=1, &of_registry()).await;
    assert!(matches!(outcome, Err(LogsError::NoRange { first: 2, last: 1 })));
}

#[tokio::test]
async fn what_is_final_is_what_the_nodes_call_so() {
    let (market, proxy, resolver) = behind_proxy().await;
    market.mine(200).await;
    let told = market.resolver().finalized_height().await.unwrap();
    assert_eq!(resolver.finalized_height().await.unwrap(), told);
    assert!(told > 0 && told < market.height().await, "{told}");
    proxy.tell(Lie::Answer(Box::new(|call, answer| {
        if call.params[0] == "finalized" {
            refuse(answer);
        }
    })));
    assert!(matches!(resolver.finalized_height().await, Err(ResolveError::DepthUnknown { answered: 0, .. })));
}
