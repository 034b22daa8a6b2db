//! A registry's index as one file of lines, made from any store while it is written to, and read into another.
//!
//! ```text
//! {"format":"countersign.index.v1","chain_id":1,"registry":"0x…","tip":{"number":…,"hash":"0x…","timestamp":…},"told_through":…}
//! {"block":…,"timestamp":…,"log_index":…,"transaction":"0x…","kind":"registered","owner":"0x…","label":"0x…",…}
//! …                                                                one line for each event, in the order of the chain
//! {"end":true,"events":…}
//! ```
//!
//! It goes up to a block that is final, so that no reorganisation undoes it: what came after is read from the chain again.
//! Restoring applies each event as if it came from the chain, so a line that is missing or changed is found out wherever
//! versions show it.

mod line;
mod restoring;

use std::sync::Arc;

use alloy::eips::BlockNumHash;
use countersign_registry::RegistryAt;
use futures_util::stream::{self, Stream};

use crate::store::{KeptBlock, News, NewsFilter, Sequence, Store, StoreError};
use line::{End, Head, Line, TipLine};
pub use restoring::{RestoreError, Restored, restore};

/// The lines of a backup, each with its line feed.
pub fn lines(
    store: Arc<dyn Store>,
    registry: RegistryAt,
) -> impl Stream<Item = Result<String, StoreError>> + Send + 'static {
    stream::unfold(Some(Export { store, registry, state: State::Head }), |export| async move {
        let mut export = export?;
        match export.next().await {
            Ok(Some(text)) => Some((Ok(text), Some(export))),
            Ok(None) => None,
            Err(failure) => Some((Err(failure), None)),
        }
    })
}

struct Export {
    store: Arc<dyn Store>,
    registry: RegistryAt,
    state: State,
}

enum State {
    Head,
    Events { through: u64, after: Sequence, count: u64 },
    Ended,
}

impl Export {
    /// Some lines; `None` after the last.
    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        match self.state {
            State::Head => {
                let tip = self.store.tip(self.registry).await?;
                let kept = self.store.kept(self.registry).await?;
                let here = KeptBlock { block: tip.block, timestamp: tip.timestamp };
                let last = kept.first().copied().unwrap_or(here);
                let head = Head::of(self.registry, TipLine::of(last), tip.told_through);
                self.state = State::Events { through: last.block.number, after: Sequence(0), count: 0 };
                Ok(Some(Line::Head(head).text()))
            }
            State::Events { through, after, count } => self.events(through, after, count).await.map(Some),
            State::Ended => Ok(None),
        }
    }

    async fn events(&mut self, through: u64, after: Sequence, count: u64) -> Result<String, StoreError> {
        let page = self.store.news(self.registry, NewsFilter::All, after, PAGE).await?.value;
        let (mut text, mut after, mut count) = (String::new(), after, count);
        let mut is_over = page.is_empty();
        for news in page {
            match news {
                News::Event(stored) if stored.change.event.place.block <= through => {
                    text.push_str(&Line::Event(stored.change.event.into()).text());
                    (after, count) = (stored.sequence, count + 1);
                }
                News::Event(_) => is_over = true,
                // What it undid is not told any more.
                News::Reorganised { sequence, .. } => after = sequence,
            }
        }
        self.state = State::Events { through, after, count };
        if is_over {
            text.push_str(&Line::End(End::of(count)).text());
            self.state = State::Ended;
        }
        Ok(text)
    }
}

/// Which block a backup goes up to.
fn block_of(tip: &TipLine) -> BlockNumHash {
    BlockNumHash { number: tip.number, hash: tip.hash }
}

/// Events read at a time.
const PAGE: usize = 1000;
