//! `countersign bundle`: the hash of what an identity publishes beside its key.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use alloy::primitives::{B256, Keccak256};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::arguments::WriterArguments;
use crate::console::Report;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::hex_bytes::Hash;
use crate::key_terms::TransactionReport;
use crate::keyfile;
use crate::owner_side::OwnerSide;
use crate::party::{checksummed, shown};

/// Anchor the hash of your bundle, so that anybody can check the bundle itself
///
/// A bundle is whatever you serve beside your key, such as a post-quantum key. The registry keeps its Keccak-256 hash with
/// your record; where the bytes are served is up to you. The hash stays when the key changes, and a bundle counts only if
/// the current key signed it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct BundleCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Store the hash of a file
    #[command(after_long_help = EXAMPLES)]
    Anchor(Anchor),
    /// Store that there is no bundle any more
    #[command(after_long_help = EXAMPLES)]
    Clear(Clear),
}

#[derive(Debug, Args)]
struct Anchor {
    /// The bundle
    #[arg(required_unless_present = "hash", conflicts_with = "hash")]
    file: Option<PathBuf>,
    /// Its Keccak-256 hash, where the file is not here
    #[arg(long, value_name = "0x…")]
    hash: Option<Hash>,
    #[command(flatten)]
    writer: WriterArguments,
}

#[derive(Debug, Args)]
struct Clear {
    #[command(flatten)]
    writer: WriterArguments,
}

#[derive(Debug, Serialize)]
struct Anchored {
    change: &'static str,
    identity: String,
    chain_id: u64,
    bundle_hash: Option<String>,
    paid_by: Option<String>,
    #[serde(flatten)]
    transaction: TransactionReport,
}

impl BundleCommand {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (hash, writer) = match self.action {
            Action::Clear(clear) => (B256::ZERO, clear.writer),
            Action::Anchor(Anchor { file: Some(file), writer, .. }) => {
                let _progress = context.console.progress("Hashing the bundle");
                (keyfile::blocking(move || hash_of(&file)).await?, writer)
            }
            Action::Anchor(Anchor { hash: Some(Hash(hash)), writer, .. }) => (hash.into(), writer),
            Action::Anchor(_) => return Err(Failure::usage("name the bundle, or give its --hash")),
        };
        if writer.payer.is_given() && !writer.operator {
            return Err(Failure::usage(
                "the registry takes a bundle's hash from the owner or its operator only",
            )
            .hint("add --operator if the paying account is one; countersign operator set appoints it"));
        }
        let side = OwnerSide::open(context, &writer).await?;
        let progress = context.console.progress("Anchoring, and waiting for the block");
        let written = side.registrar.anchor_bundle(side.identity, hash).await?;
        drop(progress);
        context.console.report(&Anchored {
            change: if hash.is_zero() { "cleared" } else { "anchored" },
            identity: shown(&side.identity),
            chain_id: side.chain_id,
            bundle_hash: (!hash.is_zero()).then(|| hash.to_string()),
            paid_by: side.paid_by().map(|account| checksummed(&account)),
            transaction: written.into(),
        })
    }
}

/// Keccak-256 of a file's bytes, of any length.
fn hash_of(path: &Path) -> Result<B256, Failure> {
    let failed = |error: std::io::Error| {
        Failure::configuration(format!("{} cannot be read: {error}", path.display()))
            .hint("give the path of the bundle's file, or its --hash")
    };
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = Keccak256::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        match file.read(&mut chunk).map_err(failed)? {
            0 => return Ok(hasher.finalize()),
            count => hasher.update(chunk.get(..count).unwrap_or_default()),
        }
    }
}

impl Report for Anchored {
    fn lines(&self) -> String {
        let fields = Fields::default()
            .line(self.change, &self.identity)
            .line_if("bundle hash", self.bundle_hash.as_ref())
            .line_if("paid by", self.paid_by.as_ref());
        self.transaction.append_to(fields).to_string()
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign bundle anchor bundle.bin --owner-keystore account.json
  countersign bundle anchor --hash 0x… --operator --sponsor-keystore agent.json --owner 0xf39F…2266
  countersign bundle clear --owner-keystore account.json

JSON: {\"change\": \"anchored\" or \"cleared\", \"identity\", \"chain_id\", \"bundle_hash\": null once cleared,
  \"paid_by\": null where the owner paid, \"transaction\", \"block_number\", \"gas_used\"}";
