//! Byte-for-byte conformance with `snow`, a Noise implementation that we did not write, in both roles and
//! both suites. snow gets its curve from k256 and its KEM from libcrux's portable code, not from this crate.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use aes_gcm::aead::{AeadInOut, KeyInit, inout::InOutBuf};
use countersign_protocol::{ContentType, Established, Role, Suite, SuitePolicy};
use k256::elliptic_curve::sec1::ToSec1Point;
use libcrux_ml_kem::mlkem768::portable as mlkem;
use snow::params::{
    BaseChoice, CipherChoice, DHChoice, HandshakeChoice, HandshakeModifier, HandshakeModifierList,
    HandshakePattern, HashChoice, KemChoice, NoiseParams,
};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Kem, Random};
use support::Pair;

const SUITES: [(Suite, &str); 2] = [
    (Suite::Hybrid, "Noise_IKhfs+psk2_secp256k1+MLKEM768_AESGCM_SHA256"),
    (Suite::Classical, "Noise_IKpsk2_secp256k1_AESGCM_SHA256"),
];

#[test]
fn our_initiator_and_snows_responder_complete_and_agree_byte_for_byte() {
    for (suite, name) in SUITES {
        let pair = pair(suite);
        let sent = pair.hello();
        let prologue = [b"countersign/1", &sent.hello[..4]].concat();
        let psk = psk(&pair);
        let noise_hello = &sent.hello[4..sent.hello.len() - 32];

        let mut responder = snow_responder(&pair, suite, name, &prologue, &psk);
        let mut buffer = vec![0; 65_535];
        let length = responder.read_message(noise_hello, &mut buffer).unwrap();
        let proposal = buffer[..length].to_vec();

        // snow's initiator, given the same secrets and the same payload, writes the very same message.
        let mut initiator = snow_initiator(&pair, suite, name, &prologue, &psk);
        let length = initiator.write_message(&proposal, &mut buffer).unwrap();
        assert_eq!(&buffer[..length], noise_hello);

        let length = responder.write_message(&[], &mut buffer).unwrap();
        let mut reply = [&[2], &buffer[..length]].concat();
        let completed = pair.read_reply(sent.next, &mut reply).unwrap();
        let mut transcript = [0; 32];
        transcript.copy_from_slice(responder.get_handshake_hash());
        assert_eq!(completed.established.summary.handshake_hash, transcript);
        assert_records_open_under(
            responder.dangerously_get_raw_split(),
            completed.established,
            Role::Initiator,
            1,
        );
    }
}

#[test]
fn snows_initiator_and_our_responder_complete_and_agree_byte_for_byte() {
    for (suite, name) in SUITES {
        let pair = pair(suite);
        let ours = pair.hello().hello;
        let prologue = [b"countersign/1", &ours[..4]].concat();
        let psk = psk(&pair);
        let mut buffer = vec![0; 65_535];
        let mut reader = snow_responder(&pair, suite, name, &prologue, &psk);
        let length = reader.read_message(&ours[4..ours.len() - 32], &mut buffer).unwrap();
        let proposal = buffer[..length].to_vec();

        let mut initiator = snow_initiator(&pair, suite, name, &prologue, &psk);
        let length = initiator.write_message(&proposal, &mut buffer).unwrap();
        let mut hello = [&ours[..4], &buffer[..length], &[0; 32]].concat();
        support::repair_mac1(&mut hello, &pair.bob.public_key());
        let peer = pair.read_hello(&mut hello).unwrap();
        let replied = pair.accept(peer).unwrap();

        let length = reader.write_message(&[], &mut buffer).unwrap();
        assert_eq!(&replied.reply[1..], &buffer[..length], "snow's responder writes the same reply");
        initiator.read_message(&replied.reply[1..], &mut buffer).unwrap();
        let keys = initiator.dangerously_get_raw_split();

        // snow's side confirms with the initiator's key.
        let mut confirmation = seal(&keys.0, 0, CONFIRMATION, b"");
        let established = replied.next.read(&mut confirmation).unwrap();
        assert_eq!(established.summary.handshake_hash[..], *initiator.get_handshake_hash());
        assert_records_open_under(keys, established, Role::Responder, 0);
    }
}

#[test]
fn another_state_is_another_key_for_snow_too() {
    let pair = pair(Suite::Hybrid);
    let sent = pair.hello();
    let prologue = [b"countersign/1", &sent.hello[..4]].concat();
    let mut buffer = vec![0; 65_535];
    let mut responder = snow_responder(&pair, Suite::Hybrid, SUITES[0].1, &prologue, &[9; 32]);
    responder.read_message(&sent.hello[4..sent.hello.len() - 32], &mut buffer).unwrap();
    let length = responder.write_message(&[], &mut buffer).unwrap();
    let mut reply = [&[2], &buffer[..length]].concat();
    assert_eq!(
        pair.read_reply(sent.next, &mut reply).err(),
        Some(countersign_protocol::ChainDisagrees::NotConfirmed.into())
    );
}

fn pair(suite: Suite) -> Pair {
    match suite {
        Suite::Hybrid => Pair { alice_suites: SuitePolicy::HYBRID, ..Pair::new() },
        Suite::Classical => Pair::classical(),
    }
}

/// The PSK by its formula in the specification.
fn psk(pair: &Pair) -> [u8; 32] {
    let state_hash = pair.alice_view.state_hash(Role::Initiator).0;
    let mut psk = [0; 32];
    hkdf::Hkdf::<sha2::Sha256>::new(Some(b"countersign/1 state psk"), &[state_hash, [0; 32]].concat())
        .expand(&[], &mut psk)
        .unwrap();
    psk
}

/// Our records open under snow's keys, and records sealed under them open with us.
fn assert_records_open_under(
    (initiator, responder): ([u8; 32], [u8; 32]),
    mut ours: Established,
    role: Role,
    sent: u64,
) {
    let (our_key, their_key) = match role {
        Role::Initiator => (initiator, responder),
        Role::Responder => (responder, initiator),
    };
    let mut record = [&[0][..], b"quote", &[0; 16]].concat();
    ours.channel.seal(ContentType::Data, &mut record).unwrap();
    assert_eq!(record, seal(&our_key, sent, ContentType::Data as u8, b"quote"));
    let received = 1 - sent;
    let mut record = seal(&their_key, received, ContentType::Data as u8, b"order");
    assert_eq!(ours.channel.open(&mut record, 0).map(support::text), Ok(b"order".to_vec()));
}

fn seal(key: &[u8; 32], number: u64, content_type: u8, text: &[u8]) -> Vec<u8> {
    let mut nonce = [0; 12];
    nonce[0] = content_type;
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    let mut sealed = text.to_vec();
    let tag = aes_gcm::Aes256Gcm::new(key.into())
        .encrypt_inout_detached(&nonce.into(), &[], InOutBuf::from(&mut sealed[..]))
        .unwrap();
    [&[content_type][..], &sealed, &tag].concat()
}

fn snow_initiator(
    pair: &Pair,
    suite: Suite,
    name: &str,
    prologue: &[u8],
    psk: &[u8; 32],
) -> snow::HandshakeState {
    builder(suite, name)
        .local_private_key(pair.alice.secret.expose_bytes())
        .unwrap()
        .remote_public_key(&pair.bob.public_key().compressed())
        .unwrap()
        .fixed_ephemeral_key_for_testing_only(&[0x31; 32])
        .prologue(prologue)
        .unwrap()
        .psk(2, psk)
        .unwrap()
        .build_initiator()
        .unwrap()
}

fn snow_responder(
    pair: &Pair,
    suite: Suite,
    name: &str,
    prologue: &[u8],
    psk: &[u8; 32],
) -> snow::HandshakeState {
    builder(suite, name)
        .local_private_key(pair.bob.secret.expose_bytes())
        .unwrap()
        .fixed_ephemeral_key_for_testing_only(&[0x32; 32])
        .prologue(prologue)
        .unwrap()
        .psk(2, psk)
        .unwrap()
        .build_responder()
        .unwrap()
}

fn builder(suite: Suite, name: &str) -> snow::Builder<'static> {
    let (modifiers, kem) = match suite {
        // The names of DH and KEM are snow's; what they resolve to is ours, and `name` is what is hashed.
        Suite::Hybrid => {
            (vec![HandshakeModifier::Hfs, HandshakeModifier::Psk(2)], Some(KemChoice::Kyber1024))
        }
        Suite::Classical => (vec![HandshakeModifier::Psk(2)], None),
    };
    let handshake = HandshakeChoice {
        pattern: HandshakePattern::IK,
        modifiers: HandshakeModifierList { list: modifiers },
    };
    let params = NoiseParams::new(
        name.to_owned(),
        BaseChoice::Noise,
        handshake,
        DHChoice::Curve25519,
        kem,
        CipherChoice::AESGCM,
        HashChoice::SHA256,
    );
    snow::Builder::with_resolver(params, Box::new(Resolver))
}

struct Resolver;

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        DefaultResolver.resolve_rng()
    }
    fn resolve_dh(&self, _: &DHChoice) -> Option<Box<dyn Dh>> {
        Some(Box::new(Secp256k1 { secret: [1; 32], public: [0; 33] }))
    }
    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }
    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
    fn resolve_kem(&self, _: &KemChoice) -> Option<Box<dyn Kem>> {
        Some(Box::new(MlKem768(mlkem::generate_key_pair([0x31; 64]))))
    }
}

struct Secp256k1 {
    secret: [u8; 32],
    public: [u8; 33],
}

impl Dh for Secp256k1 {
    fn name(&self) -> &'static str {
        "secp256k1"
    }
    fn pub_len(&self) -> usize {
        33
    }
    fn priv_len(&self) -> usize {
        32
    }
    fn dh_len(&self) -> usize {
        32
    }
    fn set(&mut self, secret: &[u8]) {
        self.secret.copy_from_slice(secret);
        let key = k256::SecretKey::from_slice(secret).unwrap();
        self.public.copy_from_slice(key.public_key().to_sec1_point(true).as_bytes());
    }
    fn generate(&mut self, _: &mut dyn Random) -> Result<(), snow::Error> {
        unreachable!("the ephemeral keys of these tests are fixed")
    }
    fn pubkey(&self) -> &[u8] {
        &self.public
    }
    fn privkey(&self) -> &[u8] {
        &self.secret
    }
    fn dh(&self, public: &[u8], out: &mut [u8]) -> Result<(), snow::Error> {
        let public = k256::PublicKey::from_sec1_bytes(&public[..33]).map_err(|_| snow::Error::Dh)?;
        let secret = k256::SecretKey::from_slice(&self.secret).unwrap();
        let shared = k256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), public.as_affine());
        out[..32].copy_from_slice(shared.raw_secret_bytes());
        Ok(())
    }
}

struct MlKem768(libcrux_ml_kem::mlkem768::MlKem768KeyPair);

impl Kem for MlKem768 {
    fn name(&self) -> &'static str {
        "MLKEM768"
    }
    fn pub_len(&self) -> usize {
        1184
    }
    fn ciphertext_len(&self) -> usize {
        1088
    }
    fn shared_secret_len(&self) -> usize {
        32
    }
    fn generate(&mut self, _: &mut dyn Random) {}
    fn pubkey(&self) -> &[u8] {
        self.0.pk()
    }
    fn encapsulate(
        &self,
        public: &[u8],
        secret_out: &mut [u8],
        ciphertext_out: &mut [u8],
    ) -> Result<(usize, usize), snow::Error> {
        let public = <[u8; 1184]>::try_from(public).unwrap().into();
        let (ciphertext, secret) = mlkem::encapsulate(&public, [0x32; 32]);
        secret_out.copy_from_slice(&secret);
        ciphertext_out.copy_from_slice(ciphertext.as_slice());
        Ok((32, 1088))
    }
    fn decapsulate(&self, ciphertext: &[u8], secret_out: &mut [u8]) -> Result<usize, snow::Error> {
        let ciphertext = <[u8; 1088]>::try_from(ciphertext).unwrap().into();
        secret_out.copy_from_slice(&mlkem::decapsulate(self.0.private_key(), &ciphertext));
        Ok(32)
    }
}

/// First byte of a confirmation.
const CONFIRMATION: u8 = 0x13;
