//! The keys of the fixed session, by the formulas of SPEC.md 4, 5 and 9, so that a fuzzer may be the peer: what it says is
//! sealed as an honest peer would seal it. Nothing of the key schedule under test is used.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{AeadInOut, KeyInit, inout::InOutBuf};
use countersign_protocol::Role;
use countersign_protocol::curve::SecretKey;
use hkdf::Hkdf;
use libcrux_ml_kem::mlkem768::portable as mlkem;
use sha2::{Digest, Sha256};

use super::support::Pair;

/// The keys of epoch 0.
pub struct SessionKeys {
    initiator: [u8; 32],
    responder: [u8; 32],
    initiator_datagram: [u8; 32],
    responder_datagram: [u8; 32],
    lane: [u8; 8],
    /// Of the ticket: seals the proposal of a resume.
    proposal_key: [u8; 32],
}

impl SessionKeys {
    /// Those of the hybrid session that a [`Pair`] establishes.
    pub fn of(pair: &Pair) -> Self {
        let [e, re] = [[0x31; 32], [0x32; 32]].map(|seed| SecretKey::from_bytes(&seed).unwrap());
        let hello = pair.hello().hello;
        let peer = pair.read_hello(&mut hello.clone()).unwrap();
        let reply = pair.accept(peer).ok().unwrap().reply;
        let dh = |ours: &SecretKey, theirs: &SecretKey| *ours.ecdh_x(&theirs.public_key()).as_bytes();

        let mut noise = Noise::new(b"Noise_IKhfs+psk2_secp256k1+MLKEM768_AESGCM_SHA256");
        noise.mix_hash(&[b"countersign/1", &hello[..4]].concat());
        noise.mix_hash(&pair.bob.public_key().compressed());
        // -> e, es, e1, s, ss, proposal
        let [message, _macs] = parts(&hello[4..], [hello.len() - 36, 32]);
        noise.mix_ephemeral(&message[..33]);
        noise.mix_key(&dh(&e, &pair.bob.secret));
        noise.mix_hash(&message[33..1_233]);
        noise.mix_hash(&message[1_233..1_282]);
        noise.mix_key(&dh(&pair.alice.secret, &pair.bob.secret));
        noise.mix_hash(&message[1_282..]);
        // <- e, ee, ekem1, se, psk, nothing
        let [re_public, ciphertext, payload] = parts(&reply[1..], [33, 1_104, 16]);
        noise.mix_ephemeral(re_public);
        noise.mix_key(&dh(&e, &re));
        noise.mix_hash(ciphertext);
        let kem = mlkem::generate_key_pair([0x31; 64]);
        noise.mix_key(&mlkem::encapsulate(kem.public_key(), [0x32; 32]).1);
        noise.mix_key(&dh(&pair.alice.secret, &re));
        noise.mix_psk(&psk(pair));
        noise.mix_hash(payload);
        noise.split()
    }

    /// A record with that content, of that role's direction.
    pub fn record(&self, sender: Role, number: u64, first_byte: u8, content: &[u8]) -> Vec<u8> {
        [&[first_byte][..], &seal(self.of_records(sender), first_byte, number, content)].concat()
    }

    /// What a record of that role's direction carries.
    pub fn content(&self, sender: Role, number: u64, record: &[u8]) -> Vec<u8> {
        let (first_byte, sealed) = record.split_first().unwrap();
        let (text, tag) = sealed.split_last_chunk::<16>().unwrap();
        let mut content = text.to_vec();
        Aes256Gcm::new(self.of_records(sender).into())
            .decrypt_inout_detached(
                &nonce(*first_byte, number).into(),
                &[],
                InOutBuf::from(&mut content[..]),
                &(*tag).into(),
            )
            .unwrap();
        content
    }

    /// A resume with that proposal, of the ticket's bearer, as far as its seal; the Noise message is that of another resume.
    pub fn resume(&self, honest: &[u8], proposal: &[u8]) -> Vec<u8> {
        let noise_ends = 4 + 33 + 1_200 + 16;
        let (header, before_proposal) = (&honest[..4], &honest[..noise_ends + 16]);
        let mut sealed = proposal.to_vec();
        let ad = [header, &honest[noise_ends..noise_ends + 16]].concat();
        let tag = Aes256Gcm::new((&self.proposal_key).into())
            .encrypt_inout_detached(&[0; 12].into(), &ad, InOutBuf::from(&mut sealed[..]))
            .unwrap();
        [before_proposal, &sealed, &tag, &[0; 32]].concat()
    }

    const fn of_records(&self, sender: Role) -> &[u8; 32] {
        match sender {
            Role::Initiator => &self.initiator,
            Role::Responder => &self.responder,
        }
    }

    /// A datagram with that content, of that role's direction.
    pub fn datagram(&self, sender: Role, number: u64, first_byte: u8, content: &[u8]) -> Vec<u8> {
        let key = match sender {
            Role::Initiator => &self.initiator_datagram,
            Role::Responder => &self.responder_datagram,
        };
        let sealed = seal(key, first_byte, number, content);
        [&[first_byte][..], &self.lane, &[0; 4], &number.to_be_bytes(), &sealed].concat()
    }
}

/// Noise's symmetric state, without its cipher: the hash takes ciphertexts as they are on the wire.
struct Noise {
    ck: [u8; 32],
    h: [u8; 32],
}

impl Noise {
    fn new(name: &[u8]) -> Self {
        let h = Sha256::digest(name).into();
        Self { ck: h, h }
    }

    fn mix_hash(&mut self, data: &[u8]) {
        self.h = Sha256::new().chain_update(self.h).chain_update(data).finalize().into();
    }

    fn mix_key(&mut self, ikm: &[u8]) {
        [self.ck] = blocks(&Hkdf::new(Some(&self.ck), ikm), &[]);
    }

    fn mix_ephemeral(&mut self, public: &[u8]) {
        self.mix_hash(public);
        self.mix_key(public);
    }

    fn mix_psk(&mut self, psk: &[u8; 32]) {
        let [ck, temp] = blocks(&Hkdf::new(Some(&self.ck), psk), &[]);
        self.mix_hash(&temp);
        self.ck = ck;
    }

    fn split(self) -> SessionKeys {
        let [initiator, responder, epoch] = blocks(&Hkdf::new(Some(&self.ck), &[]), &[]);
        let epoch = Hkdf::from_prk(&epoch).unwrap();
        let [_, _, resumption, datagram] = blocks(&epoch, &[b"countersign/1 epoch", &self.h[..]].concat());
        let datagram = Hkdf::from_prk(&datagram).unwrap();
        let [initiator_datagram, responder_datagram] = blocks(&datagram, b"countersign/1 datagram");
        let [_, proposal_key, _] = blocks(&Hkdf::from_prk(&resumption).unwrap(), b"countersign/1 ticket");
        let lane = Sha256::new().chain_update(b"countersign/1 lane").chain_update(self.h).finalize();
        let lane = *lane.first_chunk().unwrap();
        SessionKeys { initiator, responder, initiator_datagram, responder_datagram, lane, proposal_key }
    }
}

fn psk(pair: &Pair) -> [u8; 32] {
    let state_hash = pair.alice_view.state_hash(Role::Initiator).0;
    let ikm = [state_hash, [0; 32]].concat();
    let [psk] = blocks(&Hkdf::new(Some(b"countersign/1 state psk"), &ikm), &[]);
    psk
}

fn blocks<const N: usize>(hkdf: &Hkdf<Sha256>, info: &[u8]) -> [[u8; 32]; N] {
    let mut blocks = [[0; 32]; N];
    hkdf.expand(info, blocks.as_flattened_mut()).unwrap();
    blocks
}

fn seal(key: &[u8; 32], first_byte: u8, number: u64, content: &[u8]) -> Vec<u8> {
    let mut sealed = content.to_vec();
    let tag = Aes256Gcm::new(key.into())
        .encrypt_inout_detached(&nonce(first_byte, number).into(), &[], InOutBuf::from(&mut sealed[..]))
        .unwrap();
    [sealed, tag.to_vec()].concat()
}

fn nonce(first_byte: u8, number: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[0] = first_byte;
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    nonce
}

fn parts<const N: usize>(bytes: &[u8], lengths: [usize; N]) -> [&[u8]; N] {
    let mut rest = bytes;
    let parts = lengths.map(|length| rest.split_off(..length).unwrap());
    assert!(rest.is_empty(), "a message has another length than the specification says");
    parts
}
