//! What any store promises, asked of each.

use std::sync::Arc;
use std::time::Duration;

use countersign_indexer::record::Status;
use countersign_indexer::store::{News, Rewind};
use countersign_indexer::store::{NewsFilter, RecordQuery, Selection, Sequence, Store, StoreError};
use tokio::time::timeout;

use crate::chain::{self, Choice, identity, registry};
use crate::compare::{compare, is_selected, walk};
use crate::fixture::Fixture;
use crate::twin::{FIRST, Twin, Vouched};

macro_rules! of_any_store {
    ($($name:ident)*) => {
        mod embedded {
            $(#[tokio::test] async fn $name() { super::$name(super::Fixture::embedded().await).await })*
        }
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::Fixture::postgres().await).await })*
        }
    };
}

of_any_store! {
    nothing_is_indexed_at_first
    what_is_stored_is_read_back
    pages_come_in_the_order_of_what_is_selected
    a_page_behind_another_selections_record_has_what_comes_after_it
    a_page_of_none_is_one_of_one
    a_status_is_what_a_record_is_worth_at_the_tips_time
    a_record_is_told_as_it_was_at_every_block
    a_block_above_the_tip_is_ahead
    history_goes_on_before_a_number_that_is_no_more
    a_rewind_undoes_all_above_a_block_and_tells_so
    numbers_are_never_given_twice
    what_was_told_below_a_reorganisation_stays_told
    blocks_below_the_newest_final_one_are_not_kept
    a_writer_that_is_wrong_about_the_tip_stores_nothing
    a_rewind_to_a_block_that_was_not_kept_is_refused
    an_advance_that_does_not_follow_what_is_stored_is_refused
    registries_do_not_mix
    what_is_forgotten_is_indexed_anew_under_new_numbers
    a_change_wakes_who_waits_for_it
    one_leads_at_a_time
    readers_see_whole_advances_only
}

const fn choice(who: u8, what: u8) -> Choice {
    Choice { who, what }
}

/// Registers, rotates with a pinned key and an end, pins, anchors, revokes, appoints and dismisses.
const EVENTFUL: &[&[Choice]] = &[
    &[choice(0, 0), choice(1, 16), choice(2, 32), choice(5, 1)],
    &[],
    &[choice(0, 5), choice(0, 14), choice(1, 0), choice(6, 15)],
    &[choice(2, 3), choice(2, 33), choice(2, 34), choice(8, 0), choice(11, 2)],
    &[choice(6, 7), choice(6, 15), choice(0, 6), choice(5, 4)],
];

async fn begin(fixture: &Fixture) -> Twin {
    let mut twin = Twin::new(fixture.store(), registry(1)).await;
    twin.advance(EVENTFUL, Vouched::default()).await;
    twin
}

async fn nothing_is_indexed_at_first(fixture: Fixture) {
    let (store, registry) = (fixture.store(), registry(1));
    let mut writer = store.lead().await.unwrap();
    assert_eq!(store.registries().await.unwrap(), []);
    assert_eq!(store.newest().await.unwrap(), Sequence(0));
    assert_eq!(writer.tip(registry).await.unwrap(), None);
    assert_eq!(writer.kept(registry).await.unwrap(), []);
    let is_not_indexed = |failure| matches!(failure, StoreError::NotIndexed(of) if of == registry);
    assert!(is_not_indexed(store.tip(registry).await.unwrap_err()));
    assert!(is_not_indexed(store.record(registry, identity(0)).await.unwrap_err()));
    assert!(is_not_indexed(store.record_at(registry, identity(0), 1).await.unwrap_err()));
    assert!(is_not_indexed(store.history(registry, identity(0), None, 1).await.unwrap_err()));
    assert!(is_not_indexed(store.appointments(registry, chain::owner(0)).await.unwrap_err()));
    assert!(is_not_indexed(store.news(registry, NewsFilter::All, Sequence(0), 1).await.unwrap_err()));
    let query = RecordQuery { selection: Selection::All, status: None, after: None, limit: 1 };
    assert!(is_not_indexed(store.records(registry, query).await.unwrap_err()));
}

async fn what_is_stored_is_read_back(fixture: Fixture) {
    let mut twin = begin(&fixture).await;
    compare(&mut twin).await;
    twin.advance(&[&[choice(0, 0)], &[choice(1, 3)]], Vouched::default()).await;
    compare(&mut twin).await;
    twin.advance(&[&[]], Vouched::default()).await;
    compare(&mut twin).await;
}

async fn pages_come_in_the_order_of_what_is_selected(fixture: Fixture) {
    let mut twin = Twin::new(fixture.store(), registry(1)).await;
    let all: Vec<_> = (0..chain::OWNERS * chain::LABELS).rev().map(|who| choice(who, 0)).collect();
    twin.advance(&[&all], Vouched::default()).await;
    let entries = twin.model.entries();
    assert_eq!(entries.len(), all.len());
    for limit in 1..=all.len() + 1 {
        assert_eq!(walk(&twin, Selection::All, None, limit).await, entries);
        let labelled = walk(&twin, Selection::Label(chain::label(1)), None, limit).await;
        assert!(labelled.is_sorted_by_key(|entry| entry.identity.owner));
        assert_eq!(labelled.len(), usize::from(chain::OWNERS));
        let owned = walk(&twin, Selection::Owner(chain::owner(2)), None, limit).await;
        assert!(owned.is_sorted_by_key(|entry| entry.identity.label));
        assert_eq!(owned.len(), usize::from(chain::LABELS));
    }
}

async fn a_page_behind_another_selections_record_has_what_comes_after_it(fixture: Fixture) {
    let twin = begin(&fixture).await;
    let entries = twin.model.entries();
    for behind in chain::identities() {
        for selection in [Selection::Owner(chain::owner(1)), Selection::Signer(chain::signer(0))] {
            let query = RecordQuery { selection, status: None, after: Some(behind), limit: 100 };
            let page = twin.store.records(twin.registry, query).await.unwrap().value;
            let mut expected = entries.clone();
            expected.retain(|entry| entry.identity > behind && is_selected(entry, selection));
            assert_eq!(page.entries, expected, "{selection:?} behind {behind:?}");
        }
    }
}

async fn a_page_of_none_is_one_of_one(fixture: Fixture) {
    let twin = begin(&fixture).await;
    let query = RecordQuery { selection: Selection::All, status: None, after: None, limit: 0 };
    let page = twin.store.records(twin.registry, query).await.unwrap().value;
    assert_eq!(page.entries.len(), 1);
    assert_eq!(page.next, Some(page.entries[0].identity));
}

async fn a_status_is_what_a_record_is_worth_at_the_tips_time(fixture: Fixture) {
    let mut twin = Twin::new(fixture.store(), registry(1)).await;
    twin.advance(&[&[choice(0, 0), choice(1, 16), choice(2, 0), choice(2, 3)]], Vouched::default()).await;
    let count = async |twin: &Twin, status| walk(twin, Selection::All, Some(status), 1).await.len();
    assert_eq!(count(&twin, Status::Active).await, 2);
    assert_eq!(count(&twin, Status::Expired).await, 0);
    assert_eq!(count(&twin, Status::Revoked).await, 1);
    // Nothing but time passes.
    twin.advance(&[&[], &[], &[]], Vouched::default()).await;
    assert_eq!(count(&twin, Status::Active).await, 1);
    assert_eq!(count(&twin, Status::Expired).await, 1);
    assert_eq!(count(&twin, Status::Revoked).await, 1);
}

async fn a_record_is_told_as_it_was_at_every_block(fixture: Fixture) {
    let mut twin = begin(&fixture).await;
    twin.advance(EVENTFUL, Vouched::default()).await;
    for height in 0..=twin.model.height() {
        let expected = twin.model.entries_at(height);
        for identity in chain::identities() {
            let answer = twin.store.record_at(twin.registry, identity, height).await.unwrap();
            let there = expected.iter().find(|entry| entry.identity == identity).copied();
            assert_eq!(answer.value, there, "at {height}");
        }
    }
}

async fn a_block_above_the_tip_is_ahead(fixture: Fixture) {
    let twin = begin(&fixture).await;
    let tip = twin.model.height();
    for asked in [tip + 1, u64::MAX] {
        let answer = twin.store.record_at(twin.registry, identity(0), asked).await;
        assert!(matches!(answer, Err(StoreError::Ahead { asked: of, tip: at }) if (of, at) == (asked, tip)));
    }
}

async fn history_goes_on_before_a_number_that_is_no_more(fixture: Fixture) {
    let mut twin = begin(&fixture).await;
    let to = twin.model.kept[2];
    let gone = twin.model.history(identity(2))[0].sequence;
    twin.rewind(to).await;
    twin.advance(&[&[choice(2, 0), choice(2, 1)]], Vouched::default()).await;
    let history = twin.model.history(identity(2));
    let before = history.iter().filter(|stored| stored.sequence < gone).cloned().collect::<Vec<_>>();
    assert!(before.len() < history.len() && !before.is_empty());
    assert_eq!(twin.store.history(twin.registry, identity(2), Some(gone), 9).await.unwrap().value, before);
    let other = twin.model.history(identity(0))[0].sequence;
    let before = history.into_iter().filter(|stored| stored.sequence < other).collect::<Vec<_>>();
    assert_eq!(twin.store.history(twin.registry, identity(2), Some(other), 9).await.unwrap().value, before);
}

async fn a_rewind_undoes_all_above_a_block_and_tells_so(fixture: Fixture) {
    let mut twin = begin(&fixture).await;
    let at_first = twin.model.kept[0];
    twin.rewind(twin.model.kept[2]).await;
    compare(&mut twin).await;
    twin.advance(&[&[choice(2, 3), choice(9, 0)], &[choice(5, 3)]], Vouched::default()).await;
    compare(&mut twin).await;
    twin.rewind(at_first).await;
    compare(&mut twin).await;
    assert_eq!(twin.all().await.iter().filter(|news| matches!(news, News::Reorganised { .. })).count(), 2);
    twin.advance(EVENTFUL, Vouched::default()).await;
    compare(&mut twin).await;
}

async fn numbers_are_never_given_twice(fixture: Fixture) {
    let mut twin = begin(&fixture).await;
    let mut given: Vec<_> = twin.all().await.iter().map(News::sequence).collect();
    for _ in 0..3 {
        let newest = twin.store.newest().await.unwrap();
        twin.rewind(twin.model.kept[1]).await;
        twin.advance(&[&[choice(3, 0)], &[choice(4, 0)]], Vouched::default()).await;
        let news = twin.store.news(twin.registry, NewsFilter::All, newest, 100).await.unwrap().value;
        given.extend(news.iter().map(News::sequence));
    }
    assert!(given.is_sorted_by(|a, b| a.0 + 1 == b.0), "{given:?}");
}

async fn what_was_told_below_a_reorganisation_stays_told(fixture: Fixture) {
    let mut twin = Twin::new(fixture.store(), registry(1)).await;
    twin.advance(&[&[choice(0, 0)], &[], &[choice(1, 0)]], Vouched { is_told: true, finalized: 0 }).await;
    twin.advance(&[&[choice(2, 0)]], Vouched::default()).await;
    let told = async |twin: &Twin| twin.store.tip(twin.registry).await.unwrap().told_through;
    assert_eq!(told(&twin).await, Some(FIRST + 2));
    twin.rewind(twin.model.kept[2]).await;
    assert_eq!(told(&twin).await, Some(FIRST + 2));
    twin.rewind(twin.model.kept[1]).await;
    assert_eq!(told(&twin).await, Some(FIRST + 1));
    twin.advance(&[&[choice(2, 0)]], Vouched::default()).await;
    assert_eq!(told(&twin).await, Some(FIRST + 1));
}

async fn blocks_below_the_newest_final_one_are_not_kept(fixture: Fixture) {
    let mut twin = Twin::new(fixture.store(), registry(1)).await;
    twin.advance(&[&[], &[], &[], &[]], Vouched::default()).await;
    let heights = async |twin: &mut Twin| -> Vec<u64> {
        let kept = twin.writer.kept(twin.registry).await.unwrap();
        kept.iter().map(|kept| kept.block.number).collect()
    };
    assert_eq!(heights(&mut twin).await, [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]);
    twin.advance(&[&[]], Vouched { finalized: FIRST + 2, is_told: false }).await;
    assert_eq!(heights(&mut twin).await, [FIRST + 2, FIRST + 3, FIRST + 4]);
    twin.advance(&[&[]], Vouched { finalized: FIRST + 2, is_told: false }).await;
    assert_eq!(heights(&mut twin).await, [FIRST + 2, FIRST + 3, FIRST + 4, FIRST + 5]);
    twin.advance(&[&[], &[]], Vouched { finalized: u64::MAX, is_told: false }).await;
    assert_eq!(heights(&mut twin).await, [FIRST + 7]);
}

async fn a_writer_that_is_wrong_about_the_tip_stores_nothing(fixture: Fixture) {
    let mut twin = begin(&fixture).await;
    let stale = twin.next(&[&[choice(0, 0)]], Vouched::default());
    twin.advance(&[&[choice(1, 0)]], Vouched::default()).await;
    let stored = twin.model.tip.map(|tip| tip.block);
    let refused = twin.writer.advance(twin.registry, &stale).await;
    assert!(
        matches!(refused, Err(StoreError::Moved { stored: of, believed }) if of == stored && believed == stale.base)
    );
    let first = countersign_indexer::store::Advance { base: None, ..stale.clone() };
    let refused = twin.writer.advance(twin.registry, &first).await;
    assert!(matches!(refused, Err(StoreError::Moved { stored: of, believed: None }) if of == stored));
    let rewind = Rewind { from: stale.base.unwrap(), to: twin.model.kept[0] };
    let refused = twin.writer.rewind(twin.registry, &rewind).await;
    assert!(matches!(refused, Err(StoreError::Moved { .. })));
    compare(&mut twin).await;
}

async fn a_rewind_to_a_block_that_was_not_kept_is_refused(fixture: Fixture) {
    let mut twin = begin(&fixture).await;
    let mut to = twin.model.kept[1];
    to.block.hash = chain::word(99);
    let from = twin.model.tip.unwrap().block;
    let refused = twin.writer.rewind(twin.registry, &Rewind { from, to }).await;
    assert!(matches!(refused, Err(StoreError::Moved { .. })));
    to.block.number = FIRST - 1;
    let refused = twin.writer.rewind(twin.registry, &Rewind { from, to }).await;
    assert!(matches!(refused, Err(StoreError::Moved { stored: None, .. })));
    compare(&mut twin).await;
}

async fn an_advance_that_does_not_follow_what_is_stored_is_refused(fixture: Fixture) {
    let mut twin = begin(&fixture).await;
    let mut other = Twin { model: Default::default(), ..begin_again(&fixture, twin).await };
    let mut unfounded = other.next(&[&[choice(0, 0)], &[choice(7, 0), choice(7, 0)]], Vouched::default());
    unfounded.changes.remove(0);
    unfounded.changes[0].changes.remove(0);
    let refused = other.writer.advance(registry(2), &unfounded).await;
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
    assert_eq!(other.writer.tip(registry(2)).await.unwrap(), None);
    drop(other);
    twin = Twin::new(fixture.store(), registry(3)).await;
    twin.advance(EVENTFUL, Vouched::default()).await;
    compare(&mut twin).await;
}

async fn begin_again(fixture: &Fixture, last: Twin) -> Twin {
    drop(last);
    Twin::new(fixture.store(), registry(2)).await
}

async fn registries_do_not_mix(fixture: Fixture) {
    let first = begin(&fixture).await;
    let (model, was) = (first.model.clone(), first.registry);
    let mut second = begin_again(&fixture, first).await;
    second.advance(&[&[choice(0, 0), choice(9, 0)], &[choice(9, 3)]], Vouched::default()).await;
    compare(&mut second).await;
    second.rewind(second.model.kept[0]).await;
    compare(&mut second).await;
    let newest = second.model.newest;
    second.writer.forget(second.registry).await.unwrap();
    let mut first = Twin { registry: was, model, ..second };
    first.model.newest = newest + 1;
    compare(&mut first).await;
    first.advance(&[&[choice(0, 0)]], Vouched::default()).await;
    compare(&mut first).await;
}

async fn what_is_forgotten_is_indexed_anew_under_new_numbers(fixture: Fixture) {
    let mut twin = begin(&fixture).await;
    let newest = twin.model.newest;
    twin.writer.forget(twin.registry).await.unwrap();
    twin.writer.forget(twin.registry).await.unwrap();
    assert_eq!(twin.store.registries().await.unwrap(), [(twin.registry, None)]);
    assert!(matches!(twin.store.tip(twin.registry).await, Err(StoreError::NotIndexed(_))));
    assert_eq!(twin.writer.kept(twin.registry).await.unwrap(), []);
    assert_eq!(twin.held().await, Default::default());
    twin.model = Default::default();
    twin.model.newest = newest + 1;
    twin.model.reorganisations = vec![(newest + 1, Default::default())];
    compare(&mut twin).await;
    twin.advance(EVENTFUL, Vouched::default()).await;
    compare(&mut twin).await;
}

async fn a_change_wakes_who_waits_for_it(fixture: Fixture) {
    let mut twin = begin(&fixture).await;
    for reader in [fixture.store(), fixture.elsewhere().await] {
        let newest = twin.store.newest().await.unwrap();
        timeout(PATIENCE, reader.changed_after(Sequence(newest.0 - 1))).await.unwrap().unwrap();
        let waiting = tokio::spawn(async move { reader.changed_after(newest).await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!waiting.is_finished());
        twin.advance(&[&[choice(0, 0)]], Vouched::default()).await;
        timeout(PATIENCE, waiting).await.unwrap().unwrap().unwrap();
    }
}

async fn one_leads_at_a_time(fixture: Fixture) {
    let twin = begin(&fixture).await;
    let elsewhere = fixture.elsewhere().await;
    let next = tokio::spawn(async move { elsewhere.lead().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!next.is_finished());
    let (registry, tip) = (twin.registry, twin.model.tip);
    drop(twin);
    let mut writer = timeout(PATIENCE, next).await.unwrap().unwrap().unwrap();
    assert_eq!(writer.tip(registry).await.unwrap(), tip);
}

/// While one writes, the tip, the records and the news are always of the same block.
async fn readers_see_whole_advances_only(fixture: Fixture) {
    let mut twin = begin(&fixture).await;
    let (reader, registry) = (fixture.elsewhere().await, twin.registry);
    let reading = tokio::spawn(async move { read_until(reader, registry, FIRST + 45).await });
    for _ in 0..20 {
        let all: Vec<_> = (0..chain::OWNERS * chain::LABELS).map(|who| choice(who, 14)).collect();
        twin.advance(&[&all, &all], Vouched::default()).await;
        tokio::task::yield_now().await;
    }
    twin.advance(&[&[]], Vouched::default()).await;
    timeout(PATIENCE, reading).await.unwrap().unwrap();
}

async fn read_until(reader: Arc<dyn Store>, registry: countersign_registry::RegistryAt, height: u64) {
    loop {
        let query = RecordQuery { selection: Selection::All, status: None, after: None, limit: 100 };
        let records = reader.records(registry, query).await.unwrap();
        if records.tip.block.number >= height {
            return;
        }
        let odd = FIRST + 6;
        let newest = records.value.entries.iter().map(|entry| entry.changed.place.block).max().unwrap();
        assert!(newest == records.tip.block.number || records.tip.block.number < odd);
        let news = reader.news(registry, NewsFilter::All, Sequence(0), 10_000).await.unwrap();
        // The last block has no events.
        if news.tip.block.number >= height {
            return;
        }
        assert_eq!(news.value.iter().map(block_of).max().unwrap(), news.tip.block.number);
    }
}

fn block_of(news: &News) -> u64 {
    match news {
        News::Event(stored) => stored.change.event.place.block,
        News::Reorganised { to, .. } => to.number,
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
