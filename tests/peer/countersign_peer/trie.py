"""RLP, block headers and Merkle Patricia proofs, checked by this side itself (Ethereum's yellow paper, appendices B and D)."""

from .keys import keccak

EMPTY_ROOT = keccak(b"\x80")
NO_CODE = keccak(b"")

# In the order of the header. Quantities are encoded without leading zeros, the rest as they are; from `baseFeePerGas`
# on the fields came with forks, each only where those before it stand.
QUANTITIES = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"}
HEADER = ["parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"]
HEADER += ["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"]
FORKS = ["baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash"]


class ProofError(Exception):
    """What a node said is not proven."""


def encode(item: bytes | list) -> bytes:
    """RLP of a byte string or a list."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _length(len(item), 0x80) + item
    body = b"".join(encode(one) for one in item)
    return _length(len(body), 0xC0) + body


def _length(length: int, base: int) -> bytes:
    if length < 56:
        return bytes([base + length])
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(digits)]) + digits


def decode(data: bytes) -> bytes | list:
    """The one item that `data` is, whole."""
    item, rest = _decode(data)
    if rest or encode(item) != data:
        raise ProofError("not canonical RLP")
    return item


def _decode(data: bytes) -> tuple[bytes | list, bytes]:
    if not data:
        raise ProofError("RLP that ends too soon")
    first = data[0]
    if first < 0x80:
        return data[:1], data[1:]
    base = 0x80 if first < 0xC0 else 0xC0
    start, length = 1, first - base
    if length > 55:
        start = 1 + length - 55
        length = int.from_bytes(data[1:start], "big")
    body, rest = data[start : start + length], data[start + length :]
    if len(body) != length:
        raise ProofError("RLP that ends too soon")
    if base == 0x80:
        return body, rest
    items = []
    while body:
        item, body = _decode(body)
        items.append(item)
    return items, rest


def number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def header_hash(block: dict) -> bytes:
    """The hash of a block, from the header fields that a node tells (eth_getBlockByNumber)."""
    names = HEADER + [name for name in FORKS if block.get(name) is not None]
    if names != (HEADER + FORKS)[: len(names)]:
        raise ProofError("a header with a hole")
    return keccak(encode([_field(name, block[name]) for name in names]))


def _field(name: str, value: str) -> bytes:
    return number(int(value, 16)) if name in QUANTITIES else bytes.fromhex(value[2:])


def prove(root: bytes, key: bytes, nodes: list[bytes]) -> bytes | None:
    """What the trie under `root` holds at keccak(key); None where its absence is proven."""
    if root == EMPTY_ROOT:
        return None
    by_hash = {keccak(node): node for node in nodes}
    path = keccak(key).hex()
    reference: bytes | list = root
    while True:
        node = _node(reference, by_hash)
        if len(node) == 17:
            if not path:
                return node[16] or None
            reference, path = node[int(path[0], 16)], path[1:]
            if reference == b"":
                return None
            continue
        if len(node) != 2:
            raise ProofError("neither branch nor extension nor leaf")
        nibbles, leaf = _path(node[0])
        if leaf:
            return node[1] if nibbles == path else None
        if not path.startswith(nibbles):
            return None
        reference, path = node[1], path[len(nibbles) :]


def _node(reference: bytes | list, by_hash: dict[bytes, bytes]) -> list:
    if isinstance(reference, list):
        return reference
    if reference not in by_hash:
        raise ProofError("a proof that lacks a node")
    node = decode(by_hash[reference])
    if not isinstance(node, list):
        raise ProofError("a node that is no list")
    return node


def _path(encoded: bytes) -> tuple[str, bool]:
    digits = encoded.hex()
    if not digits or digits[0] not in "0123":
        raise ProofError("a path that is not of its form")
    flag = int(digits[0])
    return (digits[1:] if flag & 1 else digits[2:]), flag >= 2


def account(root: bytes, address: bytes, nodes: list[bytes]) -> tuple[bytes, bool]:
    """An account's storage root, and whether it has code. Where its absence is proven, it has neither."""
    found = prove(root, address, nodes)
    if found is None:
        return EMPTY_ROOT, False
    _, _, storage, code = decode(found)
    return storage, code != NO_CODE


def storage_word(root: bytes, slot: bytes, nodes: list[bytes]) -> bytes:
    """The word in a slot, zero where its absence is proven."""
    found = prove(root, slot, nodes)
    return bytes(32) if found is None else decode(found).rjust(32, b"\0")
