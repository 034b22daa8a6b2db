//! Asking all endpoints at once until enough of them agree on the head.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use alloy::rpc::types::Header;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, timeout_at};

use crate::endpoint::Endpoint;
use crate::error::{HeadClaim, ProofPart, ResolveError};
use crate::node::Node;
use crate::proof::ProvenHeader;
use crate::question::{Answer, Question};
use crate::quorum::{Agreed, Tally};

/// Who is asked, and what makes an agreement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Electorate<'a> {
    pub(crate) nodes: &'a [Arc<Node>],
    pub(crate) threshold: usize,
    pub(crate) max_lag: u64,
    pub(crate) patience: Duration,
}

/// What the endpoints said, and the head that enough of them agree on.
#[derive(Debug)]
pub(crate) struct Survey<'a> {
    pub(crate) head: Agreed,
    /// The block at the proposed height, where enough endpoints agree on its hash.
    pub(crate) anchor: Option<ProvenHeader>,
    /// What was heard by then.
    pub(crate) answers: Vec<Heard<'a>>,
    /// Nobody was asked earlier.
    pub(crate) begun: std::time::Instant,
}

/// One endpoint's answer, its headers recomputed.
#[derive(Debug)]
pub(crate) struct Heard<'a> {
    pub(crate) node: &'a Node,
    pub(crate) head: ProvenHeader,
    pub(crate) anchor: Option<ProvenHeader>,
    /// The block that tells of the depth, where one was asked for and it shows it.
    pub(crate) deep: Option<ProvenHeader>,
    pub(crate) answer: Answer,
}

/// A survey under way.
struct Count<'a> {
    electorate: Electorate<'a>,
    begun: std::time::Instant,
    tally: Tally,
    answers: Vec<Heard<'a>>,
    failures: Vec<ResolveError>,
    asked_older: HashSet<(usize, u64)>,
    /// Why an agreed head was refused, should no better one come.
    refused: Option<ResolveError>,
}

enum Reply<'a> {
    Everything(usize, Result<Heard<'a>, ResolveError>),
    Older(usize, Result<Heard<'a>, ResolveError>),
}

impl<'a> Electorate<'a> {
    /// Asks everyone and returns as soon as enough agree on a head that `accept` takes: slow endpoints are not
    /// waited for, or only as long as patience lasts where the head is not everybody's newest. A head that `accept`
    /// refuses may yet be outdone by what the others say.
    pub(crate) async fn survey(
        self,
        question: &Question,
        accept: impl Fn(&ProvenHeader) -> Result<(), ResolveError>,
    ) -> Result<Survey<'a>, ResolveError> {
        let mut count = Count::new(self);
        let mut pending: FuturesUnordered<BoxFuture<'_, Reply<'a>>> = FuturesUnordered::new();
        for (position, node) in self.nodes.iter().enumerate() {
            pending.push(Box::pin(async move { Reply::Everything(position, hear(node, question).await) }));
        }
        let mut deadline = None;
        while let Some(reply) = next_before(&mut pending, deadline).await {
            count.add(reply);
            if let Some(head) = count.acceptable(&accept)
                && count.anchor_is_settled(question, &head)
            {
                if !count.tally.is_outdated(&head) {
                    return Ok(count.into_survey(head));
                }
                deadline.get_or_insert_with(|| Instant::now() + self.patience);
            }
            for (position, node, height) in count.undecided() {
                pending.push(Box::pin(async move {
                    Reply::Older(position, hear(node, &Question::header_of(height)).await)
                }));
            }
        }
        match count.acceptable(&accept) {
            Some(head) => Ok(count.into_survey(head)),
            None => Err(count.into_error()),
        }
    }
}

impl Survey<'_> {
    /// Who called the agreed head the newest block.
    pub(crate) fn voters(&self) -> impl Iterator<Item = &Endpoint> {
        let agree = |heard: &&Heard<'_>| heard.head == self.head.header;
        self.answers.iter().filter(agree).map(|heard| heard.node.endpoint())
    }
}

/// The next reply; none once all have come or the deadline has passed.
async fn next_before<'a>(
    pending: &mut FuturesUnordered<BoxFuture<'_, Reply<'a>>>,
    deadline: Option<Instant>,
) -> Option<Reply<'a>> {
    match deadline {
        None => pending.next().await,
        Some(deadline) => timeout_at(deadline, pending.next()).await.ok().flatten(),
    }
}

/// Asks one endpoint, and recomputes the hashes of the headers it answers.
pub(crate) async fn hear<'a>(node: &'a Node, question: &Question) -> Result<Heard<'a>, ResolveError> {
    let answer = node.ask(question).await?;
    let head = recomputed(node, &answer.head, question.head.as_number())?;
    let anchor = match &answer.anchor {
        Some(header) => Some(recomputed(node, header, question.anchor)?),
        None => None,
    };
    let deep = match &answer.deep {
        Some(header) => Some(recomputed(node, header, question.deep.and_then(|block| block.as_number()))?),
        None => None,
    };
    Ok(Heard { node, head, anchor, deep, answer })
}

fn recomputed(node: &Node, header: &Header, asked: Option<u64>) -> Result<ProvenHeader, ResolveError> {
    let proven = ProvenHeader::recompute(&header.inner, header.hash).map_err(|what| node.lied(what))?;
    let got = proven.block().number;
    match asked {
        Some(asked) if asked != got => Err(node.lied(ProofPart::OtherBlock { asked, got })),
        _ => Ok(proven),
    }
}

impl<'a> Count<'a> {
    fn new(electorate: Electorate<'a>) -> Self {
        Self {
            electorate,
            begun: std::time::Instant::now(),
            tally: Tally::new(electorate.threshold, electorate.max_lag),
            answers: Vec::new(),
            failures: Vec::new(),
            asked_older: HashSet::new(),
            refused: None,
        }
    }

    fn add(&mut self, reply: Reply<'a>) {
        match reply {
            Reply::Everything(position, Ok(heard)) => {
                self.tally.add_head(position, heard.head);
                self.answers.push(heard);
            }
            Reply::Older(position, Ok(heard)) => self.tally.add_older(position, heard.head),
            Reply::Everything(_, Err(failure)) | Reply::Older(_, Err(failure)) => {
                tracing::warn!(%failure, "an endpoint does not count towards the head");
                self.failures.push(failure);
            }
        }
    }

    fn acceptable(&mut self, accept: impl Fn(&ProvenHeader) -> Result<(), ResolveError>) -> Option<Agreed> {
        let agreed = self.tally.agreed()?;
        match accept(&agreed.header) {
            Ok(()) => Some(agreed),
            Err(reason) => {
                self.refused = Some(reason);
                None
            }
        }
    }

    /// Nothing more need be heard about the proposed block: none is proposed, it is ahead of the head, or agreed.
    fn anchor_is_settled(&self, question: &Question, head: &Agreed) -> bool {
        question.anchor.is_none_or(|height| height > head.header.block().number) || self.anchor().is_some()
    }

    fn anchor(&self) -> Option<ProvenHeader> {
        let shown = || self.answers.iter().filter_map(|heard| heard.anchor);
        shown()
            .find(|candidate| shown().filter(|other| other == candidate).count() >= self.electorate.threshold)
    }

    /// Whom to ask for an older header; never the same twice.
    fn undecided(&mut self) -> Vec<(usize, &'a Node, u64)> {
        let asked = &mut self.asked_older;
        let nodes = self.electorate.nodes;
        self.tally
            .undecided()
            .into_iter()
            .filter(|question| asked.insert(*question))
            .filter_map(|(position, height)| nodes.get(position).map(|node| (position, &**node, height)))
            .collect()
    }

    fn into_survey(self, head: Agreed) -> Survey<'a> {
        Survey { head, anchor: self.anchor(), answers: self.answers, begun: self.begun }
    }

    fn into_error(mut self) -> ResolveError {
        if let Some(reason) = self.refused {
            return reason;
        }
        let Electorate { nodes, threshold, .. } = self.electorate;
        no_agreement(nodes, threshold, &self.tally, std::mem::take(&mut self.failures))
    }
}

/// Why no block is the head: too few endpoints said anything, or they said different things.
pub(crate) fn no_agreement(
    nodes: &[Arc<Node>],
    needed: usize,
    tally: &Tally,
    failures: Vec<ResolveError>,
) -> ResolveError {
    let answered = tally.voters();
    if answered >= needed {
        let claim = |(position, block): (usize, alloy::eips::BlockNumHash)| {
            let endpoint = nodes.get(position)?.endpoint().clone();
            Some(HeadClaim { endpoint, number: block.number, hash: block.hash })
        };
        return ResolveError::HeadsDisagree { needed, said: tally.heads().filter_map(claim).collect() };
    }
    no_quorum(nodes, needed, answered, failures)
}

/// Too few endpoints said anything.
pub(crate) fn no_quorum(
    nodes: &[Arc<Node>],
    needed: usize,
    answered: usize,
    mut failures: Vec<ResolveError>,
) -> ResolveError {
    match failures.pop() {
        // The only endpoint's own words say more than a count.
        Some(failure) if nodes.len() == 1 => failure,
        last => {
            failures.extend(last);
            ResolveError::NoQuorum { needed, answered, failures }
        }
    }
}
