//! How a session is kept.

use std::num::NonZeroUsize;

use clap::Args;

use crate::config::PaddingChoice;
use crate::moment::Span;

/// What keeps a running session young.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Upkeep")]
pub(crate) struct UpkeepArguments {
    /// Renew the keys this often, with fresh ephemeral ones and a newly proven state [default: 2m]
    ///
    /// At one and a half times that age, 10s later at least, the session ends, should no renewal succeed: a side that cannot
    /// prove its state does not go on trading under old keys.
    #[arg(long, value_name = "TIME", env = "COUNTERSIGN_ROTATE_AFTER")]
    pub(crate) rotate_after: Option<Span>,
    /// Bind the session to a newer block this often, where there is one, without fresh ephemeral keys [default: by renewals
    /// alone]
    #[arg(long, value_name = "TIME", env = "COUNTERSIGN_REBIND")]
    pub(crate) rebind: Option<Span>,
    /// Go on this long, by the chain's time, after the peer's or the own key was replaced in the registry [default: 1m]
    #[arg(long, value_name = "TIME", env = "COUNTERSIGN_OVERLAP")]
    pub(crate) overlap: Option<Span>,
    /// How what is sent is padded, so that its length tells little [default: buckets]
    #[arg(long, value_name = "CHOICE", env = "COUNTERSIGN_PADDING")]
    pub(crate) padding: Option<PaddingChoice>,
}

/// What a listener grants, and how it defends itself.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Upkeep")]
pub(crate) struct AnsweringArguments {
    /// Let a peer open further sessions without the static keys for this long; 0s: never [default: 1h]
    #[arg(long, value_name = "TIME", env = "COUNTERSIGN_TICKET_LIFETIME")]
    pub(crate) ticket_lifetime: Option<Span>,
    /// From so many handshakes under way on, ask every dialler for a cookie first; 0: always [default: 16]
    #[arg(long, value_name = "COUNT", env = "COUNTERSIGN_COOKIES_FROM")]
    pub(crate) cookies_from: Option<usize>,
    /// Answer at most so many handshakes at once [default: 64]
    #[arg(long, value_name = "COUNT", env = "COUNTERSIGN_MAX_HANDSHAKES")]
    pub(crate) max_handshakes: Option<NonZeroUsize>,
}
