//! The DIDs that can be resolved, read.

use axum::http::StatusCode;
use countersign_protocol::Address;
use countersign_protocol::curve::PublicKey;

use crate::api::parameters::public_key;

/// A DID that names an account of a chain.
#[derive(Clone, Debug)]
pub(super) struct Did {
    /// As it was given: the document's `id`.
    pub(super) text: String,
    pub(super) method: DidMethod,
    pub(super) chain_id: u64,
    pub(super) account: Address,
    /// The account's key, where the DID names the account by it.
    pub(super) key: Option<PublicKey>,
}

/// How it names the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DidMethod {
    /// `did:ethr`.
    Ethr,
    /// `did:pkh`.
    Pkh,
}

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("this is no DID: {0}")]
    Invalid(&'static str),
    #[error("DIDs of the method {0:?} are not resolved here; did:ethr and did:pkh with eip155 are")]
    UnknownMethod(String),
    #[error("chain {0} is not indexed here; /v1/registries tells which chains are")]
    ChainNotIndexed(u64),
    #[error(
        "no such representation; accept application/did-resolution, application/did+ld+json or application/did+json"
    )]
    NoRepresentation,
}

impl Did {
    /// Reads a DID of either method.
    pub(super) fn read(text: &str) -> Result<Self, Unresolved> {
        if text.contains(['/', '?', '#']) {
            return Err(Unresolved::Invalid("it is a DID URL; leave out path, query and fragment"));
        }
        let Some((method, identifier)) = text.strip_prefix("did:").and_then(|rest| rest.split_once(':'))
        else {
            return Err(Unresolved::Invalid("one begins with did: and its method"));
        };
        match method {
            "ethr" => Self::ethr(text, identifier),
            "pkh" => Self::pkh(text, identifier),
            _ if method.is_empty()
                || !method.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) =>
            {
                Err(Unresolved::Invalid("a method is lower-case letters and digits"))
            }
            _ => Err(Unresolved::UnknownMethod(method.chars().take(METHOD_SHOWN).collect())),
        }
    }

    /// Whether the method knows of deactivation: a did:pkh stays for as long as its account.
    pub(super) fn can_be_deactivated(&self) -> bool {
        self.method == DidMethod::Ethr
    }

    fn ethr(text: &str, identifier: &str) -> Result<Self, Unresolved> {
        let (chain, account) = identifier.rsplit_once(':').unwrap_or(("mainnet", identifier));
        let chain_id = match chain.strip_prefix("0x") {
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                u64::from_str_radix(digits, 16).ok()
            }
            Some(_) => None,
            None => chain.parse::<alloy_chains::NamedChain>().ok().map(|chain| chain as u64),
        };
        let chain_id = chain_id.ok_or(Unresolved::Invalid(
            "did:ethr takes a chain by its name, or by its id as 0x and hexadecimal digits",
        ))?;
        let no_account = Unresolved::Invalid(
            "did:ethr takes an address, 0x and 40 digits, or a compressed public key, 0x and 66 digits",
        );
        let (account, key) = match account.len() {
            42 => (account.parse().map_err(|_| no_account)?, None),
            68 => {
                let bytes = account.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
                let key = bytes.as_deref().and_then(public_key).ok_or(no_account)?;
                (Address(key.address()), Some(key))
            }
            _ => return Err(no_account),
        };
        Ok(Self { text: text.into(), method: DidMethod::Ethr, chain_id, account, key })
    }

    fn pkh(text: &str, identifier: &str) -> Result<Self, Unresolved> {
        let Some((namespace, rest)) = identifier.split_once(':') else {
            return Err(Unresolved::Invalid(
                "did:pkh takes an account as CAIP-10 has it: eip155:CHAIN:ADDRESS",
            ));
        };
        if namespace != "eip155" {
            let namespace: String = namespace.chars().take(METHOD_SHOWN).collect();
            return Err(Unresolved::UnknownMethod(format!("pkh:{namespace}")));
        }
        let account = rest.split_once(':').and_then(|(chain, account)| {
            // `parse` alone would take a sign.
            let digits = chain.bytes().all(|digit| digit.is_ascii_digit());
            Some((digits.then(|| chain.parse().ok()).flatten()?, account.parse().ok()?))
        });
        let (chain_id, account) = account.ok_or(Unresolved::Invalid(
            "did:pkh:eip155 takes CHAIN:ADDRESS, a number and 0x and 40 digits",
        ))?;
        Ok(Self { text: text.into(), method: DidMethod::Pkh, chain_id, account, key: None })
    }
}

impl Unresolved {
    /// As DID Core, 7.1.2, and DID Specification Registries name it.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalidDid",
            Self::UnknownMethod(_) => "methodNotSupported",
            Self::ChainNotIndexed(_) => "notFound",
            Self::NoRepresentation => "representationNotSupported",
        }
    }

    /// As DID Resolution's HTTP binding has it.
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::UnknownMethod(_) => StatusCode::NOT_IMPLEMENTED,
            Self::ChainNotIndexed(_) => StatusCode::NOT_FOUND,
            Self::NoRepresentation => StatusCode::NOT_ACCEPTABLE,
        }
    }
}

const METHOD_SHOWN: usize = 64;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "0xb9c5714089478a327f09197987f16f9e5d936e8a";

    fn read(text: &str) -> Result<(u64, String), &'static str> {
        Did::read(text).map(|did| (did.chain_id, did.account.to_string())).map_err(|failure| failure.code())
    }

    #[test]
    fn the_accounts_of_the_method_specifications_are_read() {
        let dids = [
            (format!("did:ethr:{ACCOUNT}"), 1),
            (format!("did:ethr:mainnet:{ACCOUNT}"), 1),
            (format!("did:ethr:sepolia:{ACCOUNT}"), 11_155_111),
            (format!("did:ethr:0x89:{ACCOUNT}"), 137),
            (format!("did:pkh:eip155:1:{ACCOUNT}"), 1),
            (format!("did:pkh:eip155:137:{ACCOUNT}"), 137),
        ];
        for (did, chain_id) in dids {
            assert_eq!(read(&did), Ok((chain_id, ACCOUNT.to_owned())), "{did}");
        }
    }

    #[test]
    fn a_public_key_names_the_account_that_it_signs_for() {
        // The key of the first of Anvil's accounts.
        let did = "did:ethr:0x7a69:0x038318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed75";
        assert_eq!(read(did), Ok((31337, "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266".into())));
    }

    #[test]
    fn what_is_no_did_and_what_is_of_another_method_is_told_apart() {
        for text in [
            "",
            "did:",
            "did:ethr",
            "did:ethr:",
            "did:ethr:0x12",
            "did:ethr:nochain:0xb9c5714089478a327f09197987f16f9e5d936e8a",
            "did:ethr:31337:0xb9c5714089478a327f09197987f16f9e5d936e8a",
            "did:ethr:0x+1:0xb9c5714089478a327f09197987f16f9e5d936e8a",
            "did:ethr:0x058318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed75",
            "did:pkh:eip155:1",
            "did:pkh:eip155:+1:0xb9c5714089478a327f09197987f16f9e5d936e8a",
            "did:ETHR:0xb9c5714089478a327f09197987f16f9e5d936e8a",
            "did:ethr:0xb9c5714089478a327f09197987f16f9e5d936e8a#controller",
        ] {
            assert_eq!(read(text), Err("invalidDid"), "{text}");
        }
        for text in [
            "did:web:example.org",
            "did:pkh:solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev",
        ] {
            assert_eq!(read(text), Err("methodNotSupported"), "{text}");
        }
    }
}
