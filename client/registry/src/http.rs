//! JSON-RPC over HTTP with an upper bound on what is read. Alloy's own transport reads a body whatever its length.

use std::task::{Context, Poll};
use std::time::Duration;

use alloy::transports::http::reqwest::{Client, Response, Url, redirect};
use alloy::transports::{RpcError, TransportError, TransportErrorKind, TransportFut};
use alloy_json_rpc::{RequestPacket, ResponsePacket, ResponsePayload};

use crate::endpoint::is_loopback;

/// An HTTP connection pool to one node.
#[derive(Clone, Debug)]
pub(crate) struct BoundedHttp {
    client: Client,
    url: Url,
    max_response_bytes: usize,
}

/// Why there is no answer over HTTP. No variant holds the URL.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpFailure {
    #[error("more than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("HTTP status {0}")]
    Status(u16),
    #[error("{0}")]
    Connection(String),
    #[error("{0}")]
    NotJsonRpc(String),
}

impl BoundedHttp {
    /// A pool for `url`. Redirects are not followed: an endpoint is who was configured, nobody else.
    ///
    /// # Errors
    /// [`HttpFailure::Connection`] where the TLS set-up of this machine fails.
    pub(crate) fn new(url: Url, timeout: Duration, max_response_bytes: usize) -> Result<Self, HttpFailure> {
        let mut builder = Client::builder().redirect(redirect::Policy::none()).connect_timeout(timeout);
        if is_loopback(&url) {
            // A proxy from the environment could not reach this machine's own loopback interface.
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(connection_failure)?;
        Ok(Self { client, url, max_response_bytes })
    }

    /// What a GET of another resource of that server answers.
    pub(crate) async fn fetch(&self, url: Url) -> Result<Vec<u8>, HttpFailure> {
        let request = self.client.get(url).header("accept", "application/json");
        let response = request.send().await.map_err(connection_failure)?;
        let status = response.status();
        if !status.is_success() {
            return Err(HttpFailure::Status(status.as_u16()));
        }
        self.read(response).await
    }

    async fn exchange(self, request: RequestPacket) -> Result<ResponsePacket, TransportError> {
        let response = self.client.post(self.url.clone()).json(&request).send().await;
        let response = response.map_err(connection_failure).map_err(TransportErrorKind::custom)?;
        let status = response.status();
        let body = self.read(response).await.map_err(TransportErrorKind::custom)?;
        let packet = serde_json::from_slice::<ResponsePacket>(&body);
        if !status.is_success() && !packet.as_ref().is_ok_and(ResponsePacket::is_error) {
            return Err(TransportErrorKind::custom(HttpFailure::Status(status.as_u16())));
        }
        let packet =
            packet.map_err(|error| TransportErrorKind::custom(HttpFailure::NotJsonRpc(error.to_string())))?;
        refused_as_a_whole(&request, packet)
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, HttpFailure> {
        let limit = self.max_response_bytes;
        // The announced length is the sender's word: it may refuse an answer early, never allocate.
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(HttpFailure::TooLarge { limit });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(connection_failure)? {
            if body.len() + chunk.len() > limit {
                return Err(HttpFailure::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl tower_service::Service<RequestPacket> for BoundedHttp {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RequestPacket) -> Self::Future {
        Box::pin(self.clone().exchange(request))
    }
}

/// A node may refuse a whole batch with one error object, whose id matches none of the calls.
fn refused_as_a_whole(
    request: &RequestPacket,
    answer: ResponsePacket,
) -> Result<ResponsePacket, TransportError> {
    match (request, answer) {
        (RequestPacket::Batch(_), ResponsePacket::Single(single)) => match single.payload {
            ResponsePayload::Failure(error) => Err(RpcError::ErrorResp(error)),
            ResponsePayload::Success(_) => Err(TransportErrorKind::custom(HttpFailure::NotJsonRpc(
                "one answer to a batch of calls".into(),
            ))),
        },
        (_, answer) => Ok(answer),
    }
}

fn connection_failure(error: alloy::transports::http::reqwest::Error) -> HttpFailure {
    let error = error.without_url();
    // The library's own sentence is generic; the innermost cause says what happened.
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    HttpFailure::Connection(cause.to_string())
}
