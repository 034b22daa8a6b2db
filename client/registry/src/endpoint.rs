//! Where a node answers JSON-RPC.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use alloy::transports::http::reqwest::Url;

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

    /// Whether both lead to one server: the same scheme, host and port, or the same socket.
    pub(crate) fn is_same_server(&self, other: &Self) -> bool {
        match (self.target(), other.target()) {
            (Target::Http(one), Target::Http(other)) | (Target::WebSocket(one), Target::WebSocket(other)) => {
                (one.scheme(), one.host(), one.port_or_known_default())
                    == (other.scheme(), other.host(), other.port_or_known_default())
            }
            (one, other) => one == other,
        }
    }

    /// Somebody else's words, fit to be shown: short, on one line, without what this endpoint keeps secret.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text: String = text
            .chars()
            .map(|character| if character.is_control() { ' ' } else { character })
            .take(16 * MAX_FOREIGN_TEXT)
            .collect();
        if let Target::Http(url) | Target::WebSocket(url) = self.target() {
            let secrets = [
                url.as_str(),
                url.path(),
                url.query().unwrap_or_default(),
                url.username(),
                url.password().unwrap_or_default(),
            ];
            for secret in secrets.into_iter().filter(|secret| secret.len() > 1) {
                text = text.replace(secret, "…");
            }
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
