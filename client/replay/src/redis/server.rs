//! Whether a server keeps what it is given.

use redis::RedisError;
use redis::aio::ConnectionLike;

use super::error::{Account, RedisCacheError};

/// What a server says of itself.
pub(super) struct Server {
    /// What it removes when its memory is full; `None` where it does not say.
    eviction: Option<String>,
    is_replica: bool,
    /// Whether it writes what it is given to a log that it reads when it starts.
    pub(super) persists: bool,
}

/// Asks by `INFO`: `CONFIG` is forbidden where others run the server.
pub(super) async fn ask(connection: &mut impl ConnectionLike) -> Result<Server, RedisError> {
    let info: String = redis::cmd("INFO").query_async(connection).await?;
    Ok(Server::read(&info))
}

impl Server {
    fn read(info: &str) -> Self {
        let value = |name: &str| {
            let mut pairs = info.lines().filter_map(|line| line.split_once(':'));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
        };
        Self {
            eviction: value("maxmemory_policy").map(str::to_owned),
            is_replica: value("role") == Some("slave"),
            persists: value("aof_enabled") == Some("1"),
        }
    }

    /// An evicted hello can be replayed. The `volatile-` policies evict only what has an expiry, which no hello has.
    pub(super) fn vet(&self, account: &Account) -> Result<(), RedisCacheError> {
        let server = account.to_string();
        if self.is_replica {
            return Err(RedisCacheError::Replica { server });
        }
        match &self.eviction {
            None => Err(RedisCacheError::Silent { server }),
            Some(policy) if policy == "noeviction" || policy.starts_with("volatile-") => Ok(()),
            Some(policy) => Err(RedisCacheError::Evicts { server, policy: account.redact(policy) }),
        }
    }
}
