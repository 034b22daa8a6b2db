//! Registered at depth, revoked at head: which proven records count, and which heads.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::depth::RecordDepth;
use crate::error::{ResolveError, StaleHead};
use crate::policy::HeadPolicy;
use crate::proof::{ProvenHeader, ProvenRecord};

/// The local clock, in Unix seconds. A clock set before 1970 reads as 1970, and every head lies in its future.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Whether a block passes for the newest one by the local clock, and is no lower than `floor`, where
/// `highest` was proven before.
pub(crate) fn accept_head(
    head: &ProvenHeader,
    policy: &HeadPolicy,
    now: u64,
    floor: u64,
    highest: u64,
) -> Result<(), ResolveError> {
    let number = head.block().number;
    let stale = |why| Err(ResolveError::StaleHead { number, why });
    if number < floor {
        return stale(StaleHead::BehindProven { proven: highest });
    }
    let ahead = Duration::from_secs(head.timestamp().saturating_sub(now));
    if ahead > policy.max_clock_skew {
        return stale(StaleHead::InFuture { ahead, maximum: policy.max_clock_skew });
    }
    let age = Duration::from_secs(now.saturating_sub(head.timestamp()));
    match policy.max_head_age {
        Some(maximum) if age > maximum => stale(StaleHead::TooOld { age, maximum }),
        _ => Ok(()),
    }
}

/// Whether a record proven at `head` counts now, where those anchored before `settled_before` lie as deep as `depth`.
/// Expiry is measured by the head's time and the local clock both: neither a slow chain nor a slow clock may prolong a
/// key's life.
pub(crate) fn accept_record(
    record: &ProvenRecord,
    head: &ProvenHeader,
    depth: RecordDepth,
    settled_before: u64,
    now: u64,
) -> Result<(), ResolveError> {
    let identity = record.identity();
    let word = record.word();
    let valid_until = u64::from(word.valid_until);
    if let Some(reason) = word.revoked {
        return Err(ResolveError::Revoked { identity, version: word.version, reason, at: valid_until });
    }
    if has_expired(valid_until, head.timestamp().max(now)) {
        return Err(ResolveError::Expired { identity, at: valid_until });
    }
    if word.anchored_at >= settled_before {
        let age = Duration::from_secs(head.timestamp().saturating_sub(word.anchored_at));
        return Err(ResolveError::TooYoung { identity, age, depth });
    }
    Ok(())
}

/// Validity ends at `valid_until`, exclusive; 0 is no end.
pub(crate) const fn has_expired(valid_until: u64, now: u64) -> bool {
    valid_until != 0 && now >= valid_until
}
