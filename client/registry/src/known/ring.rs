//! The follower's recent heads: whole headers, so that a restart proves them again from what it reads.

use alloy::consensus::Header;
use alloy::rlp::Decodable;
use rusqlite::{Connection, params};

use super::rows::number;
use crate::proof::ProvenHeader;

/// How the recent heads of a chain change: those above a block go, others come, and the newest few stay.
#[derive(Clone, Debug)]
pub(super) struct RingChange {
    pub(super) chain_id: u64,
    pub(super) above: u64,
    pub(super) headers: Vec<Header>,
    pub(super) keep: usize,
}

impl RingChange {
    pub(super) fn apply(&self, connection: &Connection) -> rusqlite::Result<()> {
        let chain_id = self.chain_id.cast_signed();
        let mut kept = numbers(connection, self.chain_id)?;
        let mut remove = connection.prepare("DELETE FROM ring WHERE chain_id = ? AND number = ?")?;
        for gone in kept.extract_if(.., |number| *number > self.above) {
            remove.execute(params![chain_id, gone.cast_signed()])?;
        }
        let mut insert = connection.prepare("INSERT OR REPLACE INTO ring VALUES (?, ?, ?)")?;
        for header in &self.headers {
            insert.execute(params![chain_id, header.number.cast_signed(), alloy::rlp::encode(header)])?;
            kept.push(header.number);
        }
        kept.sort_unstable();
        for old in kept.iter().rev().skip(self.keep) {
            remove.execute(params![chain_id, old.cast_signed()])?;
        }
        Ok(())
    }
}

/// The recent heads, the oldest first: the newest one and those that it descends from without a gap.
pub(super) fn read(connection: &Connection, chain_id: u64) -> rusqlite::Result<Vec<ProvenHeader>> {
    let sql = "SELECT header FROM ring WHERE chain_id = ?";
    let mut statement = connection.prepare(sql)?;
    let encoded = statement.query_map([chain_id.cast_signed()], |row| row.get::<_, Vec<u8>>(0))?;
    let mut headers = Vec::new();
    for bytes in encoded {
        // A header that cannot be read is a gap, and the chain is asked for what is missing.
        let header = Header::decode(&mut bytes?.as_slice());
        headers.extend(header.ok().and_then(|it| ProvenHeader::recompute(&it, it.hash_slow()).ok()));
    }
    headers.sort_unstable_by_key(|header| header.block().number);
    Ok(unbroken(&headers))
}

fn unbroken(headers: &[ProvenHeader]) -> Vec<ProvenHeader> {
    let mut linked: Vec<ProvenHeader> = Vec::new();
    for header in headers.iter().rev() {
        if linked.last().is_some_and(|above| above.parent_hash() != header.block().hash) {
            break;
        }
        linked.push(*header);
    }
    linked.reverse();
    linked
}

fn numbers(connection: &Connection, chain_id: u64) -> rusqlite::Result<Vec<u64>> {
    let sql = "SELECT number FROM ring WHERE chain_id = ?";
    connection.prepare(sql)?.query_map([chain_id.cast_signed()], |row| number(row, 0))?.collect()
}
