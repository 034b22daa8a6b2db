//! Where the server is, and what it says when something is wrong.

use std::fmt;
use std::time::Duration;

use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime,
};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Connection, Socket};

use super::tls::{Encrypted, Tls};
use crate::store::StoreError;

/// A server, and how it is spoken to. Its password is in no message.
#[derive(Clone)]
pub(super) struct Server {
    config: Config,
    tls: Tls,
}

impl Server {
    /// Reads a connection string: `postgresql://user:password@host/database`, or `host=... user=...`.
    pub(super) fn parse(address: &str) -> Result<Self, StoreError> {
        // The parser's own words may repeat a part of the string, which has the password in it.
        let mut config: Config = address.parse().map_err(|_| StoreError::Misconfigured {
            detail: "its address is no PostgreSQL connection string".into(),
        })?;
        // Encryption without a verified certificate keeps out nobody who can change what is sent.
        if config.get_ssl_mode() != SslMode::Require {
            config.ssl_mode(SslMode::Disable);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECTING);
        }
        if config.get_application_name().is_none() {
            config.application_name("countersign-indexer");
        }
        config.keepalives_idle(SILENCE).keepalives_interval(PROBE).keepalives_retries(PROBES);
        config.tcp_user_timeout(SILENCE + PROBE * PROBES);
        let tls = Tls::new(config.get_ssl_mode() == SslMode::Require)?;
        Ok(Self { config, tls })
    }

    /// Connections for readers, made as they are needed, at most so many.
    pub(super) fn pool(&self, most: usize) -> Result<Pool, StoreError> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(self.config.clone(), self.tls.clone(), recycling);
        let settings = Hook::async_fn(|client: &mut ClientWrapper, _| {
            Box::pin(async move { client.batch_execute(READING).await.map_err(HookError::Backend) })
        });
        Pool::builder(manager)
            .max_size(most.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECTING))
            .create_timeout(Some(CONNECTING))
            .post_create(settings)
            .build()
            .map_err(|failure| StoreError::Misconfigured { detail: failure.to_string() })
    }

    /// One connection of its own, for the one who writes. It ends when it is dropped.
    pub(super) async fn writing(&self) -> Result<ClientWrapper, StoreError> {
        let (client, connection) = self.dial().await?;
        let driven = tokio::spawn(async move {
            if let Err(failure) = connection.await {
                tracing::warn!(%failure, "the connection to PostgreSQL that writes is lost");
            }
        });
        let client = ClientWrapper::new(client, driven);
        client.batch_execute(WRITING).await.map_err(fault)?;
        Ok(client)
    }

    /// A connection that somebody else drives.
    pub(super) async fn dial(&self) -> Result<(Client, Connection<Socket, Encrypted<Socket>>), StoreError> {
        self.config.connect(self.tls.clone()).await.map_err(fault)
    }
}

/// What an error of the server or of the way to it means.
pub(super) fn fault(failure: tokio_postgres::Error) -> StoreError {
    let Some(told) = failure.as_db_error() else {
        return match failure.is_closed() || !is_of_conversion(&failure) {
            true => StoreError::Unavailable { detail: chain(&failure) },
            false => StoreError::Damaged { detail: chain(&failure) },
        };
    };
    let detail = format!("{} (SQLSTATE {})", told.message(), told.code().code());
    match *told.code() {
        SqlState::DISK_FULL => StoreError::Full { detail },
        SqlState::DATA_CORRUPTED
        | SqlState::INDEX_CORRUPTED
        | SqlState::UNIQUE_VIOLATION
        | SqlState::NOT_NULL_VIOLATION
        | SqlState::UNDEFINED_TABLE
        | SqlState::UNDEFINED_COLUMN => StoreError::Damaged { detail },
        // Rights, a database that is missing, a server that starts, stops or only reads: none of it harms what is stored.
        _ => StoreError::Unavailable { detail },
    }
}

pub(super) fn pool_fault(failure: PoolError) -> StoreError {
    match failure {
        PoolError::Backend(failure) | PoolError::PostCreateHook(HookError::Backend(failure)) => {
            fault(failure)
        }
        failure => StoreError::Unavailable { detail: failure.to_string() },
    }
}

/// The library has no kinds to match on; a column of another type or number is all that is not of the network.
fn is_of_conversion(failure: &tokio_postgres::Error) -> bool {
    let text = failure.to_string();
    ["deserializing", "serializing", "invalid column", "unexpected number of rows"]
        .iter()
        .any(|start| text.contains(start))
}

/// An error with its causes, which say more than it does.
fn chain(failure: &dyn std::error::Error) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = inner.source();
    }
    text
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("hosts", &self.config.get_hosts())
            .field("database", &self.config.get_dbname())
            .finish_non_exhaustive()
    }
}

/// How long connecting may take, and waiting for a free connection.
const CONNECTING: Duration = Duration::from_secs(5);

/// A machine that died says nothing: it is asked after so long.
const SILENCE: Duration = Duration::from_secs(10);
const PROBE: Duration = Duration::from_secs(5);
const PROBES: u32 = 3;

/// Compiling a query takes longer than any of ours runs.
const READING: &str = "SET jit = off";

/// A writer whose machine died is noticed in half a minute, not in the two hours that Linux waits; one that is gone while
/// it waits for the lock does not get it first.
const WRITING: &str = "SET jit = off; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; \
                       SET tcp_keepalives_count = 3; SET tcp_user_timeout = 25000; \
                       SET client_connection_check_interval = 1000";
