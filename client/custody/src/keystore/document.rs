//! The JSON of a version 3 keystore, as text on one side and parsed on the other.

use countersign_protocol::Address;
use serde::Deserialize;
use serde_json::{Value, json};

use super::cipher::Sealed;
use super::kdf::{Kdf, ScryptCost};
use super::{Keystore, KeystoreError, UnsupportedPart};

pub(super) fn parse(json: &[u8]) -> Result<Keystore, KeystoreError> {
    let document: Document = serde_json::from_slice(json).map_err(KeystoreError::NotAKeystore)?;
    if document.version != 3 {
        return Err(unsupported(UnsupportedPart::Version, document.version.to_string(), "3"));
    }
    let crypto = document.crypto;
    if crypto.cipher != CIPHER {
        return Err(unsupported(UnsupportedPart::Cipher, crypto.cipher, CIPHER));
    }
    let kdf = match crypto.kdf.as_str() {
        SCRYPT => parse_scrypt(crypto.kdfparams)?,
        PBKDF2 => parse_pbkdf2(crypto.kdfparams)?,
        _ => return Err(unsupported(UnsupportedPart::Kdf, crypto.kdf, "scrypt or pbkdf2")),
    };
    let sealed = Sealed {
        iv: array(&crypto.cipherparams.iv, "cipherparams.iv", "16 bytes in hexadecimal")?,
        ciphertext: ciphertext(&crypto.ciphertext)?,
        mac: array(&crypto.mac, "mac", "32 bytes in hexadecimal")?,
    };
    let address = document.address.map(|text| array(&text, "address", "20 bytes in hexadecimal"));
    Ok(Keystore { id: document.id, kdf, sealed, address: address.transpose()?.map(Address) })
}

pub(super) fn compose(keystore: &Keystore) -> Value {
    let (kdf, kdfparams) = match &keystore.kdf {
        Kdf::Scrypt { cost, salt } => (
            SCRYPT,
            json!({ "dklen": DERIVED_LENGTH, "n": cost.n(), "p": cost.p(), "r": cost.r(), "salt": hex::encode(salt) }),
        ),
        Kdf::Pbkdf2 { rounds, salt } => {
            (PBKDF2, json!({ "c": rounds, "dklen": DERIVED_LENGTH, "prf": PRF, "salt": hex::encode(salt) }))
        }
    };
    let mut document = json!({
        "crypto": {
            "cipher": CIPHER,
            "cipherparams": { "iv": hex::encode(keystore.sealed.iv) },
            "ciphertext": hex::encode(&keystore.sealed.ciphertext),
            "kdf": kdf,
            "kdfparams": kdfparams,
            "mac": hex::encode(keystore.sealed.mac),
        },
        "version": 3,
    });
    if let Some(fields) = document.as_object_mut() {
        fields.extend(keystore.id.clone().map(|id| ("id".into(), id.into())));
        fields.extend(keystore.address.map(|address| ("address".into(), hex::encode(address.0).into())));
    }
    document
}

#[derive(Deserialize)]
struct Document {
    version: u32,
    // Random, and of no use to a reader: what a tool wrote is kept, whatever it is.
    id: Option<String>,
    address: Option<String>,
    // MyEtherWallet writes it with a capital.
    #[serde(alias = "Crypto")]
    crypto: Crypto,
}

#[derive(Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: String,
    kdf: String,
    kdfparams: Value,
    mac: String,
}

#[derive(Deserialize)]
struct CipherParams {
    iv: String,
}

#[derive(Deserialize)]
struct ScryptParams {
    dklen: u64,
    n: u64,
    r: u64,
    p: u64,
    salt: String,
}

#[derive(Deserialize)]
struct Pbkdf2Params {
    dklen: u64,
    c: u64,
    prf: String,
    salt: String,
}

fn parse_scrypt(params: Value) -> Result<Kdf, KeystoreError> {
    let params: ScryptParams = serde_json::from_value(params).map_err(KeystoreError::NotAKeystore)?;
    require_length(params.dklen)?;
    let cost = ScryptCost::parse(params.n, params.r, params.p)?;
    Ok(Kdf::Scrypt { cost, salt: bytes(&params.salt, "kdfparams.salt")? })
}

fn parse_pbkdf2(params: Value) -> Result<Kdf, KeystoreError> {
    let params: Pbkdf2Params = serde_json::from_value(params).map_err(KeystoreError::NotAKeystore)?;
    require_length(params.dklen)?;
    if params.prf != PRF {
        return Err(unsupported(UnsupportedPart::Prf, params.prf, PRF));
    }
    Kdf::pbkdf2(params.c, bytes(&params.salt, "kdfparams.salt")?)
}

fn require_length(dklen: u64) -> Result<(), KeystoreError> {
    if dklen == DERIVED_LENGTH {
        return Ok(());
    }
    Err(unsupported(UnsupportedPart::DerivedLength, dklen.to_string(), "32"))
}

fn ciphertext(text: &str) -> Result<Vec<u8>, KeystoreError> {
    let ciphertext = bytes(text, "ciphertext")?;
    match ciphertext.len() {
        1..=32 => Ok(ciphertext),
        _ => Err(KeystoreError::BadField { field: "ciphertext", must_be: "1 to 32 bytes in hexadecimal" }),
    }
}

fn bytes(text: &str, field: &'static str) -> Result<Vec<u8>, KeystoreError> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits).map_err(|_| KeystoreError::BadField { field, must_be: "bytes in hexadecimal" })
}

fn array<const N: usize>(
    text: &str,
    field: &'static str,
    must_be: &'static str,
) -> Result<[u8; N], KeystoreError> {
    bytes(text, field)?.try_into().map_err(|_| KeystoreError::BadField { field, must_be })
}

fn unsupported(part: UnsupportedPart, found: String, supported: &'static str) -> KeystoreError {
    KeystoreError::Unsupported { part, found, supported }
}

const CIPHER: &str = "aes-128-ctr";
const SCRYPT: &str = "scrypt";
const PBKDF2: &str = "pbkdf2";
const PRF: &str = "hmac-sha256";
const DERIVED_LENGTH: u64 = 32;
