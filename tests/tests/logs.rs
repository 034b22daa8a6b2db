//! Verified logs of a real chain: all of them, in their places, at the price that is documented.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Instant;

use alloy::eips::BlockId;
use alloy::network::Ethereum;
use alloy::primitives::{Address as AccountAddress, B256, Uint, keccak256};
use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::client::RpcClient;
use alloy::rpc::types::{Filter, Header, TransactionRequest};
use alloy::sol_types::SolCall;
use countersign::registry::interface::IKeyRegistry;
use countersign::registry::logs::{LinkedHeaders, LogFilter, LogPage, LogsError, VerifiedLog};
use countersign::registry::{HeadPolicy, ResolveError, Resolver, artifact};
use countersign_tests::chain::Chain;
use countersign_tests::proxy::{Lie, Proxy, refuse};
use countersign_tests::trader::{CHAIN, Market, Party, Terms, prompt, resolver_at};

fn registry() -> AccountAddress {
    AccountAddress::new(artifact::key_registry_address().0)
}

fn of_registry() -> LogFilter {
    LogFilter::emitted_by([registry()])
}

async fn pages(
    resolver: &Resolver,
    blocks: RangeInclusive<u64>,
    filter: LogFilter,
) -> Result<Vec<LogPage>, LogsError> {
    let mut logs = resolver.verified_logs(blocks, filter).await?;
    let mut pages = Vec::new();
    while let Some(page) = logs.next().await {
        pages.push(page?);
    }
    Ok(pages)
}

async fn all(resolver: &Resolver, blocks: RangeInclusive<u64>) -> Vec<VerifiedLog> {
    pages(resolver, blocks, of_registry()).await.unwrap().into_iter().flat_map(|page| page.logs).collect()
}

/// What the node itself says, which nobody need believe.
async fn told(provider: &DynProvider) -> Vec<alloy::rpc::types::Log> {
    provider.get_logs(&Filter::new().address(registry()).from_block(0)).await.unwrap()
}

/// A chain with events here and there, and long stretches without any.
async fn busy_market() -> (Market, Vec<Party>) {
    let market = Market::open().await;
    let mut parties = Vec::new();
    for account in 1..6 {
        parties.push(market.enrol(account, "", Terms::default()).await);
        market.mine(150).await;
    }
    for party in &parties {
        party.rotate(Terms { is_compact: true, ..Terms::default() }).await;
    }
    parties[0].revoke().await;
    market.mine(40).await;
    (market, parties)
}

#[tokio::test]
async fn the_logs_are_those_that_the_chain_has_each_in_its_place() {
    let (market, _) = busy_market().await;
    let height = market.height().await;
    let logs = all(&market.resolver(), 0..=height).await;
    let told = told(market.provider()).await;
    assert_eq!((logs.len(), told.len()), (11, 11));
    for (log, told) in logs.iter().zip(&told) {
        assert_eq!(log.log, told.inner);
        assert_eq!((Some(log.block.number), Some(log.block.hash)), (told.block_number, told.block_hash));
        assert_eq!(Some(log.transaction_index), told.transaction_index);
        assert_eq!(Some(log.log_index), told.log_index);
        assert_eq!(Some(log.claimed_transaction), told.transaction_hash);
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_and_end_where_was_promised() {
    let (market, _) = busy_market().await;
    let height = market.height().await;
    let resolver = market.resolver();
    for blocks in [0..=height, 3..=height - 7, 255..=256, 256..=256, 1..=257] {
        let pages = pages(&resolver, blocks.clone(), of_registry()).await.unwrap();
        assert_eq!(pages[0].first, *blocks.start());
        assert_eq!(pages.last().unwrap().last.number, *blocks.end());
        for pair in pages.windows(2) {
            assert_eq!((pair[1].first, pair[1].parent), (pair[0].last.number + 1, pair[0].last.hash));
        }
        for page in &pages {
            let places: Vec<_> = page.logs.iter().map(|log| (log.block.number, log.log_index)).collect();
            assert!(places.is_sorted() && places.iter().all(|(block, _)| *block <= page.last.number));
            assert!(page.logs.iter().all(|log| log.block.number >= page.first));
        }
    }
}

/// What a bloom excludes costs nothing: receipts are asked for of the blocks with events, and of no other.
#[tokio::test]
async fn receipts_are_asked_for_only_where_the_bloom_may_match() {
    let (market, _) = busy_market().await;
    let proxy = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    let height = market.height().await;
    let resolver = resolver_at(proxy.endpoint(), prompt());
    let mut logs = resolver.verified_logs(0..=height, of_registry()).await.unwrap();
    let mut found = 0;
    while let Some(page) = logs.next().await {
        found += page.unwrap().logs.len() as u64;
    }
    let progress = logs.progress();
    assert_eq!((progress.blocks, progress.linked), (height + 1, height + 1));
    assert_eq!((progress.logs, progress.read, progress.failovers), (found, 11, 0));
    assert_eq!(proxy.calls("eth_getBlockReceipts"), 11);
    // One call for each header, and three for each 256 of them to agree on the block they are linked from.
    let agreed = 3 * (height as usize + 1).div_ceil(256);
    assert!(proxy.calls("eth_getBlockByNumber") <= height as usize + 1 + agreed);

    let before = proxy.calls("eth_getBlockReceipts");
    let nobody = LogFilter::emitted_by([AccountAddress::repeat_byte(0xee)]);
    let pages = pages(&resolver, 0..=height, nobody).await.unwrap();
    assert!(pages.iter().all(|page| page.logs.is_empty()));
    assert_eq!(proxy.calls("eth_getBlockReceipts"), before);
}

/// The node's own blooms and roots, block by block: without the first an event would be hidden, and without the
/// second nothing would verify.
#[tokio::test]
async fn anvils_headers_commit_to_registry_events() {
    let (market, _) = busy_market().await;
    let with_events: HashSet<u64> =
        told(market.provider()).await.iter().map(|log| log.block_number.unwrap()).collect();
    let headers = headers(market.provider(), 0..=market.height().await).await;
    let linked =
        LinkedHeaders::link(headers.iter().map(|header| &header.inner), headers.last().unwrap().hash);
    for header in linked.unwrap().iter() {
        let height = header.block().number;
        let may_match = of_registry().may_match(header.logs_bloom());
        assert_eq!(may_match, with_events.contains(&height), "block {height}");
        let receipts =
            market.provider().raw_request("eth_getBlockReceipts".into(), (format!("{height:#x}"),));
        header.receipts(receipts.await.unwrap()).unwrap();
    }
}

async fn headers(provider: &DynProvider, blocks: RangeInclusive<u64>) -> Vec<Header> {
    let mut headers = Vec::new();
    for height in blocks {
        headers.push(provider.get_block(BlockId::number(height)).await.unwrap().unwrap().header);
    }
    headers
}

#[tokio::test]
async fn a_filter_by_topic_finds_one_owners_events() {
    let (market, parties) = busy_market().await;
    let owner = AccountAddress::new(parties[0].identity.owner.0);
    let filter = of_registry().with_topics([vec![], vec![owner.into_word()], vec![], vec![]]);
    let height = market.height().await;
    let pages = pages(&market.resolver(), 0..=height, filter).await.unwrap();
    let logs: Vec<_> = pages.into_iter().flat_map(|page| page.logs).collect();
    assert_eq!(logs.len(), 3);
    assert!(logs.iter().all(|log| log.log.topics()[1] == owner.into_word()));
}

#[tokio::test]
async fn the_identities_that_changed_are_those_of_the_events() {
    let (market, parties) = busy_market().await;
    let (resolver, height) = (market.resolver(), market.height().await);
    let changed = async |blocks: RangeInclusive<u64>| {
        let headers = headers(market.provider(), blocks).await;
        let newest = headers.last().unwrap().hash;
        let linked = LinkedHeaders::link(headers.iter().map(|header| &header.inner), newest).unwrap();
        resolver.changed_identities(&linked).await.unwrap()
    };
    let everybody: HashSet<_> = parties.iter().map(|party| party.identity).collect();
    assert_eq!(changed(height - 60..=height).await, everybody);
    // The last 40 blocks are empty, and the one before them revoked the first.
    assert_eq!(changed(height - 40..=height).await, HashSet::from([parties[0].identity]));
    assert_eq!(changed(height - 39..=height).await, HashSet::new());
}

#[tokio::test]
async fn an_appointed_operator_changes_no_record() {
    let (chain, payer) = Chain::open(CHAIN).await;
    payer.set_operator(countersign::Address([7; 20]), None).await.unwrap();
    let provider = chain.provider();
    let height = provider.get_block_number().await.unwrap();
    let headers = headers(&provider, height..=height).await;
    let linked = LinkedHeaders::link([&headers[0].inner], headers[0].hash).unwrap();
    assert!(chain.resolver().changed_identities(&linked).await.unwrap().is_empty());
    assert_eq!(all(&chain.resolver(), height..=height).await.len(), 1);
}

#[tokio::test]
async fn a_node_without_receipts_by_block_is_asked_for_each_transaction() {
    let (market, _) = busy_market().await;
    let proxy = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    refuse_block_receipts(&proxy);
    let resolver = resolver_at(proxy.endpoint(), prompt());
    let height = market.height().await;
    assert_eq!(all(&resolver, 0..=height).await, all(&market.resolver(), 0..=height).await);
    assert_eq!(proxy.calls("eth_getTransactionReceipt"), 11);
}

fn refuse_block_receipts(proxy: &Proxy) {
    proxy.tell(Lie::Answer(Box::new(|call, answer| {
        if call.method == "eth_getBlockReceipts" {
            refuse(answer);
        }
    })));
}

/// Answers that are too long for one batch, and blocks that are too long for one answer.
#[tokio::test]
async fn what_is_too_long_at_once_is_asked_for_in_parts() {
    let (chain, _) = Chain::open(CHAIN).await;
    let provider = chain.provider();
    appoint(&chain, &provider, 20, 40).await;
    let height = provider.get_block_number().await.unwrap();
    let expected = all(&chain.resolver(), 0..=height).await;
    assert_eq!(expected.len(), 800);
    for max_response_bytes in [1 << 20, 128 << 10, 48 << 10, 24 << 10] {
        let resolver = resolver_at(chain.endpoint(), HeadPolicy { max_response_bytes, ..prompt() });
        assert_eq!(all(&resolver, 0..=height).await, expected, "{max_response_bytes}");
    }
    let resolver = resolver_at(chain.endpoint(), HeadPolicy { max_response_bytes: 1 << 10, ..prompt() });
    let outcome = pages(&resolver, 0..=height, of_registry()).await;
    assert!(matches!(outcome, Err(LogsError::Untrusted(ResolveError::AnswerTooLarge { .. }))), "{outcome:?}");
}

/// So many blocks with so many registry events each, every one in a transaction of its own.
async fn appoint(chain: &Chain, provider: &DynProvider, blocks: u64, events: u64) {
    let client = RpcClient::new_http(chain.anvil.endpoint_url());
    AnvilApi::<Ethereum>::anvil_set_auto_mine(provider, false).await.unwrap();
    let senders = chain.anvil.addresses();
    let mut nonces = Vec::new();
    for sender in senders {
        nonces.push(provider.get_transaction_count(*sender).await.unwrap());
    }
    for block in 0..blocks {
        let mut batch = client.new_batch();
        let mut sent = Vec::new();
        for event in 0..events {
            let operator = AccountAddress::from_word(keccak256(format!("{block} {event}")));
            let call = IKeyRegistry::setOperatorCall { operator, until: Uint::from(u32::MAX) };
            let sender = event as usize % senders.len();
            // The node takes the calls of a batch in any order.
            let transaction = TransactionRequest::default()
                .from(senders[sender])
                .nonce(nonces[sender])
                .to(registry())
                .gas_limit(100_000)
                .input(call.abi_encode().into());
            nonces[sender] += 1;
            sent.push(batch.add_call::<_, B256>("eth_sendTransaction", &(transaction,)).unwrap());
        }
        batch.send().await.unwrap();
        for transaction in sent {
            transaction.await.unwrap();
        }
        AnvilApi::<Ethereum>::anvil_mine(provider, Some(1), None).await.unwrap();
    }
    AnvilApi::<Ethereum>::anvil_set_auto_mine(provider, true).await.unwrap();
}

#[tokio::test]
async fn a_range_must_be_one_and_lie_below_the_head() {
    let market = Market::open().await;
    let (resolver, height) = (market.resolver(), market.height().await);
    #[expect(clippy::reversed_empty_ranges, reason = "what is refused")]
    let backward = resolver.verified_logs(2..=1, of_registry()).await;
    assert!(matches!(backward, Err(LogsError::NoRange { first: 2, last: 1 })));
    let above = resolver.verified_logs(0..=height + 1, of_registry()).await;
    let unknown = |number| LogsError::Untrusted(ResolveError::UnknownBlock { number, my_head: height });
    assert_eq!(above.unwrap_err().to_string(), unknown(height + 1).to_string());
}

/// `cargo test -p countersign-tests --test logs rate -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn rate() {
    let (chain, _) = Chain::open(CHAIN).await;
    let provider = chain.provider();
    appoint(&chain, &provider, EVENTFUL, EVENTS).await;
    let eventful = EVENTFUL * EVENTS;
    AnvilApi::<Ethereum>::anvil_mine(&provider, Some(EMPTY), None).await.unwrap();
    let height = provider.get_block_number().await.unwrap();
    for (what, blocks) in [("with events", 0..=height - EMPTY), ("without", height - EMPTY + 1..=height)] {
        let (start, count) = (Instant::now(), blocks.clone().count());
        let found = all(&chain.resolver(), blocks.clone()).await.len();
        assert_eq!(found as u64, if *blocks.start() == 0 { eventful } else { 0 });
        let took = start.elapsed().as_secs_f64();
        let (blocks, events) = (count as f64 / took, found as f64 / took);
        println!("{count} blocks {what}: {blocks:.0} blocks/s, {found} events, {events:.0} events/s");
    }
    let start = Instant::now();
    let found = told(&provider).await.len();
    println!("eth_getLogs alone, unverified: {:.0} events/s", found as f64 / start.elapsed().as_secs_f64());
}

/// The blocks without events that the rate is measured over, those with, and the events in each.
const EMPTY: u64 = 2000;
const EVENTFUL: u64 = 40;
const EVENTS: u64 = 100;
