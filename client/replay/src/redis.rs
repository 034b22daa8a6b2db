//! One memory for all processes that answer for an identity.

mod enter;
mod error;
mod server;
mod url;

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncConnectionConfig, Client, RedisError};
use tokio::time::timeout;

pub use self::error::RedisCacheError;
pub use self::url::{RedisUrl, RedisUrlError};

use self::enter::Enter;
use self::error::Account;
use crate::cache::{Entering, Hello, NotEntered, ReplayCache};
use crate::memory::{MemoryCache, REMEMBERED_HELLOS};

/// A replay cache in a Redis, 6.0 or later, or a Valkey: shared by every process that names the same server and database.
///
/// One script decides, atomically, so that a hello enters once however many processes hold it. What it forgets, and what
/// that makes too late, is decided by the hellos' own ends: see `redis/enter.lua`. The server's clock plays no part.
///
/// The server is trusted with this one question: whoever can write to it can let a hello in twice, or shut everybody out.
/// It learns when whom was called, and by no means by whom. What it loses (a restart without `appendonly yes`, `FLUSHALL`, a
/// failover to a replica that lags) may be answered once more; [`connect`](Self::connect) refuses a server that would evict
/// hellos, and a replica.
pub struct RedisCache {
    account: Account,
    connection: ConnectionManager,
    enter: Enter,
    patience: Duration,
    /// When the server was last found to keep what it is given; `None` after every failure.
    vetted: Mutex<Option<Instant>>,
    /// What this process has learned of.
    known: MemoryCache,
}

/// How much is remembered, and how long the server is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedisLimits {
    /// Hellos remembered at most for each identity; about 120 bytes each on the server.
    pub capacity: NonZeroUsize,
    /// How long a hello waits for the server, reconnection included.
    pub patience: Duration,
}

impl RedisCache {
    /// Connects, and sees that the server keeps what it is given.
    ///
    /// # Errors
    /// [`RedisCacheError`]: no answer, not let in, or a server that forgets by itself.
    pub async fn connect(url: &RedisUrl, limits: RedisLimits) -> Result<Self, RedisCacheError> {
        let RedisLimits { capacity, patience } = limits;
        let account = Account::of(url);
        url.choose_tls_provider();
        let failed = |error: RedisError| account.failure(&error, patience);
        let client = Client::open(url.connection_info()).map_err(failed)?;
        let found = timeout(patience, async {
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(patience))
                .set_response_timeout(Some(patience));
            let mut once = client.get_multiplexed_async_connection_with_config(&config).await?;
            server::ask(&mut once).await
        });
        let found = found.await.map_err(|_| account.no_answer(patience))?.map_err(failed)?;
        found.vet(&account)?;
        if !found.persists {
            tracing::warn!(server = %account, "this Redis keeps nothing on disk: set appendonly yes, or a hello may be answered twice around its restart");
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(patience))
            .set_max_delay(RECONNECTION_DELAY)
            .set_number_of_retries(RECONNECTIONS);
        let connection = ConnectionManager::new_lazy_with_config(client, config).map_err(failed)?;
        let (enter, known) = (Enter::new(capacity), MemoryCache::new(capacity.get()));
        Ok(Self { account, connection, enter, patience, vetted: Mutex::new(Some(Instant::now())), known })
    }

    async fn ask(&self, hello: &Hello, now_unix_ms: u64) -> Result<(), NotEntered> {
        let asked = timeout(self.patience, self.vet_and_enter(hello, now_unix_ms)).await;
        asked.unwrap_or_else(|_| Err(self.account.no_answer(self.patience))).unwrap_or_else(|error| {
            self.set_vetted(None);
            Err(NotEntered::Unavailable(error.into()))
        })
    }

    async fn vet_and_enter(
        &self,
        hello: &Hello,
        now_unix_ms: u64,
    ) -> Result<Result<(), NotEntered>, RedisCacheError> {
        let failed = |error: RedisError| self.account.failure(&error, self.patience);
        let mut connection = self.connection.clone();
        if !self.is_vetted() {
            server::ask(&mut connection).await.map_err(failed)?.vet(&self.account)?;
            self.set_vetted(Some(Instant::now()));
        }
        self.enter.run(&mut connection, hello, now_unix_ms).await.map_err(failed)
    }

    /// Settings change while a server runs, and another server takes over its address.
    fn is_vetted(&self) -> bool {
        let vetted = self.vetted.lock().unwrap_or_else(PoisonError::into_inner);
        vetted.is_some_and(|since| since.elapsed() < VETTED_FOR)
    }

    fn set_vetted(&self, since: Option<Instant>) {
        *self.vetted.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

impl ReplayCache for RedisCache {
    /// Answers from this process's memory alone: a replay that another process would know costs one proof here, once.
    fn knows(&self, hello: &Hello) -> bool {
        self.known.knows(hello)
    }

    fn enter(&self, hello: Hello, now_unix_ms: u64) -> Entering<'_> {
        Box::pin(async move {
            let entered = self.ask(&hello, now_unix_ms).await;
            if matches!(entered, Ok(()) | Err(NotEntered::Replayed)) {
                // Where there is no room for it, `knows` goes on saying no, which decides nothing.
                let _ = self.known.enter_now(&hello, now_unix_ms);
            }
            entered
        })
    }
}

impl Default for RedisLimits {
    /// As many hellos as [`MemoryCache::default`] remembers, and two seconds.
    fn default() -> Self {
        Self {
            capacity: NonZeroUsize::new(REMEMBERED_HELLOS).unwrap_or(NonZeroUsize::MIN),
            patience: Duration::from_secs(2),
        }
    }
}

impl std::fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisCache").field("server", &self.account.to_string()).finish_non_exhaustive()
    }
}

/// For how long a server's settings are taken not to change.
const VETTED_FOR: Duration = Duration::from_secs(60);
/// A lost connection is tried again this often at most, this many times, and then with the next hello.
const RECONNECTION_DELAY: Duration = Duration::from_secs(1);
const RECONNECTIONS: usize = 60;
