//! The vectors of `tests/vectors/protocol`, which the independent peer in `tests/peer` made from the specification alone: every
//! case is computed again here, and counted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod case;
mod continued;
mod live;
mod parts;

use alloc::vec::Vec;

use case::Case;
use serde_json::Value;

use crate::Role;
use crate::channel::Channel;
use crate::channel::direction::Direction;
use crate::channel::limits::Caps;
use crate::key_schedule::{self, EpochSecrets, TicketSecrets};
use crate::secret::Secret32;

/// Every case of that kind in that file.
fn cases(kind: &str) -> Vec<Case> {
    let files = [
        include_str!("../../../../tests/vectors/protocol/primitives.json"),
        include_str!("../../../../tests/vectors/protocol/state.json"),
        include_str!("../../../../tests/vectors/protocol/live.json"),
        include_str!("../../../../tests/vectors/protocol/epochs.json"),
        include_str!("../../../../tests/vectors/protocol/resumption.json"),
        include_str!("../../../../tests/vectors/protocol/records.json"),
    ];
    let all = files.into_iter().flat_map(|file| serde_json::from_str::<Vec<Value>>(file).unwrap());
    all.filter(|case| case["kind"] == kind).map(Case).collect()
}

/// The kinds and how many cases of each there are. `record_word` is the registry's, and its crate's to check.
#[test]
fn no_kind_is_left_out() {
    let known = [
        ("key_pair", 2),
        ("kem_pair", 1),
        ("encapsulation", 4),
        ("diffie_hellman", 10),
        ("state", 11),
        ("record_word", 3),
        ("open_proposal", 17),
        ("live", 6),
        ("open_hello", 24),
        ("open_answer", 38),
        ("epoch", 8),
        ("resumption", 4),
        ("record", 10),
        ("open_record", 6),
        ("seal_datagram", 4),
    ];
    for (kind, count) in known {
        assert_eq!(cases(kind).len(), count, "{kind}");
    }
    assert_eq!(known.iter().map(|(_, count)| count).sum::<usize>(), 148);
}

/// An end's keys and secrets are those of an epoch, where this end was the Noise initiator, or was not.
fn assert_epoch(channel: &mut Channel, epoch: &Value, began: bool) {
    let expected = |name: &str| Secret32::new(case::array(&epoch[name]));
    assert_eq!(channel.handshake_hash, case::array(&epoch["h"]));
    assert_eq!(*channel.rotation_secret.expose(), case::array(&epoch["rotation_secret"]));
    let (sending, receiving) =
        if began { ("initiator_key", "responder_key") } else { ("responder_key", "initiator_key") };
    assert!(is_under(&mut channel.sender, &expected(sending)), "{sending}");
    assert!(is_under(&mut channel.receiver, &expected(receiving)), "{receiving}");
    let derived = EpochSecrets::derive(&expected("epoch_secret"), &channel.handshake_hash);
    for (name, secret) in [
        ("exporter_secret", &derived.exporter),
        ("rotation_secret", &derived.rotation),
        ("resumption_secret", &derived.resumption),
        ("datagram_secret", &derived.datagram),
    ] {
        assert_eq!(*secret.expose(), case::array(&epoch[name]), "{name}");
    }
}

/// Both directions' datagram keys, and that this end seals with its own.
fn assert_datagrams(channel: &mut Channel, outputs: &Value) {
    let secret = Secret32::new(case::array(&outputs["epoch"]["datagram_secret"]));
    let names = ["initiator_datagram_key", "responder_datagram_key"];
    for (name, key) in names.iter().zip(key_schedule::datagram_keys(&secret)) {
        assert_eq!(*key.expose(), case::array(&outputs[*name]), "{name}");
    }
    let ours = match channel.role {
        Role::Initiator => names[0],
        Role::Responder => names[1],
    };
    let mut datagram = Vec::new();
    channel.append_datagram(b"tick", &mut datagram).unwrap();
    let key = crate::aead::AeadKey::new(&Secret32::new(case::array(&outputs[ours])));
    let number = u64::from_be_bytes(case::prefix(&datagram[13..]));
    let nonce = crate::channel::direction::record_nonce(0x20, number);
    key.open(nonce, &[], &mut datagram[21..]).unwrap();
    assert_eq!(&datagram[21..25], b"tick");
}

/// What a first epoch gives besides its keys.
fn assert_session(channel: &Channel, case: &Case) {
    let outputs = &case.0["outputs"];
    let export = &case.0["inputs"]["export"];
    let mut exported = alloc::vec![0; usize::try_from(export["length"].as_u64().unwrap()).unwrap()];
    let (label, context) = (case::bytes(&export["label"]), case::bytes(&export["context"]));
    channel.exporter().export(&label, &context, &mut exported).unwrap();
    assert_eq!(exported, case::bytes(&outputs["exported"]));
    let resumption = Secret32::new(case::array(&outputs["epoch"]["resumption_secret"]));
    let ticket = TicketSecrets::derive(&resumption);
    assert_eq!(*ticket.secret.expose(), case::array(&outputs["ticket_secret"]));
    assert_eq!(*ticket.proposal_key.expose(), case::array(&outputs["proposal_key"]));
    assert_eq!(ticket.id, case::array(&outputs["ticket_id"]));
    assert_eq!(channel.resumption_secret.as_ref().unwrap().expose(), resumption.expose());
    assert_eq!(channel.lane(), case::array(&outputs["lane"]));
}

fn is_under(direction: &mut Direction, key: &Secret32) -> bool {
    let mut expected = direction.continued(key);
    let (mut ours, mut theirs) = ([0x10; 20], [0x10; 20]);
    let number = direction.number();
    direction.seal(&mut ours, Caps::MOST).unwrap();
    expected.seal(&mut theirs, Caps::MOST).unwrap();
    direction.rewind_to(number);
    ours == theirs
}
