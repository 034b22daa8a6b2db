//! What the pure part of a resolution costs: one mainnet header, one account, two storage slots.
//!
//! `cargo run --release -p countersign-registry --example proof_cost`
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use alloy::rpc::types::{EIP1186AccountProofResponse, Header};
use countersign_registry::ProofPart;
use countersign_registry::proof::ProvenHeader;

fn main() -> Result<(), Box<dyn Error>> {
    let header: Header = serde_json::from_str(BLOCK)?;
    let mut answer: EIP1186AccountProofResponse = serde_json::from_str(PROOF)?;
    // The vector proves one slot; a pinned record has two of that depth.
    answer.storage_proof.extend(answer.storage_proof.clone());
    let slots: Vec<_> = answer.storage_proof.iter().map(|proof| proof.key.as_b256()).collect();
    let verify = || -> Result<usize, ProofPart> {
        let proven = ProvenHeader::recompute(&header.inner, header.hash)?;
        let account = proven.account(answer.address, &answer)?;
        let values = account.map(|account| account.slots(&slots, &answer.storage_proof)).transpose()?;
        Ok(values.map_or(0, |values| values.len()))
    };
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        std::hint::black_box(verify()?);
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let median = times.get(ROUNDS / 2).copied().unwrap_or_default();
    println!("header + account + 2 slots: {:.1} us (median of {ROUNDS})", median.as_secs_f64() * 1e6);
    Ok(())
}

const ROUNDS: usize = 2000;
const BLOCK: &str = include_str!("../../../tests/vectors/public/mainnet/block.json");
const PROOF: &str = include_str!("../../../tests/vectors/public/mainnet/proof.json");
