"""mac1, mac2 and cookies (SPEC 4.1): what a responder looks at before any curve operation."""

import ipaddress
import secrets
import time

from .errors import ProtocolError
from .keys import cut, hmac, open_sealed, same, seal, sha256

COOKIE = 6
MAC = 16
LENGTH = 1 + 12 + 16 + 16
LIFE = 120


def address(ip: str, port: int) -> bytes:
    """A source address as the responder sees it: 16 bytes and the port."""
    parsed = ipaddress.ip_address(ip)
    if parsed.version == 4:
        return bytes(10) + b"\xff\xff" + parsed.packed + port.to_bytes(2, "big")
    return parsed.packed + port.to_bytes(2, "big")


def mac1(responder_static: bytes, start: bytes, ephemeral: bytes) -> bytes:
    return hmac(sha256(b"countersign/1 mac1" + responder_static), start + ephemeral)[:MAC]


def mac2(cookie: bytes, start: bytes, ephemeral: bytes, first_mac: bytes) -> bytes:
    return hmac(cookie, start + ephemeral + first_mac)[:MAC]


def cookie_of(secret: bytes, source: bytes) -> bytes:
    return hmac(secret, source)[:16]


def seal_cookie(responder_static: bytes, cookie: bytes, first_mac: bytes, nonce: bytes) -> bytes:
    key = sha256(b"countersign/1 cookie" + responder_static)
    return bytes([COOKIE]) + nonce + seal(key, nonce, cookie, first_mac)


def open_cookie(responder_static: bytes, message: bytes, first_mac: bytes) -> bytes:
    if len(message) != LENGTH or message[0] != COOKIE:
        raise ProtocolError("a cookie that is not of its form")
    key = sha256(b"countersign/1 cookie" + responder_static)
    return open_sealed(key, message[1:13], message[13:], first_mac)


def with_mac2(message: bytes, cookie: bytes) -> bytes:
    """The same hello or resume once more, every byte as before but mac2."""
    body, first_mac = message[: -2 * MAC], message[-2 * MAC : -MAC]
    return body + first_mac + mac2(cookie, body[:4], body[4:37], first_mac)


class CookieSecrets:
    """The present secret and the one before, each for 120 s."""

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._secrets = [secrets.token_bytes(32)]
        self._since = clock()

    def challenge(self, responder_static: bytes, source: bytes, first_mac: bytes) -> bytes:
        self._turn()
        return seal_cookie(responder_static, cookie_of(self._secrets[0], source), first_mac, secrets.token_bytes(12))

    def answered(self, message: bytes, source: bytes) -> bool:
        """Whether the mac2 of this message is right for its source."""
        self._turn()
        answers = [with_mac2(message, cookie_of(secret, source)) for secret in self._secrets]
        return any([same(answer, message) for answer in answers])

    def _turn(self) -> None:
        elapsed = self._clock() - self._since
        if elapsed >= LIFE:
            self._secrets = [secrets.token_bytes(32)] + (self._secrets[:1] if elapsed < 2 * LIFE else [])
            self._since = self._clock()


def check_mac1(responder_static: bytes, message: bytes) -> None:
    """Refuses a hello or a resume whose mac1 is not right."""
    body, first_mac, _ = cut(message, len(message) - 2 * MAC, MAC, MAC)
    if not same(first_mac, mac1(responder_static, body[:4], body[4:37])):
        raise ProtocolError("mac1 is wrong")
