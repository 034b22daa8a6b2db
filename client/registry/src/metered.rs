//! Batches over a socket that carries one message for each answer: together they are no longer than one answer may be.

use std::task::{Context, Poll};

use alloy::pubsub::PubSubFrontend;
use alloy::transports::{TransportError, TransportErrorKind, TransportFut};
use alloy_json_rpc::{RequestPacket, Response, ResponsePacket, ResponsePayload};
use futures_util::stream::{FuturesUnordered, TryStreamExt};

/// A WebSocket or IPC connection. Alloy's own transport collects the answers to a batch however long they are together,
/// each as long as a message may be.
#[derive(Clone, Debug)]
pub(crate) struct Metered {
    pub(crate) frontend: PubSubFrontend,
    pub(crate) max_response_bytes: usize,
}

/// The answers to one batch were longer than that, in bytes.
#[derive(Debug, thiserror::Error)]
#[error("answers of more than {limit} bytes")]
pub(crate) struct AnswersTooLarge {
    pub(crate) limit: usize,
}

impl Metered {
    async fn exchange(self, request: RequestPacket) -> Result<ResponsePacket, TransportError> {
        let requests = match request {
            RequestPacket::Single(request) => {
                return self.frontend.send(request).await.map(ResponsePacket::Single);
            }
            RequestPacket::Batch(requests) => requests,
        };
        let limit = self.max_response_bytes;
        let mut coming: FuturesUnordered<_> =
            requests.into_iter().map(|request| self.frontend.send(request)).collect();
        let (mut answers, mut left) = (Vec::with_capacity(coming.len()), limit);
        while let Some(answer) = coming.try_next().await? {
            left = left
                .checked_sub(length(&answer))
                .ok_or_else(|| TransportErrorKind::custom(AnswersTooLarge { limit }))?;
            answers.push(answer);
        }
        Ok(ResponsePacket::Batch(answers))
    }
}

impl tower_service::Service<RequestPacket> for Metered {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        tower_service::Service::poll_ready(&mut self.frontend, context)
    }

    fn call(&mut self, request: RequestPacket) -> Self::Future {
        Box::pin(self.clone().exchange(request))
    }
}

fn length(answer: &Response) -> usize {
    match &answer.payload {
        ResponsePayload::Success(result) => result.get().len(),
        ResponsePayload::Failure(refusal) => {
            refusal.message.len() + refusal.data.as_ref().map_or(0, |data| data.get().len())
        }
    }
}
