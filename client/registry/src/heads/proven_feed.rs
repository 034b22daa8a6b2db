//! The heads that a light client proves, as a task: it announces none, so it is asked again and again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::backoff::Backoff;
use super::board::Writer;
use crate::beacon::{self, Beacon};
use crate::chance::spread;
use crate::error::ResolveError;
use crate::full_header::FullHeader;
use crate::node::Node;
use crate::question::Question;

/// Follows the light client, and tells the board, on which it stands alone.
#[derive(Debug)]
pub(crate) struct ProvenFeed {
    pub(crate) beacon: Arc<Beacon>,
    /// Whoever serves the header of what it proves.
    pub(crate) nodes: Vec<Arc<Node>>,
    pub(crate) writer: Writer,
    /// How often it is asked.
    pub(crate) interval: Duration,
}

impl ProvenFeed {
    /// Never ends: what fails is tried again.
    pub(crate) async fn run(self) {
        let mut backoff = Backoff::new(self.interval);
        loop {
            let wait = match self.ask().await {
                Ok(()) => {
                    backoff.reset();
                    spread(self.interval)
                }
                Err(failure) => {
                    self.writer.write(|shown| shown.failed(failure));
                    backoff.next_wait()
                }
            };
            sleep(wait).await;
        }
    }

    async fn ask(&self) -> Result<(), ResolveError> {
        let asked = Instant::now();
        let proven = self.beacon.head().await?;
        // Whether clock and height pass is looked at where the board is read, as it is of every other source's heads.
        let survey = beacon::survey(&self.nodes, &proven, &Question::head(), |_| Ok(())).await?;
        for heard in survey.answers {
            let block = FullHeader::new(heard.head, heard.answer.head.inner);
            self.writer.write(|shown| {
                shown.head_is(block, Some(asked));
                shown.signed_by(survey.head.votes);
            });
        }
        Ok(())
    }
}
