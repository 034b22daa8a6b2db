//! Two parties in memory, with fixed randomness.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use countersign_protocol::curve::{PublicKey, SecretKey};
use countersign_protocol::{
    Address, Anchor, Calldata, Established, Identity, InitiatorEphemerals, KeyAnswer, KeyRequest, Label,
    PeerKey, Query, Reading, Received, RegistryRecord, ResponderEphemerals, ReturnData, SignatureScheme,
    StateView, Suite, SuitePolicy, Value, initiator, responder,
};

/// By both sides' clocks, unless a test says otherwise.
pub const NOW: u64 = 1_800_000_000_000;

pub struct Party {
    pub secret: SecretKey,
    pub record: RegistryRecord,
}

impl Party {
    pub fn new(seed: u8) -> Self {
        let secret = SecretKey::from_bytes(&[seed; 32]).unwrap();
        let record = RegistryRecord {
            identity: Identity { owner: Address([seed; 20]), label: Label::from_text("desk").unwrap() },
            version: 3,
            signer: Address(secret.public_key().address()),
            anchored_at: 1_700_000_000,
            valid_until: 0,
            scheme: SignatureScheme::Ecdsa,
            suite_floor: 0,
        };
        Self { secret, record }
    }

    pub fn public_key(&self) -> PublicKey {
        self.secret.public_key()
    }

    pub fn proven(&self) -> PeerKey {
        PeerKey::proven(self.record, self.public_key()).unwrap()
    }

    pub fn answer(&self, request: KeyRequest) -> KeyAnswer {
        match request {
            KeyRequest::Ecdh { peer, .. } => KeyAnswer::SharedX(self.secret.ecdh_x(&peer)),
            KeyRequest::Sign { digest } => KeyAnswer::Signature(self.secret.sign_prehash(&digest)),
        }
    }
}

pub fn anchor() -> Anchor {
    Anchor { chain_id: 31_337, block_number: 77, block_hash: [0xb1; 32], registry: Address([0xcc; 20]) }
}

/// Two slots and a view call.
pub fn readings() -> Vec<Reading> {
    let slot = |n| Reading {
        query: Query::StorageSlot { source: Address([0x50 + n; 20]), slot: [n; 32] },
        value: Value::Word([0x70 + n; 32]),
    };
    vec![slot(0), slot(1), call(0x52, &[2; 4], &[0x72; 160])]
}

pub fn call(source: u8, calldata: &[u8], returned: &[u8]) -> Reading {
    Reading {
        query: Query::ViewCall { source: Address([source; 20]), calldata: Calldata::new(calldata).unwrap() },
        value: Value::Returned(ReturnData::new(returned).unwrap()),
    }
}

pub fn view(local: &Party, peer: &Party) -> StateView {
    StateView::proven(anchor(), local.proven(), peer.proven(), readings()).unwrap()
}

pub fn fill(byte: u8) -> impl FnMut(&mut [u8]) -> Result<(), core::convert::Infallible> {
    move |buffer| {
        buffer.fill(byte);
        Ok(())
    }
}

pub fn initiator_ephemerals(suite: Suite) -> InitiatorEphemerals {
    InitiatorEphemerals::generate(suite, fill(0x31)).unwrap()
}

pub fn responder_ephemerals() -> ResponderEphemerals {
    ResponderEphemerals::generate(fill(0x32)).unwrap()
}

/// A pair of parties and what each of them believes.
pub struct Pair {
    pub alice: Party,
    pub bob: Party,
    pub alice_view: StateView,
    pub bob_view: StateView,
    pub alice_suites: SuitePolicy,
    pub bob_suites: SuitePolicy,
    pub alice_now: u64,
    pub bob_now: u64,
}

impl Pair {
    pub fn new() -> Self {
        let (alice, bob) = (Party::new(0xa1), Party::new(0xb0));
        Self {
            alice_view: view(&alice, &bob),
            bob_view: view(&bob, &alice),
            alice,
            bob,
            alice_suites: SuitePolicy::HYBRID,
            bob_suites: SuitePolicy::PREFER_HYBRID,
            alice_now: NOW,
            bob_now: NOW,
        }
    }

    pub fn classical() -> Self {
        Self { alice_suites: SuitePolicy::PREFER_CLASSICAL, ..Self::new() }
    }

    /// Proves both views again after a test changed a record.
    pub fn reprove(&mut self) {
        self.alice_view = view(&self.alice, &self.bob);
        self.bob_view = view(&self.bob, &self.alice);
    }

    pub fn start(&self) -> Result<initiator::AwaitingStaticProduct, countersign_protocol::Error> {
        let params = initiator::InitiatorParams {
            view: self.alice_view.clone(),
            suites: self.alice_suites,
            now_unix_ms: self.alice_now,
        };
        initiator::start(params, initiator_ephemerals(self.alice_suites.preferred()))
    }

    pub fn hello(&self) -> initiator::SentHello {
        let awaiting = self.start().unwrap();
        let answer = self.alice.answer(awaiting.request());
        awaiting.answer(answer).unwrap()
    }

    pub fn expect_hello(&self) -> responder::ExpectHello {
        responder::ExpectHello::new(responder::ResponderParams {
            identity: self.bob.record.identity,
            public_key: self.bob.public_key(),
            suites: self.bob_suites,
            now_unix_ms: self.bob_now,
            max_clock_skew_ms: 30_000,
        })
    }

    pub fn read_hello(
        &self,
        hello: &mut [u8],
    ) -> Result<responder::AwaitingPeer, countersign_protocol::Error> {
        let awaiting = self.expect_hello().read(hello)?;
        let answer = self.bob.answer(awaiting.request());
        let awaiting = awaiting.answer(answer)?;
        let answer = self.bob.answer(awaiting.request());
        awaiting.answer(answer)
    }

    pub fn accept(&self, peer: responder::AwaitingPeer) -> Result<responder::SentReply, responder::Refusal> {
        peer.accept(self.bob_view.clone(), responder_ephemerals())
    }

    pub fn read_reply(
        &self,
        next: initiator::ExpectReply,
        reply: &mut [u8],
    ) -> Result<initiator::Completed, countersign_protocol::Error> {
        let awaiting = next.read(reply)?;
        let answer = self.alice.answer(awaiting.request());
        awaiting.answer(answer)
    }

    /// Runs it all and returns the initiator's end and the responder's.
    pub fn establish(&self) -> (Established, Established) {
        let mut sent = self.hello();
        let peer = self.read_hello(&mut sent.hello).unwrap();
        let mut replied = self.accept(peer).unwrap();
        let mut completed = self.read_reply(sent.next, &mut replied.reply).unwrap();
        let responder = replied.next.read(&mut completed.confirmation).unwrap();
        (completed.established, responder)
    }
}

/// What an attacker can do who knows the responder's public key and nothing else.
pub fn repair_mac1(hello: &mut [u8], responder: &PublicKey) {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::{Digest, Sha256};

    let key =
        Sha256::new().chain_update(b"countersign/1 mac1").chain_update(responder.compressed()).finalize();
    let (before, macs) = hello.split_at_mut(hello.len() - 32);
    let mac =
        Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(&before[..37]).finalize().into_bytes();
    macs.iter_mut().zip(mac).take(16).for_each(|(to, from)| *to = from);
}

/// The content of application data.
pub fn text(received: Received<'_>) -> Vec<u8> {
    match received {
        Received::Data { content, .. } => content.to_vec(),
        other => panic!("{other:?} is no data"),
    }
}
