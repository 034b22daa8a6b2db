//! Cookies: what a responder under load asks for before it does any work (WireGuard, section 5.3).
//!
//! ```text
//! byte  0      1          13             29        45
//!       +------+----------+--------------+---------+
//!       | type | nonce 12 | 16 sealed    | tag 16  |     type 6
//!       +------+----------+--------------+---------+
//! ```
//!
//! A cookie shows that its bearer receives what is sent to the address it sends from. The responder keeps nothing for it.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::aead::{AeadKey, TAG};
use crate::curve::PublicKey;
use crate::error::{Error, PeerMisbehaved};
use crate::handshake::hello::{MAC1_COVERS, MACS};
use crate::key_schedule::{self, MAC};
use crate::secret::Secret32;
use crate::wire;

/// Length of a cookie message in bytes.
pub const COOKIE_MESSAGE: usize = 1 + NONCE + MAC + TAG;

/// Bakes cookies and knows its own. Dropping it wipes its secrets.
pub struct CookieJar {
    present: Secret32,
    before: Option<Secret32>,
}

impl CookieJar {
    /// With a random secret. To be [renewed](Self::renew) every 120 s.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self { present: Secret32::new(secret), before: None }
    }

    /// Takes another random secret. Cookies of the last one are good until the next renewal.
    pub fn renew(&mut self, secret: [u8; 32]) {
        self.before = Some(core::mem::replace(&mut self.present, Secret32::new(secret)));
    }

    /// The cookie message that answers a hello or a resume from that source. `nonce` is 12 random bytes.
    ///
    /// # Errors
    /// [`PeerMisbehaved::BadLength`] where the message is neither.
    pub fn answer(
        &self,
        message: &[u8],
        source: &SocketAddr,
        responder: &PublicKey,
        nonce: [u8; NONCE],
    ) -> Result<[u8; COOKIE_MESSAGE], Error> {
        let Marks { mac1, .. } = Marks::of(message)?;
        let mut sealed = cookie(&self.present, source);
        let tag = key(responder).seal(nonce, mac1, &mut sealed);
        let mut answer = [wire::COOKIE; COOKIE_MESSAGE];
        let parts = nonce.iter().chain(&sealed).chain(&tag);
        answer.iter_mut().skip(1).zip(parts).for_each(|(to, from)| *to = *from);
        Ok(answer)
    }

    /// Whether a hello or a resume from that source bears one of this jar's cookies. In constant time.
    #[must_use]
    pub fn admits(&self, message: &[u8], source: &SocketAddr) -> bool {
        let Ok(marks) = Marks::of(message) else { return false };
        let bears = |secret: &Secret32| marks.mac2_with(&cookie(secret, source)).ct_eq(marks.mac2);
        let admitted = bears(&self.present) | self.before.as_ref().map_or(0.into(), bears);
        admitted.into()
    }
}

/// A cookie that a responder gave to this side. Dropping it wipes it.
pub struct Cookie(Zeroizing<[u8; MAC]>);

impl Cookie {
    /// Opens the cookie message that answers `message`, a hello or a resume to that responder.
    ///
    /// # Errors
    /// [`PeerMisbehaved`] where this is no cookie of that responder for that message.
    pub fn open(answer: &mut [u8], message: &[u8], responder: &PublicKey) -> Result<Self, Error> {
        let bad_length = PeerMisbehaved::BadLength { expected: "cookie", length: answer.len() };
        if answer.len() != COOKIE_MESSAGE || answer.first() != Some(&wire::COOKIE) {
            return Err(bad_length.into());
        }
        let (nonce, sealed) =
            answer.get_mut(1..).and_then(|rest| rest.split_first_chunk_mut::<NONCE>()).ok_or(bad_length)?;
        key(responder)
            .open(*nonce, Marks::of(message)?.mac1, sealed)
            .map_err(|_| PeerMisbehaved::DoesNotAuthenticate("cookie"))?;
        Ok(Self(Zeroizing::new(*sealed.first_chunk().ok_or(bad_length)?)))
    }

    /// Marks a hello or a resume with this cookie: the one that it was given for, then to be sent once more, and whatever
    /// hello follows on the same connection.
    ///
    /// # Errors
    /// [`PeerMisbehaved::BadLength`] where the message is neither. It is as it was then.
    pub fn mark(&self, message: &mut [u8]) -> Result<(), Error> {
        let mac2 = Marks::of(message)?.mac2_with(&self.0);
        message.iter_mut().rev().zip(mac2.iter().rev()).for_each(|(to, from)| *to = *from);
        Ok(())
    }
}

/// Whether a message is a cookie, by its first byte.
#[must_use]
pub fn is_cookie(message: &[u8]) -> bool {
    message.first() == Some(&wire::COOKIE)
}

/// The parts of a hello or a resume that cookies are about.
struct Marks<'a> {
    header_and_e: &'a [u8],
    mac1: &'a [u8; MAC],
    mac2: &'a [u8; MAC],
}

impl<'a> Marks<'a> {
    fn of(message: &'a [u8]) -> Result<Self, PeerMisbehaved> {
        let bad_length = PeerMisbehaved::BadLength { expected: "hello", length: message.len() };
        let (before, macs) = message.split_last_chunk::<MACS>().ok_or(bad_length)?;
        let header_and_e = before.get(..MAC1_COVERS).ok_or(bad_length)?;
        let (mac1, mac2) = macs.split_first_chunk().ok_or(bad_length)?;
        Ok(Self { header_and_e, mac1, mac2: mac2.first_chunk().ok_or(bad_length)? })
    }

    /// `mac2 = HMAC(key = cookie, first 4 bytes || e || mac1)[0..16]`.
    fn mac2_with(&self, cookie: &[u8; MAC]) -> [u8; MAC] {
        key_schedule::mac2(cookie, self.header_and_e, self.mac1)
    }
}

/// The cookie of that source.
fn cookie(secret: &Secret32, source: &SocketAddr) -> [u8; MAC] {
    let ip = match source.ip() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    let mut address = [0; 18];
    let bytes = ip.octets().into_iter().chain(source.port().to_be_bytes());
    address.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    key_schedule::cookie(secret, &address)
}

/// Seals cookies of that responder.
fn key(responder: &PublicKey) -> AeadKey {
    AeadKey::new(&key_schedule::cookie_key(responder))
}

impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieJar(..)")
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(..)")
    }
}

const NONCE: usize = 12;
