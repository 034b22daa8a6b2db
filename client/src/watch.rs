//! What is watched while sessions live: the records of all of them, as the chain's follower proves them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use countersign_protocol::{Abort, Identity, PeerKey, RegistryRecord, Role, StateView};
use countersign_registry::{Changes, Follower, Standing, Watching};
use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::tickets::Tickets;
use crate::trader::{Inner, Trader};

/// The live sessions of a trader. Where there are any, one task looks after all of them. It also wipes the
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
    sessions: HashMap<u64, Arc<Session>>,
    numbers: u64,
    /// What watches, or did: it may have panicked, or gone with its runtime.
    task: Option<JoinHandle<()>>,
}

struct Session {
    records: [Opened; 2],
    verdict: watch::Sender<Option<Abort>>,
}

/// A record that a session was opened with.
struct Opened {
    role: Role,
    record: RegistryRecord,
    /// `None` where the chain is not followed.
    watching: Option<Watching>,
    /// The last one, so that each is acted on once.
    judgement: Mutex<Judgement>,
}

impl Trader {
    /// Watches the records of a session from now on.
    pub(crate) fn watch(&self, role: Role, view: &StateView) -> Watched {
        let (tell, verdict) = watch::channel(None);
        let whose = |role: Role, key: &PeerKey| {
            let follower = self.0.policy.follow.then(|| self.0.resolver.follow());
            let watching = follower.map(|follower| follower.watch(key.identity(), Some(*key.public_key())));
            Opened { role, record: *key.record(), watching, judgement: Mutex::new(Judgement::Unchanged) }
        };
        let records = [whose(role, view.local()), whose(role.other(), view.peer())];
        let mut live = self.0.watch.lock();
        live.numbers += 1;
        let number = live.numbers;
        live.sessions.insert(number, Arc::new(Session { records, verdict: tell }));
        drop(live);
        self.keep_watching();
        Watched { of: Arc::downgrade(&self.0), number, peer: view.peer().identity(), verdict }
    }

    /// Begins to watch, unless something does.
    pub(crate) fn keep_watching(&self) {
        let mut live = self.0.watch.lock();
        if live.task.as_ref().is_none_or(JoinHandle::is_finished) {
            if live.task.is_some() {
                tracing::error!("what watched the records of live sessions was gone; they are watched again");
            }
            live.task = Some(tokio::spawn(watch_while_any(Arc::downgrade(&self.0))));
        }
    }

    /// Looks how the records of all sessions stand at the head that is followed. What is not proven there says nothing:
    /// sessions that cannot renew their keys meanwhile end by themselves.
    fn look(&self, time: u64) {
        let overlap = self.0.policy.overlap.as_secs();
        for session in self.0.watch.sessions() {
            for opened in &session.records {
                let Some(standing) = opened.watching.as_ref().and_then(Watching::standing) else { continue };
                let judged = judgement(&opened.record, opened.role, &standing, time, overlap);
                if !opened.is_news(judged) {
                    continue;
                }
                self.forget_changed(&opened.record.identity);
                if let Judgement::Over(why) = judged {
                    session.verdict.send_if_modified(|said| said.is_none() && said.replace(why).is_none());
                }
            }
        }
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

async fn watch_while_any(of: Weak<Inner>) {
    let mut followed: Option<(Follower, Changes)> = None;
    loop {
        wait_for_change(&mut followed).await;
        let Some(trader) = of.upgrade().map(Trader) else { return };
        trader.0.tickets.wipe_aged();
        match trader.0.watch.what_is_left(&trader.0.tickets) {
            Left::Nothing => return,
            Left::Tickets => followed = None,
            Left::Sessions if trader.0.policy.follow => {
                let (follower, _) = followed.get_or_insert_with(|| {
                    let follower = trader.0.resolver.follow();
                    let changes = follower.changes();
                    (follower, changes)
                });
                if let Some(head) = follower.head() {
                    trader.look(head.timestamp);
                }
            }
            Left::Sessions => {}
        }
    }
}

/// Waits for something to change, and for all that changed with it; not for long.
async fn wait_for_change(followed: &mut Option<(Follower, Changes)>) {
    let Some((_, changes)) = followed else {
        return sleep(HOUSEKEEPING).await;
    };
    if let Ok(None) = timeout(HOUSEKEEPING, changes.next()).await {
        *followed = None;
        return sleep(HOUSEKEEPING).await;
    }
    while let Some(Some(_)) = changes.next().now_or_never() {}
}

impl Opened {
    /// Whether that was not known of the record yet. What it has come to is not undone.
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
}

impl Watch {
    fn sessions(&self) -> Vec<Arc<Session>> {
        self.lock().sessions.values().cloned().collect()
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

/// How long what has aged may lie about, and a session that came meanwhile wait for its first look.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

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
