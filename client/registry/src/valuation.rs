//! The result of a view call, proven: executed here, over state that an endpoint serves and the block's state root proves.
//!
//! ```text
//! first question: header, what the same call touched the last time, or else the node's own hint of it
//!        ▼
//! prove what came ──► execute ──lacks──► next question, for what it lacks
//!                        └──► returned
//! ```
//! Any endpoint may answer any question, for an answer counts only if all of it holds: one that fails, stalls or lies is
//! followed by the next, and what was proven before stays proven.

mod budget;
mod environment;
mod evidence;
mod recollection;
mod wants;

use alloy::eips::eip2930::AccessListResult;
use alloy::primitives::Bytes;
use countersign_execution::{Call, ExecutionError, Lacking, Limits, Outcome, Touched, execute};
use countersign_protocol::{Address, MAX_RETURNED, Query, Reading, ReturnData, Value};
use tokio::time::timeout;

use crate::error::{NoValue, ResolveError};
use crate::proof::ProvenHeader;
use crate::resolver::{Resolver, account_address};

use budget::Budget;
use evidence::Evidence;
pub(crate) use recollection::Recollection;
use wants::Wants;

/// The calls of one view at one block.
struct Valuation<'a> {
    resolver: &'a Resolver,
    evidence: Evidence,
    calls: Vec<Appraisal>,
    budget: Budget,
}

/// One call, and its result once there is one.
struct Appraisal {
    source: Address,
    call: Call,
    result: Option<(ReturnData, Touched)>,
}

impl Resolver {
    /// The readings of all queries, in their order: those of slots, which are proven already, and of the view calls
    /// among them at the same block.
    ///
    /// # Errors
    /// [`ResolveError::NoValue`] or [`ResolveError::NoSuchContract`] where a call has no value,
    /// [`ResolveError::RulesUnknown`] where it is not known how it is executed, or why no endpoint proves one.
    pub(crate) async fn with_calls(
        &self,
        block: &ProvenHeader,
        queries: &[Query],
        slots: Vec<Reading>,
    ) -> Result<Vec<Reading>, ResolveError> {
        let mut results = self.valuate(block, queries).await?.into_iter();
        let mut slots = slots.into_iter();
        let reading = |query: &Query| match query {
            Query::StorageSlot { .. } => slots.next(),
            Query::ViewCall { .. } => {
                let value = Value::Returned(results.next()?);
                Some(Reading { query: query.clone(), value })
            }
        };
        Ok(queries.iter().filter_map(reading).collect())
    }

    /// What the view calls among `queries` return at a block, in their order.
    ///
    /// # Errors
    /// As [`with_calls`](Self::with_calls).
    pub(crate) async fn valuate(
        &self,
        block: &ProvenHeader,
        queries: &[Query],
    ) -> Result<Vec<ReturnData>, ResolveError> {
        let calls: Vec<Appraisal> = queries.iter().filter_map(Appraisal::of).collect();
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let evidence = Evidence::under(*block, self.chain_id(), self.rules_at(block)?);
        let mut valuation = Valuation { resolver: self, evidence, calls, budget: Budget::default() };
        let limit = self.policy().request_timeout * 2;
        let outcome = timeout(limit, valuation.appraise()).await;
        outcome.unwrap_or_else(|_| Err(valuation.no_value(NoValue::TooSlow { limit })))
    }
}

impl Valuation<'_> {
    /// Runs the calls and has proven what they lack, until each has a result.
    async fn appraise(&mut self) -> Result<Vec<ReturnData>, ResolveError> {
        let recollection = self.resolver.recollection();
        let mut wants = self.first_wants();
        loop {
            let hints = self.fetch(&wants).await?;
            let Some(lacking) = self.run().await? else { return Ok(self.results()) };
            wants = Wants::of(&lacking, hints, self.evidence.state(), recollection);
        }
    }

    /// Asks one endpoint after the other, until the answer of one holds. The hints that came with it.
    async fn fetch(&mut self, wants: &Wants) -> Result<Vec<AccessListResult>, ResolveError> {
        self.budget.ask(wants).map_err(|why| self.no_value(why))?;
        let question = wants.question(self.evidence.number());
        let (question, evidence) = (&question, &self.evidence);
        let learned = self
            .resolver
            .ask_in_turn(|node| async move {
                let answer = node.pieces(question).await?;
                evidence.check(node, wants, answer).inspect_err(|failure| {
                    if matches!(failure, ResolveError::ProofInvalid { .. }) {
                        node.health().lied(failure);
                    }
                })
            })
            .await?;
        self.budget.take_code(learned.code_bytes()).map_err(|why| self.no_value(why))?;
        Ok(self.evidence.take(learned, self.resolver.recollection()))
    }

    fn first_wants(&self) -> Wants {
        let calls = self.calls.iter().map(|appraisal| &appraisal.call);
        Wants::first(calls, LIMITS.gas, self.resolver.recollection())
    }

    /// Runs the calls that have no result yet. What they lack, or `None` once all have one.
    async fn run(&mut self) -> Result<Option<Lacking>, ResolveError> {
        let Some(block) = self.evidence.block() else { return Ok(Some(Lacking::default())) };
        let pending: Vec<Call> = self.pending().map(|appraisal| appraisal.call.clone()).collect();
        self.budget.run(pending.len()).map_err(|why| self.no_value(why))?;
        let state = self.evidence.lend_state();
        // A call may take all of its gas, and other tasks wait for this thread.
        let run = tokio::task::spawn_blocking(move || {
            let outcomes: Vec<_> =
                pending.iter().map(|call| execute(call, &block, &state, &LIMITS)).collect();
            (state, outcomes)
        });
        let (state, outcomes) = run.await.map_err(|ended| {
            self.no_value(ExecutionError::Unsupported { detail: ended.to_string() }.into())
        })?;
        self.evidence.take_back(state);
        let mut lacking = Lacking::default();
        let height = self.evidence.number();
        for (appraisal, outcome) in self.calls.iter_mut().filter(|a| a.result.is_none()).zip(outcomes) {
            if let Some(more) = appraisal.settle(outcome, height)? {
                lacking.accounts.extend(more.accounts);
                lacking.codes.extend(more.codes);
                lacking.slots.extend(more.slots);
            }
        }
        Ok((!lacking.is_empty()).then_some(lacking))
    }

    fn pending(&self) -> impl Iterator<Item = &Appraisal> {
        self.calls.iter().filter(|appraisal| appraisal.result.is_none())
    }

    /// All results, each of whose touched places is remembered for the next time.
    fn results(&mut self) -> Vec<ReturnData> {
        let recollection = self.resolver.recollection();
        let result = |appraisal: Appraisal| {
            let (data, touched) = appraisal.result?;
            recollection.keep_touched(&appraisal.call, touched);
            Some(data)
        };
        std::mem::take(&mut self.calls).into_iter().filter_map(result).collect()
    }

    /// Of a limit that the calls share, the first call that has no value yet is named.
    fn no_value(&self, why: NoValue) -> ResolveError {
        let source_address = self.pending().next().map_or(Address([0; 20]), |appraisal| appraisal.source);
        ResolveError::NoValue { source_address, block: self.evidence.number(), why }
    }
}

impl Appraisal {
    fn of(query: &Query) -> Option<Self> {
        let Query::ViewCall { source, calldata } = query else { return None };
        let calldata = Bytes::copy_from_slice(calldata.as_bytes());
        let call = Call { to: account_address(*source), calldata };
        Some(Self { source: *source, call, result: None })
    }

    /// Takes what a run came to. What it lacked, if it did.
    fn settle(
        &mut self,
        outcome: Result<Outcome, ExecutionError>,
        block: u64,
    ) -> Result<Option<Lacking>, ResolveError> {
        let source_address = self.source;
        let no_value = |why: ExecutionError| match why {
            ExecutionError::NotAContract { .. } => ResolveError::NoSuchContract { source_address, block },
            why => ResolveError::NoValue { source_address, block, why: why.into() },
        };
        match outcome.map_err(no_value)? {
            Outcome::Lacks(lacking) => Ok(Some(lacking)),
            Outcome::Returned { output, touched, .. } => {
                let data = ReturnData::new(output.to_vec()).map_err(|too_much| {
                    let (length, limit) = (too_much.length, MAX_RETURNED);
                    no_value(ExecutionError::TooMuchReturned { length, limit })
                })?;
                self.result = Some((data, touched));
                Ok(None)
            }
        }
    }
}

/// The same on both sides of a session: a contract can ask how much gas is left.
const LIMITS: Limits = Limits { gas: 10_000_000, returned: MAX_RETURNED };
