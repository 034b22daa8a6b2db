"""Records, readings, the state and its hash (SPEC 2), and the packed word of a record (SPEC 12)."""

from dataclasses import dataclass

from .keys import keccak

READING = b"Reading(address source,uint8 kind,bytes32 subject,bytes32 value)"
RECORD = (
    b"RegistryRecord(address owner,bytes32 label,uint16 version,address signer,uint40 anchoredAt,"
    b"uint32 validUntil,uint8 scheme,uint8 suiteFloor)"
)
STATE = (
    b"SessionState(uint256 chainId,uint64 blockNumber,bytes32 blockHash,address registry,"
    b"RegistryRecord initiator,RegistryRecord responder,Reading[] valuation)"
)
STORAGE_SLOT = 0
VIEW_CALL = 1
MOST_READINGS = 16
MOST_CALLDATA = 260
MOST_RETURNED = 4096


def word(value: int | bytes) -> bytes:
    """A 32-byte word: a number, an address padded in front, or 32 bytes as they are."""
    return value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0")


@dataclass(frozen=True)
class Query:
    """What both sides read of the contract `source`: the storage slot `subject`, or what it returns to `calldata`."""

    source: bytes
    subject: bytes
    kind: int = STORAGE_SLOT
    calldata: bytes = b""

    @classmethod
    def call(cls, source: bytes, calldata: bytes) -> "Query":
        return cls(source, keccak(calldata), VIEW_CALL, calldata)


@dataclass(frozen=True)
class Reading:
    """`value` is a slot's word, or the hash of what a call returned."""

    query: Query
    value: bytes

    def hash(self) -> bytes:
        query = self.query
        return keccak(keccak(READING) + word(query.source) + word(query.kind) + query.subject + self.value)


@dataclass(frozen=True)
class Record:
    """A registry record as it is hashed, and whether it was revoked: a revoked one never is."""

    owner: bytes
    label: bytes
    version: int
    signer: bytes
    anchored_at: int
    valid_until: int
    scheme: int
    suite_floor: int
    revoked: bool = False

    @classmethod
    def from_word(cls, owner: bytes, label: bytes, packed: bytes) -> "Record | None":
        """The record in a storage word; none in a zero word."""
        value = int.from_bytes(packed, "big")
        if value == 0:
            return None

        def bits(low: int, high: int) -> int:
            return value >> low & (1 << high - low + 1) - 1

        return cls(
            owner,
            label,
            version=bits(232, 247),
            signer=bits(0, 159).to_bytes(20, "big"),
            anchored_at=bits(160, 199),
            valid_until=bits(200, 231),
            scheme=bits(248, 248),
            suite_floor=bits(249, 250),
            revoked=bits(251, 251) == 1,
        )

    def hash(self) -> bytes:
        fields = (self.owner, self.label, self.version, self.signer, self.anchored_at)
        fields += (self.valid_until, self.scheme, self.suite_floor)
        return keccak(keccak(RECORD) + b"".join(word(value) for value in fields))

    def expired(self, now: int) -> bool:
        """Whether it is over at `now`, in Unix seconds. Zero never expires."""
        return self.valid_until != 0 and now >= self.valid_until


@dataclass(frozen=True)
class SessionState:
    chain_id: int
    block_number: int
    block_hash: bytes
    registry: bytes
    initiator: Record
    responder: Record
    valuation: tuple[Reading, ...]

    def hash(self) -> bytes:
        """The state hash: the hashStruct of EIP-712."""
        return keccak(
            keccak(STATE + READING + RECORD)
            + word(self.chain_id)
            + word(self.block_number)
            + self.block_hash
            + word(self.registry)
            + self.initiator.hash()
            + self.responder.hash()
            + keccak(b"".join(reading.hash() for reading in self.valuation))
        )
