//! What was proven of a chain's state at one block.

use alloy_primitives::map::{AddressMap, B256Map, HashMap};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use revm::bytecode::Bytecode;
use revm::state::AccountInfo;

/// An account that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Keccak-256 of its code; of nothing where it has none.
    pub code_hash: B256,
}

/// Code with its hash, analysed once. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    hash: B256,
    bytecode: Bytecode,
}

/// The accounts, code and slots that were proven under one state root. What is not in here is unknown, not empty.
#[derive(Clone, Debug, Default)]
pub struct State {
    accounts: AddressMap<Option<Account>>,
    codes: B256Map<Code>,
    slots: HashMap<(Address, B256), B256>,
}

impl Code {
    /// Hashes and analyses it.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        let hash = keccak256(&bytes);
        // An EIP-7702 designation that is none cannot be on a chain, and as code its first byte is no opcode.
        let bytecode =
            Bytecode::new_raw_checked(bytes.clone()).unwrap_or_else(|_| Bytecode::new_legacy(bytes));
        Self { hash, bytecode }
    }

    /// Keccak-256.
    #[must_use]
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// In bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytecode.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytecode.is_empty()
    }
}

impl State {
    /// `None` where the account was proven absent.
    pub fn insert_account(&mut self, address: Address, account: Option<Account>) {
        self.accounts.insert(address, account);
    }

    /// Code counts for each account whose proven hash it has.
    pub fn insert_code(&mut self, code: Code) {
        self.codes.insert(code.hash, code);
    }

    /// Zero where the slot was proven absent.
    pub fn insert_slot(&mut self, account: Address, slot: B256, value: B256) {
        self.slots.insert((account, slot), value);
    }

    /// `None` where nothing is known of it, `Some(None)` where it was proven absent.
    #[must_use]
    pub fn account(&self, address: &Address) -> Option<Option<Account>> {
        self.accounts.get(address).copied()
    }

    /// Whether the code with that hash is known, as that of nothing always is.
    #[must_use]
    pub fn has_code(&self, hash: &B256) -> bool {
        *hash == KECCAK256_EMPTY || self.codes.contains_key(hash)
    }

    /// How many bytes of code the account has; `None` where its code is not known.
    #[must_use]
    pub fn code_length(&self, address: &Address) -> Option<usize> {
        let account = self.account(address)??;
        self.codes.get(&account.code_hash).map(Code::len)
    }

    /// `None` where nothing is known of it.
    #[must_use]
    pub fn slot(&self, account: Address, slot: B256) -> Option<B256> {
        self.slots.get(&(account, slot)).copied()
    }

    pub(crate) fn bytecode(&self, hash: &B256) -> Option<Bytecode> {
        self.codes.get(hash).map(|code| code.bytecode.clone())
    }

    /// An account that has the code with that hash.
    pub(crate) fn account_with(&self, code_hash: &B256) -> Option<Address> {
        let has = |account: &Option<Account>| account.is_some_and(|account| account.code_hash == *code_hash);
        self.accounts.iter().find(|(_, account)| has(account)).map(|(address, _)| *address)
    }
}

impl From<Account> for AccountInfo {
    fn from(Account { nonce, balance, code_hash }: Account) -> Self {
        Self { balance, nonce, code_hash, code: None, account_id: None }
    }
}
