import unittest

from countersign_peer import records
from countersign_peer.channel import INITIATOR, RESPONDER, Channel
from countersign_peer.datagram import Lane, datagram_keys, lane_of, pack
from countersign_peer.epochs import ROTATION, STATE_TICKET
from countersign_peer.errors import Disagreement, ProtocolError
from countersign_peer.keys import seal
from countersign_peer.proposal import Proposal
from countersign_peer.records import Direction

from .world import randomness, session, state


def request(channel: Channel, kind: int, block: int = 8) -> bytes:
    seen = state(block=block)
    return channel.request(kind, Proposal.of(seen, 0), seen.hash(), randomness(f"request {channel.role} {block}"))


def names(events) -> list[str]:
    return [event.name for event in events]


def said(channel: Channel, text: bytes, to: Channel, **how) -> None:
    """Sends a message and checks that it comes."""
    events = [event for record in channel.message(text, **how) for event in to.receive(record)]
    assert [event.of for event in events] == [text], events


def renew(beginner: Channel, other: Channel, kind: int, block: int = 8) -> None:
    """A new epoch, with messages both ways at every step."""
    asked = request(beginner, kind, block)
    after = beginner.message(b"still the old key")
    assert names(other.receive(asked)) == ["requested"]
    for record in after:
        other.receive(record)
    said(other, b"before the reply", beginner)
    reply = other.agree(state(block=block).hash(), randomness("agree"))
    early = other.message(b"under the new key, before the confirmation")
    assert not other.may_request()
    late = beginner.message(b"the old key, sent before the reply came")
    assert names(beginner.receive(reply)) == ["epoch"]
    for record in early:
        beginner.receive(record)
    for record in late:
        other.receive(record)
    assert names(other.receive(beginner.confirm())) == ["epoch"]
    said(beginner, b"new", other)
    said(other, b"new", beginner, padded_to=64)


class Records(unittest.TestCase):
    def test_messages_of_every_size(self):
        initiator, responder = session()
        for length in (0, 1, 16_384, 16_385, 50_000):
            said(initiator, b"x" * length, responder)
            said(responder, b"y" * length, initiator, padded_to=512)
        self.assertEqual(len(initiator.message(bytes(50_000))), 4)

    def test_nothing_before_the_confirmation(self):
        initiator, responder = session()
        fresh = Channel(1, 1, responder.first, 7)
        with self.assertRaises(ValueError):
            fresh.message(b"too soon")
        with self.assertRaises(ProtocolError):
            fresh.receive(Direction(initiator.first.initiator_key).seal(records.DATA, b"x"))

    def test_what_is_altered_repeated_swapped_or_dropped_opens_nowhere(self):
        for spoil in ("flip", "type", "repeat", "drop", "cut"):
            initiator, responder = session()
            one, two = initiator.message(b"one")[0], initiator.message(b"two")[0]
            with self.assertRaises(ProtocolError, msg=spoil):
                if spoil == "flip":
                    responder.receive(one[:-1] + bytes([one[-1] ^ 1]))
                elif spoil == "type":
                    responder.receive(bytes([records.DATA_MORE]) + one[1:])
                elif spoil == "repeat":
                    responder.receive(one)
                    responder.receive(one)
                elif spoil == "drop":
                    responder.receive(two)
                else:
                    responder.receive(one[:16])

    def test_ends(self):
        initiator, responder = session()
        self.assertEqual(names(responder.receive(initiator.close(padded_to=100))), ["closed"])
        said(responder, b"the other direction goes on", initiator)
        with self.assertRaises(ValueError):
            initiator.message(b"no more")
        event = initiator.receive(responder.abort("Superseded", 1))[0]
        self.assertEqual((event.name, event.of), ("aborted", ("Superseded", 1)))
        for say in (initiator.close, lambda: initiator.abort("Unproven"), lambda: initiator.message(b"x")):
            with self.assertRaises(ValueError):
                say()

    def test_data_or_a_second_close_after_a_close_is_out_of_place(self):
        for kind in (records.DATA, records.DATA_MORE, records.CLOSE):
            for padded_to in (None, 64):
                initiator, responder = session()
                responder.receive(initiator.close())
                with self.assertRaises(ProtocolError, msg=(kind, padded_to)):
                    responder.receive(initiator._send.seal(kind, b"", padded_to))
                with self.assertRaises(ValueError):
                    initiator.close()

    def test_a_side_that_has_closed_can_abort(self):
        initiator, responder = session()
        responder.receive(initiator.close())
        event = responder.receive(initiator.abort("Revoked", 1))[0]
        self.assertEqual((event.name, event.of), ("aborted", ("Revoked", 1)))
        self.assertTrue(initiator.over and responder.over)

    def test_within_a_message_there_is_no_close(self):
        initiator, responder = session()
        responder.receive(initiator._send.seal(records.DATA_MORE, b"half"))
        with self.assertRaises(ProtocolError):
            responder.receive(initiator.close())

    def test_content_that_is_not_of_its_form(self):
        for kind, content in (
            (records.CLOSE, b"x"),
            (records.ABORT, b"\1"),
            (records.ABORT, b"\0\0"),
            (records.ABORT, b"\6\0"),
            (records.ABORT, b"\4\1"),
            (records.ABORT, b"\1\2"),
            (records.EPOCH_REQUEST, b""),
            (records.EPOCH_REPLY, bytes(21)),
            (records.EPOCH_REFUSAL, bytes(20)),
            (records.CONFIRMATION, b""),
        ):
            initiator, responder = session()
            with self.assertRaises(ProtocolError, msg=(kind, content)):
                responder.receive(initiator._send.seal(kind, content))

    def test_the_last_number_of_all_is_never_used(self):
        last = Direction(bytes(32), 2**64 - 2)
        last.seal(records.DATA, b"")
        with self.assertRaises(ProtocolError):
            last.seal(records.DATA, b"")

    def test_padding(self):
        self.assertEqual(records.unpad(records.pad(records.DATA, b"abc", 64)), (records.DATA, b"abc"))
        self.assertEqual(records.unpad(b"\x10\0\1a\xff\xff"), (records.DATA, b"a"))
        for bad in (b"", b"\x10\0", b"\x10\0\2a", b"\x13\0\0", b"\x1f\0\0", b"\0\0\0"):
            with self.assertRaises(ProtocolError):
                records.unpad(bad)
        with self.assertRaises(ValueError):
            records.pad(records.CONFIRMATION, b"", 64)


class Epochs(unittest.TestCase):
    def test_rotation_and_state_ticket_by_either_side_in_both_suites(self):
        for suite in (0, 1):
            initiator, responder = session(suite)
            seen = set()
            turns = ((initiator, ROTATION), (responder, ROTATION), (initiator, STATE_TICKET), (responder, STATE_TICKET))
            for block, (beginner, kind) in enumerate(turns, start=8):
                other = responder if beginner is initiator else initiator
                renew(beginner, other, kind, block)
                self.assertEqual(initiator.epoch, responder.epoch)
                self.assertEqual(initiator.number, block - 7)
                seen.add(initiator.epoch.initiator_key)
            self.assertEqual(len(seen), 4)
            self.assertNotEqual(initiator.first, initiator.epoch)

    def test_of_two_that_cross_the_initiators_stands(self):
        for kinds in ((ROTATION, ROTATION), (ROTATION, STATE_TICKET), (STATE_TICKET, ROTATION)):
            initiator, responder = session()
            ours, theirs = request(initiator, kinds[0], 8), request(responder, kinds[1], 9)
            self.assertEqual(names(initiator.receive(theirs)), ["ignored"])
            self.assertEqual(names(responder.receive(ours)), ["dropped", "requested"])
            reply = responder.agree(state(block=8).hash(), randomness("agree"))
            self.assertEqual(names(initiator.receive(reply)), ["epoch"])
            self.assertEqual(names(responder.receive(initiator.confirm())), ["epoch"])
            self.assertEqual(initiator.epoch, responder.epoch)
            renew(responder, initiator, ROTATION, 9)

    def test_a_crossing_that_is_refused_leaves_both_free(self):
        initiator, responder = session()
        ours, theirs = request(initiator, ROTATION), request(responder, ROTATION)
        initiator.receive(theirs)
        responder.receive(ours)
        self.assertEqual(names(initiator.receive(responder.refuse(Disagreement("Busy")))), ["refused"])
        renew(responder, initiator, ROTATION)

    def test_a_refusal_keeps_the_epoch(self):
        initiator, responder = session()
        responder.receive(request(initiator, STATE_TICKET))
        event = initiator.receive(responder.refuse(Disagreement("UnknownBlock", 5)))[0]
        self.assertEqual((event.of.name, event.of.detail), ("UnknownBlock", 5))
        self.assertEqual((initiator.number, responder.number), (0, 0))
        said(initiator, b"on we go", responder)
        renew(initiator, responder, ROTATION)

    def test_another_state_ends_the_session(self):
        for kind in (ROTATION, STATE_TICKET):
            initiator, responder = session()
            responder.receive(request(initiator, kind))
            with self.assertRaises(ProtocolError):
                responder.agree(state(block=8, price=1).hash(), randomness("agree"))

    def test_what_is_out_of_place_ends_the_session(self):
        initiator, responder = session()
        stray = Direction(responder.first.responder_key, 0)
        with self.assertRaises(ProtocolError):
            initiator.receive(stray.seal(records.EPOCH_REFUSAL, (1).to_bytes(4, "big") + Disagreement("Busy").text()))
        initiator, responder = session()
        responder.receive(request(initiator, ROTATION))
        initiator._begun = None
        with self.assertRaises(ProtocolError):
            responder.receive(request(initiator, ROTATION))
        initiator, responder = session()
        initiator.number = 5
        with self.assertRaises(ProtocolError):
            responder.receive(request(initiator, ROTATION))
        initiator, responder = session()
        responder.receive(request(initiator, ROTATION))
        responder.agree(state(block=8).hash(), randomness("agree"))
        with self.assertRaises(ValueError):
            request(responder, ROTATION)

    def test_a_confirmation_under_the_old_key_ends_the_session(self):
        initiator, responder = session()
        responder.receive(request(initiator, ROTATION))
        responder.agree(state(block=8).hash(), randomness("agree"))
        with self.assertRaises(ProtocolError):
            responder.receive(initiator.confirm())

    def test_what_is_cut_from_the_end_of_an_epoch_is_missed_in_the_next(self):
        initiator, responder = session()
        responder.receive(request(initiator, ROTATION))
        reply = responder.agree(state(block=8).hash(), randomness("agree"))
        initiator.message(b"lost on the way")
        initiator.receive(reply)
        with self.assertRaises(ProtocolError):
            responder.receive(initiator.confirm())


class Wire:
    """What is under way between two sides, in the order in which it was sent."""

    def __init__(self, sides: tuple[Channel, Channel]):
        self.sides = sides
        self._under_way: tuple[list[bytes], list[bytes]] = ([], [])

    def send(self, sender: int, record: bytes) -> None:
        self._under_way[sender].append(record)

    def deliver(self) -> None:
        for sender, sent in enumerate(self._under_way):
            while sent:
                self.sides[1 - sender].receive(sent.pop(0))


class ClosedInOneDirection(unittest.TestCase):
    """Requests, replies, refusals, confirmations and aborts go on until both have closed (SPEC 6.3)."""

    def test_whoever_closed_and_whoever_begins_the_keys_are_renewed(self):
        for closing in (0, 1):
            for beginning in (0, 1):
                sides = session()
                closed, open_still = sides[closing], sides[1 - closing]
                beginner, other = sides[beginning], sides[1 - beginning]
                open_still.receive(closed.close())
                for block, kind in ((8, ROTATION), (9, STATE_TICKET)):
                    self.assertEqual(names(other.receive(request(beginner, kind, block))), ["requested"])
                    said(open_still, b"meanwhile", closed)
                    reply = other.agree(state(block=block).hash(), randomness("agree"))
                    self.assertEqual(names(beginner.receive(reply)), ["epoch"])
                    self.assertEqual(names(other.receive(beginner.confirm())), ["epoch"])
                    said(open_still, b"new", closed)
                self.assertEqual(sides[0].epoch, sides[1].epoch)
                self.assertEqual((sides[0].number, sides[1].number), (2, 2))

    def test_a_close_at_any_step_of_a_renewal_lets_it_end(self):
        for closing in (0, 1):
            for step in range(5):
                sides = initiator, responder = session()
                wire = Wire(sides)

                def now(here, wire=wire, step=step, closing=closing):
                    if here == step:
                        wire.send(closing, wire.sides[closing].close())

                now(0)
                wire.send(INITIATOR, request(initiator, ROTATION))
                now(1)
                wire.deliver()
                now(2)
                wire.send(RESPONDER, responder.agree(state(block=8).hash(), randomness("agree")))
                now(3)
                wire.deliver()
                wire.send(INITIATOR, initiator.confirm())
                now(4)
                wire.deliver()
                self.assertEqual(initiator.epoch, responder.epoch, (closing, step))
                self.assertEqual((initiator.number, initiator.over, responder.over), (1, False, False))
                self.assertTrue(sides[closing].closed and sides[1 - closing].peer_closed)
                self.assertTrue(initiator.may_request() and responder.may_request())

    def test_where_both_have_closed_nothing_is_requested_answered_or_read(self):
        """Each closes while something is under way; what crossed the second close is passed over."""
        for asked_first in (True, False):
            initiator, responder = session()
            ours = request(initiator, ROTATION)
            if asked_first:
                responder.receive(ours)
            closes = initiator.close(), responder.close()
            if not asked_first:
                responder.receive(ours)
            late = responder.agree(state(block=8).hash(), randomness("agree")) if asked_first else None
            self.assertEqual(names(responder.receive(closes[0])), ["closed"])
            self.assertEqual(names(initiator.receive(closes[1])), ["closed"])
            self.assertTrue(initiator.over and responder.over)
            if late is not None:
                self.assertEqual(initiator.receive(late), [])
                self.assertEqual(initiator.number, 0)
            for side in (initiator, responder):
                self.assertFalse(side.may_request())
                refused = (
                    lambda side=side: request(side, ROTATION),
                    lambda side=side: side.agree(state(block=8).hash(), randomness("agree")),
                    lambda side=side: side.refuse(Disagreement("Busy")),
                    side.confirm,
                    lambda side=side: side.abort("Unproven"),
                )
                for say in refused:
                    with self.assertRaises(ValueError):
                        say()

    def test_a_request_that_crossed_the_second_close_is_not_answered(self):
        initiator, responder = session()
        responder.receive(initiator.close())
        asked = request(initiator, ROTATION)
        initiator.receive(responder.close())
        self.assertEqual(responder.receive(asked), [])
        self.assertTrue(initiator.over and responder.over)

    def test_a_refusal_comes_from_and_to_a_side_that_has_closed(self):
        for closing in (0, 1):
            sides = session()
            sides[1 - closing].receive(sides[closing].close())
            for asking in (0, 1):
                sides[1 - asking].receive(request(sides[asking], ROTATION))
                refusal = sides[1 - asking].refuse(Disagreement("Busy"))
                self.assertEqual(names(sides[asking].receive(refusal)), ["refused"])
                self.assertTrue(sides[asking].may_request())


class Datagrams(unittest.TestCase):
    def setUp(self):
        self.channels = session()
        self.lanes = [Lane(role, channel.first) for role, channel in enumerate(self.channels)]

    def test_both_ways_padded_and_plain(self):
        ours, theirs = self.lanes
        self.assertEqual(ours.lane, theirs.lane)
        self.assertEqual(theirs.open(ours.send(b"tick"), 0), (0, b"tick"))
        self.assertEqual(ours.open(theirs.send(b"tock", padded_to=100), 0), (0, b"tock"))
        self.assertEqual(theirs.open(ours.send(b""), 0), (1, b""))
        self.assertEqual(len(ours.send(bytes(1195))), 1232)
        with self.assertRaises(ValueError):
            ours.send(bytes(1196))

    def test_a_repeated_or_late_one_is_refused_and_a_spoilt_one_changes_nothing(self):
        ours, theirs = self.lanes
        sent = [ours.send(bytes([n % 256])) for n in range(2100)]
        spoilt = sent[2099][:-1] + bytes([sent[2099][-1] ^ 1])
        with self.assertRaises(ProtocolError):
            theirs.open(spoilt, 0)
        self.assertEqual(theirs.window.highest, -1)
        theirs.open(sent[2048], 0)
        self.assertEqual(theirs.open(sent[1], 0)[0], 1)
        for late in (sent[0], sent[1], sent[2048]):
            with self.assertRaises(ProtocolError):
                theirs.open(late, 0)
        self.assertEqual(theirs.open(sent[2099], 0)[0], 2099)
        with self.assertRaises(ProtocolError):
            theirs.open(sent[51], 0)
        self.assertEqual(theirs.open(sent[52], 0)[0], 52)

    def test_the_header_is_bound(self):
        ours, theirs = self.lanes
        datagram = ours.send(b"tick")
        for at in range(21):
            with self.assertRaises(ProtocolError, msg=at):
                theirs.open(datagram[:at] + bytes([datagram[at] ^ 1]) + datagram[at + 1 :], 0)
        self.assertEqual(theirs.open(datagram, 0), (0, b"tick"))

    def test_keys_move_with_the_epoch_whoever_began_it(self):
        initiator, responder = self.channels
        ours, theirs = self.lanes
        old = ours.send(b"late")
        stale = ours.send(b"too late")
        renew(responder, initiator, ROTATION)
        epoch = initiator.epoch
        ours.learn(1, epoch)  # the initiator answered: it sends under the new keys only from the confirmation on
        theirs.learn(1, epoch)
        theirs.move(10)
        self.assertEqual(ours.open(theirs.send(b"new"), 10)[1], b"new")
        self.assertEqual(theirs.open(ours.send(b"old still"), 10)[1], b"old still")
        ours.move(10)
        self.assertEqual(theirs.open(ours.send(b"new too"), 11)[1], b"new too")
        self.assertEqual(theirs.open(old, 14.9)[1], b"late")
        with self.assertRaises(ProtocolError):
            theirs.open(stale, 15)
        self.assertEqual(ours.send(b"x")[1:9], lane_of(initiator.first))

    def test_a_padded_datagram_shorter_than_it_says_is_refused(self):
        _, theirs = self.lanes
        first = self.channels[INITIATOR].first
        key, lane = datagram_keys(first)[0], lane_of(first)
        good = pack(key, lane, 0, 0, b"", padded_to=2)
        self.assertEqual(theirs.open(good, 0), (0, b""))
        for number, inner in ((1, b"\0"), (2, b"\0\2a")):
            forged = bytes([0x21]) + good[1:13] + number.to_bytes(8, "big")
            forged += seal(key, records.nonce(0x21, number), inner)
            with self.assertRaises(ProtocolError):
                theirs.open(forged, 0)
