//! What is proven of records, held against the policy and against what was proven before.

use countersign_protocol::Identity;

use super::Resolver;
use crate::error::ResolveError;
use crate::memory::{Past, Shown};
use crate::proof::{ProvenHeader, ProvenRecord};
use crate::survey::Survey;

impl Resolver {
    /// Registered, not rewound, and accepted at the head, each of them; forgets what is not. What is given back was
    /// kept before: a restart does not lose it.
    pub(crate) async fn accept<const N: usize>(
        &self,
        survey: &Survey<'_>,
        records: [(Identity, Option<ProvenRecord>); N],
    ) -> Result<[Result<ProvenRecord, ResolveError>; N], ResolveError> {
        let shown = records.each_ref().map(|(identity, record)| (*identity, record.as_ref()));
        let mut verdicts = self.advance(survey, &shown).await?.into_iter();
        let mut unknown = Vec::with_capacity(N);
        for (_, record) in &records {
            unknown.push(match record {
                Some(record) => self.learn_depth_of(record, survey).await.err(),
                None => None,
            });
        }
        let mut unknown = unknown.into_iter();
        Ok(records.map(|(identity, record)| {
            let (verdict, unknown) = (verdicts.next().unwrap_or(Ok(())), unknown.next().flatten());
            let accepted = verdict.and_then(|()| self.accept_one(identity, record, &survey.head.header));
            if accepted.is_err() {
                self.forget_record(&identity);
            }
            match accepted {
                Err(young @ ResolveError::TooYoung { .. }) => Err(unknown.unwrap_or(young)),
                accepted => accepted,
            }
        }))
    }

    fn accept_one(
        &self,
        identity: Identity,
        record: Option<ProvenRecord>,
        head: &ProvenHeader,
    ) -> Result<ProvenRecord, ResolveError> {
        let block = head.block().number;
        let record = record.ok_or(ResolveError::NotRegistered { identity, block })?;
        self.judge(&record, head).map(|()| record)
    }

    /// Holds what an agreed head shows of records against what was proven before, and keeps it; a verdict for each.
    ///
    /// # Errors
    /// [`ResolveError::Known`] where it cannot be kept; then none of it may be acted on.
    pub(crate) async fn advance(
        &self,
        survey: &Survey<'_>,
        records: &[(Identity, Option<&ProvenRecord>)],
    ) -> Result<Vec<Result<(), ResolveError>>, ResolveError> {
        let head = &survey.head.header;
        let by: Vec<_> = survey.voters().collect();
        self.0.memory.past.advance(Shown { head, by: &by }, records).await
    }

    /// What was proven before, for whoever proves without a survey.
    pub(crate) fn past(&self) -> &Past {
        &self.0.memory.past
    }

    /// Serves that identity from memory no more.
    pub(crate) fn forget_record(&self, identity: &Identity) {
        self.0.memory.forget_record(identity);
    }
}
