//! All that a store answers, compared with the model.

use countersign_indexer::record::Status;
use countersign_indexer::store::{
    Answer, Entry, News, NewsFilter, RecordQuery, Selection, Sequence, StoreError, Stored,
};
use countersign_protocol::Identity;

use crate::chain;
use crate::twin::{FIRST, Twin, is_revocation};

/// Fails where an answer differs.
pub async fn compare(twin: &mut Twin) {
    let (registry, tip) = (twin.registry, twin.model.tip);
    assert_eq!(twin.writer.tip(registry).await.unwrap(), tip);
    assert_eq!(twin.store.newest().await.unwrap(), Sequence(twin.model.newest));
    assert_eq!(twin.writer.kept(registry).await.unwrap(), twin.model.kept);
    let Some(tip) = tip else {
        assert!(matches!(twin.store.tip(registry).await, Err(StoreError::NotIndexed(of)) if of == registry));
        return;
    };
    assert_eq!(twin.store.tip(registry).await.unwrap(), tip);
    assert!(twin.store.registries().await.unwrap().contains(&(registry, Some(tip))));
    assert_eq!(twin.held().await, twin.model.state());
    compare_pages(twin).await;
    compare_records(twin).await;
    compare_appointments(twin).await;
    compare_news(twin).await;
}

async fn compare_pages(twin: &Twin) {
    let entries = twin.model.entries();
    let mut selections = vec![Selection::All];
    selections.extend((0..chain::OWNERS).map(chain::owner).map(Selection::Owner));
    selections.extend((0..chain::LABELS).map(chain::label).map(Selection::Label));
    selections.extend((0..chain::SIGNERS).map(chain::signer).map(Selection::Signer));
    for (number, selection) in selections.into_iter().enumerate() {
        let mut expected = entries.clone();
        expected.retain(|entry| is_selected(entry, selection));
        assert_eq!(walk(twin, selection, None, number % 4 + 1).await, expected, "{selection:?}");
        assert_eq!(walk(twin, selection, None, 1000).await, expected, "{selection:?}");
    }
    let time = twin.model.tip.unwrap().timestamp;
    for status in [Status::Active, Status::Expired, Status::Revoked] {
        let mut expected = entries.clone();
        expected.retain(|entry| entry.record.status_at(time) == status);
        assert_eq!(walk(twin, Selection::All, Some(status), 2).await, expected, "{status:?}");
    }
}

pub fn is_selected(entry: &Entry, selection: Selection) -> bool {
    match selection {
        Selection::All => true,
        Selection::Owner(owner) => entry.identity.owner == owner,
        Selection::Label(label) => entry.identity.label == label,
        Selection::Signer(signer) => entry.record.fields().is_some_and(|fields| fields.signer == signer),
    }
}

/// All pages, one after the other.
pub async fn walk(twin: &Twin, selection: Selection, status: Option<Status>, limit: usize) -> Vec<Entry> {
    let (mut entries, mut after) = (Vec::new(), None);
    loop {
        let query = RecordQuery { selection, status, after, limit };
        let Answer { tip, value: page } = twin.store.records(twin.registry, query).await.unwrap();
        assert_eq!(Some(tip), twin.model.tip);
        assert!(page.entries.len() <= limit);
        assert!(status.is_some() || page.next.is_none() || page.entries.len() == limit);
        entries.extend(page.entries);
        match page.next {
            None => return entries,
            next => after = next,
        }
    }
}

async fn compare_records(twin: &Twin) {
    let entries = twin.model.entries();
    let height = twin.model.height();
    let at: Vec<_> = [FIRST - 1, FIRST, height - (height - FIRST) / 2, height.max(FIRST + 1) - 1, height]
        .map(|height| (height, twin.model.entries_at(height)))
        .into();
    for identity in chain::identities() {
        let of = |entries: &[Entry]| entries.iter().find(|entry| entry.identity == identity).copied();
        let answer = twin.store.record(twin.registry, identity).await.unwrap();
        assert_eq!(answer, Answer { tip: twin.model.tip.unwrap(), value: of(&entries) });
        for (height, entries) in &at {
            let answer = twin.store.record_at(twin.registry, identity, *height).await.unwrap();
            assert_eq!(answer.value, of(entries), "{identity:?} at {height}");
        }
        compare_history(twin, identity).await;
    }
}

async fn compare_history(twin: &Twin, identity: Identity) {
    let expected = twin.model.history(identity);
    let (mut found, mut before): (Vec<Stored>, _) = (Vec::new(), None);
    loop {
        let page = twin.store.history(twin.registry, identity, before, 2).await.unwrap().value;
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        before = Some(last.sequence);
        found.extend(page);
    }
    assert_eq!(found, expected, "{identity:?}");
}

async fn compare_appointments(twin: &Twin) {
    let state = twin.model.state();
    for owner in (0..chain::OWNERS).map(chain::owner) {
        let of = state.appointments.iter().filter(|(appointment, _)| appointment.owner == owner);
        let mut expected: Vec<_> = of.map(|(appointment, until)| (appointment.operator, *until)).collect();
        expected.sort_unstable();
        assert_eq!(twin.store.appointments(twin.registry, owner).await.unwrap().value, expected);
    }
}

async fn compare_news(twin: &Twin) {
    let expected = twin.model.news();
    assert_eq!(twin.all().await, expected);
    let mut revocations = expected.clone();
    revocations.retain(is_revocation);
    let news = twin.store.news(twin.registry, NewsFilter::Revocations, Sequence(0), 1000).await.unwrap();
    assert_eq!(news.value, revocations);
    for news in [&expected, &revocations] {
        let filter = if news.len() == expected.len() { NewsFilter::All } else { NewsFilter::Revocations };
        let Some(middle) = news.get(news.len() / 2).map(News::sequence) else { continue };
        let page = twin.store.news(twin.registry, filter, middle, 3).await.unwrap().value;
        let behind: Vec<_> = news.iter().filter(|news| news.sequence() > middle).take(3).cloned().collect();
        assert_eq!(page, behind);
    }
}
