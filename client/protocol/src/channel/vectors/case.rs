//! One case, and what its inputs stand for.

use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;

use serde_json::Value;

use crate::curve::SecretKey;
use crate::{
    Address, Anchor, Calldata, Identity, InitiatorEphemerals, Label, PeerKey, Query, Reading, RegistryRecord,
    Reject, ResponderEphemerals, ReturnData, Role, SignatureScheme, StateView, Suite, SuitePolicy,
    Value as Found,
};

pub(super) struct Case(pub(super) Value);

impl Case {
    pub(super) fn name(&self) -> &str {
        self.0["name"].as_str().unwrap()
    }

    pub(super) fn input(&self, name: &str) -> &Value {
        &self.0["inputs"][name]
    }

    pub(super) fn output(&self, name: &str) -> &Value {
        &self.0["outputs"][name]
    }

    pub(super) fn is_refused(&self) -> bool {
        self.0["outputs"]["refused"] == true
    }

    pub(super) fn suite(&self) -> Suite {
        Suite::from_level(u8::try_from(number(self.input("suite"))).unwrap()).unwrap()
    }

    /// Who dials with the case's suite and offers what it offers.
    pub(super) fn suites(&self) -> SuitePolicy {
        let policies = [SuitePolicy::HYBRID, SuitePolicy::PREFER_HYBRID, SuitePolicy::PREFER_CLASSICAL];
        let offered = u8::try_from(number(self.input("offered"))).unwrap();
        let fits = |policy: &SuitePolicy| policy.preferred() == self.suite() && policy.offered() == offered;
        policies.into_iter().find(fits).unwrap()
    }

    pub(super) fn view(&self, local: Role, keys: &Keys) -> StateView {
        let state = self.input("state");
        let party = |role: Role| {
            let name = if role == Role::Initiator { "initiator" } else { "responder" };
            PeerKey::proven(record(&state[name]), keys.secret(role).public_key()).unwrap()
        };
        let readings = state["valuation"].as_array().unwrap().iter().map(reading).collect();
        StateView::proven(anchor(state), party(local), party(local.other()), readings).unwrap()
    }

    pub(super) fn rejects(&self) -> Vec<(Reject, Vec<u8>)> {
        let said = self.input("rejects").as_array().unwrap();
        let sealed = self.output("rejects").as_array().unwrap();
        said.iter().map(reject).zip(sealed.iter().map(bytes)).collect()
    }
}

/// The static keys of every case, by the responder's public key where that is all that a case tells.
pub(super) struct Keys {
    initiator: SecretKey,
    responder: SecretKey,
}

impl Keys {
    pub(super) fn of(initiator: &Value, responder: &Value) -> Self {
        Self { initiator: secret(initiator), responder: secret(responder) }
    }

    pub(super) const fn secret(&self, role: Role) -> &SecretKey {
        match role {
            Role::Initiator => &self.initiator,
            Role::Responder => &self.responder,
        }
    }
}

pub(super) fn secret(value: &Value) -> SecretKey {
    SecretKey::from_bytes(&array(value)).unwrap()
}

pub(super) fn initiator_ephemerals(value: &Value, suite: Suite) -> InitiatorEphemerals {
    InitiatorEphemerals::generate(suite, scripted([bytes(&value["ephemeral"]), bytes(&value["kem_seed"])]))
        .unwrap()
}

pub(super) fn responder_ephemerals(value: &Value) -> ResponderEphemerals {
    ResponderEphemerals::generate(scripted([bytes(&value["ephemeral"]), bytes(&value["encapsulation"])]))
        .unwrap()
}

/// Randomness that is these strings, in turn.
fn scripted(parts: [Vec<u8>; 2]) -> impl FnMut(&mut [u8]) -> Result<(), Infallible> {
    let mut parts = parts.into_iter();
    move |buffer| {
        buffer.copy_from_slice(&parts.next().unwrap());
        Ok(())
    }
}

pub(super) fn reject(value: &Value) -> Reject {
    let detail = value[1].as_u64().unwrap();
    match value[0].as_str().unwrap() {
        "StaleState" => Reject::StaleState,
        "UnknownBlock" => Reject::UnknownBlock { my_head: detail },
        "ValuationDiffers" => Reject::ValuationDiffers { query: u8::try_from(detail).unwrap() },
        "RecordDiffers" if detail == 0 => Reject::RecordDiffers { whose: Role::Initiator },
        "RecordDiffers" => Reject::RecordDiffers { whose: Role::Responder },
        "Unable" => Reject::Unable,
        other => panic!("{other} stands in no vector so far"),
    }
}

pub(super) fn record(value: &Value) -> RegistryRecord {
    RegistryRecord {
        identity: Identity { owner: Address(array(&value["owner"])), label: Label(array(&value["label"])) },
        version: u16::try_from(number(&value["version"])).unwrap(),
        signer: Address(array(&value["signer"])),
        anchored_at: number(&value["anchored_at"]),
        valid_until: number(&value["valid_until"]),
        scheme: if value["scheme"] == 0 { SignatureScheme::Ecdsa } else { SignatureScheme::Schnorr },
        suite_floor: u8::try_from(number(&value["suite_floor"])).unwrap(),
    }
}

fn anchor(state: &Value) -> Anchor {
    Anchor {
        chain_id: number(&state["chain_id"]),
        block_number: number(&state["block_number"]),
        block_hash: array(&state["block_hash"]),
        registry: Address(array(&state["registry"])),
    }
}

/// A slot and its word, or a call and what it returned.
pub(super) fn reading(value: &Value) -> Reading {
    let source = Address(array(&value["source"]));
    if value["kind"] == 0 {
        let query = Query::StorageSlot { source, slot: array(&value["subject"]) };
        return Reading { query, value: Found::Word(array(&value["value"])) };
    }
    assert_eq!(value["kind"], 1);
    let calldata = Calldata::new(bytes(&value["calldata"])).unwrap();
    let returned = ReturnData::new(bytes(&value["returned"])).unwrap();
    Reading { query: Query::ViewCall { source, calldata }, value: Found::Returned(returned) }
}

pub(super) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

pub(super) fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(String::from(value.as_str().unwrap())).unwrap()
}

pub(super) fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

pub(super) fn prefix<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes.first_chunk().unwrap()
}
