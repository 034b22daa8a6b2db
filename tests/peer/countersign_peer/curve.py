"""secp256k1: keys, compressed points (SEC 1, 2.3.3), and Diffie-Hellman that yields X (SPEC 1)."""

import secrets

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .errors import ProtocolError
from .keys import keccak

CURVE = ec.SECP256K1()
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
POINT = 33


def decode(point: bytes) -> ec.EllipticCurvePublicKey:
    """The point, or a refusal of every other encoding, of infinity, and of what is off the curve."""
    if len(point) != POINT or point[0] not in (2, 3):
        raise ProtocolError("a point that is not compressed")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
    except ValueError:
        raise ProtocolError("a point off the curve") from None


def address_of(point: bytes) -> bytes:
    """The Ethereum address of a compressed public key: keccak(x || y)[12..32]."""
    numbers = decode(point).public_numbers()
    return keccak(numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big"))[12:]


def lift(x: bytes, signer: bytes) -> bytes | None:
    """The point with this X whose address is `signer`, if one of the two has it (SPEC 12)."""
    for prefix in (b"\2", b"\3"):
        try:
            if address_of(prefix + x) == signer:
                return prefix + x
        except ProtocolError:
            return None
    return None


class KeyPair:
    """A secret scalar and its public point."""

    def __init__(self, secret: bytes):
        if len(secret) != 32 or not 0 < int.from_bytes(secret, "big") < ORDER:
            raise ValueError("a secret key is 32 bytes, above zero and below the order of the curve")
        self._key = ec.derive_private_key(int.from_bytes(secret, "big"), CURVE)
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

    @classmethod
    def fresh(cls) -> "KeyPair":
        return cls((secrets.randbelow(ORDER - 1) + 1).to_bytes(32, "big"))

    def dh(self, point: bytes) -> bytes:
        """The X coordinate of the product, 32 bytes."""
        return self._key.exchange(ec.ECDH(), decode(point))
