import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { createMerkleProof, MerklePatriciaTrie } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";

import { record } from "../../src/answers.ts";
import { fromHex, toHex, type Hex } from "../../src/bytes.ts";
import { Misshapen } from "../../src/json.ts";
import { labelBytes } from "../../src/label.ts";
import { differences } from "../../src/verify/compare.ts";
import { readRecordProof } from "../../src/verify/document.ts";
import { Fault } from "../../src/verify/fault.ts";
import { REGISTRY_ADDRESS, REGISTRY_CODE_HASH } from "../../src/verify/registry.ts";
import { verifyRecordProof, type Proven } from "../../src/verify/record_proof.ts";
import { scene, type ProofJson } from "../scene/fixture.ts";

const { registry, accounts, states, chained } = scene();
const before = states.before;

const proofOf = (name: keyof typeof accounts, label = ""): ProofJson => {
  const proof = before.proofs[`${accounts[name]}/${label}`];
  assert(proof, `${name} ${label}`);
  return structuredClone(proof);
};

const verified = (proof: ProofJson, owner: Hex, label = ""): Promise<Proven> =>
  Promise.resolve().then(() =>
    verifyRecordProof(readRecordProof(proof), { chainId: 31337, registry, owner, label: labelBytes(label) as Hex }),
  );

const refused = async (proof: ProofJson, owner: Hex, label = "", why = /./): Promise<void> =>
  assert.rejects(verified(proof, owner, label), (error: Error) => {
    assert(error instanceof Fault || error instanceof Misshapen, String(error.stack));
    assert.match(error.message, why);
    return true;
  });

test("the page knows the registry as it was built", () => {
  const built = JSON.parse(readFileSync("../../contracts/artifacts/KeyRegistry.json", "utf8")) as Record<
    string,
    string
  >;
  assert.equal(built["address"]?.toLowerCase(), REGISTRY_ADDRESS);
  assert.equal(built["runtimeCodeHash"], REGISTRY_CODE_HASH);
});

test("proofs of active, expired, revoked, compact and labelled records hold, and say what the answers say", async () => {
  const records = [
    ["alice", ""],
    ["bob", "desk-7"],
    ["carol", ""],
    ["dave", ""],
    ["erin", "desk-1"],
    ["erin", "rfq/eu"],
  ] as const;
  for (const [name, label] of records) {
    const proven = await verified(proofOf(name, label), accounts[name], label);
    const json = before.records.find((each) => each.owner === accounts[name] && each.label === label);
    const said = record(json, "record");
    assert.deepEqual(differences(said, proven, before.tip.timestamp), [], `${name} ${label}`);
    assert.equal(proven.blocks[0].hash, before.tip.hash);
    assert.notEqual(proven.record?.key, null);
  }
});

test("the absence of a record is proven", async () => {
  const proven = await verified(proofOf("nobody"), accounts.nobody);
  assert.equal(proven.record, null);
  assert.deepEqual(differences(null, proven, before.tip.timestamp), []);
  const said = record(before.records[0], "record");
  assert.equal(differences(said, proven, before.tip.timestamp).length, 1);
});

test("headers lead from the proven block to a later one", async () => {
  const proven = await verified(chained, accounts.erin, "desk-1");
  assert.equal(proven.blocks.length, 3);
  assert.equal(proven.blocks.at(-1)?.hash, before.tip.hash);
  const [first, second, third] = chained.headers as [string, string, string];
  for (const headers of [
    [first, third],
    [second, first, third],
    [third, second, first],
    [first, first],
  ]) {
    await refused({ ...chained, headers }, accounts.erin, "desk-1");
  }
});

test("no byte of a header can change unseen", async () => {
  for (const proof of [proofOf("alice"), chained]) {
    const [owner, label] = proof === chained ? [accounts.erin, "desk-1"] : [accounts.alice, ""];
    // The hash is all that is known of a newest header: changed, it names another block, or the rest hangs on nothing.
    const trusted = (await verified(proof, owner, label)).blocks.at(-1)?.hash;
    for (const [position, header] of proof.headers.entries()) {
      for (const changed of mutations(header)) {
        const headers = proof.headers.with(position, changed);
        const outcome = await verified({ ...proof, headers }, owner, label).catch(fault);
        if (!(outcome instanceof Error)) assert.notEqual(outcome.blocks.at(-1)?.hash, trusted);
      }
    }
  }
});

test("no byte of an account's proof can change unseen", async () => {
  for (const [name, proof] of [
    ["alice", proofOf("alice")],
    ["nobody", proofOf("nobody")],
  ] as const) {
    for (const [position, node] of proof.proof.accountProof.entries()) {
      for (const changed of mutations(node)) {
        const nodes = { ...proof.proof, accountProof: proof.proof.accountProof.with(position, changed) };
        await refused({ ...proof, proof: nodes }, accounts[name]);
      }
    }
  }
});

test("no byte of a slot's proof can change unseen, be it of a value or of an absence", async () => {
  for (const [name, label] of [
    ["erin", "desk-1"],
    ["carol", ""],
    ["nobody", ""],
  ] as const) {
    const proof = proofOf(name, label);
    for (const slot of proof.proof.storageProof) {
      for (const [position, node] of [...slot.proof].entries()) {
        for (const changed of mutations(node)) {
          slot.proof[position] = changed;
          await refused(proof, accounts[name], label);
        }
        slot.proof[position] = node;
      }
    }
    await verified(proof, accounts[name], label);
  }
});

test("a node that is missing, doubled or of another proof is refused", async () => {
  const other = proofOf("alice").proof.storageProof[0]?.proof.at(-1) ?? "";
  for (const name of ["carol", "nobody"] as const) {
    for (let slot = 0; slot < 3; slot += 1) {
      const whole = proofOf(name).proof.storageProof[slot]?.proof ?? [];
      const changed = [[], whole.slice(0, -1), whole.slice(1), [...whole, ...whole.slice(-1)], [...whole, other]];
      for (const nodes of changed) {
        const proof = proofOf(name);
        (proof.proof.storageProof[slot] as { proof: string[] }).proof = nodes;
        await refused(proof, accounts[name]);
      }
    }
    const whole = proofOf(name).proof.accountProof;
    for (const accountProof of [[], whole.slice(0, -1), whole.slice(1), [...whole, ...whole.slice(-1)]]) {
      const proof = proofOf(name);
      await refused({ ...proof, proof: { ...proof.proof, accountProof } }, accounts[name]);
    }
  }
});

test("what a proof says beside its nodes must be what they prove", async () => {
  const changes: [string, (proof: ProofJson) => void, RegExp][] = [
    ["value", ({ proof }) => (proof.storageProof[0]!.value = "0x1"), /another value/],
    ["present value as absent", ({ proof }) => (proof.storageProof[0]!.value = "0x0"), /another value/],
    ["slot", ({ proof }) => (proof.storageProof[0]!.key = `0x${"11".repeat(32)}`), /another storage slot/],
    ["order of slots", ({ proof }) => proof.storageProof.reverse(), /another storage slot/],
    ["slots", ({ proof }) => proof.storageProof.pop(), /three slots/],
    ["storage root", ({ proof }) => (proof.storageHash = `0x${"22".repeat(32)}`), /registry's account/],
    ["code hash", ({ proof }) => (proof.codeHash = `0x${"22".repeat(32)}`), /registry's account/],
    ["account", ({ proof }) => (proof.address = accounts.bob), /another contract/],
    ["owner", (proof) => (proof.owner = accounts.bob), /another record/],
    ["label", (proof) => (proof.label = `0x${"33".repeat(32)}`), /another record/],
    ["chain", (proof) => (proof.chain_id = 1), /chain 1/],
    ["version", (proof) => (proof.version = 2), /version/],
    ["kind", (proof) => (proof.document = "countersign.other"), /no record proof/],
    ["headers", (proof) => (proof.headers = []), /no header/],
    ["header's end", (proof) => (proof.headers[0] += "00"), /no block header/],
  ];
  for (const [what, change, why] of changes) {
    const proof = proofOf("alice");
    change(proof);
    await refused(proof, accounts.alice, "", why).catch((error: unknown) => assert.fail(`${what}: ${String(error)}`));
  }
});

test("a proof of one record is none of another, nor of another contract's storage", async () => {
  await refused(proofOf("alice"), accounts.bob, "", /another record/);
  await refused(proofOf("erin", "desk-1"), accounts.erin, "desk-2", /another record/);
  const relabelled = { ...proofOf("erin", "desk-1"), label: labelBytes("desk-2") as Hex };
  await refused(relabelled, accounts.erin, "desk-2", /another storage slot/);
  const proof = readRecordProof({ ...proofOf("alice"), proof: { ...proofOf("alice").proof, address: accounts.alice } });
  const asked = { chainId: 31337, registry: accounts.alice, owner: accounts.alice, label: labelBytes("") as Hex };
  await assert.rejects(verifyRecordProof(proof, asked), Fault);
});

test("storage that is the registry's counts for nothing under another code", async () => {
  const moved = async (codeHash: string): Promise<ProofJson> => {
    const proof = proofOf("alice");
    const state = new MerklePatriciaTrie({ useKeyHashing: true });
    const account = RLP.encode([1, 0, fromHex(proof.proof.storageHash), fromHex(codeHash)]);
    await state.put(fromHex(registry), account);
    const header = RLP.decode(fromHex(proof.headers[0] ?? "")) as Uint8Array[];
    header[3] = state.root();
    const accountProof = (await createMerkleProof(state, fromHex(registry))).map(toHex);
    return { ...proof, headers: [toHex(RLP.encode(header))], proof: { ...proof.proof, codeHash, accountProof } };
  };
  assert.notEqual((await verified(await moved(REGISTRY_CODE_HASH), accounts.alice)).record, null);
  await refused(await moved(`0x${"66".repeat(32)}`), accounts.alice, "", /code at the registry's address/);
});

test("a key that came along counts only if it is the signer's", async () => {
  const compact = proofOf("bob", "desk-7");
  const stranger = (await verified(proofOf("alice"), accounts.alice)).record?.key as string;
  assert.equal((await verified(compact, accounts.bob, "desk-7")).record?.key, compact.public_key);
  await refused({ ...compact, public_key: stranger }, accounts.bob, "desk-7", /fingerprint/);
  await refused({ ...compact, public_key: `0x02${"ff".repeat(32)}` }, accounts.bob, "desk-7", /fingerprint/);
  const { public_key: _, ...without } = compact;
  assert.equal((await verified(without, accounts.bob, "desk-7")).record?.key, null);
});

test("every field of an answer that differs from what is proven is told", async () => {
  const proven = await verified(proofOf("carol"), accounts.carol);
  const json = before.records.find(({ owner }) => owner === accounts.carol) ?? {};
  const lies: Record<string, unknown> = {
    word: `0x${"44".repeat(32)}`,
    signer: accounts.bob,
    x: `0x${"11".repeat(32)}`,
    version: 7,
    status: "active",
    scheme: "schnorr",
    suite_floor: 3,
    anchored_at: 1,
    valid_until: null,
    pinned: false,
    bundle: `0x${"55".repeat(32)}`,
    revoked: { reason: "policy" },
  };
  for (const [field, lie] of Object.entries(lies)) {
    const said = record({ ...json, [field]: lie }, "record");
    assert.notDeepEqual(differences(said, proven, before.tip.timestamp), [], field);
  }
  const unrevoked = record({ ...json, revoked: null }, "record");
  assert.notDeepEqual(differences(unrevoked, proven, before.tip.timestamp), []);
  assert.equal(differences(null, proven, before.tip.timestamp).length, 1);
});

/** Each byte changed, alone: its lowest bit, its highest, and all of its bits, in turn. */
function* mutations(hex: string): Generator<string> {
  for (let at = 2; at < hex.length; at += 2) {
    const byte = Number.parseInt(hex.slice(at, at + 2), 16);
    const changed = byte ^ ([0x01, 0x80, 0xff][(at / 2) % 3] ?? 0xff);
    yield `${hex.slice(0, at)}${changed.toString(16).padStart(2, "0")}${hex.slice(at + 2)}`;
  }
}

function fault(error: unknown): Error {
  assert(error instanceof Fault || error instanceof Misshapen, String(error));
  return error;
}
