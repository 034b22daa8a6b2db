//! The newest block, as it comes: each endpoint's heads are followed, and told where enough of them agree.
//!
//! ```text
//! endpoint ──Feed──► Board ──Tally──► accepted? ──► HeadNews
//! ```
//! What an endpoint shows is a hint until its header hashes to what is claimed, enough others vouch for it
//! ([`Tally`]), and clock and height pass. A slow or silent endpoint holds up nobody but itself.

mod backoff;
mod board;
mod feed;
mod proven_feed;
mod rollback;
mod shown;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use alloy::consensus::Header;
use alloy::eips::BlockNumHash;
use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::error::ResolveError;
use crate::health::Announcing;
use crate::proof::ProvenHeader;
use crate::quorum::{Agreed, Tally};
use crate::resolver::Resolver;
use crate::survey::{no_agreement, no_quorum};
use crate::voucher::Voucher;

pub(crate) use backoff::Backoff;
use board::Board;
use feed::Feed;
use proven_feed::ProvenFeed;

/// The heads of one chain as they come, from [`Resolver::heads`]. One task for each endpoint follows it until this is
/// dropped: over a subscription where the endpoint has one, by asking otherwise.
#[derive(Debug)]
pub struct Heads {
    resolver: Resolver,
    board: Arc<Board>,
    _feeds: JoinSet<()>,
    /// What was told last.
    told: Option<Told>,
    /// Since when there is an agreed block to tell, which a voter has outdone already.
    outdone_since: Option<Instant>,
    /// When the last news was told.
    last_news: Instant,
    /// The refused block that was written down last.
    noted: Option<BlockNumHash>,
}

/// What there is to know of the chain's head.
#[derive(Clone, Debug)]
pub enum HeadNews {
    /// Enough endpoints call a block canonical, and it is the newest such block. It need not descend from the one before,
    /// and is lower where the chain went back. Between two news there may have been others.
    Agreed {
        /// What was recomputed of it.
        header: ProvenHeader,
        /// All of its fields.
        full: Arc<Header>,
        /// How many endpoints vouch for it, or how many of the sync committee signed it.
        votes: usize,
    },
    /// Enough endpoints were asked again, and the last agreed block is still their head.
    Still {
        /// The block.
        header: ProvenHeader,
        /// How many said so.
        votes: usize,
        /// They were asked no earlier than that.
        since: std::time::Instant,
    },
    /// For too long neither: why. Said again each time that so long has passed.
    Doubt(ResolveError),
}

#[derive(Debug)]
struct Told {
    header: ProvenHeader,
    /// What was told before it and may be below it, oldest first.
    earlier: VecDeque<ProvenHeader>,
    /// When enough endpoints had been asked and had called it their head, as told last.
    since: Option<std::time::Instant>,
}

impl Told {
    fn following(before: Option<Self>, header: ProvenHeader) -> Self {
        let mut earlier = VecDeque::new();
        if let Some(before) = before {
            earlier = before.earlier;
            earlier.push_back(before.header);
            earlier.retain(|known| known.block().number < header.block().number);
            if earlier.len() > MAX_KEPT {
                earlier.pop_front();
            }
        }
        Self { header, earlier, since: None }
    }

    /// Whether another block is news after this one. A lower one is where it is known to be of another branch: the
    /// chain went back. Otherwise whoever shows it is only late.
    fn gives_way_to(&self, other: &ProvenHeader) -> bool {
        let (told, other) = (self.header.block(), other.block());
        if other.number >= told.number {
            return true;
        }
        let is_beside = |known: &ProvenHeader| known.block().number == other.number && known.block() != other;
        let is_other_parent = other.number + 1 == told.number && other.hash != self.header.parent_hash();
        is_other_parent || self.earlier.iter().any(is_beside)
    }
}

/// What the board says at one moment.
struct Reading {
    tally: Tally,
    /// The newest block that enough vouch for, and what the policy says of it.
    agreed: Option<Agreed>,
    verdict: Result<(), ResolveError>,
    failures: Vec<ResolveError>,
}

impl Resolver {
    /// Follows the chain's head from now on.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn heads(&self) -> Heads {
        Heads::begin(self)
    }

    /// Finds out which endpoints announce their blocks themselves; [`health`](Self::health) tells.
    pub async fn probe_subscriptions(&self) {
        join_all(self.nodes().iter().map(|node| async move {
            match node.announcements().await {
                Ok(Some(_)) => node.health().announces(Announcing::Subscribed),
                Ok(None) | Err(ResolveError::NodeRefused { .. }) => {
                    node.health().announces(Announcing::Polled);
                }
                // Its health has it.
                Err(failure) => tracing::debug!(%failure, "whether it has subscriptions is not known"),
            }
        }))
        .await;
    }
}

impl Heads {
    fn begin(resolver: &Resolver) -> Self {
        let policy = resolver.policy();
        let kept = usize::try_from(policy.max_head_lag).unwrap_or(MAX_KEPT).min(MAX_KEPT);
        let mut feeds = JoinSet::new();
        let board = if let Voucher::LightClient(beacon) = resolver.voucher() {
            let board = Arc::new(Board::new(1, kept));
            let (beacon, nodes) = (beacon.clone(), resolver.nodes().to_vec());
            let (writer, interval) = (board.writer(0), policy.poll_interval);
            feeds.spawn(ProvenFeed { beacon, nodes, writer, interval }.run());
            board
        } else {
            let nodes = resolver.nodes();
            let board = Arc::new(Board::new(nodes.len(), kept));
            for (position, node) in nodes.iter().enumerate() {
                feeds.spawn(Feed::new(node.clone(), board.writer(position), policy).run());
            }
            board
        };
        let (told, outdone_since, last_news, noted) = (None, None, Instant::now(), None);
        Self { resolver: resolver.clone(), board, _feeds: feeds, told, outdone_since, last_news, noted }
    }

    /// What comes next. Cancelling it loses nothing.
    pub async fn next(&mut self) -> HeadNews {
        let board = self.board.clone();
        loop {
            let changed = board.changed();
            let reading = self.read();
            self.note_rollback(&reading).await;
            if let Some(news) = self.news_in(reading) {
                self.last_news = Instant::now();
                return news;
            }
            let _ = timeout_at(self.next_look(), changed).await;
        }
    }

    fn news_in(&mut self, reading: Reading) -> Option<HeadNews> {
        let outdone_since = self.outdone_since.take();
        let news = reading.agreed.filter(|_| reading.verdict.is_ok()).and_then(|agreed| match &self.told {
            Some(told) if told.header == agreed.header => self.still(&agreed.header),
            Some(told) if !told.gives_way_to(&agreed.header) => None,
            _ => self.agreed(agreed, &reading.tally, outdone_since),
        });
        news.or_else(|| (Instant::now() >= self.doubtful_at()).then(|| HeadNews::Doubt(self.doubt(reading))))
    }

    /// A block that was not told yet. Where a voter has a newer one the others have a moment to show it too.
    fn agreed(&mut self, agreed: Agreed, tally: &Tally, outdone: Option<Instant>) -> Option<HeadNews> {
        let now = Instant::now();
        let since = outdone.unwrap_or(now);
        if tally.is_outdated(&agreed) && since + self.patience() > now {
            self.outdone_since = Some(since);
            return None;
        }
        let Agreed { header, votes } = agreed;
        let full = self.full(&header)?;
        self.note_who_is_behind(&header);
        self.told = Some(Told::following(self.told.take(), header));
        Some(HeadNews::Agreed { header, full, votes: self.signed().unwrap_or(votes) })
    }

    /// Whether enough endpoints were asked anew and still call it their head. Those that are ahead do not.
    fn still(&mut self, header: &ProvenHeader) -> Option<HeadNews> {
        let confirmed = self.board.read(|_, shown| {
            shown.confirmed().filter(|_| shown.head().is_some_and(|head| head.proven == *header))
        });
        let mut confirmed: Vec<_> = confirmed.into_iter().flatten().collect();
        confirmed.sort_unstable_by(|one, other| other.cmp(one));
        let since = *confirmed.get(self.resolver.threshold().checked_sub(1)?)?;
        let told = self.told.as_mut()?;
        let pause = self.resolver.policy().poll_interval / 2;
        if told.since.is_some_and(|last| since < last + pause) {
            return None;
        }
        told.since = Some(since);
        let votes = self.signed().unwrap_or(confirmed.len());
        Some(HeadNews::Still { header: *header, votes, since })
    }

    /// How many of the sync committee signed the head; `None` where endpoints are counted.
    fn signed(&self) -> Option<usize> {
        self.board.read(|_, shown| shown.signed()).into_iter().flatten().next()
    }

    /// Looks at the board, and has those asked that could settle what is undecided.
    fn read(&self) -> Reading {
        let policy = self.resolver.policy();
        // Before the board: what is proven meanwhile may be newer than what it says.
        let highest = self.resolver.highest();
        let mut tally = Tally::new(self.resolver.threshold(), policy.max_head_lag);
        let failures = self.board.read(|position, shown| {
            if let Some(head) = shown.head() {
                tally.add_head(position, head.proven);
                shown.below().for_each(|block| tally.add_older(position, block.proven));
            }
            shown.failure().cloned()
        });
        for (position, height) in tally.undecided() {
            self.board.want(position, height);
        }
        let agreed = tally.agreed();
        let verdict = agreed.map_or(Ok(()), |agreed| self.resolver.accept_head(&agreed.header, highest));
        Reading { tally, agreed, verdict, failures: failures.into_iter().flatten().collect() }
    }

    fn full(&self, header: &ProvenHeader) -> Option<Arc<Header>> {
        let found = self.board.read(|_, shown| {
            let mut blocks = shown.head().into_iter().chain(shown.below());
            blocks.find(|block| block.proven == *header).map(|block| block.full.clone())
        });
        found.into_iter().flatten().next()
    }

    fn note_who_is_behind(&self, agreed: &ProvenHeader) {
        if self.resolver.voucher().is_light_client() {
            // No node is asked what it takes for the head.
            return;
        }
        let heights = self.board.read(|_, shown| shown.head().map(|head| head.proven.block().number));
        for (node, height) in self.resolver.nodes().iter().zip(heights) {
            let behind = height.map_or(0, |height| agreed.block().number.saturating_sub(height));
            let is_stalled = behind > self.resolver.policy().max_head_lag;
            node.health().is_behind(if is_stalled { behind } else { 0 });
        }
    }

    fn doubt(&self, reading: Reading) -> ResolveError {
        let Reading { tally, mut failures, verdict, .. } = reading;
        if let Err(reason) = verdict {
            return reason;
        }
        let (nodes, threshold) = (self.resolver.nodes(), self.resolver.threshold());
        // Some may have agreed once, and be silent since.
        let after = self.longest_silence();
        let silent = self.board.read(|position, shown| {
            let is_silent = shown.confirmed().is_some_and(|confirmed| confirmed.elapsed() > after);
            nodes.get(position).filter(|_| is_silent && shown.failure().is_none())
        });
        let silent = silent.into_iter().flatten().map(|node| node.endpoint().clone());
        failures.extend(silent.map(|endpoint| ResolveError::Timeout { endpoint, after }));
        match self.board.len().saturating_sub(failures.len()) {
            answered if answered < threshold => no_quorum(nodes, threshold, answered, failures),
            _ => no_agreement(nodes, threshold, &tally, failures),
        }
    }

    fn next_look(&self) -> Instant {
        let impatient = self.outdone_since.map(|since| since + self.patience());
        impatient.map_or(self.doubtful_at(), |impatient| impatient.min(self.doubtful_at()))
    }

    fn doubtful_at(&self) -> Instant {
        self.last_news + self.longest_silence()
    }

    fn patience(&self) -> Duration {
        self.resolver.policy().head_patience
    }

    /// Time for a few questions, one of which may run into its end.
    fn longest_silence(&self) -> Duration {
        let policy = self.resolver.policy();
        let silence = policy.request_timeout.saturating_add(policy.poll_interval.saturating_mul(5));
        policy.max_head_age.map_or(silence, |age| age.min(silence))
    }
}

/// Blocks kept of each endpoint below its head, however far a policy lets heads lie apart.
const MAX_KEPT: usize = 64;
