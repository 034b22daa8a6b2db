import assert from "node:assert/strict";
import { test } from "node:test";

import { checksummed, isWellSpelt } from "../../src/account.ts";
import { labelBytes, labelOfSegment, labelSegment } from "../../src/label.ts";
import { readQuery } from "../../src/query.ts";
import { homeLink, readRoute, recordLink, searchLink } from "../../src/route.ts";
import { Trouble } from "../../src/trouble.ts";

const address = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const spelt = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const key = `0x02${"ab".repeat(32)}` as const;

test("addresses are spelt as EIP-55 has it, and one that is misspelt is told", () => {
  assert.equal(checksummed(address), spelt);
  for (const good of [address, spelt, `0x${address.slice(2).toUpperCase()}` as const])
    assert(isWellSpelt(good as `0x${string}`));
  assert(!isWellSpelt("0x70997970c51812dc3A010C7d01b50e0d17dc79C8"));
  assert.throws(() => readQuery("0x70997970c51812dc3A010C7d01b50e0d17dc79C8"), Trouble);
});

test("the search field tells addresses, keys, labels and DIDs apart", () => {
  const chainId = null;
  assert.deepEqual(readQuery(` ${spelt} `), { kind: "address", address, chainId });
  assert.deepEqual(readQuery(`eip155:10:${spelt}`), { kind: "address", address, chainId: 10 });
  assert.deepEqual(readQuery(`${spelt}#desk-7`), { kind: "record", owner: address, label: "desk-7", chainId });
  assert.deepEqual(readQuery(`${spelt}#`), { kind: "record", owner: address, label: "", chainId });
  assert.deepEqual(readQuery(key), { kind: "key", key, chainId });
  assert.deepEqual(readQuery("desk-7"), { kind: "label", label: "desk-7" });
  assert.deepEqual(readQuery(`0x${"AB".repeat(32)}`), { kind: "label", label: `0x${"ab".repeat(32)}` });
  assert.deepEqual(readQuery(`did:pkh:eip155:1:${spelt}`), { kind: "address", address, chainId: 1 });
  assert.deepEqual(readQuery(`did:ethr:${address}`), { kind: "address", address, chainId });
  assert.deepEqual(readQuery(`did:ethr:0x7a69:${address}#controller`), { kind: "address", address, chainId: 31337 });
  assert.deepEqual(readQuery(`did:ethr:sepolia:${key}`), { kind: "key", key, chainId: 11_155_111 });
});

test("what can mean nothing is told, with what to do", () => {
  const texts = [
    "",
    "  ",
    "two words",
    "0x12",
    `${address}00`,
    "a".repeat(32),
    "did:web:example.org",
    "did:ethr:nowhere:0x1",
    `${address}#a b`,
    "0xzz",
  ];
  for (const text of texts) {
    assert.throws(
      () => readQuery(text),
      (error) => error instanceof Trouble && error.advice !== "",
      text,
    );
  }
});

test("every label goes through a path and comes back", () => {
  const hex = `0x${"ab".repeat(32)}`;
  for (const label of ["", "-", ".", "..", "desk-7", "rfq/eu", "50%", "a?b#c", "~!@$&'()*+,;=", hex]) {
    const segment = labelSegment(label);
    const url = new URL(`http://localhost/v1/1/records/${address}/${segment}/history`);
    const parts = url.pathname.split("/");
    assert.equal(parts.length, 7, label);
    const back = labelOfSegment(decodeURIComponent(parts[5] ?? ""));
    assert.equal(labelBytes(back), labelBytes(label), label);
  }
});

test("a label is at most 31 printable characters, or 32 bytes", () => {
  assert.equal(labelBytes(""), `0x${"00".repeat(32)}`);
  assert.equal(labelBytes("desk-7"), `0x6465736b2d37${"00".repeat(26)}`);
  for (const wrong of ["a".repeat(32), "a b", "é", "0x12", "0x"]) assert.equal(labelBytes(wrong), null, wrong);
});

test("every view has an address, and the address leads back to it", () => {
  const scope = { chainId: 31337, registry: null };
  const other = { chainId: 1, registry: address } as const;
  assert.deepEqual(readRoute(homeLink(scope)), { view: "home", scope });
  assert.deepEqual(readRoute(homeLink(other)), { view: "home", scope: other });
  assert.deepEqual(readRoute(searchLink(scope, "a/b?c%")), { view: "search", scope, text: "a/b?c%" });
  for (const label of ["", "desk-7", "rfq/eu"]) {
    const route = { view: "record", scope: other, owner: address, label, block: null };
    assert.deepEqual(readRoute(recordLink(other, address, label)), route);
    assert.deepEqual(readRoute(recordLink(other, address, label, 12)), { ...route, block: 12 });
  }
  assert.deepEqual(readRoute(""), { view: "home", scope: null });
  for (const lost of [
    "#/x",
    "#/1/record/0x12/-",
    "#/1/what",
    "#/1/record",
    `#/1/record/${address}/%zz/a`,
    "#/1/search",
  ]) {
    assert.deepEqual(readRoute(lost), { view: "lost" }, lost);
  }
});
