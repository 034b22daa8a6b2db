"""Noise (revision 34): the symmetric state and the patterns that SPEC 3 names, with HFS and PSK modifiers."""

import secrets
from dataclasses import dataclass, field

from . import curve, kem
from .curve import KeyPair
from .errors import ProtocolError
from .kem import KemPair
from .keys import TAG, cut, hkdf, open_sealed, seal, sha256


def live_name(suite: int) -> bytes:
    return [b"Noise_IKpsk2_secp256k1_AESGCM_SHA256", b"Noise_IKhfs+psk2_secp256k1+MLKEM768_AESGCM_SHA256"][suite]


def rotation_name(suite: int) -> bytes:
    return [b"Noise_NNpsk0_secp256k1_AESGCM_SHA256", b"Noise_NNhfs+psk0_secp256k1+MLKEM768_AESGCM_SHA256"][suite]


@dataclass
class Randomness:
    """All that one side of one handshake draws; fixed in test vectors."""

    ephemeral: bytes = field(default_factory=lambda: (secrets.randbelow(curve.ORDER - 1) + 1).to_bytes(32, "big"))
    kem_seed: bytes = field(default_factory=lambda: secrets.token_bytes(64))
    encapsulation: bytes = field(default_factory=lambda: secrets.token_bytes(32))


class SymmetricState:
    """Noise 5.2."""

    def __init__(self, name: bytes, prologue: bytes):
        if len(name) <= 32:
            raise ValueError("every name of the protocol is over 32 bytes long")
        self.h = sha256(name)
        self.ck = self.h
        self.key: bytes | None = None
        self.counter = 0
        self.mix_hash(prologue)

    def mix_hash(self, data: bytes) -> None:
        self.h = sha256(self.h + data)

    def mix_key(self, data: bytes) -> None:
        self.ck, self.key = cut(hkdf(self.ck, data, b"", 64), 32, 32)
        self.counter = 0

    def mix_key_and_hash(self, data: bytes) -> None:
        self.ck, mixed, self.key = cut(hkdf(self.ck, data, b"", 96), 32, 32, 32)
        self.mix_hash(mixed)
        self.counter = 0

    def encrypt_and_hash(self, content: bytes) -> bytes:
        sealed = content if self.key is None else seal(self.key, self._nonce(), content, self.h)
        self.mix_hash(sealed)
        return sealed

    def decrypt_and_hash(self, sealed: bytes) -> bytes:
        content = sealed if self.key is None else open_sealed(self.key, self._nonce(), sealed, self.h)
        self.mix_hash(sealed)
        return content

    def _nonce(self) -> bytes:
        nonce = bytes(4) + self.counter.to_bytes(8, "big")
        self.counter += 1
        return nonce


class Handshake:
    """One side of a handshake with a PSK. `psk` may be set between the messages, before its token comes."""

    def __init__(self, name: bytes, prologue: bytes, initiator: bool, randomness: Randomness):
        self.symmetric = SymmetricState(name, prologue)
        self.initiator = initiator
        self.randomness = randomness
        self.hybrid = b"hfs" in name
        self.psk: bytes | None = None
        self.static: KeyPair | None = None
        self.remote_static: bytes | None = None
        self.remote_ephemeral: bytes | None = None
        self._ephemeral = KeyPair(randomness.ephemeral)
        self._kem: KemPair | None = None
        self._remote_kem: bytes | None = None

    def write(self, tokens: str, payload: bytes) -> bytes:
        out = b"".join(self._write(token) for token in self._of_the_suite(tokens))
        return out + self.symmetric.encrypt_and_hash(payload)

    def read(self, tokens: str, message: bytes) -> bytes:
        for token in self._of_the_suite(tokens):
            message = self._read(token, message)
        return self.symmetric.decrypt_and_hash(message)

    def _of_the_suite(self, tokens: str) -> list[str]:
        return [token for token in tokens.split() if self.hybrid or token not in ("e1", "ekem1")]

    def _write(self, token: str) -> bytes:
        state = self.symmetric
        if token == "e":
            self._mix_ephemeral(self._ephemeral.public)
            return self._ephemeral.public
        if token == "s":
            return state.encrypt_and_hash(self.static.public)
        if token == "e1":
            self._kem = KemPair(self.randomness.kem_seed)
            return state.encrypt_and_hash(self._kem.public)
        if token == "ekem1":
            ciphertext, secret = kem.encapsulate(self._remote_kem, self.randomness.encapsulation)
            sealed = state.encrypt_and_hash(ciphertext)
            state.mix_key(secret)
            return sealed
        self._mix(token)
        return b""

    def _read(self, token: str, message: bytes) -> bytes:
        state = self.symmetric
        sizes = {"e": curve.POINT, "s": curve.POINT + TAG, "e1": kem.ENCAPSULATION_KEY + TAG, "ekem1": kem.CIPHERTEXT + TAG}
        size = sizes.get(token, 0)
        if len(message) < size:
            raise ProtocolError("a handshake message that is too short")
        part, rest = message[:size], message[size:]
        if token == "e":
            curve.decode(part)
            self.remote_ephemeral = part
            self._mix_ephemeral(part)
        elif token == "s":
            self.remote_static = state.decrypt_and_hash(part)
            curve.decode(self.remote_static)
        elif token == "e1":
            self._remote_kem = state.decrypt_and_hash(part)
            kem.check(self._remote_kem)
        elif token == "ekem1":
            state.mix_key(self._kem.decapsulate(state.decrypt_and_hash(part)))
        else:
            self._mix(token)
        return rest

    def _mix_ephemeral(self, point: bytes) -> None:
        self.symmetric.mix_hash(point)
        self.symmetric.mix_key(point)  # as in every handshake with a PSK (Noise 9.2)

    def _mix(self, token: str) -> None:
        if token == "psk":
            self.symmetric.mix_key_and_hash(self.psk)
            return
        mine, theirs = (token[0], token[1]) if self.initiator else (token[1], token[0])
        pair = self._ephemeral if mine == "e" else self.static
        point = self.remote_ephemeral if theirs == "e" else self.remote_static
        self.symmetric.mix_key(pair.dh(point))
