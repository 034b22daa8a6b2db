"""Datagrams (SPEC 9): keys by session role, the lane, the replay window."""

from .epochs import Epoch
from .errors import ProtocolError
from .keys import TAG, cut, hkdf_expand, open_sealed, seal, sha256
from .records import LAST_NUMBER, nonce

PLAIN, PADDED = 0x20, 0x21
HEADER = 21
LARGEST = 1232
WINDOW = 2048


def datagram_keys(epoch: Epoch) -> list[bytes]:
    """The keys under which the session's initiator and its responder send."""
    return cut(hkdf_expand(epoch.datagram_secret, b"countersign/1 datagram", 64), 32, 32)


def lane_of(first: Epoch) -> bytes:
    """Which session a datagram belongs to: from epoch 0, throughout."""
    return sha256(b"countersign/1 lane" + first.h)[:8]


def pack(key: bytes, lane: bytes, epoch: int, number: int, content: bytes, padded_to: int | None = None) -> bytes:
    """One datagram; `padded_to` is the size of the sealed content."""
    kind = PLAIN
    if padded_to is not None:
        kind = PADDED
        inner = len(content).to_bytes(2, "big") + content
        if len(inner) > padded_to:
            raise ValueError("the content does not fit its padding")
        content = inner + bytes(padded_to - len(inner))
    if len(content) > LARGEST - HEADER - TAG:
        raise ValueError("a datagram is at most 1,232 bytes")
    header = bytes([kind]) + lane + epoch.to_bytes(4, "big") + number.to_bytes(8, "big")
    return header + seal(key, nonce(kind, number), content)


class Window:
    """Which numbers were accepted, of the 2,048 up to the highest."""

    def __init__(self):
        self.highest = -1
        self._accepted: set[int] = set()

    def fresh(self, number: int) -> bool:
        return number > self.highest - WINDOW and number not in self._accepted

    def accept(self, number: int) -> None:
        self.highest = max(self.highest, number)
        self._accepted.add(number)
        self._accepted = {one for one in self._accepted if one > self.highest - WINDOW}


class Lane:
    """The datagrams of one session, one side. Times are given by the caller, in seconds."""

    KEEP = 5.0

    def __init__(self, role: int, epoch: Epoch):
        keys = datagram_keys(epoch)
        self.lane = lane_of(epoch)
        self._role = role
        self._send_epoch, self._send_key = 0, keys[role]
        self._receive = {0: keys[1 - role]}
        self._dying: dict[int, float] = {}
        self._number = 0
        self.window = Window()

    def learn(self, number: int, epoch: Epoch) -> None:
        """A new epoch of which this side has the keys: it receives under them too."""
        keys = datagram_keys(epoch)
        self._receive[number] = keys[1 - self._role]
        self._next = (number, keys[self._role])

    def move(self, now: float) -> None:
        """The other side has the keys too: send under them, and receive under the old ones for 5 s more."""
        self._send_epoch, self._send_key = self._next
        for old in self._receive:
            if old < self._send_epoch:
                self._dying.setdefault(old, now + self.KEEP)

    def send(self, content: bytes, padded_to: int | None = None) -> bytes:
        if self._number > LAST_NUMBER:
            raise ProtocolError("no number is left")
        datagram = pack(self._send_key, self.lane, self._send_epoch, self._number, content, padded_to)
        self._number += 1
        return datagram

    def open(self, datagram: bytes, now: float) -> tuple[int, bytes]:
        """Number and content of a datagram; one that does not open changes nothing."""
        self._forget(now)
        if not HEADER + TAG <= len(datagram) <= LARGEST or datagram[0] not in (PLAIN, PADDED):
            raise ProtocolError("not a datagram")
        kind, lane, epoch, number = cut(datagram, 1, 8, 4, 8)
        epoch, number = int.from_bytes(epoch, "big"), int.from_bytes(number, "big")
        if lane != self.lane or epoch not in self._receive or not self.window.fresh(number):
            raise ProtocolError("a datagram of another lane or epoch, or a repeated one")
        content = open_sealed(self._receive[epoch], nonce(kind[0], number), datagram[HEADER:])
        if kind[0] == PADDED:
            content = _unpad(content)
        self.window.accept(number)
        return number, content

    def _forget(self, now: float) -> None:
        for epoch in [one for one, until in self._dying.items() if now >= until]:
            del self._dying[epoch], self._receive[epoch]


def _unpad(inner: bytes) -> bytes:
    length = int.from_bytes(inner[:2], "big")
    if len(inner) < 2 or length > len(inner) - 2:
        raise ProtocolError("a padded datagram that is shorter than it says")
    return inner[2 : 2 + length]
