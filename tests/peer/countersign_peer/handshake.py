"""The live handshake (SPEC 4): hello, reply, reject, from both sides."""

from . import cookie, curve, kem
from .curve import KeyPair
from .epochs import Epoch, state_psk
from .errors import Disagreement, ProtocolError
from .keys import TAG, cut, hkdf, hmac, open_sealed, seal
from .noise import Handshake, Randomness, live_name
from .proposal import Proposal

VERSION = 1
HELLO, REPLY, REJECT = 1, 2, 3
FIRST, SECOND = "e es e1 s ss", "e ee ekem1 se psk"
NO_PREVIOUS = bytes(32)


def start_of(kind: int, suite: int, offered: int) -> bytes:
    """The first 4 bytes of a hello or a resume."""
    return bytes([kind, VERSION, suite, offered])


def read_start(message: bytes, kind: int) -> int:
    """The suite of a hello or a resume; refuses another version and a suite unknown or not offered."""
    if len(message) < 4 or message[0] != kind or message[1] != VERSION:
        raise ProtocolError("another type or version")
    suite, offered = message[2], message[3]
    if suite not in (0, 1) or not offered >> suite & 1:
        raise ProtocolError("a suite that is unknown or not offered")
    return suite


def seal_reject(ck: bytes, h: bytes, reason: Disagreement) -> bytes:
    key, nonce_key = cut(hkdf(ck, b"countersign/1 reject", h, 64), 32, 32)
    nonce = hmac(nonce_key, reason.text())[:12]
    return bytes([REJECT]) + nonce + seal(key, nonce, reason.text(), h)


def open_reject(ck: bytes, h: bytes, message: bytes, readings: int) -> Disagreement:
    if len(message) != 1 + 12 + 16 + TAG or message[0] != REJECT:
        raise ProtocolError("a reject that is not of its form")
    key, nonce_key = cut(hkdf(ck, b"countersign/1 reject", h, 64), 32, 32)
    text = open_sealed(key, message[1:13], message[13:], h)
    if hmac(nonce_key, text)[:12] != message[1:13]:
        raise ProtocolError("a reject whose nonce is not that of its text")
    return Disagreement.from_text(text, readings)


class Hello:
    """The initiator, from the hello to the reply."""

    def __init__(
        self,
        static: KeyPair,
        responder_key: bytes,
        proposal: Proposal,
        state_hash: bytes,
        suite: int,
        offered: int,
        randomness: Randomness,
    ):
        start = start_of(HELLO, suite, offered)
        self._noise = Handshake(live_name(suite), b"countersign/1" + start, True, randomness)
        self._noise.static, self._noise.remote_static = static, responder_key
        self._noise.psk = state_psk(state_hash, NO_PREVIOUS)
        self._noise.symmetric.mix_hash(responder_key)
        self._readings = len(proposal.readings)
        body = start + self._noise.write(FIRST, proposal.encode())
        self._ck, self._h = self._noise.symmetric.ck, self._noise.symmetric.h
        self.mac1 = cookie.mac1(responder_key, start, body[4:37])
        self.message = body + self.mac1 + bytes(cookie.MAC)

    def finish(self, answer: bytes) -> Epoch:
        """Epoch 0 from a reply; a reject raises its Disagreement."""
        if answer[:1] == bytes([REJECT]):
            raise open_reject(self._ck, self._h, answer, self._readings)
        if answer[:1] != bytes([REPLY]):
            raise ProtocolError("neither reply nor reject")
        if self._noise.read(SECOND, answer[1:]):
            raise ProtocolError("a reply with a payload")
        return Epoch.after(self._noise.symmetric)


class OpenedHello:
    """The responder, from a hello that opens to its reply or reject. Check mac1 and mac2 before (`cookie`)."""

    def __init__(self, static: KeyPair, message: bytes, randomness: Randomness):
        self.suite = read_start(message, HELLO)
        fixed = 4 + curve.POINT + curve.POINT + 2 * TAG + 2 * cookie.MAC
        if len(message) < fixed + (kem.ENCAPSULATION_KEY + TAG if self.suite == 1 else 0):
            raise ProtocolError("a hello that is too short")
        cookie.check_mac1(static.public, message)
        self._noise = Handshake(live_name(self.suite), b"countersign/1" + message[:4], False, randomness)
        self._noise.static = static
        self._noise.symmetric.mix_hash(static.public)
        self.proposal = Proposal.decode(self._noise.read(FIRST, message[4 : -2 * cookie.MAC]))
        self.initiator_key = self._noise.remote_static
        self.ephemeral = self._noise.remote_ephemeral

    def reply(self, state_hash: bytes) -> tuple[bytes, Epoch]:
        self._noise.psk = state_psk(state_hash, NO_PREVIOUS)
        message = bytes([REPLY]) + self._noise.write(SECOND, b"")
        return message, Epoch.after(self._noise.symmetric)

    def reject(self, reason: Disagreement) -> bytes:
        return seal_reject(self._noise.symmetric.ck, self._noise.symmetric.h, reason)
