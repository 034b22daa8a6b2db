//! Why a Redis is of no use as a replay cache, in words that give no password away.

use std::fmt;
use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::url::RedisUrl;

/// Why a Redis cannot be asked. The fault is the local set-up's, never the peer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedisCacheError {
    /// It could not be reached, or did not answer in time.
    #[error(
        "{server} gave no answer within {after:?} ({detail}); see that it runs, and that this machine reaches it"
    )]
    NoAnswer {
        /// Which, without credentials.
        server: String,
        /// How long it was given.
        after: Duration,
        /// What happened.
        detail: String,
    },
    /// It does not let this process in, or not do what is needed.
    #[error(
        "{server} does not permit it ({detail}); see the password, and that this user may EVALSHA, SCRIPT LOAD, INFO and write countersign:replay:*"
    )]
    Denied {
        /// Which, without credentials.
        server: String,
        /// What it said.
        detail: String,
    },
    /// It evicts keys, and an evicted hello can be replayed.
    #[error(
        "{server} evicts keys when its memory is full (maxmemory-policy {policy}), and an evicted hello can be replayed; set maxmemory-policy noeviction"
    )]
    Evicts {
        /// Which, without credentials.
        server: String,
        /// Its maxmemory-policy.
        policy: String,
    },
    /// It does not say whether it evicts keys.
    #[error("{server} does not say by INFO whether it evicts keys; use a Redis or Valkey that does")]
    Silent {
        /// Which, without credentials.
        server: String,
    },
    /// It is a replica, and so not the one memory of all.
    #[error("{server} is a replica; name the primary")]
    Replica {
        /// Which, without credentials.
        server: String,
    },
    /// It failed otherwise: out of memory, still loading, part of a cluster.
    #[error("{server} failed: {detail}; see its log")]
    Failed {
        /// Which, without credentials.
        server: String,
        /// What it said.
        detail: String,
    },
}

/// A server by the name that may be shown, and what may not be.
pub(super) struct Account {
    server: String,
    password: Option<String>,
}

impl Account {
    pub(super) fn of(url: &RedisUrl) -> Self {
        Self { server: url.to_string(), password: url.password().map(str::to_owned) }
    }

    pub(super) fn no_answer(&self, after: Duration) -> RedisCacheError {
        RedisCacheError::NoAnswer { server: self.to_string(), after, detail: "timed out".into() }
    }

    pub(super) fn failure(&self, error: &RedisError, after: Duration) -> RedisCacheError {
        let (server, detail) = (self.to_string(), self.redact(&error.to_string()));
        let is_denied =
            matches!(
                error.kind(),
                ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm)
            ) || error.code().is_some_and(|code| ["NOAUTH", "WRONGPASS", "NOPERM"].contains(&code));
        match error {
            _ if is_denied => RedisCacheError::Denied { server, detail },
            error if error.is_io_error() || error.is_timeout() || error.is_connection_dropped() => {
                RedisCacheError::NoAnswer { server, after, detail }
            }
            _ => RedisCacheError::Failed { server, detail },
        }
    }

    /// A server's words, fit to be shown: some repeat the arguments of a command that they do not know, AUTH's too.
    pub(super) fn redact(&self, text: &str) -> String {
        let text: String = text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
        let text = match &self.password {
            Some(password) if !password.is_empty() => text.replace(password.as_str(), "…"),
            _ => text,
        };
        text.chars().take(MAX_FOREIGN_TEXT).collect()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.server)
    }
}

/// Characters of a server's words that are shown.
const MAX_FOREIGN_TEXT: usize = 200;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_never_show_the_password() {
        let account = Account::of(&"redis://:hunter2@127.0.0.1:1/0".parse().unwrap());
        let said = "ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n";
        let shown = account.redact(said);
        assert!(shown.starts_with("ERR unknown command") && !shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains('\n') && account.redact(&"x".repeat(999)).len() == MAX_FOREIGN_TEXT);
        assert_eq!(account.to_string(), "redis://127.0.0.1:1/0");
    }
}
