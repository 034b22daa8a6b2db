//! The blocks that a node announces of itself, over a subscription.

use alloy::primitives::B256;
use alloy::pubsub::{PubSubFrontend, RawSubscription};
use alloy::rpc::types::Header;
use alloy::transports::{TransportError, TransportErrorKind};
use tokio::sync::broadcast::error::RecvError;

use crate::connection::Connection;

/// A subscription to `newHeads`; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Announcements {
    incoming: RawSubscription,
    frontend: PubSubFrontend,
}

impl Announcements {
    /// Subscribes over a connection; none where its transport knows no subscriptions.
    ///
    /// # Errors
    /// What the transport says, the node's refusal among it.
    pub(crate) async fn begin(connection: &Connection) -> Result<Option<Self>, TransportError> {
        let Some(frontend) = connection.frontend.clone() else { return Ok(None) };
        let id: B256 = connection.client.request("eth_subscribe", ("newHeads",)).await?;
        let incoming = frontend.get_subscription(id).await?;
        Ok(Some(Self { incoming, frontend }))
    }

    /// The next block, or what keeps the text from being one. What came faster than it was taken is lost: only the
    /// newest matters.
    ///
    /// # Errors
    /// Where the connection is lost.
    pub(crate) async fn next(&mut self) -> Result<serde_json::Result<Header>, TransportError> {
        loop {
            match self.incoming.recv().await {
                Ok(text) => return Ok(serde_json::from_str(text.get())),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Err(TransportErrorKind::backend_gone()),
            }
        }
    }
}

impl Drop for Announcements {
    fn drop(&mut self) {
        // Without a connection there is nothing left to end.
        let _ = self.frontend.unsubscribe(*self.incoming.local_id());
    }
}
