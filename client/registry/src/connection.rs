//! Connecting to an endpoint. What is read of it is bounded, whatever the transport.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alloy::pubsub::{ConnectionHandle, PubSubConnect, PubSubFrontend};
use alloy::rpc::client::{ClientBuilder, RpcClient};
use alloy::transports::ws::{WebSocketConfig, WsConnect};
use alloy::transports::{TransportError, TransportErrorKind, TransportResult};

use crate::endpoint::{Endpoint, Target};
use crate::http::BoundedHttp;
use crate::metered::Metered;

/// One connection, and whether its other end told the right chain id: behind the next one another node may stand.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) client: RpcClient,
    /// Where the transport knows subscriptions.
    pub(crate) frontend: Option<PubSubFrontend>,
    chain_id_checked: Arc<AtomicBool>,
}

/// What becomes of a WebSocket or an IPC socket that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenLost {
    /// It stays lost. Whoever asks next connects, and asks the node behind the new connection for its chain.
    StayLost,
    /// It is tried once more, unseen: for what is bound to its chain by signatures.
    TryAgain,
}

/// Connects, and perhaps again.
#[derive(Clone, Debug)]
struct Connector<C> {
    inner: C,
    when_lost: WhenLost,
}

impl Connection {
    /// Answers to one batch are together no longer than `max_response_bytes`, whatever the transport.
    pub(crate) fn over(client: RpcClient, max_response_bytes: usize) -> Self {
        let frontend = client.pubsub_frontend().cloned();
        let client = match frontend.clone() {
            Some(frontend) => {
                let is_local = client.is_local();
                RpcClient::new(Metered { frontend, max_response_bytes }, is_local)
            }
            None => client,
        };
        Self { client, frontend, chain_id_checked: Arc::default() }
    }

    pub(crate) fn is_checked(&self) -> bool {
        self.chain_id_checked.load(Ordering::Relaxed)
    }

    /// Whether the same node answers as long as the connection lasts. Over HTTP each request may reach another.
    pub(crate) const fn is_to_one_node(&self) -> bool {
        self.frontend.is_some()
    }

    pub(crate) fn note_checked(&self) {
        self.chain_id_checked.store(true, Ordering::Relaxed);
    }
}

/// Connects, or for HTTP makes the pool that will.
pub(crate) async fn connect(
    endpoint: &Endpoint,
    timeout: Duration,
    max_response_bytes: usize,
    when_lost: WhenLost,
) -> Result<RpcClient, TransportError> {
    match endpoint.target() {
        Target::Http(url) => {
            let http = BoundedHttp::new(url.clone(), timeout, max_response_bytes)
                .map_err(TransportErrorKind::custom)?;
            Ok(RpcClient::new(http, false))
        }
        Target::WebSocket(url) => {
            let limits = WebSocketConfig::default()
                .max_message_size(Some(max_response_bytes))
                .max_frame_size(Some(max_response_bytes));
            let inner = WsConnect::new(url.as_str()).with_config(limits).with_max_retries(1);
            ClientBuilder::default().pubsub(Connector { inner, when_lost }).await
        }
        #[cfg(unix)]
        Target::Ipc(path) => {
            let path = path.clone();
            let inner = crate::ipc::BoundedIpc { path, timeout, max_message_bytes: max_response_bytes };
            ClientBuilder::default().pubsub(Connector { inner, when_lost }).await
        }
        #[cfg(not(unix))]
        Target::Ipc(path) => {
            let inner = alloy::transports::ipc::IpcConnect::new(path.clone());
            ClientBuilder::default().pubsub(Connector { inner, when_lost }).await
        }
    }
}

impl<C: PubSubConnect> PubSubConnect for Connector<C> {
    fn is_local(&self) -> bool {
        self.inner.is_local()
    }

    async fn connect(&self) -> TransportResult<ConnectionHandle> {
        self.inner.connect().await
    }

    async fn try_reconnect(&self) -> TransportResult<ConnectionHandle> {
        match self.when_lost {
            WhenLost::StayLost => Err(TransportErrorKind::non_retryable_str("the connection was lost")),
            WhenLost::TryAgain => self.inner.try_reconnect().await,
        }
    }
}
