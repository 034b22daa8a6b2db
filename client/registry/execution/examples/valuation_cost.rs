//! What the pure part of a valuation costs: a feed's `latestRoundData()` through its proxy, over state that is proven
//! already. What proving costs is `proof_cost` of `countersign-registry`'s.
//!
//! `cargo run --release -p countersign-execution --example valuation_cost`
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use alloy_primitives::{Address, B256, Bytes, U256, b256, hex, keccak256};
use countersign_execution::{Account, Block, Call, Code, Hardfork, Limits, Outcome, State, Stop, execute};

fn main() -> Result<(), Box<dyn Error>> {
    let mut state = State::default();
    let (feed, implementation) = (Address::repeat_byte(1), Address::repeat_byte(2));
    for (address, artifact) in [(feed, PROXY), (implementation, FEED)] {
        let code = Code::new(deployed(artifact)?);
        state
            .insert_account(address, Some(Account { nonce: 1, balance: U256::ZERO, code_hash: code.hash() }));
        state.insert_code(code);
    }
    let newest = U256::from(17);
    state.insert_slot(feed, IMPLEMENTATION, implementation.into_word());
    state.insert_slot(feed, B256::ZERO, newest.into());
    let entry =
        U256::from_be_bytes(keccak256([newest.to_be_bytes(), U256::ONE.to_be_bytes::<32>()].concat()).0);
    for slot in [entry, entry + U256::ONE] {
        state.insert_slot(feed, slot.into(), U256::from(250_000_000_000_u64).into());
    }

    let call = Call { to: feed, calldata: LATEST_ROUND_DATA.into() };
    let limits = Limits::default();
    let mut gas = 0;
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let outcome = std::hint::black_box(execute(&call, &block(), &state, &limits, &Stop::default()))?;
        times.push(start.elapsed());
        let Outcome::Returned { gas_used, .. } = outcome else { return Err(format!("{outcome:?}").into()) };
        gas = gas_used;
    }
    times.sort_unstable();
    let median = times.get(ROUNDS / 2).copied().unwrap_or_default();
    println!(
        "latestRoundData() through a proxy, {gas} gas, 4 slots: {:.1} us (median of {ROUNDS})",
        median.as_secs_f64() * 1e6
    );
    Ok(())
}

fn deployed(artifact: &str) -> Result<Bytes, Box<dyn Error>> {
    let artifact: serde_json::Value = serde_json::from_str(artifact)?;
    let code = artifact.get("deployedBytecode").and_then(serde_json::Value::as_str);
    Ok(code.ok_or("an artifact without code")?.parse()?)
}

fn block() -> Block {
    Block {
        chain_id: 1,
        number: 20_000_000,
        timestamp: 1_790_000_000,
        beneficiary: Address::ZERO,
        gas_limit: 45_000_000,
        base_fee: 1,
        prev_randao: B256::ZERO,
        excess_blob_gas: Some(0),
        slot_number: None,
        spec: Hardfork::Osaka.into(),
    }
}

const ROUNDS: usize = 2000;
const LATEST_ROUND_DATA: [u8; 4] = hex!("feaf968c");
/// `keccak256("eip1967.proxy.implementation") - 1` (EIP-1967).
const IMPLEMENTATION: B256 = b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
const FEED: &str = include_str!("../../../../contracts/artifacts/RoundFeed.json");
const PROXY: &str = include_str!("../../../../contracts/artifacts/FeedProxy.json");
