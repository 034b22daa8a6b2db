//! What a listener under load asks for before it works for a dialler.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{COOKIE_MESSAGE, CookieJar};
use zeroize::Zeroizing;

use crate::error::Error;

/// Counts the handshakes under way, and gives out cookies once there are many.
pub(crate) struct Cookies {
    under_load: usize,
    under_way: AtomicUsize,
    jar: Mutex<Option<Fresh>>,
}

/// A handshake that is under way until this is dropped.
pub(crate) struct UnderWayNow<'a>(&'a AtomicUsize);

struct Fresh {
    jar: CookieJar,
    since: Instant,
}

impl Cookies {
    /// Asks for cookies once so many handshakes are under way.
    pub(crate) fn new(under_load: usize) -> Self {
        Self { under_load, under_way: AtomicUsize::new(0), jar: Mutex::default() }
    }

    /// Counts one more handshake.
    pub(crate) fn enter(&self) -> UnderWayNow<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWayNow(&self.under_way)
    }

    /// Whether so many are under way, the one that asks among them.
    pub(crate) fn is_under_load(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > self.under_load
    }

    /// The cookie to answer with instead of working; `None` where there is no need of one, or the message bears it.
    ///
    /// # Errors
    /// [`Error::NoRandomness`], [`Error::Protocol`] where the message is neither a hello nor a resume.
    pub(crate) fn demand(
        &self,
        message: &[u8],
        source: &SocketAddr,
        responder: &PublicKey,
    ) -> Result<Option<[u8; COOKIE_MESSAGE]>, Error> {
        if !self.is_under_load() {
            return Ok(None);
        }
        let mut kept = self.lock();
        let Fresh { jar, .. } = renewed(&mut kept)?;
        if jar.admits(message, source) {
            return Ok(None);
        }
        let mut nonce = [0; 12];
        getrandom::fill(&mut nonce).map_err(Error::NoRandomness)?;
        Ok(Some(jar.answer(message, source, responder, nonce)?))
    }

    /// Whether the message bears one of the cookies that were given out to its source.
    pub(crate) fn admits(&self, message: &[u8], source: &SocketAddr) -> bool {
        self.lock().as_ref().is_some_and(|fresh| fresh.jar.admits(message, source))
    }

    // Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Option<Fresh>> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The jar with a secret that is young enough; cookies of the one before it are good for as long again.
fn renewed(kept: &mut Option<Fresh>) -> Result<&mut Fresh, Error> {
    let fresh = match kept.take() {
        Some(fresh) if fresh.since.elapsed() < RENEWAL => fresh,
        Some(mut fresh) if fresh.since.elapsed() < 2 * RENEWAL => {
            fresh.jar.renew(*secret()?);
            Fresh { since: Instant::now(), ..fresh }
        }
        _ => Fresh { jar: CookieJar::new(*secret()?), since: Instant::now() },
    };
    Ok(kept.insert(fresh))
}

fn secret() -> Result<Zeroizing<[u8; 32]>, Error> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(secret.as_mut()).map_err(Error::NoRandomness)?;
    Ok(secret)
}

impl Drop for UnderWayNow<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long a secret serves (SPEC, section 4.1).
const RENEWAL: Duration = Duration::from_secs(120);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use countersign_protocol::Cookie;
    use countersign_protocol::curve::SecretKey;

    use super::*;

    /// A message whose outside is that of a hello, as far as cookies look at it.
    fn hello() -> Vec<u8> {
        vec![7; 1_900]
    }

    #[test]
    fn it_asks_for_cookies_from_so_many_on_and_takes_its_own_until_two_renewals() {
        let responder = SecretKey::from_bytes(&[1; 32]).unwrap().public_key();
        let (source, other) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        let cookies = Cookies::new(1);
        let mut message = hello();
        let _first = cookies.enter();
        assert!(cookies.demand(&message, &source, &responder).unwrap().is_none());
        let second = cookies.enter();
        let mut answer = cookies.demand(&message, &source, &responder).unwrap().unwrap();
        Cookie::open(&mut answer, &message, &responder).unwrap().mark(&mut message).unwrap();
        assert!(cookies.demand(&message, &source, &responder).unwrap().is_none());
        assert!(cookies.admits(&message, &source) && !cookies.admits(&message, &other));
        drop(second);
        assert!(cookies.demand(&hello(), &other, &responder).unwrap().is_none());

        let _again = cookies.enter();
        let aged = Instant::now().checked_sub(RENEWAL).unwrap();
        for still_admitted in [true, false] {
            cookies.lock().as_mut().unwrap().since = aged;
            assert_eq!(cookies.demand(&message, &source, &responder).unwrap().is_none(), still_admitted);
        }
    }

    #[test]
    fn a_secret_that_nobody_renewed_for_long_is_good_for_nothing() {
        let responder = SecretKey::from_bytes(&[1; 32]).unwrap().public_key();
        let (source, mut message, cookies) = ("[::1]:1".parse().unwrap(), hello(), Cookies::new(0));
        let _under_way = cookies.enter();
        let mut answer = cookies.demand(&message, &source, &responder).unwrap().unwrap();
        Cookie::open(&mut answer, &message, &responder).unwrap().mark(&mut message).unwrap();
        let long_ago = Instant::now().checked_sub(2 * RENEWAL).unwrap();
        cookies.lock().as_mut().unwrap().since = long_ago;
        assert!(cookies.demand(&message, &source, &responder).unwrap().is_some());
    }
}
