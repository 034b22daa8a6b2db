//! A page of records, from what an engine found.

use super::{Entry, Page, RecordQuery, Tip};

/// How many records an engine has to find: one more than is asked for tells whether there are more.
pub(super) const fn looked_at(query: &RecordQuery) -> usize {
    shown(query).saturating_add(1)
}

/// Those of the records found that are asked for.
pub(super) fn of(mut entries: Vec<Entry>, query: &RecordQuery, tip: Tip) -> Page {
    let is_more = entries.len() > shown(query);
    entries.truncate(shown(query));
    let next = entries.last().filter(|_| is_more).map(|last| last.identity);
    if let Some(status) = query.status {
        entries.retain(|entry| entry.record.status_at(tip.timestamp) == status);
    }
    Page { entries, next }
}

/// A page of none would never end.
const fn shown(query: &RecordQuery) -> usize {
    if query.limit == 0 { 1 } else { query.limit }
}
