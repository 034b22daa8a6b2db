//! Words and addresses, written as hexadecimal.

use alloy::primitives::B256;
use countersign_protocol::Address;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// 32 bytes: `0x` and 64 lower-case digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Word(pub B256);

/// An Ethereum address: `0x` and 40 lower-case digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account(pub Address);

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for Word {
    fn schema() -> RefOr<Schema> {
        hex("^0x[0-9a-f]{64}$", "32 bytes")
    }
}

impl PartialSchema for Account {
    fn schema() -> RefOr<Schema> {
        hex("^0x[0-9a-fA-F]{40}$", "An Ethereum address. Answers have it in lower case.")
    }
}

impl ToSchema for Word {}
impl ToSchema for Account {}

fn hex(pattern: &str, what: &str) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).description(Some(what)).into()
}
