"""A session over a stream: what comes is answered by itself, what this side does is told in steps."""

import sys
import time

from . import epochs
from .agreement import Policy, judge_epoch, state_at
from .chain import Chain
from .channel import Channel, Event
from .errors import Disagreement
from .noise import Randomness
from .proposal import Proposal
from .state import SessionState
from .stream import Ended, Stream
from .watch import Watch

PATIENCE = 30.0
TICK = 0.25


class Session:
    """`emit` takes an event's name and fields. `echo` sends each message back; `refusing` refuses the first requests so."""

    def __init__(self, stream: Stream, channel: Channel, state: SessionState, chain: Chain, policy: Policy, emit, echo=False):
        self.stream, self.channel, self.state = stream, channel, state
        self.chain, self.policy, self.emit, self.echo = chain, policy, emit, echo
        self.refusing: list[str] = []
        self.watch = Watch(chain, state)
        self.watching = True
        self.messages = self.epochs = self.refusals = 0
        self.confirmed = channel.role == 0
        self._looked = 0.0
        self.wanted: int | None = None
        self.dropped = False

    # -- steps

    def run(self, steps: list[str]) -> None:
        """Runs the steps one after the other; each is named `word` or `word:argument`."""
        for step in steps:
            word, _, argument = step.partition(":")
            method = getattr(self, "step_" + word.replace("-", "_"), None)
            if method is None:
                raise ValueError(f"no step is called {word}")
            method(argument)

    def step_send(self, text: str) -> None:
        self._write(*self.channel.message(text.encode()))

    def step_pad(self, text: str) -> None:
        """As `send`, in records whose sealed content is 1,024 bytes."""
        self._write(*self.channel.message(text.encode(), padded_to=1024))

    def step_bulk(self, length: str) -> None:
        """A message of this many bytes, over several records."""
        self._write(*self.channel.message(bytes(int(length))))

    def step_await(self, count: str) -> None:
        """Until so many messages have come in all."""
        self.pump(lambda: self._heard(int(count)))

    def _heard(self, count: int) -> bool:
        if self.messages < count and self.channel.peer_closed:
            raise Ended("the peer closed before all the messages came that were waited for")
        return self.messages >= count

    def step_rotate(self, _: str) -> None:
        self._begin(epochs.ROTATION)

    def step_state_ticket(self, _: str) -> None:
        self._begin(epochs.STATE_TICKET)

    def step_epoch(self, number: str) -> None:
        """Until this epoch has begun on both sides."""
        self.pump(lambda: self.channel.number >= int(number) and self.channel.may_request())

    def step_renewed(self, _: str) -> None:
        """Until the epoch that this side wanted has begun: asked for anew where the peer's request stood instead."""
        self.pump(self._renewed)

    def _renewed(self) -> bool:
        if self.dropped and self.channel.may_request():
            self._request(self.wanted)
        return self.wanted is None and self.channel.may_request()

    def step_refusal(self, count: str) -> None:
        self.pump(lambda: self.refusals >= int(count))

    def step_export(self, label: str) -> None:
        exported = self.channel.first.export(label.encode(), b"", 32)
        self.emit("exported", label=label, value=exported.hex())

    def step_wait(self, seconds: str) -> None:
        until = time.monotonic() + float(seconds)
        self.pump(lambda: time.monotonic() >= until)

    def step_wait_for(self, line: str) -> None:
        """Until standard input brings a line, whatever it says."""
        self.emit("waiting", line=line)
        sys.stdin.readline()

    def step_abort(self, reason: str) -> None:
        self._write(self.channel.abort(reason))
        self.emit("aborted", by="me", reason=reason)

    def step_cut(self, _: str) -> None:
        """Ends the stream without a close."""
        self.stream.close()

    def step_finish(self, _: str) -> None:
        """Until the peer closes; then closes too."""
        self.pump(lambda: self.channel.peer_closed or self.channel.over)
        if not self.channel.over and not self.channel.closed:
            self._write(self.channel.close())

    def step_shut(self, _: str) -> None:
        """Closes this side alone, and goes on with the steps."""
        self._write(self.channel.close())

    def step_closed(self, _: str) -> None:
        """Until the peer has closed its side."""
        self.pump(lambda: self.channel.peer_closed)

    def step_close(self, _: str) -> None:
        """Closes where this side has not, and answers what comes until the peer has closed too."""
        if not self.channel.closed:
            self._write(self.channel.close())
        self.pump(lambda: self.channel.over)

    def _begin(self, kind: int) -> None:
        self.pump(self.channel.may_request)
        self._request(kind)

    def _request(self, kind: int) -> None:
        self.wanted, self.dropped = kind, False
        newest = self.chain.newest()
        queries = tuple(reading.query for reading in self.state.valuation)
        state = state_at(self.chain, newest, self.state.initiator, self.state.responder, queries)
        record = self.channel.request(kind, Proposal.of(state, 0), state.hash(), Randomness())
        self._write(record)
        self.emit("requested", by="me", kind=kind, epoch=self.channel.number + 1, block=newest.number)

    # -- what comes

    def pump(self, until) -> None:
        """Answers what comes until the condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not until():
            if self.channel.over:
                raise Ended("the session ended while something else was waited for")
            if time.monotonic() > deadline:
                raise Ended("nothing of what was waited for came in time")
            self._look()
            if self.channel.over:
                continue
            try:
                record = self.stream.read(TICK)
            except Ended as end:
                if not self.channel.peer_closed:
                    self.emit("cut-short", detail=str(end))
                raise
            if record is not None:
                for event in self.channel.receive(record):
                    self._meet(event)

    def _look(self) -> None:
        if not self.watching or not self.confirmed or time.monotonic() - self._looked < TICK:
            return
        self._looked = time.monotonic()
        end = self.watch.end()
        if end is not None:
            self._answer(self.channel.abort(*end))
            self.emit("aborted", by="me", reason=end[0], detail=end[1])

    def _meet(self, event: Event) -> None:
        getattr(self, "_on_" + event.name)(event.of)

    def _on_confirmed(self, _) -> None:
        self.confirmed = True

    def _on_message(self, data: bytes) -> None:
        self.messages += 1
        shown = data.decode(errors="replace") if len(data) <= 1000 else None
        self.emit("message", number=self.messages, length=len(data), text=shown)
        if self.echo and not self.channel.closed:
            self._write(*self.channel.message(data))

    def _on_requested(self, request: epochs.EpochRequest) -> None:
        self.emit("requested", by="peer", kind=request.kind, epoch=request.number, block=request.proposal.block_number)
        try:
            if self.refusing:
                raise Disagreement(self.refusing.pop(0))
            state = judge_epoch(self.chain, self.policy, request.proposal, self.state, self.channel.block_number)
        except Disagreement as reason:
            self._answer(self.channel.refuse(reason))
            self.emit("refused", by="me", reason=reason.name, detail=reason.detail)
            return
        self._answer(self.channel.agree(state.hash(), Randomness()))

    def _on_dropped(self, kind: int) -> None:
        self.dropped = True
        self.emit("dropped", kind=kind)

    def _on_ignored(self, request: epochs.EpochRequest) -> None:
        self.emit("ignored", kind=request.kind, epoch=request.number)

    def _on_epoch(self, of: tuple[int, bool, int]) -> None:
        number, mine, kind = of
        if mine:
            self.wanted = None
            self._answer(self.channel.confirm())
        self.epochs += 1
        self.emit("epoch", number=number, by="me" if mine else "peer", kind=kind, h=self.channel.epoch.h.hex())

    def _on_refused(self, reason: Disagreement) -> None:
        self.refusals += 1
        self.wanted = None
        self.emit("refused", by="peer", reason=reason.name, detail=reason.detail)

    def _on_closed(self, _) -> None:
        self.emit("closed")

    def _on_aborted(self, of: tuple[str, int]) -> None:
        self.emit("aborted", by="peer", reason=of[0], detail=of[1])

    def _answer(self, record: bytes) -> None:
        """Sends what the peer may not wait for any more: where it has left, what it sent before says how it ended."""
        try:
            self._write(record)
        except Ended:
            pass

    def _write(self, *records: bytes) -> None:
        for record in records:
            self.stream.write(record)
