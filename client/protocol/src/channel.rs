//! What runs once a handshake is complete: records, new epochs, datagrams, ends.
//!
//! ```text
//!                    ┌──── request ────► Requested ──── reply opened ────┐
//!   Idle ◄───────────┤                        │ refused, crossed         ├───► Idle, next epoch
//!                    └─ request ─► Considered ─ agree ─► Answered ─ confirmation opened ┘
//! ```

mod content;
mod direction;
mod epoch;
mod lane;
mod limits;
mod padding;
mod records;
mod renewal;
#[cfg(test)]
mod vectors;
mod window;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use crate::channel::content::RecordType;
use crate::channel::direction::{Direction, Used};
use crate::channel::epoch::{Considered, Requested};
use crate::channel::lane::Lane;
use crate::error::Error;
use crate::exporter::Exporter;
use crate::key_schedule::{EpochSecrets, TicketSecrets};
use crate::reject::Reject;
use crate::secret::Secret32;
use crate::state::{Role, StateHash, StateView};
use crate::suite::Suite;
use crate::symmetric::Split;
use crate::ticket::Ticket;

pub use content::{Abort, ContentType};
pub use direction::{MAX_CONTENT, RECORD_OVERHEAD};
pub use epoch::Agreed;
pub use lane::{MAX_DATAGRAM, MAX_DATAGRAM_CONTENT, OpenedDatagram, lane_of};
pub use limits::{Due, Limits, MAX_BYTES, MAX_RECORDS};
pub use padding::Padding;

/// A session's keys, in both directions and from epoch to epoch. Dropping it wipes them.
///
/// It seals and opens; its caller carries the bytes, in order, and tells the time. Sealed control records wait in
/// [`next_outgoing`](Self::next_outgoing): they are to be sent before anything that is sealed after them.
pub struct Channel {
    role: Role,
    suite: Suite,
    agreed: Agreed,
    handshake_hash: [u8; 32],
    rotation_secret: Secret32,
    sender: Direction,
    receiver: Direction,
    step: Step,
    has_closed: bool,
    peer_has_closed: bool,
    outgoing: VecDeque<Vec<u8>>,
    exporter: Exporter,
    /// What the ticket is derived from, until it is taken.
    resumption_secret: Option<Secret32>,
    lane: Box<Lane>,
    limits: Limits,
    padding: Padding,
    /// When the keys were last made with fresh ephemerals, in the caller's milliseconds, once it has told the time.
    rotated_at_ms: Option<u64>,
    /// After a refusal no rotation is due before this.
    no_rotation_before_ms: u64,
}

/// What a record brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<'a> {
    /// Application data, in the buffer that was given.
    Data {
        /// The content.
        content: &'a mut [u8],
        /// Whether its message ends here.
        ends_message: bool,
    },
    /// The peer sends no more.
    Close,
    /// The peer ended the session, in both directions.
    Aborted(Abort),
    /// The peer proposes a new epoch: prove [`Channel::requested`], then [`agree`](Channel::agree) or
    /// [`refuse`](Channel::refuse).
    EpochRequested,
    /// Both sides are in the new epoch.
    EpochBegun,
    /// The peer refused the epoch that this side proposed.
    EpochRefused(Reject),
    /// Nothing to do: a request of the peer that crossed one of this side's, which stands, or came after this side's close.
    Ignored,
}

/// Where the channel is on its way to the next epoch.
enum Step {
    Idle,
    Requested(Box<Requested>),
    Considered(Box<Considered>),
    /// The reply is sent; the key of the confirmation.
    Answered {
        receiving: Secret32,
        is_rotation: bool,
    },
    /// Either side aborted.
    Aborted,
}

impl Channel {
    /// The channel at the end of a handshake.
    pub(crate) fn after(
        split: Split,
        role: Role,
        suite: Suite,
        state_hash: StateHash,
        view: StateView,
    ) -> Self {
        let Split { initiator, responder, secrets, handshake_hash } = split;
        let EpochSecrets { exporter, rotation, resumption, datagram } = secrets;
        let (ours, theirs) = match role {
            Role::Initiator => (initiator, responder),
            Role::Responder => (responder, initiator),
        };
        Self {
            role,
            suite,
            agreed: Agreed { epoch: 0, state_hash, view },
            handshake_hash,
            rotation_secret: rotation,
            sender: Direction::new(&ours),
            receiver: Direction::new(&theirs),
            step: Step::Idle,
            has_closed: false,
            peer_has_closed: false,
            outgoing: VecDeque::new(),
            exporter: Exporter::new(exporter, handshake_hash),
            resumption_secret: Some(resumption),
            lane: Box::new(Lane::new(role, &handshake_hash, &datagram)),
            limits: Limits::default(),
            padding: Padding::None,
            rotated_at_ms: None,
            no_rotation_before_ms: 0,
        }
    }

    /// Sets when keys are renewed and worn out.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Sets how what this side sends is padded.
    pub const fn set_padding(&mut self, padding: Padding) {
        self.padding = padding;
    }

    /// What the present epoch rests on.
    #[must_use]
    pub const fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// Gives keys to the application: those of the handshake, through all epochs.
    #[must_use]
    pub const fn exporter(&self) -> &Exporter {
        &self.exporter
    }

    /// The ticket that opens the next session with this peer. Once.
    pub fn take_ticket(&mut self) -> Option<Ticket> {
        let secrets = TicketSecrets::derive(&self.resumption_secret.take()?);
        Some(Ticket::of(secrets, self.suite, self.role, &self.agreed.view))
    }

    /// Ends the session in both directions and tells the peer why.
    ///
    /// # Errors
    /// [`ApiMisuse::SessionOver`](crate::ApiMisuse::SessionOver) where it is over.
    pub fn abort(&mut self, why: Abort) -> Result<(), Error> {
        self.check_not_over()?;
        self.queue(RecordType::Abort, &why.encode())?;
        self.end();
        Ok(())
    }

    /// What is to be done about the keys at that time. The age counts from the first time that the channel is told one.
    pub fn due(&mut self, now_ms: u64) -> Due {
        self.lane.forget(now_ms);
        if self.is_over() {
            return Due::Nothing { again_at_ms: None };
        }
        let Limits { soft_age_ms, hard_age_ms, .. } = self.limits;
        let rotated_at = *self.rotated_at_ms.get_or_insert(now_ms);
        let (caps, used) = (self.limits.caps(), self.sender.used());
        let hard_at = rotated_at.saturating_add(hard_age_ms);
        if now_ms >= hard_at || used.records >= caps.records || used.bytes >= caps.bytes {
            return Due::End;
        }
        let patience = match self.role {
            Role::Initiator => 0,
            Role::Responder => hard_age_ms.saturating_sub(soft_age_ms) / 4,
        };
        let soft_at = rotated_at.saturating_add(soft_age_ms).saturating_add(patience);
        let wanted_at = if self.is_half_used() { now_ms } else { soft_at }.max(self.no_rotation_before_ms);
        let may_request = self.is_idle() && !self.is_over();
        if may_request && now_ms >= wanted_at {
            return Due::Rotation;
        }
        let again_at_ms = if may_request { wanted_at.min(hard_at) } else { hard_at };
        Due::Nothing { again_at_ms: Some(again_at_ms) }
    }

    /// Whether the keys that this side sends records or datagrams with have protected half of what they may: time for a
    /// rotation, whatever their age.
    #[must_use]
    pub fn is_half_used(&self) -> bool {
        let caps = self.limits.caps();
        let is_half = |used: Used| used.records >= caps.records / 2 || used.bytes >= caps.bytes / 2;
        is_half(self.sender.used()) || is_half(self.lane.used())
    }

    /// What names this session among those of a socket.
    #[must_use]
    pub fn lane(&self) -> [u8; 8] {
        self.lane.name()
    }

    /// Appends a datagram to `out`, padded by this side's policy. Nothing is appended on error.
    ///
    /// # Errors
    /// [`ApiMisuse::DatagramTooLong`](crate::ApiMisuse::DatagramTooLong), [`ApiMisuse::SessionOver`](crate::ApiMisuse::SessionOver), [`Exhausted`](crate::Exhausted).
    pub fn append_datagram(&mut self, content: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.check_sending_data()?;
        self.lane.append(content, self.padding, self.limits.caps(), out)
    }

    /// Opens a datagram in place. One that does not open changes nothing: drop it and go on.
    ///
    /// # Errors
    /// [`PeerMisbehaved`](crate::PeerMisbehaved): altered, of another session, repeated, too old, or of an epoch whose keys are not there.
    pub fn open_datagram<'a>(
        &mut self,
        datagram: &'a mut [u8],
        now_ms: u64,
    ) -> Result<OpenedDatagram<'a>, Error> {
        self.check_not_over()?;
        if self.peer_has_closed {
            return Err(crate::ApiMisuse::SessionOver.into());
        }
        self.lane.open(datagram, now_ms)
    }

    fn end(&mut self) {
        self.step = Step::Aborted;
        self.resumption_secret = None;
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (epoch, sealed, opened) = (self.agreed.epoch, self.sender.number(), self.receiver.number());
        write!(f, "Channel {{ epoch: {epoch}, sealed: {sealed}, opened: {opened}, .. }}")
    }
}
