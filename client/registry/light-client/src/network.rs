//! Which beacon chain: its genesis, its forks, and the arithmetic of its slots.

use alloy_primitives::B256;

use crate::merkle::{self, GeneralizedIndex};

/// What a chain is built with: the sizes that differ between main and test configurations.
/// `presets/{minimal,mainnet}` of the consensus specifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// For tests: 32 members of a committee, 8 slots an epoch, 8 epochs a period.
    Minimal,
    /// For every public network: 512 members, 32 slots an epoch, 256 epochs a period, about 27.3 hours.
    Mainnet,
}

/// The forks whose light client data differ or are signed otherwise. Nothing is taken from before Deneb: it ended years
/// ago on every network, and nobody may begin further back than some weeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fork {
    /// A header carries the execution block's.
    Deneb,
    /// A deeper state, so longer branches.
    Electra,
    /// As Electra, under another version.
    Fulu,
    /// The block names the hash of its execution block alone; the state is a progressive container.
    Gloas,
}

/// From which epoch a fork counts, and the version that its committees sign under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Which fork.
    pub fork: Fork,
    /// Its first epoch.
    pub epoch: u64,
    /// `*_FORK_VERSION` of the network's configuration.
    pub version: [u8; 4],
}

/// One beacon chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    preset: Preset,
    genesis_time: u64,
    genesis_validators_root: B256,
    seconds_per_slot: u64,
    forks: Vec<Activation>,
}

/// A chain that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Every slot would be before the first fork.
    #[error("the network names no fork; name the one at which its chain can be followed, and those after it")]
    NoFork,
    /// A later fork begins before an earlier one.
    #[error(
        "{fork:?} begins before the fork that it follows, or is named twice; name the forks in their order"
    )]
    ForksOutOfOrder {
        /// Which.
        fork: Fork,
    },
    /// Time would stand still.
    #[error("a slot takes no time; give its length in seconds")]
    SlotWithoutTime,
}

impl Network {
    /// A chain by its configuration: `genesis_time` in Unix seconds, and the forks in their order.
    ///
    /// # Errors
    /// [`NetworkError`] where there is no fork, one is out of order, or a slot takes no time.
    pub fn new(
        preset: Preset,
        genesis_time: u64,
        genesis_validators_root: B256,
        seconds_per_slot: u64,
        forks: Vec<Activation>,
    ) -> Result<Self, NetworkError> {
        if forks.is_empty() {
            return Err(NetworkError::NoFork);
        }
        if seconds_per_slot == 0 {
            return Err(NetworkError::SlotWithoutTime);
        }
        let follows = |pair: &&[Activation]| matches!(pair, [one, next] if one.fork >= next.fork || one.epoch > next.epoch);
        match forks.windows(2).find(follows) {
            Some([_, late]) => Err(NetworkError::ForksOutOfOrder { fork: late.fork }),
            _ => Ok(Self { preset, genesis_time, genesis_validators_root, seconds_per_slot, forks }),
        }
    }

    /// Ethereum. Source: `eth-clients/mainnet`, `metadata/config.yaml`.
    #[must_use]
    pub fn mainnet() -> Self {
        let forks = [(269_568, 4), (364_032, 5), (411_392, 6)];
        Self::public(
            1_606_824_023,
            MAINNET_GENESIS,
            forks.map(|(epoch, version)| (epoch, [version, 0, 0, 0])),
        )
    }

    /// The Sepolia test network. Source: `eth-clients/sepolia`, `metadata/config.yaml`.
    #[must_use]
    pub fn sepolia() -> Self {
        let forks = [(132_608, 0x73), (222_464, 0x74), (272_640, 0x75), (353_024, 0x76)];
        Self::public(
            1_655_733_600,
            SEPOLIA_GENESIS,
            forks.map(|(epoch, version)| (epoch, [0x90, 0, 0, version])),
        )
    }

    /// The Hoodi test network. Source: `eth-clients/hoodi`, `metadata/config.yaml`.
    #[must_use]
    pub fn hoodi() -> Self {
        let forks = [(0, 0x50), (2048, 0x60), (50_688, 0x70)];
        Self::public(
            1_742_213_400,
            HOODI_GENESIS,
            forks.map(|(epoch, version)| (epoch, [version, 0, 9, 0x10])),
        )
    }

    fn public<const N: usize>(
        genesis_time: u64,
        genesis_validators_root: B256,
        forks: [(u64, [u8; 4]); N],
    ) -> Self {
        let forks = FORKS.into_iter().zip(forks);
        let forks = forks.map(|(fork, (epoch, version))| Activation { fork, epoch, version }).collect();
        Self { preset: Preset::Mainnet, genesis_time, genesis_validators_root, seconds_per_slot: 12, forks }
    }

    /// The sizes it is built with.
    #[must_use]
    pub const fn preset(&self) -> Preset {
        self.preset
    }

    /// What its committees sign under, beside the fork's version.
    #[must_use]
    pub const fn genesis_validators_root(&self) -> B256 {
        self.genesis_validators_root
    }

    /// The slot that a clock shows, in Unix seconds; `None` before genesis.
    #[must_use]
    pub fn slot_at(&self, unix_seconds: u64) -> Option<u64> {
        unix_seconds.checked_sub(self.genesis_time).map(|since| since / self.seconds_per_slot)
    }

    /// When a slot begins, in Unix seconds.
    #[must_use]
    pub const fn time_of(&self, slot: u64) -> u64 {
        self.genesis_time.saturating_add(slot.saturating_mul(self.seconds_per_slot))
    }

    /// The sync committee period of a slot (`compute_sync_committee_period_at_slot`).
    #[must_use]
    pub const fn period_of(&self, slot: u64) -> u64 {
        slot / self.slots_per_period()
    }

    /// The fork that a slot belongs to; `None` before the first that is known.
    #[must_use]
    pub fn fork_at(&self, slot: u64) -> Option<Fork> {
        self.activation_at(slot).map(|activation| activation.fork)
    }

    /// `SLOTS_PER_EPOCH`.
    #[must_use]
    pub const fn slots_per_epoch(&self) -> u64 {
        match self.preset {
            Preset::Minimal => 8,
            Preset::Mainnet => 32,
        }
    }

    /// `SYNC_COMMITTEE_SIZE`.
    #[must_use]
    pub const fn committee_size(&self) -> usize {
        match self.preset {
            Preset::Minimal => 32,
            Preset::Mainnet => 512,
        }
    }

    /// `UPDATE_TIMEOUT`: as long as a period, in slots.
    pub(crate) const fn slots_per_period(&self) -> u64 {
        match self.preset {
            Preset::Minimal => 8 * 8,
            Preset::Mainnet => 32 * 256,
        }
    }

    /// `compute_domain(DOMAIN_SYNC_COMMITTEE, compute_fork_version(epoch of slot), genesis_validators_root)`.
    pub(crate) fn committee_domain(&self, slot: u64) -> Option<B256> {
        let mut version = B256::ZERO;
        let (head, _) = version.0.split_first_chunk_mut::<4>()?;
        *head = self.activation_at(slot)?.version;
        let fork_data_root = merkle::node(version, self.genesis_validators_root);
        let mut domain = fork_data_root;
        domain.0.rotate_right(DOMAIN_SYNC_COMMITTEE.len());
        let (head, _) = domain.0.split_first_chunk_mut::<4>()?;
        *head = DOMAIN_SYNC_COMMITTEE;
        Some(domain)
    }

    fn activation_at(&self, slot: u64) -> Option<&Activation> {
        let epoch = slot / self.slots_per_epoch();
        self.forks.iter().rev().find(|activation| activation.epoch <= epoch)
    }
}

impl Fork {
    /// By the name that beacon nodes give it (`version` of an answer); `None` for one that is not known here.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        FORKS.into_iter().zip(NAMES).find(|(_, known)| *known == name).map(|(fork, _)| fork)
    }

    /// `finalized_root_gindex_at_slot`.
    pub(crate) const fn finalized_root(self) -> GeneralizedIndex {
        GeneralizedIndex::new(match self {
            Self::Deneb => 105,
            Self::Electra | Self::Fulu => 169,
            Self::Gloas => 735,
        })
    }

    /// `current_sync_committee_gindex_at_slot`.
    pub(crate) const fn current_committee(self) -> GeneralizedIndex {
        GeneralizedIndex::new(match self {
            Self::Deneb => 54,
            Self::Electra | Self::Fulu => 86,
            Self::Gloas => 2945,
        })
    }

    /// `next_sync_committee_gindex_at_slot`.
    pub(crate) const fn next_committee(self) -> GeneralizedIndex {
        GeneralizedIndex::new(match self {
            Self::Deneb => 55,
            Self::Electra | Self::Fulu => 87,
            Self::Gloas => 2946,
        })
    }

    /// `EXECUTION_BLOCK_HASH_GINDEX*`: where a block's body holds the hash of an execution block. Of Gloas it is the
    /// bid's parent: the newest execution block that was revealed by then.
    pub(crate) const fn execution_block_hash(self) -> GeneralizedIndex {
        GeneralizedIndex::new(match self {
            Self::Deneb | Self::Electra | Self::Fulu => 812,
            Self::Gloas => 2856,
        })
    }
}

/// `DOMAIN_SYNC_COMMITTEE`.
const DOMAIN_SYNC_COMMITTEE: [u8; 4] = [7, 0, 0, 0];

const FORKS: [Fork; 4] = [Fork::Deneb, Fork::Electra, Fork::Fulu, Fork::Gloas];
const NAMES: [&str; 4] = ["deneb", "electra", "fulu", "gloas"];

const MAINNET_GENESIS: B256 =
    alloy_primitives::b256!("4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95");
const SEPOLIA_GENESIS: B256 =
    alloy_primitives::b256!("d8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078");
const HOODI_GENESIS: B256 =
    alloy_primitives::b256!("212f13fc4df078b6cb7db228f1c8307566dcecf900867401a92023d7ba99cb5f");

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn public_networks_are_networks() {
        for network in [Network::mainnet(), Network::sepolia(), Network::hoodi()] {
            let Network { preset, genesis_time, genesis_validators_root, seconds_per_slot, forks } =
                network.clone();
            let again = Network::new(preset, genesis_time, genesis_validators_root, seconds_per_slot, forks);
            assert_eq!(again, Ok(network));
        }
    }

    #[test]
    fn forks_go_in_their_order() {
        let at = |fork, epoch| Activation { fork, epoch, version: [0; 4] };
        let network = |forks| Network::new(Preset::Minimal, 0, B256::ZERO, 6, forks);
        assert_eq!(network(vec![]), Err(NetworkError::NoFork));
        assert!(network(vec![at(Fork::Deneb, 0), at(Fork::Electra, 0)]).is_ok());
        for (one, other) in [((Fork::Deneb, 2), (Fork::Electra, 1)), ((Fork::Electra, 1), (Fork::Deneb, 2))] {
            let outcome = network(vec![at(one.0, one.1), at(other.0, other.1)]);
            assert_eq!(outcome, Err(NetworkError::ForksOutOfOrder { fork: other.0 }));
        }
    }

    /// The first slot of Electra on the main network, and the time at which it came: 2025-05-07 10:05:11 UTC.
    #[test]
    fn slots_epochs_and_forks_of_the_main_network() {
        let network = Network::mainnet();
        let slot = 364_032 * 32;
        assert_eq!(network.time_of(slot), 1_746_612_311);
        assert_eq!(network.slot_at(1_746_612_311 + 11), Some(slot));
        assert_eq!(network.slot_at(0), None);
        assert_eq!(network.fork_at(slot), Some(Fork::Electra));
        assert_eq!(network.fork_at(slot - 1), Some(Fork::Deneb));
        assert_eq!(network.fork_at(269_568 * 32 - 1), None);
        assert_eq!(network.period_of(slot), 1422);
    }
}
