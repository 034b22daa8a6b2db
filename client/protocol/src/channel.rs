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
#[cfg(test)]
mod vectors;
mod window;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use crate::aead::TAG;
use crate::channel::content::RecordType;
use crate::channel::direction::Direction;
use crate::channel::epoch::{Considered, Kind, Link, Requested};
use crate::channel::lane::Lane;
use crate::channel::limits::Caps;
use crate::error::{ApiMisuse, Error, PeerMisbehaved};
use crate::exporter::Exporter;
use crate::handshake::{InitiatorEphemerals, ResponderEphemerals, continuation};
use crate::key_schedule::{EpochSecrets, TicketSecrets};
use crate::proposal::Proposal;
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
    Over,
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

    /// Most content of one record that [`append`](Self::append) makes, in bytes.
    #[must_use]
    pub const fn max_content(&self) -> usize {
        match self.padding {
            Padding::None => MAX_CONTENT,
            _ => MAX_CONTENT - PADDED_HEAD,
        }
    }

    /// Seals a record in place, unpadded. `record` is one byte of room, the content, and 16 bytes of room for the tag.
    ///
    /// # Errors
    /// [`ApiMisuse::RecordTooLong`], [`ApiMisuse::BufferTooShort`], [`ApiMisuse::SessionOver`];
    /// [`Exhausted`](crate::Exhausted) once the key has protected what [`Limits`] allow.
    pub fn seal(&mut self, content_type: ContentType, record: &mut [u8]) -> Result<(), Error> {
        self.check_sending()?;
        let length = record.len();
        let header = record.first_mut().ok_or(ApiMisuse::BufferTooShort { length })?;
        *header = RecordType::from(content_type) as u8;
        self.sender.seal(record, self.caps_for(content_type))?;
        self.has_closed = content_type == ContentType::Close;
        Ok(())
    }

    /// Appends a record to `out`, padded by this side's policy. Nothing is appended on error.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub fn append(
        &mut self,
        content_type: ContentType,
        content: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.check_sending()?;
        self.append_record(content_type.into(), content, self.caps_for(content_type), out)?;
        self.has_closed = content_type == ContentType::Close;
        Ok(())
    }

    /// A sealed control record that is to be sent before anything sealed from now on.
    pub fn next_outgoing(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    /// Opens a record in place. `now_ms` is the caller's time, in milliseconds from any beginning.
    ///
    /// # Errors
    /// [`PeerMisbehaved`]: altered, repeated, out of order, too long, of an unknown type, or not to be sent now. Close the
    /// connection: nothing after it can be trusted to be complete. [`Exhausted`](crate::Exhausted).
    pub fn open<'a>(&mut self, record: &'a mut [u8], now_ms: u64) -> Result<Received<'a>, Error> {
        self.check_receiving()?;
        let length = record.len();
        let first = *record.first().ok_or(PeerMisbehaved::BadLength { expected: "record", length })?;
        let mut record_type = RecordType::from_byte(first)?;
        if record_type == RecordType::Confirmation {
            return self.open_confirmation(record, now_ms);
        }
        let mut content = self.receiver.open(record)?;
        if record_type == RecordType::Padded {
            (record_type, content) = within_padding(content)?;
        }
        match record_type {
            RecordType::Data => Ok(Received::Data { content, ends_message: true }),
            RecordType::DataMore => Ok(Received::Data { content, ends_message: false }),
            RecordType::Close if content.is_empty() => {
                self.peer_has_closed = true;
                // No reply and no confirmation can come any more.
                self.step = Step::Idle;
                Ok(Received::Close)
            }
            RecordType::Abort => {
                let abort = Abort::decode(content)?;
                self.end();
                Ok(Received::Aborted(abort))
            }
            RecordType::EpochRequest => self.take_request(content),
            RecordType::EpochReply => self.take_reply(content, now_ms),
            RecordType::EpochRefusal => self.take_refusal(content, now_ms),
            RecordType::Close | RecordType::Confirmation | RecordType::Padded => {
                Err(PeerMisbehaved::UnexpectedRecord(record_type as u8).into())
            }
        }
    }

    /// Ends the session in both directions and tells the peer why.
    ///
    /// # Errors
    /// [`ApiMisuse::SessionOver`] where it is over, or this side has closed.
    pub fn abort(&mut self, why: Abort) -> Result<(), Error> {
        self.check_sending()?;
        self.queue(RecordType::Abort, &why.encode())?;
        self.end();
        Ok(())
    }

    /// Whether no new epoch is under way, so that this side may request one.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        matches!(self.step, Step::Idle)
    }

    /// What is to be done about the keys at that time. The age counts from the first time that the channel is told one.
    pub fn due(&mut self, now_ms: u64) -> Due {
        self.lane.forget(now_ms);
        if matches!(self.step, Step::Over) {
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
        let is_half_used = used.records >= caps.records / 2 || used.bytes >= caps.bytes / 2;
        let wanted_at = if is_half_used { now_ms } else { soft_at }.max(self.no_rotation_before_ms);
        let may_request = self.is_idle() && !self.has_closed && !self.peer_has_closed;
        if may_request && now_ms >= wanted_at {
            return Due::Rotation;
        }
        let again_at_ms = if may_request { wanted_at.min(hard_at) } else { hard_at };
        Due::Nothing { again_at_ms: Some(again_at_ms) }
    }

    /// Proposes an epoch with fresh ephemeral keys, at a newer view of the session's parties and queries.
    ///
    /// # Errors
    /// [`ApiMisuse::EpochUnderWay`], [`ApiMisuse::SessionOver`], [`ApiMisuse::EphemeralsOfOtherSuite`];
    /// [`ChainDisagrees`](crate::ChainDisagrees) where the view is of another record, or older than the session's.
    pub fn request_rotation(
        &mut self,
        view: StateView,
        ephemerals: InitiatorEphemerals,
    ) -> Result<(), Error> {
        self.request(Kind::Rotation, view, Some((self.suite, ephemerals)))
    }

    /// Proposes to bind the keys to a newer view, without a curve operation on either side.
    ///
    /// # Errors
    /// As [`request_rotation`](Self::request_rotation).
    pub fn request_state_ticket(&mut self, view: StateView) -> Result<(), Error> {
        self.request(Kind::StateTicket, view, None)
    }

    /// What the peer proposes and this side has not answered yet.
    #[must_use]
    pub fn requested(&self) -> Option<&Proposal> {
        match &self.step {
            Step::Considered(considered) => Some(&considered.proposal),
            _ => None,
        }
    }

    /// Agrees to the epoch that the peer proposes: `view` is this side's own proof of it. Where it cannot, it refuses, with
    /// the reason. A state ticket leaves the ephemerals unused.
    ///
    /// # Errors
    /// [`ApiMisuse::NothingRequested`]; [`ChainDisagrees`](crate::ChainDisagrees) with what differs, of which the peer is
    /// told; [`ChainDisagrees::NotConfirmed`](crate::ChainDisagrees::NotConfirmed) and [`PeerMisbehaved`], upon which to
    /// close the connection.
    pub fn agree(&mut self, view: StateView, ephemerals: ResponderEphemerals) -> Result<(), Error> {
        self.check_sending()?;
        let Step::Considered(considered) = core::mem::replace(&mut self.step, Step::Idle) else {
            return Err(ApiMisuse::NothingRequested.into());
        };
        let epoch = considered.epoch;
        self.agree_to(*considered, view, ephemerals).inspect_err(|error| {
            if let Some(reject) = error.as_reject() {
                // What keeps a refusal from being said is reported by whatever is sent next.
                let _ = self.queue(RecordType::EpochRefusal, &epoch::refusal(epoch, reject));
            }
        })
    }

    /// Refuses the epoch that the peer proposes; the channel goes on in the present one.
    ///
    /// # Errors
    /// [`ApiMisuse::NothingRequested`], [`ApiMisuse::SessionOver`].
    pub fn refuse(&mut self, reject: Reject) -> Result<(), Error> {
        self.check_sending()?;
        let Step::Considered(considered) = &self.step else {
            return Err(ApiMisuse::NothingRequested.into());
        };
        let content = epoch::refusal(considered.epoch, reject);
        self.step = Step::Idle;
        self.queue(RecordType::EpochRefusal, &content)
    }

    /// What names this session among those of a socket.
    #[must_use]
    pub fn lane(&self) -> [u8; 8] {
        self.lane.name()
    }

    /// Appends a datagram to `out`, padded by this side's policy. Nothing is appended on error.
    ///
    /// # Errors
    /// [`ApiMisuse::DatagramTooLong`], [`ApiMisuse::SessionOver`], [`Exhausted`](crate::Exhausted).
    pub fn append_datagram(&mut self, content: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.check_sending()?;
        self.lane.append(content, self.padding, self.limits.caps(), out)
    }

    /// Opens a datagram in place. One that does not open changes nothing: drop it and go on.
    ///
    /// # Errors
    /// [`PeerMisbehaved`]: altered, of another session, repeated, too old, or of an epoch whose keys are not there.
    pub fn open_datagram<'a>(
        &mut self,
        datagram: &'a mut [u8],
        now_ms: u64,
    ) -> Result<OpenedDatagram<'a>, Error> {
        self.check_receiving()?;
        self.lane.open(datagram, now_ms)
    }

    /// The initiator's first record, sealed.
    pub(crate) fn confirm(&mut self) -> Result<Vec<u8>, Error> {
        let mut record = alloc::vec![0; RECORD_OVERHEAD];
        if let Some(first) = record.first_mut() {
            *first = RecordType::Confirmation as u8;
        }
        self.sender.seal(&mut record, Caps::MOST)?;
        Ok(record)
    }

    /// Reads the initiator's first record.
    pub(crate) fn read_confirmation(&mut self, record: &mut [u8]) -> Result<(), Error> {
        let is_confirmation = record.first() == Some(&(RecordType::Confirmation as u8));
        let content = self.receiver.open(record)?;
        if is_confirmation && content.is_empty() {
            return Ok(());
        }
        Err(PeerMisbehaved::ExpectedConfirmation.into())
    }

    fn open_confirmation<'a>(&mut self, record: &mut [u8], now_ms: u64) -> Result<Received<'a>, Error> {
        let Step::Answered { receiving, is_rotation } = &self.step else {
            return Err(PeerMisbehaved::UnexpectedRecord(RecordType::Confirmation as u8).into());
        };
        let mut receiver = self.receiver.continued(receiving);
        if !receiver.open(record)?.is_empty() {
            return Err(PeerMisbehaved::ExpectedConfirmation.into());
        }
        if *is_rotation {
            self.rotated_at_ms = Some(now_ms);
        }
        self.receiver = receiver;
        self.step = Step::Idle;
        self.lane.confirm(now_ms);
        Ok(Received::EpochBegun)
    }

    fn request(
        &mut self,
        kind: Kind,
        view: StateView,
        ephemerals: Option<(Suite, InitiatorEphemerals)>,
    ) -> Result<(), Error> {
        self.check_sending()?;
        self.check_receiving()?;
        if !self.is_idle() {
            return Err(ApiMisuse::EpochUnderWay.into());
        }
        epoch::check_continues(&view, &self.agreed.view, self.role)?;
        let epoch = self.next_epoch()?;
        let mut content = epoch::request_prefix(kind, epoch, &view, self.role);
        let (symmetric, psk) = self.link().open(kind, self.role, &content, &view);
        let begun = continuation::begin(symmetric, &psk, ephemerals, &mut content)?;
        self.queue(RecordType::EpochRequest, &content)?;
        self.step = Step::Requested(Box::new(Requested { kind, epoch, view, begun, was_crossed: false }));
        Ok(())
    }

    fn take_request<'a>(&mut self, content: &[u8]) -> Result<Received<'a>, Error> {
        let out_of_place = PeerMisbehaved::UnexpectedRecord(RecordType::EpochRequest as u8);
        let considered = Considered::read(content, self.next_epoch()?, self.suite)?;
        epoch::check_proposal(&considered.proposal, &self.agreed.view, self.role)?;
        match &mut self.step {
            // Nothing can be answered after a close.
            _ if self.has_closed => return Ok(Received::Ignored),
            Step::Idle => {}
            Step::Requested(requested) if self.role == Role::Initiator && !requested.was_crossed => {
                requested.was_crossed = true;
                return Ok(Received::Ignored);
            }
            Step::Requested(_) if self.role == Role::Responder => {}
            _ => return Err(out_of_place.into()),
        }
        self.step = Step::Considered(Box::new(considered));
        Ok(Received::EpochRequested)
    }

    fn agree_to(
        &mut self,
        considered: Considered,
        view: StateView,
        ephemerals: ResponderEphemerals,
    ) -> Result<(), Error> {
        epoch::check_continues(&view, &self.agreed.view, self.role)?;
        considered.proposal.check_against(&view, self.role)?;
        let (epoch, is_rotation) = (considered.epoch, considered.kind == Kind::Rotation);
        let (content, split) = considered.answer(&self.link(), &view, ephemerals)?;
        self.queue(RecordType::EpochReply, &content)?;
        let Split { initiator, responder, secrets, handshake_hash } = split;
        self.sender = self.sender.continued(&responder);
        self.step = Step::Answered { receiving: initiator, is_rotation };
        self.enter(epoch, view, secrets, handshake_hash);
        Ok(())
    }

    fn take_reply<'a>(&mut self, content: &mut [u8], now_ms: u64) -> Result<Received<'a>, Error> {
        let Step::Requested(requested) = core::mem::replace(&mut self.step, Step::Idle) else {
            return Err(PeerMisbehaved::UnexpectedRecord(RecordType::EpochReply as u8).into());
        };
        let message = epoch::reply_message(content, &requested)?;
        let Requested { kind, epoch, view, begun, .. } = *requested;
        let Split { initiator, responder, secrets, handshake_hash } = begun.finish(message)?;
        self.receiver = self.receiver.continued(&responder);
        self.sender = self.sender.continued(&initiator);
        if kind == Kind::Rotation {
            self.rotated_at_ms = Some(now_ms);
        }
        self.enter(epoch, view, secrets, handshake_hash);
        self.lane.confirm(now_ms);
        if !self.has_closed {
            let confirmation = self.confirm()?;
            self.outgoing.push_back(confirmation);
        }
        Ok(Received::EpochBegun)
    }

    fn take_refusal<'a>(&mut self, content: &[u8], now_ms: u64) -> Result<Received<'a>, Error> {
        let Step::Requested(requested) = &self.step else {
            return Err(PeerMisbehaved::UnexpectedRecord(RecordType::EpochRefusal as u8).into());
        };
        let reject = epoch::read_refusal(content, requested.epoch)?;
        self.step = Step::Idle;
        self.no_rotation_before_ms = now_ms.saturating_add(RETRY_MS);
        Ok(Received::EpochRefused(reject))
    }

    /// What the new epoch gives besides the keys of its records. What the one before had is wiped.
    fn enter(&mut self, epoch: u32, view: StateView, secrets: EpochSecrets, handshake_hash: [u8; 32]) {
        self.lane.prepare(epoch, &secrets.datagram);
        self.rotation_secret = secrets.rotation;
        self.handshake_hash = handshake_hash;
        self.agreed = Agreed { epoch, state_hash: view.state_hash(self.role), view };
    }

    fn link(&self) -> Link<'_> {
        let Self { handshake_hash: h, rotation_secret, suite, role, .. } = self;
        Link { h, rotation_secret, suite: *suite, role: *role }
    }

    fn next_epoch(&self) -> Result<u32, Error> {
        Ok(self.agreed.epoch.checked_add(1).ok_or(crate::Exhausted::Epochs)?)
    }

    fn queue(&mut self, record_type: RecordType, content: &[u8]) -> Result<(), Error> {
        let mut record = Vec::with_capacity(content.len() + PADDED_HEAD + RECORD_OVERHEAD);
        self.append_record(record_type, content, Caps::MOST, &mut record)?;
        self.outgoing.push_back(record);
        Ok(())
    }

    fn append_record(
        &mut self,
        record_type: RecordType,
        content: &[u8],
        caps: Caps,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let (length, maximum) = (content.len(), self.max_content());
        if length > maximum {
            return Err(ApiMisuse::RecordTooLong { length, maximum }.into());
        }
        let start = out.len();
        if self.padding == Padding::None {
            out.push(record_type as u8);
            out.extend_from_slice(content);
        } else {
            let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            out.extend_from_slice(&[RecordType::Padded as u8, record_type as u8, high, low]);
            out.extend_from_slice(content);
            out.resize(start + 1 + self.padding.bucket(PADDED_HEAD + length, MAX_CONTENT), 0);
        }
        out.resize(out.len() + TAG, 0);
        let sealed = self.sender.seal(out.get_mut(start..).unwrap_or_default(), caps);
        sealed.inspect_err(|_| out.truncate(start))
    }

    /// A close still fits where the keys have protected all the data they may.
    fn caps_for(&self, content_type: ContentType) -> Caps {
        match content_type {
            ContentType::Close => Caps::MOST,
            ContentType::Data | ContentType::DataMore => self.limits.caps(),
        }
    }

    fn check_sending(&self) -> Result<(), ApiMisuse> {
        let is_over = self.has_closed || matches!(self.step, Step::Over);
        if is_over { Err(ApiMisuse::SessionOver) } else { Ok(()) }
    }

    fn check_receiving(&self) -> Result<(), ApiMisuse> {
        let is_over = self.peer_has_closed || matches!(self.step, Step::Over);
        if is_over { Err(ApiMisuse::SessionOver) } else { Ok(()) }
    }

    fn end(&mut self) {
        self.step = Step::Over;
        self.resumption_secret = None;
    }
}

fn within_padding(sealed: &mut [u8]) -> Result<(RecordType, &mut [u8]), PeerMisbehaved> {
    let malformed = PeerMisbehaved::MalformedPadding;
    let ([inner, high, low], rest) = sealed.split_first_chunk_mut::<PADDED_HEAD>().ok_or(malformed)?;
    let record_type = RecordType::within_padding(*inner)?;
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    Ok((record_type, rest.get_mut(..length).ok_or(malformed)?))
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (epoch, sealed, opened) = (self.agreed.epoch, self.sender.number(), self.receiver.number());
        write!(f, "Channel {{ epoch: {epoch}, sealed: {sealed}, opened: {opened}, .. }}")
    }
}

/// Bytes before the content of a padded record: its type and its length.
const PADDED_HEAD: usize = 3;
/// How long after a refusal a rotation may be due again.
const RETRY_MS: u64 = 5_000;
