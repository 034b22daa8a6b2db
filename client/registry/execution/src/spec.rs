//! By which rules a block's code runs.

use std::sync::LazyLock;

use alloy_chains::{Chain, NamedChain};
use alloy_hardforks::EthereumHardfork;
use alloy_op_hardforks::OpHardfork;
use revm::handler::EthPrecompiles;
use revm::precompile::{PrecompileSpecId, Precompiles, secp256r1};
use revm::primitives::eip4844::{
    BLOB_BASE_FEE_UPDATE_FRACTION_CANCUN as CANCUN_FRACTION,
    BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE as PRAGUE_FRACTION,
};
use revm::primitives::hardfork::SpecId;

use crate::hardfork::Hardfork;

/// The rules of a chain at a time: opcodes, gas and precompiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    fork: SpecId,
    blob_base_fee_update_fraction: u64,
    precompiles: PrecompileSet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PrecompileSet {
    /// The fork's own.
    Ethereum,
    /// With RIP-7212, which the OP stack had before Ethereum.
    WithP256,
}

impl Spec {
    /// The rules that a chain has in force at a block's `timestamp`, in Unix seconds. Of Ethereum, Sepolia, Holesky, Hoodi,
    /// and OP Mainnet, Base and their Sepolias, by the schedules of `alloy-hardforks` and `alloy-op-hardforks`.
    ///
    /// `None` of any other chain, which may run by rules of its own however much it looks like Ethereum (on Arbitrum
    /// `NUMBER` is the height of another chain), and before the Merge.
    #[must_use]
    pub fn of(chain_id: u64, timestamp: u64) -> Option<Self> {
        let chain = Chain::from_id(chain_id);
        if let Some(fork) = OpHardfork::from_chain_and_timestamp(chain, timestamp) {
            return Self::of_op_stack(fork);
        }
        // The table has a fork's name for chains too that run by more rules than that fork's.
        match chain.named()? {
            NamedChain::Mainnet | NamedChain::Sepolia | NamedChain::Holesky | NamedChain::Hoodi => {
                EthereumHardfork::from_chain_and_timestamp(chain, timestamp).and_then(Self::of_ethereum)
            }
            _ => None,
        }
    }

    pub(crate) const fn fork(self) -> SpecId {
        self.fork
    }

    pub(crate) const fn blob_base_fee_update_fraction(self) -> u64 {
        self.blob_base_fee_update_fraction
    }

    pub(crate) fn precompiles(self) -> EthPrecompiles {
        match (self.precompiles, self.fork) {
            (PrecompileSet::WithP256, SpecId::PRAGUE) => {
                EthPrecompiles { precompiles: &PRAGUE_WITH_P256, spec: self.fork }
            }
            (PrecompileSet::WithP256, _) => {
                EthPrecompiles { precompiles: &CANCUN_WITH_P256, spec: self.fork }
            }
            (PrecompileSet::Ethereum, fork) => EthPrecompiles::new(fork),
        }
    }

    const fn ethereum(fork: SpecId, blob_base_fee_update_fraction: u64) -> Self {
        Self { fork, blob_base_fee_update_fraction, precompiles: PrecompileSet::Ethereum }
    }

    const fn of_ethereum(fork: EthereumHardfork) -> Option<Self> {
        use EthereumHardfork::{Amsterdam, Bpo1, Bpo2, Cancun, Osaka, Paris, Prague, Shanghai};
        Some(match fork {
            Paris => Self::ethereum(SpecId::MERGE, CANCUN_FRACTION),
            Shanghai => Self::ethereum(SpecId::SHANGHAI, CANCUN_FRACTION),
            Cancun => Self::ethereum(SpecId::CANCUN, CANCUN_FRACTION),
            Prague => Self::ethereum(SpecId::PRAGUE, PRAGUE_FRACTION),
            Osaka => Self::ethereum(SpecId::OSAKA, PRAGUE_FRACTION),
            Bpo1 => Self::ethereum(SpecId::OSAKA, BPO1_FRACTION),
            Bpo2 => Self::ethereum(SpecId::OSAKA, BPO2_FRACTION),
            Amsterdam => Self::ethereum(SpecId::AMSTERDAM, BPO2_FRACTION),
            _ => return None,
        })
    }

    const fn of_op_stack(fork: OpHardfork) -> Option<Self> {
        use OpHardfork::{Bedrock, Canyon, Ecotone, Fjord, Granite, Holocene, Isthmus, Jovian, Regolith};
        let with_p256 = PrecompileSet::WithP256;
        Some(match fork {
            Bedrock | Regolith => Self::ethereum(SpecId::MERGE, CANCUN_FRACTION),
            Canyon => Self::ethereum(SpecId::SHANGHAI, CANCUN_FRACTION),
            Ecotone => Self::ethereum(SpecId::CANCUN, CANCUN_FRACTION),
            Fjord | Granite | Holocene => {
                Self { precompiles: with_p256, ..Self::ethereum(SpecId::CANCUN, CANCUN_FRACTION) }
            }
            Isthmus | Jovian => {
                Self { precompiles: with_p256, ..Self::ethereum(SpecId::PRAGUE, PRAGUE_FRACTION) }
            }
            _ => return None,
        })
    }
}

impl From<Hardfork> for Spec {
    fn from(fork: Hardfork) -> Self {
        match fork {
            Hardfork::Shanghai => Self::ethereum(SpecId::SHANGHAI, CANCUN_FRACTION),
            Hardfork::Cancun => Self::ethereum(SpecId::CANCUN, CANCUN_FRACTION),
            Hardfork::Prague => Self::ethereum(SpecId::PRAGUE, PRAGUE_FRACTION),
            Hardfork::Osaka => Self::ethereum(SpecId::OSAKA, PRAGUE_FRACTION),
        }
    }
}

static CANCUN_WITH_P256: LazyLock<Precompiles> = LazyLock::new(|| with_p256(PrecompileSpecId::CANCUN));
static PRAGUE_WITH_P256: LazyLock<Precompiles> = LazyLock::new(|| with_p256(PrecompileSpecId::PRAGUE));

fn with_p256(fork: PrecompileSpecId) -> Precompiles {
    let mut precompiles = Precompiles::new(fork).clone();
    precompiles.extend(secp256r1::precompiles());
    precompiles
}

/// `BLOB_BASE_FEE_UPDATE_FRACTION` of the first fork that changed blob parameters only (EIP-7892).
const BPO1_FRACTION: u64 = 8_346_193;

/// And of the second.
const BPO2_FRACTION: u64 = 11_684_671;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const MAINNET: u64 = 1;
    const OP_MAINNET: u64 = 10;
    const BASE: u64 = 8453;

    /// Activation times from the announcements of each fork.
    #[test]
    fn rules_follow_the_chain_and_the_time() {
        for (chain_id, timestamp, fork, fraction) in [
            (MAINNET, 1_681_338_455, SpecId::SHANGHAI, CANCUN_FRACTION),
            (MAINNET, 1_710_338_134, SpecId::SHANGHAI, CANCUN_FRACTION),
            (MAINNET, 1_710_338_135, SpecId::CANCUN, CANCUN_FRACTION),
            (MAINNET, 1_746_612_311, SpecId::PRAGUE, PRAGUE_FRACTION),
            (MAINNET, 1_764_798_550, SpecId::PRAGUE, PRAGUE_FRACTION),
            (MAINNET, 1_764_798_551, SpecId::OSAKA, PRAGUE_FRACTION),
            (MAINNET, 1_765_290_071, SpecId::OSAKA, BPO1_FRACTION),
            (MAINNET, 1_767_747_671, SpecId::OSAKA, BPO2_FRACTION),
            (11_155_111, 1_760_427_360, SpecId::OSAKA, PRAGUE_FRACTION),
            (17_000, 1_740_434_112, SpecId::PRAGUE, PRAGUE_FRACTION),
            (560_048, 1_742_999_832, SpecId::PRAGUE, PRAGUE_FRACTION),
            (OP_MAINNET, 1_704_992_401, SpecId::SHANGHAI, CANCUN_FRACTION),
            (OP_MAINNET, 1_710_374_401, SpecId::CANCUN, CANCUN_FRACTION),
            (OP_MAINNET, 1_746_806_401, SpecId::PRAGUE, PRAGUE_FRACTION),
            (BASE, 1_746_806_401, SpecId::PRAGUE, PRAGUE_FRACTION),
        ] {
            let spec = Spec::of(chain_id, timestamp).unwrap();
            assert_eq!(
                (spec.fork(), spec.blob_base_fee_update_fraction()),
                (fork, fraction),
                "{chain_id} {timestamp}"
            );
        }
    }

    /// Arbitrum One and its Sepolia are in the tables, and are not Ethereum.
    #[test]
    fn rules_that_are_not_known_are_not_guessed() {
        for chain_id in [42_161, 421_614, 100, 137, 900, 31_337] {
            assert_eq!(Spec::of(chain_id, 1_767_747_671), None, "{chain_id}");
            assert!(!Hardfork::is_scheduled_on(chain_id));
        }
        assert_eq!(Spec::of(MAINNET, 1_663_224_161), None, "before the Merge");
        for chain_id in [MAINNET, 11_155_111, 17_000, 560_048, OP_MAINNET, 11_155_420, BASE, 84_532] {
            assert!(Hardfork::is_scheduled_on(chain_id), "{chain_id}");
        }
    }

    #[test]
    fn what_is_said_of_a_chain_of_ones_own_is_what_ethereum_had() {
        for (fork, timestamp) in [
            (Hardfork::Shanghai, 1_681_338_455),
            (Hardfork::Cancun, 1_710_338_135),
            (Hardfork::Prague, 1_746_612_311),
            (Hardfork::Osaka, 1_764_798_551),
        ] {
            assert_eq!(Spec::of(MAINNET, timestamp), Some(fork.into()), "{fork}");
        }
    }

    #[test]
    fn the_op_stack_has_p256_since_fjord() {
        let p256 = *secp256r1::P256VERIFY.address();
        let has = |chain_id, timestamp| Spec::of(chain_id, timestamp).unwrap().precompiles().contains(&p256);
        assert!(!has(OP_MAINNET, 1_720_627_200));
        assert!(has(OP_MAINNET, 1_720_627_201));
        assert!(has(BASE, 1_746_806_401));
        assert!(!has(MAINNET, 1_746_612_311));
        assert!(has(MAINNET, 1_764_798_551));
    }
}
