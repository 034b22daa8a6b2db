// Generates eip712.json: EIP-712 digests and hash structs computed by viem, an implementation that is not ours.
// The contract's tests and the client's read that file and must agree with it.
//
//   cd "$(mktemp -d)" && npm init -y && npm install viem@2 && cp <repository>/tests/vectors/eip712.mjs . && node eip712.mjs > eip712.json
//
// The output is deterministic (RFC 6979 signatures, fixed inputs): move it over eip712.json and see no diff.
import { hashStruct, hashTypedData, keccak256, parseSignature, signatureToCompactSignature, stringToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const zero = `0x${"00".repeat(32)}`;
const word = (text) => keccak256(stringToHex(text));
const address = (text) => privateKeyToAccount(word(text)).address;

const keyPossessionTypes = {
  KeyPossession: [
    { name: "owner", type: "address" },
    { name: "label", type: "bytes32" },
    { name: "version", type: "uint16" },
    { name: "x", type: "bytes32" },
    { name: "y", type: "bytes32" },
  ],
};

const sessionStateTypes = {
  SessionState: [
    { name: "chainId", type: "uint256" },
    { name: "blockNumber", type: "uint64" },
    { name: "blockHash", type: "bytes32" },
    { name: "registry", type: "address" },
    { name: "initiator", type: "RegistryRecord" },
    { name: "responder", type: "RegistryRecord" },
    { name: "valuation", type: "Reading[]" },
  ],
  Reading: [
    { name: "source", type: "address" },
    { name: "kind", type: "uint8" },
    { name: "subject", type: "bytes32" },
    { name: "value", type: "bytes32" },
  ],
  RegistryRecord: [
    { name: "owner", type: "address" },
    { name: "label", type: "bytes32" },
    { name: "version", type: "uint16" },
    { name: "signer", type: "address" },
    { name: "anchoredAt", type: "uint40" },
    { name: "validUntil", type: "uint32" },
    { name: "scheme", type: "uint8" },
    { name: "suiteFloor", type: "uint8" },
  ],
};

async function keyPossession({ chainId, registry, owner, label, version, privateKey }) {
  const account = privateKeyToAccount(privateKey);
  const [x, y] = [`0x${account.publicKey.slice(4, 68)}`, `0x${account.publicKey.slice(68)}`];
  const domain = { name: "Countersign KeyRegistry", version: "1", chainId, verifyingContract: registry };
  const message = { owner, label, version, x, y };
  const typed = { domain, types: keyPossessionTypes, primaryType: "KeyPossession", message };
  const signature = await account.signTypedData(typed);
  const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature));
  return {
    type: "KeyPossession",
    domain,
    message,
    digest: hashTypedData(typed),
    privateKey,
    signer: account.address,
    x,
    y,
    signature,
    r,
    vs: yParityAndS,
  };
}

function sessionState(message) {
  return {
    type: "SessionState",
    message,
    hashStruct: hashStruct({ data: message, primaryType: "SessionState", types: sessionStateTypes }),
  };
}

function record(name, fields) {
  const plain = { label: zero, version: 1, anchoredAt: 1767225600, validUntil: 0, scheme: 0, suiteFloor: 1 };
  return { owner: address(`${name} owner`), signer: address(`${name} key`), ...plain, ...fields };
}

function reading(n) {
  return { source: address(`source ${n}`), kind: n, subject: word(`subject ${n}`), value: word(`value ${n}`) };
}

function slot(n) {
  return { ...reading(n), kind: 0 };
}

const registries = [address("registry a"), address("registry b")];
const possession = [
  { chainId: 1, registry: registries[0], owner: address("alice"), label: zero, version: 1, privateKey: word("key 1") },
  { chainId: 31337, registry: registries[0], owner: address("alice"), label: zero, version: 1, privateKey: word("key 1") },
  { chainId: 31337, registry: registries[1], owner: address("alice"), label: zero, version: 2, privateKey: word("key 2") },
  { chainId: 31337, registry: registries[1], owner: address("bob"), label: word("desk"), version: 65535, privateKey: word("key 3") },
  { chainId: 8453, registry: registries[1], owner: address("carol"), label: stringToHex("agent-7", { size: 32 }), version: 256, privateKey: word("key 4") },
  // An odd and an even R, and the smallest private key, are among these.
  { chainId: 4294967296, registry: registries[0], owner: address("dave"), label: zero, version: 3, privateKey: `0x${"0".repeat(63)}1` },
];
for (let n = 0; n < 10; n += 1) {
  possession.push({
    chainId: 1 + n * 977,
    registry: address(`registry ${n}`),
    owner: address(`owner ${n}`),
    label: n % 2 === 0 ? zero : word(`label ${n}`),
    version: 1 + n * 7281,
    privateKey: word(`generated key ${n}`),
  });
}

const shared = { chainId: 1, blockNumber: 24000000, blockHash: word("block"), registry: registries[0] };
const parties = { initiator: record("alice"), responder: record("bob", { label: word("desk"), version: 7, validUntil: 1798761600 }) };
const states = [
  { ...shared, ...parties, valuation: [] },
  { ...shared, ...parties, valuation: [reading(0)] },
  { ...shared, ...parties, valuation: [reading(0), reading(1), reading(2)] },
  { ...shared, ...parties, valuation: [reading(1), reading(0), reading(2)] },
  // Kind 0, a storage slot, is the one kind that exists so far: what the client can read.
  { ...shared, ...parties, valuation: [slot(2), slot(0), slot(1)] },
  { ...shared, ...parties, valuation: Array.from({ length: 16 }, (_, n) => slot(n)) },
  {
    chainId: 31337,
    blockNumber: "18446744073709551615",
    blockHash: `0x${"ff".repeat(32)}`,
    registry: registries[1],
    initiator: record("max", { label: `0x${"ff".repeat(32)}`, version: 65535, anchoredAt: 1099511627775, validUntil: 4294967295, scheme: 1, suiteFloor: 3 }),
    responder: record("min", { version: 1, anchoredAt: 0, suiteFloor: 0 }),
    valuation: [{ source: registries[0], kind: 255, subject: zero, value: `0x${"ff".repeat(32)}` }],
  },
];

const cases = [...(await Promise.all(possession.map(keyPossession))), ...states.map(sessionState)];
process.stdout.write(`${JSON.stringify({ generator: "viem 2, tests/vectors/eip712.mjs", cases }, null, 2)}\n`);
