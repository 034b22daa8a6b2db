//! The powers of `MODEXP` (EIP-198) modulo even numbers, in a time that is in keeping with their gas.
//!
//! revm's library finds the inverse that they take bit by bit: seconds for the 10,000,000 gas of a call. Everything
//! else it does well, and does here.

use std::sync::Once;

use num_bigint::BigUint;
use revm::precompile::{Crypto, DefaultCrypto, PrecompileHalt, install_crypto};

/// Has this process compute by it, unless somebody has chosen another library before: the results are the same.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        install_crypto(EvenPowers);
    });
}

#[derive(Debug)]
struct EvenPowers;

impl Crypto for EvenPowers {
    fn modexp(&self, base: &[u8], exponent: &[u8], modulus: &[u8]) -> Result<Vec<u8>, PrecompileHalt> {
        let whole = BigUint::from_bytes_be(modulus);
        let zeros = whole.trailing_zeros().unwrap_or_default();
        let odd = &whole >> zeros;
        if zeros == 0 || odd == BigUint::from(1_u8) {
            return DefaultCrypto.modexp(base, exponent, modulus);
        }
        let power = |modulus: &BigUint| {
            let digits = DefaultCrypto.modexp(base, exponent, &modulus.to_bytes_be())?;
            Ok(BigUint::from_bytes_be(&digits))
        };
        // By the Chinese remainder theorem, of the odd part and the power of two.
        let two_power = BigUint::from(1_u8) << zeros;
        let (by_odd, by_two) = (power(&odd)?, power(&two_power)?);
        let difference = low(by_two + &two_power - low(by_odd.clone(), zeros), zeros);
        let factor = low(difference * inverse(&odd, zeros), zeros);
        Ok((by_odd + odd * factor).to_bytes_be())
    }
}

/// Of an odd number modulo `2^bits`. Each step doubles the bits that are right (Newton, Hensel).
fn inverse(odd: &BigUint, bits: u64) -> BigUint {
    let mut inverse = BigUint::from(1_u8);
    let mut right = 1;
    while right < bits {
        right = (2 * right).min(bits);
        let product = low(low(odd.clone(), right) * &inverse, right);
        let correction = low((BigUint::from(1_u8) << right) + 2_u8 - product, right);
        inverse = low(inverse * correction, right);
    }
    inverse
}

/// Modulo `2^bits`.
fn low(number: BigUint, bits: u64) -> BigUint {
    if number.bits() <= bits { number } else { number & ((BigUint::from(1_u8) << bits) - 1_u8) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..most)
    }

    proptest! {
        /// As another library computes them, square by square.
        #[test]
        fn powers_modulo_even_numbers_are_what_they_are(
            base in bytes(80),
            exponent in bytes(10),
            odd in bytes(40),
            zeros in 0_u64..300,
        ) {
            let modulus: BigUint = ((BigUint::from_bytes_be(&odd) << 1) + 1_u8) << zeros;
            let power = EvenPowers.modexp(&base, &exponent, &modulus.to_bytes_be()).unwrap();
            let [base, exponent] = [&base, &exponent].map(|number| BigUint::from_bytes_be(number));
            prop_assert_eq!(BigUint::from_bytes_be(&power), base.modpow(&exponent, &modulus));
        }
    }

    #[test]
    fn no_modulus_is_what_the_library_makes_of_it() {
        for modulus in [&[][..], &[0], &[1], &[2], &[0, 0, 6]] {
            let power = EvenPowers.modexp(&[3], &[5], modulus).unwrap();
            let library = DefaultCrypto.modexp(&[3], &[5], modulus).unwrap();
            assert_eq!(BigUint::from_bytes_be(&power), BigUint::from_bytes_be(&library), "{modulus:?}");
        }
    }
}
