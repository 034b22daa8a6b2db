//! Writes `tests/vectors/frost.json`: Schnorr signatures that quorums made with `frost-secp256k1-evm`, which is not
//! ours, and altered ones that must be refused. The contracts' tests and the client's read that file.
//!
//! `cargo run -p countersign-tests --example frost_vectors > tests/vectors/frost.json`
//!
//! The randomness is seeded: the same sources write the same file. All numbers are hex, big endian, of full length.
//!
//! - `cases`: `quorum` (how the key was made) · `type` (`Digest` for arbitrary 32 bytes, else the EIP-712 type), and for
//!   a type `domain` and `message` · `digest`, what was signed · `signer`, `x`, `y`, the key · `prefix` (2 or 3), `rx`,
//!   `z`, the signature · `proof`, R (33 bytes, SEC 1) and z, as a registration takes it · `signature`, x, y, R and z, as
//!   `revokeByKey` and `isValidSignatureFor` take it. The cases of one quorum are for one record.
//! - `refused`: `why`, and `digest`, `x`, `y`, `prefix`, `rx`, `z` as above.
#![allow(clippy::print_stdout)]

mod altered;
mod document;
mod quorum;

use std::error::Error;

use alloy::primitives::keccak256;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde_json::{Value, json};

use self::document::Record;
use self::quorum::{Origin, Quorum};

fn main() -> Result<(), Box<dyn Error>> {
    let mut rng = ChaCha20Rng::from_seed(keccak256("tests/vectors/frost.json").0);
    let (mut cases, mut signatures) = (Vec::new(), Vec::new());
    for (number, (origin, min, max)) in QUORUMS.into_iter().enumerate() {
        let quorum = Quorum::new(origin, min, max, &mut rng)?;
        let record = Record::numbered(number, quorum.key());
        for document in record.documents() {
            let signed = quorum.sign(document.digest, &mut rng)?;
            let head =
                json!({ "quorum": quorum.to_string(), "type": document.name, "digest": document.digest });
            cases.push(joined([head, document.typed, signed.to_json()]));
            signatures.push(signed);
        }
    }
    let refused = altered::all(&signatures)?;
    let generator = "frost-secp256k1-evm 3.0.0, tests/examples/frost_vectors";
    let file = json!({ "generator": generator, "cases": cases, "refused": refused });
    println!("{}", serde_json::to_string_pretty(&file)?);
    Ok(())
}

/// One JSON object with the members of all.
fn joined(objects: impl IntoIterator<Item = Value>) -> Value {
    objects
        .into_iter()
        .filter_map(|value| match value {
            Value::Object(members) => Some(members),
            _ => None,
        })
        .flatten()
        .collect()
}

const QUORUMS: [(Origin, u16, u16); 6] = [
    (Origin::Dealer, 2, 3),
    (Origin::Dealer, 2, 3),
    (Origin::Dealer, 3, 5),
    (Origin::Dealer, 3, 5),
    (Origin::Ceremony, 2, 3),
    (Origin::Ceremony, 3, 5),
];
