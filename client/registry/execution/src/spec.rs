//! By which rules a block's code runs.

use std::sync::LazyLock;

use alloy_chains::Chain;
use alloy_hardforks::EthereumHardfork;
use alloy_op_hardforks::OpHardfork;
use revm::handler::EthPrecompiles;
use revm::precompile::{PrecompileSpecId, Precompiles, secp256r1};
use revm::primitives::eip4844::{
    BLOB_BASE_FEE_UPDATE_FRACTION_CANCUN as CANCUN_FRACTION,
    BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE as PRAGUE_FRACTION,
};
use revm::primitives::hardfork::SpecId;

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
    /// The newest rules that are final: Osaka.
    pub const NEWEST: Self = Self::ethereum(SpecId::OSAKA, PRAGUE_FRACTION);

    /// The rules of a chain at a block's `timestamp` in Unix seconds. Of Ethereum, Sepolia, Holesky, Hoodi, and OP
    /// Mainnet, Base and their Sepolias, by the schedules of `alloy-hardforks` and `alloy-op-hardforks`; of any
    /// other chain [`NEWEST`](Self::NEWEST). Before the Merge, where no session can be anchored, the Merge's.
    #[must_use]
    pub fn of(chain_id: u64, timestamp: u64) -> Self {
        let chain = Chain::from_id(chain_id);
        if let Some(fork) = OpHardfork::from_chain_and_timestamp(chain, timestamp) {
            return Self::of_op_stack(fork);
        }
        EthereumHardfork::from_chain_and_timestamp(chain, timestamp).map_or(Self::NEWEST, Self::of_ethereum)
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

    const fn of_ethereum(fork: EthereumHardfork) -> Self {
        use EthereumHardfork::{Amsterdam, Bpo1, Bpo2, Cancun, Osaka, Prague, Shanghai};
        match fork {
            Shanghai => Self::ethereum(SpecId::SHANGHAI, CANCUN_FRACTION),
            Cancun => Self::ethereum(SpecId::CANCUN, CANCUN_FRACTION),
            Prague => Self::ethereum(SpecId::PRAGUE, PRAGUE_FRACTION),
            Osaka => Self::NEWEST,
            Bpo1 => Self::ethereum(SpecId::OSAKA, BPO1_FRACTION),
            Bpo2 => Self::ethereum(SpecId::OSAKA, BPO2_FRACTION),
            Amsterdam => Self::ethereum(SpecId::AMSTERDAM, BPO2_FRACTION),
            _ => Self::ethereum(SpecId::MERGE, CANCUN_FRACTION),
        }
    }

    const fn of_op_stack(fork: OpHardfork) -> Self {
        use OpHardfork::{Canyon, Ecotone, Fjord, Granite, Holocene, Isthmus, Jovian};
        let with_p256 = PrecompileSet::WithP256;
        match fork {
            OpHardfork::Bedrock | OpHardfork::Regolith => Self::ethereum(SpecId::MERGE, CANCUN_FRACTION),
            Canyon => Self::ethereum(SpecId::SHANGHAI, CANCUN_FRACTION),
            Ecotone => Self::ethereum(SpecId::CANCUN, CANCUN_FRACTION),
            Fjord | Granite | Holocene => {
                Self { precompiles: with_p256, ..Self::ethereum(SpecId::CANCUN, CANCUN_FRACTION) }
            }
            Isthmus | Jovian => {
                Self { precompiles: with_p256, ..Self::ethereum(SpecId::PRAGUE, PRAGUE_FRACTION) }
            }
            _ => Self::NEWEST,
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
            (31_337, 0, SpecId::OSAKA, PRAGUE_FRACTION),
        ] {
            let spec = Spec::of(chain_id, timestamp);
            assert_eq!(
                (spec.fork(), spec.blob_base_fee_update_fraction()),
                (fork, fraction),
                "{chain_id} {timestamp}"
            );
        }
    }

    #[test]
    fn the_op_stack_has_p256_since_fjord() {
        let p256 = *secp256r1::P256VERIFY.address();
        let has = |chain_id, timestamp| Spec::of(chain_id, timestamp).precompiles().contains(&p256);
        assert!(!has(OP_MAINNET, 1_720_627_200));
        assert!(has(OP_MAINNET, 1_720_627_201));
        assert!(has(BASE, 1_746_806_401));
        assert!(!has(MAINNET, 1_746_612_311));
        assert!(has(MAINNET, 1_764_798_551));
    }
}
