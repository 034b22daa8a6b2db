//! What remembers the calls that were answered.

use std::fmt;
use std::sync::Arc;

use clap::{ArgMatches, Args, FromArgMatches};
use zeroize::Zeroizing;

use super::layered::{Layer, Layered};

/// Where the Redis is, and how it came to be given: what stands on a command line is no secret.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReplayArguments {
    pub(crate) cache: Option<Layered<MaybeSecret>>,
}

/// A text that may hold a password, so it is neither shown nor judged before it is known where it comes from.
#[derive(Clone)]
pub(crate) struct MaybeSecret(Arc<Zeroizing<String>>);

/// The same as it is typed. clap names a group by the struct, and a second one of the name would panic.
#[derive(Args)]
#[command(next_help_heading = "Session")]
struct TypedReplay {
    /// A Redis that remembers answered calls for every process that listens as you [default: this process's memory]
    ///
    /// redis://host:port/db, rediss://… for TLS, redis+unix:///path, or the path of a file that holds such a URL. Needed where
    /// several processes answer for one identity, or a call that one has answered could be replayed to another. While
    /// it cannot be asked, nobody is answered. A URL with a password belongs into a file only you can read, or into
    /// the environment: never on a command line.
    #[arg(long, value_name = "URL|FILE", env = "COUNTERSIGN_REPLAY_CACHE", hide_env_values = true)]
    replay_cache: Option<String>,
}

impl MaybeSecret {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for MaybeSecret {
    fn from(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }
}

impl fmt::Debug for MaybeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaybeSecret(..)")
    }
}

impl FromArgMatches for ReplayArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = TypedReplay::from_arg_matches(matches)?;
        let cache = Layer::of(matches, "replay_cache").zip(typed.replay_cache);
        Ok(Self { cache: cache.map(|(layer, text)| layer.holds(text.into())) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for ReplayArguments {
    fn group_id() -> Option<clap::Id> {
        TypedReplay::group_id()
    }

    fn augment_args(command: clap::Command) -> clap::Command {
        TypedReplay::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        TypedReplay::augment_args_for_update(command)
    }
}
