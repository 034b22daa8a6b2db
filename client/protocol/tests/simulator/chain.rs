//! A chain of blocks with forks, and what each block says of each party and of the instrument.

use countersign_protocol::curve::SecretKey;
use countersign_protocol::{
    Abort, Address, Anchor, Calldata, Identity, Label, PeerKey, Query, Reading, RegistryRecord, ReturnData,
    Role, SignatureScheme, Value,
};

use crate::random::Random;

/// Later blocks have greater numbers, and a block whose number is greater is on the newer of two branches.
pub(crate) type BlockId = usize;

pub(crate) struct Chain {
    blocks: Vec<Block>,
    owners: Vec<Owner>,
}

pub(crate) struct Block {
    parent: Option<BlockId>,
    pub(crate) anchor: Anchor,
    pub(crate) time_s: u64,
    standings: Vec<Standing>,
    values: [[u8; 32]; QUERIES],
}

/// What the registry says of a party.
#[derive(Clone)]
pub(crate) struct Standing {
    pub(crate) key: PeerKey,
    /// Which of its owner's keys it is.
    secret: usize,
    is_revoked: bool,
}

/// A party as the registry's owner of a record, with all the keys it has had.
struct Owner {
    identity: Identity,
    secrets: Vec<SecretKey>,
}

impl Chain {
    /// A first block, with every party registered.
    pub(crate) fn new(parties: usize, time_s: u64, random: &mut Random) -> Self {
        let owners = (0..parties).map(|party| {
            let owner = Address([0xa0 + party as u8; 20]);
            Owner { identity: Identity { owner, label: Label::DEFAULT }, secrets: Vec::new() }
        });
        let mut chain = Self { blocks: Vec::new(), owners: owners.collect() };
        let standings =
            (0..parties).map(|party| chain.register(party, 1, time_s - 1_000_000, 0, random)).collect();
        let anchor = Anchor {
            chain_id: 31_337,
            block_number: 1_000,
            block_hash: random.array(),
            registry: Address([0xcc; 20]),
        };
        chain.blocks.push(Block { parent: None, anchor, time_s, standings, values: [[7; 32]; QUERIES] });
        chain
    }

    pub(crate) fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id]
    }

    /// The newest block there is.
    pub(crate) fn head(&self) -> BlockId {
        self.blocks.len() - 1
    }

    pub(crate) fn height(&self, id: BlockId) -> u64 {
        self.blocks[id].anchor.block_number
    }

    /// The block of that height on the branch that ends in `head`.
    pub(crate) fn ancestor(&self, head: BlockId, height: u64) -> Option<BlockId> {
        let mut id = head;
        while self.height(id) > height {
            id = self.blocks[id].parent?;
        }
        (self.height(id) == height).then_some(id)
    }

    pub(crate) fn by_hash(&self, hash: &[u8; 32]) -> Option<&Block> {
        self.blocks.iter().rev().find(|block| block.anchor.block_hash == *hash)
    }

    pub(crate) fn identity(&self, party: usize) -> Identity {
        self.owners[party].identity
    }

    pub(crate) fn party(&self, identity: Identity) -> Option<usize> {
        self.owners.iter().position(|owner| owner.identity == identity)
    }

    pub(crate) fn secret(&self, party: usize, standing: &Standing) -> &SecretKey {
        &self.owners[party].secrets[standing.secret]
    }

    /// A block on top of the newest, or beside it. `changes` is the chance of each change of a record.
    pub(crate) fn extend(&mut self, is_beside: bool, time_s: u64, changes: u64, random: &mut Random) {
        let head = self.head();
        let parent = if is_beside { self.blocks[head].parent.unwrap_or(head) } else { head };
        let standings = self.blocks[parent].standings.clone();
        let changed = standings
            .into_iter()
            .enumerate()
            .map(|(party, standing)| self.next_standing(party, standing, time_s, changes, random))
            .collect();
        let mut values = self.blocks[parent].values;
        let moved = random.below(2 * QUERIES as u64) as usize;
        if let Some(value) = values.get_mut(moved) {
            *value = random.array();
        }
        let mut anchor = self.blocks[parent].anchor;
        (anchor.block_number, anchor.block_hash) = (anchor.block_number + 1, random.array());
        self.blocks.push(Block { parent: Some(parent), anchor, time_s, standings: changed, values });
    }

    fn next_standing(
        &mut self,
        party: usize,
        mut standing: Standing,
        time_s: u64,
        changes: u64,
        random: &mut Random,
    ) -> Standing {
        let is_calm = changes == 0;
        let record = *standing.key.record();
        let is_over = standing.is_over_at(time_s);
        let ends = if is_calm || !random.one_in(3) { 0 } else { time_s + random.between((30, 200)) };
        let takes_another_key = if is_over || (is_calm && record.valid_until != 0) {
            is_calm || random.one_in(3)
        } else {
            random.one_in(changes)
        };
        if takes_another_key {
            return self.register(party, record.version + 1, time_s, ends, random);
        }
        standing.is_revoked |= random.one_in(changes);
        standing
    }

    fn register(
        &mut self,
        party: usize,
        version: u16,
        anchored_at: u64,
        valid_until: u64,
        random: &mut Random,
    ) -> Standing {
        let secret = SecretKey::from_bytes(&random.array()).unwrap();
        let public = secret.public_key();
        let record = RegistryRecord {
            identity: self.owners[party].identity,
            version,
            signer: Address(public.address()),
            anchored_at,
            valid_until,
            scheme: SignatureScheme::Ecdsa,
            suite_floor: 0,
        };
        let secrets = &mut self.owners[party].secrets;
        secrets.push(secret);
        Standing {
            key: PeerKey::proven(record, public).unwrap(),
            secret: secrets.len() - 1,
            is_revoked: false,
        }
    }
}

impl Block {
    pub(crate) fn standing(&self, party: usize) -> &Standing {
        &self.standings[party]
    }

    /// The instrument's first readings.
    pub(crate) fn readings(&self, count: usize) -> Vec<Reading> {
        let values = self.values.iter().enumerate().take(count);
        values.map(|(n, value)| reading(n, *value)).collect()
    }

    /// Why a session that rests on that record must end, by what this block says (SPEC 10).
    pub(crate) fn ends(&self, party: usize, role: Role, session: &PeerKey, overlap_s: u64) -> Option<Abort> {
        let standing = self.standing(party);
        let record = standing.key.record();
        if standing.is_revoked {
            return Some(Abort::Revoked(role));
        }
        if standing.is_over_at(self.time_s) {
            return Some(Abort::Expired(role));
        }
        let is_replaced = record.version != session.record().version;
        (is_replaced && record.anchored_at + overlap_s < self.time_s).then_some(Abort::Superseded(role))
    }
}

impl Standing {
    pub(crate) const fn is_revoked(&self) -> bool {
        self.is_revoked
    }

    pub(crate) fn is_over_at(&self, time_s: u64) -> bool {
        let until = self.key.record().valid_until;
        self.is_revoked || (until != 0 && time_s >= until)
    }
}

/// The last of an instrument's readings is of a view call, the others of storage slots.
pub(crate) fn reading(n: usize, value: [u8; 32]) -> Reading {
    let source = Address([0x50; 20]);
    if n + 1 < QUERIES {
        let query = Query::StorageSlot { source, slot: [n as u8; 32] };
        return Reading { query, value: Value::Word(value) };
    }
    let calldata = Calldata::new([n as u8; 4]).unwrap();
    Reading {
        query: Query::ViewCall { source, calldata },
        value: Value::Returned(ReturnData::new(value).unwrap()),
    }
}

/// Readings that an instrument may have.
pub(crate) const QUERIES: usize = 3;
