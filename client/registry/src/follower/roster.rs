//! Who and what is watched, and by how many.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Identity, Query};
use tokio::sync::Notify;

/// Written by those who watch, read by the task.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    wanted: Mutex<Wanted>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Wanted {
    records: HashMap<Identity, Wanting>,
    /// Each with the number of its watchers, never zero.
    queries: HashMap<Query, u32>,
    news: News,
}

/// Who wants a record.
#[derive(Debug, Default)]
struct Wanting {
    /// Never zero.
    watchers: u32,
    /// A key that the first of them said it has.
    hint: Option<PublicKey>,
}

/// What the task has not taken in yet.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Identities that are watched now, each with a key that somebody says it has.
    pub(crate) joined: Vec<(Identity, Option<PublicKey>)>,
    /// Identities that nobody watches any more.
    pub(crate) left: Vec<Identity>,
    pub(crate) has_queries: bool,
}

impl Roster {
    pub(crate) fn join(&self, identity: Identity, hint: Option<PublicKey>) {
        let mut wanted = self.lock();
        let wanting = wanted.records.entry(identity).or_default();
        wanting.watchers = wanting.watchers.saturating_add(1);
        if wanting.watchers == 1 {
            wanting.hint = hint;
            wanted.news.joined.push((identity, hint));
            self.changed.notify_one();
        }
    }

    pub(crate) fn leave(&self, identity: &Identity) {
        let mut wanted = self.lock();
        if let Some(wanting) = wanted.records.get_mut(identity) {
            wanting.watchers = wanting.watchers.saturating_sub(1);
            if wanting.watchers == 0 {
                wanted.records.remove(identity);
                wanted.news.left.push(*identity);
                self.changed.notify_one();
            }
        }
    }

    pub(crate) fn join_queries(&self, queries: &[Query]) {
        let mut wanted = self.lock();
        for query in queries {
            let watchers = wanted.queries.entry(query.clone()).or_default();
            *watchers = watchers.saturating_add(1);
        }
        wanted.news.has_queries = true;
        self.changed.notify_one();
    }

    pub(crate) fn leave_queries(&self, queries: &[Query]) {
        let mut wanted = self.lock();
        for query in queries {
            if let Some(watchers) = wanted.queries.get_mut(query) {
                *watchers = watchers.saturating_sub(1);
            }
        }
        wanted.queries.retain(|_, watchers| *watchers > 0);
    }

    /// Another task begins: whatever is watched is news to it.
    pub(crate) fn begin_anew(&self) {
        let mut wanted = self.lock();
        let joined = wanted.records.iter().map(|(identity, wanting)| (*identity, wanting.hint)).collect();
        wanted.news = News { joined, left: Vec::new(), has_queries: !wanted.queries.is_empty() };
        self.changed.notify_one();
    }

    /// Every watched query, in no order.
    pub(crate) fn queries(&self) -> Vec<Query> {
        self.lock().queries.keys().cloned().collect()
    }

    /// How many identities and how many queries are watched.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let wanted = self.lock();
        (wanted.records.len(), wanted.queries.len())
    }

    /// Done once something changed that was not taken. Safe to cancel.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// What changed since the last time. Whoever left and came again is there; whoever came and left again is not.
    pub(crate) fn take(&self) -> News {
        let mut wanted = self.lock();
        let mut news = std::mem::take(&mut wanted.news);
        news.joined.retain(|(identity, _)| wanted.records.contains_key(identity));
        news.left.retain(|identity| !wanted.records.contains_key(identity));
        news
    }

    // Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use countersign_protocol::Address;

    use super::*;

    fn identity(byte: u8) -> Identity {
        Identity::of(Address([byte; 20]))
    }

    fn joined(news: &News) -> Vec<Identity> {
        news.joined.iter().map(|(identity, _)| *identity).collect()
    }

    #[test]
    fn one_watcher_of_many_leaves_and_nothing_happens() {
        let roster = Roster::default();
        roster.join(identity(1), None);
        roster.join(identity(1), None);
        assert_eq!(joined(&roster.take()), [identity(1)]);
        roster.leave(&identity(1));
        assert!(roster.take().left.is_empty());
        roster.leave(&identity(1));
        assert_eq!(roster.take().left, [identity(1)]);
        roster.leave(&identity(1));
        assert!(roster.take().left.is_empty());
    }

    #[test]
    fn the_last_word_counts() {
        let roster = Roster::default();
        roster.join(identity(1), None);
        roster.leave(&identity(1));
        let news = roster.take();
        assert_eq!((joined(&news), news.left), (vec![], vec![identity(1)]));
        roster.join(identity(2), None);
        roster.take();
        roster.leave(&identity(2));
        roster.join(identity(2), None);
        let news = roster.take();
        assert_eq!((joined(&news), news.left), (vec![identity(2)], vec![]));
    }

    #[test]
    fn a_query_is_wanted_as_long_as_anybody_wants_it() {
        let roster = Roster::default();
        let query = Query::StorageSlot { source: Address([1; 20]), slot: [0; 32] };
        let both = [query.clone(), query.clone()];
        roster.join_queries(&both);
        assert!(roster.take().has_queries);
        roster.leave_queries(std::slice::from_ref(&query));
        assert_eq!(roster.queries(), std::slice::from_ref(&query));
        roster.leave_queries(&[query]);
        assert!(roster.queries().is_empty());
    }
}
