"""ML-KEM-768 (FIPS 203), with the randomness given: d || z for a key pair, m for an encapsulation."""

from kyber_py.ml_kem import ML_KEM_768

from .errors import ProtocolError

ENCAPSULATION_KEY = 1184
CIPHERTEXT = 1088


class KemPair:
    """A key pair from its seed d || z, 64 bytes."""

    def __init__(self, seed: bytes):
        self.public, self._secret = ML_KEM_768.key_derive(seed)

    def decapsulate(self, ciphertext: bytes) -> bytes:
        if len(ciphertext) != CIPHERTEXT:
            raise ProtocolError("a KEM ciphertext of another length")
        return ML_KEM_768.decaps(self._secret, ciphertext)


def encapsulate(key: bytes, randomness: bytes) -> tuple[bytes, bytes]:
    """Ciphertext and shared secret. Refuses a key with a coefficient that is not below the modulus (FIPS 203, 7.2)."""
    check(key)
    # With `m` given, this is ML-KEM.Encaps_internal: the stable API draws it by itself.
    secret, ciphertext = ML_KEM_768._encaps_internal(key, randomness)
    return ciphertext, secret


def check(key: bytes) -> None:
    """The type check and the modulus check of an encapsulation key, on the 12-bit coefficients themselves."""
    if len(key) != ENCAPSULATION_KEY:
        raise ProtocolError("an encapsulation key of another length")
    for at in range(0, 1152, 3):
        low, middle, high = key[at : at + 3]
        if low | (middle & 15) << 8 >= 3329 or middle >> 4 | high << 4 >= 3329:
            raise ProtocolError("an encapsulation key with a coefficient that is not below the modulus")
