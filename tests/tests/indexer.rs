//! An index of a real chain: what it holds is what the chain says, whatever the chain and its node do.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use countersign::registry::{RecordWord, Standing};
use countersign_indexer::indexing::Backfill;
use countersign_indexer::record::Status;
use countersign_indexer::store::{News, NewsFilter, RecordQuery, Selection, Sequence};
use countersign_indexer::verification::Difference;
use countersign_tests::followed::reorganise;
use countersign_tests::indexed::Indexed;
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{Market, Party, Terms, prompt, resolver_at};
use serde_json::json;

const EVERY_RECORD: RecordQuery =
    RecordQuery { selection: Selection::All, status: None, after: None, limit: 100 };

/// Records of every kind, far enough below the head to be read by an endpoint's word.
async fn busy_market() -> (Market, Vec<Party>) {
    let market = Market::open().await;
    let mut parties = Vec::new();
    for account in 1..6 {
        let terms = Terms { is_compact: account % 2 == 0, ..Terms::default() };
        parties.push(market.enrol(account, "", terms).await);
        market.mine(7).await;
    }
    parties.push(market.enrol(1, "desk", Terms::default()).await);
    parties[1].rotate(Terms::default()).await;
    parties[2].rotate(Terms { is_compact: true, ..Terms::default() }).await;
    parties[3].revoke().await;
    parties[4].appoint([7; 20]).await;
    market.mine(100).await;
    (market, parties)
}

async fn behind_proxy(market: &Market) -> Proxy {
    Proxy::before(market.endpoint().to_string().parse().unwrap()).await
}

#[tokio::test]
async fn an_index_is_what_the_chain_says_however_it_was_read() {
    let (market, parties) = busy_market().await;
    for backfill in [Backfill::Told, Backfill::Verified] {
        let indexed = Indexed::by(market.resolver(), backfill).await;
        let found = indexed.compared(&market).await;
        assert_eq!((found.events, found.records, found.differences), (10, 6, vec![]), "{backfill:?}");
        let tip = indexed.store.tip(indexed.registry).await.unwrap();
        assert_eq!(tip.told_through.is_some(), backfill == Backfill::Told);
        for party in &parties {
            let entry = indexed.store.record(indexed.registry, party.identity).await.unwrap().value.unwrap();
            let standings = market.resolver().standings(&[party.identity]).await.unwrap();
            let status = match standings.each[0].as_ref().unwrap() {
                Standing::Active(record) => {
                    let RecordWord { version, signer, .. } = entry.record.fields().unwrap();
                    assert_eq!((version, signer), (record.version, record.signer));
                    Status::Active
                }
                Standing::Revoked { .. } => Status::Revoked,
                other => panic!("{other:?}"),
            };
            assert_eq!(entry.record.status_at(tip.timestamp), status);
        }
        let operators =
            indexed.store.appointments(indexed.registry, parties[4].identity.owner).await.unwrap();
        assert_eq!(operators.value.len(), 1);
        assert_eq!(operators.value[0].0.0, [7; 20]);
    }
}

#[tokio::test]
async fn a_reorganisation_of_any_depth_is_followed_and_told() {
    let market = Market::open().await;
    market.mine(70).await;
    let indexed = Indexed::by(market.resolver(), Backfill::Told).await;
    indexed.reach(&market).await;
    let mut seen = Sequence(0);
    for (round, depth) in [1, 2, 3, 8, 20, 64].into_iter().enumerate() {
        let party = market.enrol(1 + round, "", Terms::default()).await;
        market.mine(depth - 1).await;
        indexed.reach(&market).await;
        assert!(indexed.store.record(indexed.registry, party.identity).await.unwrap().value.is_some());

        reorganise(&market, depth).await;
        let found = indexed.compared(&market).await;
        assert_eq!(found.differences, [], "{depth}");
        assert!(indexed.store.record(indexed.registry, party.identity).await.unwrap().value.is_none());
        let news = indexed.store.news(indexed.registry, NewsFilter::All, seen, 100).await.unwrap().value;
        let [News::Reorganised { sequence, to }] = news[..] else { panic!("{news:?}") };
        assert!(sequence > seen && to.number < found.block.number);
        seen = sequence;
    }
}

/// Versions begin at 1 and never skip: so what a node leaves out shows at the record's next event, and all is read again,
/// proven.
#[tokio::test]
async fn an_event_that_a_node_leaves_out_is_missed_at_the_next_one() {
    let (market, _) = busy_market().await;
    let proxy = behind_proxy(&market).await;
    proxy.bend("eth_getLogs", |logs| drop(logs.as_array_mut().unwrap().remove(1)));
    let indexed = Indexed::by(resolver_at(proxy.endpoint(), prompt()), Backfill::Told).await;
    assert_eq!(indexed.compared(&market).await.differences, []);
    assert_eq!(indexed.store.tip(indexed.registry).await.unwrap().told_through, None);
    assert!(proxy.calls("eth_getLogs") > 0 && proxy.calls("eth_getBlockReceipts") > 0);
}

/// Where there is no later event, only the chain's own commitments tell.
#[tokio::test]
async fn an_event_that_a_node_leaves_out_for_good_is_found_by_comparing() {
    let (market, parties) = busy_market().await;
    let proxy = behind_proxy(&market).await;
    // The revocation is the last event of its record.
    proxy.bend("eth_getLogs", |logs| {
        logs.as_array_mut().unwrap().retain(|log| log["topics"][0] != json!(revoked()));
    });
    let indexed = Indexed::by(resolver_at(proxy.endpoint(), prompt()), Backfill::Told).await;
    indexed.reach(&market).await;
    let found = indexed.compared(&market).await;
    assert!(found.differences.contains(&Difference::Record(parties[3].identity)), "{found:?}");
    let proven = indexed.restarted(resolver_at(proxy.endpoint(), prompt()), Backfill::Verified).await;
    assert!(
        !proven.compared(&market).await.differences.is_empty(),
        "what is stored stays until it is reindexed"
    );
    proven.store.records(proven.registry, EVERY_RECORD).await.unwrap();
}

fn revoked() -> String {
    use alloy::sol_types::SolEvent;
    use countersign::registry::interface::IKeyRegistry::KeyRevoked;
    KeyRevoked::SIGNATURE_HASH.to_string()
}

#[tokio::test]
async fn whatever_the_node_does_meanwhile_nothing_is_lost_or_doubled() {
    let (market, _) = busy_market().await;
    let proxy = behind_proxy(&market).await;
    let indexed = Indexed::by(resolver_at(proxy.endpoint(), prompt()), Backfill::Told).await;
    indexed.reach(&market).await;
    let lies = || {
        [
            Lie::HangUp,
            Lie::Say("no JSON".into()),
            Lie::Say("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":null}".into()),
            Lie::Delay(Duration::from_millis(300)),
        ]
    };
    for (round, lie) in lies().into_iter().enumerate() {
        proxy.tell(lie);
        let party = market.enrol(6, &format!("round-{round}"), Terms::default()).await;
        party.rotate(Terms::default()).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        if round % 2 == 1 {
            reorganise(&market, 1).await;
        }
        proxy.tell(Lie::None);
        assert_eq!(indexed.compared(&market).await.differences, [], "{round}");
    }
}

#[tokio::test]
async fn whoever_is_interrupted_goes_on_without_a_gap() {
    let (market, _) = busy_market().await;
    let mut indexed = Indexed::by(market.resolver(), Backfill::Told).await;
    for round in 0..8 {
        tokio::time::sleep(Duration::from_millis(15 * round)).await;
        let party = market.enrol(6, &format!("round-{round}"), Terms::default()).await;
        if round % 2 == 1 {
            party.revoke().await;
            reorganise(&market, 1).await;
        }
        indexed = indexed.restarted(market.resolver(), Backfill::Told).await;
    }
    assert_eq!(indexed.compared(&market).await.differences, []);
}

#[tokio::test]
async fn another_chain_of_the_same_id_is_not_taken_for_it() {
    let (market, _) = busy_market().await;
    let indexed = Indexed::by(market.resolver(), Backfill::Told).await;
    let tip = indexed.reach(&market).await;
    let other = Market::open().await;
    other.mine(400).await;
    let indexed = indexed.restarted(other.resolver(), Backfill::Told).await;
    let trouble = indexed.trouble().await;
    assert!(trouble.contains("another chain") && trouble.contains("reindex"), "{trouble}");
    assert_eq!(indexed.store.tip(indexed.registry).await.unwrap().block, tip.block, "what was stored stays");
}
