"""A session's channel without IO or clock: records, new epochs, ends (SPEC 6 and 7)."""

from dataclasses import dataclass

from . import records
from .epochs import Beginning, Epoch, EpochRequest, answer
from .errors import Disagreement, ProtocolError
from .noise import Randomness
from .proposal import Proposal
from .records import Direction

INITIATOR, RESPONDER = 0, 1


@dataclass(frozen=True)
class Event:
    """What a record meant: `name`, and what belongs to it.

    message (data) · confirmed (epoch 0) · requested (EpochRequest) · dropped (own request, for the other's stands) ·
    ignored (the other's, for the own one stands) · epoch (number, begun by this side or not, kind) · refused
    (Disagreement) · closed · aborted (reason, detail)
    """

    name: str
    of: object = None


class Channel:
    """One side of a session. `receive` takes whole records; the other methods give records to send.

    `closed` and `peer_closed` say whose application data has ended; `over`, that both have closed or one aborted.
    """

    def __init__(self, role: int, suite: int, epoch: Epoch, block_number: int):
        self.role, self.suite = role, suite
        self.first = self.epoch = epoch
        self.number = 0
        self.block_number = block_number
        keys = (epoch.initiator_key, epoch.responder_key)
        self._send, self._receive = Direction(keys[role]), Direction(keys[1 - role])
        self._begun: Beginning | None = None
        self._ignored = False
        self._considered: EpochRequest | None = None
        # The key that the confirmation brings, and the event it means; for the responder the first record is one.
        self._awaited: tuple[bytes, Event] | None = None
        if role == RESPONDER:
            self._awaited = (keys[1 - role], Event("confirmed"))
        self.closed = self.peer_closed = self.over = False
        self._message = b""
        self._in_message = False

    # -- sending

    def confirm(self) -> bytes:
        return self._sealed(records.CONFIRMATION, b"")

    def message(self, data: bytes, padded_to: int | None = None) -> list[bytes]:
        """A message as its records; padded ones hold 3 bytes less."""
        if self.number == 0 and self._awaited is not None:
            raise ValueError("nothing may be sent before the confirmation")
        self._check_open()
        size = records.CONTENT if padded_to is None else padded_to - 3
        parts = [data[at : at + size] for at in range(0, max(len(data), 1), size)]
        kinds = [records.DATA_MORE] * (len(parts) - 1) + [records.DATA]
        return [self._sealed(kind, part, padded_to) for kind, part in zip(kinds, parts, strict=True)]

    def close(self, padded_to: int | None = None) -> bytes:
        self._check_open()
        record = self._sealed(records.CLOSE, b"", padded_to)
        self.closed = True
        self._end_if_both_closed()
        return record

    def abort(self, reason: str, detail: int = 0) -> bytes:
        record = self._sealed(records.ABORT, bytes([records.ABORT_CODES[reason], detail]))
        self.over = True
        return record

    def may_request(self) -> bool:
        busy = self._begun or self._considered or self._awaited
        return not busy and not self.over

    def request(self, kind: int, proposal: Proposal, state_hash: bytes, randomness: Randomness) -> bytes:
        if not self.may_request():
            raise ValueError("a new epoch is on its way already, or the session is at its end")
        number = self.number + 1
        self._begun = Beginning(self.epoch, self.role, kind, number, self.suite, proposal, state_hash, randomness)
        self._ignored = False
        return self._sealed(records.EPOCH_REQUEST, self._begun.content)

    def agree(self, state_hash: bytes, randomness: Randomness) -> bytes:
        """The reply to the request that is considered; what is sent after it is under the new key."""
        request, beginner = self._request_considered(), 1 - self.role
        content, epoch = answer(self.epoch, beginner, self.suite, request, state_hash, randomness)
        record = self._sealed(records.EPOCH_REPLY, content)
        self._send.change(epoch.responder_key)
        self._awaited = (epoch.initiator_key, Event("epoch", (request.number, False, request.kind)))
        self._considered = None
        self._enter(epoch, request.number, request.proposal.block_number)
        return record

    def refuse(self, reason: Disagreement) -> bytes:
        content = self._request_considered().number.to_bytes(4, "big") + reason.text()
        self._considered = None
        return self._sealed(records.EPOCH_REFUSAL, content)

    def _request_considered(self) -> EpochRequest:
        if self._considered is None:
            raise ValueError("no request waits for an answer")
        return self._considered

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("this side has closed")

    def _sealed(self, kind: int, content: bytes, padded_to: int | None = None) -> bytes:
        if self.over:
            raise ValueError("the session is over")
        return self._send.seal(kind, content, padded_to)

    # -- receiving

    def receive(self, record: bytes) -> list[Event]:
        """What a record meant. Nothing is read where the session is over: what comes then crossed its end on the way."""
        if self.over:
            return []
        if record[:1] == bytes([records.CONFIRMATION]):
            return [self._confirmed(record)]
        if self.number == 0 and self._awaited is not None:
            raise ProtocolError("a record before the confirmation")
        kind, content = self._receive.open(record)
        if self.peer_closed and kind in (records.DATA, records.DATA_MORE, records.CLOSE):
            raise ProtocolError("data or a close after a close")
        if kind in (records.DATA, records.DATA_MORE):
            return self._data(kind, content)
        if kind == records.CLOSE:
            return [self._peer_ended(content)]
        if kind == records.ABORT:
            return [self._abort(content)]
        if kind == records.EPOCH_REQUEST:
            return self._requested(EpochRequest.decode(content, self.suite))
        if kind == records.EPOCH_REPLY:
            return [self._replied(content)]
        return [self._refused(content)]

    def _confirmed(self, record: bytes) -> Event:
        if self._awaited is None:
            raise ProtocolError("a confirmation out of place")
        key, event = self._awaited
        self._receive.change(key)
        if self._receive.open(record)[1]:
            raise ProtocolError("a confirmation that is not empty")
        self._awaited = None
        return event

    def _data(self, kind: int, content: bytes) -> list[Event]:
        self._message += content
        self._in_message = kind == records.DATA_MORE
        if self._in_message:
            return []
        message, self._message = self._message, b""
        return [Event("message", message)]

    def _peer_ended(self, content: bytes) -> Event:
        if content or self._in_message:
            raise ProtocolError("a close that is not empty, or within a message")
        self.peer_closed = True
        self._end_if_both_closed()
        return Event("closed")

    def _end_if_both_closed(self) -> None:
        if self.closed and self.peer_closed:
            self.over = True
            self._begun = self._considered = self._awaited = None

    def _abort(self, content: bytes) -> Event:
        if len(content) != 2 or content[0] not in records.ABORTS or content[1] > (content[0] <= 3):
            raise ProtocolError("an abort that is not of its form")
        self.over = True
        return Event("aborted", (records.ABORTS[content[0]], content[1]))

    def _requested(self, request: EpochRequest) -> list[Event]:
        if self._considered or self._awaited or request.number != self.number + 1:
            raise ProtocolError("an epoch request out of place")
        if self._begun is not None and self.role == INITIATOR:
            if self._ignored:
                raise ProtocolError("a second epoch request across one")
            self._ignored = True
            return [Event("ignored", request)]
        events = [] if self._begun is None else [Event("dropped", self._begun.kind)]
        self._begun = None
        self._considered = request
        return [*events, Event("requested", request)]

    def _replied(self, content: bytes) -> Event:
        if self._begun is None:
            raise ProtocolError("an epoch reply out of place")
        begun, self._begun = self._begun, None
        epoch = begun.finish(content)
        self._receive.change(epoch.responder_key)
        self._send.change(epoch.initiator_key)
        self._enter(epoch, begun.number, begun.block_number)
        return Event("epoch", (begun.number, True, begun.kind))

    def _refused(self, content: bytes) -> Event:
        if self._begun is None or content[:4] != self._begun.number.to_bytes(4, "big"):
            raise ProtocolError("an epoch refusal out of place")
        reason = Disagreement.from_text(content[4:], self._begun.readings)
        self._begun = None
        return Event("refused", reason)

    def _enter(self, epoch: Epoch, number: int, block_number: int) -> None:
        self.epoch, self.number, self.block_number = epoch, number, block_number
