//! Every secret of a session, by the formulas of SPEC.md, from what the parties drew and what crossed the network.
//!
//! With other libraries than the ones under test: k256, RustCrypto's HKDF and AES-GCM, libcrux's portable code.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{AeadInOut, KeyInit, inout::InOutBuf};
use k256::elliptic_curve::sec1::ToSec1Point;
use libcrux_ml_kem::mlkem768::portable as mlkem;
use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

use crate::kem_memory;

/// How long a secret may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Until {
    /// The handshake, or the request for an epoch, that it belongs to is complete.
    Established,
    /// The next epoch has begun, and its grace is over.
    Rotated,
    /// The epoch after that has begun.
    Rebound,
    /// The session is dropped, and the next has begun from its tickets.
    Resumed,
    /// All sessions and the keys are dropped.
    Dropped,
}

/// One secret.
pub(crate) struct Secret {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) until: Until,
}

/// What the parties draw, in the order in which they draw.
pub(crate) struct Draws {
    pub(crate) alice_static: [u8; 32],
    pub(crate) bob_static: [u8; 32],
    pub(crate) handshake: Fresh,
    pub(crate) rotation: Fresh,
    pub(crate) resumption: Fresh,
}

/// What one exchange of fresh keys takes.
pub(crate) struct Fresh {
    pub(crate) alice: [u8; 32],
    pub(crate) kem_seed: [u8; 64],
    pub(crate) bob: [u8; 32],
    pub(crate) encapsulation: [u8; 32],
}

/// Secrets as they come to light.
#[derive(Default)]
pub(crate) struct Ledger(pub(crate) Vec<Secret>);

impl Ledger {
    pub(crate) fn add(&mut self, name: impl Into<String>, bytes: &[u8], until: Until) {
        self.0.push(Secret { name: name.into(), bytes: bytes.to_vec(), until });
    }

    /// A secret that HMAC or HKDF is keyed with: the key, the key under HMAC's pads, and the states of SHA-256 behind the pads, which are
    /// worth as much as the key.
    pub(crate) fn add_hmac_key(&mut self, name: &str, key: &[u8; 32], until: Until) {
        self.add(name, key, until);
        for (pad, kind) in [(0x36, "inner"), (0x5c, "outer")] {
            let mut block = [pad; 64];
            block.iter_mut().zip(key).for_each(|(to, byte)| *to ^= byte);
            self.add(format!("{name}, {kind} pad"), &block[..32], until);
            let mut state = SHA256_IV;
            compress256(&mut state, &[block]);
            let state: Vec<u8> = state.iter().flat_map(|word| word.to_ne_bytes()).collect();
            self.add(format!("{name}, {kind} state"), &state, until);
        }
    }

    /// A key of AES-256: its first two round keys are itself, the rest is worth as much.
    pub(crate) fn add_aes_key(&mut self, name: &str, key: &[u8; 32], until: Until) {
        self.add(name, key, until);
        for (number, round_key) in round_keys(key).iter().enumerate().skip(2) {
            self.add(format!("{name}, round key {number}"), round_key, until);
        }
    }

    fn expand(
        &mut self,
        name: &str,
        prk: &[u8; 32],
        info: &[&[u8]],
        blocks: usize,
        until: Until,
    ) -> Vec<[u8; 32]> {
        self.add_hmac_key(name, prk, until);
        expanded(&hkdf::Hkdf::<Sha256>::from_prk(prk).unwrap(), info, blocks)
    }

    /// A key pair of ML-KEM: its seeds, the seed of its noise, and what libcrux keeps of it.
    fn add_kem(&mut self, name: &str, seed: &[u8; 64], until: Until) {
        self.add(format!("{name} seed d"), &seed[..32], until);
        self.add(format!("{name} seed z"), &seed[32..], until);
        let expanded = sha3::Sha3_512::new().chain_update(&seed[..32]).chain_update([3]).finalize();
        self.add(format!("{name} seed of the noise"), &expanded[32..], until);
        for (number, block) in kem_memory::private_blocks(seed).into_iter().enumerate() {
            self.add(format!("{name} decapsulation key, block {number}"), &block, until);
        }
    }
}

/// Noise's symmetric state; every secret it ever holds is entered.
struct Noise<'a> {
    ledger: &'a mut Ledger,
    name: &'static str,
    ck: [u8; 32],
    /// Before the first secret is mixed in, anybody can compute it.
    is_secret: bool,
    h: [u8; 32],
    step: usize,
}

impl<'a> Noise<'a> {
    fn new(ledger: &'a mut Ledger, name: &'static str, noise_name: &[u8], prologue: &[u8]) -> Self {
        let h = sha256(&[noise_name]);
        Self { ledger, name, ck: h, is_secret: false, h: sha256(&[&h, prologue]), step: 0 }
    }

    fn mix_hash(&mut self, data: &[u8]) {
        self.h = sha256(&[&self.h, data]);
    }

    /// `HKDF(ck, ikm)`; the first block is the next chaining key.
    fn mix(&mut self, ikm: &[u8], blocks: usize) -> Vec<[u8; 32]> {
        let (prk, hkdf) = hkdf::Hkdf::<Sha256>::extract(Some(&self.ck), ikm);
        let until = Until::Established;
        let name = format!("{} step {}", self.name, self.step);
        if self.is_secret {
            self.ledger.add_hmac_key(&format!("{name}, chaining key"), &self.ck, until);
        }
        self.ledger.add_hmac_key(&format!("{name}, pseudorandom key"), &prk.into(), until);
        let out = expanded(&hkdf, &[], blocks);
        (self.ck, self.is_secret, self.step) = (out[0], true, self.step + 1);
        out
    }

    /// `MixKey` where the cipher key is used.
    fn mix_key(&mut self, ikm: &[u8]) {
        let out = self.mix(ikm, 2);
        self.ledger.add_aes_key(
            &format!("{} cipher key {}", self.name, self.step),
            &out[1],
            Until::Established,
        );
    }

    fn mix_public_ephemeral(&mut self, e: &[u8]) {
        self.mix_hash(e);
        self.ck = expanded(&hkdf::Hkdf::<Sha256>::new(Some(&self.ck), e), &[], 1)[0];
    }

    fn mix_psk(&mut self, state_hash: &[u8; 32], previous: &[u8; 32]) {
        let ikm = [*state_hash, *previous].concat();
        let (prk, hkdf) = hkdf::Hkdf::<Sha256>::extract(Some(b"countersign/1 state psk"), &ikm);
        let psk = expanded(&hkdf, &[], 1)[0];
        self.ledger.add_hmac_key(
            &format!("{} psk, pseudorandom key", self.name),
            &prk.into(),
            Until::Established,
        );
        self.ledger.add(format!("{} psk", self.name), &psk, Until::Established);
        let out = self.mix(&psk, 3);
        self.mix_hash(&out[1]);
        self.ledger.add(format!("{} hash of the psk", self.name), &out[1], Until::Established);
        self.ledger.add_aes_key(&format!("{} cipher key of the psk", self.name), &out[2], Until::Established);
    }

    /// The exchange of fresh keys in a reply: `e, ee, ekem1`.
    fn mix_reply(&mut self, fresh: &Fresh, reply: &[u8]) -> [u8; 32] {
        let (e, sealed) = reply.split_at(33);
        self.mix_hash(e);
        self.mix(e, 1);
        let ee = product(&fresh.alice, e);
        self.ledger.add(format!("{} ee", self.name), &ee, Until::Established);
        self.mix_key(&ee);
        self.mix_hash(&sealed[..1088 + 16]);
        let pair = mlkem::generate_key_pair(fresh.kem_seed);
        let (_, secret) = mlkem::encapsulate(pair.public_key(), fresh.encapsulation);
        self.ledger.add(format!("{} ML-KEM secret", self.name), &secret, Until::Established);
        let hash = sha3::Sha3_256::digest(pair.pk());
        let expanded = sha3::Sha3_512::new().chain_update(fresh.encapsulation).chain_update(hash).finalize();
        assert_eq!(expanded[..32], secret);
        self.ledger.add(format!("{} ML-KEM coins", self.name), &expanded[32..], Until::Established);
        secret
    }

    fn add_fresh(&mut self, fresh: &Fresh) {
        let (name, until) = (self.name, Until::Established);
        self.ledger.add(format!("{name} ephemeral of who begins"), &fresh.alice, until);
        self.ledger.add(format!("{name} ephemeral of who answers"), &fresh.bob, until);
        self.ledger.add(format!("{name} encapsulation randomness"), &fresh.encapsulation, until);
        self.ledger.add_kem(&format!("{name} ML-KEM"), &fresh.kem_seed, until);
    }

    /// The keys of the epoch, which live until `until`.
    fn split(mut self, until: Until) -> Epoch {
        let out = self.mix(&[], 3);
        let name = self.name;
        self.ledger.add_aes_key(&format!("{name} initiator's record key"), &out[0], until);
        self.ledger.add_aes_key(&format!("{name} responder's record key"), &out[1], until);
        let info: [&[u8]; 2] = [b"countersign/1 epoch", &self.h];
        let secrets =
            self.ledger.expand(&format!("{name} epoch secret"), &out[2], &info, 4, Until::Established);
        self.ledger.add_hmac_key(&format!("{name} datagram secret"), &secrets[3], until);
        let datagram =
            expanded(&hkdf::Hkdf::<Sha256>::from_prk(&secrets[3]).unwrap(), &[b"countersign/1 datagram"], 2);
        self.ledger.add_aes_key(&format!("{name} initiator's datagram key"), &datagram[0], until);
        self.ledger.add_aes_key(&format!("{name} responder's datagram key"), &datagram[1], until);
        self.ledger.add(format!("{name} rotation secret"), &secrets[1], until);
        Epoch {
            initiator: out[0],
            responder: out[1],
            exporter: secrets[0],
            rotation: secrets[1],
            resumption: secrets[2],
            h: self.h,
        }
    }
}

struct Epoch {
    initiator: [u8; 32],
    responder: [u8; 32],
    exporter: [u8; 32],
    rotation: [u8; 32],
    resumption: [u8; 32],
    h: [u8; 32],
}

/// Every secret of [`countersign_secrets::session::whole`].
pub(crate) fn secrets(draws: &Draws, wire: &[Vec<u8>], state_hashes: [[u8; 32]; 4]) -> Vec<Secret> {
    let mut ledger = Ledger::default();
    ledger.add("Alice's static key", &draws.alice_static, Until::Dropped);
    ledger.add("Bob's static key", &draws.bob_static, Until::Dropped);
    let [hello, reply, request, answer, ticket_request, ticket_answer, resume, resumed, _] = wire else {
        panic!("{} messages", wire.len())
    };
    let first = handshake(&mut ledger, draws, hello, reply, &state_hashes[0]);

    let ticket = session_secrets(&mut ledger, "first", &first, [Until::Rotated, Until::Resumed]);

    let (request, answer) = (opened(&first.initiator, request), opened(&first.responder, answer));
    let second = rotation(&mut ledger, &draws.rotation, &first, &request, &answer, &state_hashes[1]);
    let (request, answer) =
        (opened(&second.responder, ticket_request), opened(&second.initiator, ticket_answer));
    state_ticket(&mut ledger, &second, &request, &answer, &state_hashes[2]);
    let next = resumption(&mut ledger, &draws.resumption, &ticket, resume, resumed, &state_hashes[3]);
    session_secrets(&mut ledger, "next", &next, [Until::Dropped; 2]);
    ledger.0
}

/// What a session keeps through its epochs, until its ticket is asked for and until it ends. Gives the ticket's secret.
fn session_secrets(
    ledger: &mut Ledger,
    session: &str,
    epoch: &Epoch,
    [asked, until]: [Until; 2],
) -> [u8; 32] {
    ledger.add(format!("{session} exporter secret"), &epoch.exporter, until);
    let name = format!("{session} resumption secret");
    let ticket = ledger.expand(&name, &epoch.resumption, &[b"countersign/1 ticket"], 2, asked);
    ledger.add(format!("{session} ticket secret"), &ticket[0], until);
    ledger.add_aes_key(&format!("{session} proposal key"), &ticket[1], until);
    ticket[0]
}

fn handshake(ledger: &mut Ledger, draws: &Draws, hello: &[u8], reply: &[u8], state_hash: &[u8; 32]) -> Epoch {
    let fresh = &draws.handshake;
    let name = b"Noise_IKhfs+psk2_secp256k1+MLKEM768_AESGCM_SHA256";
    let prologue = [b"countersign/1", &hello[..4]].concat();
    let mut noise = Noise::new(ledger, "handshake", name, &prologue);
    noise.add_fresh(fresh);
    let (alice, bob) = (public(&draws.alice_static), public(&draws.bob_static));
    noise.mix_hash(&bob);
    let (e, rest) = hello[4..hello.len() - 32].split_at(33);
    noise.mix_public_ephemeral(e);
    let [es, ss] = [product(&fresh.alice, &bob), product(&draws.alice_static, &bob)];
    noise.ledger.add("handshake es", &es, Until::Established);
    noise.ledger.add("static-static product", &ss, Until::Dropped);
    noise.mix_key(&es);
    let (e1, rest) = rest.split_at(1184 + 16);
    noise.mix_hash(e1);
    let (s, proposal) = rest.split_at(33 + 16);
    noise.mix_hash(s);
    noise.mix_key(&ss);
    noise.mix_hash(proposal);

    let kem = noise.mix_reply(fresh, &reply[1..]);
    noise.mix(&kem, 1);
    let se = product(&fresh.bob, &alice);
    noise.ledger.add("handshake se", &se, Until::Established);
    noise.mix(&se, 1);
    noise.mix_psk(state_hash, &[0; 32]);
    noise.mix_hash(&reply[reply.len() - 16..]);
    noise.split(Until::Rotated)
}

fn rotation(
    ledger: &mut Ledger,
    fresh: &Fresh,
    before: &Epoch,
    request: &[u8],
    answer: &[u8],
    state_hash: &[u8; 32],
) -> Epoch {
    let name = b"Noise_NNhfs+psk0_secp256k1+MLKEM768_AESGCM_SHA256";
    let (prefix, message) = request.split_at(request.len() - (33 + 1184 + 16 + 16));
    let prologue = [b"countersign/1 rotation", &before.h[..], &[0], prefix].concat();
    let mut noise = Noise::new(ledger, "rotation", name, &prologue);
    noise.add_fresh(fresh);
    noise.mix_psk(state_hash, &before.rotation);
    noise.mix_hash(&message[..33]);
    noise.mix_key(&message[..33]);
    noise.mix_hash(&message[33..33 + 1200]);
    noise.mix_hash(&message[33 + 1200..]);
    let kem = noise.mix_reply(fresh, &answer[5..]);
    noise.mix_key(&kem);
    noise.mix_hash(&answer[answer.len() - 16..]);
    noise.split(Until::Rebound)
}

fn state_ticket(ledger: &mut Ledger, before: &Epoch, request: &[u8], answer: &[u8], state_hash: &[u8; 32]) {
    let (prefix, tag) = request.split_at(request.len() - 16);
    let prologue = [b"countersign/1 rotation", &before.h[..], &[1], prefix].concat();
    let mut noise = Noise::new(ledger, "state ticket", b"Countersign_StateTicket_AESGCM_SHA256", &prologue);
    noise.mix_psk(state_hash, &before.rotation);
    noise.mix_hash(tag);
    noise.mix_hash(&answer[5..]);
    noise.split(Until::Resumed);
}

fn resumption(
    ledger: &mut Ledger,
    fresh: &Fresh,
    ticket_secret: &[u8; 32],
    resume: &[u8],
    reply: &[u8],
    state_hash: &[u8; 32],
) -> Epoch {
    let name = b"Noise_NNhfs+psk0_secp256k1+MLKEM768_AESGCM_SHA256";
    let (message, rest) = resume[4..resume.len() - 32].split_at(33 + 1184 + 16 + 16);
    let prologue = [b"countersign/1 resumption", &resume[..4], rest].concat();
    let mut noise = Noise::new(ledger, "resumption", name, &prologue);
    noise.add_fresh(fresh);
    noise.mix_psk(state_hash, ticket_secret);
    noise.mix_hash(&message[..33]);
    noise.mix_key(&message[..33]);
    noise.mix_hash(&message[33..33 + 1200]);
    noise.mix_hash(&message[33 + 1200..]);
    let kem = noise.mix_reply(fresh, &reply[1..]);
    noise.mix_key(&kem);
    noise.mix_hash(&reply[reply.len() - 16..]);
    noise.split(Until::Dropped)
}

/// The content of a record, whatever its number. That it opens shows that the keys are right.
fn opened(key: &[u8; 32], record: &[u8]) -> Vec<u8> {
    let cipher = Aes256Gcm::new(key.into());
    let (text, tag) = record[1..].split_at(record.len() - 17);
    (0..100_u64)
        .find_map(|number| {
            let mut nonce = [0; 12];
            nonce[0] = record[0];
            nonce[4..].copy_from_slice(&number.to_be_bytes());
            let mut text = text.to_vec();
            let tag = <[u8; 16]>::try_from(tag).unwrap().into();
            cipher.decrypt_inout_detached(&nonce.into(), &[], InOutBuf::from(&mut text[..]), &tag).ok()?;
            Some(text)
        })
        .expect("the reference and the session derive the same keys")
}

fn public(secret: &[u8; 32]) -> Vec<u8> {
    k256::SecretKey::from_slice(secret).unwrap().public_key().to_sec1_point(true).as_bytes().to_vec()
}

fn product(secret: &[u8; 32], public: &[u8]) -> [u8; 32] {
    let secret = k256::SecretKey::from_slice(secret).unwrap();
    let public = k256::PublicKey::from_sec1_bytes(public).unwrap();
    (*k256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), public.as_affine()).raw_secret_bytes()).into()
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

fn expanded(hkdf: &hkdf::Hkdf<Sha256>, info: &[&[u8]], blocks: usize) -> Vec<[u8; 32]> {
    let mut okm = vec![0; 32 * blocks];
    hkdf.expand_multi_info(info, &mut okm).unwrap();
    okm.chunks_exact(32).map(|block| block.try_into().unwrap()).collect()
}

/// FIPS 197, 5.2, for 256 bits.
fn round_keys(key: &[u8; 32]) -> Vec<[u8; 16]> {
    let mut words: Vec<[u8; 4]> = key.chunks_exact(4).map(|word| word.try_into().unwrap()).collect();
    let mut constant = 1;
    while words.len() < 60 {
        let at = words.len();
        let mut word = words[at - 1];
        if at.is_multiple_of(8) {
            word.rotate_left(1);
        }
        if at.is_multiple_of(4) {
            word = word.map(s_box);
        }
        if at.is_multiple_of(8) {
            word[0] ^= constant;
            constant = times_x(constant);
        }
        let before = words[at - 8];
        words.push([0, 1, 2, 3].map(|byte| word[byte] ^ before[byte]));
    }
    words.chunks_exact(4).map(|words| words.concat().try_into().unwrap()).collect()
}

/// FIPS 197, 5.1.1: the inverse in the field, then the affine map.
fn s_box(byte: u8) -> u8 {
    let inverse = (0..254).fold(1, |power, _| times(power, byte));
    (1..5).fold(inverse ^ 0x63, |sum, turn| sum ^ inverse.rotate_left(turn))
}

fn times(a: u8, b: u8) -> u8 {
    let (mut a, mut product) = (a, 0);
    for bit in 0..8 {
        if b >> bit & 1 == 1 {
            product ^= a;
        }
        a = times_x(a);
    }
    product
}

const fn times_x(a: u8) -> u8 {
    (a << 1) ^ ((a >> 7) * 0x1b)
}

const SHA256_IV: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
