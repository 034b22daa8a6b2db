import json
import tempfile
import unittest
from pathlib import Path

import vectors
from countersign_peer.vectors import differences

COMMITTED = Path(__file__).parents[2] / "vectors" / "protocol"


class Vectors(unittest.TestCase):
    def test_the_committed_ones_hold(self):
        self.assertEqual(vectors.check(COMMITTED), 0)
        with tempfile.TemporaryDirectory() as folder:
            vectors.write(Path(folder))
            for path in Path(folder).iterdir():
                self.assertEqual(path.read_bytes(), (COMMITTED / path.name).read_bytes(), path.name)

    def test_what_is_written_is_the_same_each_time_and_holds(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            for folder in (one, other):
                vectors.write(Path(folder))
            for path in Path(one).iterdir():
                self.assertEqual(path.read_bytes(), (Path(other) / path.name).read_bytes())
            self.assertEqual(vectors.check(Path(one)), 0)

    def test_cases_that_must_be_refused_are_and_the_others_are_not(self):
        refusals = (
            "altered",
            "without",
            "off the",
            "above",
            "infinity",
            "3329",
            "another",
            "unknown",
            "17 ",
            "padding that",
            "no padding",
            "261 ",
            "cut off",
        )
        refusals += ("nonce of", "too short", "empty", "uncompressed", "x alone", "hybrid form")
        for name in ("primitives", "state", "live", "records"):
            for case in vectors.FILES[name]():
                opens = case["kind"] in (
                    "open_hello",
                    "open_answer",
                    "open_proposal",
                    "open_record",
                    "diffie_hellman",
                    "encapsulation",
                )
                wanted = opens and any(word in case["name"] for word in refusals)
                self.assertEqual(case["outputs"].get("refused", False), wanted, case["name"])

    def test_a_spoilt_case_is_noticed(self):
        case = json.loads(json.dumps(vectors.states()[0]))
        self.assertEqual(differences(case), [])
        case["outputs"]["state_hash"] = "00" * 32
        case["outputs"]["more"] = 1
        self.assertEqual(differences(case), ["more", "state_hash"])
        case["outputs"] = {"refused": True}
        self.assertIn("refused", differences(case))
