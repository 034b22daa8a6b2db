//! The result of a view call, proven: executed here, over state that an endpoint serves and the block's state root proves.
//!
//! ```text
//! first question: header, what the same call touched the last time, or else the node's own hint of it
//!        ▼
//! prove what came ──► execute ──lacks──► next questions, for what it lacks and what was hinted at
//!                        └──► returned
//! ```
//! What is only hinted at has a budget of its own, and where it is not to be had nothing is lost but time.
//!
//! Any endpoint may answer any question, for an answer counts only if all of it holds: one that fails, stalls or lies is
//! followed by the next, and what was proven before stays proven.

mod budget;
mod environment;
mod evidence;
mod hints;
mod portion;
mod recollection;
mod runs;
mod wants;

use alloy::primitives::Bytes;
use countersign_execution::{Call, ExecutionError, Lacking, Limits, Outcome, Touched};
use countersign_protocol::{Address, MAX_RETURNED, Query, Reading, ReturnData, Value};
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use tokio::time::timeout;

use crate::error::{NoValue, ResolveError};
use crate::node::{CallRequest, Node};
use crate::proof::ProvenHeader;
use crate::resolver::{Resolver, account_address};

use budget::{Budget, check_read};
use evidence::{Evidence, Learned};
use hints::{Hint, Hints};
use portion::{Asked, Portion};
pub(crate) use recollection::Recollection;
pub(crate) use runs::Runs;
use wants::Wants;

/// The calls of one view at one block.
struct Valuation<'a> {
    resolver: &'a Resolver,
    evidence: Evidence,
    calls: Vec<Appraisal>,
    budget: Budget,
    hints: Hints<'a>,
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
        let budget = Budget::of(calls.len());
        let is_new = |appraisal: &Appraisal| self.recollection().touched(&appraisal.call).is_none();
        let hints = Hints::due_from(if calls.iter().any(is_new) { 2 } else { 3 });
        let mut valuation = Valuation { resolver: self, evidence, calls, budget, hints };
        let limit = self.policy().request_timeout * 2;
        let outcome = timeout(limit, valuation.appraise()).await;
        outcome.unwrap_or_else(|_| Err(valuation.no_value(NoValue::TooSlow { limit })))
    }
}

impl<'a> Valuation<'a> {
    /// Runs the calls and has proven what they lack, until each has a result.
    async fn appraise(&mut self) -> Result<Vec<ReturnData>, ResolveError> {
        let recollection = self.resolver.recollection();
        let calls = || self.calls.iter().map(|appraisal| &appraisal.call);
        let mut needed = Wants::first(calls(), recollection);
        let mut hinted = Wants::recollected(calls(), recollection);
        let mut question = Portion::first(self.requests(|call| recollection.touched(call).is_none()));
        loop {
            let hint = self.fetch(question, &needed, &hinted).await?;
            let Some(lacking) = self.run().await? else { return self.results() };
            needed = Wants::of(&lacking, recollection);
            let lists = hint.as_ref().map_or(&[][..], |hint| &hint.lists);
            hinted = Wants::hinted(lists, self.evidence.state(), recollection);
            question = Portion::default();
        }
    }

    /// Has proven what is needed, and of what is hinted at as much as comes. A new hint, if there is one.
    async fn fetch(
        &mut self,
        question: Portion,
        needed: &Wants,
        hinted: &Wants,
    ) -> Result<Option<Hint<'a>>, ResolveError> {
        self.budget.ask(needed, self.evidence.state()).map_err(|why| self.no_value(why))?;
        let round = self.budget.round();
        // Half of what is read of an answer: some proofs are longer than they are taken for.
        let portions = question.filled(needed, hinted, self.resolver.policy().max_response_bytes / 2);
        let another =
            self.hints.of_another(self.resolver, round, self.evidence.number(), self.requests(|_| true));
        let (learned, mut hint) = tokio::join!(self.ask_all(&portions), another);
        for mut learned in learned? {
            let code_bytes = learned.code_bytes(|account| needed.has_code_of(account));
            self.budget.take_code(code_bytes).map_err(|why| self.no_value(why))?;
            hint = hint.or_else(|| learned.take_hint());
            self.evidence.take(learned, self.resolver.recollection());
        }
        if let Some(hint) = &hint {
            self.hints.hear(hint, round);
        }
        Ok(hint)
    }

    async fn ask_all(&self, portions: &[Portion]) -> Result<Vec<Learned<'a>>, ResolveError> {
        let asking: Vec<_> = portions.iter().map(|portion| self.ask(portion)).collect();
        iter(asking).buffer_unordered(AT_ONCE).try_filter_map(async |learned| Ok(learned)).try_collect().await
    }

    /// What is only hinted at must keep nobody from what is needed: neither by time, nor where it makes a node fail.
    async fn ask(&self, portion: &Portion) -> Result<Option<Learned<'a>>, ResolveError> {
        if portion.has_hints() {
            let patience = self.resolver.policy().request_timeout / 2;
            match timeout(patience, self.ask_for(portion.whole())).await {
                Ok(Ok(learned)) => return Ok(Some(learned)),
                Ok(Err(failure)) => tracing::debug!(%failure, "what was hinted at is not to be had"),
                Err(_) => tracing::debug!("what was hinted at takes too long"),
            }
        }
        match portion.has_needs() {
            true => self.ask_for(portion.needs()).await.map(Some),
            false => Ok(None),
        }
    }

    /// Asks one endpoint after the other, until the answer of one holds.
    async fn ask_for(&self, asked: Asked) -> Result<Learned<'a>, ResolveError> {
        let (asked, evidence) = (&asked, &self.evidence);
        let ask = |node: &'a Node| async move {
            let with_hints = !node.health().hints_in_vain();
            let answer = node.pieces(&asked.question(evidence.number(), with_hints)).await?;
            node.note_lie(evidence.check(node, asked, answer))
        };
        self.resolver.ask_in_turn(ask).await
    }

    /// The calls without a result of which it holds, as nodes take them.
    fn requests(&self, of: impl Fn(&Call) -> bool) -> Vec<CallRequest> {
        let calls = self.pending().map(|appraisal| &appraisal.call).filter(|call| of(call));
        calls.map(|call| CallRequest::new(call.to, call.calldata.clone(), LIMITS.gas)).collect()
    }

    /// Runs the calls that have no result yet. What they lack, or `None` once all have one.
    async fn run(&mut self) -> Result<Option<Lacking>, ResolveError> {
        let Some(block) = self.evidence.block() else { return Ok(Some(Lacking::default())) };
        let pending: Vec<Call> = self.pending().map(|appraisal| appraisal.call.clone()).collect();
        self.budget.run(pending.len()).map_err(|why| self.no_value(why))?;
        let state = self.evidence.lend_state();
        let ran = self.resolver.runs().run(pending, block, state, LIMITS).await;
        let ran = ran.map_err(|broke_off| self.no_value(broke_off.into()))?;
        self.evidence.take_back(ran.state);
        let mut lacking = Lacking::default();
        let height = self.evidence.number();
        let mut gas = 0;
        for (appraisal, outcome) in self.calls.iter_mut().filter(|a| a.result.is_none()).zip(ran.outcomes) {
            if let Some((more, gas_used)) = appraisal.settle(outcome, height)? {
                lacking.accounts.extend(more.accounts);
                lacking.codes.extend(more.codes);
                lacking.slots.extend(more.slots);
                gas += gas_used;
            }
        }
        self.budget.burn(gas).map_err(|why| self.no_value(why))?;
        Ok((!lacking.is_empty()).then_some(lacking))
    }

    fn pending(&self) -> impl Iterator<Item = &Appraisal> {
        self.calls.iter().filter(|appraisal| appraisal.result.is_none())
    }

    /// All results, each of whose touched places is remembered for the next time.
    fn results(&mut self) -> Result<Vec<ReturnData>, ResolveError> {
        let read = || self.calls.iter().filter_map(|appraisal| Some(&appraisal.result.as_ref()?.1));
        self.hints.judge(&read().collect::<Vec<_>>());
        check_read(read(), self.evidence.state()).map_err(|why| self.no_value(why))?;
        let recollection = self.resolver.recollection();
        let result = |appraisal: Appraisal| {
            let (data, touched) = appraisal.result?;
            recollection.keep_touched(&appraisal.call, touched);
            Some(data)
        };
        Ok(std::mem::take(&mut self.calls).into_iter().filter_map(result).collect())
    }

    /// Of a limit that the calls share, the first call that has no value yet is named, or else the first.
    fn no_value(&self, why: NoValue) -> ResolveError {
        let named = self.pending().next().or_else(|| self.calls.first());
        let source_address = named.map_or(Address([0; 20]), |appraisal| appraisal.source);
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

    /// Takes what a run came to. What it lacked, if it did, and the gas that it took for that.
    fn settle(
        &mut self,
        outcome: Result<Outcome, ExecutionError>,
        block: u64,
    ) -> Result<Option<(Lacking, u64)>, ResolveError> {
        let source_address = self.source;
        let no_value = |why: ExecutionError| match why {
            ExecutionError::NotAContract { .. } => ResolveError::NoSuchContract { source_address, block },
            why => ResolveError::NoValue { source_address, block, why: why.into() },
        };
        match outcome.map_err(no_value)? {
            Outcome::Lacks { lacking, gas_used } => Ok(Some((lacking, gas_used))),
            Outcome::Stopped => {
                let detail = "it was stopped while it was waited for".into();
                Err(no_value(ExecutionError::Unsupported { detail }))
            }
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

/// Questions under way of one valuation. Each answer may be as long as the policy lets it.
const AT_ONCE: usize = 4;
