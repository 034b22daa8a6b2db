//! What the fuzzer calls with what nodes, beacon nodes and other parties say of the chain, and `cargo test` replays.
//!
//! None of it may panic, or take longer than its bounds allow; and none of it may prove anything but what the honest input
//! proves.
#![allow(dead_code, reason = "each fuzz binary calls one target")]

pub mod corpus;
mod executed;

use alloy::consensus::Header;
use alloy::consensus::proofs::ordered_trie_root_with_encoder;
use alloy::primitives::{B256, b256};
use corpus::Target;
use countersign_registry::light_client::{
    Activation, Bootstrap, Fork, LightClient, Malformed, Network, Preset, Update,
};
use countersign_registry::logs::{ConsensusReceipt, LinkedHeader, RpcReceipt};
use countersign_registry::{RecordProof, artifact};

pub use executed::execution;

/// A proof of a record that somebody sends, against the one block that is trusted.
pub fn record_proof(data: &[u8]) {
    let Ok(proof) = RecordProof::from_json(data) else { return };
    let text = proof.to_json().unwrap();
    let again = RecordProof::from_json(text.as_bytes()).unwrap();
    assert_eq!(again.to_json().unwrap(), text, "a proof reads otherwise than it was written");
    let registry = artifact::key_registry_address();
    if let Ok(newest) = proof.newest() {
        // Whoever makes up a block can prove anything in it; it must not break anything.
        let _ = proof.verify(registry, newest.hash);
    }
    let Ok(verified) = proof.verify(registry, TRUSTED) else {
        return assert!(data != HONEST_PROOF, "the honest proof is refused");
    };
    let honest = RecordProof::from_json(HONEST_PROOF).unwrap().verify(registry, TRUSTED).unwrap();
    assert_eq!(verified.record, honest.record, "another record was proven");
    assert_eq!((verified.block, verified.timestamp), (honest.block, honest.timestamp));
    assert_eq!((verified.identity, verified.bundle_hash), (honest.identity, honest.bundle_hash));
}

/// A node's answer with a block's receipts, against the header of one block.
pub fn receipts(data: &[u8]) {
    let Ok(told) = serde_json::from_slice::<Vec<RpcReceipt>>(data) else { return };
    let encoded = |receipt: &ConsensusReceipt| {
        let mut bytes = Vec::new();
        receipt.encode(&mut bytes);
        bytes
    };
    for receipt in told.iter().cloned().filter_map(|told| told.into_consensus().ok()) {
        assert!(!encoded(&receipt).is_empty());
        assert_eq!(receipt.logs().to_vec(), receipt.into_logs());
    }
    let honest: Vec<RpcReceipt> = serde_json::from_slice(HONEST_RECEIPTS).unwrap();
    let header = header_of(honest.clone());
    let proven = header.receipts(honest).unwrap();
    if let Ok(block) = header.receipts(told) {
        assert_eq!(
            block.receipts(),
            proven.receipts(),
            "receipts were taken that the header does not commit to"
        );
    }
}

/// What a beacon node answers, as JSON or as SSZ, to a light client that knows one block of the test network. The first byte
/// says of which preset and fork, and which answer.
pub fn beacon(data: &[u8]) {
    let Some((choice, answer)) = data.split_first() else { return };
    let preset = if choice & 1 == 0 { Preset::Minimal } else { Preset::Mainnet };
    let fork = [Fork::Deneb, Fork::Electra, Fork::Fulu, Fork::Gloas][usize::from(choice >> 1 & 3)];
    let is_taken = match choice >> 3 & 7 {
        0 => begin(Bootstrap::from_ssz(preset, fork, answer)),
        1 => begin(Bootstrap::from_answer(preset, answer)),
        2 => take(Update::from_ssz(preset, fork, answer)),
        3 => take(Update::from_finality_answer(preset, answer)),
        4 => take(Update::from_optimistic_answer(preset, answer)),
        _ => {
            let updates = Update::from_updates_answer(preset, answer).into_iter().flatten();
            let taken: Vec<bool> = updates.map(|update| take(Ok(update))).collect();
            taken.contains(&true)
        }
    };
    assert!(is_taken || (data != HONEST_BOOTSTRAP && data != HONEST_UPDATE), "an honest answer is refused");
}

fn begin(bootstrap: Result<Bootstrap, Malformed>) -> bool {
    let Ok(bootstrap) = bootstrap else { return false };
    let Ok(client) = LightClient::begin(network(), BEACON_BLOCK, bootstrap) else { return false };
    assert_eq!(
        client.finalized().beacon_root(),
        BEACON_BLOCK,
        "a light client began where nobody trusts anything"
    );
    true
}

fn take(update: Result<Update, Malformed>) -> bool {
    let Ok(update) = update else { return false };
    assert!(update.aggregate().count() <= update.aggregate().size());
    let honest = Bootstrap::from_ssz(Preset::Minimal, Fork::Electra, &HONEST_BOOTSTRAP[1..]).unwrap();
    let mut client = LightClient::begin(network(), BEACON_BLOCK, honest).unwrap();
    let is_taken = client.process(update, CURRENT_SLOT).is_ok();
    assert!(
        !is_taken || client.optimistic().beacon_root() == ATTESTED,
        "a block was taken that no committee signed"
    );
    is_taken
}

/// Of the official vectors that the honest answers are of.
fn network() -> Network {
    let forks = vec![Activation { fork: Fork::Electra, epoch: 0, version: [5, 0, 0, 1] }];
    Network::new(Preset::Minimal, 1_578_009_900, GENESIS, 6, forks).unwrap()
}

/// The header of a block that has these receipts and nothing else.
fn header_of(told: Vec<RpcReceipt>) -> LinkedHeader {
    let receipts: Vec<ConsensusReceipt> =
        told.into_iter().map(|told| told.into_consensus().unwrap()).collect();
    let receipts_root = ordered_trie_root_with_encoder(&receipts, ConsensusReceipt::encode);
    let header = Header { receipts_root, ..Header::default() };
    LinkedHeader::recompute(&header, header.hash_slow()).unwrap()
}

/// Every target.
pub fn all() -> Vec<Target> {
    let beacon_answers = vec![HONEST_BOOTSTRAP.to_vec(), HONEST_UPDATE.to_vec()];
    vec![
        Target { name: "record_proof", run: record_proof, honest: vec![HONEST_PROOF.to_vec()] },
        Target { name: "receipts", run: receipts, honest: vec![HONEST_RECEIPTS.to_vec()] },
        Target { name: "beacon", run: beacon, honest: beacon_answers },
        Target { name: "execution", run: execution, honest: executed::honest() },
    ]
}

/// Made beside an Anvil.
const HONEST_PROOF: &[u8] = include_bytes!("corpus/record_proof/honest-0");

/// The proven block's hash.
const TRUSTED: B256 = b256!("ec1c6231e571c2fec2704152d0dac5bacd86cac50c544bc3d4f7ddebc529b2bd");

/// A transfer, and a deposit of the OP stack.
const HONEST_RECEIPTS: &[u8] = include_bytes!("corpus/receipts/honest-0");

/// `tests/vectors/public/light-client/electra`: the bootstrap, and the first update.
const HONEST_BOOTSTRAP: &[u8] = include_bytes!("corpus/beacon/honest-0");
const HONEST_UPDATE: &[u8] = include_bytes!("corpus/beacon/honest-1");

/// From their `meta.yaml` and `steps.yaml`.
const GENESIS: B256 = b256!("0a08c27fe4ece2483f9e581f78c66379a06f96e9c24cd1390594ff939b26f95b");
const BEACON_BLOCK: B256 = b256!("381b93f69ccc772fbe71d8093f0560343ca3e5c6893dcaae7e5f677ecfd823fb");
const ATTESTED: B256 = b256!("ed3633b21718e0ad4f0eafca7349e20d78c2bd1128e9fb52ce63e60732635ade");
const CURRENT_SLOT: u64 = 41;
