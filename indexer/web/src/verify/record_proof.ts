/**
 * Checks a record proof, down to one thing that it cannot show: that its block is one of the chain's.
 *
 *     a block's hash ─► header ─► parent's header ─► … ─► state root ─► the registry's account ─► the record
 */

import { RLP } from "@ethereumjs/rlp";

import { fromHex, padded, toHex, toNumber, ZERO_WORD, type Hex } from "../bytes.ts";
import type { AccountProof, RecordProof, StorageProof } from "./document.ts";
import { Fault } from "./fault.ts";
import { linkedHeaders, type Header } from "./header.ts";
import { addressOf, keyWithX } from "./key.ts";
import { REGISTRY_CODE_HASH } from "./registry.ts";
import { provenValue } from "./tree.ts";
import { readWord, recordSlots, type RecordWord } from "./word.ts";

/** Whose record, in which registry: what the reader of the page asked, not what the proof says of itself. */
export interface Asked {
  readonly chainId: number;
  readonly registry: Hex;
  readonly owner: Hex;
  /** 32 bytes. */
  readonly label: Hex;
}

export interface Proven {
  /** The block at which the record is proven, and those that follow it: trust one's hash, and all of it is proven. */
  readonly blocks: readonly [Block, ...Block[]];
  /** Null where it is proven that nothing was ever registered. */
  readonly record: ProvenRecord | null;
  /** Zero for nothing. */
  readonly bundle: Hex;
}

export interface Block {
  readonly number: number;
  readonly hash: Hex;
  /** Unix seconds. */
  readonly timestamp: number;
}

export interface ProvenRecord {
  readonly fields: RecordWord;
  /** The packed word. */
  readonly word: Hex;
  /** What the slot of X holds: zero, or the coordinate pinned last, which may be an earlier key's. */
  readonly x: Hex;
  /** Whether that coordinate is the current key's. */
  readonly isPinned: boolean;
  /** The key, compressed: pinned, or one that came along and hashes to the signer. */
  readonly key: Hex | null;
}

/** Throws {@link Fault} at the first thing that does not hold. */
export async function verifyRecordProof(proof: RecordProof, asked: Asked): Promise<Proven> {
  aboutTheSame(proof, asked);
  const headers = linkedHeaders(proof.headers);
  const storageRoot = await registryUnder(headers[0], proof.account, asked.registry);
  const slots = recordSlots(asked.owner, asked.label);
  const [word, x, bundle, ...more] = proof.account.storage;
  if (!word || !x || !bundle || more.length > 0) throw new Fault("it does not prove exactly three slots");
  const proven = {
    word: await provenSlot(storageRoot, slots.word, word, "the record"),
    x: await provenSlot(storageRoot, slots.x, x, "the key's X coordinate"),
    bundle: await provenSlot(storageRoot, slots.bundle, bundle, "the bundle's hash"),
  };
  const [first, ...rest] = headers.map(({ number, hash, timestamp }) => ({ number, hash, timestamp }));
  if (!first) throw new Fault("it holds no header");
  return { blocks: [first, ...rest], record: recordOf(proven.word, proven.x, proof.publicKey), bundle: proven.bundle };
}

function aboutTheSame(proof: RecordProof, asked: Asked): void {
  if (proof.chainId !== asked.chainId) throw new Fault(`it is of chain ${proof.chainId}, not of ${asked.chainId}`);
  if (proof.owner !== asked.owner || proof.label !== asked.label) throw new Fault("it is of another record");
  if (proof.account.address !== asked.registry) throw new Fault("it is of another contract than the registry");
}

/** The storage root of the registry's account, whose code must be the registry's. */
async function registryUnder(header: Header, proof: AccountProof, registry: Hex): Promise<Uint8Array> {
  const account = await provenValue(header.stateRoot, fromHex(registry), proof.nodes, "the registry's account");
  if (account === null) throw new Fault("there is no registry at that address in that block");
  const fields = RLP.decode(account);
  const [, , storageRoot, codeHash] = Array.isArray(fields) ? fields : [];
  if (!(storageRoot instanceof Uint8Array) || !(codeHash instanceof Uint8Array)) {
    throw new Fault("what lies at the registry's address is no account");
  }
  if (toHex(codeHash) !== REGISTRY_CODE_HASH) {
    throw new Fault("the code at the registry's address is not the registry's");
  }
  if (toHex(storageRoot) !== proof.storageHash || toHex(codeHash) !== proof.codeHash) {
    throw new Fault("it says another thing of the registry's account than it proves");
  }
  return storageRoot;
}

async function provenSlot(root: Uint8Array, slot: Hex, proof: StorageProof, what: string): Promise<Hex> {
  if (proof.slot !== slot) throw new Fault(`it proves another storage slot than that of ${what}`);
  const encoded = await provenValue(root, fromHex(slot), proof.nodes, what);
  const value = encoded === null ? new Uint8Array() : RLP.decode(encoded);
  if (!(value instanceof Uint8Array) || value.length > 32) throw new Fault(`${what} is no storage word`);
  if (toNumber(value) !== proof.value) throw new Fault(`it says another value of ${what} than it proves`);
  return toHex(padded(value, 32));
}

function recordOf(word: Hex, x: Hex, shown: Hex | null): ProvenRecord | null {
  const fields = readWord(BigInt(word));
  if (fields === null) return null;
  const pinned = x === ZERO_WORD ? null : keyWithX(x, fields.signer);
  if (pinned === null && shown !== null && addressOf(shown) !== fields.signer) {
    throw new Fault("the key that came along is not the one whose fingerprint is on chain");
  }
  return { fields, word, x, isPinned: pinned !== null, key: pinned ?? shown };
}
