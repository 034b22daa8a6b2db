//! snow's hybrid IK, on ring's AES-GCM and SHA-256 and the same ML-KEM as ours, over two curves.
//!
//! A last, empty transport message confirms the initiator's keys, as our handshake and TLS do.

use libcrux_ml_kem::mlkem768::{self, MlKem768KeyPair};
use snow::params::{CipherChoice, DHChoice, HashChoice, KemChoice, NoiseParams};
use snow::resolvers::{CryptoResolver, DefaultResolver, RingResolver};
use snow::types::{Cipher, Dh, Hash, Kem, Random};
use snow::{Builder, Error};

use countersign_protocol::curve::{PublicKey, SecretKey};

use crate::measure::{BenchError, Unit, Workload};

/// On secp256k1 by libsecp256k1, the static public key computed once.
///
/// # Errors
/// Should the setup fail.
pub(crate) fn secp256k1() -> Result<Workload, BenchError> {
    let (dialler, answerer) = (StaticKey::new()?, StaticKey::new()?);
    let answerer_public = answerer.public.compressed().to_vec();
    workload("peer.snow.secp256k1", dialler.bytes, answerer.bytes, answerer_public, move |local| {
        let known = if *local == dialler.bytes { dialler } else { answerer };
        Box::new(Resolver { known: Some(known) })
    })
}

/// On X25519 by curve25519-dalek, snow's own.
///
/// # Errors
/// Should the setup fail.
pub(crate) fn x25519() -> Result<Workload, BenchError> {
    let keypair = || Builder::with_resolver(params()?, Box::new(Resolver { known: None })).generate_keypair();
    let (dialler, answerer) = (keypair()?, keypair()?);
    let [dialler_private, answerer_private] =
        [dialler.private, answerer.private].map(|key| key.first_chunk().copied().unwrap_or_default());
    workload("peer.snow.25519", dialler_private, answerer_private, answerer.public, |_| {
        Box::new(Resolver { known: None })
    })
}

fn workload(
    name: &'static str,
    dialler: [u8; 32],
    answerer: [u8; 32],
    answerer_public: Vec<u8>,
    resolver: impl Fn(&[u8; 32]) -> Box<Resolver> + 'static,
) -> Result<Workload, BenchError> {
    let params = params()?;
    let (mut message, mut payload) = (vec![0; 4096], vec![0; 4096]);
    let run = Box::new(move || {
        let mut initiator = Builder::with_resolver(params.clone(), resolver(&dialler))
            .local_private_key(&dialler)?
            .remote_public_key(&answerer_public)?
            .build_initiator()?;
        let mut responder = Builder::with_resolver(params.clone(), resolver(&answerer))
            .local_private_key(&answerer)?
            .build_responder()?;
        let length = initiator.write_message(&[], &mut message)?;
        responder.read_message(message.get(..length).unwrap_or_default(), &mut payload)?;
        let length = responder.write_message(&[], &mut message)?;
        initiator.read_message(message.get(..length).unwrap_or_default(), &mut payload)?;
        let (mut initiator, mut responder) =
            (initiator.into_transport_mode()?, responder.into_transport_mode()?);
        let length = initiator.write_message(&[], &mut message)?;
        responder.read_message(message.get(..length).unwrap_or_default(), &mut payload)?;
        Ok(())
    });
    let prepare = Box::new(|_| Ok(()));
    Ok(Workload { name, baseline: "peer.rustls.rpk", unit: Unit::Micros, runs_per_sample: 1, prepare, run })
}

/// The names that snow knows; which primitives they stand for is the resolver's business.
fn params() -> Result<NoiseParams, Error> {
    "Noise_IKhfs_25519+Kyber1024_AESGCM_SHA256".parse()
}

/// A static secp256k1 key with its public half.
#[derive(Clone, Copy)]
struct StaticKey {
    bytes: [u8; 32],
    public: PublicKey,
}

impl StaticKey {
    fn new() -> Result<Self, BenchError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self { bytes, public: SecretKey::from_bytes(&bytes)?.public_key() })
    }
}

/// Ring's primitives and ML-KEM-768; secp256k1 where a static key of it is given, X25519 otherwise.
struct Resolver {
    known: Option<StaticKey>,
}

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        RingResolver.resolve_rng()
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        match self.known {
            Some(known) => Some(Box::new(Secp256k1 { known, pair: None, public: [0; 33] })),
            None => DefaultResolver.resolve_dh(choice),
        }
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        RingResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        RingResolver.resolve_cipher(choice)
    }

    fn resolve_kem(&self, _: &KemChoice) -> Option<Box<dyn Kem>> {
        Some(Box::new(MlKem768(None)))
    }
}

struct Secp256k1 {
    known: StaticKey,
    pair: Option<SecretKey>,
    public: [u8; 33],
}

impl Secp256k1 {
    fn hold(&mut self, bytes: &[u8; 32]) -> Result<(), Error> {
        let secret = SecretKey::from_bytes(bytes).map_err(|_| Error::Dh)?;
        let public = if *bytes == self.known.bytes { self.known.public } else { secret.public_key() };
        self.public = public.compressed();
        self.pair = Some(secret);
        Ok(())
    }
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

    fn set(&mut self, private: &[u8]) {
        // A key that is refused stays unset, and the exchange fails.
        let _ = private.try_into().map_err(|_| Error::Dh).and_then(|bytes| self.hold(bytes));
    }

    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), Error> {
        let mut bytes = [0; 32];
        rng.try_fill_bytes(&mut bytes)?;
        self.hold(&bytes)
    }

    fn pubkey(&self) -> &[u8] {
        &self.public
    }

    fn privkey(&self) -> &[u8] {
        self.pair.as_ref().map_or(&[], |secret| secret.expose_bytes())
    }

    fn dh(&self, public: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let public = public.first_chunk().ok_or(Error::Dh)?;
        let public = PublicKey::from_compressed(public).map_err(|_| Error::Dh)?;
        let shared = self.pair.as_ref().ok_or(Error::Dh)?.ecdh_x(&public);
        out.get_mut(..32).ok_or(Error::Dh)?.copy_from_slice(shared.as_bytes());
        Ok(())
    }
}

struct MlKem768(Option<MlKem768KeyPair>);

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

    fn generate(&mut self, rng: &mut dyn Random) {
        let mut seed = [0; 64];
        // A pair that was not generated stays unset, and decapsulation fails.
        self.0 = rng.try_fill_bytes(&mut seed).ok().map(|()| mlkem768::generate_key_pair(seed));
    }

    fn pubkey(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |pair| pair.pk())
    }

    fn encapsulate(
        &self,
        public: &[u8],
        secret: &mut [u8],
        sealed: &mut [u8],
    ) -> Result<(usize, usize), Error> {
        let public = public.try_into().map_err(|_| Error::Kem)?;
        let mut randomness = [0; 32];
        getrandom::fill(&mut randomness).map_err(|_| Error::Rng)?;
        if !mlkem768::validate_public_key(&public) {
            return Err(Error::Kem);
        }
        let (ciphertext, shared) = mlkem768::encapsulate(&public, randomness);
        secret.get_mut(..32).ok_or(Error::Kem)?.copy_from_slice(&shared);
        sealed.get_mut(..1088).ok_or(Error::Kem)?.copy_from_slice(ciphertext.as_slice());
        Ok((32, 1088))
    }

    fn decapsulate(&self, ciphertext: &[u8], secret: &mut [u8]) -> Result<usize, Error> {
        let ciphertext = ciphertext.try_into().map_err(|_| Error::Kem)?;
        let pair = self.0.as_ref().ok_or(Error::Kem)?;
        let shared = mlkem768::decapsulate(pair.private_key(), &ciphertext);
        secret.get_mut(..32).ok_or(Error::Kem)?.copy_from_slice(&shared);
        Ok(32)
    }
}
