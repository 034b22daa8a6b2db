//! One endpoint: connecting, asking a [`Question`] as one batch, and naming what went wrong.

mod batch;
mod history;
mod pieces;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy::eips::BlockNumberOrTag;
use alloy::primitives::{B256, U64};
use alloy::rpc::client::RpcClient;
use alloy::rpc::types::{Filter, Header, Log};
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use batch::{Batch, receive_all, receive_deep};
pub(crate) use history::BLOCK_RECEIPTS;

use crate::announcements::Announcements;
use crate::connection::{Connection, WhenLost, connect};
use crate::endpoint::{Endpoint, Target};
use crate::error::{ProofPart, ResolveError};
use crate::health::Health;
use crate::http::HttpFailure;
use crate::metered::AnswersTooLarge;
use crate::policy::HeadPolicy;
use crate::question::{Answer, Question};

pub(crate) use pieces::{CallRequest, PiecesAnswer, PiecesQuestion};

/// An endpoint and its connection, which is made on first use and again after a failure.
#[derive(Debug)]
pub(crate) struct Node {
    endpoint: Endpoint,
    expected_chain_id: u64,
    timeout: Duration,
    max_response_bytes: usize,
    connection: Mutex<Option<Connection>>,
    health: Health,
}

impl Node {
    pub(crate) const fn new(endpoint: Endpoint, chain_id: u64, policy: &HeadPolicy) -> Self {
        Self {
            endpoint,
            expected_chain_id: chain_id,
            timeout: policy.request_timeout,
            max_response_bytes: policy.max_response_bytes,
            connection: Mutex::new(None),
            health: Health::new(),
        }
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) const fn health(&self) -> &Health {
        &self.health
    }

    /// Asks everything in one batch, within the policy's time.
    pub(crate) async fn ask(&self, question: &Question) -> Result<Answer, ResolveError> {
        self.within_time(self.exchange(question)).await
    }

    /// Logs, unproven: whoever uses them checks what they say against something proven.
    pub(crate) async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, ResolveError> {
        let method = "eth_getLogs";
        self.within_time(async {
            let Connection { client, .. } = self.connection().await?;
            client.request(method, (filter,)).await.map_err(|error| self.failure(method, error))
        })
        .await
    }

    /// The header of the block with that hash, which the caller recomputes.
    pub(crate) async fn header_of(&self, hash: B256) -> Result<Header, ResolveError> {
        let method = "eth_getBlockByHash";
        self.within_time(async {
            let Connection { client, .. } = self.connection().await?;
            let header: Option<Header> =
                client.request(method, (hash, false)).await.map_err(|error| self.failure(method, error))?;
            header.ok_or_else(|| self.bad_answer(method, "null: it has no block of that hash".into()))
        })
        .await
    }

    /// Has it announce its new blocks; none where its transport knows no subscriptions.
    ///
    /// # Errors
    /// [`ResolveError::NodeRefused`] where the node does not serve them, or why it cannot be asked.
    pub(crate) async fn announcements(&self) -> Result<Option<Announcements>, ResolveError> {
        if let Target::Http(_) = self.endpoint.target() {
            return Ok(None);
        }
        self.within_time(async {
            let connection = self.connection().await?;
            if !connection.is_checked() {
                let method = "eth_chainId";
                let chain_id = connection.client.request_noparams::<U64>(method).await;
                self.check_chain_id(chain_id.map_err(|error| self.failure(method, error))?.to())?;
                connection.note_checked();
            }
            Announcements::begin(&connection).await.map_err(|error| self.failure("eth_subscribe", error))
        })
        .await
    }

    async fn within_time<T>(
        &self,
        work: impl Future<Output = Result<T, ResolveError>>,
    ) -> Result<T, ResolveError> {
        let timeout = ResolveError::Timeout { endpoint: self.endpoint.clone(), after: self.timeout };
        let asked = Instant::now();
        let outcome = tokio::time::timeout(self.timeout, work).await.unwrap_or(Err(timeout));
        match &outcome {
            Ok(_) => self.health.answered(asked.elapsed()),
            Err(failure) => self.health.failed(failure),
        }
        if matches!(outcome, Err(ResolveError::Timeout { .. } | ResolveError::Unreachable { .. })) {
            // A socket that failed stays failed: the next request connects anew.
            *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        outcome
    }

    async fn exchange(&self, question: &Question) -> Result<Answer, ResolveError> {
        let connection = self.connection().await?;
        let mut batch = self.batch(&connection.client);
        // Whoever is asked by number is held to the hash of a block that is known already.
        let is_known = question.head.is_number() || connection.is_to_one_node();
        let chain_id = match is_known && connection.is_checked() {
            true => None,
            false => Some(batch.call::<_, U64>("eth_chainId", &())?),
        };
        let head = batch.block(question.head)?;
        let head_proofs = batch.proofs(&question.head_proofs, question.head)?;
        let anchor = question.anchor.map(BlockNumberOrTag::Number);
        let anchor_proofs = match anchor {
            Some(number) => batch.proofs(&question.anchor_proofs, number)?,
            None => Vec::new(),
        };
        let anchor = anchor.map(|number| batch.block(number)).transpose()?;
        let deep = question.deep.map(|named| batch.block(named)).transpose()?;
        batch.send().await?;

        if let Some(chain_id) = chain_id {
            self.check_chain_id(chain_id.receive().await?.to())?;
            connection.note_checked();
        }
        let anchor = match anchor {
            Some(header) => header.receive().await?,
            None => None,
        };
        let head = head.receive().await?.ok_or_else(|| {
            self.bad_answer("eth_getBlockByNumber", "null: it has no block of that height".into())
        })?;
        Ok(Answer {
            head,
            head_proofs: receive_all(head_proofs).await,
            anchor,
            anchor_proofs: receive_all(anchor_proofs).await,
            deep: match deep {
                Some(header) => receive_deep(header).await,
                None => None,
            },
        })
    }

    fn check_chain_id(&self, got: u64) -> Result<(), ResolveError> {
        if got != self.expected_chain_id {
            let expected = self.expected_chain_id;
            return Err(ResolveError::WrongChain { expected, got, endpoint: Some(self.endpoint.clone()) });
        }
        Ok(())
    }

    async fn connection(&self) -> Result<Connection, ResolveError> {
        if let Some(connection) = self.connection.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Ok(connection.clone());
        }
        let client = connect(&self.endpoint, self.timeout, self.max_response_bytes, WhenLost::StayLost)
            .await
            .map_err(|error| self.failure("connect", error))?;
        let connection = Connection::over(client, self.max_response_bytes);
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection.clone());
        Ok(connection)
    }

    fn batch<'a>(&'a self, client: &'a RpcClient) -> Batch<'a> {
        Batch { node: self, requests: client.new_batch() }
    }

    /// What it answered does not hold, and its health is told. A reorganisation may be the reason, so it is asked later for
    /// a while, and not less believed.
    pub(crate) fn lied(&self, what: ProofPart) -> ResolveError {
        let failure = self.invalid_proof(what);
        self.health.lied(&failure);
        failure
    }

    /// As [`lied`](Self::lied), with nothing told: for whoever tells it later, or does not hold it against the endpoint.
    pub(crate) fn invalid_proof(&self, what: ProofPart) -> ResolveError {
        ResolveError::ProofInvalid { what, endpoint: self.endpoint.clone() }
    }

    /// Tells its health where that is what failed: a proof of its own that does not hold.
    pub(crate) fn note_lie<T>(&self, outcome: Result<T, ResolveError>) -> Result<T, ResolveError> {
        outcome.inspect_err(|failure| {
            if matches!(failure, ResolveError::ProofInvalid { .. }) {
                self.health.lied(failure);
            }
        })
    }

    pub(crate) fn bad_answer(&self, method: &'static str, detail: String) -> ResolveError {
        let detail = self.endpoint.redact(&detail);
        ResolveError::BadAnswer { endpoint: self.endpoint.clone(), method, detail }
    }

    pub(crate) fn failure(&self, method: &'static str, error: TransportError) -> ResolveError {
        endpoint_failure(&self.endpoint, method, error)
    }
}

/// Names what an endpoint did wrong. The endpoint's own words are cut, and cleaned of its credentials.
pub(crate) fn endpoint_failure(
    endpoint: &Endpoint,
    method: &'static str,
    error: TransportError,
) -> ResolveError {
    let clean = |detail: &str| endpoint.redact(detail);
    let bad_answer =
        |detail: &str| ResolveError::BadAnswer { endpoint: endpoint.clone(), method, detail: clean(detail) };
    let unreachable =
        |detail: &str| ResolveError::Unreachable { endpoint: endpoint.clone(), detail: clean(detail) };
    match error {
        RpcError::ErrorResp(refusal) => ResolveError::NodeRefused {
            endpoint: endpoint.clone(),
            method,
            code: refusal.code,
            message: clean(&refusal.message),
        },
        RpcError::Transport(TransportErrorKind::MissingBatchResponse(_)) => {
            bad_answer("it left the call unanswered")
        }
        RpcError::Transport(TransportErrorKind::Custom(cause)) => match cause.downcast_ref::<HttpFailure>() {
            Some(HttpFailure::TooLarge { limit }) => {
                ResolveError::AnswerTooLarge { endpoint: endpoint.clone(), limit: *limit }
            }
            Some(HttpFailure::NotJsonRpc(detail)) => bad_answer(detail),
            _ => match cause.downcast_ref::<AnswersTooLarge>() {
                Some(AnswersTooLarge { limit }) => {
                    ResolveError::AnswerTooLarge { endpoint: endpoint.clone(), limit: *limit }
                }
                None => unreachable(&cause.to_string()),
            },
        },
        RpcError::Transport(other) => unreachable(&other.to_string()),
        RpcError::DeserError { err, .. } => bad_answer(&err.to_string()),
        other => bad_answer(&other.to_string()),
    }
}
