//! One official case, read from its folder.

use std::path::PathBuf;

use alloy_primitives::B256;
use countersign_light_client::{Bootstrap, Fork, LightClient, Network, Preset, Update};

/// A case of `light_client/sync`.
pub(crate) struct Case {
    folder: PathBuf,
    pub(crate) trusted: B256,
    pub(crate) steps: Vec<Step>,
}

/// An update to process, or `None` for a forced one, and what must then be so.
#[derive(Default)]
pub(crate) struct Step {
    pub(crate) update: Option<String>,
    pub(crate) slot: u64,
    pub(crate) finalized: Wanted,
    pub(crate) optimistic: Wanted,
}

/// What a header must be.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) slot: u64,
    pub(crate) beacon_root: B256,
    pub(crate) execution_root: B256,
}

impl Case {
    pub(crate) fn read(fork: &str) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/vectors/public/light-client");
        let folder = PathBuf::from(folder).join(fork).join("light_client_sync");
        let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let meta = words(&text("meta.yaml"));
        let trusted = meta[meta.iter().position(|word| word == "trusted_block_root:").unwrap() + 1].parse();
        let steps = steps(&words(&text("steps.yaml")));
        Self { folder, trusted: trusted.unwrap(), steps }
    }

    /// The same of both cases, from their `meta.yaml`.
    pub(crate) fn genesis_validators_root() -> B256 {
        "0x0a08c27fe4ece2483f9e581f78c66379a06f96e9c24cd1390594ff939b26f95b".parse().unwrap()
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        let compressed = std::fs::read(self.folder.join(name).with_extension("ssz_snappy")).unwrap();
        snap::raw::Decoder::new().decompress_vec(&compressed).unwrap()
    }

    pub(crate) fn begin(&self, fork: Fork, network: Network) -> LightClient {
        let bootstrap = Bootstrap::from_ssz(Preset::Minimal, fork, &self.bytes("bootstrap")).unwrap();
        LightClient::begin(network, self.trusted, bootstrap).unwrap()
    }

    /// The update of a step.
    pub(crate) fn update(&self, fork: Fork, step: usize) -> Update {
        let name = self.steps[step].update.as_ref().unwrap();
        Update::from_ssz(Preset::Minimal, fork, &self.bytes(name)).unwrap()
    }
}

/// YAML of this shape is a sequence of keys and values, once its punctuation is gone.
fn words(yaml: &str) -> Vec<String> {
    yaml.replace(['{', '}', ',', '\''], " ").split_whitespace().map(str::to_owned).collect()
}

fn steps(words: &[String]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut finalized = false;
    for pair in words.windows(2) {
        let [key, value] = pair else { unreachable!() };
        if key == "-" {
            steps.push(Step::default());
        }
        let step = steps.last_mut().unwrap();
        match key.as_str() {
            "finalized_header:" => finalized = true,
            "optimistic_header:" => finalized = false,
            "update:" => step.update = Some(value.clone()),
            "current_slot:" => step.slot = value.parse().unwrap(),
            other => {
                let wanted = if finalized { &mut step.finalized } else { &mut step.optimistic };
                match other {
                    "slot:" => wanted.slot = value.parse().unwrap(),
                    "beacon_root:" => wanted.beacon_root = value.parse().unwrap(),
                    "execution_root:" => wanted.execution_root = value.parse().unwrap(),
                    _ => {}
                }
            }
        }
    }
    steps
}
