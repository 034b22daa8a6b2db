//! What libcrux keeps of a decapsulation key, as it lies in memory.

use libcrux_ml_kem::mlkem768;

/// The secret parts, in blocks of 32 bytes: of the key as it is serialised, and as it is kept unpacked.
pub(crate) fn private_blocks(seed: &[u8; 64]) -> Vec<[u8; 32]> {
    let packed = mlkem768::portable::generate_key_pair(*seed);
    // FIPS 203, 7.1: 1,152 bytes of the secret vector before what is public.
    let mut blocks = blocks_of(&packed.sk()[..1152]);
    #[cfg(target_arch = "x86_64")]
    if libcrux_platform::simd256_support() {
        blocks.extend(unpacked(seed));
    }
    blocks
}

#[cfg(target_arch = "x86_64")]
fn unpacked(seed: &[u8; 64]) -> Vec<[u8; 32]> {
    use mlkem768::avx2::unpacked;

    let mut pair = Box::new(unpacked::init_key_pair());
    unpacked::generate_key_pair_mut(*seed, &mut pair);
    let mut public = Box::new(unpacked::init_public_key());
    unpacked::public_key(&pair, &mut public);
    let public = blocks_of(bytes_of(&*public));
    let mut private = blocks_of(bytes_of(&*pair));
    // The seed z is looked for by its own name.
    private.retain(|block| !public.contains(block) && *block != seed[32..]);
    assert_eq!(private.len(), 3 * 256 * 2 / 32, "three polynomials of 256 coefficients, two bytes each");
    private
}

/// The memory of a value without gaps: libcrux's vectors and arrays, all of them multiples of 32 bytes long.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "the fields are private to libcrux, and how it lays them out is what is asked")]
fn bytes_of<T>(value: &T) -> &[u8] {
    // SAFETY: the value is alive, as long as that, all of it was written by libcrux, and T has no gaps.
    unsafe { core::slice::from_raw_parts(core::ptr::from_ref(value).cast(), size_of::<T>()) }
}

fn blocks_of(bytes: &[u8]) -> Vec<[u8; 32]> {
    bytes.as_chunks().0.to_vec()
}
