"""Resumption (SPEC 8): a session from a ticket, without static keys."""

from dataclasses import dataclass

from . import cookie
from .epochs import ANSWER, BEGIN, ROTATION, Epoch, message_1_length, state_psk
from .errors import Disagreement, ProtocolError
from .handshake import REJECT, REPLY, open_reject, read_start, seal_reject, start_of
from .keys import TAG, cut, hkdf_expand, open_sealed, seal, sha256
from .noise import Handshake, Randomness, rotation_name
from .proposal import Proposal
from .state import Record

RESUME, TICKET_UNKNOWN = 4, 5
LABEL = b"countersign/1 resumption"
ID = 16
LIFE = 3600
ZERO_NONCE = bytes(12)


@dataclass(frozen=True)
class Ticket:
    """What both sides keep of a session. `live_at`: when the last live handshake before it was, in Unix seconds."""

    secret: bytes
    proposal_key: bytes
    id: bytes
    suite: int
    initiator: Record
    responder: Record
    responder_key: bytes
    live_at: float

    @classmethod
    def of(cls, epoch: Epoch, suite: int, initiator: Record, responder: Record, responder_key: bytes, live_at: float):
        secret, key, rest = cut(hkdf_expand(epoch.resumption_secret, b"countersign/1 ticket", 96), 32, 32, 32)
        return cls(secret, key, rest[:ID], suite, initiator, responder, responder_key, live_at)

    def alive(self, now: float) -> bool:
        return now < self.live_at + LIFE


class Resume:
    """The initiator, from the resume to the reply."""

    def __init__(self, ticket: Ticket, proposal: Proposal, state_hash: bytes, offered: int, randomness: Randomness):
        start = start_of(RESUME, ticket.suite, offered)
        sealed = seal(ticket.proposal_key, ZERO_NONCE, proposal.encode(), start + ticket.id)
        transcript = LABEL + start + ticket.id + sealed
        self._reject_key, self._reject_hash = ticket.proposal_key, sha256(transcript)
        self._readings = len(proposal.readings)
        self._noise = Handshake(rotation_name(ticket.suite), transcript, True, randomness)
        self._noise.psk = state_psk(state_hash, ticket.secret)
        noise = self._noise.write(BEGIN, b"")
        self.mac1 = cookie.mac1(ticket.responder_key, start, noise[:33])
        self.message = start + noise + ticket.id + sealed + self.mac1 + bytes(cookie.MAC)

    def finish(self, answer: bytes) -> Epoch | None:
        """Epoch 0 from a reply; None where the ticket is unknown; a reject raises its Disagreement."""
        if answer == bytes([TICKET_UNKNOWN]):
            return None
        if answer[:1] == bytes([REJECT]):
            raise open_reject(self._reject_key, self._reject_hash, answer, self._readings)
        if answer[:1] != bytes([REPLY]):
            raise ProtocolError("neither reply nor reject nor unknown ticket")
        if self._noise.read(ANSWER, answer[1:]):
            raise ProtocolError("a reply with a payload")
        return Epoch.after(self._noise.symmetric)


class TicketUnknown(Exception):
    """The ticket is unknown, used or of another suite, or the proposal does not open: the answer is one byte, 5."""


class OpenedResume:
    """The responder, from a resume whose proposal opens to its reply or reject.

    `tickets` maps ids to tickets; the ticket is taken from it once the proposal has opened, and not before.
    """

    def __init__(self, responder_static: bytes, message: bytes, tickets: dict[bytes, Ticket], now: float):
        suite = read_start(message, RESUME)
        at = 4 + message_1_length(ROTATION, suite)
        if len(message) < at + ID + TAG + 2 * cookie.MAC:
            raise ProtocolError("a resume that is too short")
        cookie.check_mac1(responder_static, message)
        start, noise, name = cut(message, 4, at - 4, ID)
        sealed = message[at + ID : -2 * cookie.MAC]
        ticket = tickets.get(name)
        if ticket is None or ticket.suite != suite or not ticket.alive(now):
            raise TicketUnknown
        try:
            opened = open_sealed(ticket.proposal_key, ZERO_NONCE, sealed, start + name)
        except ProtocolError:
            raise TicketUnknown from None
        del tickets[name]
        self.proposal = Proposal.decode(opened)
        if self.proposal.timestamp != 0:
            raise ProtocolError("a resumption with a timestamp")
        self.ticket, self.suite = ticket, suite
        self._noise_message = noise
        self._transcript = LABEL + start + name + sealed

    def reply(self, state_hash: bytes, randomness: Randomness) -> tuple[bytes, Epoch]:
        noise = Handshake(rotation_name(self.suite), self._transcript, False, randomness)
        noise.psk = state_psk(state_hash, self.ticket.secret)
        if noise.read(BEGIN, self._noise_message):
            raise ProtocolError("a resume with a payload")
        message = bytes([REPLY]) + noise.write(ANSWER, b"")
        return message, Epoch.after(noise.symmetric)

    def reject(self, reason: Disagreement) -> bytes:
        return seal_reject(self.ticket.proposal_key, sha256(self._transcript), reason)
