"""The keys of an epoch (SPEC 5), and the two ways to a new one: rotation and state ticket (SPEC 7)."""

from dataclasses import dataclass

from . import curve, kem
from .errors import ProtocolError
from .keys import TAG, cut, hkdf, hkdf_expand
from .noise import Handshake, Randomness, SymmetricState, rotation_name
from .proposal import Proposal

ROTATION, STATE_TICKET = 0, 1
STATE_TICKET_NAME = b"Countersign_StateTicket_AESGCM_SHA256"
BEGIN, ANSWER = "psk e e1", "e ee ekem1"


@dataclass(frozen=True)
class Epoch:
    """What a completed handshake gives: record keys by Noise role, and the secrets."""

    h: bytes
    initiator_key: bytes
    responder_key: bytes
    epoch_secret: bytes
    exporter_secret: bytes
    rotation_secret: bytes
    resumption_secret: bytes
    datagram_secret: bytes

    @classmethod
    def derive(cls, ck: bytes, h: bytes) -> "Epoch":
        keys = cut(hkdf(ck, b"", b"", 96), 32, 32, 32)
        secrets = cut(hkdf_expand(keys[2], b"countersign/1 epoch" + h, 128), 32, 32, 32, 32)
        return cls(h, *keys, *secrets)

    @classmethod
    def after(cls, symmetric: SymmetricState) -> "Epoch":
        return cls.derive(symmetric.ck, symmetric.h)

    def export(self, label: bytes, context: bytes, length: int) -> bytes:
        """The exporter (SPEC 11); of epoch 0 alone."""
        info = b"countersign/1 exporter" + self.h + len(label).to_bytes(2, "big") + label + context
        return hkdf_expand(self.exporter_secret, info, length)


def state_psk(state_hash: bytes, previous: bytes) -> bytes:
    return hkdf(b"countersign/1 state psk", state_hash + previous, b"", 32)


def prologue(h: bytes, beginner: int, kind: int, number: int, proposal: bytes) -> bytes:
    start = b"countersign/1 rotation" + h + bytes([beginner, kind])
    return start + number.to_bytes(4, "big") + proposal


def message_1_length(kind: int, suite: int) -> int:
    """How long Noise message 1 of a new epoch or a resumption is."""
    if kind == STATE_TICKET:
        return TAG
    return curve.POINT + TAG + (kem.ENCAPSULATION_KEY + TAG if suite == 1 else 0)


@dataclass(frozen=True)
class EpochRequest:
    """The content of a request, read."""

    kind: int
    number: int
    proposal_bytes: bytes
    proposal: Proposal
    noise: bytes

    @classmethod
    def decode(cls, content: bytes, suite: int) -> "EpochRequest":
        if len(content) < 5 or content[0] not in (ROTATION, STATE_TICKET):
            raise ProtocolError("an epoch request that is not of its form")
        kind, number = content[0], int.from_bytes(content[1:5], "big")
        end = len(content) - message_1_length(kind, suite)
        raw = content[5 : max(end, 5)]
        proposal = Proposal.decode(raw)
        if proposal.timestamp != 0:
            raise ProtocolError("an epoch request with a timestamp")
        return cls(kind, number, raw, proposal, content[end:])


class Beginning:
    """The side that begins a new epoch, from its request to the reply."""

    def __init__(
        self,
        present: Epoch,
        beginner: int,
        kind: int,
        number: int,
        suite: int,
        proposal: Proposal,
        state_hash: bytes,
        randomness: Randomness,
    ):
        raw = proposal.encode()
        self.kind, self.number, self.readings = kind, number, len(proposal.readings)
        self.block_number = proposal.block_number
        start = prologue(present.h, beginner, kind, number, raw)
        psk = state_psk(state_hash, present.rotation_secret)
        if kind == STATE_TICKET:
            self._noise = None
            self._symmetric = SymmetricState(STATE_TICKET_NAME, start)
            self._symmetric.mix_key_and_hash(psk)
            message = self._symmetric.encrypt_and_hash(b"")
        else:
            self._noise = Handshake(rotation_name(suite), start, True, randomness)
            self._noise.psk = psk
            self._symmetric = self._noise.symmetric
            message = self._noise.write(BEGIN, b"")
        self.content = bytes([kind]) + number.to_bytes(4, "big") + raw + message

    def finish(self, content: bytes) -> Epoch:
        """The new epoch, from the content of the reply."""
        if content[:5] != bytes([self.kind]) + self.number.to_bytes(4, "big"):
            raise ProtocolError("an epoch reply to another request")
        if self._noise is None:
            payload = self._symmetric.decrypt_and_hash(content[5:])
        else:
            payload = self._noise.read(ANSWER, content[5:])
        if payload:
            raise ProtocolError("an epoch reply with a payload")
        return Epoch.after(self._symmetric)


def answer(
    present: Epoch, beginner: int, suite: int, request: EpochRequest, state_hash: bytes, randomness: Randomness
) -> tuple[bytes, Epoch]:
    """The content of the reply to a request that this side agrees to, and the new epoch."""
    start = prologue(present.h, beginner, request.kind, request.number, request.proposal_bytes)
    psk = state_psk(state_hash, present.rotation_secret)
    if request.kind == STATE_TICKET:
        symmetric = SymmetricState(STATE_TICKET_NAME, start)
        symmetric.mix_key_and_hash(psk)
        payload = symmetric.decrypt_and_hash(request.noise)
        message = symmetric.encrypt_and_hash(b"")
    else:
        noise = Handshake(rotation_name(suite), start, False, randomness)
        noise.psk = psk
        payload = noise.read(BEGIN, request.noise)
        message = noise.write(ANSWER, b"")
        symmetric = noise.symmetric
    if payload:
        raise ProtocolError("an epoch request with a payload")
    return bytes([request.kind]) + request.number.to_bytes(4, "big") + message, Epoch.after(symmetric)
