//! Byte-for-byte conformance with `snow`, a Noise implementation that we did not write, in both roles and
//! both suites, live. What continues a session is held against it in `src/handshake/continuation/snow.rs`, from where the
//! secrets that it starts from can be seen.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod resolver;
#[path = "../support/mod.rs"]
mod support;

use aes_gcm::aead::{AeadInOut, KeyInit, inout::InOutBuf};
use countersign_protocol::{ContentType, Established, Role, Suite, SuitePolicy};
use resolver::{Pattern, builder};
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

        let mut responder = snow(&pair, Role::Responder, (suite, name), &prologue, &psk);
        let mut buffer = vec![0; 65_535];
        let length = responder.read_message(noise_hello, &mut buffer).unwrap();
        let proposal = buffer[..length].to_vec();

        // snow's initiator, given the same secrets and the same payload, writes the very same message.
        let mut initiator = snow(&pair, Role::Initiator, (suite, name), &prologue, &psk);
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
        let mut reader = snow(&pair, Role::Responder, (suite, name), &prologue, &psk);
        let length = reader.read_message(&ours[4..ours.len() - 32], &mut buffer).unwrap();
        let proposal = buffer[..length].to_vec();

        let mut initiator = snow(&pair, Role::Initiator, (suite, name), &prologue, &psk);
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
    let mut responder = snow(&pair, Role::Responder, SUITES[0], &prologue, &[9; 32]);
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

/// snow in that role, with the static key and the ephemeral keys that our side of it has.
fn snow(
    pair: &Pair,
    role: Role,
    (suite, name): (Suite, &str),
    prologue: &[u8],
    psk: &[u8; 32],
) -> snow::HandshakeState {
    let (own, ephemeral) = match role {
        Role::Initiator => (&pair.alice, [0x31; 32]),
        Role::Responder => (&pair.bob, [0x32; 32]),
    };
    let peer = pair.bob.public_key().compressed();
    let builder = builder(Pattern::Live, suite == Suite::Hybrid, name)
        .local_private_key(own.secret.expose_bytes())
        .unwrap()
        .fixed_ephemeral_key_for_testing_only(&ephemeral)
        .prologue(prologue)
        .unwrap()
        .psk(2, psk)
        .unwrap();
    match role {
        Role::Initiator => builder.remote_public_key(&peer).unwrap().build_initiator(),
        Role::Responder => builder.build_responder(),
    }
    .unwrap()
}

/// First byte of a confirmation.
const CONFIRMATION: u8 = 0x13;
