//! The containers as they are sent: SSZ or JSON, of each fork and each preset.
//!
//! What differs between forks is a header and the lengths of branches ([`Shape`]); between presets, the size of a
//! committee. Everything becomes one [`Bootstrap`] or [`Update`].

mod container;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ssz::Decode;
use typenum::{U32, U512, Unsigned};

use crate::network::{Fork, Preset};
use crate::refusal::Malformed;
use crate::update::{Bootstrap, Update};
use container::{DenebShape, ElectraShape, GloasShape, Shape};

impl Bootstrap {
    /// Reads the SSZ of a `LightClientBootstrap`, 1.8 kB in tests and 25 kB on public networks.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_ssz(preset: Preset, fork: Fork, bytes: &[u8]) -> Result<Self, Malformed> {
        read::<BootstrapContainer>(preset, fork, Encoded::Ssz(bytes))
    }

    /// Reads the answer of `/eth/v1/beacon/light_client/bootstrap/{block_root}`, JSON with the fork's name.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_answer(preset: Preset, answer: &[u8]) -> Result<Self, Malformed> {
        read_answer::<BootstrapContainer>(preset, answer)
    }
}

impl Update {
    /// Reads the SSZ of a `LightClientUpdate`, 3.6 kB in tests and 26 kB on public networks.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_ssz(preset: Preset, fork: Fork, bytes: &[u8]) -> Result<Self, Malformed> {
        read::<UpdateContainer>(preset, fork, Encoded::Ssz(bytes))
    }

    /// Reads the answer of `/eth/v1/beacon/light_client/updates`: a JSON list, each with its fork's name.
    ///
    /// # Errors
    /// [`Malformed`], where one of them is.
    pub fn from_updates_answer(preset: Preset, answer: &[u8]) -> Result<Vec<Self>, Malformed> {
        let each: Vec<Versioned> = json::<UpdateContainer, _>(serde_json::from_slice(answer))?;
        each.into_iter().map(|one| one.read::<UpdateContainer>(preset)).collect()
    }

    /// Reads the answer of `/eth/v1/beacon/light_client/finality_update`, JSON with the fork's name.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_finality_answer(preset: Preset, answer: &[u8]) -> Result<Self, Malformed> {
        read_answer::<FinalityContainer>(preset, answer)
    }

    /// Reads the answer of `/eth/v1/beacon/light_client/optimistic_update`, JSON with the fork's name.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_optimistic_answer(preset: Preset, answer: &[u8]) -> Result<Self, Malformed> {
        read_answer::<OptimisticContainer>(preset, answer)
    }
}

/// What a beacon node wraps its JSON in.
#[derive(Deserialize)]
struct Versioned {
    version: String,
    data: Value,
}

impl Versioned {
    fn read<C: Container>(self, preset: Preset) -> Result<C::Read, Malformed> {
        let fork = Fork::named(&self.version)
            .ok_or_else(|| Malformed::UnknownFork { name: self.version.chars().take(32).collect() })?;
        read::<C>(preset, fork, Encoded::Json(self.data))
    }
}

/// A kind of container, whatever its fork and preset.
trait Container {
    const NAME: &'static str;
    type Read;
    type Of<S: Shape, N: Unsigned + Clone>: Decode + DeserializeOwned + TryInto<Self::Read, Error = Malformed>;
}

enum BootstrapContainer {}
enum UpdateContainer {}
enum FinalityContainer {}
enum OptimisticContainer {}

impl Container for BootstrapContainer {
    const NAME: &'static str = "a bootstrap";
    type Read = Bootstrap;
    type Of<S: Shape, N: Unsigned + Clone> = container::Bootstrap<S, N>;
}

impl Container for UpdateContainer {
    const NAME: &'static str = "an update";
    type Read = Update;
    type Of<S: Shape, N: Unsigned + Clone> = container::Update<S, N>;
}

impl Container for FinalityContainer {
    const NAME: &'static str = "a finality update";
    type Read = Update;
    type Of<S: Shape, N: Unsigned + Clone> = container::FinalityUpdate<S, N>;
}

impl Container for OptimisticContainer {
    const NAME: &'static str = "an optimistic update";
    type Read = Update;
    type Of<S: Shape, N: Unsigned + Clone> = container::OptimisticUpdate<S, N>;
}

enum Encoded<'a> {
    Ssz(&'a [u8]),
    Json(Value),
}

fn read_answer<C: Container>(preset: Preset, answer: &[u8]) -> Result<C::Read, Malformed> {
    json::<C, Versioned>(serde_json::from_slice(answer))?.read::<C>(preset)
}

fn read<C: Container>(preset: Preset, fork: Fork, encoded: Encoded<'_>) -> Result<C::Read, Malformed> {
    match (fork, preset) {
        (Fork::Deneb, Preset::Minimal) => read_as::<C, C::Of<DenebShape, U32>>(encoded),
        (Fork::Deneb, Preset::Mainnet) => read_as::<C, C::Of<DenebShape, U512>>(encoded),
        (Fork::Electra | Fork::Fulu, Preset::Minimal) => read_as::<C, C::Of<ElectraShape, U32>>(encoded),
        (Fork::Electra | Fork::Fulu, Preset::Mainnet) => read_as::<C, C::Of<ElectraShape, U512>>(encoded),
        (Fork::Gloas, Preset::Minimal) => read_as::<C, C::Of<GloasShape, U32>>(encoded),
        (Fork::Gloas, Preset::Mainnet) => read_as::<C, C::Of<GloasShape, U512>>(encoded),
    }
}

fn read_as<C: Container, W>(encoded: Encoded<'_>) -> Result<C::Read, Malformed>
where
    W: Decode + DeserializeOwned + TryInto<C::Read, Error = Malformed>,
{
    let container = C::NAME;
    let sent = match encoded {
        Encoded::Ssz(bytes) => W::from_ssz_bytes(bytes)
            .map_err(|error| Malformed::Ssz { container, detail: format!("{error:?}") })?,
        Encoded::Json(value) => json::<C, W>(serde_json::from_value(value))?,
    };
    sent.try_into()
}

fn json<C: Container, T>(parsed: Result<T, serde_json::Error>) -> Result<T, Malformed> {
    parsed.map_err(|error| Malformed::Json { container: C::NAME, detail: error.to_string() })
}
