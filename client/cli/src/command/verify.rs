//! `countersign verify`: somebody's proof of a record, checked.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use countersign::protocol::Identity;
use countersign::registry::{
    KnownRecord, KnownRecords, RecordProof, RecordProofError, RegistryAt, Seen, Standing, VerifiedRecord,
};

use crate::arguments::{ChainArguments, KnownArguments};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::hex_bytes::Hash;
use crate::moment::{Span, coarse, unix_now};
use crate::party::{Party, shown};
use crate::proof_report::{BlockTrust, ProofReport};

/// Check a proof that `countersign prove record` made
///
/// All of it is checked here: headers, tree nodes, the registry's code, the key. What no proof can show is that its block is
/// one of the chain's: either you name a block hash that you trust, and no network is used at all, or your own nodes are
/// asked for the block, and as many as must agree must have it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Verify {
    /// The proof; - for standard input
    file: PathBuf,
    /// A block's hash that you trust: the proven block's, or that of a later one whose header the proof has
    #[arg(long, value_name = "0x…")]
    block_hash: Option<Hash>,
    /// Whose record it must be: 0x…, with #label for one of several keys, or a contact's name
    #[arg(long, value_name = "PARTY")]
    of: Option<Party>,
    /// How old the proven block may be, by this machine's clock: 90s, 15m, 1h 30m [default: any age]
    #[arg(long, value_name = "SPAN")]
    max_age: Option<Span>,
    #[command(flatten)]
    chain: ChainArguments,
    #[command(flatten)]
    known: KnownArguments,
}

impl Verify {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let in_file = |failure: Failure| failure.in_file(&self.file);
        let proof = read(&self.file)?;
        if let Some(of) = &self.of {
            let expected = context.settings.contacts()?.find(of)?.account.identity;
            refuse_other(&proof, &expected).map_err(in_file)?;
        }
        let (outcome, block_trust) = match self.block_hash {
            Some(Hash(hash)) => (self.offline(context, &proof, hash), BlockTrust::You),
            None => self.online(context, &proof).await?,
        };
        let verified = outcome.map_err(Failure::from).map_err(in_file)?;
        context.console.report(&ProofReport::new(&verified, block_trust))?;
        self.young_enough(&verified)?;
        usable(&verified)?;
        self.not_outdone(context, &verified)?;
        context.console.remark("It says nothing of later blocks: `countersign resolve` asks for the newest.");
        Ok(())
    }

    fn young_enough(&self, verified: &VerifiedRecord) -> Result<(), Failure> {
        let age = Duration::from_secs(unix_now().saturating_sub(verified.timestamp));
        match self.max_age {
            Some(Span(maximum)) if age > maximum => {
                let number = verified.block.number;
                let message = format!("the proof holds, and block {number} is {} old", coarse(age));
                Err(Failure::new(Exit::NotProven, "record_proof_too_old", message)
                    .hint("ask for a newer proof, or allow more with --max-age"))
            }
            _ => Ok(()),
        }
    }

    /// What this machine has proven itself goes before somebody's older proof.
    fn not_outdone(&self, context: &Context, verified: &VerifiedRecord) -> Result<(), Failure> {
        let chain_id = verified.claimed_chain_id;
        let file = context.settings.known_file_of(chain_id, &self.known)?.filter(|file| file.exists());
        let Some(file) = file else { return Ok(()) };
        let registry =
            RegistryAt { chain_id, address: context.settings.registry(self.chain.registry, chain_id) };
        let version = verified.record.as_ref().map_or(0, |record| record.word().version);
        let known = KnownRecords::open(&file)?.records()?.into_iter().find(|known| {
            known.registry == registry && known.identity == verified.identity && outdoes(&known.seen, version)
        });
        let Some(KnownRecord { seen, identity, .. }) = known else { return Ok(()) };
        let what = match seen.revoked {
            Some(reason) => format!("version {} was revoked ({reason})", seen.version),
            None => format!("version {} took its place", seen.version),
        };
        let (proven, at, identity) = (verified.block.number, seen.block.number, shown(&identity));
        let message = format!(
            "the proof holds at block {proven}, and {identity}'s key is good no more: {what}, as this machine had proven by block {at}"
        );
        Err(Failure::new(Exit::Identity, "superseded", message)
            .hint(format!("countersign known show '{identity}' shows what was proven")))
    }

    fn offline(
        &self,
        context: &Context,
        proof: &RecordProof,
        trusted: [u8; 32],
    ) -> Result<VerifiedRecord, RecordProofError> {
        let claimed = proof.claimed_chain_id();
        match context.settings.chain_id_if_any(&self.chain, claimed) {
            Some(expected) if expected != claimed => Err(RecordProofError::OtherChain { expected, claimed }),
            _ => proof.verify(context.settings.registry(self.chain.registry, claimed), trusted.into()),
        }
    }

    async fn online(
        &self,
        context: &Context,
        proof: &RecordProof,
    ) -> Result<(Result<VerifiedRecord, RecordProofError>, BlockTrust), Failure> {
        let claimed = proof.claimed_chain_id();
        let chain_id = context.settings.chain_id_if_any(&self.chain, claimed).or(Some(claimed));
        let arguments = ChainArguments { chain_id, ..self.chain.clone() };
        let chain = context.settings.chain(&arguments, None).map_err(|failure| match failure.kind() {
            // Without a node there is still the other way.
            "configuration" if self.chain.rpc.is_none() => failure
                .hint("name a block that you trust with --block-hash 0x…, or your nodes with --rpc URL"),
            _ => failure,
        })?;
        let block_trust = BlockTrust::by(&chain);
        let resolver = context.settings.remembering(&chain, &self.known)?;
        Ok((resolver.verify_record_proof(proof).await, block_trust))
    }
}

fn read(path: &Path) -> Result<RecordProof, Failure> {
    let unreadable = |error: std::io::Error| {
        let message = format!("{} cannot be read: {error}", path.display());
        Failure::new(Exit::Document, "record_proof_unreadable", message)
            .hint("countersign prove record PARTY --out FILE makes one; - reads standard input")
    };
    let proof = match path == Path::new("-") {
        true => RecordProof::read(std::io::stdin().lock()),
        false => RecordProof::read(File::open(path).map_err(unreadable)?),
    };
    proof.map_err(|error| Failure::from(error).in_file(path))
}

fn refuse_other(proof: &RecordProof, expected: &Identity) -> Result<(), Failure> {
    let proven = proof.identity();
    if proven == *expected {
        return Ok(());
    }
    let message = format!("the proof is of {}, not of {}", shown(&proven), shown(expected));
    Err(Failure::new(Exit::Document, "record_proof_elsewhere", message)
        .hint(format!("countersign prove record '{}' --out FILE makes the other one", shown(expected))))
}

/// Whether what was seen is later than an unrevoked key of that version.
const fn outdoes(seen: &Seen, version: u16) -> bool {
    seen.version > version || (seen.version == version && seen.revoked.is_some())
}

/// A proof that there is no usable key holds, and is no success; nor is one of a key that has expired since.
fn usable(verified: &VerifiedRecord) -> Result<(), Failure> {
    let identity = shown(&verified.identity);
    let at = verified.block.number;
    let (kind, what) = match verified.standing() {
        Standing::Active(record) if (1..=unix_now()).contains(&record.valid_until) => {
            ("expired", "it had one, which has expired since".into())
        }
        Standing::Active(_) => return Ok(()),
        Standing::Revoked { reason, .. } => ("revoked", format!("its key was revoked ({reason})")),
        Standing::Expired { .. } => ("expired", "its key had expired".into()),
        Standing::Absent => ("not_registered", "it had no key".into()),
    };
    let message = format!("the proof holds, and {identity} has no usable key: at block {at} {what}");
    Err(Failure::new(Exit::Identity, kind, message)
        .hint(format!("countersign resolve '{identity}' shows how it stands now")))
}

const EXAMPLES: &str = "\
Examples:
  countersign verify alice.proof.json --block-hash 0x…              offline, by a hash that you trust
  countersign verify alice.proof.json --rpc http://a --rpc http://b --rpc http://c
  countersign verify alice.proof.json --of 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 --block-hash 0x… --json
  curl -s https://alice.example.org/proof.json | countersign verify - --own-node --rpc http://127.0.0.1:8545

JSON: {\"identity\", \"status\": \"active\", \"revoked\", \"expired\" or \"absent\", \"version\", \"signer\", \"public_key\",
  \"anchored_at\", \"valid_until\", \"bundle_hash\", \"proved_at\": {\"chain_id\", \"block_number\", \"block_hash\",
  \"timestamp\"}, \"block_trust\": {\"kind\": \"you\", \"own_node\" with
  \"endpoint\", \"quorum\" with \"threshold\" and \"endpoints\", or \"light_client\" with \"endpoints\"}}; what there is none of is null.
Exit code 7 where the proof holds and the identity had no usable key at that block, or has none by what this machine has
proven since; 6 where nobody vouches for the block, or it is older than --max-age; 12 where the proof does not hold.";
