//! What was proven so far of one block's state.

use std::collections::HashMap;

use alloy::primitives::{Address as AccountAddress, B256, Bytes, KECCAK256_EMPTY};
use alloy::rpc::types::{EIP1186AccountProofResponse, Header};
use countersign_execution::{Account, Block, Code, Spec, State};

use super::environment::block_of;
use super::hints::Hint;
use super::portion::Asked;
use super::recollection::Recollection;
use crate::error::{ProofPart, ResolveError};
use crate::node::{Node, PiecesAnswer};
use crate::proof::{ProvenAccount, ProvenHeader};
use crate::question::ProofTarget;

pub(super) struct Evidence {
    chain_id: u64,
    spec: Spec,
    header: ProvenHeader,
    /// Once a node has shown all of the header.
    block: Option<Block>,
    /// For the storage root, under which later slots are proven.
    accounts: HashMap<AccountAddress, Option<ProvenAccount>>,
    state: State,
}

/// What one answer proves, and its hint, which proves nothing.
pub(super) struct Learned<'a> {
    block: Option<Block>,
    accounts: Vec<LearnedAccount>,
    codes: Vec<(AccountAddress, Code)>,
    hint: Option<Hint<'a>>,
}

struct LearnedAccount {
    address: AccountAddress,
    proven: Option<ProvenAccount>,
    /// As the virtual machine knows it.
    account: Option<Account>,
    slots: Vec<(B256, B256)>,
}

impl Evidence {
    pub(super) fn under(header: ProvenHeader, chain_id: u64, spec: Spec) -> Self {
        Self { chain_id, spec, header, block: None, accounts: HashMap::new(), state: State::default() }
    }

    pub(super) const fn block(&self) -> Option<Block> {
        self.block
    }

    pub(super) const fn number(&self) -> u64 {
        self.header.block().number
    }

    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    /// For a run on another thread. Until it is given back, nothing is known.
    pub(super) fn lend_state(&mut self) -> State {
        std::mem::take(&mut self.state)
    }

    pub(super) fn take_back(&mut self, state: State) {
        self.state = state;
    }

    /// Proves all that a node answered.
    ///
    /// # Errors
    /// The first piece that does not hold, or that the node refused.
    pub(super) fn check<'a>(
        &self,
        node: &'a Node,
        asked: &Asked,
        answer: PiecesAnswer,
    ) -> Result<Learned<'a>, ResolveError> {
        let invalid = |what| node.invalid_proof(what);
        complete(node, "eth_getProof", asked.targets.len(), answer.proofs.len())?;
        complete(node, "eth_getCode", asked.codes.len(), answer.codes.len())?;
        let mut learned = Learned {
            block: answer.header.map(|header| self.check_header(&header)).transpose().map_err(invalid)?,
            accounts: Vec::with_capacity(asked.targets.len()),
            codes: Vec::new(),
            hint: answer.was_asked_for_hints.then_some(Hint { by: node, lists: answer.access_lists }),
        };
        for (target, proof) in asked.targets.iter().zip(answer.proofs) {
            learned.accounts.push(self.check_account(target, &proof?).map_err(invalid)?);
        }
        for (address, code) in asked.codes.iter().zip(answer.codes) {
            let account = learned.account(*address).or_else(|| self.state.account(address)).flatten();
            let code = check_code(*address, account, code?).map_err(invalid)?;
            learned.codes.extend(code.map(|code| (*address, code)));
        }
        Ok(learned)
    }

    /// Takes what was proven.
    pub(super) fn take(&mut self, learned: Learned<'_>, recollection: &Recollection) {
        self.block = self.block.or(learned.block);
        for LearnedAccount { address, proven, account, slots } in learned.accounts {
            self.accounts.insert(address, proven);
            self.state.insert_account(address, account);
            for (slot, value) in slots {
                self.state.insert_slot(address, slot, value);
            }
            let code = account.and_then(|account| recollection.code(address, account.code_hash));
            code.into_iter().for_each(|code| self.state.insert_code(code));
        }
        for (address, code) in learned.codes {
            recollection.keep_code(address, &code);
            self.state.insert_code(code);
        }
    }

    fn check_header(&self, header: &Header) -> Result<Block, ProofPart> {
        ProvenHeader::recompute(&header.inner, self.header.block().hash)?;
        Ok(block_of(self.chain_id, self.spec, &header.inner))
    }

    fn check_account(
        &self,
        target: &ProofTarget,
        proof: &EIP1186AccountProofResponse,
    ) -> Result<LearnedAccount, ProofPart> {
        let address = target.account;
        let (proven, account) = match (self.accounts.get(&address), self.state.account(&address)) {
            (Some(proven), Some(account)) => (*proven, account),
            _ => {
                let proven = self.header.account(address, proof)?;
                // The proof holds for all four of the answer's fields, nonce and balance among them.
                let account = proven.map(|account| Account {
                    nonce: proof.nonce,
                    balance: proof.balance,
                    code_hash: account.code_hash(),
                });
                (proven, account)
            }
        };
        let values = match proven {
            Some(proven) => proven.slots(&target.slots, &proof.storage_proof)?,
            // Whoever is absent has no storage.
            None => vec![B256::ZERO; target.slots.len()],
        };
        let slots = target.slots.iter().copied().zip(values).collect();
        Ok(LearnedAccount { address, proven, account, slots })
    }
}

impl<'a> Learned<'a> {
    /// Bytes of code that came, of those accounts.
    pub(super) fn code_bytes(&self, of: impl Fn(AccountAddress) -> bool) -> usize {
        self.codes.iter().filter(|(account, _)| of(*account)).map(|(_, code)| code.len()).sum()
    }

    pub(super) const fn take_hint(&mut self) -> Option<Hint<'a>> {
        self.hint.take()
    }

    fn account(&self, address: AccountAddress) -> Option<Option<Account>> {
        self.accounts.iter().find(|learned| learned.address == address).map(|learned| learned.account)
    }
}

/// An answer that is silently shorter would leave the rest unproven.
fn complete(node: &Node, method: &'static str, asked: usize, answered: usize) -> Result<(), ResolveError> {
    match asked == answered {
        true => Ok(()),
        false => Err(node.bad_answer(method, format!("{answered} answers to {asked} calls"))),
    }
}

/// The code, if it is the account's; none where the account is proven to have none.
fn check_code(
    address: AccountAddress,
    account: Option<Account>,
    bytes: Bytes,
) -> Result<Option<Code>, ProofPart> {
    let expected = account.map_or(KECCAK256_EMPTY, |account| account.code_hash);
    if expected == KECCAK256_EMPTY {
        return Ok(None);
    }
    let code = Code::new(bytes);
    let computed = code.hash();
    if computed != expected {
        return Err(ProofPart::Code { account: address, computed, expected });
    }
    Ok(Some(code))
}
