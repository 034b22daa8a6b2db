//! What the owner says of a key, on the command line, and what came of it on chain.

use clap::{Args, ValueEnum};
use countersign::custody::{Custody, LocalKey};
use countersign::protocol::Address;
use countersign::registry::consent::KeyTerms;
use countersign::registry::write::Written;
use serde::Serialize;

use crate::console::Report;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::moment::{Span, timestamp, unix_now};
use crate::owner_side::{KeyOnChain, OwnerSide};
use crate::party::{checksummed, shown};

/// Terms of a registration or rotation.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Record")]
pub(crate) struct TermArguments {
    /// Keep the key itself in the registry, so that one proof yields it (the default)
    #[arg(long, conflicts_with = "compact")]
    pinned: bool,
    /// Keep only the key's fingerprint: cheaper by a storage slot, and peers must find the key elsewhere
    #[arg(long)]
    compact: bool,
    /// The key expires after this time, such as 90days [default: never]
    #[arg(long, value_name = "TIME")]
    valid_for: Option<Span>,
    /// The weakest suite others may use to reach this key
    #[arg(long, value_name = "FLOOR", default_value = "hybrid")]
    suite_floor: FloorChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FloorChoice {
    /// secp256k1 alone is allowed
    Classical,
    /// secp256k1 and ML-KEM-768 together are required
    Hybrid,
}

impl TermArguments {
    pub(crate) fn terms(&self, key: &LocalKey) -> Result<KeyTerms, Failure> {
        let suite_floor = match self.suite_floor {
            FloorChoice::Classical => 0,
            FloorChoice::Hybrid => 1,
        };
        let pinned = !self.compact;
        Ok(KeyTerms {
            valid_until: self.valid_until()?,
            suite_floor,
            pinned,
            ..KeyTerms::new(key.public_key())
        })
    }

    fn valid_until(&self) -> Result<Option<u32>, Failure> {
        let Some(span) = self.valid_for else { return Ok(None) };
        let until = unix_now().saturating_add(span.0.as_secs());
        let too_long = |_| {
            Failure::usage(format!("{span} from now is beyond the year 2106, the last a record can name"))
        };
        u32::try_from(until).map(Some).map_err(too_long)
    }
}

/// A key is on chain.
#[derive(Debug, Serialize)]
pub(crate) struct KeyWritten {
    pub(crate) change: &'static str,
    pub(crate) identity: String,
    pub(crate) chain_id: u64,
    pub(crate) version: u16,
    pub(crate) signer: String,
    pub(crate) keystore: String,
    pub(crate) pinned: bool,
    pub(crate) valid_until: Option<u32>,
    /// Null where the owner itself paid.
    pub(crate) paid_by: Option<String>,
    #[serde(flatten)]
    pub(crate) transaction: TransactionReport,
}

/// A transaction in its block.
#[derive(Debug, Serialize)]
pub(crate) struct TransactionReport {
    transaction: String,
    block_number: u64,
    gas_used: u64,
}

impl From<Written> for TransactionReport {
    fn from(written: Written) -> Self {
        let Written { transaction, block_number, gas_used } = written;
        Self { transaction: transaction.to_string(), block_number, gas_used }
    }
}

impl TransactionReport {
    pub(crate) fn append_to(&self, fields: Fields) -> Fields {
        fields
            .line("transaction", &self.transaction)
            .line("block", self.block_number)
            .line("gas", self.gas_used)
    }
}

impl KeyWritten {
    pub(crate) fn new(
        change: &'static str,
        side: &OwnerSide,
        (terms, outcome): (KeyTerms, KeyOnChain),
        keystore: &std::path::Path,
    ) -> Self {
        Self {
            change,
            identity: shown(&side.identity),
            chain_id: side.chain_id,
            version: outcome.version,
            signer: checksummed(&Address(terms.public_key.address())),
            keystore: keystore.display().to_string(),
            pinned: terms.pinned,
            valid_until: terms.valid_until,
            paid_by: side.paid_by().map(|account| checksummed(&account)),
            transaction: outcome.written.into(),
        }
    }
}

impl Report for KeyWritten {
    fn lines(&self) -> String {
        let fields = Fields::default()
            .line(self.change, &self.identity)
            .line("version", self.version)
            .line("signer", &self.signer)
            .line("keystore", &self.keystore)
            .line("record", if self.pinned { "pinned" } else { "compact" })
            .line_if("expires", self.valid_until.map(|until| timestamp(until.into())))
            .line_if("paid by", self.paid_by.as_ref());
        self.transaction.append_to(fields).to_string()
    }
}
