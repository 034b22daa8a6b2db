//! `NNhfs+psk0`: what follows an earlier session, whose secret is in the PSK. Rotation and resumption run it; a state
//! ticket runs its PSK alone, without ephemeral keys.
//!
//! ```text
//!           -> psk, e, e1       e 33 | e1 1,184 + 16 | tag 16        a state ticket: tag 16
//!           <- e, ee, ekem1     e 33 | ekem1 1,088 + 16 | tag 16     a state ticket: tag 16
//! ```

use alloc::vec::Vec;

use crate::aead::TAG;
use crate::curve::PublicKey;
use crate::error::{ApiMisuse, ChainDisagrees, Error, PeerMisbehaved};
use crate::handshake::ephemerals::{Ephemeral, InitiatorEphemerals, ResponderEphemerals};
use crate::handshake::{POINT, read_reply_keys, write_reply_keys};
use crate::kem::{ENCAPSULATION_KEY, EncapsulationKey, KemKeyPair};
use crate::secret::Secret32;
use crate::suite::Suite;
use crate::symmetric::{Split, SymmetricState};

/// The side that began, waiting for the answer.
pub(crate) struct Begun {
    symmetric: SymmetricState,
    keys: Option<(Ephemeral, Option<KemKeyPair>)>,
}

/// Fresh keys on both sides, or the PSK alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Ephemeral keys of that suite.
    Ephemeral(Suite),
    /// None: a state ticket.
    PskAlone,
}

/// Mixes the PSK and appends message 1. `ephemerals` are those of a rotation or a resumption; a state ticket has none.
pub(crate) fn begin(
    mut symmetric: SymmetricState,
    psk: &Secret32,
    ephemerals: Option<(Suite, InitiatorEphemerals)>,
    out: &mut Vec<u8>,
) -> Result<Begun, Error> {
    symmetric.mix_psk(psk);
    let mut keys = None;
    if let Some((suite, InitiatorEphemerals { ephemeral, kem })) = ephemerals {
        let e = ephemeral.public().compressed();
        out.extend_from_slice(&e);
        symmetric.mix_first_ephemeral(&e);
        let kem = match suite {
            Suite::Classical => None,
            Suite::Hybrid => Some(kem.ok_or(ApiMisuse::EphemeralsOfOtherSuite)?),
        };
        if let Some(kem) = &kem {
            let start = out.len();
            out.extend_from_slice(&kem.encapsulation_key());
            symmetric.encrypt_tail(out, start);
        }
        keys = Some((ephemeral, kem));
    }
    let start = out.len();
    symmetric.encrypt_tail(out, start);
    Ok(Begun { symmetric, keys })
}

impl Begun {
    /// Reads message 2, in place.
    pub(crate) fn finish(self, message: &mut [u8]) -> Result<Split, Error> {
        let Self { mut symmetric, keys } = self;
        let mut payload = message;
        if let Some((mut ephemeral, kem)) = keys {
            let read = read_reply_keys(&mut symmetric, &mut ephemeral, kem, payload)?;
            if let Some(secret) = read.kem_secret {
                symmetric.mix_key(secret.expose());
            }
            payload = read.sealed_payload;
        }
        open_payload(&mut symmetric, payload)?;
        Ok(symmetric.split())
    }
}

/// Reads message 1, in place, and appends message 2. Nothing is appended where message 1 is not in order.
pub(crate) fn answer(
    mut symmetric: SymmetricState,
    psk: &Secret32,
    freshness: Freshness,
    message: &mut [u8],
    ephemerals: Option<ResponderEphemerals>,
    out: &mut Vec<u8>,
) -> Result<Split, Error> {
    symmetric.mix_psk(psk);
    let mut payload = message;
    let mut theirs = None;
    if let Freshness::Ephemeral(suite) = freshness {
        let bad_length = PeerMisbehaved::BadLength { expected: "epoch request", length: payload.len() };
        let (e, rest) = payload.split_first_chunk_mut::<POINT>().ok_or(bad_length)?;
        let ephemeral =
            PublicKey::from_compressed(e).map_err(|_| PeerMisbehaved::InvalidPoint("ephemeral key"))?;
        symmetric.mix_first_ephemeral(e);
        payload = rest;
        let mut kem = None;
        if suite == Suite::Hybrid {
            let (sealed, rest) = payload.split_at_mut_checked(ENCAPSULATION_KEY + TAG).ok_or(bad_length)?;
            let opened = symmetric.decrypt(sealed).map_err(|_| ChainDisagrees::NotConfirmed)?;
            let key = opened.first_chunk().copied().ok_or(bad_length)?;
            kem = Some(EncapsulationKey::parse(key).ok_or(PeerMisbehaved::InvalidEncapsulationKey)?);
            payload = rest;
        }
        theirs = Some((ephemeral, kem));
    }
    open_payload(&mut symmetric, payload)?;
    if let Some((their_ephemeral, kem)) = theirs {
        let ephemerals = ephemerals.ok_or(ApiMisuse::EphemeralsOfOtherSuite)?;
        let ResponderEphemerals { mut ephemeral, encapsulation } = ephemerals;
        let kem_secret = write_reply_keys(
            &mut symmetric,
            out,
            &mut ephemeral,
            &their_ephemeral,
            kem.as_ref().map(|key| (key, &encapsulation)),
        );
        if let Some(secret) = kem_secret {
            symmetric.mix_key(secret.expose());
        }
    }
    let start = out.len();
    symmetric.encrypt_tail(out, start);
    Ok(symmetric.split())
}

/// Length of message 1 in bytes.
pub(crate) const fn first_length(freshness: Freshness) -> usize {
    match freshness {
        Freshness::Ephemeral(Suite::Hybrid) => POINT + ENCAPSULATION_KEY + TAG + TAG,
        Freshness::Ephemeral(Suite::Classical) => POINT + TAG,
        Freshness::PskAlone => TAG,
    }
}

/// The payloads are empty: their tags show that both sides hold the same PSK, and so the same state.
fn open_payload(symmetric: &mut SymmetricState, sealed: &mut [u8]) -> Result<(), Error> {
    if sealed.len() != TAG {
        return Err(PeerMisbehaved::BadLength { expected: "empty payload", length: sealed.len() }.into());
    }
    symmetric.decrypt(sealed).map_err(|_| ChainDisagrees::NotConfirmed)?;
    Ok(())
}

#[cfg(test)]
mod snow;
