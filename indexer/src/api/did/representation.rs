//! In which form a DID's document is wanted.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// A form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Representation {
    /// The whole result, with the document in it.
    Resolution,
    /// The document as JSON-LD.
    JsonLd,
    /// The document as plain JSON.
    Json,
}

impl Representation {
    /// What is wanted most of what there is; the whole result where nothing is said. `None` where none is accepted.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let said: Vec<&str> =
            headers.get_all(ACCEPT).iter().filter_map(|header| header.to_str().ok()).collect();
        if said.is_empty() {
            return Some(Self::Resolution);
        }
        let mut wanted: Vec<(u16, Self)> =
            said.iter().flat_map(|header| header.split(',')).filter_map(Self::wanted).collect();
        // Stable, so that the first of those that are wanted as much stays first.
        wanted.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
        wanted.first().map(|(_, representation)| *representation)
    }

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Resolution => "application/did-resolution",
            Self::JsonLd => "application/did+ld+json",
            Self::Json => "application/did+json",
        }
    }

    /// What one range of an `Accept` means, with its quality in thousandths. Not what is refused with `q=0`.
    fn wanted(range: &str) -> Option<(u16, Self)> {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next()?.to_ascii_lowercase();
        let parameters: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
        let of_resolution = parameters.iter().any(|parameter| parameter.contains("did-resolution"));
        let representation = match media_type.as_str() {
            "*/*" | "application/*" | "application/did-resolution" | "application/json" => Self::Resolution,
            "application/ld+json" if of_resolution => Self::Resolution,
            "application/did+ld+json" | "application/did" | "application/ld+json" => Self::JsonLd,
            "application/did+json" => Self::Json,
            _ => return None,
        };
        let quality = parameters.iter().find_map(|parameter| parameter.strip_prefix("q="));
        let quality = quality.map_or(1.0, |quality| quality.parse::<f32>().unwrap_or(0.0));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 1000 after clamping"
        )]
        let thousandths = (quality.clamp(0.0, 1.0) * 1000.0) as u16;
        (thousandths > 0).then_some((thousandths, representation))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Option<Representation> {
        Representation::accepted(&[(ACCEPT, accept.parse().unwrap())].into_iter().collect())
    }

    #[test]
    fn the_form_that_is_wanted_most_is_chosen() {
        assert_eq!(Representation::accepted(&HeaderMap::new()), Some(Representation::Resolution));
        assert_eq!(accepted("*/*"), Some(Representation::Resolution));
        assert_eq!(accepted("application/did+json"), Some(Representation::Json));
        assert_eq!(
            accepted("application/ld+json;profile=\"https://w3id.org/did-resolution\""),
            Some(Representation::Resolution)
        );
        assert_eq!(
            accepted("application/did+json;q=0.5, application/did+ld+json, */*;q=0.1"),
            Some(Representation::JsonLd)
        );
        assert_eq!(accepted("application/did+json;q=0, text/html"), None);
        assert_eq!(accepted("application/did+cbor"), None);
    }
}
