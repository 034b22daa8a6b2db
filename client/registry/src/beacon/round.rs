//! From one beacon node to the next until one shows enough. For what is proven anyway: any node's answer is as good.

use std::time::Instant;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::timeout;

use super::Beacon;
use super::server::BeaconServer;
use crate::error::ResolveError;

impl Beacon {
    /// Asks the server at position `first`, and the next one as soon as one fails, shows too little, or is silent for
    /// longer than [`head_patience`](crate::HeadPolicy::head_patience): a slow one is still heard. Gives the failures
    /// once `take` says that it is enough, all were heard, or the deadline has passed.
    ///
    /// # Errors
    /// The first failure that is not one endpoint's own.
    pub(super) async fn in_turn<'a, S, T, F>(
        &'a self,
        first: usize,
        deadline: Instant,
        state: &mut S,
        ask: impl Fn(&'a BeaconServer, &S) -> F,
        mut take: impl FnMut(&mut S, usize, T) -> Result<bool, ResolveError>,
    ) -> Result<Vec<ResolveError>, ResolveError>
    where
        F: Future<Output = T>,
    {
        let (before, from) = self.servers.split_at(first.min(self.servers.len()));
        let mut waiting = (first..).zip(from).chain((0..).zip(before));
        let (mut pending, mut silent, mut failures) = (FuturesUnordered::new(), Vec::new(), Vec::new());
        loop {
            if let Some((position, server)) = waiting.next() {
                let answer = ask(server, state);
                pending.push(async move { (position, answer.await) });
                silent.push((position, server));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match timeout(self.patience.min(left), pending.next()).await {
                Ok(Some((position, answer))) => {
                    silent.retain(|(asked, _)| *asked != position);
                    match take(state, position, answer) {
                        Ok(true) => return Ok(failures),
                        Ok(false) => {}
                        Err(failure) if failure.is_one_endpoints() => {
                            tracing::warn!(%failure, "a beacon node is of no use");
                            failures.push(failure);
                        }
                        Err(failure) => return Err(failure),
                    }
                }
                Ok(None) => return Ok(failures),
                Err(_) if Instant::now() >= deadline => {
                    failures.extend(silent.iter().map(|(_, server)| server.too_slow(self.longest_attempt)));
                    return Ok(failures);
                }
                Err(_) => {}
            }
        }
    }
}

/// One failure, or what there is of them.
pub(super) fn told(mut failures: Vec<ResolveError>) -> ResolveError {
    match failures.pop() {
        Some(failure) if failures.is_empty() => failure,
        last => {
            failures.extend(last);
            ResolveError::NoQuorum { needed: 1, answered: 0, failures }
        }
    }
}

/// Nobody said anything: another question will not help.
pub(super) fn is_silence(failure: &ResolveError) -> bool {
    match failure {
        ResolveError::Unreachable { .. } | ResolveError::Timeout { .. } | ResolveError::Checkpoint(_) => true,
        ResolveError::NoQuorum { failures, .. } => failures.iter().all(is_silence),
        _ => false,
    }
}
