"""The initiator over a socket: live and resumed sessions, cookies, one retry (SPEC 4, 8)."""

import socket
import time
from dataclasses import dataclass, field

from . import cookie
from .agreement import in_force, state_at
from .chain import Chain
from .channel import INITIATOR, Channel
from .curve import KeyPair
from .epochs import Epoch
from .errors import Disagreement, ProtocolError
from .handshake import Hello
from .lies import lie
from .noise import Randomness
from .proposal import Proposal
from .resumption import Resume, Ticket
from .state import Query, SessionState
from .stream import Stream

PATIENCE = 10.0
STEP_BACK = 3


@dataclass
class Opened:
    """A session that just began, on either side."""

    stream: Stream
    channel: Channel
    state: SessionState
    ticket: Ticket
    resumed: bool


@dataclass
class Dialler:
    chain: Chain
    static: KeyPair
    me: tuple[bytes, bytes]
    peer: tuple[bytes, bytes]
    peer_key: bytes | None
    at: tuple[str, int]
    queries: tuple[Query, ...]
    suite: int
    offered: int
    emit: object
    # To see what a responder says to it: a suite below a floor, an untrue proposal, a hello sent twice.
    below_floors: bool = False
    lie: str | None = None
    twice: bool = False
    # The cookie of each connection that gave one: whatever follows there bears a mac2 of it.
    _cookies: dict[Stream, bytes] = field(default_factory=dict)

    def dial(self) -> Opened:
        """A live session. After `UnknownBlock` or `StaleState`, once more, with new keys, on a new connection."""
        try:
            return self._dial(None)
        except Disagreement as reason:
            if reason.name not in ("UnknownBlock", "StaleState"):
                raise
            self.emit("retrying", reason=reason.name, detail=reason.detail)
            newest = self.chain.newest().number
            if reason.name == "UnknownBlock" and reason.detail < newest - STEP_BACK:
                raise
            return self._dial(min(newest, reason.detail) if reason.name == "UnknownBlock" else newest)

    def _dial(self, number: int | None) -> Opened:
        stream = self._connect()
        return self._live(stream, number)

    def _connect(self) -> Stream:
        return Stream(socket.create_connection(self.at, timeout=PATIENCE))

    def _state(self, number: int | None) -> tuple[SessionState, bytes]:
        """The state at a block, the newest unless given, and the responder's key."""
        newest = self.chain.newest()
        block = newest if number is None else self.chain.block(number)
        anchors = [self.chain.identity(block, *who) for who in (self.me, self.peer)]
        for anchor, who in zip(anchors, (self.me, self.peer), strict=True):
            in_force(self.chain.identity(newest, *who), newest.timestamp)
            in_force(anchor, newest.timestamp)
        if any(self.suite < anchor.record.suite_floor for anchor in anchors) and not self.below_floors:
            raise Disagreement("SuiteTooLow")
        key = anchors[1].key or self.peer_key
        if key is None:
            raise ProtocolError("the responder's record is compact; its key must be given")
        return state_at(self.chain, block, anchors[0].record, anchors[1].record, self.queries), key

    def _live(self, stream: Stream, number: int | None) -> Opened:
        state, key = self._state(number)
        proposal = lie(self.lie, Proposal.of(state, time.time_ns() // 1_000_000))
        hello = Hello(self.static, key, proposal, state.hash(), self.suite, self.offered, Randomness())
        answer = self._exchange(stream, key, hello.message, hello.mac1)
        if self.twice:
            stream.close()
            stream = self._connect()
            answer = self._exchange(stream, key, hello.message, hello.mac1)
        epoch = hello.finish(answer)
        ticket = Ticket.of(epoch, self.suite, state.initiator, state.responder, key, time.time())
        return self._confirm(stream, epoch, self.suite, state, ticket, False)

    def resume(self, ticket: Ticket) -> Opened:
        """A resumed session; where the ticket is unknown, a live one on the same connection."""
        stream = self._connect()
        state, key = self._state(None)
        if (state.initiator, state.responder) != (ticket.initiator, ticket.responder) or not ticket.alive(time.time()):
            self.emit("ticket-dead")
            return self._live(stream, None)
        resume = Resume(ticket, Proposal.of(state, 0), state.hash(), self.offered, Randomness())
        answer = self._exchange(stream, key, resume.message, resume.mac1)
        epoch = resume.finish(answer)
        if epoch is None:
            self.emit("ticket-unknown")
            return self._live(stream, None)
        fresh = Ticket.of(epoch, ticket.suite, state.initiator, state.responder, key, ticket.live_at)
        return self._confirm(stream, epoch, ticket.suite, state, fresh, True)

    def _exchange(self, stream: Stream, key: bytes, message: bytes, mac1: bytes) -> bytes:
        """The answer to a hello or a resume, a cookie met on the way."""
        given = self._cookies.get(stream)
        stream.write(message if given is None else cookie.with_mac2(message, given))
        answer = stream.must_read(PATIENCE)
        if answer[0] != cookie.COOKIE:
            return answer
        if given is not None:
            raise ProtocolError("a second cookie on one connection")
        self._cookies[stream] = cookie.open_cookie(key, answer, mac1)
        self.emit("cookie", by="peer")
        return self._exchange(stream, key, message, mac1)

    def _confirm(self, stream: Stream, epoch: Epoch, suite: int, state: SessionState, ticket: Ticket, resumed: bool) -> Opened:
        channel = Channel(INITIATOR, suite, epoch, state.block_number)
        stream.write(channel.confirm())
        return Opened(stream, channel, state, ticket, resumed)
