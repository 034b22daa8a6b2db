import unittest

from countersign_peer import cookie
from countersign_peer.errors import Disagreement, ProtocolError
from countersign_peer.handshake import OpenedHello
from countersign_peer.proposal import Proposal
from countersign_peer.resumption import OpenedResume, Resume, Ticket, TicketUnknown

from .world import ALICE, BOB, hello, randomness, session, state


def flipped(message: bytes, at: int) -> bytes:
    return message[:at] + bytes([message[at] ^ 1]) + message[at + 1 :]


class Live(unittest.TestCase):
    def test_both_sides_derive_the_same_epoch(self):
        for suite in (0, 1):
            dialled = hello(suite)
            opened = OpenedHello(BOB, dialled.message, randomness("reply"))
            self.assertEqual(opened.initiator_key, ALICE.public)
            reply, theirs = opened.reply(state().hash())
            ours = dialled.finish(reply)
            self.assertEqual(ours, theirs)
            self.assertEqual(len({ours.initiator_key, ours.responder_key, ours.exporter_secret, ours.rotation_secret}), 4)
            self.assertEqual(ours.export(b"a", b"b", 8160), theirs.export(b"a", b"b", 8160))
            self.assertNotEqual(ours.export(b"a", b"b", 32), ours.export(b"ab", b"", 32))

    def test_message_lengths(self):
        for suite, more in ((0, 0), (1, 1200)):
            self.assertEqual(len(hello(suite).message), 4 + 33 + 49 + 512 + 16 + 32 + more)
        reply, _ = OpenedHello(BOB, hello(1).message, randomness("reply")).reply(bytes(32))
        self.assertEqual(len(reply), 1 + 33 + 1104 + 16)

    def test_another_state_gives_no_channel(self):
        dialled = hello()
        opened = OpenedHello(BOB, dialled.message, randomness("reply"))
        reply, _ = opened.reply(state(price=3000).hash())
        with self.assertRaises(ProtocolError):
            dialled.finish(reply)

    def test_an_altered_hello_or_reply_opens_nowhere(self):
        message = hello().message
        for at in (0, 1, 2, 3, 4, 20, 40, 1237, 1240, 1290, len(message) - 33, len(message) - 20):
            with self.assertRaises(ProtocolError, msg=at):
                OpenedHello(BOB, flipped(message, at), randomness("reply"))
        reply, _ = OpenedHello(BOB, message, randomness("reply")).reply(state().hash())
        for at in (0, 1, 20, 34, 600, len(reply) - 1):
            with self.assertRaises(ProtocolError, msg=at):
                hello().finish(flipped(reply, at))

    def test_a_reject_says_why(self):
        dialled = hello()
        opened = OpenedHello(BOB, dialled.message, randomness("reply"))
        with self.assertRaises(Disagreement) as caught:
            dialled.finish(opened.reject(Disagreement("UnknownBlock", 6)))
        self.assertEqual((caught.exception.name, caught.exception.detail), ("UnknownBlock", 6))
        for at in range(45):
            with self.assertRaises(ProtocolError):
                hello().finish(flipped(opened.reject(Disagreement("Busy")), at))

    def test_unknown_bits_of_offered_are_ignored_and_the_suite_must_be_offered(self):
        self.assertEqual(OpenedHello(BOB, hello(1).message, randomness("reply")).suite, 1)
        for start in (b"\1\1\2\xff", b"\1\1\1\1", b"\1\2\1\2", b"\4\1\1\2"):
            with self.assertRaises(ProtocolError):
                OpenedHello(BOB, start + hello(1).message[4:], randomness("reply"))


class Cookies(unittest.TestCase):
    def setUp(self):
        self.now = 0.0
        self.secrets = cookie.CookieSecrets(lambda: self.now)
        self.where = cookie.address("127.0.0.1", 4000)
        self.hello = hello()
        self.answer = self.secrets.challenge(BOB.public, self.where, self.hello.mac1)
        self.again = cookie.with_mac2(self.hello.message, cookie.open_cookie(BOB.public, self.answer, self.hello.mac1))

    def test_only_mac2_changes_and_it_is_accepted_from_that_source_alone(self):
        self.assertFalse(self.secrets.answered(self.hello.message, self.where))
        self.assertTrue(self.secrets.answered(self.again, self.where))
        self.assertFalse(self.secrets.answered(self.again, cookie.address("127.0.0.1", 4001)))
        self.assertFalse(self.secrets.answered(self.again, cookie.address("::1", 4000)))
        self.assertEqual(self.again[:-16], self.hello.message[:-16])
        self.assertEqual(OpenedHello(BOB, self.again, randomness("reply")).proposal.block_number, 7)

    def test_the_secret_before_counts_too_and_no_older_one(self):
        for now, good in ((119, True), (121, True), (239, True), (242, False)):
            self.now = now
            self.assertEqual(self.secrets.answered(self.again, self.where), good, now)

    def test_a_cookie_for_another_message_does_not_open(self):
        self.assertEqual(len(self.answer), 45)
        for wrong in (flipped(self.answer, 44), flipped(self.answer, 1), self.answer[:-1]):
            with self.assertRaises(ProtocolError):
                cookie.open_cookie(BOB.public, wrong, self.hello.mac1)
        with self.assertRaises(ProtocolError):
            cookie.open_cookie(BOB.public, self.answer, bytes(16))

    def test_addresses(self):
        self.assertEqual(self.where.hex(), "00000000000000000000ffff7f0000010fa0")


class Resumption(unittest.TestCase):
    def setUp(self):
        initiator, responder = session()
        seen = state()
        terms = (1, seen.initiator, seen.responder, BOB.public, 1000.0)
        self.ticket = Ticket.of(initiator.first, *terms)
        self.kept = Ticket.of(responder.first, *terms)
        self.store = {self.kept.id: self.kept}
        self.seen = state(block=9, price=3001, readings=2)
        self.resume = Resume(self.ticket, Proposal.of(self.seen, 0), self.seen.hash(), 2, randomness("resume"))

    def open(self, message=None, store=None, now=1001.0):
        return OpenedResume(BOB.public, message or self.resume.message, self.store if store is None else store, now)

    def test_a_ticket_opens_one_session_and_leaves_another_ticket(self):
        opened = self.open()
        self.assertEqual(opened.proposal.readings, self.seen.valuation)
        reply, theirs = opened.reply(self.seen.hash(), randomness("resumed"))
        ours = self.resume.finish(reply)
        self.assertEqual(ours, theirs)
        fresh = Ticket.of(ours, 1, self.seen.initiator, self.seen.responder, BOB.public, self.ticket.live_at)
        self.assertNotEqual(fresh.id, self.ticket.id)
        with self.assertRaises(TicketUnknown):
            self.open()
        self.assertIsNone(self.resume.finish(b"\5"))

    def test_a_session_in_the_classical_suite(self):
        ticket = Ticket.of(session(0)[0].first, 0, self.seen.initiator, self.seen.responder, BOB.public, 1000.0)
        resume = Resume(ticket, Proposal.of(self.seen, 0), self.seen.hash(), 1, randomness("resume"))
        reply, theirs = self.open(resume.message, {ticket.id: ticket}).reply(self.seen.hash(), randomness("resumed"))
        self.assertEqual(resume.finish(reply), theirs)

    def test_who_saw_the_id_cannot_burn_the_ticket(self):
        at = 4 + 33 + 1200 + 16 + 16 + 5
        for forged in (flipped(self.resume.message, at), flipped(self.resume.message, 3)):
            forged = forged[:-32] + cookie.mac1(BOB.public, forged[:4], forged[4:37]) + bytes(16)
            with self.assertRaises((TicketUnknown, ProtocolError)):
                self.open(forged)
        self.assertEqual(self.open().ticket, self.kept)

    def test_it_dies_after_an_hour(self):
        self.assertIsNotNone(self.open(now=4599.0, store=dict(self.store)))
        with self.assertRaises(TicketUnknown):
            self.open(now=4600.0)

    def test_a_reject_says_why_and_uses_the_ticket_up(self):
        message = self.open().reject(Disagreement("RecordDiffers", 1))
        with self.assertRaises(Disagreement) as caught:
            self.resume.finish(message)
        self.assertEqual((caught.exception.name, caught.exception.detail), ("RecordDiffers", 1))
        self.assertEqual(self.store, {})

    def test_another_state_or_an_altered_message_opens_nowhere(self):
        with self.assertRaises(ProtocolError):
            self.open().reply(state(block=9).hash(), randomness("resumed"))
        self.store[self.kept.id] = self.kept
        with self.assertRaises(ProtocolError):
            self.open(flipped(self.resume.message, 50)).reply(self.seen.hash(), randomness("resumed"))
        with self.assertRaises(ProtocolError):
            self.open(flipped(self.resume.message, len(self.resume.message) - 32))

    def test_cookies_are_answered_as_for_a_hello(self):
        secrets = cookie.CookieSecrets()
        where = cookie.address("::1", 9)
        answer = secrets.challenge(BOB.public, where, self.resume.mac1)
        again = cookie.with_mac2(self.resume.message, cookie.open_cookie(BOB.public, answer, self.resume.mac1))
        self.assertTrue(secrets.answered(again, where))
        self.assertEqual(self.open(again).suite, 1)
