//! Code that somebody deployed, executed over state that is whatever it asks for.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use countersign_execution::{
    Account, Block, Call, Code, ExecutionError, Hardfork, Limits, Outcome, State, Stop, execute,
};

/// The first byte says by which rules, the second how long the calldata is; then calldata, and the code that is called.
pub fn execution(data: &[u8]) {
    let [rules, length, rest @ ..] = data else { return };
    let (calldata, code) = rest.split_at(usize::from(*length).min(rest.len()));
    let block = block(Hardfork::ALL[usize::from(rules & 3)]);
    let call = Call { to: TARGET, calldata: Bytes::copy_from_slice(calldata) };
    let mut state = State::default();
    let code = Code::new(Bytes::copy_from_slice(code));
    state.insert_account(TARGET, Some(account(code.hash())));
    state.insert_code(code.clone());
    for _ in 0..ROUNDS {
        let run = || execute(&call, &block, &state, &LIMITS, &Stop::default());
        let outcome = run();
        assert_eq!(outcome, run(), "two runs over one state differ");
        match outcome {
            Ok(Outcome::Returned { output, gas_used, .. }) => {
                assert!(output.len() <= LIMITS.returned && gas_used <= LIMITS.gas);
                return;
            }
            Ok(Outcome::Stopped) => panic!("nobody stopped it"),
            Ok(Outcome::Lacks { lacking, gas_used }) => {
                assert!(gas_used <= LIMITS.gas);
                assert!(!lacking.is_empty(), "a run lacks nothing that it names");
                // Every third account has the code too, so that calls go deep.
                for address in lacking.accounts {
                    assert_eq!(state.account(&address), None, "what is known is asked for");
                    let has_code = address[19] % 3 == 0;
                    state.insert_account(address, has_code.then(|| account(code.hash())));
                }
                assert!(lacking.codes.is_empty(), "code that is known is asked for");
                for (address, slot) in lacking.slots {
                    state.insert_slot(address, slot, keccak256(slot));
                }
            }
            Err(ExecutionError::Reverted { data }) => {
                assert!(data.len() <= LIMITS.returned);
                return;
            }
            Err(_) => return,
        }
    }
}

/// Programs that read, call, hash, recurse, revert and run out of gas.
pub fn honest() -> Vec<Vec<u8>> {
    let programs: [&[u8]; 6] = [
        // PUSH1 7 SLOAD PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
        &[0x60, 7, 0x54, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3],
        // CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY; CALLDATASIZE PUSH0 KECCAK256 PUSH0 MSTORE PUSH1 32 PUSH0 REVERT
        &[0x36, 0x5f, 0x5f, 0x37, 0x36, 0x5f, 0x20, 0x5f, 0x52, 0x60, 32, 0x5f, 0xfd],
        // Calls address 3 with all its gas, whose code is this one's too: PUSH0 x4 PUSH1 3 GAS STATICCALL
        &[0x5f, 0x5f, 0x5f, 0x5f, 0x60, 3, 0x5a, 0xfa],
        // Recurses into itself: PUSH0 x5 ADDRESS GAS CALL
        &[0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x30, 0x5a, 0xf1],
        // JUMPDEST PUSH0 JUMP
        &[0x5b, 0x5f, 0x56],
        // Creates what it is: CODESIZE PUSH0 PUSH0 CODECOPY CODESIZE PUSH0 PUSH0 CREATE, and the hash of block 1
        &[0x38, 0x5f, 0x5f, 0x39, 0x38, 0x5f, 0x5f, 0xf0, 0x60, 1, 0x40],
    ];
    let input = |code: &[u8]| [&[3, 4, 0xfe, 0xaf, 0x96, 0x8c], code].concat();
    programs.into_iter().map(input).collect()
}

fn account(code_hash: B256) -> Account {
    Account { nonce: 1, balance: U256::from(1), code_hash }
}

fn block(rules: Hardfork) -> Block {
    Block {
        chain_id: 31_337,
        number: 2,
        timestamp: 1_800_000_000,
        beneficiary: Address::repeat_byte(0xbe),
        gas_limit: 45_000_000,
        base_fee: 9,
        prev_randao: B256::repeat_byte(0x0a),
        excess_blob_gas: Some(0),
        slot_number: None,
        spec: rules.into(),
    }
}

/// Runs for what is lacking: as many questions as one view asks.
const ROUNDS: usize = 16;

/// So little that an input takes milliseconds.
const LIMITS: Limits = Limits { gas: 200_000, returned: 4096 };

const TARGET: Address = Address::repeat_byte(0x11);
