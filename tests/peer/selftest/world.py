"""A state, keys and randomness that the self-tests share; all of it fixed."""

import hashlib

from countersign_peer import curve
from countersign_peer.channel import INITIATOR, RESPONDER, Channel
from countersign_peer.curve import KeyPair
from countersign_peer.handshake import Hello, OpenedHello
from countersign_peer.noise import Randomness
from countersign_peer.proposal import Proposal
from countersign_peer.state import Query, Reading, Record, SessionState


def drawn(name: str, length: int = 32) -> bytes:
    """Bytes that stand for random ones."""
    return hashlib.shake_256(name.encode()).digest(length)


def randomness(name: str) -> Randomness:
    return Randomness(drawn(name + " e"), drawn(name + " dz", 64), drawn(name + " m"))


ALICE, BOB = KeyPair(drawn("alice")), KeyPair(drawn("bob"))


def record(pair: KeyPair, owner: int, **changes) -> Record:
    terms = {"version": 1, "anchored_at": 1_700_000_000, "valid_until": 0, "scheme": 0, "suite_floor": 0} | changes
    return Record(bytes([owner]) * 20, bytes(32), signer=curve.address_of(pair.public), **terms)


def state(block: int = 7, price: int = 2999, readings: int = 1) -> SessionState:
    valuation = tuple(Reading(Query(b"\x11" * 20, bytes([slot]) * 32), price.to_bytes(32, "big")) for slot in range(readings))
    registry = b"\x99" * 20
    return SessionState(31337, block, drawn(f"block {block}"), registry, record(ALICE, 1), record(BOB, 2), valuation)


def hello(suite: int = 1, seen: SessionState | None = None) -> Hello:
    seen = seen or state()
    proposal = Proposal.of(seen, 1_700_000_000_000)
    return Hello(ALICE, BOB.public, proposal, seen.hash(), suite, 1 << suite, randomness("hello"))


def session(suite: int = 1) -> tuple[Channel, Channel]:
    """Both ends of a live session, confirmed."""
    dialled = hello(suite)
    opened = OpenedHello(BOB, dialled.message, randomness("reply"))
    reply, theirs = opened.reply(state().hash())
    initiator = Channel(INITIATOR, suite, dialled.finish(reply), 7)
    responder = Channel(RESPONDER, suite, theirs, 7)
    responder.receive(initiator.confirm())
    return initiator, responder
