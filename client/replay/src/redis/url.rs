//! Where a Redis is, and how to be let in.

use std::fmt;
use std::str::FromStr;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

/// The URL of a Redis or Valkey: `redis://[user:password@]host[:port][/db]`, `rediss://…` for TLS by the system's
/// certificates, or `redis+unix:///path[?db=…&user=…&pass=…]`.
///
/// `Display` and `Debug` leave user and password out, so it may stand in any message or log. The Redis client keeps the
/// password in memory for as long as it may have to reconnect.
pub struct RedisUrl(ConnectionInfo);

/// Why a text is no [`RedisUrl`]. The text is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisUrlError {
    /// Not a URL, or one of another kind.
    #[error("this is no URL of a Redis; give redis://host:port/db, rediss:// for TLS, or redis+unix:///path")]
    Malformed,
    /// It asks for TLS with anybody.
    #[error("TLS without a check of the server's certificate would serve anybody; remove #insecure")]
    Unchecked,
}

impl RedisUrl {
    /// Whether it carries a password, and so is a secret.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password().is_some()
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.0.redis_settings().password()
    }

    /// By protocol version 3 a lost connection is noticed at once, and made again before it is needed.
    pub(super) fn connection_info(&self) -> ConnectionInfo {
        let settings = self.0.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        self.0.clone().set_redis_settings(settings)
    }

    /// rustls asks the process for its provider; this is for one that has chosen none.
    pub(super) fn choose_tls_provider(&self) {
        let is_chosen = rustls::crypto::CryptoProvider::get_default().is_some();
        if matches!(self.0.addr(), ConnectionAddr::TcpTls { .. }) && !is_chosen {
            // It fails where another thread has just chosen one, which serves as well.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
    }
}

impl FromStr for RedisUrl {
    type Err = RedisUrlError;

    /// # Errors
    /// [`RedisUrlError`] where it is malformed, of another kind, or without a check of certificates.
    fn from_str(text: &str) -> Result<Self, RedisUrlError> {
        let url = redis::parse_redis_url(text.trim()).ok_or(RedisUrlError::Malformed)?;
        if url.fragment().is_some() {
            return Err(RedisUrlError::Unchecked);
        }
        url.into_connection_info().map(Self).map_err(|_| RedisUrlError::Malformed)
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, db) = (self.0.addr(), self.0.redis_settings().db());
        match address {
            ConnectionAddr::TcpTls { .. } => write!(f, "rediss://{address}/{db}"),
            ConnectionAddr::Unix(_) => write!(f, "redis+unix://{address}?db={db}"),
            _ => write!(f, "redis://{address}/{db}"),
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn neither_user_nor_password_is_ever_shown() {
        for text in [
            "redis://desk:s3cret@127.0.0.1:6380/2",
            "rediss://:s3cret@redis.example.org",
            "redis+unix:///run/redis.sock?db=2&user=desk&pass=s3cret",
        ] {
            let url: RedisUrl = text.parse().unwrap();
            let shown = format!("{url} {url:?}");
            assert!(url.has_password() && !shown.contains("s3cret") && !shown.contains("desk"), "{shown}");
        }
        let url: RedisUrl = " redis://desk:s3cret@127.0.0.1:6380/2\n".parse().unwrap();
        assert_eq!(format!("{url:?}"), "RedisUrl(redis://127.0.0.1:6380/2)");
        let url: RedisUrl = "redis+unix:///run/redis.sock".parse().unwrap();
        assert_eq!(
            (url.to_string().as_str(), url.has_password()),
            ("redis+unix:///run/redis.sock?db=0", false)
        );
    }

    #[test]
    fn what_is_no_url_of_a_redis_is_not_repeated() {
        for text in ["", "s3cret", "https://s3cret@example.org", "redis://host/s3cret", "redis://:s3cret"] {
            let error = text.parse::<RedisUrl>().unwrap_err();
            assert!(error == RedisUrlError::Malformed && !error.to_string().contains("s3cret"), "{text}");
        }
        assert_eq!("rediss://host/#insecure".parse::<RedisUrl>().unwrap_err(), RedisUrlError::Unchecked);
    }
}
