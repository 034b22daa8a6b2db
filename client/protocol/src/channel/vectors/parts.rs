//! Primitives, state, proposals, records and datagrams, each by itself.

use alloc::vec::Vec;

use super::case::{array, bytes, number, reading, record, secret};
use super::cases;
use crate::channel::direction::{Direction, record_nonce};
use crate::channel::limits::Caps;
use crate::channel::{Padding, RecordType, lane};
use crate::curve::PublicKey;
use crate::kem::{EncapsulationKey, KemKeyPair};
use crate::secret::Secret32;
use crate::{Proposal, Reading};

#[test]
fn keys_and_products() {
    for case in cases("key_pair") {
        let public = secret(case.input("secret")).public_key();
        assert_eq!(public.compressed().to_vec(), bytes(case.output("public")));
        assert_eq!(public.address().to_vec(), bytes(case.output("address")));
    }
    for case in cases("diffie_hellman") {
        let point = bytes(case.input("point"));
        let point = point.as_slice().try_into().ok().and_then(|point| PublicKey::from_compressed(point).ok());
        assert_eq!(point.is_none(), case.is_refused(), "{}", case.name());
        let Some(point) = point else { continue };
        let product = secret(case.input("secret")).ecdh_x(&point);
        assert_eq!(*product.as_bytes(), array(case.output("shared")));
    }
}

#[test]
fn encapsulation_keys() {
    for case in cases("kem_pair") {
        let pair = KemKeyPair::from_seed(&array(case.input("seed")));
        assert_eq!(pair.encapsulation_key().to_vec(), bytes(case.output("public")));
    }
    for case in cases("encapsulation") {
        let key = EncapsulationKey::parse(array(case.input("key")));
        assert_eq!(key.is_none(), case.is_refused(), "{}", case.name());
        let Some(key) = key else { continue };
        let (ciphertext, shared) = key.encapsulate(&Secret32::new(array(case.input("randomness"))));
        assert_eq!(ciphertext.to_vec(), bytes(case.output("ciphertext")));
        assert_eq!(*shared.expose(), array(case.output("shared")));
    }
}

#[test]
fn states_and_proposals() {
    for case in cases("state") {
        let state = case.input("state");
        assert_eq!(record(&state["initiator"]).hash(), array(case.output("initiator_hash")));
        assert_eq!(record(&state["responder"]).hash(), array(case.output("responder_hash")));
        let encoded = bytes(case.output("proposal"));
        let proposal = Proposal::decode(&encoded).unwrap();
        assert_eq!(proposal.claimed_state_hash().0, array(case.output("state_hash")), "{}", case.name());
        assert_eq!(proposal.timestamp_unix_ms, number(case.input("timestamp")));
        let readings: Vec<_> = state["valuation"].as_array().unwrap().iter().map(reading).collect();
        assert!(readings.iter().map(Reading::claim).eq(proposal.readings.iter().cloned()), "{}", case.name());
        let mut again = Vec::new();
        proposal.encode_into(&mut again);
        assert_eq!(again, encoded);
    }
    for case in cases("open_proposal") {
        let decoded = Proposal::decode(&bytes(case.input("proposal")));
        assert_eq!(decoded.is_err(), case.is_refused(), "{}", case.name());
    }
}

#[test]
fn records() {
    for case in cases("record") {
        let content = bytes(case.input("content"));
        let kind = u8::try_from(number(case.input("type"))).unwrap();
        let mut made = match case.input("padded_to").as_u64() {
            None => [&[kind][..], &content].concat(),
            Some(bucket) => {
                let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
                let mut made = [&[RecordType::Padded as u8, kind, high, low][..], &content].concat();
                made.resize(1 + usize::try_from(bucket).unwrap(), 0);
                made
            }
        };
        made.extend_from_slice(&[0; 16]);
        let mut direction = Direction::new(&Secret32::new(array(case.input("key"))));
        direction.rewind_to(number(case.input("number")));
        direction.seal(&mut made, Caps::MOST).unwrap();
        assert_eq!(made, bytes(case.output("record")), "{}", case.name());
    }
    for case in cases("open_record") {
        let mut direction = Direction::new(&Secret32::new(array(case.input("key"))));
        direction.rewind_to(number(case.input("number")));
        let mut sealed = bytes(case.input("record"));
        let known = sealed.first().is_some_and(|first| RecordType::from_byte(*first).is_ok());
        let opened = direction.open(&mut sealed).map(|content| content.to_vec());
        assert_eq!(opened.is_err() || !known, case.is_refused(), "{}", case.name());
        if !case.is_refused() {
            assert_eq!(opened, Ok(bytes(case.output("content"))));
        }
    }
}

#[test]
fn datagrams() {
    for case in cases("seal_datagram") {
        let sealed = bytes(case.output("datagram"));
        let header: [u8; 21] = super::case::prefix(&sealed);
        assert_eq!(lane::lane_of(&sealed), Some(array(case.input("lane"))));
        assert_eq!(header[9..13], u32::try_from(number(case.input("epoch"))).unwrap().to_be_bytes());
        assert_eq!(header[13..], number(case.input("number")).to_be_bytes());
        let mut text = match case.input("padded_to").as_u64() {
            None => bytes(case.input("content")),
            Some(bucket) => {
                let content = bytes(case.input("content"));
                let length = u16::try_from(content.len()).unwrap().to_be_bytes();
                let mut text = [&length[..], &content].concat();
                text.resize(usize::try_from(bucket).unwrap(), 0);
                assert_eq!(
                    Padding::Multiple(100.try_into().unwrap()).bucket(2 + content.len(), 1_195),
                    text.len()
                );
                text
            }
        };
        let key = crate::aead::AeadKey::new(&Secret32::new(array(case.input("key"))));
        let tag = key.seal(record_nonce(header[0], number(case.input("number"))), &[], &mut text);
        assert_eq!([&header[..], &text, &tag].concat(), sealed, "{}", case.name());
    }
}
