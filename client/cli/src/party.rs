//! Who is meant: an address as people write it, or a contact's name.

use std::fmt;
use std::str::FromStr;

use countersign::protocol::{Address, Identity, Label, LabelError};

/// A party as written on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// `0x…`, `0x…#label`, `eip155:<chain>:0x…` or `eip155:<chain>:0x…#label`.
    Account(Account),
    /// A name from the contacts file.
    Contact(String),
}

/// An identity, and the chain it was written with, if any (CAIP-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) identity: Identity,
    pub(crate) chain_id: Option<u64>,
}

/// A contract or an account without label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlainAddress(pub(crate) Address);

/// Why a text names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PartyError {
    #[error("{0:?} is no address: an address is 0x and 40 hexadecimal digits")]
    NotAnAddress(String),
    #[error(
        "{given} has a wrong EIP-55 checksum, so a character is probably mistyped; if it is right, it is written {right}"
    )]
    Checksum { given: String, right: String },
    #[error("{0:?} is no CAIP-10 account: write eip155:<chain id>:0x…")]
    NotCaip10(String),
    #[error("accounts of the namespace {0:?} are not supported: write eip155:<chain id>:0x…")]
    OtherNamespace(String),
    #[error("the label after # is empty; leave out the # for the default identity")]
    EmptyLabel,
    #[error("bad label: {0}")]
    Label(#[from] LabelError),
    #[error(
        "{0:?} is neither an address (0x…, eip155:<chain>:0x…) nor a contact's name (letters, digits, - _ .)"
    )]
    NotAName(String),
    #[error("an address without a label is needed here; leave out {0}")]
    Labelled(String),
}

/// An address with its EIP-55 checksum, as it is shown everywhere.
pub(crate) fn checksummed(address: &Address) -> String {
    alloy::primitives::Address::new(address.0).to_checksum(None)
}

/// An identity as it is shown and can be written again.
pub(crate) fn shown(identity: &Identity) -> String {
    let owner = checksummed(&identity.owner);
    if identity.label == Label::DEFAULT { owner } else { format!("{owner}#{}", identity.label) }
}

impl FromStr for Party {
    type Err = PartyError;

    fn from_str(text: &str) -> Result<Self, PartyError> {
        let (base, _) = split_label(text);
        if base.starts_with("0x") || base.starts_with("0X") || base.contains(':') {
            return text.parse().map(Self::Account);
        }
        match is_name(text) {
            true => Ok(Self::Contact(text.to_owned())),
            false => Err(PartyError::NotAName(text.to_owned())),
        }
    }
}

impl FromStr for Account {
    type Err = PartyError;

    fn from_str(text: &str) -> Result<Self, PartyError> {
        let (base, label) = split_label(text);
        let label = match label {
            None => Label::DEFAULT,
            Some("") => return Err(PartyError::EmptyLabel),
            Some(label) => Label::from_text(label)?,
        };
        let (chain_id, address) = match base.contains(':') {
            true => split_caip10(base).map(|(chain, address)| (Some(chain), address))?,
            false => (None, base),
        };
        Ok(Self { identity: Identity { owner: parse_address(address)?, label }, chain_id })
    }
}

impl FromStr for PlainAddress {
    type Err = PartyError;

    fn from_str(text: &str) -> Result<Self, PartyError> {
        let account: Account = text.parse()?;
        match split_label(text).1 {
            None => Ok(Self(account.identity.owner)),
            Some(label) => Err(PartyError::Labelled(format!("#{label}"))),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => f.write_str(&shown(&account.identity)),
            Self::Contact(name) => f.write_str(name),
        }
    }
}

/// Whether a text can be a contact's name; an address never can.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty()
        && text.len() <= 64
        && !text.starts_with(['-', '.'])
        && !text.starts_with("0x")
        && text.bytes().all(allowed)
}

fn split_label(text: &str) -> (&str, Option<&str>) {
    text.split_once('#').map_or((text, None), |(base, label)| (base, Some(label)))
}

fn split_caip10(text: &str) -> Result<(u64, &str), PartyError> {
    let malformed = || PartyError::NotCaip10(text.to_owned());
    let mut parts = text.split(':');
    let (Some(namespace), Some(chain), Some(address), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed());
    };
    if namespace != "eip155" {
        return Err(PartyError::OtherNamespace(namespace.to_owned()));
    }
    // CAIP-2 references have no sign, which `parse` would take.
    if !chain.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(malformed());
    }
    Ok((chain.parse().map_err(|_| malformed())?, address))
}

fn parse_address(text: &str) -> Result<Address, PartyError> {
    let address: Address = text.parse().map_err(|_| PartyError::NotAnAddress(text.to_owned()))?;
    let digits = text.get(2..).unwrap_or_default();
    let mixed = digits.bytes().any(|digit| digit.is_ascii_lowercase())
        && digits.bytes().any(|digit| digit.is_ascii_uppercase());
    let right = checksummed(&address);
    if mixed && right != text {
        return Err(PartyError::Checksum { given: text.to_owned(), right });
    }
    Ok(address)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    const ALICE: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

    fn account(text: &str) -> Account {
        match text.parse().unwrap() {
            Party::Account(account) => account,
            Party::Contact(name) => panic!("{name} is taken for a contact"),
        }
    }

    #[test]
    fn an_address_reads_in_every_spelling() {
        let expected = account(ALICE);
        assert_eq!(account(&ALICE.to_lowercase()), expected);
        let upper = format!("0x{}", ALICE[2..].to_uppercase());
        assert_eq!(account(&upper), expected);
        assert_eq!(shown(&expected.identity), ALICE);
        assert_eq!(expected.identity.label, Label::DEFAULT);
    }

    #[test]
    fn a_wrong_checksum_is_named_with_the_right_spelling() {
        let mistyped = ALICE.replace("Fd6", "fD6");
        let error = mistyped.parse::<Party>().unwrap_err();
        assert_eq!(error, PartyError::Checksum { given: mistyped, right: ALICE.into() });
    }

    #[test]
    fn caip_10_gives_the_chain_and_a_label_the_key() {
        let parsed = account(&format!("eip155:31337:{ALICE}#desk-7"));
        assert_eq!(parsed.chain_id, Some(31337));
        assert_eq!(parsed.identity.label, Label::from_text("desk-7").unwrap());
        assert_eq!(shown(&parsed.identity), format!("{ALICE}#desk-7"));
    }

    #[test]
    fn what_is_no_account_says_why() {
        let error = |text: &str| text.parse::<Party>().unwrap_err();
        assert!(matches!(error("0x12"), PartyError::NotAnAddress(_)));
        assert!(matches!(error(&format!("solana:1:{ALICE}")), PartyError::OtherNamespace(_)));
        assert!(matches!(error(&format!("eip155:{ALICE}")), PartyError::NotCaip10(_)));
        assert!(matches!(error(&format!("eip155:+1:{ALICE}")), PartyError::NotCaip10(_)));
        assert!(matches!(error(&format!("{ALICE}#")), PartyError::EmptyLabel));
        assert!(matches!(error(&format!("{ALICE}#a b")), PartyError::Label(_)));
        assert!(matches!(error("al ice"), PartyError::NotAName(_)));
        assert!(matches!(error(""), PartyError::NotAName(_)));
    }

    #[test]
    fn anything_else_is_a_contact() {
        assert_eq!("alice".parse::<Party>().unwrap(), Party::Contact("alice".into()));
    }

    #[test]
    fn a_contract_takes_no_label() {
        assert!(ALICE.parse::<PlainAddress>().is_ok());
        assert!(matches!(format!("{ALICE}#x").parse::<PlainAddress>(), Err(PartyError::Labelled(_))));
    }
}
