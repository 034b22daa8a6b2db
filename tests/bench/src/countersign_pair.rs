//! Two Countersign parties in memory: a whole handshake, from two proven views to two channels.

use std::time::{SystemTime, UNIX_EPOCH};

use countersign_protocol::curve::{PublicKey, SecretKey, SharedX};
use countersign_protocol::handshake::{initiator, responder};
use countersign_protocol::{
    Address, Anchor, EcdhPurpose, Established, Identity, InitiatorEphemerals, KeyAnswer, KeyRequest, PeerKey,
    Query, Reading, RegistryRecord, ResponderEphemerals, SignatureScheme, StateView, Suite, SuitePolicy,
    Value,
};

use crate::measure::{BenchError, Unit, Workload};

/// Both sides of a session, with what either keeps between sessions: its key, the peer's proven record, their
/// static-static product. Everything else is of one session and made within it.
pub(crate) struct Pair {
    dialler: Party,
    answerer: Party,
}

/// Fresh ephemerals, the static-static product from the cache, one reading in the state hash; ends with the
/// responder holding the initiator's key confirmation.
///
/// # Errors
/// Should the setup fail.
pub(crate) fn cold() -> Result<Workload, BenchError> {
    let pair = Pair::new()?;
    Ok(Workload {
        name: "handshake.hybrid.cold",
        baseline: "peer.rustls.rpk",
        unit: Unit::Micros,
        runs_per_sample: 1,
        prepare: Box::new(|_| Ok(())),
        run: Box::new(move || {
            let dialling = pair.initiator_ephemerals()?;
            pair.handshake(dialling, Pair::responder_ephemerals).map(drop)
        }),
    })
}

impl Pair {
    /// Two parties with new keys.
    ///
    /// # Errors
    /// Should the system have no randomness.
    pub(crate) fn new() -> Result<Self, BenchError> {
        let (mut dialler, mut answerer) = (Party::new(1)?, Party::new(2)?);
        dialler.static_product = *dialler.secret.ecdh_x(answerer.key.public_key()).as_bytes();
        answerer.static_product = dialler.static_product;
        Ok(Self { dialler, answerer })
    }

    /// The initiator's key.
    pub(crate) const fn dialler(&self) -> &PublicKey {
        self.dialler.key.public_key()
    }

    /// The responder's key.
    pub(crate) const fn answerer(&self) -> &PublicKey {
        self.answerer.key.public_key()
    }

    /// New ephemerals for the initiator.
    ///
    /// # Errors
    /// Should the system have no randomness.
    pub(crate) fn initiator_ephemerals(&self) -> Result<InitiatorEphemerals, BenchError> {
        Ok(InitiatorEphemerals::generate(Suite::Hybrid, getrandom::fill)?)
    }

    /// New ephemerals for the responder.
    ///
    /// # Errors
    /// Should the system have no randomness.
    pub(crate) fn responder_ephemerals(&self) -> Result<ResponderEphemerals, BenchError> {
        Ok(ResponderEphemerals::generate(getrandom::fill)?)
    }

    /// Hello, reply, confirmation.
    ///
    /// # Errors
    /// Should either side refuse.
    pub(crate) fn handshake(
        &self,
        dialling: InitiatorEphemerals,
        answering: impl FnOnce(&Self) -> Result<ResponderEphemerals, BenchError>,
    ) -> Result<(Established, Established), BenchError> {
        let (dialler, answerer) = (&self.dialler, &self.answerer);
        let now_unix_ms = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let view = dialler.view_of(answerer)?;
        let params = initiator::InitiatorParams { view, suites: SuitePolicy::HYBRID, now_unix_ms };
        let started = initiator::start(params, dialling)?;
        let answer = dialler.answer(started.request())?;
        let initiator::SentHello { mut hello, next: expects_reply } = started.answer(answer)?;

        let params = responder::ResponderParams {
            identity: answerer.key.identity(),
            public_key: *answerer.key.public_key(),
            suites: SuitePolicy::HYBRID,
            now_unix_ms,
            max_clock_skew_ms: 1_000,
        };
        let read = responder::ExpectHello::new(params).read(&mut hello)?;
        let answer = answerer.answer(read.request())?;
        let opened = read.answer(answer)?;
        let answer = answerer.answer(opened.request())?;
        let awaiting_peer = opened.answer(answer)?;
        let accepted = awaiting_peer.accept(answerer.view_of(dialler)?, answering(self)?);
        let responder::SentReply { mut reply, next: expects_confirmation } =
            accepted.map_err(|refusal| refusal.error)?;

        let read = expects_reply.read(&mut reply)?;
        let answer = dialler.answer(read.request())?;
        let initiator::Completed { mut confirmation, established } = read.answer(answer)?;
        Ok((established, expects_confirmation.read(&mut confirmation)?))
    }
}

/// One side.
struct Party {
    secret: SecretKey,
    key: PeerKey,
    static_product: [u8; 32],
}

impl Party {
    fn new(owner: u8) -> Result<Self, BenchError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let secret = SecretKey::from_bytes(&bytes)?;
        let public_key = secret.public_key();
        let record = RegistryRecord {
            identity: Identity::of(Address([owner; 20])),
            version: 1,
            signer: Address(public_key.address()),
            anchored_at: 1_700_000_000,
            valid_until: 0,
            scheme: SignatureScheme::Ecdsa,
            suite_floor: Suite::Hybrid.level(),
        };
        Ok(Self { secret, key: PeerKey::proven(record, public_key)?, static_product: [0; 32] })
    }

    /// What the resolver gives from a warm cache.
    fn view_of(&self, peer: &Self) -> Result<StateView, BenchError> {
        let anchor = Anchor {
            chain_id: 31337,
            block_number: 20_000_000,
            block_hash: [0xb1; 32],
            registry: Address([0xa9; 20]),
        };
        let query = Query::StorageSlot { source: Address([0x0c; 20]), slot: [0; 32] };
        let readings = vec![Reading { query, value: Value::Word([7; 32]) }];
        Ok(StateView::proven(anchor, self.key, peer.key, readings)?)
    }

    /// What custody does: the cached product for a peer it knows, the curve operation otherwise.
    fn answer(&self, request: KeyRequest) -> Result<KeyAnswer, BenchError> {
        match request {
            KeyRequest::Ecdh { purpose: EcdhPurpose::StaticStatic, .. } => {
                Ok(KeyAnswer::SharedX(SharedX::from_bytes(self.static_product)))
            }
            KeyRequest::Ecdh { purpose: EcdhPurpose::EphemeralStatic, peer } => {
                Ok(KeyAnswer::SharedX(self.secret.ecdh_x(&peer)))
            }
            KeyRequest::Sign { .. } => Err("a handshake asks for no signature".into()),
        }
    }
}
