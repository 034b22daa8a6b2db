import dataclasses
import unittest

from countersign_peer.chain import Anchor, Block
from countersign_peer.errors import Disagreement, ProtocolError
from countersign_peer.keys import keccak
from countersign_peer.proposal import Proposal
from countersign_peer.state import READING, RECORD, STATE, Query, Reading, Record, word
from countersign_peer.watch import verdict

from .world import ALICE, BOB, record, state


class State(unittest.TestCase):
    def test_every_member_is_hashed(self):
        seen = state()
        others = [
            dataclasses.replace(seen, **change)
            for change in (
                {"chain_id": 1},
                {"block_number": 8},
                {"block_hash": bytes(32)},
                {"registry": bytes(20)},
                {"initiator": seen.responder},
                {"responder": seen.initiator},
                {"valuation": ()},
            )
        ]
        others += [state(price=3000), state(readings=2)]
        for field, value in (("version", 2), ("anchored_at", 1), ("valid_until", 1), ("scheme", 1), ("suite_floor", 1)):
            others.append(dataclasses.replace(seen, initiator=dataclasses.replace(seen.initiator, **{field: value})))
        hashes = {one.hash() for one in [seen, *others]}
        self.assertEqual(len(hashes), len(others) + 1)

    def test_the_types_have_no_line_breaks(self):
        self.assertNotRegex((STATE + READING + RECORD).decode(), r"\s{2}|\n|, ")

    def test_a_record_is_unpacked_from_its_word(self):
        packed = 0x11 << 152 | 0x22 | 5 << 160 | 6 << 200 | 7 << 232 | 1 << 248 | 2 << 249
        found = Record.from_word(bytes(20), bytes(32), word(packed))
        self.assertEqual(found.signer.hex(), "11" + "00" * 18 + "22")
        self.assertEqual((found.anchored_at, found.valid_until, found.version), (5, 6, 7))
        self.assertEqual((found.scheme, found.suite_floor, found.revoked), (1, 2, False))
        self.assertTrue(Record.from_word(bytes(20), bytes(32), word(packed | 1 << 251)).revoked)
        self.assertIsNone(Record.from_word(bytes(20), bytes(32), bytes(32)))


class Proposals(unittest.TestCase):
    def test_comes_back_as_it_was(self):
        for readings in (0, 1, 4, 16):
            proposal = Proposal.of(state(readings=readings), 5)
            self.assertEqual(Proposal.decode(proposal.encode()), proposal)
            self.assertEqual(len(proposal.encode()) % 512, 0)

    def test_sizes_at_the_steps(self):
        self.assertEqual(
            [len(Proposal.of(state(readings=n), 0).encode()) for n in (0, 3, 4, 9, 16)], [512, 512, 1024, 1024, 2048]
        )

    def test_padding_is_zero_and_the_least(self):
        good = Proposal.of(state(), 5).encode()
        count = good[:246] + b"\x11" + good[247:]
        kind = good[:247] + b"\2" + good[248:]
        for bad in (kind, good + bytes(512), good[:-1], good[:-1] + b"\1", good[:332], b"", count):
            with self.assertRaises(ProtocolError):
                Proposal.decode(bad)


class ViewCalls(unittest.TestCase):
    def test_a_call_is_proposed_and_hashed_by_its_calldata_and_what_it_returned(self):
        calldata, returned = bytes.fromhex("feaf968c"), bytes(160)
        reading = Reading(Query.call(b"\x11" * 20, calldata), keccak(returned))
        proposal = Proposal.of(dataclasses.replace(state(), valuation=(reading,)), 5)
        expected = b"\1" + b"\x11" * 20 + keccak(calldata) + keccak(returned) + b"\0\4" + calldata
        self.assertEqual(proposal.encode()[247:].rstrip(b"\0"), expected)
        self.assertEqual(Proposal.decode(proposal.encode()), proposal)
        slot = Reading(Query(b"\x11" * 20, keccak(calldata)), keccak(returned))
        self.assertNotEqual(reading.hash(), slot.hash())

    def test_the_longest_proposal_has_6144_bytes(self):
        longest = tuple(Reading(Query.call(bytes(20), bytes([n]) * 260), bytes(32)) for n in range(16))
        encoded = Proposal.of(dataclasses.replace(state(), valuation=longest), 5).encode()
        self.assertEqual(len(encoded), 6144)
        self.assertEqual(Proposal.decode(encoded).readings, longest)

    def test_a_call_has_its_calldata_and_no_more_than_260_bytes_of_it(self):
        def proposed(calldata: bytes) -> bytes:
            reading = Reading(Query.call(bytes(20), calldata), bytes(32))
            return Proposal.of(dataclasses.replace(state(), valuation=(reading,)), 5).encode()

        good = proposed(b"\1\2\3\4")
        subject = good[:268] + b"\xff" + good[269:]
        shorter, longer, behind = (good[:332] + length.to_bytes(2, "big") + good[334:] for length in (3, 5, 400))
        slot = good[:247] + b"\0" + good[248:]
        for bad in (subject, shorter, longer, behind, slot, proposed(bytes(261))):
            with self.assertRaises(ProtocolError):
                Proposal.decode(bad)


class Rejects(unittest.TestCase):
    def test_every_reason_comes_back(self):
        for name in Disagreement.CODES:
            found = Disagreement.from_text(Disagreement(name).text(), readings=1)
            self.assertEqual((found.name, found.detail), (name, 0))

    def test_refuses_what_is_not_of_the_form(self):
        position = Disagreement("ValuationDiffers", 1).text()
        self.assertEqual(Disagreement.from_text(position, readings=2).detail, 1)
        bad = [
            position,
            bytes(16),
            b"\x13" + bytes(15),
            b"\x05" + bytes(14) + b"\1",
            b"\x05" + bytes(7) + b"\1" + bytes(7),
            b"\5",
        ]
        for text in bad:
            with self.assertRaises(ProtocolError):
                Disagreement.from_text(text, readings=1)


class Watching(unittest.TestCase):
    def test_verdicts(self):
        head = Block(9, bytes(32), 1_700_000_100, bytes(32))
        kept = record(ALICE, 1)

        def found(**changes):
            pair = changes.pop("pair", ALICE)
            return Anchor(dataclasses.replace(record(pair, 1), **changes), None)

        self.assertIsNone(verdict(kept, found(), head, 60))
        self.assertEqual(verdict(kept, None, head, 60), "Revoked")
        self.assertEqual(verdict(kept, found(revoked=True), head, 60), "Revoked")
        self.assertEqual(verdict(kept, found(valid_until=head.timestamp), head, 60), "Expired")
        self.assertIsNone(verdict(kept, found(valid_until=head.timestamp + 1), head, 60))
        self.assertIsNone(verdict(kept, found(pair=BOB, version=2, anchored_at=head.timestamp - 60), head, 60))
        self.assertEqual(verdict(kept, found(version=2, anchored_at=head.timestamp - 61), head, 60), "Superseded")
