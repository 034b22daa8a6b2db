//! What keeps one session: a task that drives its upkeep and proves the states of its epochs.
//!
//! ```text
//!          ┌─ due, or ordered ─► Proving ── proven, requested ─► Requested ── begun, refused ──┐
//!   Idle ──┤                        │ the peer asks                 │ the peer's stands        ├─► Idle
//!          └─ the peer asks ─► Considering ── proven, agreed ─► Answered ───────── begun ──────┘
//! ```
//!
//! Data flows in all of these. A proof that fails is begun anew while the keys last; then the session ends.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::{
    Abort, Agreed, Channel, Error as ProtocolError, Proposal, Reject, Role, StateView, Suite,
};
use countersign_transport::{Ended, Upkeep, UpkeepEvent};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::error::Error;
use crate::keeper::{Duties, Over, Renewal};
use crate::pause::Pause;
use crate::policy::Policy;
use crate::refusal::reject_for;
use crate::trader::Trader;
use crate::watch::Watched;
use crate::wish::Wish;

/// One session's keeping. It does not hold the session open, and ends with it.
pub(crate) struct Keeping {
    trader: Trader,
    upkeep: Upkeep<TcpStream>,
    role: Role,
    suite: Suite,
    duties: Duties,
    watched: Watched,
    wish: Option<Wish>,
    step: Step,
    rebind_at: Option<Instant>,
    /// When the peer's last request was considered.
    considered_at: Instant,
    pause: Pause,
}

/// What a session is kept by.
pub(crate) struct Kept {
    pub(crate) trader: Trader,
    pub(crate) upkeep: Upkeep<TcpStream>,
    pub(crate) role: Role,
    pub(crate) suite: Suite,
    pub(crate) duties: Duties,
    pub(crate) watched: Watched,
}

enum Step {
    Idle,
    Proving(Proof),
    Requested { block: u64 },
    Considering(Box<Proposal>, Proof),
    Answered,
}

/// A proof under way; `None` where there is nothing new to prove.
type Proof = Pin<Box<dyn Future<Output = Result<Option<StateView>, Error>> + Send>>;

impl Keeping {
    pub(crate) fn new(kept: Kept) -> Self {
        let Kept { trader, upkeep, role, suite, duties, watched } = kept;
        let (wish, step, rebind_at) = (None, Step::Idle, None);
        let (considered_at, pause) = (Instant::now(), Pause::default());
        Self { trader, upkeep, role, suite, duties, watched, wish, step, rebind_at, considered_at, pause }
    }

    /// Keeps the session until it is over.
    pub(crate) async fn run(mut self) {
        self.put_off_rebinding();
        let ended = loop {
            self.prove_if_idle();
            let Self { upkeep, duties, watched, wish, step, rebind_at, .. } = &mut self;
            tokio::select! {
                // A verdict overtakes everything, and the peer's requests overtake this side's.
                biased;
                why = watched.verdict() => self.end(why),
                event = upkeep.next() => match event {
                    UpkeepEvent::Ended(ended) => break ended,
                    event => self.act_on(event),
                },
                proof = proof_of(step) => self.take_proof(proof),
                Some(order) = duties.orders.recv(), if wish.is_none() => self.wish = Some(order.into()),
                () = at(*rebind_at), if wish.is_none() => {
                    self.put_off_rebinding();
                    self.wish = self.pause.is_over().then(|| Wish::due(Renewal::StateTicket));
                }
            }
        };
        self.finish(ended);
    }

    fn act_on(&mut self, event: UpkeepEvent) {
        match event {
            UpkeepEvent::RotationDue => self.want_rotation(),
            UpkeepEvent::Requested => self.consider(),
            UpkeepEvent::EpochBegun => self.begin_epoch(),
            UpkeepEvent::Refused(reason) => self.take_refusal(reason),
            UpkeepEvent::Ended(_) => {}
        }
    }

    /// Where one cannot be wanted now, it is told again that one is due.
    fn want_rotation(&mut self) {
        let is_requested = matches!(self.step, Step::Requested { .. });
        if !is_requested && (self.wish.is_some() || self.pause.is_over()) {
            Wish::raise(&mut self.wish);
        }
    }

    fn prove_if_idle(&mut self) {
        if !matches!(self.step, Step::Idle) {
            return;
        }
        self.wish.take_if(|wish| wish.done.as_ref().is_some_and(oneshot::Sender::is_closed));
        if let Some(wish) = &self.wish {
            let only_newer = wish.renewal == Renewal::StateTicket && wish.done.is_none();
            self.step = Step::Proving(self.proof_of_ours(wish.at_height, only_newer));
        }
    }

    /// The state at a height, or at the newest block; nothing where only a newer one than the session's is of use.
    fn proof_of_ours(&self, height: Option<u64>, only_newer: bool) -> Proof {
        let (trader, agreed) = (self.trader.clone(), self.duties.agreed.borrow().clone());
        Box::pin(async move {
            if only_newer {
                let head = trader.0.resolver.head().await?;
                if head.anchor.block_number <= agreed.view.anchor().block_number {
                    return Ok(None);
                }
            }
            let anchor = match height {
                Some(height) => Some(trader.0.resolver.block_at(height).await?),
                None => None,
            };
            trader.prove_again(&agreed.view, anchor).await.map(Some)
        })
    }

    fn consider(&mut self) {
        let Some(proposal) = self.upkeep.requested() else { return };
        Wish::yield_to_peer(&mut self.wish);
        let (trader, agreed) = (self.trader.clone(), self.duties.agreed.borrow().clone());
        let (anchor, not_before) = (proposal.anchor, self.considered_at + PACE);
        let proof = async move {
            sleep_until(not_before).await;
            trader.prove_again(&agreed.view, Some(anchor)).await.map(Some)
        };
        self.considered_at = not_before.max(Instant::now());
        self.step = Step::Considering(Box::new(proposal), Box::pin(proof));
    }

    fn take_proof(&mut self, proven: Result<Option<StateView>, Error>) {
        match (std::mem::replace(&mut self.step, Step::Idle), proven) {
            (Step::Proving(_), Ok(Some(view))) => self.request(view),
            (Step::Proving(_), Ok(None)) => {
                self.pause.end();
                // A rotation that became due meanwhile needs no newer state.
                self.wish.take_if(|wish| wish.renewal == Renewal::StateTicket);
            }
            (Step::Proving(_), Err(error)) => {
                self.upkeep.say_when_worn_out(Abort::Unproven);
                self.pause.begin();
                self.settle(Err(error));
            }
            (Step::Considering(proposal, _), outcome) => self.answer(&proposal, outcome),
            (step, _) => self.step = step,
        }
    }

    fn request(&mut self, view: StateView) {
        self.pause.end();
        let Some(renewal) = self.wish.as_ref().map(|wish| wish.renewal) else { return };
        let block = view.anchor().block_number;
        let requested =
            match renewal {
                Renewal::StateTicket => self.upkeep.request_state_ticket(view).map_err(Error::from),
                Renewal::Rotation => self.trader.0.reserve.to_begin(self.suite).and_then(|ephemerals| {
                    self.upkeep.request_rotation(view, ephemerals).map_err(Error::from)
                }),
            };
        match requested {
            Ok(()) => self.step = Step::Requested { block },
            // The peer was first; its request is about to be considered.
            Err(Error::Protocol(ProtocolError::ApiMisuse(_))) if !self.is_idle() => {}
            Err(error) => self.settle(Err(error)),
        }
    }

    fn answer(&mut self, proposal: &Proposal, proven: Result<Option<StateView>, Error>) {
        let agreed = match proven {
            // A state ticket takes no key pair: strangers could use up those that are ready.
            Ok(Some(view)) => match self.upkeep.with_channel(Channel::is_rotation_requested) {
                Ok(true) => self.trader.0.reserve.to_follow().map(|ephemerals| (view, Some(ephemerals))),
                _ => Ok((view, None)),
            },
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let answered = match agreed {
            Ok((view, ephemerals)) => {
                let agreed = match ephemerals {
                    Some(ephemerals) => self.upkeep.agree(view, ephemerals),
                    None => self.upkeep.agree_to_state_ticket(view),
                };
                if agreed.is_ok() {
                    self.step = Step::Answered;
                }
                agreed
            }
            Err(cause) => {
                self.upkeep.say_when_worn_out(Abort::Unproven);
                let reason = reject_for(&cause, proposal, self.role).unwrap_or(Reject::Unable);
                tracing::warn!(peer = %self.watched.peer(), %cause, %reason, "no new epoch with this peer");
                self.upkeep.refuse(reason)
            }
        };
        if let Err(error) = answered {
            tracing::warn!(peer = %self.watched.peer(), %error, "the peer's new epoch was not begun");
        }
    }

    fn begin_epoch(&mut self) {
        if let Ok(agreed) = self.upkeep.with_channel(|channel| channel.agreed().clone()) {
            self.duties.agreed.send_replace(Arc::new(agreed));
        }
        self.upkeep.say_when_worn_out(Abort::KeysWornOut);
        self.trader.0.reserve.refill();
        self.trader.keep_watching();
        self.put_off_rebinding();
        if let Step::Requested { .. } = std::mem::replace(&mut self.step, Step::Idle) {
            let agreed = self.duties.agreed.borrow().clone();
            self.settle(Ok(agreed));
        }
    }

    /// Proposes another block once, where that may be why; within the distance that two honest nodes may lie apart.
    fn take_refusal(&mut self, reason: Reject) {
        let Step::Requested { block } = std::mem::replace(&mut self.step, Step::Idle) else { return };
        let present = self.duties.agreed.borrow().view.anchor().block_number;
        let max_step_back = self.trader.0.resolver.policy().max_head_lag.saturating_add(1);
        let other = match reason {
            Reject::UnknownBlock { my_head } if (present..block).contains(&my_head) => {
                (block - my_head <= max_step_back).then_some(Some(my_head))
            }
            Reject::StaleState => Some(None),
            _ => None,
        };
        match (other, &mut self.wish) {
            (Some(at_height), Some(wish)) if !wish.is_retry => {
                (wish.at_height, wish.is_retry) = (at_height, true);
            }
            _ => self.settle(Err(Error::Refused { peer: self.watched.peer(), reason, difference: None })),
        }
    }

    /// This side wants no new epoch any more.
    fn settle(&mut self, outcome: Result<Arc<Agreed>, Error>) {
        let Some(wish) = self.wish.take() else { return };
        match (wish.done, outcome) {
            // Whoever asked may have left.
            (Some(done), outcome) => drop(done.send(outcome)),
            (None, Err(error)) => {
                tracing::warn!(peer = %self.watched.peer(), %error, "the keys could not be renewed; trying again");
            }
            (None, Ok(_)) => {}
        }
    }

    fn end(&mut self, why: Abort) {
        tracing::info!(peer = %self.watched.peer(), %why, "the session ends");
        if let Err(error) = self.upkeep.abort(why) {
            tracing::debug!(peer = %self.watched.peer(), %error, "it had ended before");
        }
    }

    fn finish(self, ended: Option<Ended>) {
        if let Some(Ended { why: Abort::Revoked(_) | Abort::Expired(_) | Abort::Superseded(_), .. }) = ended {
            // Also where it is the peer who said so: what this side proves decides whether there is a next session.
            self.trader.0.tickets.forget(&self.watched.peer());
        }
        let Self { duties, wish, .. } = self;
        duties.over.send_replace(Some(Over(ended)));
        // After the word, so that whoever waits for an epoch hears why there is none.
        drop(wish);
    }

    fn is_idle(&self) -> bool {
        self.upkeep.with_channel(|channel| channel.is_idle()).unwrap_or(true)
    }

    fn put_off_rebinding(&mut self) {
        let patience = |interval: Duration| match self.role {
            Role::Initiator => interval,
            Role::Responder => interval.saturating_add(interval / 4),
        };
        let interval =
            self.trader.0.policy.rebind.map(|interval| patience(interval.max(Policy::LEAST_REBIND)));
        self.rebind_at = interval.and_then(|interval| Instant::now().checked_add(interval));
    }
}

async fn proof_of(step: &mut Step) -> Result<Option<StateView>, Error> {
    match step {
        Step::Proving(proof) | Step::Considering(_, proof) => proof.await,
        Step::Idle | Step::Requested { .. } | Step::Answered => std::future::pending().await,
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// A peer's requests are considered no faster than this: each costs this side's nodes a proof.
const PACE: Duration = Duration::from_millis(50);
