//! Whether this side wants to, and can, agree to what a dialler proposes.

use std::time::Instant;

use countersign_protocol::curve::PublicKey;
use countersign_protocol::handshake::responder::AwaitingPeer;
use countersign_protocol::resumption::AwaitingState;
use countersign_protocol::{Identity, Proposal, Query, StateView};
use countersign_registry::KeyHint;
use countersign_replay::{Hello, NotEntered, ReplayCache};
use tokio::sync::SemaphorePermit;

use crate::clock::{unix_ms, whole_ms};
use crate::error::Error;
use crate::policy::Policy;
use crate::refusal::{as_position, other_instrument};
use crate::trader::Trader;
use crate::under_way::Place;
use crate::wanted::Wanted;

/// What was kept beside a ticket.
pub(crate) struct Taken {
    pub(crate) peer_key: PublicKey,
    pub(crate) live_since: Instant,
}

/// What is agreed to, before it is said.
pub(crate) struct Agreed<'a> {
    pub(crate) view: StateView,
    /// One of those that may be proven at a time; held no longer than the proof takes.
    pub(crate) permit: SemaphorePermit<'a>,
    /// One of the initiator's own; held until the session is confirmed or given up.
    pub(crate) place: Place<'a>,
}

impl Trader {
    /// Whether this side wants to, and can, prove what is proposed: cheap questions first.
    pub(crate) async fn examine(&self, peer: &AwaitingPeer) -> Result<Agreed<'_>, Error> {
        let proposal = peer.proposal();
        peer.check()?;
        let queries = self.examine_proposal(proposal)?;
        let hello = self.name(peer);
        if self.0.replays.knows(&hello) {
            return Err(Error::Replayed);
        }
        let agreed = self.prove_in_place(proposal, &queries, KeyHint::Shown(*peer.initiator_key())).await?;
        self.0.replays.enter(hello, unix_ms()).await.map_err(|why| match why {
            NotEntered::Replayed => Error::Replayed,
            NotEntered::Full => self.busy(),
            NotEntered::TooLate => Error::TooLate,
            NotEntered::Unavailable(source) => Error::NoReplayCache(source),
        })?;
        Ok(agreed)
    }

    /// As [`examine`](Self::examine). A ticket is used once, so nothing need be remembered against replays.
    pub(crate) async fn examine_resumed(
        &self,
        peer: &AwaitingState,
        taken: &Taken,
    ) -> Result<Agreed<'_>, Error> {
        let proposal = peer.proposal();
        let queries = self.examine_proposal(proposal)?;
        self.prove_in_place(proposal, &queries, KeyHint::Known(taken.peer_key)).await
    }

    /// Whether this side's policy lets it agree at all; if so, the queries to prove.
    fn examine_proposal(&self, proposal: &Proposal) -> Result<Vec<Query>, Error> {
        self.examine_initiator(proposal.initiator)?;
        let queries: Vec<Query> = proposal.queries().cloned().collect();
        self.examine_queries(proposal, &queries)?;
        Ok(queries)
    }

    /// This side's own proof of a proposal, in one of the places of the initiator's key.
    async fn prove_in_place(
        &self,
        proposal: &Proposal,
        queries: &[Query],
        key: KeyHint,
    ) -> Result<Agreed<'_>, Error> {
        let (KeyHint::Shown(initiator_key) | KeyHint::Known(initiator_key)) = key;
        let (peer, limit) = (proposal.initiator, self.0.policy.max_handshakes_each);
        let place = self.0.under_way.enter(&initiator_key);
        let place = place.ok_or(Error::TooManyAtOnce { initiator: peer, limit })?;
        let permit = self.0.proving.try_acquire().map_err(|_| self.busy())?;
        let wanted = Wanted { peer, key: Some(key), anchor: Some(proposal.anchor), queries };
        let view = self.prove(wanted).await?.view;
        Ok(Agreed { view, permit, place })
    }

    fn busy(&self) -> Error {
        Error::Busy { limit: self.0.policy.max_handshakes }
    }

    /// The hello by what it is remembered by.
    fn name(&self, peer: &AwaitingPeer) -> Hello {
        // Twice the skew: one that was good when it arrived leaves custody and proof at least as long again.
        let kept_for = whole_ms(self.0.policy.max_clock_skew).saturating_mul(2);
        Hello {
            responder: self.0.identity,
            ephemeral: peer.initiator_ephemeral().compressed(),
            end_unix_ms: peer.proposal().timestamp_unix_ms.saturating_add(kept_for),
        }
    }

    fn examine_initiator(&self, initiator: Identity) -> Result<(), Error> {
        if initiator == self.0.identity || !self.0.policy.admission.admits(&initiator) {
            return Err(Error::NotAdmitted { initiator });
        }
        Ok(())
    }

    fn examine_queries(&self, proposal: &Proposal, queries: &[Query]) -> Result<(), Error> {
        let policy = &self.0.policy;
        let position = match &policy.instrument {
            Some(instrument) => other_instrument(proposal, instrument),
            None => beyond(queries, policy).map(as_position),
        };
        position.map_or(Ok(()), |position| Err(Error::OtherInstrument { position }))
    }
}

/// The first query that is more than this side answers.
fn beyond(queries: &[Query], policy: &Policy) -> Option<usize> {
    let calls = queries.iter().enumerate().filter(|(_, query)| matches!(query, Query::ViewCall { .. }));
    let too_many_calls = calls.map(|(position, _)| position).nth(policy.max_calls);
    let too_many = (queries.len() > policy.max_queries).then_some(policy.max_queries);
    too_many_calls.into_iter().chain(too_many).min()
}
