// Writes what an indexer would answer about the scene, in the shapes of its API, with real proofs: the fixture of the
// tests of this page. Usage: node tests/scene/record.mjs FILE

import { writeFile } from "node:fs/promises";

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

import { accounts, openScene } from "./chain.mjs";

const registry = "0x45f38f2aca274ee229e45ea827983e45f2896b39";
const none = `0x${"0".repeat(64)}`;

const kinds = new Map(
  [
    ["KeyRegistered(address,bytes32,uint256,bytes32)", "registered", false],
    ["PinnedKeyRegistered(address,bytes32,uint256,bytes32)", "registered", true],
    ["KeyRotated(address,bytes32,uint256,bytes32)", "rotated", false],
    ["PinnedKeyRotated(address,bytes32,uint256,bytes32)", "rotated", true],
    ["KeyRevoked(address,bytes32,uint256)", "revoked", false],
    ["KeyPinned(address,bytes32,uint16,bytes32)", "pinned", true],
    ["BundleAnchored(address,bytes32,uint16,bytes32)", "bundle_anchored", false],
    ["OperatorSet(address,address,uint40)", "operator_set", false],
  ].map(([signature, kind, pinned]) => [`0x${bytesToHex(keccak_256(utf8ToBytes(signature)))}`, { kind, pinned }]),
);
const reasons = ["unspecified", "key_compromised", "superseded", "ceased_operation", "owner_decision", "policy"];

async function told(scene) {
  const logs = await scene.call("eth_getLogs", { address: registry, fromBlock: "0x0", toBlock: "latest" });
  const records = new Map();
  const events = [];
  for (const [position, log] of logs.entries()) {
    const { timestamp } = await scene.call("eth_getBlockByNumber", log.blockNumber, false);
    const place = {
      sequence: position + 1,
      block: Number(log.blockNumber),
      log_index: Number(log.logIndex),
      timestamp: Number(timestamp),
    };
    events.push(event(log, place, records));
  }
  return { events, records: [...records.values()] };
}

function event(log, place, records) {
  const { kind, pinned } = kinds.get(log.topics[0]);
  const owner = `0x${log.topics[1].slice(26)}`;
  const [first, second] = [0, 1].map((at) => `0x${log.data.slice(2 + 64 * at, 66 + 64 * at)}`);
  const head = { sequence: place.sequence, kind, ...place, transaction: log.transactionHash, owner };
  if (kind === "operator_set") {
    return { ...head, operator: `0x${log.topics[2].slice(26)}`, until: Number(first) };
  }
  const label = textOf(log.topics[2]);
  const key = `${owner}/${label}`;
  const before = records.get(key);
  const after = (changes) => records.set(key, { ...before, ...changes, changed: place });
  if (kind === "registered" || kind === "rotated") {
    const terms = termsOf(first);
    const base = { chain_id: 31337, registry, owner, label, bundle: before?.bundle ?? null };
    after({ ...base, ...terms, x: second, pinned });
    return { ...head, label, version: terms.version, signer: terms.signer, word: first, x: second };
  }
  if (kind === "revoked") {
    const terms = termsOf(first);
    after(terms);
    return { ...head, label, version: terms.version, signer: terms.signer, word: first, reason: terms.revoked.reason };
  }
  const version = Number(first);
  after(kind === "pinned" ? { pinned } : { bundle: second === none ? null : second });
  return { ...head, label, version, ...(kind === "pinned" ? { x: second } : { bundle: second }) };
}

function termsOf(word) {
  const bits = (shift, width) => Number((BigInt(word) >> BigInt(shift)) & ((1n << BigInt(width)) - 1n));
  const revoked = bits(251, 1) === 1 ? { reason: reasons[bits(252, 4)] } : null;
  return {
    version: bits(232, 16),
    status: revoked ? "revoked" : "active",
    signer: `0x${word.slice(26)}`,
    scheme: bits(248, 1) ? "schnorr" : "ecdsa",
    suite_floor: bits(249, 2),
    anchored_at: bits(160, 40),
    valid_until: bits(200, 32) || null,
    revoked,
    word,
  };
}

function textOf(label) {
  const bytes = Buffer.from(label.slice(2), "hex");
  const text = bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1).toString("latin1");
  return /^[!-~]{0,31}$/.test(text) && !text.startsWith("0x") ? text : label;
}

async function tipOf(scene) {
  const { number, hash, timestamp } = await scene.call("eth_getBlockByNumber", "latest", false);
  return { number: Number(number), hash, timestamp: Number(timestamp), finalized: 0, told_through: Number(number) };
}

const withStatus = (tip) => (record) => {
  const over = record.status === "active" && record.valid_until !== null && tip.timestamp >= record.valid_until;
  return over ? { ...record, status: "expired" } : record;
};

/** The chain as it stands: the tip, every record and event, and the proofs of some records. */
async function stateOf(scene, proven) {
  const tip = await tipOf(scene);
  const { events, records } = await told(scene);
  const proofs = {};
  for (const [name, label] of proven) proofs[`${accounts[name]}/${label}`] = await scene.prove(name, label);
  return { tip, records: records.map(withStatus(tip)), events, proofs };
}

const scene = await openScene();
try {
  const everybody = [
    ["alice", ""],
    ["bob", "desk-7"],
    ["carol", ""],
    ["dave", ""],
    ["erin", "desk-1"],
    ["erin", "rfq/eu"],
    ["nobody", ""],
  ];
  const operator = { operator: accounts.bob };
  const before = await stateOf(scene, everybody);
  operator.until = before.events.find(({ kind }) => kind === "operator_set").until;
  const height = before.tip.number;
  const chained = await scene.prove("erin", "desk-1", "--at", String(height - 2), "--through", String(height));
  await scene.revoke("erin", "desk-8", "superseded");
  const revoked = await stateOf(scene, [["erin", "desk-8"]]);
  await scene.reorganise(1);
  const restored = await stateOf(scene, [["erin", "desk-8"]]);
  const agreed = await scene.call("eth_getBlockByNumber", `0x${height.toString(16)}`, false);
  const scenes = {
    registry,
    accounts,
    operators: { [accounts.alice]: [operator] },
    states: { before, revoked, restored },
    chained,
    reorganised: { block: height, hash: agreed.hash },
  };
  await writeFile(process.argv[2], `${JSON.stringify(scenes)}\n`);
} finally {
  await scene.close();
}
