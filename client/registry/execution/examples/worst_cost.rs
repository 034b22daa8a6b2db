//! What the dearest ways to spend the gas of one call take in time: loops around each precompile and around what the
//! machine itself does, each with its gas whole. What a stranger's proposal can have a party compute hangs on the worst.
//!
//! `cargo run --release -p countersign-execution --example worst_cost`
#![allow(clippy::print_stdout)]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use countersign_execution::{Account, Block, Call, Code, Hardfork, Limits, Spec, State, Stop, execute};

fn main() {
    let limits = Limits::default();
    for (chain, spec) in rules() {
        let mut worst = Vec::new();
        for burner in burners() {
            let (call, state) = burner.set_up();
            let block = block(spec);
            let start = processor_time();
            let outcome = std::hint::black_box(execute(&call, &block, &state, &limits, &Stop::default()));
            let spent = processor_time() - start;
            // To its end: what cannot be called with that gas ends at once.
            let how = outcome.map_or_else(|error| error.to_string(), |early| format!("{early:?}"));
            worst.push((spent, burner.name, how));
        }
        worst.sort_unstable_by(|one, other| other.cmp(one));
        for (spent, name, how) in worst.iter().take(SHOWN) {
            println!("{chain}: {:8.1} ms  {name}  ({:.40})", spent.as_secs_f64() * 1e3, how);
        }
    }
}

/// Of this thread, so that a busy machine measures the same; where the system does not tell it, the time of day.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| EPOCH.elapsed(), Duration::from_nanos)
}

fn rules() -> [(&'static str, Spec); 3] {
    [
        ("Osaka", Hardfork::Osaka.into()),
        ("Prague", Hardfork::Prague.into()),
        ("Isthmus", Spec::of(10, SUMMER_OF_2025).unwrap_or(Hardfork::Prague.into())),
    ]
}

/// Calls a precompile with that input over and over.
struct Burner {
    name: String,
    precompile: u16,
    /// Of each call; all there is where `None`. What fails takes it whole.
    gas: Option<u32>,
    input: Vec<u8>,
}

impl Burner {
    fn of(name: impl Into<String>, precompile: u16, input: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), precompile, gas: None, input: input.into() }
    }

    fn set_up(&self) -> (Call, State) {
        let code = Code::new(self.code());
        let account = Account { nonce: 1, balance: U256::ZERO, code_hash: code.hash() };
        let to = Address::repeat_byte(1);
        let mut state = State::default();
        state.insert_account(to, Some(account));
        state.insert_code(code);
        let precompile = Address::left_padding_from(&self.precompile.to_be_bytes());
        state.insert_account(precompile, None);
        (Call { to, calldata: Bytes::new() }, state)
    }

    /// Copies the input from behind the code to memory, and calls in a loop.
    fn code(&self) -> Bytes {
        let length = push(u32::try_from(self.input.len()).unwrap_or(u32::MAX));
        let call: Vec<u8> = match self.precompile {
            // Not a precompile: the input hashed.
            0 => [&length[..], &[PUSH0, KECCAK256]].concat(),
            number => {
                let gas = self.gas.map_or(vec![GAS], |gas| push(gas).to_vec());
                let target = push(number.into());
                [&[PUSH0, PUSH0], &length[..], &[PUSH0], &target[..], &gas[..], &[STATICCALL]].concat()
            }
        };
        let copy_length = 2 * length.len() + 2;
        let again = push(u32::try_from(copy_length).unwrap_or(u32::MAX));
        let body = [&[JUMPDEST], &call[..], &[POP], &again[..], &[JUMP]].concat();
        let offset = push(u32::try_from(copy_length + body.len()).unwrap_or(u32::MAX));
        [&length[..], &offset[..], &[PUSH0, CODECOPY], &body[..], &self.input[..]].concat().into()
    }
}

fn push(value: u32) -> [u8; 5] {
    let [a, b, c, d] = value.to_be_bytes();
    [PUSH4, a, b, c, d]
}

fn burners() -> Vec<Burner> {
    let mut all = vec![
        Burner::of("jumps", 4, []),
        Burner::of("keccak of 64 KiB", 0, [7; 1 << 16]),
        Burner::of("keccak of 136 B", 0, [7; 136]),
        Burner::of("identity of 64 KiB", 4, [7; 1 << 16]),
        Burner::of("sha256 of 64 KiB", 2, [7; 1 << 16]),
        Burner::of("ripemd160 of 64 KiB", 3, [7; 1 << 16]),
        Burner::of("ecrecover", 1, ecrecover()),
        Burner::of("p256verify", 0x100, p256()),
        Burner::of("bn254 add", 6, [BN_G1, BN_G1].concat()),
        Burner::of("bn254 mul", 7, [&BN_G1[..], &[0xff; 32]].concat()),
        Burner::of("bls12-381 add in G1", 0x0b, [bls_g1(), bls_g1()].concat()),
        Burner::of("bls12-381 add in G2", 0x0d, [bls_g2(), bls_g2()].concat()),
        Burner::of("bls12-381 map to G1", 0x10, fp(&[5; 48])),
        Burner::of("bls12-381 map to G2", 0x11, [fp(&[5; 48]), fp(&[6; 48])].concat()),
        Burner { gas: Some(50_000), ..Burner::of("kzg point evaluation", 0x0a, kzg()) },
        Burner::of("blake2f of 1 round", 9, blake(1)),
        Burner::of("blake2f of 9,000,000 rounds", 9, blake(9_000_000)),
    ];
    for count in [1, 2, 8, 64, 128] {
        let times = |input: Vec<u8>| input.repeat(count);
        let term = |point: Vec<u8>| [point, vec![0x55; 32]].concat();
        all.push(Burner::of(format!("bn254 pairing of {count}"), 8, times([&BN_G1[..], &BN_G2].concat())));
        all.push(Burner::of(format!("bls12-381 msm of {count} in G1"), 0x0c, times(term(bls_g1()))));
        all.push(Burner::of(format!("bls12-381 msm of {count} in G2"), 0x0e, times(term(bls_g2()))));
        let pair = [bls_g1(), bls_g2()].concat();
        all.push(Burner::of(format!("bls12-381 pairing of {count}"), 0x0f, times(pair)));
    }
    all.extend(powers());
    all
}

/// Moduli of each kind that is computed otherwise, short and long, with short and long exponents.
fn powers() -> Vec<Burner> {
    let mut all = Vec::new();
    for words in [1, 2, 4, 8, 16, 32, 64, 100, 127, 128, 256, 512, 1024, 2048, 3000, 5000] {
        let mut odd = vec![0xff; 8 * words];
        let mut even = vec![0; 8 * words];
        let mut power = vec![0; 8 * words];
        let mut half = vec![0xff; 8 * words];
        odd.last_mut().into_iter().for_each(|byte| *byte = 0x0f);
        even.first_mut().into_iter().for_each(|byte| *byte = 0xc0);
        power.first_mut().into_iter().for_each(|byte| *byte = 0x80);
        half.iter_mut().skip(4 * words).for_each(|byte| *byte = 0);
        for (kind, modulus) in [("odd", odd), ("3 << n", even), ("1 << n", power), ("half even", half)] {
            for exponent in [&[1][..], &[3], &[0xff], &[0xff; 4], &[0xff; 32], &[0xff; 128], &[0xff; 512]] {
                let lengths =
                    [8 * words, exponent.len(), 8 * words].map(|length| B256::from(U256::from(length)));
                let base = vec![0xfd; 8 * words];
                let input = [&lengths.concat()[..], &base, exponent, &modulus].concat();
                let name = format!(
                    "modexp of {words} words, {kind}, exponent of {} B ({:x})",
                    exponent.len(),
                    exponent.first().copied().unwrap_or_default()
                );
                all.push(Burner::of(name, 5, input));
            }
        }
    }
    all
}

/// The point with the generator's X signed 1.
fn ecrecover() -> Vec<u8> {
    let words = [1, 27].map(|word| B256::from(U256::from(word)));
    [&words.concat()[..], &K1_G, &[0x55; 32]].concat()
}

fn p256() -> Vec<u8> {
    [&[0x55; 96][..], &R1_G].concat()
}

fn fp(value: &[u8; 48]) -> Vec<u8> {
    [&[0; 16][..], value].concat()
}

fn bls_g1() -> Vec<u8> {
    BLS_G1.iter().flat_map(fp).collect()
}

fn bls_g2() -> Vec<u8> {
    BLS_G2.iter().flat_map(fp).collect()
}

/// A claim that is false, which takes as long to find out.
fn kzg() -> Vec<u8> {
    [&KZG_HASH[..], &[3; 32], &[4; 32], &KZG_G1, &KZG_G1].concat()
}

fn blake(rounds: u32) -> Vec<u8> {
    [&rounds.to_be_bytes()[..], &[9; 208], &[1]].concat()
}

const fn block(spec: Spec) -> Block {
    Block {
        chain_id: 1,
        number: 20_000_000,
        timestamp: 1_790_000_000,
        beneficiary: Address::ZERO,
        gas_limit: 45_000_000,
        base_fee: 1,
        prev_randao: B256::ZERO,
        excess_blob_gas: Some(0),
        slot_number: None,
        spec,
    }
}

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// In Unix seconds.
const SUMMER_OF_2025: u64 = 1_750_000_000;

const SHOWN: usize = 24;

const PUSH0: u8 = 0x5f;
const PUSH4: u8 = 0x63;
const POP: u8 = 0x50;
const JUMP: u8 = 0x56;
const JUMPDEST: u8 = 0x5b;
const GAS: u8 = 0x5a;
const CODECOPY: u8 = 0x39;
const KECCAK256: u8 = 0x20;
const STATICCALL: u8 = 0xfa;

/// X of secp256k1's generator.
const K1_G: [u8; 32] = hex!("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
/// secp256r1's.
const R1_G: [u8; 64] = hex!(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
);
const BN_G1: [u8; 64] = hex!(
    "00000000000000000000000000000000000000000000000000000000000000010000000000000000000000000000000000000000000000000000000000000002"
);
const BN_G2: [u8; 128] = hex!(
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c21800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
);
const BLS_G1: [[u8; 48]; 2] = [
    hex!("17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"),
    hex!("08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"),
];
const BLS_G2: [[u8; 48]; 4] = [
    hex!("024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"),
    hex!("13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"),
    hex!("0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"),
    hex!("0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be"),
];
/// The generator, compressed, as a commitment; and its versioned hash.
const KZG_G1: [u8; 48] =
    hex!("97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb");
const KZG_HASH: [u8; 32] = hex!("01cf478a431837728dcec3461f4f53b8749cdc4e03496dcaed459dea82b82eb8");
