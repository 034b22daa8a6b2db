//! The state hash against digests that viem made (`tests/vectors/eip712.json`).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use countersign_protocol::{
    Address, Anchor, ClaimedReading, Identity, Label, Proposal, Query, RegistryRecord, SignatureScheme,
};
use serde_json::Value;

#[test]
fn the_state_hash_is_viems_hash_struct() {
    let vectors: Value = serde_json::from_str(include_str!("../../../tests/vectors/eip712.json")).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    let of_slots = |case: &&Value| {
        case["type"] == "SessionState"
            && case["message"]["valuation"].as_array().unwrap().iter().all(|reading| reading["kind"] == 0)
    };
    let states: Vec<&Value> = cases.iter().filter(of_slots).collect();
    assert_eq!(states.len(), 4, "with 0, 1, 3 and 16 readings");
    for case in states {
        let message = &case["message"];
        let (initiator, responder) = (record(&message["initiator"]), record(&message["responder"]));
        let proposal = Proposal {
            timestamp_unix_ms: 0,
            initiator: initiator.identity,
            initiator_version: initiator.version,
            responder: responder.identity,
            anchor: Anchor {
                chain_id: number(&message["chainId"]),
                block_number: number(&message["blockNumber"]),
                block_hash: bytes(&message["blockHash"]),
                registry: Address(bytes(&message["registry"])),
            },
            initiator_record: initiator.hash(),
            responder_record: responder.hash(),
            readings: message["valuation"].as_array().unwrap().iter().map(claim).collect(),
        };
        assert_eq!(proposal.claimed_state_hash().0, bytes(&case["hashStruct"]));
    }
}

fn record(value: &Value) -> RegistryRecord {
    RegistryRecord {
        identity: Identity { owner: Address(bytes(&value["owner"])), label: Label(bytes(&value["label"])) },
        version: number(&value["version"]).try_into().unwrap(),
        signer: Address(bytes(&value["signer"])),
        anchored_at: number(&value["anchoredAt"]),
        valid_until: number(&value["validUntil"]),
        scheme: match number(&value["scheme"]) {
            0 => SignatureScheme::Ecdsa,
            _ => SignatureScheme::Schnorr,
        },
        suite_floor: number(&value["suiteFloor"]).try_into().unwrap(),
    }
}

fn claim(value: &Value) -> ClaimedReading {
    let query =
        Query::StorageSlot { source: Address(bytes(&value["source"])), slot: bytes(&value["subject"]) };
    ClaimedReading { query, value: bytes(&value["value"]) }
}

fn number(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap()
}

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    let digits = value.as_str().unwrap().strip_prefix("0x").unwrap();
    hex::decode(digits).unwrap().try_into().unwrap()
}
