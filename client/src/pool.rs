//! Single-use key pairs, made before they are needed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_protocol::curve::{PublicKey, randomize_context};
use countersign_protocol::{InitiatorEphemerals, ResponderEphemerals, Suite};

/// A few things that are ready to be used once. What is left is wiped when the pool is dropped.
pub(crate) struct Pool<T> {
    depth: usize,
    make: Make<T>,
    ready: Mutex<Vec<T>>,
    is_refilling: AtomicBool,
}

type Make<T> = Box<dyn Fn() -> Result<T, getrandom::Error> + Send + Sync>;

/// The pools for one kind of peer: to dial it, and to answer it.
pub(crate) struct Pools {
    pub(crate) initiator: Arc<Pool<InitiatorEphemerals>>,
    pub(crate) responder: Arc<Pool<ResponderEphemerals>>,
}

impl<T: Send + 'static> Pool<T> {
    fn new(
        depth: usize,
        make: impl Fn() -> Result<T, getrandom::Error> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let ready = Mutex::new(Vec::with_capacity(depth));
        Arc::new(Self { depth, make: Box::new(make), ready, is_refilling: AtomicBool::new(false) })
    }

    /// What is ready; `None` where all is used.
    pub(crate) fn take(&self) -> Option<T> {
        self.ready().pop()
    }

    /// What is ready, or else made now.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    pub(crate) fn take_or_make(&self) -> Result<T, getrandom::Error> {
        self.take().map_or_else(|| (self.make)(), Ok)
    }

    /// Fills up in the background; to be called inside a tokio runtime. The work holds no pool alive.
    pub(crate) fn refill(self: &Arc<Self>) {
        if self.is_full() || self.is_refilling.swap(true, Ordering::AcqRel) {
            return;
        }
        let pool = Arc::downgrade(self);
        tokio::task::spawn_blocking(move || {
            blind_this_thread();
            while let Some(pool) = pool.upgrade() {
                if pool.is_full() || !pool.add_one() {
                    pool.is_refilling.store(false, Ordering::Release);
                    break;
                }
            }
        });
    }

    fn add_one(&self) -> bool {
        match (self.make)() {
            Ok(made) => self.ready().push(made),
            Err(error) => {
                tracing::warn!(%error, "no randomness to prepare keys with");
                return false;
            }
        }
        true
    }

    fn is_full(&self) -> bool {
        self.ready().len() >= self.depth
    }

    // Nothing panics while it holds the lock.
    fn ready(&self) -> MutexGuard<'_, Vec<T>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pools {
    pub(crate) fn for_strangers(depth: usize, suite: Suite) -> Self {
        Self {
            initiator: Pool::new(depth, move || InitiatorEphemerals::generate(suite, getrandom::fill)),
            responder: Pool::new(depth, || ResponderEphemerals::generate(getrandom::fill)),
        }
    }

    /// Each pair comes with its product with the peer's key.
    pub(crate) fn for_peer(depth: usize, suite: Suite, peer: PublicKey) -> Self {
        let to_dial = move || InitiatorEphemerals::generate(suite, getrandom::fill);
        let to_answer = || ResponderEphemerals::generate(getrandom::fill);
        Self {
            initiator: Pool::new(depth, move || to_dial().map(|made| made.for_responder(&peer))),
            responder: Pool::new(depth, move || to_answer().map(|made| made.for_initiator(&peer))),
        }
    }

    /// As [`Pool::refill`].
    pub(crate) fn refill(&self) {
        self.initiator.refill();
        self.responder.refill();
    }
}

/// Hides the keys made on this thread from side channels a second way; without randomness the first must do.
fn blind_this_thread() {
    let mut seed = [0; 32];
    if getrandom::fill(&mut seed).is_ok() {
        randomize_context(&seed);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use super::*;

    /// Counts how many of them are alive.
    struct Counted(Arc<AtomicUsize>);

    impl Counted {
        fn new(alive: &Arc<AtomicUsize>) -> Self {
            alive.fetch_add(1, Ordering::SeqCst);
            Self(alive.clone())
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    async fn until(reached: impl Fn() -> bool) {
        for _ in 0..500 {
            if reached() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(reached());
    }

    #[tokio::test]
    async fn it_fills_refills_and_empties() {
        let alive = Arc::new(AtomicUsize::new(0));
        let of_pool = alive.clone();
        let pool = Pool::new(3, move || Ok(Counted::new(&of_pool)));
        assert!(pool.take().is_none());
        let made = pool.take_or_make().unwrap();
        pool.refill();
        until(|| alive.load(Ordering::SeqCst) == 4).await;
        drop((made, pool.take().unwrap(), pool.take().unwrap()));
        assert_eq!(alive.load(Ordering::SeqCst), 1);
        until(|| !pool.is_refilling.load(Ordering::SeqCst)).await;
        pool.refill();
        until(|| alive.load(Ordering::SeqCst) == 3).await;
        drop(pool);
        until(|| alive.load(Ordering::SeqCst) == 0).await;
    }

    #[tokio::test]
    async fn without_randomness_it_gives_up_and_says_so_when_asked() {
        let pool: Arc<Pool<()>> = Pool::new(2, || Err(getrandom::Error::UNSUPPORTED));
        pool.refill();
        until(|| !pool.is_refilling.load(Ordering::SeqCst)).await;
        assert!(pool.take_or_make().is_err());
    }
}
