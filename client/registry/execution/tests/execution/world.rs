//! A whole state, of which a run is given what it asks for, and the code of its contracts in mnemonics.

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use countersign_execution::{
    Account, Block, Call, Code, ExecutionError, Hardfork, Lacking, Limits, Outcome, Spec, State, Stop,
    Touched, execute,
};
use revm::bytecode::opcode::{JUMPDEST, OPCODE_INFO, PUSH0, PUSH2};

/// Everything there is.
#[derive(Clone, Default)]
pub struct World {
    pub accounts: Vec<(Address, Account)>,
    pub codes: Vec<Code>,
    pub slots: Vec<(Address, B256, B256)>,
}

/// What a call came to, and how often it was run.
#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    pub output: Bytes,
    pub gas_used: u64,
    pub lacked: Vec<Lacking>,
    pub touched: Touched,
}

impl World {
    /// With one contract at [`TARGET`].
    pub fn with(code: &str) -> Self {
        let mut world = Self::default();
        world.contract(TARGET, code);
        world
    }

    pub fn contract(&mut self, at: Address, code: &str) {
        self.code(at, assemble(code));
    }

    pub fn code(&mut self, at: Address, code: Bytes) {
        let code = Code::new(code);
        self.accounts.push((at, Account { nonce: 1, balance: U256::from(7), code_hash: code.hash() }));
        self.codes.push(code);
    }

    pub fn account(&mut self, at: Address, nonce: u64, balance: u64) {
        let balance = U256::from(balance);
        self.accounts.push((at, Account { nonce, balance, code_hash: KECCAK256_EMPTY }));
    }

    pub fn slot(&mut self, at: Address, slot: impl Into<B256>, value: impl Into<B256>) {
        self.slots.push((at, slot.into(), value.into()));
    }

    pub fn truth_of_account(&self, at: Address) -> Option<Account> {
        self.accounts.iter().find(|(address, _)| *address == at).map(|(_, account)| *account)
    }

    pub fn truth_of_slot(&self, at: Address, slot: B256) -> B256 {
        let found = self.slots.iter().find(|(address, key, _)| (*address, *key) == (at, slot));
        found.map_or(B256::ZERO, |(_, _, value)| *value)
    }

    /// Adds what a run lacked.
    pub fn supply(&self, lacking: &Lacking, state: &mut State) {
        for at in &lacking.accounts {
            state.insert_account(*at, self.truth_of_account(*at));
        }
        for (_, hash) in &lacking.codes {
            state.insert_code(self.codes.iter().find(|code| code.hash() == *hash).unwrap().clone());
        }
        for (at, slot) in &lacking.slots {
            state.insert_slot(*at, *slot, self.truth_of_slot(*at, *slot));
        }
    }

    /// Runs the call as often as it takes.
    pub fn run(&self, calldata: &[u8]) -> Result<Done, ExecutionError> {
        self.run_from(State::default(), calldata, &Limits::default())
    }

    pub fn run_within(&self, limits: Limits) -> Result<Done, ExecutionError> {
        self.run_from(State::default(), &[], &limits)
    }

    pub fn run_from(&self, state: State, calldata: &[u8], limits: &Limits) -> Result<Done, ExecutionError> {
        self.run_in(block(), state, calldata, limits)
    }

    fn run_in(
        &self,
        block: Block,
        mut state: State,
        calldata: &[u8],
        limits: &Limits,
    ) -> Result<Done, ExecutionError> {
        let mut lacked = Vec::new();
        loop {
            match execute(&call(calldata), &block, &state, limits, &Stop::default())? {
                Outcome::Returned { output, gas_used, touched } => {
                    return Ok(Done { output, gas_used, lacked, touched });
                }
                Outcome::Stopped => panic!("nobody stopped it"),
                Outcome::Lacks { lacking, .. } => {
                    assert!(!lacking.is_empty() && lacked.len() < 64, "{lacked:?}");
                    self.supply(&lacking, &mut state);
                    lacked.push(lacking);
                }
            }
        }
    }

    /// By other rules than the block's own.
    pub fn run_by(&self, spec: Spec) -> Result<Done, ExecutionError> {
        self.run_in(Block { spec, ..block() }, State::default(), &[], &Limits::default())
    }

    pub fn word(&self, calldata: &[u8]) -> U256 {
        let done = self.run(calldata).unwrap();
        U256::from_be_slice(&done.output)
    }

    pub fn error(&self) -> ExecutionError {
        self.run(&[]).unwrap_err()
    }
}

pub fn call(calldata: &[u8]) -> Call {
    Call { to: TARGET, calldata: Bytes::copy_from_slice(calldata) }
}

pub fn block() -> Block {
    Block {
        chain_id: 31_337,
        number: 20_000,
        timestamp: 1_800_000_000,
        beneficiary: Address::repeat_byte(0xbe),
        gas_limit: 45_000_000,
        base_fee: 9,
        prev_randao: B256::repeat_byte(0x0a),
        excess_blob_gas: Some(0),
        slot_number: None,
        spec: Hardfork::Osaka.into(),
    }
}

/// The slot of a mapping's entry, as Solidity lays it.
pub fn entry(key: u64, slot: u64) -> B256 {
    let words = [B256::from(U256::from(key)), B256::from(U256::from(slot))];
    keccak256(words.concat())
}

/// Mnemonics to code: `0x…` is pushed, `:name` is a destination and `@name` pushes where it is.
pub fn assemble(text: &str) -> Bytes {
    let (mut code, mut places, mut uses) = (Vec::new(), Vec::new(), Vec::new());
    for token in text.split_whitespace() {
        if let Some(name) = token.strip_prefix(':') {
            places.push((name, code.len()));
            code.push(JUMPDEST);
        } else if let Some(name) = token.strip_prefix('@') {
            uses.push((name, code.len() + 1));
            code.extend([PUSH2, 0, 0]);
        } else if let Some(digits) = token.strip_prefix("0x") {
            let even = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.into() };
            let bytes: Bytes = even.parse().unwrap();
            code.push(PUSH0 + u8::try_from(bytes.len()).unwrap());
            code.extend_from_slice(&bytes);
        } else {
            code.push(opcode(token));
        }
    }
    for (name, at) in uses {
        let (_, place) = places.iter().find(|(known, _)| *known == name).unwrap();
        code[at..at + 2].copy_from_slice(&u16::try_from(*place).unwrap().to_be_bytes());
    }
    code.into()
}

fn opcode(mnemonic: &str) -> u8 {
    let is_it = |byte: &u8| OPCODE_INFO[usize::from(*byte)].is_some_and(|info| info.name() == mnemonic);
    (0..=255).find(is_it).unwrap_or_else(|| panic!("{mnemonic}"))
}

/// Returns the word on top of the stack.
pub const RETURN_WORD: &str = " PUSH0 MSTORE 0x20 PUSH0 RETURN";

/// Copies the calldata to memory and passes it on to the address on top of the stack, with its storage.
pub const DELEGATE: &str = " CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY
    PUSH0 SWAP1 PUSH0 SWAP1 CALLDATASIZE PUSH0 DUP3 GAS DELEGATECALL
    RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY @done JUMPI
    RETURNDATASIZE PUSH0 REVERT :done RETURNDATASIZE PUSH0 RETURN";

/// What is called.
pub const TARGET: Address = Address::repeat_byte(0x11);

/// What that calls.
pub const OTHER: Address = Address::repeat_byte(0x22);

/// And that.
pub const THIRD: Address = Address::repeat_byte(0x33);
