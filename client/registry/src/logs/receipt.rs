//! One receipt: what a node says of it, and what of that the receipts root commits to.

use alloy::consensus::{Eip658Value, Receipt, ReceiptEnvelope, ReceiptWithBloom};
use alloy::eips::eip2718::Encodable2718;
use alloy::primitives::{Address as AccountAddress, B256, Bloom, Bytes, Log, U64};
use op_alloy_consensus::{OpDepositReceipt, OpReceiptEnvelope};

use crate::error::ReceiptFlaw;

/// The part of a receipt that its block's receipts root commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsensusReceipt {
    /// Of one of Ethereum's types, 0 to 4.
    Ethereum(ReceiptEnvelope),
    /// Of one of those that only the OP stack has: 0x7d and 0x7e.
    OpStack(OpReceiptEnvelope),
}

/// A receipt as JSON-RPC has it: the fields that are hashed, and the transaction's hash. All others are passed over:
/// where a log lies is told by its place.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RpcReceipt {
    transaction_hash: B256,
    /// Nodes from before EIP-2718 leave it out.
    #[serde(rename = "type", default)]
    kind: U64,
    #[serde(default)]
    status: Option<U64>,
    /// In place of a status before EIP-658.
    #[serde(default)]
    root: Option<B256>,
    cumulative_gas_used: U64,
    logs_bloom: Box<Bloom>,
    logs: Vec<RpcLog>,
    #[serde(default)]
    deposit_nonce: Option<U64>,
    #[serde(default)]
    deposit_receipt_version: Option<U64>,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
struct RpcLog {
    address: AccountAddress,
    topics: Vec<B256>,
    data: Bytes,
}

impl RpcReceipt {
    /// The hash of the transaction, as the node says: no receipt commits to it.
    #[must_use]
    pub const fn claimed_transaction(&self) -> B256 {
        self.transaction_hash
    }

    /// About what it takes in memory, in bytes.
    pub(crate) fn size(&self) -> usize {
        let topics = |log: &RpcLog| log.topics.len() * size_of::<B256>();
        let logs = self.logs.iter().map(|log| size_of::<RpcLog>() + topics(log) + log.data.len());
        size_of::<Self>() + size_of::<Bloom>() + logs.sum::<usize>()
    }

    /// The part that is hashed.
    ///
    /// # Errors
    /// [`ReceiptFlaw`] where there is no saying how it is hashed.
    pub fn into_consensus(self) -> Result<ConsensusReceipt, ReceiptFlaw> {
        let status = match (self.status.map(|status| status.to::<u64>()), self.root) {
            (Some(status @ (0 | 1)), _) => Eip658Value::Eip658(status == 1),
            (None, Some(root)) => Eip658Value::PostState(root),
            _ => return Err(ReceiptFlaw::NoOutcome),
        };
        let logs = self.logs.into_iter().map(RpcLog::into_consensus).collect::<Result<Vec<_>, _>>()?;
        let receipt = Receipt { status, cumulative_gas_used: self.cumulative_gas_used.to(), logs };
        let with_bloom = |receipt| ReceiptWithBloom { receipt, logs_bloom: *self.logs_bloom };
        Ok(match self.kind.to::<u64>() {
            0 => ConsensusReceipt::Ethereum(ReceiptEnvelope::Legacy(with_bloom(receipt))),
            1 => ConsensusReceipt::Ethereum(ReceiptEnvelope::Eip2930(with_bloom(receipt))),
            2 => ConsensusReceipt::Ethereum(ReceiptEnvelope::Eip1559(with_bloom(receipt))),
            3 => ConsensusReceipt::Ethereum(ReceiptEnvelope::Eip4844(with_bloom(receipt))),
            4 => ConsensusReceipt::Ethereum(ReceiptEnvelope::Eip7702(with_bloom(receipt))),
            0x7d => ConsensusReceipt::OpStack(OpReceiptEnvelope::PostExec(with_bloom(receipt))),
            0x7e => {
                let version = self.deposit_receipt_version.map(|version| version.to());
                // Before Canyon, which brought the version, nodes tell the nonce but the root does not cover it.
                let nonce = version.and(self.deposit_nonce).map(|nonce| nonce.to());
                let receipt = OpDepositReceipt {
                    inner: receipt,
                    deposit_nonce: nonce,
                    deposit_receipt_version: version,
                };
                let with_bloom = ReceiptWithBloom { receipt, logs_bloom: *self.logs_bloom };
                ConsensusReceipt::OpStack(OpReceiptEnvelope::Deposit(with_bloom))
            }
            kind => return Err(ReceiptFlaw::UnknownType { kind }),
        })
    }
}

impl RpcLog {
    fn into_consensus(self) -> Result<Log, ReceiptFlaw> {
        Log::new(self.address, self.topics, self.data).ok_or(ReceiptFlaw::TooManyTopics)
    }
}

impl ConsensusReceipt {
    /// Appends the EIP-2718 encoding: what the trie of receipts holds.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ethereum(receipt) => receipt.encode_2718(out),
            Self::OpStack(receipt) => receipt.encode_2718(out),
        }
    }

    /// The logs, in the order of their emission.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        match self {
            Self::Ethereum(receipt) => receipt.logs(),
            Self::OpStack(receipt) => receipt.logs(),
        }
    }

    /// The same, without the rest.
    #[must_use]
    pub fn into_logs(self) -> Vec<Log> {
        match self {
            Self::Ethereum(receipt) => receipt.into_logs(),
            Self::OpStack(receipt) => receipt.into_logs(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use alloy::rlp::{BufMut, Encodable, Header as ListHeader};
    use serde_json::{Value, json};

    use super::*;

    fn told(kind: &str, more: &[(&str, &str)]) -> Value {
        let mut receipt = json!({
            "type": kind, "status": "0x1", "cumulativeGasUsed": "0xb741", "logs": [], "logsBloom": Bloom::ZERO,
            "transactionHash": B256::ZERO,
        });
        more.iter().for_each(|(name, value)| receipt[*name] = json!(value));
        receipt
    }

    fn encoded(told: Value) -> Vec<u8> {
        let receipt: RpcReceipt = serde_json::from_value(told).unwrap();
        let mut bytes = Vec::new();
        receipt.into_consensus().unwrap().encode(&mut bytes);
        bytes
    }

    /// The RLP list of a successful receipt without logs, and of what follows them.
    fn list(prefix: &[u8], after: &[u64]) -> Vec<u8> {
        let mut payload = Vec::new();
        1_u64.encode(&mut payload);
        0xb741_u64.encode(&mut payload);
        Bloom::ZERO.encode(&mut payload);
        ListHeader { list: true, payload_length: 0 }.encode(&mut payload);
        after.iter().for_each(|number| number.encode(&mut payload));
        let mut bytes = prefix.to_vec();
        ListHeader { list: true, payload_length: payload.len() }.encode(&mut bytes);
        bytes.put_slice(&payload);
        bytes
    }

    #[test]
    fn each_type_is_hashed_behind_its_byte() {
        assert_eq!(encoded(told("0x0", &[])), list(&[], &[]));
        for kind in [1, 2, 3, 4, 0x7d] {
            assert_eq!(encoded(told(&format!("{kind:#x}"), &[])), list(&[kind], &[]));
        }
    }

    #[test]
    fn an_older_node_need_not_name_the_legacy_type() {
        let mut without = told("0x0", &[]);
        without.as_object_mut().unwrap().remove("type");
        assert_eq!(encoded(without), list(&[], &[]));
    }

    /// <https://specs.optimism.io/protocol/deposits.html#deposit-receipt>: nonce and version since Canyon, and neither
    /// is hashed before, although nodes tell the nonce since Regolith.
    #[test]
    fn a_deposit_is_hashed_with_nonce_and_version_together_or_with_neither() {
        let nonce = ("depositNonce", "0x3d3bbf");
        let version = ("depositReceiptVersion", "0x1");
        assert_eq!(encoded(told("0x7e", &[nonce, version])), list(&[0x7e], &[0x3d_3bbf, 1]));
        assert_eq!(encoded(told("0x7e", &[nonce])), list(&[0x7e], &[]));
        assert_eq!(encoded(told("0x7e", &[])), list(&[0x7e], &[]));
    }

    #[test]
    fn before_byzantium_a_state_root_stands_for_the_status() {
        let mut receipt = told("0x0", &[("root", &B256::repeat_byte(7).to_string())]);
        receipt.as_object_mut().unwrap().remove("status");
        let bytes = encoded(receipt);
        assert!(bytes.windows(33).any(|window| window.starts_with(&[0xa0, 7]) && window.ends_with(&[7])));
    }
}
