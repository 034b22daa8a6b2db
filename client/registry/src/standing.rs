//! How identities stand at the newest block: what a party looks at while its sessions live.

use std::time::Instant;

use countersign_protocol::{Identity, RegistryRecord};

use crate::acceptance::{has_expired, unix_now};
use crate::error::ResolveError;
use crate::proof::{ProvenHeader, ProvenRecord};
use crate::proving::{nth, record_of};
use crate::question::Question;
use crate::resolver::{ProvedHead, Resolver};
use crate::word::RevocationReason;

/// What is proven of an identity at a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The record is valid. It may be another one than before: compare it.
    Active(RegistryRecord),
    /// The key was revoked.
    Revoked {
        /// Why, as the owner said.
        reason: RevocationReason,
        /// The end of its validity, in Unix seconds: the revocation, or the expiry where that came first.
        at: u64,
    },
    /// The key's validity ended.
    Expired {
        /// When, in Unix seconds.
        at: u64,
    },
    /// There is no record.
    Absent,
}

/// How some identities stand at one head.
#[derive(Debug)]
pub struct Standings {
    /// The head at which all of it is proven.
    pub head: ProvedHead,
    /// One for each identity, in the order of the question. An error where what is proven contradicts what was proven
    /// before: a chain that went back, or a proof that a newer one has overtaken.
    pub each: Vec<Result<Standing, ResolveError>>,
}

impl Resolver {
    /// Proves how identities stand at the newest block, in one batch to each endpoint; an absence is proven too.
    /// Never from memory. Each identity costs an endpoint two storage proofs of some kilobytes: ask for a hundred at
    /// most.
    ///
    /// A record counts here however young it is: it is compared with one that was accepted before.
    ///
    /// # Errors
    /// [`ResolveError`]: why nothing is proven. None of it says anything about an identity.
    pub async fn standings(&self, identities: &[Identity]) -> Result<Standings, ResolveError> {
        let since = Instant::now();
        let question = Question::proofs_at_head(vec![self.record_target(identities)]);
        let survey = self.survey(&question).await?;
        let records = self
            .prove(&question, &survey, |heard| {
                let answer = nth(heard, &heard.answer.head_proofs, 0)?;
                let registry = self.registry_account(heard, &heard.head, answer)?;
                let each = identities.iter().enumerate();
                each.map(|(position, identity)| record_of(heard, &registry, *identity, answer, position))
                    .collect::<Result<Vec<_>, _>>()
            })
            .await?;
        let shown: Vec<_> = identities.iter().copied().zip(records.iter().map(Option::as_ref)).collect();
        let verdicts = self.advance(&survey, &shown).await?;
        let head = self.keep_head(&survey, since);
        let header = &survey.head.header;
        let each = shown.iter().zip(verdicts);
        let each = each
            .map(|((identity, record), verdict)| self.standing_of(identity, *record, verdict, header))
            .collect();
        Ok(Standings { head, each })
    }

    fn standing_of(
        &self,
        identity: &Identity,
        record: Option<&ProvenRecord>,
        verdict: Result<(), ResolveError>,
        head: &ProvenHeader,
    ) -> Result<Standing, ResolveError> {
        let Some(record) = record else {
            // The contract removes none, so a chain that went back shows this: whoever relied on the record must know.
            // A proof at a block before the registration shows it too, and says nothing.
            return match verdict {
                Ok(()) | Err(ResolveError::RecordRewound { .. }) => {
                    self.forget_record(identity);
                    Ok(Standing::Absent)
                }
                Err(overtaken) => Err(overtaken),
            };
        };
        verdict?;
        let standing = Standing::of(Some(record), head.timestamp().max(unix_now()));
        if !matches!(standing, Standing::Active(_)) {
            self.forget_record(identity);
        }
        Ok(standing)
    }
}

impl Standing {
    /// What a proven record comes to at a time, in Unix seconds.
    pub(crate) fn of(record: Option<&ProvenRecord>, now: u64) -> Self {
        let Some(record) = record else { return Self::Absent };
        let word = record.word();
        let at = u64::from(word.valid_until);
        match word.revoked {
            Some(reason) => Self::Revoked { reason, at },
            None if has_expired(at, now) => Self::Expired { at },
            None => Self::Active(word.record(record.identity())),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use alloy::consensus::Header;
    use countersign_protocol::Address;

    use super::*;
    use crate::error::StaleHead;
    use crate::policy::{HeadPolicy, HeadTrust};

    #[test]
    fn an_absence_that_was_overtaken_says_nothing() {
        let trust = HeadTrust::OwnNode("http://127.0.0.1:9".parse().unwrap());
        let resolver = Resolver::new(1, Address([7; 20]), trust, HeadPolicy::anvil()).unwrap();
        let header = Header { number: 7, ..Header::default() };
        let head = ProvenHeader::recompute(&header, header.hash_slow()).unwrap();
        let identity = Identity::of(Address([1; 20]));
        let absent = |verdict| resolver.standing_of(&identity, None, verdict, &head);
        let rewound = ResolveError::RecordRewound { identity, seen: 1, got: 0, block: 7 };
        for verdict in [Ok(()), Err(rewound)] {
            assert_eq!(absent(verdict).unwrap(), Standing::Absent);
        }
        let why = StaleHead::BehindProven { proven: 8 };
        let overtaken = absent(Err(ResolveError::StaleHead { number: 7, why }));
        assert!(matches!(overtaken, Err(ResolveError::StaleHead { .. })), "{overtaken:?}");
    }
}
