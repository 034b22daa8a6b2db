//! What of an endpoint's URL may be a credential.

use alloy::transports::http::reqwest::Url;

/// The texts to keep out of whatever is shown, longest first: one may be part of another.
#[derive(Debug)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// The parts of a URL by which it may be known that its owner asks, and each as it reads once it is decoded: a node
    /// tells an unknown key by the key alone.
    pub(super) fn of(url: &Url) -> Self {
        let whole = [
            url.as_str(),
            url.path(),
            url.query().unwrap_or_default(),
            url.username(),
            url.password().unwrap_or_default(),
        ];
        let whole = whole.into_iter().filter(|part| part.len() > 1);
        let segments = url.path().split('/').filter(|part| is_key_like(part));
        let pairs = url.query().unwrap_or_default().split('&');
        let values = pairs.filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
        let values = values.filter(|part| part.len() >= SHORTEST);
        let raw: Vec<&str> = whole.chain(segments).chain(values).collect();
        let mut all: Vec<String> = raw.iter().flat_map(|part| [(*part).to_owned(), decoded(part)]).collect();
        all.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        all.dedup();
        Self(all)
    }

    /// The text without them; where it `is_cut`, without what may be the first half of one at its end.
    pub(super) fn hide(&self, text: &str, is_cut: bool) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = text.replace(secret, "…");
        }
        if is_cut {
            let longest = self.0.first().map_or(0, |secret| secret.chars().count());
            let kept = text.chars().count().saturating_sub(longest);
            text = text.chars().take(kept).collect();
        }
        text
    }
}

/// Whether a segment of a path may be a key: not a version or a number of a chain, nor a plain word such as the name of
/// a network, which a message is worth less without.
fn is_key_like(segment: &str) -> bool {
    let is_word = segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    segment.len() >= if is_word { SHORTEST_OF_LETTERS } else { SHORTEST }
}

/// A URL's text with its %-escapes read.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let escaped = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(b'%'));
        rest = escaped.and_then(|_| after.get(2..)).unwrap_or(after);
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Providers' keys have sixteen characters and more. What is shorter than this is found in messages by chance.
const SHORTEST: usize = 6;

/// What consists of lower-case letters alone is a word, unless it is longer than words are.
const SHORTEST_OF_LETTERS: usize = 16;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn hidden(url: &str, text: &str) -> String {
        Secrets::of(&url.parse().unwrap()).hide(text, false)
    }

    #[test]
    fn a_key_is_hidden_wherever_the_url_has_it() {
        for url in [
            "https://node/v3/K3y0123456789",
            "https://node/rpc?key=K3y0123456789",
            "https://node/rpc?chain=1&key=K3y0123456789",
            "https://user:K3y0123456789@node/",
            "https://K3y0123456789@node/",
        ] {
            assert_eq!(hidden(url, "invalid project id K3y0123456789!"), "invalid project id …!", "{url}");
        }
        for escaped in
            ["https://node/a%2Bkey%2F1", "https://node/?key=a%2Bkey%2F1", "https://:a%2Bkey%2F1@node/"]
        {
            let text = hidden(escaped, "unknown keys: a%2Bkey%2F1, a+key/1");
            assert_eq!(text, "unknown keys: …, …", "{escaped}");
        }
    }

    #[test]
    fn words_stay() {
        let text = "ethereum-mainnet v3 8453 has no eth_getProof";
        assert_eq!(hidden("https://node/v3/ethereum/8453/abcdefghijklmnopqrst?a=eth", text), text);
        assert_eq!(hidden("https://node/", "GET / of https"), "GET / of https");
    }

    #[test]
    fn escapes_are_read_and_what_is_none_stays() {
        assert_eq!(decoded("a%2Fb%2fc%zz%4"), "a/b/c%zz%4");
        assert_eq!(decoded("%e2%82%ac%"), "€%");
    }
}
