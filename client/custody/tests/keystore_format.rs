//! The format: published vectors, other tools' habits, damage and hostile costs.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use countersign_custody::{
    Custody, Keystore, KeystoreError, LocalKey, Passphrase, ScryptCost, UnsupportedPart,
};
use countersign_protocol::curve::SecretKey;
use serde_json::{Value, json};
use zeroize::Zeroizing;

const WIKI_SCRYPT: &str = include_str!("vectors/wiki-scrypt.json");
const WIKI_PBKDF2: &str = include_str!("vectors/wiki-pbkdf2.json");
const GETH_31_BYTES: &str = include_str!("vectors/geth-31-byte-key.json");
const WIKI_SECRET: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
const GETH_31_BYTES_SECRET: &str = "00fa7b3db73dc7dfdf8c5fbdb796d741e4488628c41fc4febd9160a866ba0f35";

#[test]
fn the_vectors_of_the_web3_secret_storage_definition_open() {
    for json in [WIKI_SCRYPT, WIKI_PBKDF2] {
        let keystore = Keystore::from_json(json.as_bytes()).unwrap();
        assert_eq!(keystore.address(), None);
        let key = keystore.decrypt(&passphrase("testpassword")).unwrap();
        assert_eq!(key.public_key(), public_key_of(WIKI_SECRET));
        let wrong = keystore.decrypt(&passphrase("testpasswore")).unwrap_err();
        assert!(matches!(wrong, KeystoreError::WrongPassphrase), "{wrong:?}");
    }
}

#[test]
fn a_key_whose_leading_zero_another_tool_dropped_opens() {
    let keystore = Keystore::from_json(GETH_31_BYTES.as_bytes()).unwrap();
    let key = keystore.decrypt(&passphrase("foo")).unwrap();
    assert_eq!(key.public_key(), public_key_of(GETH_31_BYTES_SECRET));
}

#[test]
fn what_is_encrypted_here_opens_here_with_its_address_and_a_random_identifier() {
    let key = LocalKey::generate().unwrap();
    let pass = passphrase("correct horse");
    let (one, two) = (encrypt(&key, &pass), encrypt(&key, &pass));
    for field in ["/id", "/crypto/cipherparams/iv", "/crypto/kdfparams/salt", "/crypto/mac"] {
        assert_ne!(one.pointer(field), two.pointer(field), "{field}");
    }
    assert_eq!(one["id"].as_str().map(str::len), Some(36));
    assert_eq!(one["crypto"]["kdfparams"]["n"], 4096);
    let read = Keystore::from_json(one.to_string().as_bytes()).unwrap();
    assert_eq!(read.address().unwrap().0, key.public_key().address());
    assert_eq!(read.decrypt(&pass).unwrap().public_key(), key.public_key());
    assert_eq!(serde_json::from_str::<Value>(&read.to_json()).unwrap(), one);
}

#[test]
fn the_standard_cost_is_that_of_geth() {
    let key = LocalKey::generate().unwrap();
    let keystore = Keystore::encrypt(&key, &passphrase("slow"), ScryptCost::STANDARD).unwrap();
    let params = &serde_json::from_str::<Value>(&keystore.to_json()).unwrap()["crypto"]["kdfparams"];
    assert_eq!((&params["n"], &params["r"], &params["p"]), (&json!(262_144), &json!(8), &json!(1)));
    assert_eq!(keystore.decrypt(&passphrase("slow")).unwrap().public_key(), key.public_key());
}

#[test]
fn costs_beyond_the_bounds_are_refused_before_they_are_paid() {
    for (n, r, p) in [
        (1_u64 << 20, 8_u64, 1_u64),
        (1 << 40, 8, 1),
        (1 << 63, 1, 1),
        (2, 1 << 40, 1),
        (1 << 18, 8, 9),
        (2, 8, u64::MAX),
        (1 << 63, u64::MAX, u64::MAX),
    ] {
        let error = with_scrypt(n, r, p).unwrap_err();
        assert!(matches!(error, KeystoreError::CostRefused { .. }), "{n} {r} {p}: {error:?}");
    }
    for (n, r, p) in [(0, 8, 1), (1, 8, 1), (3, 8, 1), (4096, 0, 1), (4096, 8, 0)] {
        let error = with_scrypt(n, r, p).unwrap_err();
        assert!(matches!(error, KeystoreError::BadField { .. }), "{n} {r} {p}: {error:?}");
    }
    let rounds = |c: u64| altered(WIKI_PBKDF2, "/crypto/kdfparams/c", json!(c));
    assert!(matches!(rounds(u64::MAX).unwrap_err(), KeystoreError::CostRefused { .. }));
    assert!(matches!(rounds(0).unwrap_err(), KeystoreError::BadField { .. }));
    // The largest that is allowed is allowed, not paid for here.
    with_scrypt(1 << 19, 8, 4).unwrap();
}

#[test]
fn what_is_not_supported_is_named() {
    for (json, pointer, value, part) in [
        (WIKI_SCRYPT, "/version", json!(1), UnsupportedPart::Version),
        (WIKI_SCRYPT, "/crypto/cipher", json!("aes-128-cbc"), UnsupportedPart::Cipher),
        (WIKI_SCRYPT, "/crypto/kdf", json!("argon2id"), UnsupportedPart::Kdf),
        (WIKI_SCRYPT, "/crypto/kdfparams/dklen", json!(16), UnsupportedPart::DerivedLength),
        (WIKI_PBKDF2, "/crypto/kdfparams/prf", json!("hmac-sha1"), UnsupportedPart::Prf),
    ] {
        let error = altered(json, pointer, value).unwrap_err();
        assert!(matches!(error, KeystoreError::Unsupported { part: got, .. } if got == part), "{error:?}");
    }
}

#[test]
fn damaged_fields_are_named() {
    for (pointer, value, named) in [
        ("/crypto/cipherparams/iv", json!("83db"), "cipherparams.iv"),
        ("/crypto/mac", json!("zz"), "mac"),
        ("/crypto/ciphertext", json!(""), "ciphertext"),
        ("/crypto/ciphertext", json!("00".repeat(33)), "ciphertext"),
        ("/crypto/kdfparams/salt", json!("0"), "kdfparams.salt"),
    ] {
        let error = altered(WIKI_SCRYPT, pointer, value).unwrap_err();
        assert!(matches!(error, KeystoreError::BadField { field, .. } if field == named), "{error:?}");
    }
    for not_json in [&b""[..], b"{", b"[]", b"\xff\xfe", b"{\"version\":3}", b"{\"version\":-1}"] {
        assert!(matches!(Keystore::from_json(not_json).unwrap_err(), KeystoreError::NotAKeystore(_)));
    }
}

#[test]
fn every_flipped_bit_of_what_the_tag_covers_is_noticed() {
    let key = LocalKey::generate().unwrap();
    let pass = passphrase("flip");
    let mut document = encrypt(&key, &pass);
    document["crypto"]["kdfparams"] = json!({"dklen": 32, "n": 2, "r": 1, "p": 1, "salt": "00"});
    // Encrypted under another cost than it says now: to open must fail, never give another key.
    for pointer in ["/crypto/ciphertext", "/crypto/mac"] {
        let original = document.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        for position in 0..original.len() {
            let mut digits = original.clone().into_bytes();
            digits[position] = if digits[position] == b'0' { b'1' } else { b'0' };
            *document.pointer_mut(pointer).unwrap() = json!(String::from_utf8(digits).unwrap());
            let keystore = Keystore::from_json(document.to_string().as_bytes()).unwrap();
            assert!(matches!(keystore.decrypt(&pass).unwrap_err(), KeystoreError::WrongPassphrase));
        }
        *document.pointer_mut(pointer).unwrap() = json!(original);
    }
}

#[test]
fn an_address_that_is_not_the_keys_is_reported() {
    let key = LocalKey::generate().unwrap();
    let pass = passphrase("whose");
    let mut document = encrypt(&key, &pass);
    document["address"] = json!("0x00000398232e2064f896018496b4b44b3d62751f");
    let keystore = Keystore::from_json(document.to_string().as_bytes()).unwrap();
    assert!(matches!(keystore.decrypt(&pass).unwrap_err(), KeystoreError::AddressDiffers { .. }));
}

#[test]
fn habits_of_other_tools_are_accepted() {
    let mut document: Value = serde_json::from_str(GETH_31_BYTES).unwrap();
    let fields = document.as_object_mut().unwrap();
    let crypto = fields.remove("crypto").unwrap();
    fields.insert("Crypto".into(), crypto);
    fields.remove("id");
    fields.insert("name".into(), json!("a label that a wallet added"));
    let keystore = Keystore::from_json(document.to_string().as_bytes()).unwrap();
    keystore.decrypt(&passphrase("foo")).unwrap();
}

#[test]
fn debug_of_a_keystore_and_of_a_passphrase_shows_no_secret() {
    assert_eq!(format!("{:?}", passphrase("hunter2")), "Passphrase(..)");
    let keystore = Keystore::from_json(GETH_31_BYTES.as_bytes()).unwrap();
    assert!(!format!("{keystore:?}").contains("711f8169"));
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.as_bytes().to_vec())).unwrap()
}

fn encrypt(key: &LocalKey, passphrase: &Passphrase) -> Value {
    let keystore = Keystore::encrypt(key, passphrase, ScryptCost::LIGHT).unwrap();
    serde_json::from_str(&keystore.to_json()).unwrap()
}

fn public_key_of(secret: &str) -> countersign_protocol::curve::PublicKey {
    let bytes: [u8; 32] = hex::decode(secret).unwrap().try_into().unwrap();
    SecretKey::from_bytes(&bytes).unwrap().public_key()
}

fn altered(json: &str, pointer: &str, value: Value) -> Result<Keystore, KeystoreError> {
    let mut document: Value = serde_json::from_str(json).unwrap();
    *document.pointer_mut(pointer).unwrap() = value;
    Keystore::from_json(document.to_string().as_bytes())
}

fn with_scrypt(n: u64, r: u64, p: u64) -> Result<Keystore, KeystoreError> {
    let mut document: Value = serde_json::from_str(WIKI_SCRYPT).unwrap();
    document["crypto"]["kdfparams"] = json!({"dklen": 32, "n": n, "r": r, "p": p, "salt": "00"});
    Keystore::from_json(document.to_string().as_bytes())
}
