//! Texts that parameters are given as.

use alloy::primitives::Address as Checksummed;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Label};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::api::json::{Account, Status};

/// What is read from a parameter's text.
pub(in crate::api) trait Argument: Sized {
    /// Reads it; what does not fit, and what does, as an error.
    fn read(text: &str) -> Result<Self, String>;
}

/// A label: text of at most 31 characters, or `0x` and 64 digits. Empty, or `-` in a path, for the default.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct LabelText(pub(in crate::api) Label);

/// A public key in an encoding of SEC 1.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Key(pub(in crate::api) PublicKey);

/// How many at most, 1 to 1000.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Limit(pub(in crate::api) usize);

/// At which block to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum ProofAt {
    /// The answer's tip.
    Latest,
    /// A height.
    Block(u64),
}

impl Default for Limit {
    fn default() -> Self {
        Self(100)
    }
}

impl Argument for String {
    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl Argument for u64 {
    fn read(text: &str) -> Result<Self, String> {
        // `parse` alone would take a sign.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().ok_or_else(|| "give a whole number below 2^64".into())
    }
}

impl Argument for Account {
    fn read(text: &str) -> Result<Self, String> {
        let address: Address = text.parse().map_err(|_| "give an address: 0x and 40 hexadecimal digits")?;
        let digits = text.get(2..).unwrap_or_default();
        let is_mixed = digits.bytes().any(|byte| byte.is_ascii_uppercase())
            && digits.bytes().any(|byte| byte.is_ascii_lowercase());
        if is_mixed && Checksummed::parse_checksummed(text, None).is_err() {
            return Err(
                "the address's checksum (EIP-55) does not hold: a digit is wrong; check it, or write it in \
                        lower case"
                    .into(),
            );
        }
        Ok(Self(address))
    }
}

impl Argument for LabelText {
    fn read(text: &str) -> Result<Self, String> {
        Label::from_text(text).map(Self).map_err(|flaw| flaw.to_string())
    }
}

impl Argument for Key {
    fn read(text: &str) -> Result<Self, String> {
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok();
        bytes.as_deref().and_then(public_key).map(Self).ok_or_else(|| {
            "give a secp256k1 public key: 33 bytes compressed or 65 bytes uncompressed, in hexadecimal".into()
        })
    }
}

impl Argument for Limit {
    fn read(text: &str) -> Result<Self, String> {
        let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        limit.map(Self).ok_or_else(|| format!("give a number from 1 to {MOST}"))
    }
}

impl Argument for Status {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "active" => Ok(Self::Active),
            "expired" => Ok(Self::Expired),
            "revoked" => Ok(Self::Revoked),
            _ => Err("give active, expired or revoked".into()),
        }
    }
}

impl Argument for ProofAt {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "latest" => Ok(Self::Latest),
            height => u64::read(height)
                .map(Self::Block)
                .map_err(|_| "give latest, or a block's height as a whole number".into()),
        }
    }
}

/// The key of an encoding of SEC 1, 2.3.3.
pub(in crate::api) fn public_key(bytes: &[u8]) -> Option<PublicKey> {
    if let Ok(compressed) = <&[u8; 33]>::try_from(bytes) {
        return PublicKey::from_compressed(compressed).ok();
    }
    let (x, y) = bytes.strip_prefix(&[4])?.split_at_checked(32)?;
    PublicKey::from_uncompressed_xy(x.try_into().ok()?, y.try_into().ok()?).ok()
}

impl PartialSchema for LabelText {
    fn schema() -> RefOr<Schema> {
        text("^(|[!-~]{1,31}|0x[0-9a-fA-F]{64})$", "Text of at most 31 characters, or 0x and 64 digits.")
    }
}

impl PartialSchema for Key {
    fn schema() -> RefOr<Schema> {
        text(
            "^(0x)?(0[23][0-9a-fA-F]{64}|04[0-9a-fA-F]{128})$",
            "A secp256k1 public key as SEC 1 has it, 33 or 65 bytes.",
        )
    }
}

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        number.minimum(Some(1)).maximum(Some(MOST)).default(Some(100.into())).into()
    }
}

impl PartialSchema for ProofAt {
    fn schema() -> RefOr<Schema> {
        text("^(latest|[0-9]+)$", "`latest` for the answer's tip, or a block's height.")
    }
}

impl ToSchema for LabelText {}
impl ToSchema for Key {}
impl ToSchema for Limit {}
impl ToSchema for ProofAt {}

fn text(pattern: &str, what: &str) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).description(Some(what)).into()
}

const MOST: usize = 1000;
