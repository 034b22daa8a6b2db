"""The chain as this side sees it: one node is asked, its newest block is taken, everything else is proven (SPEC 2, 12)."""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from . import curve, trie
from .errors import Disagreement
from .keys import keccak
from .state import MOST_RETURNED, STORAGE_SLOT, Query, Record, word
from .trie import ProofError


CALL_GAS = 10_000_000


@dataclass(frozen=True)
class Block:
    """A block whose hash was computed here from its header."""

    number: int
    hash: bytes
    timestamp: int
    state_root: bytes


@dataclass(frozen=True)
class Anchor:
    """A proven record, and the pinned key; `key` is None where the record is compact."""

    record: Record
    key: bytes | None


class Chain:
    """`registry` is its address. Answers are kept: a block's hash names them for good."""

    def __init__(self, url: str, chain_id: int, registry: bytes):
        self._url = urlsplit(url)
        self.chain_id, self.registry = chain_id, registry
        self._calls, self.making_up_calls = 0, False
        self._words: dict[tuple[bytes, bytes, bytes], bytes] = {}
        self._code: dict[tuple[bytes, bytes], bool] = {}
        if int(self.call("eth_chainId"), 16) != chain_id:
            raise ProofError("the node is of another chain")

    def call(self, method: str, *params) -> object:
        self._calls += 1
        request = {"jsonrpc": "2.0", "id": self._calls, "method": method, "params": list(params)}
        connection = http.client.HTTPConnection(self._url.hostname, self._url.port, timeout=10)
        try:
            connection.request("POST", self._url.path or "/", json.dumps(request), {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise ProofError(f"{method}: {answer['error']}")
        return answer["result"]

    def newest(self) -> Block:
        return self._block("latest")

    def block(self, number: int) -> Block:
        found = self._block(hex(number))
        if found.number != number:
            raise ProofError("the node told another block")
        return found

    def _block(self, which: str) -> Block:
        header = self.call("eth_getBlockByNumber", which, False)
        found = trie.header_hash(header)
        if found.hex() != header["hash"][2:]:
            raise ProofError("a header that does not hash to what the node says")
        state_root = bytes.fromhex(header["stateRoot"][2:])
        return Block(int(header["number"], 16), found, int(header["timestamp"], 16), state_root)

    def words(self, block: Block, contract: bytes, *slots: bytes) -> list[bytes]:
        """The words in these slots at this block, proven."""
        known = (block.hash, contract) in self._code
        if not known or any((block.hash, contract, slot) not in self._words for slot in slots):
            self._prove(block, contract, slots)
        return [self._words[block.hash, contract, slot] for slot in slots]

    def _prove(self, block: Block, contract: bytes, slots: tuple[bytes, ...]) -> None:
        keys = ["0x" + slot.hex() for slot in slots]
        answer = self.call("eth_getProof", "0x" + contract.hex(), keys, hex(block.number))
        root, self._code[block.hash, contract] = trie.account(block.state_root, contract, _nodes(answer["accountProof"]))
        for slot, proof in zip(slots, answer["storageProof"], strict=True):
            self._words[block.hash, contract, slot] = trie.storage_word(root, slot, _nodes(proof["proof"]))

    def value(self, block: Block, query: Query) -> bytes:
        """What a slot of the contract holds, which must have code (SPEC 2), or the hash of what it returns to a call."""
        slots = (query.subject,) if query.kind == STORAGE_SLOT else ()
        words = self.words(block, query.source, *slots)
        if not self._code[block.hash, query.source]:
            raise ProofError(f"{query.source.hex()} is no contract at block {block.number}")
        return words[0] if words else keccak(self._returned(block, query))

    def _returned(self, block: Block, query: Query) -> bytes:
        """What the node says that a call returns: there is no EVM here, so this peer takes the hint for the result."""
        terms = {"from": "0x" + "00" * 20, "to": "0x" + query.source.hex(), "data": "0x" + query.calldata.hex()}
        try:
            told = self.call("eth_call", terms | {"gas": hex(CALL_GAS), "gasPrice": "0x0"}, hex(block.number))
        except ProofError as error:
            if self.making_up_calls:
                return b""
            raise Disagreement("Unable") from error
        returned = bytes.fromhex(str(told)[2:])
        if len(returned) > MOST_RETURNED:
            raise Disagreement("Unable")
        return returned

    def identity(self, block: Block, owner: bytes, label: bytes) -> Anchor | None:
        """The record of an identity at this block, None where its absence is proven."""
        base = int.from_bytes(record_slot(owner, label), "big")
        packed, x = self.words(block, self.registry, word(base), word(base + 1))
        record = Record.from_word(owner, label, packed)
        return None if record is None else Anchor(record, curve.lift(x, record.signer))


def record_slot(owner: bytes, label: bytes) -> bytes:
    return keccak(label + keccak(word(owner) + word(0)))


def _nodes(proof: list[str]) -> list[bytes]:
    return [bytes.fromhex(node[2:]) for node in proof]
