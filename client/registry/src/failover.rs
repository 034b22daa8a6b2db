//! From one endpoint to the next until one is of use. For what is proven anyway: any endpoint's answer is as good.

use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::timeout;

use crate::error::ResolveError;
use crate::node::Node;
use crate::resolver::Resolver;

impl Resolver {
    /// Asks the preferred endpoint, and the next one as soon as one fails, or is silent for longer than
    /// [`head_patience`](crate::HeadPolicy::head_patience): a slow one delays by that much and is still heard. Failures
    /// that are not an endpoint's own are final.
    ///
    /// # Errors
    /// The first invalid proof, or else the first failure, once all have failed.
    pub(crate) async fn ask_in_turn<'a, T, F>(
        &'a self,
        ask: impl Fn(&'a Node) -> F,
    ) -> Result<T, ResolveError>
    where
        F: Future<Output = Result<T, ResolveError>>,
    {
        let patience = self.policy().head_patience;
        let ask = |node| {
            let asked = Asked { node, at: Instant::now(), patience, is_answered: false };
            let answer = ask(node);
            async move { asked.note(answer.await) }
        };
        let mut waiting = self.preferred().into_iter();
        let mut pending: FuturesUnordered<_> = waiting.next().map(&ask).into_iter().collect();
        let mut flaw = None;
        loop {
            let Ok(outcome) = timeout(patience, pending.next()).await else {
                pending.extend(waiting.next().map(&ask));
                continue;
            };
            match outcome {
                Some(Err(failure)) if failure.is_one_endpoints() => {
                    flaw = Some(graver(flaw, failure));
                    pending.extend(waiting.next().map(&ask));
                }
                Some(outcome) => return outcome,
                // Without a flaw nobody was asked, and there is no resolver without endpoints.
                None => return Err(flaw.unwrap_or(NOBODY)),
            }
        }
    }

    /// The endpoints in the order in which to ask them: those that fail, lie or are behind last, the fast first.
    fn preferred(&self) -> Vec<&Node> {
        let mut nodes: Vec<&Node> = self.nodes().iter().map(|node| &**node).collect();
        nodes.sort_by_cached_key(|node| node.health().rank());
        nodes
    }
}

/// An endpoint that was asked, until it answers or is waited for no longer: either counts as its latency.
struct Asked<'a> {
    node: &'a Node,
    at: Instant,
    patience: Duration,
    is_answered: bool,
}

impl Asked<'_> {
    /// What is of no use has others asked in its place, however quick it came.
    fn note<T>(mut self, outcome: Result<T, ResolveError>) -> Result<T, ResolveError> {
        let took = match &outcome {
            Err(failure) if failure.is_one_endpoints() => self.at.elapsed().max(self.patience),
            _ => self.at.elapsed(),
        };
        self.is_answered = true;
        self.node.health().proving_took(took);
        outcome
    }
}

impl Drop for Asked<'_> {
    /// Another answered first. Where nobody was waited for, whoever asked has left.
    fn drop(&mut self) {
        let waited = self.at.elapsed();
        if !self.is_answered && waited >= self.patience {
            self.node.health().proving_took(waited);
        }
    }
}

/// Of two failures the one to tell: the first invalid proof, or else the first.
pub(crate) fn graver(kept: Option<ResolveError>, failure: ResolveError) -> ResolveError {
    tracing::warn!(%failure, "an endpoint's answer is of no use");
    let is_proof = |error: &ResolveError| matches!(error, ResolveError::ProofInvalid { .. });
    kept.filter(|kept| is_proof(kept) || !is_proof(&failure)).unwrap_or(failure)
}

const NOBODY: ResolveError = ResolveError::NoQuorum { needed: 1, answered: 0, failures: Vec::new() };
