//! Who a party is: an account on chain, and which of its keys.

use core::fmt;
use core::str::FromStr;

/// An Ethereum address: 20 bytes. Displays as `0x` and 40 lower-case digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(pub [u8; 20]);

/// Names one of an owner's keys: 32 bytes, all zero for the default identity.
///
/// A label written as text is at most 31 bytes of printable ASCII, padded with zeros on the
/// right, as Solidity and ethers store short strings in a `bytes32`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(pub [u8; 32]);

/// An owner and a label: what a registry record is stored under.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// The account that counterparties know.
    pub owner: Address,
    /// Which of its keys.
    pub label: Label,
}

/// Why a text is no [`Label`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Over 31 bytes of text.
    #[error("a label has at most 31 characters, this one has {length}; shorten it")]
    TooLong {
        /// Bytes in the text.
        length: usize,
    },
    /// A character outside printable ASCII.
    #[error("a label is printable ASCII without spaces; byte {position} is not")]
    NotPrintable {
        /// Where in the text, from 0.
        position: usize,
    },
    /// `0x` with anything but 64 hexadecimal digits behind it.
    #[error("a label that begins with 0x must have exactly 64 hexadecimal digits behind it")]
    BadHex,
}

impl Label {
    /// The default identity of an owner.
    pub const DEFAULT: Self = Self([0; 32]);

    /// A label from text, or from `0x` and 64 hexadecimal digits. The empty text is [`Label::DEFAULT`].
    ///
    /// # Errors
    /// [`LabelError`], which names the character or the length that does not fit.
    pub fn from_text(text: &str) -> Result<Self, LabelError> {
        if let Some(digits) = text.strip_prefix("0x") {
            return hex_bytes(digits).map(Self).ok_or(LabelError::BadHex);
        }
        if text.len() > 31 {
            return Err(LabelError::TooLong { length: text.len() });
        }
        if let Some(position) = text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(LabelError::NotPrintable { position });
        }
        let mut label = [0; 32];
        label.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        Ok(Self(label))
    }

    /// The text of a label made by [`Label::from_text`], or `None` where only hexadecimal shows it whole.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        let length = self.0.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let text = core::str::from_utf8(self.0.get(..length.min(31))?).ok()?;
        let round_trips = Self::from_text(text) == Ok(*self);
        round_trips.then_some(text)
    }
}

impl Identity {
    /// The default identity of `owner`.
    #[must_use]
    pub const fn of(owner: Address) -> Self {
        Self { owner, label: Label::DEFAULT }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Reads `0x` and 40 hexadecimal digits, in either case. The EIP-55 checksum is the caller's to check.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        text.strip_prefix("0x").and_then(hex_bytes).map(Self).ok_or(AddressError)
    }
}

/// The text is not `0x` and 40 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address is 0x and 40 hexadecimal digits")]
pub struct AddressError;

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_text() {
            Some(text) => f.write_str(text),
            None => write_hex(f, &self.0),
        }
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({self})")
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.label == Label::DEFAULT {
            write!(f, "{}", self.owner)
        } else {
            write!(f, "{}#{}", self.owner, self.label)
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_str("0x")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn hex_bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let digits = digits.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let text = core::str::from_utf8(pair).ok()?;
        // `from_str_radix` alone would take a sign.
        if !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(text, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_label_keeps_its_text() {
        let label = Label::from_text("desk-7").unwrap();
        assert_eq!(label.to_string(), "desk-7");
        assert_eq!(label.0.get(..7).unwrap(), b"desk-7\0");
        assert_eq!(Label::from_text("").unwrap(), Label::DEFAULT);
    }

    #[test]
    fn a_label_that_is_no_text_shows_as_hex_and_reads_back() {
        for bytes in [[0xff; 32], [b'a'; 32], {
            let mut inner = [0; 32];
            inner[3] = b'x';
            inner
        }] {
            let label = Label(bytes);
            assert!(label.to_string().starts_with("0x"), "{label}");
            assert_eq!(Label::from_text(&label.to_string()).unwrap(), label);
        }
    }

    #[test]
    fn bad_labels_say_what_is_wrong() {
        assert_eq!(Label::from_text(&"a".repeat(32)), Err(LabelError::TooLong { length: 32 }));
        assert_eq!(Label::from_text("a b"), Err(LabelError::NotPrintable { position: 1 }));
        assert_eq!(Label::from_text("0x12"), Err(LabelError::BadHex));
    }

    #[test]
    fn an_address_reads_back() {
        let address = Address([0xa5; 20]);
        assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
        assert!("0x+1".parse::<Address>().is_err());
        assert!(("0x".to_string() + &"+1".repeat(20)).parse::<Address>().is_err());
    }
}
