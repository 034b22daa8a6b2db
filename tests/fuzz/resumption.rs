//! What reaches either side of a resumption.

use countersign_protocol::resumption::{self, AwaitingState, AwaitingTicket, SentResume, TICKET_UNKNOWN};
use countersign_protocol::{Error, First, Proposal, Reject, Ticket, first_message};

use super::receiver::KEYS;
use super::support::{self, Pair, initiator_ephemerals, responder_ephemerals};

/// A resume that reaches a responder, of someone who knows its public key and so passes the first check.
pub fn resume(data: &[u8]) {
    let mut message = data.to_vec();
    let pair = pair(data);
    // Shorter than header, `e` and both MACs: nothing to repair.
    if message.len() >= 69 {
        support::repair_mac1(&mut message, &pair.bob.public_key());
    }
    if let Ok(first) = first_message(&message, &pair.bob.public_key()) {
        assert_eq!(first, if message[0] == 1 { First::Hello } else { First::Resume });
    }
    let Some(state) = read(&pair, &message) else { return };
    let honest = sent(&pair).resume;
    // What the ticket's key seals is what its bearer sealed; the last MAC is for responders under load alone.
    let proposal = honest.len() - 32 - SEALED_PROPOSAL..honest.len() - 32;
    assert_eq!(
        message.get(proposal.clone()),
        honest.get(proposal),
        "a ticket was used up by another than its bearer"
    );
    if state.accept(pair.bob_view.clone(), responder_ephemerals()).is_ok() {
        let covered = honest.len() - 16;
        assert_eq!(message.len(), honest.len());
        assert_eq!(message[..covered], honest[..covered], "a responder took a resume that was never sent");
    }
}

/// What the ticket's bearer seals as its proposal. It may propose what it likes, but not for others, and not for later.
pub fn sealed_proposal(data: &[u8]) {
    let pair = Pair::new();
    let mut resume = KEYS.resume(&sent(&pair).resume, data);
    support::repair_mac1(&mut resume, &pair.bob.public_key());
    let Some(state) = read(&pair, &resume) else { return };
    let proposal = Proposal::decode(data).unwrap();
    assert_eq!(*state.proposal(), proposal);
    assert_eq!(proposal.timestamp_unix_ms, 0);
    let parties = (pair.alice.record.identity, pair.bob.record.identity);
    assert_eq!((proposal.initiator, proposal.responder), parties, "a ticket of one pair opened for another");
    if state.accept(pair.bob_view.clone(), responder_ephemerals()).is_ok() {
        assert_eq!(data, honest_proposal(), "a responder agreed to what it does not see");
    }
}

/// An answer to a resume.
pub fn resume_reply(data: &[u8]) {
    let pair = Pair::new();
    match sent(&pair).next.read(&mut data.to_vec()) {
        Ok(_) => assert_eq!(data, honest_reply(&pair), "an initiator took a reply that was never sent"),
        Err(Error::TicketUnknown) => assert_eq!(data, TICKET_UNKNOWN),
        Err(Error::Rejected(_)) => {
            assert_eq!(data, honest_reject(&pair), "an initiator believed a reject that nobody sent");
        }
        Err(_) => {}
    }
}

pub fn honest_resumes() -> Vec<Vec<u8>> {
    vec![sent(&Pair::new()).resume, sent(&Pair::classical()).resume, Pair::new().hello().hello]
}

/// The honest proposal, and others of the right form with one thing changed.
pub fn sealed_proposals() -> Vec<Vec<u8>> {
    let (honest, resume) = (honest_proposal(), sent(&Pair::new()).resume);
    let (sealed, _macs) = resume.split_at(resume.len() - 32);
    assert!(KEYS.resume(&resume, &honest).starts_with(sealed), "this is not the ticket's key");
    // Time, both owners and labels, version, chain, height, block, registry, both records, count, a value, padding;
    // kind, subject, value, length and calldata of the call.
    let places = [7, 8, 28, 61, 62, 82, 121, 129, 130, 162, 182, 214, 246, 300, 511, 417, 438, 470, 503, 504];
    let altered = places.map(|place| {
        let mut proposal = honest.clone();
        proposal[place] ^= 1;
        proposal
    });
    [vec![honest], altered.to_vec()].concat()
}

fn honest_proposal() -> Vec<u8> {
    let pair = Pair::new();
    let mut encoded = Vec::new();
    read(&pair, &sent(&pair).resume).unwrap().proposal().encode_into(&mut encoded);
    encoded
}

pub fn honest_replies() -> Vec<Vec<u8>> {
    let pair = Pair::new();
    vec![honest_reply(&pair), honest_reject(&pair), TICKET_UNKNOWN.to_vec()]
}

fn honest_reply(pair: &Pair) -> Vec<u8> {
    let state = read(pair, &sent(pair).resume).unwrap();
    state.accept(pair.bob_view.clone(), responder_ephemerals()).ok().unwrap().reply
}

fn honest_reject(pair: &Pair) -> Vec<u8> {
    read(pair, &sent(pair).resume).unwrap().reject(Reject::StaleState)
}

fn sent(pair: &Pair) -> SentResume {
    let [ticket, _] = tickets(pair);
    let ephemerals = initiator_ephemerals(pair.alice_suites.preferred());
    resumption::start(ticket, pair.alice_view.clone(), pair.alice_suites, ephemerals).unwrap()
}

fn read(pair: &Pair, message: &[u8]) -> Option<AwaitingState> {
    let [_, ticket] = tickets(pair);
    let awaiting =
        AwaitingTicket::read(&mut message.to_vec(), &pair.bob.public_key(), pair.bob_suites).ok()?;
    let is_of = awaiting.id() == ticket.id() && awaiting.is_of(&ticket);
    let opened = awaiting.open(ticket);
    assert_eq!(opened.is_ok(), is_of);
    opened.ok()
}

fn tickets(pair: &Pair) -> [Ticket; 2] {
    let (alice, bob) = pair.establish();
    [alice, bob].map(|mut end| end.channel.take_ticket().unwrap())
}

/// The pair whose suite the message names: level 0 is the classical one.
fn pair(message: &[u8]) -> Pair {
    if message.get(2) == Some(&0) { Pair::classical() } else { Pair::new() }
}

/// With three readings, and its tag.
const SEALED_PROPOSAL: usize = 512 + 16;
