//! The handle that keeps a connection's keys young.

use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::{Arc, Weak};

use countersign_protocol::{
    Abort, Channel, Error as ProtocolError, InitiatorEphemerals, Proposal, Reject, ResponderEphemerals,
    StateView,
};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::connection_core::Shared;
use crate::ended::Ended;
use crate::error::TransportError;
use crate::patience::Patience;
use crate::wakers::{Waiting, Wakers};

/// Keeps a [`Connection`](crate::Connection) alive: tells when its keys want a new epoch and what the peer asks for,
/// and carries the answers.
///
/// It does not keep the connection open: once every reader and writer is dropped, it ends. While somebody calls
/// [`next`](Self::next), control records come and go although the application only sends, or only receives. An
/// application that does neither read nor drop what the peer sends holds up what comes behind it: one record is read
/// ahead, no more. Control records behind records that the application has yet to read may wait up to a second more.
///
/// One task drives it. Its methods do not wait; what they queue goes out with the next call of [`next`](Self::next),
/// or of anything that writes.
pub struct Upkeep<S> {
    shared: Weak<Shared<S>>,
    /// Held from the end of the session until the peer had time to learn of it, though the application be gone.
    ending: Option<Arc<Shared<S>>>,
    wakers: Arc<Wakers>,
    tick: Patience,
    is_time: bool,
    farewell: Patience,
    over: Option<UpkeepEvent>,
}

/// What an [`Upkeep`] has to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpkeepEvent {
    /// The keys reached their soft age, or half of what they may protect: time for
    /// [`request_rotation`](Upkeep::request_rotation). Repeated every second until one is under way.
    RotationDue,
    /// The peer asks for a new epoch: [`requested`](Upkeep::requested) says on what state; then
    /// [`agree`](Upkeep::agree) or [`refuse`](Upkeep::refuse).
    Requested,
    /// Both sides are in a new epoch.
    EpochBegun,
    /// The peer refused this side's request. The channel goes on as it was, and the request may be made anew.
    Refused(Reject),
    /// There is nothing left to keep. With a reason where one side ended the session by its word; without where the
    /// connection is closed, broken or dropped.
    Ended(Option<Ended>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Upkeep<S> {
    pub(crate) fn new(shared: &Arc<Shared<S>>) -> Self {
        Self {
            shared: Arc::downgrade(shared),
            ending: None,
            wakers: Arc::clone(&shared.wakers),
            tick: Patience::new(Some(TICK)),
            is_time: false,
            farewell: Patience::new(Some(shared.timeouts.close)),
            over: None,
        }
    }

    /// Waits for the next thing to act on. May be cancelled without losing one. After
    /// [`Ended`](UpkeepEvent::Ended) it is that for ever.
    pub async fn next(&mut self) -> UpkeepEvent {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Asks the peer for a rotation, on a state proven for this session. Fresh ephemeral keys each time.
    ///
    /// # Errors
    /// [`TransportError::Protocol`] where a request is under way or the state is not of this session,
    /// [`TransportError::Ended`], [`TransportError::Closed`] where this side sends no more, or nobody holds the
    /// connection.
    pub fn request_rotation(
        &mut self,
        view: StateView,
        ephemerals: InitiatorEphemerals,
    ) -> Result<(), TransportError> {
        self.send(|channel| channel.request_rotation(view, ephemerals))
    }

    /// Asks the peer to bind the keys to a newer state, without a curve operation.
    ///
    /// # Errors
    /// As [`request_rotation`](Self::request_rotation).
    pub fn request_state_ticket(&mut self, view: StateView) -> Result<(), TransportError> {
        self.send(|channel| channel.request_state_ticket(view))
    }

    /// What the peer proposes and this side has not answered yet; `None` also where nobody holds the connection.
    pub fn requested(&self) -> Option<Proposal> {
        self.with_channel(|channel| channel.requested().cloned()).ok()?
    }

    /// Agrees to the peer's request, this side having proven the proposed state itself.
    ///
    /// # Errors
    /// As [`request_rotation`](Self::request_rotation), and [`TransportError::Protocol`] where the two states differ,
    /// of which the peer has been told. Where the proof fails although nothing differs, the connection has failed.
    pub fn agree(&mut self, view: StateView, ephemerals: ResponderEphemerals) -> Result<(), TransportError> {
        self.send(|channel| channel.agree(view, ephemerals))
    }

    /// As [`agree`](Self::agree), to a state ticket, which takes no ephemeral keys.
    ///
    /// # Errors
    /// As [`agree`](Self::agree).
    pub fn agree_to_state_ticket(&mut self, view: StateView) -> Result<(), TransportError> {
        self.send(|channel| channel.agree_to_state_ticket(view))
    }

    /// Refuses the peer's request; the channel goes on in the epoch it is in.
    ///
    /// # Errors
    /// As [`request_rotation`](Self::request_rotation).
    pub fn refuse(&mut self, why: Reject) -> Result<(), TransportError> {
        self.send(|channel| channel.refuse(why))
    }

    /// Ends the session in both directions at once, and tells the peer why. Nothing more is delivered to this side's
    /// application. Call [`next`](Self::next) until it has ended: that is what brings the word to the peer, for as
    /// long as [`Timeouts::close`](crate::Timeouts::close), though every reader and writer be dropped. Where the
    /// session has ended already, it stays as it is; after this side's close the peer is not told.
    ///
    /// # Errors
    /// [`TransportError::Closed`] where nobody holds the connection, [`TransportError::Protocol`].
    pub fn abort(&mut self, why: Abort) -> Result<(), TransportError> {
        let shared = self.shared.upgrade().ok_or(TransportError::Closed)?;
        shared.lock().abort(why)?;
        self.ending = Some(shared);
        Ok(())
    }

    /// Sets what the peer is told, and the application, where the keys are worn out and no new epoch has come:
    /// [`Abort::KeysWornOut`] unless the upkeep knows why.
    pub fn say_when_worn_out(&self, why: Abort) {
        if let Some(shared) = self.shared.upgrade() {
            shared.lock().when_worn_out = why;
        }
    }

    /// Looks at the channel: what the peer requested, what the newest epoch agreed on.
    ///
    /// # Errors
    /// [`TransportError::Closed`] where nobody holds the connection.
    pub fn with_channel<T>(&self, look: impl FnOnce(&Channel) -> T) -> Result<T, TransportError> {
        let shared = self.shared.upgrade().ok_or(TransportError::Closed)?;
        let seen = look(&shared.lock().channel);
        Ok(seen)
    }

    fn send(
        &mut self,
        act: impl FnOnce(&mut Channel) -> Result<(), ProtocolError>,
    ) -> Result<(), TransportError> {
        let shared = self.shared.upgrade().ok_or(TransportError::Closed)?;
        let mut core = shared.lock();
        core.check_keys()?;
        core.outbound.check_takes_control()?;
        let acted = act(&mut core.channel);
        // Also after an error: the peer is told what differs.
        core.send_control();
        acted.map_err(|error| core.broken_epoch(error))
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<UpkeepEvent> {
        if let Some(over) = self.over {
            return Poll::Ready(over);
        }
        // First, so that a drop of the connection from here on wakes this task.
        self.wakers.wait(Waiting::Upkeep, cx.waker());
        self.poll_tick(cx);
        let Some(shared) = self.ending.clone().or_else(|| self.shared.upgrade()) else {
            return Poll::Ready(self.finish(None));
        };
        let mut core = shared.lock();
        let is_time = core::mem::take(&mut self.is_time);
        let event = core.poll_keep(is_time);
        // A look at the keys while an epoch is under way says little: look again as soon as it has begun.
        self.is_time = is_time && event.is_pending() && !core.channel.is_idle();
        if event.is_ready() || !core.is_over() {
            return event;
        }
        self.ending = Some(Arc::clone(&shared));
        if core.ended.is_some()
            && core.poll_farewell().is_pending()
            && self.farewell.poll_exhausted(cx).is_pending()
        {
            return Poll::Pending;
        }
        Poll::Ready(self.finish(core.ended))
    }

    fn poll_tick(&mut self, cx: &mut Context<'_>) {
        while self.tick.poll_exhausted(cx).is_ready() {
            self.tick.renew();
            self.is_time = true;
        }
    }

    fn finish(&mut self, ended: Option<Ended>) -> UpkeepEvent {
        self.ending = None;
        self.wakers.wake_all();
        *self.over.insert(UpkeepEvent::Ended(ended))
    }
}

impl<S> fmt::Debug for Upkeep<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upkeep").field("over", &self.over).finish_non_exhaustive()
    }
}

/// How often the age of the keys is looked at, and whatever a wake-up may have missed.
const TICK: Duration = Duration::from_secs(1);
