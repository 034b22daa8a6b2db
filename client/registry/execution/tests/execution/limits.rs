//! What a call may not do, and what it sees of the block.

use std::thread;
use std::time::{Duration, Instant};

use crate::world::{OTHER, RETURN_WORD, TARGET, World, block, call};
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use countersign_execution::{ExecutionError, HaltReason, Limits, Outcome, State, Stop, execute};

#[test]
fn a_revert_keeps_its_words() {
    let world = World::with("0xbadc0de PUSH0 MSTORE 0x4 0x1c REVERT");
    assert_eq!(world.error(), ExecutionError::Reverted { data: hex!("0badc0de").into() });
    assert_eq!(World::with("PUSH0 PUSH0 REVERT").error(), ExecutionError::Reverted { data: Bytes::new() });
    let long = World::with("0xffff PUSH0 REVERT").error();
    assert_eq!(long, ExecutionError::Reverted { data: Bytes::from(vec![0; 4096]) });
}

/// A contract that catches the revert of another has a result.
#[test]
fn a_revert_within_is_the_callers_to_take() {
    let mut world =
        World::with(&format!("PUSH0 PUSH0 PUSH0 PUSH0 {OTHER:?} GAS STATICCALL 0x2 ADD {RETURN_WORD}"));
    world.contract(OTHER, "PUSH0 PUSH0 REVERT");
    assert_eq!(world.word(&[]), U256::from(2));
}

#[test]
fn gas_bounds_time() {
    let endless = World::with(":again @again JUMP");
    assert_eq!(endless.error(), ExecutionError::OutOfGas { limit: 10_000_000 });
    let limits = Limits { gas: 1_000, ..Limits::default() };
    assert_eq!(endless.run_within(limits).unwrap_err(), ExecutionError::OutOfGas { limit: 1_000 });
    // Calls itself with all but a 64th, over and over.
    let recursive = World::with("PUSH0 PUSH0 PUSH0 PUSH0 ADDRESS GAS STATICCALL :again @again JUMP");
    assert_eq!(recursive.error(), ExecutionError::OutOfGas { limit: 10_000_000 });
}

/// With all of its gas it would take years. Whoever waits for it may stop it: in a loop, in calls of itself, and where
/// it calls precompiles alone.
#[test]
fn a_run_that_is_stopped_ends() {
    for code in [
        ":again @again JUMP",
        ":again 0x1 @again JUMPI",
        "PUSH0 PUSH0 PUSH0 PUSH0 ADDRESS GAS STATICCALL :again @again JUMP",
        &"PUSH0 PUSH0 0xffff PUSH0 0x2 GAS STATICCALL POP ".repeat(5000),
    ] {
        let world = World::with(code);
        let mut state = State::default();
        state.insert_account(TARGET, world.truth_of_account(TARGET));
        state.insert_account(Address::with_last_byte(2), None);
        world.codes.iter().for_each(|code| state.insert_code(code.clone()));
        let (stop, limits) = (Stop::default(), Limits { gas: u64::MAX, ..Limits::default() });
        let other = stop.clone();
        let run = thread::spawn(move || execute(&call(&[]), &block(), &state, &limits, &stop));
        thread::sleep(Duration::from_millis(20));
        other.raise();
        let begun = Instant::now();
        let outcome = run.join().unwrap().unwrap();
        assert_eq!(outcome, Outcome::Stopped, "{code:.60}");
        assert!(begun.elapsed() < Duration::from_secs(1), "{code:.60}: {:?}", begun.elapsed());
    }
}

/// So that whoever runs it again and again knows what that takes.
#[test]
fn what_a_run_took_before_it_broke_off_is_told() {
    let took = |code: &str| {
        let mut world = World::with(code);
        world.contract(OTHER, &format!("{:?} BALANCE", Address::repeat_byte(0x99)));
        let mut state = State::default();
        for at in [TARGET, OTHER] {
            state.insert_account(at, world.truth_of_account(at));
        }
        world.codes.iter().for_each(|code| state.insert_code(code.clone()));
        let outcome = execute(&call(&[]), &block(), &state, &Limits::default(), &Stop::default()).unwrap();
        let Outcome::Lacks { gas_used, lacking } = outcome else { panic!("{outcome:?}") };
        (gas_used, lacking.accounts.len() + lacking.slots.len())
    };
    let nobody = Address::repeat_byte(0x99);
    // It goes on after a slot, and not after an account.
    assert_eq!(took("0x3 SLOAD STOP"), (3 + 2100, 1));
    assert_eq!(took(&format!("PUSH0 POP {nobody:?} BALANCE")), (2 + 2 + 3 + 100, 1));
    let calls = format!("PUSH0 PUSH0 PUSH0 PUSH0 {OTHER:?} GAS STATICCALL");
    assert_eq!(took(&calls), (4 * 2 + 3 + 2 + 2600 + 3 + 100, 1));
    let without_anything =
        execute(&call(&[]), &block(), &State::default(), &Limits::default(), &Stop::default());
    assert!(matches!(without_anything, Ok(Outcome::Lacks { gas_used: 0, .. })), "{without_anything:?}");
}

#[test]
fn gas_bounds_memory() {
    for size in ["0x10000000", "0xffffffffffffffff", "0x10000000000000000"] {
        let bomb = World::with(&format!("PUSH0 {size} MSTORE STOP"));
        assert_eq!(bomb.error(), ExecutionError::OutOfGas { limit: 10_000_000 }, "{size}");
    }
}

#[test]
fn output_is_bounded() {
    let returns = |length: usize| World::with(&format!("{length:#x} PUSH0 RETURN"));
    assert_eq!(returns(4096).run(&[]).unwrap().output.len(), 4096);
    assert_eq!(returns(4097).error(), ExecutionError::TooMuchReturned { length: 4097, limit: 4096 });
    assert_eq!(returns(1 << 20).error(), ExecutionError::TooMuchReturned { length: 1 << 20, limit: 4096 });
    let tight = Limits { returned: 31, ..Limits::default() };
    let error = returns(32).run_within(tight).unwrap_err();
    assert_eq!(error, ExecutionError::TooMuchReturned { length: 32, limit: 31 });
}

#[test]
fn broken_code_says_how() {
    for (code, reason) in [
        ("INVALID", HaltReason::InvalidFEOpcode),
        ("PUSH0 JUMP", HaltReason::InvalidJump),
        ("ADD", HaltReason::StackUnderflow),
        (":again PUSH0 @again JUMP", HaltReason::StackOverflow),
        ("0x1 PUSH0 PUSH0 RETURNDATACOPY", HaltReason::OutOfOffset),
    ] {
        assert_eq!(World::with(code).error(), ExecutionError::Halted { reason }, "{code}");
    }
    let mut world = World::default();
    world.code(TARGET, Bytes::from_static(&[0xef, 0x01]));
    assert_eq!(world.error(), ExecutionError::Halted { reason: HaltReason::OpcodeNotFound });
}

#[test]
fn nothing_there_is_no_empty_answer() {
    assert_eq!(World::default().error(), ExecutionError::NotAContract { address: TARGET });
    let mut world = World::default();
    world.account(TARGET, 3, 900);
    assert_eq!(world.error(), ExecutionError::NotAContract { address: TARGET });
    assert_eq!(World::with("STOP").run(&[]).unwrap().output, Bytes::new());
}

#[test]
fn the_block_is_the_headers_and_the_caller_nobody() {
    let block = block();
    let sees = |what: &str| World::with(&format!("{what} {RETURN_WORD}")).word(&[]);
    for (what, expected) in [
        ("NUMBER", U256::from(block.number)),
        ("TIMESTAMP", U256::from(block.timestamp)),
        ("CHAINID", U256::from(block.chain_id)),
        ("COINBASE", block.beneficiary.into_word().into()),
        ("GASLIMIT", U256::from(block.gas_limit)),
        ("BASEFEE", U256::from(block.base_fee)),
        ("DIFFICULTY", block.prev_randao.into()),
        ("BLOBBASEFEE", U256::ONE),
        ("CALLER", U256::ZERO),
        ("ORIGIN", U256::ZERO),
        ("GASPRICE", U256::ZERO),
        ("CALLVALUE", U256::ZERO),
        // Of the limit, what the question itself costs.
        ("GAS", U256::from(10_000_000 - 2)),
    ] {
        assert_eq!(sees(what), expected, "{what}");
    }
}

/// As in a transaction: access to these is cheap from the start (EIP-2929, EIP-3651), to others it is not.
#[test]
fn what_a_transaction_warms_is_warm() {
    let pushes_and_pop = 2 + 2;
    let access = |whose: &str| {
        let left = World::with(&format!("{whose} BALANCE POP GAS {RETURN_WORD}")).word(&[]);
        10_000_000 - 2 - pushes_and_pop - left.to::<u64>()
    };
    for warm in ["ORIGIN", "CALLER", "ADDRESS", "COINBASE"] {
        assert_eq!(access(warm), 100, "{warm}");
    }
    assert_eq!(access("0x2") - 1, 100, "a precompile, whose number costs 3 to push");
    assert_eq!(access("0x2222") - 1, 2600, "anyone else");
}

/// Neither the caller's account nor the beneficiary's is part of the result, so neither is asked for.
#[test]
fn only_what_the_code_touches_is_asked_for() {
    let done = World::with("STOP").run(&[]).unwrap();
    assert!(done.lacked.iter().all(|lacking| lacking.accounts.iter().all(|at| *at == TARGET)), "{done:?}");
    let beneficiary = World::with(&format!("COINBASE BALANCE {RETURN_WORD}")).run(&[]).unwrap();
    assert_eq!(beneficiary.lacked.last().unwrap().accounts, [Address::repeat_byte(0xbe)]);
}

#[test]
fn precompiles_are_there() {
    let sha256 = "0x616263 PUSH0 MSTORE 0x20 PUSH0 0x3 0x1d 0x2 GAS STATICCALL POP PUSH0 MLOAD";
    let expected = hex!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(World::with(&format!("{sha256} {RETURN_WORD}")).word(&[]), U256::from_be_bytes(expected));
    // The generator of alt_bn128 and itself: their sum's X.
    let add = "0x1 PUSH0 MSTORE 0x2 0x20 MSTORE 0x1 0x40 MSTORE 0x2 0x60 MSTORE
        0x20 PUSH0 0x80 PUSH0 0x6 GAS STATICCALL POP PUSH0 MLOAD";
    let expected = hex!("030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3");
    assert_eq!(World::with(&format!("{add} {RETURN_WORD}")).word(&[]), U256::from_be_bytes(expected));
}

/// Code is known by its hash: bytes that do not have it are nobody's code.
#[test]
fn other_code_does_not_pass_for_the_proven_one() {
    let world = World::with(&format!("0x1 {RETURN_WORD}"));
    let other = World::with(&format!("0x2 {RETURN_WORD}"));
    let mut state = State::default();
    state.insert_account(TARGET, world.truth_of_account(TARGET));
    state.insert_code(other.codes[0].clone());
    let outcome = execute(&call(&[]), &block(), &state, &Limits::default(), &Stop::default()).unwrap();
    let Outcome::Lacks { lacking, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(lacking.codes, [(TARGET, world.codes[0].hash())]);
    let hash: B256 = world.codes[0].hash();
    assert!(!state.has_code(&hash) && state.has_code(&other.codes[0].hash()));
}
