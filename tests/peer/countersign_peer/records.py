"""Records (SPEC 6): sealing, numbering and padding of one direction."""

from .errors import ProtocolError
from .keys import TAG, open_sealed, seal

DATA, DATA_MORE, CLOSE, CONFIRMATION = 0x10, 0x11, 0x12, 0x13
EPOCH_REQUEST, EPOCH_REPLY, EPOCH_REFUSAL, ABORT = 0x14, 0x15, 0x16, 0x17
PADDED = 0x1F
PLAIN = range(DATA, ABORT + 1)
PADDABLE = tuple(kind for kind in PLAIN if kind != CONFIRMATION)
CONTENT = 16_384
PADDED_CONTENT = CONTENT - 3
MOST_RECORDS = 1 << 32
MOST_BYTES = 1 << 38
LAST_NUMBER = (1 << 64) - 2

ABORTS = {1: "Revoked", 2: "Expired", 3: "Superseded", 4: "KeysWornOut", 5: "Unproven"}
ABORT_CODES = {name: code for code, name in ABORTS.items()}


def nonce(first: int, number: int) -> bytes:
    return bytes([first, 0, 0, 0]) + number.to_bytes(8, "big")


def pad(kind: int, content: bytes, size: int) -> bytes:
    """The sealed content of a padded record, of `size` bytes."""
    inner = bytes([kind]) + len(content).to_bytes(2, "big") + content
    if kind not in PADDABLE or not len(inner) <= size <= CONTENT:
        raise ValueError("this record cannot be padded so")
    return inner + bytes(size - len(inner))


def unpad(inner: bytes) -> tuple[int, bytes]:
    """Type and content of a padded record. What stands behind the content is ignored."""
    if len(inner) < 3 or inner[0] not in PADDABLE:
        raise ProtocolError("a padded record that is not of its form")
    length = int.from_bytes(inner[1:3], "big")
    if length > len(inner) - 3:
        raise ProtocolError("a padded record that is shorter than it says")
    return inner[0], inner[3 : 3 + length]


class Direction:
    """One direction: its key of now, and the number of the next record, which goes on through all epochs."""

    def __init__(self, key: bytes, number: int = 0):
        self.number = number
        self.change(key)

    def change(self, key: bytes) -> None:
        self._key, self.records, self.bytes = key, 0, 0

    def seal(self, kind: int, content: bytes, padded_to: int | None = None) -> bytes:
        """A whole record, first byte included."""
        first = kind
        if padded_to is not None:
            first, content = PADDED, pad(kind, content, padded_to)
        if len(content) > CONTENT:
            raise ValueError("a record holds at most 16,384 bytes")
        record = bytes([first]) + seal(self._key, nonce(first, self.number), content)
        self._count(len(content))
        return record

    def open(self, record: bytes) -> tuple[int, bytes]:
        """Type and content; a padded record comes as what it holds."""
        if not record or record[0] not in (*PLAIN, PADDED) or not TAG <= len(record) - 1 <= CONTENT + TAG:
            raise ProtocolError("not a record")
        content = open_sealed(self._key, nonce(record[0], self.number), record[1:])
        self._count(len(content))
        return unpad(content) if record[0] == PADDED else (record[0], content)

    def _count(self, length: int) -> None:
        if self.number > LAST_NUMBER or self.records >= MOST_RECORDS or self.bytes + length > MOST_BYTES:
            raise ProtocolError("a key that is worn out")
        self.records += 1
        self.bytes += length
        self.number += 1
