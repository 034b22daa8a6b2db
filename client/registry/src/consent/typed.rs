//! EIP-712: digests, and the JSON from which a wallet computes the same digest and shows what it signs.

use alloy::primitives::{Address as AccountAddress, B256, keccak256};
use alloy::sol_types::{Eip712Domain, SolStruct};
use countersign_protocol::{Address, Label};
use serde_json::{Map, Value, json};

use super::SigningDomain;

/// Something that is signed as EIP-712 typed data.
pub trait TypedData {
    /// What the signature is over: `keccak256(0x1901 || domainSeparator || hashStruct)`.
    fn digest(&self, domain: &SigningDomain) -> B256;

    /// The argument of `eth_signTypedData_v4`, for wallets that show what they sign. It gives the same digest.
    fn typed_data(&self, domain: &SigningDomain) -> Value;
}

/// What each of them needs to be [`TypedData`].
pub(super) trait Message {
    fn encoded(&self) -> Encoded;
}

/// A struct as EIP-712 hashes it, and as a wallet reads it.
pub(super) struct Encoded {
    /// `encodeType`.
    kind: String,
    /// `encodeData`.
    data: Vec<u8>,
    /// The members by name.
    json: Value,
}

impl Encoded {
    pub(super) fn of<S: SolStruct>(value: &S, json: Value) -> Self {
        Self { kind: S::eip712_root_type().into_owned(), data: value.eip712_encode_data(), json }
    }

    /// The same members under another type's name.
    pub(super) fn named(self, name: &str) -> Self {
        let members = self.kind.split_once('(').map_or("", |(_, members)| members);
        Self { kind: format!("{name}({members}"), ..self }
    }

    fn name(&self) -> &str {
        self.kind.split_once('(').map_or("", |(name, _)| name)
    }
}

impl<M: Message> TypedData for M {
    fn digest(&self, domain: &SigningDomain) -> B256 {
        let Encoded { kind, data, .. } = self.encoded();
        let hash_struct = keccak256([keccak256(kind).as_slice(), &data].concat());
        let separator = domain.eip712().separator();
        keccak256([[0x19, 0x01].as_slice(), separator.as_slice(), hash_struct.as_slice()].concat())
    }

    fn typed_data(&self, domain: &SigningDomain) -> Value {
        let (eip712, message) = (domain.eip712(), self.encoded());
        let mut types = Map::new();
        types.insert(Eip712Domain::NAME.into(), members(&eip712.encode_type()));
        types.insert(message.name().into(), members(&message.kind));
        let mut about = Map::new();
        about.extend(eip712.name.map(|name| ("name".into(), name.into())));
        about.extend(eip712.version.map(|version| ("version".into(), version.into())));
        about.extend(domain.chain_id().map(|chain_id| ("chainId".into(), chain_id.into())));
        about.insert("verifyingContract".into(), checksummed(domain.registry()));
        json!({ "types": types, "primaryType": message.name(), "domain": about, "message": message.json })
    }
}

/// The members of `Name(type name,type name)`.
fn members(encoded: &str) -> Value {
    let list = encoded.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
    list.split(',')
        .filter_map(|member| member.split_once(' '))
        .map(|(kind, name)| json!({ "name": name, "type": kind }))
        .collect()
}

pub(super) fn checksummed(address: Address) -> Value {
    account(address).to_checksum(None).into()
}

/// alloy's form of an address.
pub(crate) const fn account(address: Address) -> AccountAddress {
    AccountAddress::new(address.0)
}

/// alloy's form of a label.
pub(crate) const fn word(label: Label) -> B256 {
    B256::new(label.0)
}
