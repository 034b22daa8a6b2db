//! One endpoint's heads, as a task of its own: one question under way at most.

use std::sync::Arc;
use std::time::Duration;

use alloy::eips::BlockNumberOrTag;
use alloy::rpc::types::Header;
use tokio::time::{Instant, sleep, sleep_until};

use super::backoff::Backoff;
use super::board::Writer;
use crate::announcements::Announcements;
use crate::chance::spread;
use crate::error::ResolveError;
use crate::full_header::FullHeader;
use crate::health::Announcing;
use crate::node::Node;
use crate::policy::HeadPolicy;
use crate::proof::ProvenHeader;
use crate::question::Question;
use crate::survey::hear;

/// Follows one endpoint, and tells the board.
#[derive(Debug)]
pub(crate) struct Feed {
    node: Arc<Node>,
    writer: Writer,
    /// How often it is asked where it announces nothing.
    interval: Duration,
    /// How long it may be silent while it announces its blocks.
    silence: Duration,
}

/// How the blocks of one connection are learnt of.
enum Source {
    /// As they are announced; asked only after a silence.
    Announced(Announcements),
    /// There is a subscription, but asking showed what it did not: asked until it speaks again.
    Mute(Announcements),
    /// There are no subscriptions.
    Asked,
}

impl Feed {
    pub(crate) fn new(node: Arc<Node>, writer: Writer, policy: &HeadPolicy) -> Self {
        let interval = policy.poll_interval;
        // A chain that may stand still says nothing while it does: only asking tells that from a node that died.
        let silence = if policy.max_head_age.is_some() { interval * SILENT_INTERVALS } else { interval };
        Self { node, writer, interval, silence }
    }

    /// Never ends: what fails is tried again.
    pub(crate) async fn run(self) {
        let mut backoff = Backoff::new(self.interval);
        loop {
            if let Err(failure) = self.follow(&mut backoff).await {
                tracing::debug!(%failure, "an endpoint's heads are lost for now");
                self.writer.write(|shown| shown.failed(failure));
            }
            sleep(backoff.next_wait()).await;
        }
    }

    /// Until something fails.
    async fn follow(&self, backoff: &mut Backoff) -> Result<(), ResolveError> {
        // Before the first question, so that no block comes in between.
        let mut source = self.subscribe().await?;
        self.ask_head().await?;
        backoff.reset();
        let mut next_question = self.next_question(&source);
        loop {
            tokio::select! {
                announced = source.next() => {
                    source = match announced.map_err(|error| self.node.failure("eth_subscribe", error)) {
                        Ok(header) => source.announced(self.take_announced(header).await?),
                        // Others of this process use the connection too, and may have ended the subscription.
                        Err(_) => self.subscribe().await?,
                    };
                }
                () = sleep_until(next_question) => source = source.asked(self.ask_head().await?),
                height = self.writer.wanted() => {
                    self.ask_height(height).await?;
                    continue;
                }
            }
            self.node.health().announces(source.announcing());
            next_question = self.next_question(&source);
        }
    }

    async fn subscribe(&self) -> Result<Source, ResolveError> {
        let source = match self.node.announcements().await {
            Ok(Some(announcements)) => Source::Announced(announcements),
            Ok(None) | Err(ResolveError::NodeRefused { .. }) => Source::Asked,
            Err(failure) => return Err(failure),
        };
        self.node.health().announces(source.announcing());
        Ok(source)
    }

    fn next_question(&self, source: &Source) -> Instant {
        Instant::now() + spread(if let Source::Announced(_) = source { self.silence } else { self.interval })
    }

    /// An announcement is a hint: one that does not hash to what it says has the node asked. Whether it is new.
    async fn take_announced(&self, header: serde_json::Result<Header>) -> Result<bool, ResolveError> {
        let block = header.ok().and_then(|header| {
            let proven = ProvenHeader::recompute(&header.inner, header.hash).ok()?;
            Some(FullHeader::new(proven, header.inner)).filter(FullHeader::is_of_usual_size)
        });
        match block {
            Some(block) => Ok(self.show(block, None)),
            None => self.ask_head().await,
        }
    }

    /// Whether it has a new head.
    async fn ask_head(&self) -> Result<bool, ResolveError> {
        let asked = std::time::Instant::now();
        let block = self.ask(BlockNumberOrTag::Latest).await?;
        Ok(self.show(block, Some(asked)))
    }

    async fn ask_height(&self, height: u64) -> Result<(), ResolveError> {
        let block = self.ask(BlockNumberOrTag::Number(height)).await?;
        self.writer.write(|shown| shown.older_is(block));
        Ok(())
    }

    async fn ask(&self, number: BlockNumberOrTag) -> Result<FullHeader, ResolveError> {
        let question = Question { head: number, ..Question::head() };
        let heard = hear(&self.node, &question).await?;
        let block = FullHeader::new(heard.head, heard.answer.head.inner);
        match block.is_of_usual_size() {
            true => Ok(block),
            false => Err(self.node.bad_answer("eth_getBlockByNumber", "a header of an unusual size".into())),
        }
    }

    fn show(&self, block: FullHeader, asked: Option<std::time::Instant>) -> bool {
        self.node.health().showed_head(block.proven.block().number);
        self.writer.write(|shown| shown.head_is(block, asked)).unwrap_or_default()
    }
}

impl Source {
    /// The next announcement; never one where there are none.
    async fn next(&mut self) -> Result<serde_json::Result<Header>, alloy::transports::TransportError> {
        match self {
            Self::Announced(announcements) | Self::Mute(announcements) => announcements.next().await,
            Self::Asked => std::future::pending().await,
        }
    }

    /// After an announcement: only one of something new shows that the subscription works.
    fn announced(self, is_new: bool) -> Self {
        match self {
            Self::Mute(announcements) if is_new => Self::Announced(announcements),
            other => other,
        }
    }

    /// After a question.
    fn asked(self, is_new: bool) -> Self {
        match self {
            Self::Announced(announcements) if is_new => Self::Mute(announcements),
            other => other,
        }
    }

    const fn announcing(&self) -> Announcing {
        match self {
            Self::Announced(_) => Announcing::Subscribed,
            Self::Mute(_) | Self::Asked => Announcing::Polled,
        }
    }
}

/// A node that announces its blocks is asked after a silence of so many intervals.
const SILENT_INTERVALS: u32 = 5;
