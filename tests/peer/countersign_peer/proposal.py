"""The proposal: the payload of Noise message 1 (SPEC 4.2)."""

from dataclasses import dataclass

from .errors import ProtocolError
from .keys import cut
from .state import MOST_CALLDATA, MOST_READINGS, STORAGE_SLOT, VIEW_CALL, Query, Reading, SessionState

FIXED = 247
READING = 85
STEP = 512


@dataclass(frozen=True)
class Proposal:
    """What the initiator claims. `timestamp` is in Unix milliseconds, zero in epochs and resumptions."""

    timestamp: int
    initiator_owner: bytes
    initiator_label: bytes
    initiator_version: int
    responder_owner: bytes
    responder_label: bytes
    chain_id: int
    block_number: int
    block_hash: bytes
    registry: bytes
    initiator_hash: bytes
    responder_hash: bytes
    readings: tuple[Reading, ...]

    @classmethod
    def of(cls, state: SessionState, timestamp: int) -> "Proposal":
        initiator, responder = state.initiator, state.responder
        return cls(
            timestamp,
            initiator.owner,
            initiator.label,
            initiator.version,
            responder.owner,
            responder.label,
            state.chain_id,
            state.block_number,
            state.block_hash,
            state.registry,
            initiator.hash(),
            responder.hash(),
            state.valuation,
        )

    def queries(self) -> tuple[Query, ...]:
        return tuple(reading.query for reading in self.readings)

    def encode(self) -> bytes:
        out = b"".join(
            (
                self.timestamp.to_bytes(8, "big"),
                self.initiator_owner,
                self.initiator_label,
                self.initiator_version.to_bytes(2, "big"),
                self.responder_owner,
                self.responder_label,
                self.chain_id.to_bytes(8, "big"),
                self.block_number.to_bytes(8, "big"),
                self.block_hash,
                self.registry,
                self.initiator_hash,
                self.responder_hash,
                bytes([len(self.readings)]),
            )
        )
        for reading in self.readings:
            query = reading.query
            out += bytes([query.kind]) + query.source + query.subject + reading.value
            if query.kind == VIEW_CALL:
                out += len(query.calldata).to_bytes(2, "big") + query.calldata
        return out + bytes(-len(out) % STEP)

    @classmethod
    def decode(cls, data: bytes) -> "Proposal":
        """Reads a proposal; refuses every other form, such as padding that is not zero or not the least."""
        count = data[FIXED - 1] if len(data) >= FIXED else MOST_READINGS + 1
        if count > MOST_READINGS:
            raise ProtocolError("a proposal that is not of its form")
        readings, end = [], FIXED
        for _ in range(count):
            reading, end = _reading(data, end)
            readings.append(reading)
        if len(data) != end + -end % STEP or any(data[end:]):
            raise ProtocolError("a proposal that is not of its form")
        parts = cut(data, 8, 20, 32, 2, 20, 32, 8, 8, 32, 20, 32, 32)
        for number in (0, 3, 6, 7):
            parts[number] = int.from_bytes(parts[number], "big")
        return cls(*parts, tuple(readings))


def _reading(data: bytes, at: int) -> tuple[Reading, int]:
    """The reading that begins there, and where it ends."""
    end = at + READING
    if len(data) < end:
        raise ProtocolError("a proposal that ends early")
    kind, source, subject, value = cut(data[at:end], 1, 20, 32, 32)
    if kind[0] == STORAGE_SLOT:
        return Reading(Query(source, subject), value), end
    if kind[0] != VIEW_CALL:
        raise ProtocolError("a reading of an unknown kind")
    length = int.from_bytes(data[end : end + 2], "big")
    query = Query.call(source, data[end + 2 : end + 2 + length])
    if length > MOST_CALLDATA or len(query.calldata) != length or query.subject != subject:
        raise ProtocolError("a view call that is not of its form")
    return Reading(query, value), end + 2 + length
