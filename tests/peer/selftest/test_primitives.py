import json
import unittest
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey

from countersign_peer import curve, kem, keys, trie
from countersign_peer.curve import KeyPair
from countersign_peer.errors import ProtocolError
from countersign_peer.kem import KemPair

from .world import ALICE, BOB, drawn

PUBLIC = Path(__file__).parents[2] / "vectors" / "public" / "mainnet"


class Curve(unittest.TestCase):
    def test_both_sides_derive_one_x(self):
        self.assertEqual(ALICE.dh(BOB.public), BOB.dh(ALICE.public))

    def test_a_point_and_its_negative_give_one_x(self):
        negative = bytes([BOB.public[0] ^ 1]) + BOB.public[1:]
        self.assertEqual(ALICE.dh(BOB.public), ALICE.dh(negative))

    def test_refuses_every_other_encoding(self):
        x = BOB.public[1:]
        off = b"\2" + (5).to_bytes(32, "big")
        for bad in (b"", b"\0", b"\0" * 33, b"\4" + x * 2, b"\5" + x, b"\6" + x * 2, b"\2" + b"\xff" * 32, off):
            with self.assertRaises(ProtocolError, msg=bad.hex()):
                curve.decode(bad)

    def test_the_address_is_ethereums(self):
        pair = KeyPair(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
        self.assertEqual(curve.address_of(pair.public).hex(), "f39fd6e51aad88f6f4ce6ab8827279cfffb92266")

    def test_a_pinned_x_is_lifted_to_the_point_of_the_signer(self):
        for name in ("alice", "bob", "carol", "dave"):
            point = KeyPair(drawn(name)).public
            self.assertEqual(curve.lift(point[1:], curve.address_of(point)), point)
        self.assertIsNone(curve.lift(ALICE.public[1:], curve.address_of(BOB.public)))
        self.assertIsNone(curve.lift(bytes(32), bytes(20)))


class Kem(unittest.TestCase):
    """kyber-py, which takes its randomness from us, against the ML-KEM of `cryptography`, which is another's work."""

    def test_agrees_with_another_implementation(self):
        seed = drawn("kem", 64)
        ours, theirs = KemPair(seed), MLKEM768PrivateKey.from_seed_bytes(seed)
        self.assertEqual(ours.public, theirs.public_key().public_bytes_raw())
        ciphertext, secret = kem.encapsulate(ours.public, drawn("m"))
        self.assertEqual(theirs.decapsulate(ciphertext), secret)
        secret, ciphertext = MLKEM768PublicKey.from_public_bytes(ours.public).encapsulate()
        self.assertEqual(ours.decapsulate(ciphertext), secret)

    def test_refuses_a_coefficient_at_the_modulus(self):
        good = KemPair(drawn("kem", 64)).public
        kem.check(b"\x00\x0d\xd0" + good[3:])
        for bad in (b"\x01\x0d\x00" + good[3:], b"\x00\x10\xd0" + good[3:], good[:-1]):
            with self.assertRaises(ProtocolError):
                kem.encapsulate(bad, drawn("m"))


class Derivation(unittest.TestCase):
    def test_hkdf_of_rfc_5869(self):
        okm = keys.hkdf(bytes(range(13)), b"\x0b" * 22, bytes(range(0xF0, 0xFA)), 42)
        wanted = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        self.assertEqual(okm.hex(), wanted)

    def test_hkdf_without_salt_and_info(self):
        wanted = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        self.assertEqual(keys.hkdf(b"", b"\x0b" * 22, b"", 42).hex(), wanted)

    def test_keccak_of_nothing(self):
        self.assertEqual(keys.keccak(b"").hex(), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")


class Trie(unittest.TestCase):
    """A block of Ethereum's main chain, and a proof from it."""

    def setUp(self):
        self.block = json.loads((PUBLIC / "block.json").read_text())
        self.proof = json.loads((PUBLIC / "proof.json").read_text())
        self.root = bytes.fromhex(self.block["stateRoot"][2:])
        self.address = bytes.fromhex(self.proof["address"][2:])
        self.nodes = [bytes.fromhex(node[2:]) for node in self.proof["accountProof"]]

    def test_the_header_hashes_to_the_block(self):
        self.assertEqual("0x" + trie.header_hash(self.block).hex(), self.block["hash"])

    def test_account_and_storage_are_proven(self):
        storage, code = trie.account(self.root, self.address, self.nodes)
        self.assertTrue(code)
        self.assertEqual("0x" + storage.hex(), self.proof["storageHash"])
        self.assertTrue(self.proof["storageProof"])
        for entry in self.proof["storageProof"]:
            nodes = [bytes.fromhex(node[2:]) for node in entry["proof"]]
            found = trie.storage_word(storage, int(entry["key"], 16).to_bytes(32, "big"), nodes)
            self.assertEqual(int.from_bytes(found, "big"), int(entry["value"], 16))

    def test_what_lacks_a_node_or_is_altered_proves_nothing(self):
        for nodes in (self.nodes[:-1], [bytes([node[0]]) + node[1:-1] + b"\0" for node in self.nodes]):
            with self.assertRaises(trie.ProofError):
                trie.account(self.root, self.address, nodes)

    def test_rlp_that_is_not_canonical_is_refused(self):
        for bad in (b"\x81\x01", b"\xb8\x01\x80", b"\x82\x01", b"\xc1", b"", b"\x01\x01"):
            with self.assertRaises(trie.ProofError, msg=bad.hex()):
                trie.decode(bad)
