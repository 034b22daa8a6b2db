//! What a responder asks before it answers a hello.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use countersign_protocol::Identity;

/// Remembers the hellos that were answered.
///
/// Whatever any clock does, a hello that entered does not enter again: while it is remembered it is
/// [`Replayed`](NotEntered::Replayed), and afterwards [`TooLate`](NotEntered::TooLate). Only proven initiators enter,
/// and a full cache refuses the next hello rather than forget an old one: room is no way to make a replay possible.
pub trait ReplayCache: Send + Sync {
    /// Whether this process knows already that the hello was answered. Worth asking before any proof is made for it;
    /// it does not wait, and `false` decides nothing.
    fn knows(&self, hello: &Hello) -> bool;

    /// Enters a hello that is about to be answered, unless it was entered before.
    ///
    /// Dropped before it is done, the hello may or may not have entered, and is not to be answered. Fails with
    /// [`NotEntered`].
    fn enter(&self, hello: Hello, now_unix_ms: u64) -> Entering<'_>;
}

/// A hello on its way into a cache.
pub type Entering<'a> = Pin<Box<dyn Future<Output = Result<(), NotEntered>> + Send + 'a>>;

/// A hello by its name. Its other bytes are bound to the ephemeral key by the handshake, and an honest initiator uses that
/// key once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// Whom it is for.
    pub responder: Identity,
    /// The initiator's ephemeral key, compressed (SEC 1).
    pub ephemeral: [u8; 33],
    /// The Unix millisecond up to which it is remembered, which the hello alone must decide.
    pub end_unix_ms: u64,
}

/// Why a hello does not enter, and so is not to be answered.
#[derive(Debug, thiserror::Error)]
pub enum NotEntered {
    /// It is there already.
    #[error("this hello was answered before; someone replays it")]
    Replayed,
    /// There is no room until an older one ages out.
    #[error("as many hellos are remembered as there is room for; try again when some have aged")]
    Full,
    /// It took so long to get here that whether it was answered before is no longer known.
    #[error("whether this hello was answered before is no longer known; a new one is")]
    TooLate,
    /// The cache could not be asked.
    #[error("the replay cache could not be asked: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl<C: ReplayCache + ?Sized> ReplayCache for Arc<C> {
    fn knows(&self, hello: &Hello) -> bool {
        (**self).knows(hello)
    }

    fn enter(&self, hello: Hello, now_unix_ms: u64) -> Entering<'_> {
        (**self).enter(hello, now_unix_ms)
    }
}

impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hello")
            .field("responder", &self.responder)
            .field("end_unix_ms", &self.end_unix_ms)
            .finish_non_exhaustive()
    }
}
