"""Key derivation and hashes: RFC 5869 with SHA-256, HMAC, Keccak-256."""

import hashlib
import hmac as stdlib_hmac

from Crypto.Hash import keccak as crypto_keccak
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import ProtocolError

TAG = 16


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def hmac(key: bytes, data: bytes) -> bytes:
    return stdlib_hmac.new(key, data, hashlib.sha256).digest()


def same(one: bytes, other: bytes) -> bool:
    """Whether two MACs are equal, in constant time."""
    return stdlib_hmac.compare_digest(one, other)


def hkdf_expand(prk: bytes, info: bytes, length: int) -> bytes:
    if length > 255 * 32:
        raise ValueError("HKDF gives at most 8,160 bytes")
    block, out, counter = b"", b"", 1
    while len(out) < length:
        block = hmac(prk, block + info + bytes([counter]))
        out += block
        counter += 1
    return out[:length]


def hkdf(salt: bytes, ikm: bytes, info: bytes, length: int) -> bytes:
    return hkdf_expand(hmac(salt, ikm), info, length)


def cut(data: bytes, *lengths: int) -> list[bytes]:
    """Cuts the front of `data` into pieces of these lengths; what is left over is not returned."""
    pieces, at = [], 0
    for length in lengths:
        pieces.append(data[at : at + length])
        at += length
    return pieces


def keccak(data: bytes) -> bytes:
    return crypto_keccak.new(digest_bits=256, data=data).digest()


def seal(key: bytes, nonce: bytes, content: bytes, ad: bytes = b"") -> bytes:
    return AESGCM(key).encrypt(nonce, content, ad)


def open_sealed(key: bytes, nonce: bytes, sealed: bytes, ad: bytes = b"") -> bytes:
    if len(sealed) < TAG:
        raise ProtocolError("too short to hold a tag")
    try:
        return AESGCM(key).decrypt(nonce, sealed, ad)
    except InvalidTag:
        raise ProtocolError("a tag does not open") from None
