// Generates eip712.json: EIP-712 digests, hash structs and signatures by viem, an implementation that is not ours.
// The contracts' tests and the client's read that file and must agree with it.
//
//   cd "$(mktemp -d)" && npm init -y && npm install viem@2 && cp <repository>/tests/vectors/eip712.mjs . && node eip712.mjs > eip712.json
//
// The output is deterministic (RFC 6979 signatures, inputs drawn by hashing a counter): move it over eip712.json and see
// no diff. Numbers above 2^53 are decimal strings; bytes are hex.
//
// Every case has `type` and `message`. SessionState: `hashStruct` beside it. All others: `domain` (without `chainId`
// where it is signed for every chain) and `digest`; and, by type,
//
// - KeyPossession          `privateKey`, `signer`, `x`, `y`: the identity key. `signature` by it, r || s || v; `r`, `vs`:
//                          the same (ERC-2098).
// - KeyRegistration,       `privateKey`, `signer`: the owner's. `signature`, `r`, `vs` by it. `identityKey`,
//   KeyRotation            `identitySigner`: the key in the message. `possession`: its proof over KeyPossession in the same
//                          domain, ECDSA r || s || v or, where message.scheme is 1, Schnorr R (33) || z. `possessionDigest`.
// - KeyRevocation          `privateKey`, `signer`: the owner's. `signature`, `r`, `vs` by it.
// - RevocationCertificate  `privateKey`, `signer`: the identity key's. `scheme`: how it signs. `signature` by it, ECDSA
//                          r || s || v or Schnorr x || y || R (33) || z.
// - StateAgreement         `stateHash`; `initiatorKey`, `initiatorSignature`, `responderKey`, `responderSignature`:
//                          signatures as those of a certificate, scheme by the party's record.
//
// All are good at `now`, Unix seconds; a StateAgreement at its agreedAt.
// Schnorr is FROST(secp256k1, KECCAK-256) of RFC 9591 by one signer, put together here from the parts of @noble/curves,
// on which viem stands. frost.json has signatures by quorums.
import {
  bytesToBigInt, bytesToHex, concat, concatBytes, hashStruct, hashTypedData, hexToBytes, keccak256, numberToHex,
  parseSignature, signatureToCompactSignature, stringToHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { expand_message_xmd } from "@noble/curves/abstract/hash-to-curve";
import { secp256k1 } from "@noble/curves/secp256k1";
import { keccak_256 } from "@noble/hashes/sha3";

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

const keyTerms = [
  { name: "owner", type: "address" },
  { name: "label", type: "bytes32" },
  { name: "version", type: "uint16" },
  { name: "x", type: "bytes32" },
  { name: "y", type: "bytes32" },
  { name: "scheme", type: "uint8" },
  { name: "validUntil", type: "uint32" },
  { name: "suiteFloor", type: "uint8" },
  { name: "pinned", type: "bool" },
  { name: "deadline", type: "uint40" },
];

const consentTypes = {
  KeyRegistration: keyTerms,
  KeyRotation: keyTerms,
  KeyRevocation: [
    { name: "owner", type: "address" },
    { name: "label", type: "bytes32" },
    { name: "version", type: "uint16" },
    { name: "reason", type: "uint8" },
    { name: "deadline", type: "uint40" },
  ],
  RevocationCertificate: [
    { name: "owner", type: "address" },
    { name: "label", type: "bytes32" },
    { name: "signer", type: "address" },
    { name: "reason", type: "uint8" },
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

const agreementTypes = {
  StateAgreement: [
    { name: "session", type: "bytes32" },
    { name: "state", type: "SessionState" },
    { name: "terms", type: "bytes32" },
    { name: "agreedAt", type: "uint40" },
    { name: "expiry", type: "uint40" },
  ],
  ...sessionStateTypes,
};

/** The registry's domain on a chain, or without `chainId` that of every chain. */
function registryDomain(chainId, verifyingContract) {
  const name = "Countersign KeyRegistry";
  if (chainId === undefined) return { name: `${name} on every chain`, version: "1", verifyingContract };
  return { name, version: "1", chainId, verifyingContract };
}

function publicKey(account) {
  return { x: `0x${account.publicKey.slice(4, 68)}`, y: `0x${account.publicKey.slice(68)}` };
}

/** A typed document, its digest, and an account's ECDSA signature. */
async function signed(primaryType, types, domain, message, privateKey) {
  const account = privateKeyToAccount(privateKey);
  const typed = { domain, types, primaryType, message };
  const signature = await account.signTypedData(typed);
  const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature));
  const digest = hashTypedData(typed);
  return { type: primaryType, domain, message, digest, privateKey, signer: account.address, signature, r, vs: yParityAndS };
}

async function keyPossession({ chainId, registry, owner, label, version, privateKey }) {
  const { x, y } = publicKey(privateKeyToAccount(privateKey));
  const message = { owner, label, version, x, y };
  const made = await signed("KeyPossession", keyPossessionTypes, registryDomain(chainId, registry), message, privateKey);
  const { signature, r, vs, ...rest } = made;
  return { ...rest, x, y, signature, r, vs };
}

/** KeyRegistration or KeyRotation, with the possession proof that goes with it. */
async function keyConsent(primaryType, { chainId, registry, privateKey, identityKey, ...terms }) {
  const identity = privateKeyToAccount(identityKey);
  const owner = privateKeyToAccount(privateKey).address;
  const { label, version, scheme, ...others } = terms;
  const key = publicKey(identity);
  const domain = registryDomain(chainId, registry);
  const message = { owner, label, version, ...key, scheme, ...others };
  const made = await signed(primaryType, consentTypes, domain, message, privateKey);
  const claim = { owner, label, version, ...key };
  const proof = await signed("KeyPossession", keyPossessionTypes, domain, claim, identityKey);
  const possession = scheme === 1 ? schnorr(identityKey, proof.digest) : proof.signature;
  return { ...made, identityKey, identitySigner: identity.address, possessionDigest: proof.digest, possession };
}

async function keyRevocation({ chainId, registry, privateKey, ...fields }) {
  const message = { owner: privateKeyToAccount(privateKey).address, ...fields };
  return signed("KeyRevocation", consentTypes, registryDomain(chainId, registry), message, privateKey);
}

async function revocationCertificate({ chainId, registry, privateKey, scheme, owner, label, reason }) {
  const message = { owner, label, signer: privateKeyToAccount(privateKey).address, reason };
  const made = await signed("RevocationCertificate", consentTypes, registryDomain(chainId, registry), message, privateKey);
  const { type, domain, digest, signer } = made;
  return { type, domain, message, digest, privateKey, signer, scheme, signature: byIdentity(scheme, made) };
}

/** The signature of an identity key, as `isValidSignatureFor` takes it. */
function byIdentity(scheme, { privateKey, digest, signature }) {
  if (scheme === 0) return signature;
  const { x, y } = publicKey(privateKeyToAccount(privateKey));
  return concat([x, y, schnorr(privateKey, digest)]);
}

/** R (33 bytes) and z with z G = R + c P, c = H2(R || P || digest): RFC 9591, 6.5, with Keccak-256. */
function schnorr(privateKey, digest) {
  const order = secp256k1.CURVE.n;
  const secret = BigInt(privateKey);
  const nonce = BigInt(keccak256(concat([privateKey, digest]))) % order;
  const compressed = (scalar) => secp256k1.ProjectivePoint.BASE.multiply(scalar).toRawBytes(true);
  const commitment = compressed(nonce);
  const dst = new TextEncoder().encode("FROST-secp256k1-KECCAK256-v1chal");
  const preimage = concatBytes([commitment, compressed(secret), hexToBytes(digest)]);
  const challenge = bytesToBigInt(expand_message_xmd(preimage, dst, 48, keccak_256)) % order;
  return concat([bytesToHex(commitment), numberToHex((nonce + challenge * secret) % order, { size: 32 })]);
}

async function stateAgreement({ chainId, verifier, message, initiatorKey, responderKey }) {
  const domain = { name: "Countersign StateAgreement", version: "1", chainId, verifyingContract: verifier };
  const sign = (key) => signed("StateAgreement", agreementTypes, domain, message, key);
  const [initiator, responder] = [await sign(initiatorKey), await sign(responderKey)];
  return {
    type: "StateAgreement",
    domain,
    message,
    digest: initiator.digest,
    stateHash: hashStruct({ data: message.state, primaryType: "SessionState", types: sessionStateTypes }),
    initiatorKey,
    initiatorSignature: byIdentity(message.state.initiator.scheme, initiator),
    responderKey,
    responderSignature: byIdentity(message.state.responder.scheme, responder),
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

// Generated cases: each value is drawn by hashing its name, half of them among the boundaries of its range.
const now = 1767225600;
const uint40 = 2 ** 40 - 1;
const uint32 = 2 ** 32 - 1;
const generated = 64;

/** A number from `low` to `high`, the same for the same name. */
function draw(name, low, high) {
  return low + Number(BigInt(word(name)) % BigInt(high - low + 1));
}

/** One of the boundaries, or as often a number from `low` to `high`. */
function pick(name, n, boundaries, low, high) {
  const turn = draw(`${name}: which ${n}`, 0, boundaries.length * 2 - 1);
  return boundaries[turn] ?? draw(`${name} ${n}`, low, high);
}

/** Where a case is signed for, and the record: about one case of two is for every chain. */
function place(type, n) {
  const chainId = pick(`${type} chain`, n, [1, 10, 31337, 4294967296], 1, uint32);
  return {
    chainId: draw(`${type} everywhere ${n}`, 0, 1) === 0 ? chainId : undefined,
    registry: address(`${type} registry ${n}`),
    label: [zero, word(`${type} label ${n}`), stringToHex(`desk-${n}`, { size: 32 })][n % 3],
  };
}

function termsOf(type, n, lowestVersion) {
  const name = (field) => `${type} ${field}`;
  return {
    ...place(type, n),
    version: pick(name("version"), n, [lowestVersion, 65535, 255, 256], lowestVersion, 65535),
    scheme: n % 4 === 3 ? 1 : 0,
    validUntil: pick(name("validUntil"), n, [0, now + 1, uint32], now + 1, uint32),
    suiteFloor: draw(name(`suiteFloor ${n}`), 0, 1),
    pinned: draw(name(`pinned ${n}`), 0, 1) === 1,
    deadline: pick(name("deadline"), n, [now, uint40], now, uint40),
    privateKey: word(`${type} owner ${n}`),
    identityKey: word(`${type} identity ${n}`),
  };
}

function claimOf(n) {
  const version = pick("claim version", n, [1, 2, 65535], 1, 65535);
  return { ...place("claim", n), owner: address(`claim owner ${n}`), version, privateKey: word(`claim key ${n}`) };
}

function revocationOf(n) {
  return {
    ...place("revocation", n),
    version: pick("revocation version", n, [1, 65535], 1, 65535),
    reason: n % 6,
    deadline: pick("revocation deadline", n, [now, uint40], now, uint40),
    privateKey: word(`revocation owner ${n}`),
  };
}

function certificateOf(n) {
  const fields = { owner: address(`certificate owner ${n}`), reason: n % 6, scheme: n % 4 === 3 ? 1 : 0 };
  return { ...place("certificate", n), ...fields, privateKey: word(`certificate key ${n}`) };
}

/** One party's record: in force when the parties agree, and for good where that is the end of time. */
function partyOf(role, n, agreedAt) {
  const endless = agreedAt >= uint32;
  return {
    owner: address(`${role} owner ${n}`),
    label: n % 2 === 0 ? zero : word(`${role} label ${n}`),
    version: pick(`${role} version`, n, [1, 65535], 1, 65535),
    signer: address(`${role} key ${n}`),
    anchoredAt: pick(`${role} anchoredAt`, n, [agreedAt, 0], 0, agreedAt),
    validUntil: endless ? 0 : pick(`${role} validUntil`, n, [0, agreedAt + 1, uint32], agreedAt + 1, uint32),
    scheme: n % 3 === 2 && role === "initiator" ? 1 : 0,
    suiteFloor: draw(`${role} suiteFloor ${n}`, 0, 3),
  };
}

function agreementOf(n) {
  const chainId = [1, 31337, 4294967296][n % 3];
  const agreedAt = n === 5 ? uint40 : draw(`agreedAt ${n}`, now, now + 10 ** 9);
  const state = {
    chainId,
    blockNumber: n === 7 ? "18446744073709551615" : draw(`block ${n}`, 0, 10 ** 9),
    blockHash: word(`block ${n}`),
    registry: address(`agreement registry ${n}`),
    initiator: partyOf("initiator", n, agreedAt),
    responder: { ...partyOf("responder", n, agreedAt), ...(n === 4 && { version: 65535 }) },
    valuation: Array.from({ length: [0, 1, 3, 16, 2][n % 5] }, (_, i) => (n % 4 === 1 ? reading(i) : slot(i))),
  };
  const expiry = n % 4 === 2 ? agreedAt : Math.min(uint40, agreedAt + draw(`expiry ${n}`, 0, 10 ** 7));
  const message = { session: word(`session ${n}`), state, terms: n === 0 ? zero : word(`terms ${n}`), agreedAt, expiry };
  const keys = { initiatorKey: word(`initiator key ${n}`), responderKey: word(`responder key ${n}`) };
  return { chainId, verifier: address(`verifier ${n}`), message, ...keys };
}

const each = (count, make) => Promise.all(Array.from({ length: count }, (_, n) => make(n)));
const cases = [
  ...(await Promise.all(possession.map(keyPossession))),
  ...states.map(sessionState),
  ...(await each(generated, (n) => keyPossession(claimOf(n)))),
  ...(await each(generated, (n) => keyConsent("KeyRegistration", termsOf("registration", n, 1)))),
  ...(await each(generated, (n) => keyConsent("KeyRotation", termsOf("rotation", n, 2)))),
  ...(await each(generated, (n) => keyRevocation(revocationOf(n)))),
  ...(await each(generated, (n) => revocationCertificate(certificateOf(n)))),
  ...(await each(20, (n) => stateAgreement(agreementOf(n)))),
];
process.stdout.write(`${JSON.stringify({ generator: "viem 2, tests/vectors/eip712.mjs", now, cases }, null, 2)}\n`);
