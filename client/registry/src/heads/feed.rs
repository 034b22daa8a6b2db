//! One endpoint's heads, as a task of its own: one question under way at most.

use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy::eips::BlockNumberOrTag;
use tokio::time::sleep;

use super::backoff::Backoff;
use super::board::Writer;
use super::shown::Block;
use crate::chance::spread;
use crate::error::ResolveError;
use crate::health::Announcing;
use crate::node::Node;
use crate::question::Question;
use crate::survey::hear;

/// Follows one endpoint, and tells the board.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) node: Arc<Node>,
    pub(crate) writer: Writer,
    /// How often it is asked.
    pub(crate) interval: Duration,
}

impl Feed {
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
        self.ask_head().await?;
        backoff.reset();
        self.node.health().announces(Announcing::Polled);
        loop {
            tokio::select! {
                () = sleep(spread(self.interval)) => self.ask_head().await?,
                height = self.writer.wanted() => self.ask_height(height).await?,
            }
        }
    }

    async fn ask_head(&self) -> Result<(), ResolveError> {
        let asked = Instant::now();
        let block = self.ask(BlockNumberOrTag::Latest).await?;
        self.node.health().showed_head(block.proven.block().number);
        self.writer.write(|shown| shown.head_is(block, Some(asked)));
        Ok(())
    }

    async fn ask_height(&self, height: u64) -> Result<(), ResolveError> {
        let block = self.ask(BlockNumberOrTag::Number(height)).await?;
        self.writer.write(|shown| shown.older_is(block));
        Ok(())
    }

    async fn ask(&self, number: BlockNumberOrTag) -> Result<Block, ResolveError> {
        let question = Question { head: number, ..Question::head() };
        let heard = hear(&self.node, &question).await?;
        Ok(Block { proven: heard.head, full: Arc::new(heard.answer.head.inner) })
    }
}
