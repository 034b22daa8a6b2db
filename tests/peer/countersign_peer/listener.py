"""The responder over a socket: hellos and resumes, cookies where they are demanded (SPEC 4, 8)."""

import socket
import time
from dataclasses import dataclass, field

from . import cookie
from .agreement import Policy, check_records, judge
from .chain import Chain
from .channel import RESPONDER, Channel
from .curve import KeyPair
from .dialler import PATIENCE, Opened
from .errors import Disagreement, ProtocolError
from .handshake import HELLO, OpenedHello
from .noise import Randomness
from .resumption import RESUME, TICKET_UNKNOWN, OpenedResume, Ticket, TicketUnknown
from .stream import Stream
from .trie import ProofError


@dataclass
class Listener:
    """`refusing`: reasons for which the first handshakes are refused, whatever they propose; `pass` lets one through."""

    chain: Chain
    static: KeyPair
    me: tuple[bytes, bytes]
    policy: Policy
    demand_cookies: bool
    emit: object
    refusing: list[str] = field(default_factory=list)
    tickets: dict[bytes, Ticket] = field(default_factory=dict)
    cookies: cookie.CookieSecrets = field(default_factory=cookie.CookieSecrets)

    def answer(self, connection: socket.socket, source: tuple) -> Opened:
        """The session that a connection asks for. A Disagreement is told to the initiator before it is raised."""
        stream = Stream(connection)
        where = cookie.address(source[0], source[1])
        message = self._admitted(stream, where)
        if message[0] == HELLO:
            return self._live(stream, message)
        try:
            return self._resumed(stream, message)
        except TicketUnknown:
            self.emit("ticket-unknown")
            stream.write(bytes([TICKET_UNKNOWN]))
        message = self._admitted(stream, where)
        if message[0] != HELLO:
            raise ProtocolError("something else than a hello after an unknown ticket")
        return self._live(stream, message)

    def _admitted(self, stream: Stream, where: bytes) -> bytes:
        """A hello or resume with the MACs that are due."""
        message = self._first(stream)
        if self.demand_cookies and not self.cookies.answered(message, where):
            first_mac = message[-2 * cookie.MAC : -cookie.MAC]
            self.emit("cookie", by="me")
            stream.write(self.cookies.challenge(self.static.public, where, first_mac))
            message = self._first(stream)
            if not self.cookies.answered(message, where):
                raise ProtocolError("a cookie that was not answered")
        return message

    def _first(self, stream: Stream) -> bytes:
        message = stream.must_read(PATIENCE)
        if message[0] not in (HELLO, RESUME) or len(message) < 4 + 33 + 2 * cookie.MAC:
            raise ProtocolError("neither hello nor resume")
        cookie.check_mac1(self.static.public, message)
        return message

    def _live(self, stream: Stream, message: bytes) -> Opened:
        hello = OpenedHello(self.static, message, Randomness())
        proposal = hello.proposal

        def state():
            self.policy.check_fresh(proposal.timestamp, hello.ephemeral, time.time_ns() // 1_000_000)
            return judge(self.chain, self.policy, proposal, self.me, hello.suite, hello.initiator_key)

        agreed = self._agree(stream, hello, state)
        reply, epoch = hello.reply(agreed.hash())
        ticket = Ticket.of(epoch, hello.suite, agreed.initiator, agreed.responder, self.static.public, time.time())
        return self._open(stream, reply, Channel(RESPONDER, hello.suite, epoch, agreed.block_number), agreed, ticket, False)

    def _resumed(self, stream: Stream, message: bytes) -> Opened:
        resume = OpenedResume(self.static.public, message, self.tickets, time.time())
        old = resume.ticket

        def state():
            agreed = judge(self.chain, self.policy, resume.proposal, self.me, resume.suite, None)
            check_records(agreed, old.initiator, old.responder)
            return agreed

        agreed = self._agree(stream, resume, state)
        reply, epoch = resume.reply(agreed.hash(), Randomness())
        ticket = Ticket.of(epoch, resume.suite, agreed.initiator, agreed.responder, self.static.public, old.live_at)
        return self._open(stream, reply, Channel(RESPONDER, resume.suite, epoch, agreed.block_number), agreed, ticket, True)

    def _agree(self, stream: Stream, message, state):
        try:
            if self.refusing:
                name, _, detail = self.refusing.pop(0).partition(":")
                if name != "pass":
                    raise Disagreement(name, int(detail or 0))
            return state()
        except ProofError:
            stream.write(message.reject(Disagreement("Unable")))
            raise
        except Disagreement as reason:
            stream.write(message.reject(reason))
            raise

    def _open(self, stream: Stream, reply: bytes, channel: Channel, state, ticket: Ticket, resumed: bool) -> Opened:
        stream.write(reply)
        event = channel.receive(stream.must_read(PATIENCE))[0]
        if event.name != "confirmed":
            raise ProtocolError("no confirmation")
        self.tickets[ticket.id] = ticket
        return Opened(stream, channel, state, ticket, resumed)
