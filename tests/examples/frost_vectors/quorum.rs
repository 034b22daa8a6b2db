//! A key held by several, any few of whom can sign.

use std::collections::BTreeMap;
use std::fmt;

use alloy::primitives::{Address, B256, keccak256};
use alloy::signers::k256::elliptic_curve::sec1::ToEncodedPoint as _;
use alloy::signers::k256::{AffinePoint, PublicKey};
use frost_secp256k1_evm as frost;
use frost_secp256k1_evm::keys::{IdentifierList, KeyPackage, PublicKeyPackage, dkg};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

/// How the shares came about.
#[derive(Clone, Copy)]
pub(crate) enum Origin {
    /// One party made the key and dealt the shares.
    Dealer,
    /// The holders made it together: nobody ever had the key.
    Ceremony,
}

/// A key, and the shares of all its holders.
pub(crate) struct Quorum {
    origin: Origin,
    min: u16,
    shares: BTreeMap<frost::Identifier, KeyPackage>,
    public: PublicKeyPackage,
    key: GroupKey,
}

/// The one public key of a quorum.
#[derive(Clone, Copy)]
pub(crate) struct GroupKey {
    pub(crate) x: B256,
    pub(crate) y: B256,
}

/// What a quorum signed.
#[derive(Clone, Copy)]
pub(crate) struct Signed {
    pub(crate) digest: B256,
    pub(crate) key: GroupKey,
    /// SEC 1 prefix of R.
    pub(crate) prefix: u8,
    pub(crate) rx: B256,
    pub(crate) z: B256,
}

/// A library gave bytes of another length than its documentation says.
#[derive(Debug)]
pub(crate) struct OddLength(usize);

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

impl Quorum {
    /// `max` holders, any `min` of whom can sign.
    pub(crate) fn new(origin: Origin, min: u16, max: u16, rng: &mut ChaCha20Rng) -> Fallible<Self> {
        let (shares, public) = match origin {
            Origin::Dealer => dealt(min, max, rng)?,
            Origin::Ceremony => made_together(min, max, rng)?,
        };
        let key = GroupKey::from_sec1(&public.verifying_key().serialize()?)?;
        Ok(Self { origin, min, shares, public, key })
    }

    pub(crate) const fn key(&self) -> GroupKey {
        self.key
    }

    /// The signature of as few holders as can. The library verifies it before giving it out.
    pub(crate) fn sign(&self, digest: B256, rng: &mut ChaCha20Rng) -> Fallible<Signed> {
        let (mut nonces, mut commitments) = (BTreeMap::new(), BTreeMap::new());
        for (holder, share) in self.shares.iter().take(self.min.into()) {
            let (secret, commitment) = frost::round1::commit(share.signing_share(), rng);
            nonces.insert(*holder, (secret, share));
            commitments.insert(*holder, commitment);
        }
        let package = frost::SigningPackage::new(commitments, digest.as_slice());
        let parts = nonces
            .into_iter()
            .map(|(holder, (secret, share))| Ok((holder, frost::round2::sign(&package, &secret, share)?)))
            .collect::<Result<BTreeMap<_, _>, frost::Error>>()?;
        let bytes = frost::aggregate(&package, &parts, &self.public)?.serialize()?;
        let [prefix, rest @ ..] = <[u8; 65]>::try_from(bytes).map_err(|bytes| OddLength(bytes.len()))?;
        let (rx, z) = rest.split_at(32);
        Ok(Signed { digest, key: self.key, prefix, rx: B256::try_from(rx)?, z: B256::try_from(z)? })
    }
}

fn dealt(
    min: u16,
    max: u16,
    rng: &mut ChaCha20Rng,
) -> Fallible<(BTreeMap<frost::Identifier, KeyPackage>, PublicKeyPackage)> {
    let (secrets, public) = frost::keys::generate_with_dealer(max, min, IdentifierList::Default, rng)?;
    let shares = secrets
        .into_iter()
        .map(|(holder, secret)| Ok((holder, KeyPackage::try_from(secret)?)))
        .collect::<Result<_, frost::Error>>()?;
    Ok((shares, public))
}

fn made_together(
    min: u16,
    max: u16,
    rng: &mut ChaCha20Rng,
) -> Fallible<(BTreeMap<frost::Identifier, KeyPackage>, PublicKeyPackage)> {
    let (mut first_secrets, mut broadcast) = (BTreeMap::new(), BTreeMap::new());
    for number in 1..=max {
        let holder = frost::Identifier::try_from(number)?;
        let (secret, package) = dkg::part1(holder, max, min, &mut *rng)?;
        first_secrets.insert(holder, secret);
        broadcast.insert(holder, package);
    }
    let heard_by = |holder: &frost::Identifier| -> BTreeMap<_, _> {
        broadcast.iter().filter(|(sender, _)| *sender != holder).map(|(s, p)| (*s, p.clone())).collect()
    };
    let mut second_secrets = BTreeMap::new();
    let mut mail: BTreeMap<frost::Identifier, BTreeMap<_, _>> = BTreeMap::new();
    for (holder, secret) in first_secrets {
        let (secret, letters) = dkg::part2(secret, &heard_by(&holder))?;
        second_secrets.insert(holder, secret);
        for (receiver, letter) in letters {
            mail.entry(receiver).or_default().insert(holder, letter);
        }
    }
    let (mut shares, mut public) = (BTreeMap::new(), None);
    for (holder, secret) in second_secrets {
        let letters = mail.remove(&holder).unwrap_or_default();
        let (share, group) = dkg::part3(&secret, &heard_by(&holder), &letters)?;
        shares.insert(holder, share);
        public = Some(group);
    }
    Ok((shares, public.ok_or("a quorum without holders")?))
}

impl GroupKey {
    /// From 33 or 65 bytes.
    pub(crate) fn from_sec1(bytes: &[u8]) -> Fallible<Self> {
        let point: AffinePoint = *PublicKey::from_sec1_bytes(bytes)?.as_affine();
        let point = point.to_encoded_point(false);
        let (x, y) = point.x().zip(point.y()).ok_or(OddLength(bytes.len()))?;
        Ok(Self { x: B256::new((*x).into()), y: B256::new((*y).into()) })
    }

    /// SEC 1 prefix of the key.
    pub(crate) const fn prefix(&self) -> u8 {
        2 + self.y.0[31] % 2
    }

    /// The Ethereum address of the key.
    pub(crate) fn signer(&self) -> Address {
        Address::from_word(keccak256([self.x, self.y].concat()))
    }
}

impl Signed {
    /// The members of a case that hold key and signature.
    pub(crate) fn to_json(self) -> Value {
        let proof = [&[self.prefix][..], self.rx.as_slice(), self.z.as_slice()].concat();
        let signature = [self.key.x.as_slice(), self.key.y.as_slice(), &proof].concat();
        json!({
            "signer": self.key.signer().to_checksum(None),
            "x": self.key.x,
            "y": self.key.y,
            "prefix": self.prefix,
            "rx": self.rx,
            "z": self.z,
            "proof": format!("0x{}", hex::encode(proof)),
            "signature": format!("0x{}", hex::encode(signature)),
        })
    }
}

impl fmt::Display for Quorum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin {
            Origin::Dealer => "dealt",
            Origin::Ceremony => "made together",
        };
        write!(f, "{} of {}, {origin}", self.min, self.shares.len())
    }
}

impl fmt::Display for OddLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes are no point, and no signature", self.0)
    }
}

impl std::error::Error for OddLength {}
