//! Where a node answers JSON-RPC.

mod secrets;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use alloy::transports::http::reqwest::Url;

use secrets::Secrets;

/// The address of an Ethereum node: `http(s)://`, `ws(s)://`, or the path of an IPC socket.
///
/// Providers put credentials into the user part, the path or the query of a URL. `Display` and `Debug`
/// show the scheme, host and port alone, so an endpoint may stand in any message or log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(Arc<Target>);

/// Why a text is no [`Endpoint`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Nothing there.
    #[error("the endpoint is empty; give http(s)://, ws(s):// or the path of an IPC socket")]
    Empty,
    /// A URL of another kind.
    #[error("endpoints cannot be {scheme}:// URLs; give http(s)://, ws(s):// or the path of an IPC socket")]
    UnknownScheme {
        /// What came before `://`.
        scheme: String,
    },
    /// A URL that does not parse. The text is not repeated: it may hold a credential.
    #[error("the endpoint's URL is malformed: {detail}")]
    Malformed {
        /// What the URL parser said.
        detail: String,
    },
}

#[derive(PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Http(Url),
    WebSocket(Url),
    Ipc(PathBuf),
}

impl Endpoint {
    pub(crate) fn target(&self) -> &Target {
        &self.0
    }

    /// Whether both lead to one server, as far as their names tell: the same socket; or the same host, and the same port,
    /// or both the port that the scheme implies, or the two on which one node answers HTTP and WebSocket by convention
    /// (8545 and 8546, or such a pair some thousands higher). Whether a path or a credential leads to another node behind
    /// it, nobody can tell; any other two ports are two servers, as several nodes of one machine have them.
    pub(crate) fn is_same_server(&self, other: &Self) -> bool {
        match (self.target(), other.target()) {
            (Target::Http(one) | Target::WebSocket(one), Target::Http(two) | Target::WebSocket(two)) => {
                let is_same_port = one.port_or_known_default() == two.port_or_known_default()
                    || (one.port().is_none() && two.port().is_none());
                is_same_host(one, two) && (is_same_port || self.is_sibling(other) || other.is_sibling(self))
            }
            (one, other) => one == other,
        }
    }

    /// Whether this is where a node answers HTTP, and the other where it then answers WebSocket.
    fn is_sibling(&self, other: &Self) -> bool {
        let (Target::Http(http), Target::WebSocket(socket)) = (self.target(), other.target()) else {
            return false;
        };
        http.port().is_some_and(|port| port % 1000 == 545 && port.checked_add(1) == socket.port())
    }

    /// Somebody else's words, fit to be shown: short, on one line, without what this endpoint keeps secret.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut characters =
            text.chars().map(|character| if character.is_control() { ' ' } else { character });
        let mut text: String = characters.by_ref().take(16 * MAX_FOREIGN_TEXT).collect();
        if let Target::Http(url) | Target::WebSocket(url) = self.target() {
            text = Secrets::of(url).hide(&text, characters.next().is_some());
        }
        // Cut last, or half a secret could be left at the cut.
        text.chars().take(MAX_FOREIGN_TEXT).collect()
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// # Errors
    /// [`EndpointError`] where the text is empty, malformed, or a URL of another scheme.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EndpointError::Empty);
        }
        let target = match text.split_once("://") {
            None => Target::Ipc(PathBuf::from(text)),
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "http" | "https" => Target::Http(parse_url(text)?),
                "ws" | "wss" => Target::WebSocket(parse_url(text)?),
                "ipc" | "file" => Target::Ipc(PathBuf::from(rest)),
                _ => return Err(EndpointError::UnknownScheme { scheme: scheme.into() }),
            },
        };
        Ok(Self(Arc::new(target)))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target() {
            Target::Ipc(path) => write!(f, "{}", path.display()),
            Target::Http(url) | Target::WebSocket(url) => {
                write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())?;
                url.port().map_or(Ok(()), |port| write!(f, ":{port}"))?;
                if hides_something(url) { f.write_str("/…") } else { Ok(()) }
            }
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

fn parse_url(text: &str) -> Result<Url, EndpointError> {
    let url: Url = text.parse().map_err(|error| EndpointError::Malformed { detail: format!("{error}") })?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(EndpointError::Malformed { detail: "it names no host".into() });
    }
    Ok(url)
}

/// Loopback addresses and their name are one host.
fn is_same_host(one: &Url, other: &Url) -> bool {
    one.host_str() == other.host_str() || (is_loopback(one) && is_loopback(other))
}

/// Whether the URL leads to this machine itself.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn hides_something(url: &Url) -> bool {
    !matches!(url.path(), "" | "/")
        || url.query().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
}

/// Characters of a node's own message that are worth showing.
const MAX_FOREIGN_TEXT: usize = 300;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_never_shown() {
        for secret in [
            "https://mainnet.example.org/v3/s3cret",
            "https://s3cret@node.example.org",
            "wss://user:s3cret@node.example.org:8546/",
            "https://node.example.org/?key=s3cret",
        ] {
            let endpoint: Endpoint = secret.parse().unwrap();
            assert!(!format!("{endpoint} {endpoint:?}").contains("s3cret"), "{endpoint}");
        }
    }

    #[test]
    fn foreign_words_lose_secrets_controls_and_length() {
        let endpoint: Endpoint = "https://user:pa55@node.example.org/v3/s3cret?key=k3y".parse().unwrap();
        let text = endpoint.redact("GET https://node/v3/s3cret?key=k3y as user:pa55\n\u{1b}[31mred");
        assert!(
            !["s3cret", "k3y", "pa55", "\n", "\u{1b}"].iter().any(|secret| text.contains(secret)),
            "{text}"
        );
        assert!(endpoint.redact(&"x".repeat(10_000)).len() <= MAX_FOREIGN_TEXT);
    }

    #[test]
    fn no_half_of_a_secret_is_left_where_a_text_is_cut() {
        let key = "0123456789abcdef".repeat(8);
        let endpoint: Endpoint = format!("https://node.example.org/?key={key}").parse().unwrap();
        // Cut within the key; what comes before it shrinks to next to nothing.
        for shift in 0..key.len() {
            let text = format!("{}{}", "y".repeat(shift), key.repeat(100));
            assert!(!endpoint.redact(&text).contains("0123"), "{shift}");
        }
    }

    #[test]
    fn one_server_is_known_by_whichever_name() {
        let is_same = |one: &str, other: &str| {
            let [one, other]: [Endpoint; 2] = [one, other].map(|text| text.parse().unwrap());
            assert_eq!(one.is_same_server(&other), other.is_same_server(&one));
            one.is_same_server(&other)
        };
        for (one, other) in [
            ("https://a/v3/one", "wss://A:443/ws/v3/other"),
            ("http://a", "https://a"),
            ("http://a:8545", "ws://a:8545"),
            ("http://127.0.0.1:8545", "ws://localhost:8546"),
            ("https://a:18545/x", "wss://a:18546/y"),
            ("ws://[::1]:7000", "http://127.0.0.1:7000"),
        ] {
            assert!(is_same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("http://127.0.0.1:8545", "http://127.0.0.1:8546"),
            ("ws://127.0.0.1:8545", "http://127.0.0.1:8546"),
            ("http://127.0.0.1:41000", "ws://127.0.0.1:41001"),
            ("https://a", "https://a:8443"),
            ("https://a", "https://b"),
            ("http://a:8545", "/run/a.ipc"),
        ] {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn each_kind_is_told_by_its_scheme() {
        let shown = |text: &str| text.parse::<Endpoint>().unwrap().to_string();
        assert_eq!(shown("http://127.0.0.1:8545"), "http://127.0.0.1:8545");
        assert_eq!(shown("HTTP://127.0.0.1:8545/"), "http://127.0.0.1:8545");
        assert_eq!(shown("ws://[::1]:8546"), "ws://[::1]:8546");
        assert_eq!(shown("https://node.example.org/v3/key"), "https://node.example.org/…");
        assert_eq!(shown("/run/node.ipc"), "/run/node.ipc");
        assert_eq!(shown("ipc:///run/node.ipc"), "/run/node.ipc");
    }

    #[test]
    fn what_is_no_endpoint_says_why_without_repeating_it() {
        assert_eq!("".parse::<Endpoint>(), Err(EndpointError::Empty));
        assert!(matches!("ftp://host".parse::<Endpoint>(), Err(EndpointError::UnknownScheme { .. })));
        let error = "http://s3cret@:1:2/".parse::<Endpoint>().unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
