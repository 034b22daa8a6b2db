//! snow for our patterns: its curve comes from k256 and its KEM from libcrux's portable code, not from this crate.
#![allow(unreachable_pub, dead_code, reason = "two test binaries use their part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

extern crate alloc;

use alloc::boxed::Box;
use alloc::vec;

use k256::elliptic_curve::sec1::ToSec1Point;
use libcrux_ml_kem::mlkem768::portable as mlkem;
use snow::params::{
    BaseChoice, CipherChoice, DHChoice, HandshakeChoice, HandshakeModifier, HandshakeModifierList,
    HandshakePattern, HashChoice, KemChoice, NoiseParams,
};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Kem, Random};

/// Which of the protocol's patterns.
#[derive(Clone, Copy)]
pub enum Pattern {
    /// `IK`, the PSK in the second message.
    Live,
    /// `NN`, the PSK at the beginning.
    Continued,
}

/// A builder of that pattern, with the KEM or without, under the name that is hashed.
pub fn builder(pattern: Pattern, is_hybrid: bool, name: &str) -> snow::Builder<'static> {
    let (pattern, psk) = match pattern {
        Pattern::Live => (HandshakePattern::IK, HandshakeModifier::Psk(2)),
        Pattern::Continued => (HandshakePattern::NN, HandshakeModifier::Psk(0)),
    };
    // The names of DH and KEM are snow's; what they resolve to is ours.
    let (list, kem) = match is_hybrid {
        true => (vec![HandshakeModifier::Hfs, psk], Some(KemChoice::Kyber1024)),
        false => (vec![psk], None),
    };
    let handshake = HandshakeChoice { pattern, modifiers: HandshakeModifierList { list } };
    let params = NoiseParams::new(
        name.into(),
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
