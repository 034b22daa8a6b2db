"""Test vectors: every derivation and message computed again from fixed inputs, and every failure refused again.

A file is a JSON list of cases `{"kind", "name", "inputs", "outputs"}`; bytes are hexadecimal without 0x. A kind is a function
here, from inputs to outputs. Where something must be refused, the outputs are `{"refused": true}`.
"""

import dataclasses

from . import cookie, curve, datagram, epochs, kem, records
from .curve import KeyPair
from .datagram import datagram_keys, lane_of
from .epochs import Beginning, Epoch, EpochRequest
from .errors import Disagreement, ProtocolError
from .handshake import Hello, OpenedHello
from .kem import KemPair
from .keys import keccak
from .noise import Randomness
from .proposal import Proposal
from .records import Direction
from .resumption import OpenedResume, Resume, Ticket
from .state import VIEW_CALL, Query, Reading, Record, SessionState


def compute(kind: str, inputs: dict) -> dict:
    """The outputs of a case."""
    try:
        return {name: _shown(value) for name, value in KINDS[kind](**inputs).items()}
    except ProtocolError:
        return {"refused": True}


def differences(case: dict) -> list[str]:
    """Where what a case says is not what comes out here; an output that is unknown here is a difference too."""
    found, wanted = compute(case["kind"], case["inputs"]), case["outputs"]
    return [name for name in sorted(found.keys() | wanted.keys()) if found.get(name) != wanted.get(name)]


def _shown(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Epoch):
        return {field.name: getattr(value, field.name).hex() for field in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [_shown(one) for one in value]
    return value


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text)


def _record(of: dict) -> Record:
    names = {name: value for name, value in of.items() if name not in ("owner", "label", "signer")}
    return Record(_bytes(of["owner"]), _bytes(of["label"]), signer=_bytes(of["signer"]), **names)


def _state(of: dict) -> SessionState:
    valuation = tuple(_reading(one) for one in of["valuation"])
    hashes = (_bytes(of["block_hash"]), _bytes(of["registry"]), _record(of["initiator"]), _record(of["responder"]))
    return SessionState(of["chain_id"], of["block_number"], *hashes, valuation)


def _reading(of: dict) -> Reading:
    """A slot and its word, or a call and what it returned."""
    source = _bytes(of["source"])
    if of["kind"] == VIEW_CALL:
        return Reading(Query.call(source, _bytes(of["calldata"])), keccak(_bytes(of["returned"])))
    return Reading(Query(source, _bytes(of["subject"]), of["kind"]), _bytes(of["value"]))


def _randomness(of: dict) -> Randomness:
    """What a side does not draw may be left out."""
    seed = _bytes(of.get("kem_seed", "00" * 64))
    return Randomness(_bytes(of["ephemeral"]), seed, _bytes(of.get("encapsulation", "00" * 32)))


def _reasons(rejects: list) -> list[Disagreement]:
    return [Disagreement(name, detail) for name, detail in rejects]


def record_word(owner: str, label: str, word: str) -> dict:
    found = Record.from_word(_bytes(owner), _bytes(label), _bytes(word))
    return {} if found is None else dataclasses.asdict(found) | {"hash": found.hash()}


def state(state: dict, timestamp: int) -> dict:
    seen = _state(state)
    return {
        "initiator_hash": seen.initiator.hash(),
        "responder_hash": seen.responder.hash(),
        "state_hash": seen.hash(),
        "proposal": Proposal.of(seen, timestamp).encode(),
    }


def live(
    suite: int,
    offered: int,
    initiator_static: str,
    responder_static: str,
    state: dict,
    timestamp: int,
    initiator: dict,
    responder: dict,
    cookie_secret: str,
    ip: str,
    port: int,
    cookie_nonce: str,
    rejects: list,
    export: dict,
) -> dict:
    """A live handshake with a cookie asked for, its possible rejects, and all that is derived from epoch 0."""
    seen, ours, theirs = _state(state), KeyPair(_bytes(initiator_static)), KeyPair(_bytes(responder_static))
    proposal = Proposal.of(seen, timestamp)
    hello = Hello(ours, theirs.public, proposal, seen.hash(), suite, offered, _randomness(initiator))
    given = cookie.cookie_of(_bytes(cookie_secret), cookie.address(ip, port))
    answer = cookie.seal_cookie(theirs.public, given, hello.mac1, _bytes(cookie_nonce))
    opened = OpenedHello(theirs, hello.message, _randomness(responder))
    refusals = [opened.reject(reason) for reason in _reasons(rejects)]
    reply, epoch = opened.reply(seen.hash())
    _agree(hello.finish(reply), epoch)
    return {
        "hello": hello.message,
        "cookie": answer,
        "hello_with_cookie": cookie.with_mac2(hello.message, cookie.open_cookie(theirs.public, answer, hello.mac1)),
        "rejects": refusals,
        "psk": epochs.state_psk(seen.hash(), bytes(32)),
        "reply": reply,
    } | _derived(epoch, seen, suite, theirs.public, export)


def _derived(epoch: Epoch, seen: SessionState, suite: int, responder_key: bytes, export: dict) -> dict:
    ticket = Ticket.of(epoch, suite, seen.initiator, seen.responder, responder_key, 0.0)
    keys = datagram_keys(epoch)
    return {
        "epoch": epoch,
        "exported": epoch.export(_bytes(export["label"]), _bytes(export["context"]), export["length"]),
        "ticket_secret": ticket.secret,
        "proposal_key": ticket.proposal_key,
        "ticket_id": ticket.id,
        "initiator_datagram_key": keys[0],
        "responder_datagram_key": keys[1],
        "lane": lane_of(epoch),
        "confirmation": Direction(epoch.initiator_key).seal(records.CONFIRMATION, b""),
    }


def _agree(one: Epoch, other: Epoch) -> None:
    if one != other:
        raise AssertionError("the two sides derived different epochs")


def epoch(
    h: str, rotation_secret: str, beginner: int, kind: int, number: int, suite: int, state: dict, first: dict, second: dict
) -> dict:
    """A new epoch: the contents of request and reply, and its keys. `first` and `second` is what the two sides draw."""
    seen, nothing = _state(state), bytes(32)
    present = Epoch(_bytes(h), nothing, nothing, nothing, nothing, _bytes(rotation_secret), nothing, nothing)
    terms = (present, beginner, kind, number, suite, Proposal.of(seen, 0), seen.hash(), _randomness(first))
    begun = Beginning(*terms)
    request = EpochRequest.decode(begun.content, suite)
    reply, fresh = epochs.answer(present, beginner, suite, request, seen.hash(), _randomness(second))
    _agree(begun.finish(reply), fresh)
    keys = datagram_keys(fresh)
    return {
        "psk": epochs.state_psk(seen.hash(), present.rotation_secret),
        "request": begun.content,
        "reply": reply,
        "epoch": fresh,
        "initiator_datagram_key": keys[0],
        "responder_datagram_key": keys[1],
    }


def resumption(
    ticket_secret: str,
    proposal_key: str,
    ticket_id: str,
    suite: int,
    offered: int,
    responder_key: str,
    state: dict,
    initiator: dict,
    responder: dict,
    rejects: list,
    export: dict,
) -> dict:
    seen, key = _state(state), _bytes(responder_key)
    secrets = (_bytes(ticket_secret), _bytes(proposal_key), _bytes(ticket_id))
    ticket = Ticket(*secrets, suite, seen.initiator, seen.responder, key, 0.0)
    resume = Resume(ticket, Proposal.of(seen, 0), seen.hash(), offered, _randomness(initiator))
    opened = OpenedResume(key, resume.message, {ticket.id: ticket}, 0.0)
    refusals = [opened.reject(reason) for reason in _reasons(rejects)]
    reply, fresh = opened.reply(seen.hash(), _randomness(responder))
    _agree(resume.finish(reply), fresh)
    return {
        "resume": resume.message,
        "rejects": refusals,
        "psk": epochs.state_psk(seen.hash(), ticket.secret),
        "reply": reply,
    } | _derived(fresh, seen, suite, key, export)


def record(key: str, number: int, type: int, content: str, padded_to: int | None) -> dict:
    return {"record": Direction(_bytes(key), number).seal(type, _bytes(content), padded_to)}


def open_record(key: str, number: int, record: str) -> dict:
    kind, content = Direction(_bytes(key), number).open(_bytes(record))
    return {"type": kind, "content": content}


def seal_datagram(key: str, lane: str, epoch: int, number: int, content: str, padded_to: int | None) -> dict:
    return {"datagram": datagram.pack(_bytes(key), _bytes(lane), epoch, number, _bytes(content), padded_to)}


def open_hello(responder_static: str, hello: str) -> dict:
    """A hello at the responder: what it claims, or a refusal."""
    drawn = Randomness(bytes(31) + b"\1", bytes(64), bytes(32))
    opened = OpenedHello(KeyPair(_bytes(responder_static)), _bytes(hello), drawn)
    return {"proposal": opened.proposal.encode(), "initiator_key": opened.initiator_key}


def open_proposal(proposal: str) -> dict:
    return {"proposal": Proposal.decode(_bytes(proposal)).encode()}


def open_answer(
    suite: int,
    offered: int,
    initiator_static: str,
    responder_key: str,
    state: dict,
    timestamp: int,
    initiator: dict,
    answer: str,
) -> dict:
    """A reply or a reject at the initiator: epoch 0, the reason, or a refusal."""
    seen = _state(state)
    terms = (Proposal.of(seen, timestamp), seen.hash(), suite, offered, _randomness(initiator))
    hello = Hello(KeyPair(_bytes(initiator_static)), _bytes(responder_key), *terms)
    try:
        return {"epoch": hello.finish(_bytes(answer))}
    except Disagreement as reason:
        return {"reason": reason.name, "detail": reason.detail}


def key_pair(secret: str) -> dict:
    pair = KeyPair(_bytes(secret))
    return {"public": pair.public, "address": curve.address_of(pair.public)}


def diffie_hellman(secret: str, point: str) -> dict:
    return {"shared": KeyPair(_bytes(secret)).dh(_bytes(point))}


def kem_pair(seed: str) -> dict:
    return {"public": KemPair(_bytes(seed)).public}


def encapsulation(key: str, randomness: str) -> dict:
    ciphertext, secret = kem.encapsulate(_bytes(key), _bytes(randomness))
    return {"ciphertext": ciphertext, "shared": secret}


KINDS = {
    function.__name__: function
    for function in (
        record_word,
        state,
        live,
        epoch,
        resumption,
        record,
        open_record,
        seal_datagram,
        open_hello,
        open_proposal,
        open_answer,
        key_pair,
        diffie_hellman,
        kem_pair,
        encapsulation,
    )
}
