import dataclasses
import socket
import threading
import unittest

from countersign_peer.agreement import Policy
from countersign_peer.chain import Anchor, Block
from countersign_peer.channel import INITIATOR, RESPONDER
from countersign_peer.session import Session
from countersign_peer.state import Query
from countersign_peer.stream import Ended, Stream

from .world import drawn, session, state


class Ledger:
    """A chain whose blocks are those of `world.state`, in place of a node's proofs; `revoked` names an owner."""

    NEWEST = 9

    def __init__(self):
        seen = state()
        self.chain_id, self.registry = seen.chain_id, seen.registry
        self._records = {record.owner: record for record in (seen.initiator, seen.responder)}
        self.revoked: bytes | None = None

    def newest(self) -> Block:
        return self.block(self.NEWEST)

    def block(self, number: int) -> Block:
        # The hash of a head that shows a revocation is another one, as on a chain.
        name = f"block {number}" if self.revoked is None else f"block {number} revoked"
        return Block(number, drawn(name), 1_700_000_100, bytes(32))

    def value(self, block: Block, query: Query) -> bytes:
        return state(block=block.number).valuation[0].value

    def identity(self, block: Block, owner: bytes, label: bytes) -> Anchor:
        record = self._records[owner]
        return Anchor(dataclasses.replace(record, revoked=owner == self.revoked), None)


class Side:
    """A session that runs its steps on a thread; `said` is what it emitted."""

    def __init__(self, channel, connection: socket.socket, ledger: Ledger, watching: bool = False):
        self.said: list[dict] = []
        self.failure: Exception | None = None
        self._connection = connection
        self.session = Session(Stream(connection), channel, state(), ledger, Policy(), self._emit)
        self.session.confirmed, self.session.watching = True, watching

    def start(self, *steps: str) -> None:
        self._thread = threading.Thread(target=self._run, args=(list(steps),), daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive(), self.said

    def events(self, name: str) -> list[dict]:
        return [one for one in self.said if one["event"] == name]

    def texts(self) -> list[str]:
        return [one["text"] for one in self.events("message")]

    def _emit(self, event: str, **fields) -> None:
        self.said.append({"event": event, **fields})

    def _run(self, steps: list[str]) -> None:
        try:
            self.session.run(steps)
        except Exception as failure:  # shown by the test that did not expect it
            self.failure = failure
        finally:
            self._connection.close()


class Sessions(unittest.TestCase):
    def play(self, subscriber: tuple[str, ...], publisher: tuple[str, ...], role: int = INITIATOR) -> tuple[Side, Side]:
        """Runs both to their ends; the subscriber has this role in the session."""
        channels = session()
        ours, theirs = self._sides(channels[role], channels[1 - role])
        ours.start(*subscriber)
        theirs.start(*publisher)
        ours.end()
        theirs.end()
        return ours, theirs

    def _sides(self, one, other, watching: bool = False) -> tuple[Side, Side]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            dialled = socket.create_connection(server.getsockname())
            accepted, _ = server.accept()
        self.addCleanup(dialled.close)
        self.addCleanup(accepted.close)
        self.ledger = Ledger()
        return Side(one, dialled, self.ledger, watching), Side(other, accepted, self.ledger)

    def assertBothEnded(self, *sides: Side) -> None:
        for side in sides:
            self.assertIsNone(side.failure, side.said)
            self.assertTrue(side.session.channel.over)
            self.assertEqual(side.events("cut-short"), [])

    def test_a_side_that_has_closed_answers_until_the_peer_closes(self):
        for role in (INITIATOR, RESPONDER):
            publisher = ("closed", "send:a", "rotate", "renewed", "send:b", "state-ticket", "renewed", "send:c", "close")
            ours, theirs = self.play(("close",), publisher, role)
            self.assertBothEnded(ours, theirs)
            self.assertEqual(ours.texts(), ["a", "b", "c"])
            self.assertEqual([(one["number"], one["by"]) for one in ours.events("epoch")], [(1, "peer"), (2, "peer")])
            self.assertEqual(ours.session.channel.epoch, theirs.session.channel.epoch)

    def test_a_side_that_has_closed_begins_an_epoch_of_its_own(self):
        for role in (INITIATOR, RESPONDER):
            steps = ("shut", "rotate", "renewed", "state-ticket", "renewed", "await:1", "close")
            ours, theirs = self.play(steps, ("closed", "epoch:2", "send:a", "close"), role)
            self.assertBothEnded(ours, theirs)
            self.assertEqual(ours.texts(), ["a"])
            self.assertEqual([(one["number"], one["by"]) for one in ours.events("epoch")], [(1, "me"), (2, "me")])

    def test_requests_that_cross_in_a_channel_closed_in_one_direction(self):
        # Neither reads before its own request, so that the requests cross; whose was dropped asks for epoch 2.
        for role in (INITIATOR, RESPONDER):
            ours, theirs = self.play(("shut", "rotate", "renewed", "close"), ("rotate", "renewed", "epoch:2", "finish"), role)
            self.assertBothEnded(ours, theirs)
            dropped = ours if role == RESPONDER else theirs
            self.assertEqual(len(dropped.events("dropped")), 1)
            self.assertEqual(ours.session.channel.epoch, theirs.session.channel.epoch)

    def test_a_refusal_reaches_a_side_that_has_closed(self):
        channels = session()
        ours, theirs = self._sides(*channels)
        theirs.session.refusing = ["Busy"]
        ours.start("shut", "rotate", "refusal:1", "close")
        theirs.start("closed", "wait:1", "close")
        ours.end()
        theirs.end()
        self.assertBothEnded(ours, theirs)
        self.assertEqual([(one["by"], one["reason"]) for one in ours.events("refused")], [("peer", "Busy")])

    def test_a_side_that_has_closed_tells_of_a_revocation(self):
        channels = session()
        ours, theirs = self._sides(*channels, watching=True)
        self.ledger.revoked = state().responder.owner
        ours.start("close")
        theirs.start("closed", "wait:20")
        ours.end()
        theirs.end()
        self.assertEqual([(one["by"], one["reason"], one["detail"]) for one in ours.events("aborted")], [("me", "Revoked", 1)])
        self.assertEqual([(one["by"], one["reason"], one["detail"]) for one in theirs.events("aborted")], [("peer", "Revoked", 1)])

    def test_a_stream_that_ends_after_its_senders_close_was_not_cut_short(self):
        for first, cut_short in (("shut", 0), ("send:a", 1)):
            _, theirs = self.play((first, "cut"), ("wait:20",))
            self.assertIsInstance(theirs.failure, Ended)
            self.assertEqual(len(theirs.events("closed")), 1 - cut_short)
            self.assertEqual(len(theirs.events("cut-short")), cut_short)

    def test_no_message_is_waited_for_that_cannot_come(self):
        _, theirs = self.play(("close",), ("await:1",))
        self.assertIsInstance(theirs.failure, Ended)
        self.assertEqual(len(theirs.events("closed")), 1)
