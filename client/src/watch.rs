//! What is watched while sessions live: the records of all of them, at each new head.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use countersign_protocol::{Abort, Identity, RegistryRecord, Role, StateView};
use countersign_registry::{ResolveError, Standing};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::error::Error;
use crate::tickets::Tickets;
use crate::trader::{Inner, Trader};

/// The live sessions of a trader. Where there are any, one task watches the chain for all of them. It also wipes the
/// tickets that have aged, and goes on until there are none left.
#[derive(Default)]
pub(crate) struct Watch {
    live: Mutex<Live>,
}

/// A session among those that are watched, until this is dropped.
pub(crate) struct Watched {
    of: Weak<Inner>,
    number: u64,
    peer: Identity,
    verdict: watch::Receiver<Option<Abort>>,
}

#[derive(Default)]
struct Live {
    sessions: HashMap<u64, Arc<Opened>>,
    numbers: u64,
    /// What watches, or did: it may have panicked, or gone with its runtime.
    task: Option<JoinHandle<()>>,
    /// A session that has come since the last look: what its view did not see may be older than the next head.
    has_news: bool,
}

/// What a session was opened with.
struct Opened {
    role: Role,
    local: RegistryRecord,
    peer: RegistryRecord,
    /// The last one, so that each is acted on once.
    judgement: Mutex<Judgement>,
    verdict: watch::Sender<Option<Abort>>,
}

impl Trader {
    /// Watches the records of a session from now on.
    pub(crate) fn watch(&self, role: Role, view: &StateView) -> Watched {
        let (tell, verdict) = watch::channel(None);
        let (local, peer) = (*view.local().record(), *view.peer().record());
        let judgement = Mutex::new(Judgement::Unchanged);
        let mut live = self.0.watch.lock();
        live.numbers += 1;
        let number = live.numbers;
        live.sessions.insert(number, Arc::new(Opened { role, local, peer, judgement, verdict: tell }));
        live.has_news = true;
        drop(live);
        self.keep_watching();
        Watched { of: Arc::downgrade(&self.0), number, peer: peer.identity, verdict }
    }

    /// Begins to watch, unless something does.
    pub(crate) fn keep_watching(&self) {
        let mut live = self.0.watch.lock();
        if live.task.as_ref().is_none_or(JoinHandle::is_finished) {
            if live.task.is_some() {
                tracing::error!("what watched the records of live sessions was gone; they are watched again");
            }
            let watching = watch_while_any(Arc::downgrade(&self.0), self.0.policy.watch_interval);
            live.task = Some(tokio::spawn(watching));
        }
    }

    /// Looks at the records of all sessions where the head is another one than `last`; the head that was looked at.
    async fn look(&self, last: Option<[u8; 32]>) -> Result<Option<[u8; 32]>, Error> {
        let head = self.0.resolver.head().await?.anchor.block_hash;
        let (sessions, has_news) = self.0.watch.snapshot();
        if last == Some(head) && !has_news {
            return Ok(last);
        }
        let mut whose: Vec<Identity> = sessions.iter().map(|opened| opened.peer.identity).collect();
        whose.push(self.0.identity);
        whose.sort_unstable_by_key(|identity| (identity.owner.0, identity.label.0));
        whose.dedup();
        let mut is_complete = true;
        for some in whose.chunks(AT_ONCE) {
            let standings = self.0.resolver.standings(some).await?;
            let time = standings.head.timestamp;
            for (identity, standing) in some.iter().zip(standings.each) {
                is_complete &= self.judge(identity, standing, time, &sessions);
            }
        }
        // What could not be said of one is asked again, new head or not.
        Ok(is_complete.then_some(head))
    }

    /// Acts on how an identity stands. False where nothing could be said of it.
    fn judge(
        &self,
        identity: &Identity,
        standing: Result<Standing, ResolveError>,
        time: u64,
        sessions: &[Arc<Opened>],
    ) -> bool {
        let standing = match standing {
            Ok(standing) => standing,
            Err(error) => {
                tracing::warn!(%identity, %error, "whether this identity's sessions may go on is not known");
                return false;
            }
        };
        let overlap = self.0.policy.overlap.as_secs();
        for opened in sessions {
            let Some((whose, record)) = opened.record_of(identity) else { continue };
            let judged = judgement(record, whose, &standing, time, overlap);
            if !opened.is_news(judged) {
                continue;
            }
            self.forget_changed(identity);
            if let Judgement::Over(why) = judged {
                opened.verdict.send_replace(Some(why));
            }
        }
        true
    }

    /// Drops what rests on a record that is not what it was.
    fn forget_changed(&self, identity: &Identity) {
        if *identity == self.0.identity {
            self.forget_everybody();
        } else {
            self.forget(identity);
        }
    }
}

/// What the registry says of a record that a session was opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judgement {
    Unchanged,
    /// Another record is there, and the session may be wound up.
    Replaced,
    Over(Abort),
}

/// SPEC, section 10.
fn judgement(opened: &RegistryRecord, whose: Role, now: &Standing, time: u64, overlap: u64) -> Judgement {
    match now {
        Standing::Active(record) if record == opened => Judgement::Unchanged,
        Standing::Active(record) if time > record.anchored_at.saturating_add(overlap) => {
            Judgement::Over(Abort::Superseded(whose))
        }
        Standing::Active(_) => Judgement::Replaced,
        Standing::Revoked { .. } | Standing::Absent => Judgement::Over(Abort::Revoked(whose)),
        Standing::Expired { .. } => Judgement::Over(Abort::Expired(whose)),
    }
}

/// What there is to look after.
enum Left {
    Sessions,
    /// Tickets alone: the chain need not be looked at for them.
    Tickets,
    Nothing,
}

async fn watch_while_any(of: Weak<Inner>, interval: Duration) {
    let mut last = None;
    loop {
        sleep(interval.max(LEAST_INTERVAL)).await;
        let Some(trader) = of.upgrade().map(Trader) else { return };
        trader.0.tickets.wipe_aged();
        match trader.0.watch.what_is_left(&trader.0.tickets) {
            Left::Nothing => return,
            Left::Tickets => continue,
            Left::Sessions => {}
        }
        match trader.look(last).await {
            Ok(head) => last = head,
            Err(error) => {
                // The next look asks anew; sessions that cannot renew their keys meanwhile end by themselves.
                last = None;
                tracing::warn!(%error, "the records of live sessions could not be looked at");
            }
        }
    }
}

impl Opened {
    /// Whether that was not known of the session yet. What one record has come to is not undone by how the other
    /// stands.
    fn is_news(&self, judged: Judgement) -> bool {
        let mut last = self.judgement.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = match (*last, judged) {
            (_, Judgement::Unchanged)
            | (Judgement::Over(_), _)
            | (Judgement::Replaced, Judgement::Replaced) => false,
            (_, Judgement::Replaced | Judgement::Over(_)) => true,
        };
        if is_news {
            *last = judged;
        }
        is_news
    }

    /// The record that a session was opened with, where that identity is one of its parties.
    fn record_of(&self, identity: &Identity) -> Option<(Role, &RegistryRecord)> {
        [(self.role, &self.local), (self.role.other(), &self.peer)]
            .into_iter()
            .find(|(_, record)| record.identity == *identity)
    }
}

impl Watch {
    fn snapshot(&self) -> (Vec<Arc<Opened>>, bool) {
        let mut live = self.lock();
        let has_news = std::mem::take(&mut live.has_news);
        (live.sessions.values().cloned().collect(), has_news)
    }

    /// Where nothing is, the next session begins to watch anew.
    fn what_is_left(&self, tickets: &Tickets) -> Left {
        let mut live = self.lock();
        if !live.sessions.is_empty() {
            return Left::Sessions;
        }
        if !tickets.is_empty() {
            return Left::Tickets;
        }
        live.task = None;
        Left::Nothing
    }

    // Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// With whom the session is.
    pub(crate) const fn peer(&self) -> Identity {
        self.peer
    }

    /// Waits until the registry rules out that the session goes on.
    pub(crate) async fn verdict(&mut self) -> Abort {
        loop {
            if self.verdict.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            if let Some(why) = *self.verdict.borrow_and_update() {
                return why;
            }
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(of) = self.of.upgrade() {
            of.watch.lock().sessions.remove(&self.number);
        }
    }
}

/// Identities whose records are proven in one batch: their proofs stay below what is read of one answer.
const AT_ONCE: usize = 64;
/// The head is asked for no more often than that.
const LEAST_INTERVAL: Duration = Duration::from_millis(10);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use countersign_custody::LocalKey;
    use countersign_protocol::Address;
    use countersign_registry::{HeadPolicy, HeadTrust, Resolver, RevocationReason};

    use super::*;
    use crate::registered;

    fn record(version: u16, anchored_at: u64) -> RegistryRecord {
        RegistryRecord { version, anchored_at, ..registered::record(1, Address([2; 20])) }
    }

    #[test]
    fn what_the_registry_says_and_what_becomes_of_the_session() {
        let (opened, whose) = (record(1, 100), Role::Responder);
        let judged = |now: Standing, time| judgement(&opened, whose, &now, time, 60);
        assert_eq!(judged(Standing::Active(opened), 1_000_000), Judgement::Unchanged);
        let revoked = Standing::Revoked { reason: RevocationReason::Policy, at: 5 };
        for gone in [revoked, Standing::Absent] {
            assert_eq!(judged(gone, 0), Judgement::Over(Abort::Revoked(whose)));
        }
        assert_eq!(judged(Standing::Expired { at: 5 }, 0), Judgement::Over(Abort::Expired(whose)));
        let replaced = Standing::Active(record(2, 500));
        assert_eq!(judged(replaced, 560), Judgement::Replaced);
        assert_eq!(judged(replaced, 561), Judgement::Over(Abort::Superseded(whose)));
        // The same key with other terms is another record too: no epoch could be agreed on with it.
        let longer = Standing::Active(RegistryRecord { valid_until: 9, ..record(1, 500) });
        assert_eq!(judged(longer, 561), Judgement::Over(Abort::Superseded(whose)));
    }

    #[tokio::test]
    async fn a_watch_that_died_is_begun_anew_and_one_that_lives_is_left_alone() {
        let trust = HeadTrust::OwnNode("http://127.0.0.1:9".parse().unwrap());
        let resolver = Resolver::new(1, Address([7; 20]), trust, HeadPolicy::anvil()).unwrap();
        let trader =
            Trader::builder(registered::identity(1), LocalKey::generate().unwrap(), resolver).build();
        let task = || trader.0.watch.lock().task.as_ref().map(JoinHandle::id).unwrap();
        trader.keep_watching();
        let first = task();
        trader.keep_watching();
        assert_eq!(task(), first);
        trader.0.watch.lock().task.as_ref().unwrap().abort();
        while !trader.0.watch.lock().task.as_ref().unwrap().is_finished() {
            tokio::task::yield_now().await;
        }
        trader.keep_watching();
        assert_ne!(task(), first);
        assert!(!trader.0.watch.lock().task.as_ref().unwrap().is_finished());
    }
}
