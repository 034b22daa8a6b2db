import assert from "node:assert/strict";
import { test } from "node:test";

import { readWord, recordSlots, statusAt } from "../../src/verify/word.ts";

test("the fields lie where the contract puts them", () => {
  // As in client/registry/src/word.rs: reason 2, revoked, floor 1, scheme 1 | version | validUntil | anchoredAt | signer.
  const word = readWord(0x2b0102aabbccdd0102030405111111111111111111111111111111111111111an);
  assert.deepEqual(word, {
    signer: "0x111111111111111111111111111111111111111a",
    anchoredAt: 0x0102030405,
    validUntil: 0xaabbccdd,
    version: 0x0102,
    scheme: "schnorr",
    suiteFloor: 1,
    revoked: "superseded",
  });
  assert.equal(readWord(0n), null);
  assert.equal(readWord((0xf8n << 248n) | 1n)?.revoked, "code_15");
});

test("a key is good until the second of its end, and a revocation outweighs it", () => {
  const word = readWord((100n << 200n) | 1n);
  assert(word);
  assert.equal(statusAt(word, 99), "active");
  assert.equal(statusAt(word, 100), "expired");
  assert.equal(statusAt({ ...word, validUntil: null }, 1e12), "active");
  assert.equal(statusAt({ ...word, revoked: "policy" }, 99), "revoked");
});

test("slots follow one another", () => {
  const slots = recordSlots(`0x${"11".repeat(20)}`, `0x${"00".repeat(32)}`);
  assert.equal(BigInt(slots.x) - BigInt(slots.word), 1n);
  assert.equal(BigInt(slots.bundle) - BigInt(slots.word), 2n);
});
