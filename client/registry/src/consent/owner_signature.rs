//! What an owner's account signed.

use alloy::primitives::{B256, Bytes, Signature as AccountSignature};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use countersign_protocol::Address;
use countersign_protocol::curve::Signature;

use super::{SigningDomain, TypedData};

/// An owner's signature: 64 (ERC-2098) or 65 bytes by the key of its account, or whatever the account's code takes
/// (ERC-1271), nothing at all included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerSignature(Bytes);

/// Why there is no owner's signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnerSignatureError {
    /// It is longer than this version carries.
    #[error("the owner's signature has {length} bytes, and at most {MAX_OWNER_SIGNATURE_BYTES} are carried")]
    TooLong {
        /// How long.
        length: usize,
    },
    /// The account's key did not sign.
    #[error("the account's key did not sign: {detail}")]
    NotSigned {
        /// What the signer said.
        detail: String,
    },
}

impl OwnerSignature {
    /// Takes what a wallet gave for `digest`. Some give a high s, or a recovery id of 0 or 1, which the contract takes
    /// for no signature: where the other spelling is the owner's own, that one is kept. All else stays as it is.
    ///
    /// # Errors
    /// [`OwnerSignatureError::TooLong`] over [`MAX_OWNER_SIGNATURE_BYTES`].
    pub fn from_wallet(bytes: &[u8], owner: Address, digest: &B256) -> Result<Self, OwnerSignatureError> {
        let given = Self::from_bytes(bytes)?;
        let spelt = parse(bytes).map(|signature| Self::by_account(&signature));
        Ok(spelt.filter(|spelt| spelt.is_by(owner, digest)).unwrap_or(given))
    }

    /// Takes the bytes as they are.
    ///
    /// # Errors
    /// [`OwnerSignatureError::TooLong`] over [`MAX_OWNER_SIGNATURE_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OwnerSignatureError> {
        if bytes.len() > MAX_OWNER_SIGNATURE_BYTES {
            return Err(OwnerSignatureError::TooLong { length: bytes.len() });
        }
        Ok(Self(Bytes::copy_from_slice(bytes)))
    }

    /// Signs with the key of the owner's account.
    ///
    /// # Errors
    /// [`OwnerSignatureError::NotSigned`].
    pub fn sign(
        signer: &PrivateKeySigner,
        data: &impl TypedData,
        domain: &SigningDomain,
    ) -> Result<Self, OwnerSignatureError> {
        let signature = signer.sign_hash_sync(&data.digest(domain));
        signature
            .map(|signature| Self::by_account(&signature))
            .map_err(|error| OwnerSignatureError::NotSigned { detail: error.to_string() })
    }

    /// Whether the key of `owner`'s account made it over `digest`. Where not, the account's code may still take it.
    #[must_use]
    pub fn is_by(&self, owner: Address, digest: &B256) -> bool {
        self.by_key(owner, digest).is_some()
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// What the key of `owner`'s account made over `digest`, in 64 bytes (ERC-2098): they cost less gas than 65. `None`
    /// for anything else, which goes as it is.
    pub(crate) fn compact(&self, owner: Address, digest: &B256) -> Option<[u8; COMPACT]> {
        self.by_key(owner, digest).map(|signature| erc2098(&signature))
    }

    /// The signature, if the key of `owner`'s account made it.
    fn by_key(&self, owner: Address, digest: &B256) -> Option<Signature> {
        let signature = Signature::from_bytes_65(&self.expanded()?).ok()?;
        let signer = signature.recover(&digest.0).ok()?;
        (signer.address() == owner.0).then_some(signature)
    }

    /// r, s, v, from either length, nothing put right.
    fn expanded(&self) -> Option<[u8; 65]> {
        self.0.as_ref().try_into().ok().or_else(|| {
            let of_64 = (self.0.len() == COMPACT).then(|| parse(&self.0)).flatten();
            of_64.map(|signature| signature.as_bytes())
        })
    }

    fn by_account(signature: &AccountSignature) -> Self {
        Self(signature.normalized_s().as_bytes().into())
    }
}

/// The longest owner's signature that is carried: a Safe with some hundred owners signs in 65 bytes each.
pub const MAX_OWNER_SIGNATURE_BYTES: usize = 16 * 1024;

/// r, and s with the parity of R in its top bit.
pub(super) fn erc2098(signature: &Signature) -> [u8; COMPACT] {
    let [rs @ .., v] = signature.to_bytes_65();
    AccountSignature::from_bytes_and_parity(&rs, v == ODD).as_erc2098()
}

/// v of a signature whose R has an odd Y.
const ODD: u8 = 28;
/// The length of an ERC-2098 signature.
const COMPACT: usize = 64;

fn parse(bytes: &[u8]) -> Option<AccountSignature> {
    match bytes.len() {
        COMPACT => Some(AccountSignature::from_erc2098(bytes)),
        _ => AccountSignature::from_raw(bytes).ok(),
    }
}
