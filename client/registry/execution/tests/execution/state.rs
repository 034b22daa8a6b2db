//! What a call reads, wherever it lies.

use crate::world::{DELEGATE, OTHER, RETURN_WORD, TARGET, THIRD, World, assemble, block, call, entry};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, b256, keccak256};
use countersign_execution::{ExecutionError, Lacking, Limits, Outcome, Spec, State, Stop, execute};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

fn word(value: u64) -> B256 {
    U256::from(value).into()
}

fn text(parts: &[&str]) -> String {
    parts.concat()
}

/// `prices[rounds[key]]`: an entry whose key is an entry.
#[test]
fn storage_is_read_through_mappings() {
    // Of a key on the stack, the value in the mapping at that slot.
    let lookup = |slot: u8| format!(" PUSH0 MSTORE {slot:#x} 0x20 MSTORE 0x40 PUSH0 KECCAK256 SLOAD");
    let mut world = World::with(&text(&["PUSH0 CALLDATALOAD", &lookup(1), &lookup(2), RETURN_WORD]));
    world.slot(TARGET, entry(9, 1), word(4));
    world.slot(TARGET, entry(4, 2), word(2_500));
    assert_eq!(world.word(word(9).as_slice()), U256::from(2_500));
    assert_eq!(world.word(word(8).as_slice()), U256::ZERO);
}

/// EIP-1967: the implementation's address lies in a slot of the proxy, and its code reads the proxy's storage.
#[test]
fn a_proxy_lends_its_storage() {
    let mut world = World::with(&proxy());
    world.contract(OTHER, &text(&["0x3 SLOAD", RETURN_WORD]));
    world.slot(TARGET, IMPLEMENTATION, OTHER.into_word());
    world.slot(TARGET, word(3), word(41));
    world.slot(OTHER, word(3), word(42));
    assert_eq!(world.word(&[]), U256::from(41));
}

#[test]
fn contracts_call_contracts() {
    let calls = |address: Address| {
        format!("0x20 PUSH0 PUSH0 PUSH0 {address:?} GAS STATICCALL POP PUSH0 MLOAD PUSH0 SLOAD MUL")
    };
    let mut world = World::with(&text(&[&calls(OTHER), RETURN_WORD]));
    world.contract(OTHER, &text(&[&calls(THIRD), RETURN_WORD]));
    world.contract(THIRD, &text(&["PUSH0 SLOAD", RETURN_WORD]));
    for (at, factor) in [(TARGET, 2), (OTHER, 3), (THIRD, 7)] {
        world.slot(at, B256::ZERO, word(factor));
    }
    assert_eq!(world.word(&[]), U256::from(42));
}

#[test]
fn accounts_are_asked_what_they_are() {
    let absent = Address::repeat_byte(0x99);
    let ask = |what: &str, of: Address| {
        let mut world = World::with(&format!("{of:?} {what} {RETURN_WORD}"));
        world.contract(OTHER, "PUSH0 PUSH0 REVERT");
        world.account(THIRD, 1, 900);
        world.word(&[])
    };
    let revert = assemble("PUSH0 PUSH0 REVERT");
    assert_eq!(ask("EXTCODEHASH", OTHER), U256::from_be_bytes(keccak256(&revert).0));
    assert_eq!(ask("EXTCODEHASH", THIRD), U256::from_be_bytes(KECCAK256_EMPTY.0));
    assert_eq!(ask("EXTCODEHASH", absent), U256::ZERO);
    assert_eq!(ask("EXTCODESIZE", OTHER), U256::from(revert.len()));
    assert_eq!(ask("BALANCE", THIRD), U256::from(900));
    assert_eq!(ask("BALANCE", absent), U256::ZERO);
    assert_eq!(World::with(&text(&["SELFBALANCE", RETURN_WORD])).word(&[]), U256::from(7));
}

/// The hash of block n lies in slot n modulo 8191 of the history contract (EIP-2935).
#[test]
fn a_block_hash_is_state() {
    let history = Address::from(alloy_primitives::hex!("0000F90827F1C53a10cb7A02335B175320002935"));
    let ask = |number: u64| World::with(&format!("{number:#x} BLOCKHASH {RETURN_WORD}"));
    let newest = block().number - 1;
    let hash = B256::repeat_byte(0x5e);

    let mut world = ask(newest);
    world.slot(history, word(newest % 8191), hash);
    let done = world.run(&[]).unwrap();
    assert_eq!(done.output, Bytes::from(hash));
    assert_eq!(done.lacked.last().unwrap().slots, [(history, word(newest % 8191))]);

    assert_eq!(ask(newest).error(), ExecutionError::NoBlockHash { number: newest });
    for outside in [newest + 1, newest - 256] {
        assert_eq!(ask(outside).word(&[]), U256::ZERO);
    }
}

/// A call's gas pays for 400,000 of them, and what was read is remembered.
#[test]
fn what_is_read_again_and_again_is_told_once() {
    let history = Address::from(alloy_primitives::hex!("0000F90827F1C53a10cb7A02335B175320002935"));
    let newest = block().number - 1;
    let asks = format!("DUP1 BLOCKHASH POP {OTHER:?} BALANCE POP 0x7 SLOAD POP ").repeat(50);
    let mut world = World::with(&format!("{newest:#x} {asks} BLOCKHASH {RETURN_WORD}"));
    world.slot(history, word(newest % 8191), B256::repeat_byte(0x5e));
    let touched = world.run(&[]).unwrap().touched;
    assert_eq!(touched.slots, [(history, word(newest % 8191)), (TARGET, word(7))]);
    assert_eq!(touched.accounts, [TARGET, OTHER]);
}

#[test]
fn a_delegated_account_runs_the_code_of_its_delegate() {
    let mut world = World::default();
    world.code(TARGET, Bytes::from([&[0xef, 0x01, 0x00], OTHER.as_slice()].concat()));
    world.contract(OTHER, &text(&["PUSH0 SLOAD", RETURN_WORD]));
    world.slot(TARGET, B256::ZERO, word(5));
    assert_eq!(world.word(&[]), U256::from(5));
}

/// EIP-7702: the delegate of the called account is warm, and the gas is whole whatever a transaction would pay for it.
#[test]
fn a_delegate_costs_the_call_nothing() {
    let mut world = World::default();
    world.code(TARGET, Bytes::from([&[0xef, 0x01, 0x00], OTHER.as_slice()].concat()));
    let asks =
        format!("GAS PUSH0 MSTORE GAS {OTHER:?} BALANCE POP GAS SWAP1 SUB 0x20 MSTORE 0x40 PUSH0 RETURN");
    world.contract(OTHER, &asks);
    // Of Sepolia, whose next fork is scheduled: Prague, Osaka, and whatever comes last.
    for timestamp in [1_741_159_776, 1_760_427_360, u64::MAX] {
        let output = world.run_by(Spec::of(11_155_111, timestamp).unwrap()).unwrap().output;
        let whole = U256::from(10_000_000 - 2);
        let (left, access) = (U256::from_be_slice(&output[..32]), U256::from_be_slice(&output[32..]));
        // Beside the access: its address pushed, the balance dropped, and the second question for gas.
        assert_eq!((left, access), (whole, U256::from(100 + 3 + 2 + 2)), "{timestamp}");
    }
}

#[test]
fn what_a_call_writes_or_creates_is_gone_after_it() {
    let counts = World::with(&text(&["PUSH0 SLOAD 0x1 ADD DUP1 PUSH0 SSTORE", RETURN_WORD]));
    let creates =
        World::with(&text(&["0x6001600055 PUSH0 MSTORE 0x5 0x1b PUSH0 CREATE EXTCODEHASH", RETURN_WORD]));
    for (world, result) in [(counts, U256::ONE), (creates, U256::from_be_bytes(KECCAK256_EMPTY.0))] {
        let first = world.run(&[]).unwrap();
        assert_eq!(U256::from_be_slice(&first.output), result);
        assert_eq!(world.run(&[]).unwrap(), first);
    }
}

#[test]
fn pieces_are_named_as_they_come_to_light() {
    let mut world = World::with(&proxy());
    world.contract(OTHER, &text(&["PUSH0 SLOAD 0x1 SLOAD MUL 0x2 SLOAD ADD", RETURN_WORD]));
    world.slot(TARGET, IMPLEMENTATION, OTHER.into_word());
    for (slot, value) in [(0, 5), (1, 6), (2, 12)] {
        world.slot(TARGET, word(slot), word(value));
    }
    let done = world.run(&[]).unwrap();
    assert_eq!(U256::from_be_slice(&done.output), U256::from(42));

    let code_of = |at: Address| (at, world.truth_of_account(at).unwrap().code_hash);
    let accounts = |at| Lacking { accounts: vec![at], ..Lacking::default() };
    let codes = |at| Lacking { codes: vec![code_of(at)], ..Lacking::default() };
    let slots = |slots: &[B256]| Lacking {
        slots: slots.iter().map(|slot| (TARGET, *slot)).collect(),
        ..Lacking::default()
    };
    assert_eq!(
        done.lacked,
        [
            accounts(TARGET),
            codes(TARGET),
            // What an unknown address would lead to is not asked for.
            slots(&[IMPLEMENTATION]),
            accounts(OTHER),
            codes(OTHER),
            // What lies behind an unknown value is, all at once.
            slots(&[word(0), word(1), word(2)]),
        ]
    );
}

/// As a search through a bitmap does, which ends at the first that is not zero.
#[test]
fn a_run_that_guesses_zeros_forever_asks_for_few() {
    let code = text(&["PUSH0 :next 0x1 ADD DUP1 SLOAD ISZERO @next JUMPI", RETURN_WORD]);
    let mut world = World::with(&code);
    world.slot(TARGET, word(70), word(1));
    let done = world.run(&[]).unwrap();
    assert_eq!(U256::from_be_slice(&done.output), U256::from(70));
    assert_eq!(done.lacked.iter().map(|lacking| lacking.slots.len()).max(), Some(32));
    assert_eq!(done.lacked.len(), 2 + 3);
}

#[test]
fn what_was_touched_is_enough_the_next_time() {
    let world = oracle();
    let (state, touched) = {
        let mut state = State::default();
        loop {
            match execute(&call(&[]), &block(), &state, &Limits::default(), &Stop::default()).unwrap() {
                Outcome::Returned { touched, .. } => break (state, touched),
                Outcome::Lacks { lacking, .. } => world.supply(&lacking, &mut state),
                Outcome::Stopped => panic!("nobody stopped it"),
            }
        }
    };
    let mut known = State::default();
    for at in &touched.accounts {
        known.insert_account(*at, state.account(at).unwrap());
    }
    for (at, slot) in &touched.slots {
        known.insert_slot(*at, *slot, state.slot(*at, *slot).unwrap());
    }
    world.codes.iter().for_each(|code| known.insert_code(code.clone()));
    assert_eq!(world.run_from(known, &[], &Limits::default()).unwrap().lacked, []);
}

proptest! {
    /// However much is known beforehand, in whatever order, true or of no use: the same output for the same gas.
    #[test]
    fn the_order_of_knowledge_does_not_matter(
        slots in subsequence((0..5_usize).collect::<Vec<_>>(), 0..=5).prop_shuffle(),
        accounts in subsequence((0..3_usize).collect::<Vec<_>>(), 0..=3).prop_shuffle(),
        codes in subsequence((0..3_usize).collect::<Vec<_>>(), 0..=3).prop_shuffle(),
        noise in prop::collection::vec((any::<Index>(), any::<u64>(), any::<u64>()), 0..4),
        slots_first in any::<bool>(),
    ) {
        let world = oracle();
        let mut state = State::default();
        let insert_slots = |state: &mut State| {
            for (at, slot, value) in slots.iter().map(|position| world.slots[*position]) {
                state.insert_slot(at, slot, value);
            }
        };
        if slots_first {
            insert_slots(&mut state);
        }
        for (at, account) in accounts.iter().map(|position| world.accounts[*position]) {
            state.insert_account(at, Some(account));
        }
        codes.iter().for_each(|position| state.insert_code(world.codes[*position].clone()));
        for (at, slot, value) in &noise {
            let (at, _) = world.accounts[at.index(world.accounts.len())];
            state.insert_slot(at, entry(*slot, 99), word(*value));
        }
        insert_slots(&mut state);
        let expected = world.run(&[]).unwrap();
        let done = world.run_from(state, &[], &Limits::default()).unwrap();
        prop_assert_eq!((done.output, done.gas_used), (expected.output, expected.gas_used));
    }
}

/// A proxy, an implementation that looks up the newest round, and a contract that it asks for a factor.
fn oracle() -> World {
    let mut world = World::with(&proxy());
    let lookup = "PUSH0 SLOAD PUSH0 MSTORE 0x1 0x20 MSTORE 0x40 PUSH0 KECCAK256 SLOAD";
    let factor = format!("0x20 PUSH0 PUSH0 PUSH0 {THIRD:?} GAS STATICCALL POP PUSH0 MLOAD");
    world.contract(OTHER, &text(&[lookup, " ", &factor, " MUL GAS ADD", RETURN_WORD]));
    world.contract(THIRD, &text(&["0x1 SLOAD 0x2 SLOAD ADD", RETURN_WORD]));
    world.slot(TARGET, IMPLEMENTATION, OTHER.into_word());
    world.slot(TARGET, B256::ZERO, word(17));
    world.slot(TARGET, entry(17, 1), word(2_500));
    world.slot(THIRD, word(1), word(60));
    world.slot(THIRD, word(2), word(40));
    world
}

fn proxy() -> String {
    format!("{IMPLEMENTATION:?} SLOAD {DELEGATE}")
}

/// `keccak256("eip1967.proxy.implementation") - 1` (EIP-1967).
const IMPLEMENTATION: B256 = b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
