//! How an endpoint fares: what its answers took, what it failed at, and whether it is behind the others.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::chance::spread;
use crate::endpoint::Endpoint;
use crate::error::ResolveError;

/// How one endpoint of a [`Resolver`](crate::Resolver) fares. What it is used for: proofs are asked of healthy and
/// fast endpoints first. Whom a head is believed of does not depend on it.
#[derive(Clone, Debug)]
pub struct EndpointHealth {
    /// Which.
    pub endpoint: Endpoint,
    /// Whether it is fit to be asked first.
    pub state: EndpointState,
    /// What its answers take, the newest weighing a quarter; `None` before the first.
    pub latency: Option<Duration>,
    /// Questions since its last answer that it did not answer, or not usably.
    pub consecutive_failures: u32,
    /// What went wrong the last time that anything did.
    pub last_failure: Option<ResolveError>,
    /// The height of the newest block that it showed.
    pub head: Option<u64>,
    /// How its new blocks are learnt of.
    pub announcing: Announcing,
}

/// Whether an endpoint is fit to be asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointState {
    /// Nothing was asked of it yet.
    Untried,
    /// It answers.
    Healthy,
    /// It answers, but its newest block is further behind the agreed one than the policy's
    /// [`max_head_lag`](crate::HeadPolicy::max_head_lag).
    Stalled {
        /// By how many blocks.
        behind: u64,
    },
    /// It failed or lied, and others are asked first for so long.
    CoolingDown {
        /// What is left of the time.
        left: Duration,
    },
}

/// How an endpoint's new blocks are learnt of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announcing {
    /// Not tried yet.
    Unknown,
    /// It announces them itself, over a subscription.
    Subscribed,
    /// It is asked again and again: it refuses subscriptions, is silent on them, or is reached over HTTP.
    Polled,
}

/// What is kept of one endpoint.
#[derive(Debug)]
pub(crate) struct Health(Mutex<Course>);

#[derive(Debug)]
struct Course {
    latency: Option<Duration>,
    /// What its proofs take, and when that was last measured. Apart, since heads are asked of everybody all the time: who
    /// is quick with those alone would be asked first for every proof, and may stall each.
    proving: Option<(Duration, Instant)>,
    failures: u32,
    last_failure: Option<ResolveError>,
    /// Until when others go first because it failed; over with its next answer.
    failing_until: Option<Instant>,
    /// Until when others go first because a proof of its did not hold. An answer is no excuse.
    distrusted_until: Option<Instant>,
    /// Until when it is not asked first what a call reads.
    hints_in_vain_until: Option<Instant>,
    head: Option<u64>,
    behind: u64,
    announcing: Announcing,
}

impl Health {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Course {
            latency: None,
            proving: None,
            failures: 0,
            last_failure: None,
            failing_until: None,
            distrusted_until: None,
            hints_in_vain_until: None,
            head: None,
            behind: 0,
            announcing: Announcing::Unknown,
        }))
    }

    /// It answered, in that time.
    pub(crate) fn answered(&self, took: Duration) {
        let mut course = self.course();
        course.latency = Some(course.latency.map_or(took, |known| smoothed(known, took)));
        course.failures = 0;
        course.failing_until = None;
    }

    /// A proof was asked of it first, and so long it took; or so long it was waited for in vain.
    pub(crate) fn proving_took(&self, took: Duration) {
        let mut course = self.course();
        let took = course.recent_proving().map_or(took, |known| smoothed(known, took));
        course.proving = Some((took, Instant::now()));
    }

    /// It did not answer, or not usably. What it merely does not serve is no failing.
    pub(crate) fn failed(&self, failure: &ResolveError) {
        if matches!(failure, ResolveError::NodeRefused { .. }) {
            return;
        }
        let mut course = self.course();
        course.failures = course.failures.saturating_add(1);
        course.failing_until = Instant::now().checked_add(cool_down(course.failures));
        course.last_failure = Some(failure.clone());
    }

    /// What it answered does not hold, or has no end.
    pub(crate) fn lied(&self, failure: &ResolveError) {
        let mut course = self.course();
        course.distrusted_until = Instant::now().checked_add(DISTRUST);
        course.last_failure = Some(failure.clone());
    }

    /// What it said that a call reads was of no use. A hint is never a lie: only others are asked for hints first.
    pub(crate) fn hinted_in_vain(&self) {
        self.course().hints_in_vain_until = Instant::now().checked_add(HINTS_IN_VAIN);
    }

    /// Whether others are asked first what a call reads.
    pub(crate) fn hints_in_vain(&self) -> bool {
        self.course().hints_in_vain_until.is_some_and(|until| Instant::now() < until)
    }

    /// It showed a block of that height as its newest.
    pub(crate) fn showed_head(&self, number: u64) {
        self.course().head = Some(number);
    }

    /// How far it is behind the agreed head; 0 where it is near enough.
    pub(crate) fn is_behind(&self, blocks: u64) {
        self.course().behind = blocks;
    }

    pub(crate) fn announces(&self, announcing: Announcing) {
        self.course().announcing = announcing;
    }

    /// Sorts endpoints: the lower, the earlier to be asked for proofs. Chance moves like ones about, so that not all clients fall
    /// on the same.
    pub(crate) fn rank(&self) -> (bool, Duration) {
        let course = self.course();
        let last = course.cooling_down().is_some() || course.behind > 0;
        (last, spread(course.recent_proving().or(course.latency).unwrap_or_default()))
    }

    pub(crate) fn of(&self, endpoint: &Endpoint) -> EndpointHealth {
        let course = self.course();
        EndpointHealth {
            endpoint: endpoint.clone(),
            state: course.state(),
            latency: course.latency,
            consecutive_failures: course.failures,
            last_failure: course.last_failure.clone(),
            head: course.head,
            announcing: course.announcing,
        }
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Course {
    fn state(&self) -> EndpointState {
        match (self.cooling_down(), self.behind) {
            (Some(left), _) => EndpointState::CoolingDown { left },
            (None, 0) if self.latency.is_none() && self.failures == 0 => EndpointState::Untried,
            (None, 0) => EndpointState::Healthy,
            (None, behind) => EndpointState::Stalled { behind },
        }
    }

    /// What its proofs take, unless that was long ago: who was slow once is tried again.
    fn recent_proving(&self) -> Option<Duration> {
        self.proving.filter(|(_, at)| at.elapsed() < DISTRUST).map(|(took, _)| took)
    }

    fn cooling_down(&self) -> Option<Duration> {
        let until = self.failing_until.max(self.distrusted_until)?;
        Some(until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }
}

/// The newest weighs a quarter.
fn smoothed(known: Duration, took: Duration) -> Duration {
    (known * 3 + took) / 4
}

/// Doubles with each failure, up to half a minute.
fn cool_down(failures: u32) -> Duration {
    FIRST_COOL_DOWN.saturating_mul(1 << failures.saturating_sub(1).min(5)).min(LONGEST_COOL_DOWN)
}

const FIRST_COOL_DOWN: Duration = Duration::from_secs(1);
const LONGEST_COOL_DOWN: Duration = Duration::from_secs(30);

/// How long others are asked first once a proof did not hold, or did not come.
const DISTRUST: Duration = Duration::from_secs(60);

/// How long others are asked for hints first.
const HINTS_IN_VAIN: Duration = Duration::from_secs(600);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        "http://127.0.0.1:1".parse().unwrap()
    }

    fn timeout() -> ResolveError {
        ResolveError::Timeout { endpoint: endpoint(), after: Duration::from_secs(1) }
    }

    #[test]
    fn latency_follows_the_newest_answers() {
        let health = Health::new();
        assert_eq!(health.of(&endpoint()).state, EndpointState::Untried);
        health.answered(Duration::from_millis(100));
        health.answered(Duration::from_millis(20));
        assert_eq!(health.of(&endpoint()).latency, Some(Duration::from_millis(80)));
    }

    #[test]
    fn failures_cool_down_until_the_next_answer_and_lies_beyond_it() {
        let health = Health::new();
        health.failed(&timeout());
        health.failed(&timeout());
        let told = health.of(&endpoint());
        assert_eq!(told.consecutive_failures, 2);
        assert!(matches!(told.state, EndpointState::CoolingDown { left } if left > FIRST_COOL_DOWN));
        health.answered(Duration::from_millis(5));
        assert_eq!(health.of(&endpoint()).state, EndpointState::Healthy);
        health.lied(&timeout());
        health.answered(Duration::from_millis(5));
        assert!(matches!(health.of(&endpoint()).state, EndpointState::CoolingDown { .. }));
    }

    #[test]
    fn a_method_that_is_not_served_is_no_failing() {
        let health = Health::new();
        health.answered(Duration::from_millis(5));
        let (method, message) = ("eth_getProof", "no".to_owned());
        health.failed(&ResolveError::NodeRefused { endpoint: endpoint(), method, code: -32601, message });
        assert_eq!(health.of(&endpoint()).state, EndpointState::Healthy);
    }

    #[test]
    fn the_fast_come_first_and_the_failing_and_the_stalled_last() {
        let (fast, slow, failing, stalled) = (Health::new(), Health::new(), Health::new(), Health::new());
        fast.answered(Duration::from_millis(10));
        slow.answered(Duration::from_millis(100));
        failing.answered(Duration::from_millis(1));
        failing.failed(&timeout());
        stalled.answered(Duration::from_millis(1));
        stalled.is_behind(3);
        assert!(fast.rank() < slow.rank());
        assert!(slow.rank() < failing.rank().min(stalled.rank()));
        assert_eq!(stalled.of(&endpoint()).state, EndpointState::Stalled { behind: 3 });
    }

    #[test]
    fn who_is_quick_with_heads_and_slow_with_proofs_is_asked_for_those_later() {
        let (stalling, slow) = (Health::new(), Health::new());
        stalling.answered(Duration::from_millis(1));
        slow.answered(Duration::from_millis(50));
        assert!(stalling.rank() < slow.rank());
        stalling.proving_took(Duration::from_secs(1));
        stalling.answered(Duration::from_millis(1));
        assert!(slow.rank() < stalling.rank());
        assert_eq!(stalling.of(&endpoint()).latency, Some(Duration::from_millis(1)));
        slow.proving_took(Duration::from_millis(60));
        assert!(slow.rank() < stalling.rank());
    }

    #[test]
    fn no_cool_down_is_endless() {
        assert_eq!(cool_down(1), FIRST_COOL_DOWN);
        assert_eq!(cool_down(u32::MAX), LONGEST_COOL_DOWN);
    }
}
