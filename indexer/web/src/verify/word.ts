/** The registry's storage layout (IKeyRegistry.sol): where a record lies, and what its packed word says. */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";

import { fromHex, padded, toNumber, type Hex } from "../bytes.ts";

/** The slots of one record. */
export interface RecordSlots {
  readonly word: Hex;
  /** The X coordinate of a pinned key. */
  readonly x: Hex;
  /** The hash of what the owner publishes beside the key. */
  readonly bundle: Hex;
}

export interface RecordWord {
  /** The identity key's address. */
  readonly signer: Hex;
  /** Unix seconds. */
  readonly anchoredAt: number;
  /** Unix seconds; null for no end. A revocation brings it forward to its own block's time. */
  readonly validUntil: number | null;
  readonly version: number;
  readonly scheme: "ecdsa" | "schnorr";
  /** 0 to 3. */
  readonly suiteFloor: number;
  readonly revoked: RevocationReason | null;
}

export type RevocationReason = (typeof REASONS)[number] | `code_${number}`;
export type Status = "active" | "expired" | "revoked";

/** `mapping(address => mapping(bytes32 => Record))` at slot 0. */
export function recordSlots(owner: Hex, label: Hex): RecordSlots {
  const ofOwner = keccak_256(concatBytes(padded(fromHex(owner), 32), new Uint8Array(32)));
  const base = toNumber(keccak_256(concatBytes(fromHex(label), ofOwner)));
  const after = (words: bigint): Hex => `0x${((base + words) % (1n << 256n)).toString(16).padStart(64, "0")}`;
  return { word: after(0n), x: after(1n), bundle: after(2n) };
}

/** Null for zero, which says that nothing was ever registered. */
export function readWord(word: bigint): RecordWord | null {
  if (word === 0n) return null;
  const bits = (shift: bigint, width: bigint): bigint => (word >> shift) & ((1n << width) - 1n);
  const reason = Number(bits(252n, 4n));
  return {
    signer: `0x${bits(0n, 160n).toString(16).padStart(40, "0")}`,
    anchoredAt: Number(bits(160n, 40n)),
    validUntil: Number(bits(200n, 32n)) || null,
    version: Number(bits(232n, 16n)),
    scheme: bits(248n, 1n) === 0n ? "ecdsa" : "schnorr",
    suiteFloor: Number(bits(249n, 2n)),
    revoked: bits(251n, 1n) === 1n ? (REASONS[reason] ?? `code_${reason}`) : null,
  };
}

/** What a record is worth at a time in Unix seconds: the contract's `isActive`, with the reason why not. */
export function statusAt(word: RecordWord, time: number): Status {
  if (word.revoked !== null) return "revoked";
  return word.validUntil !== null && time >= word.validUntil ? "expired" : "active";
}

const REASONS = [
  "unspecified",
  "key_compromised",
  "superseded",
  "ceased_operation",
  "owner_decision",
  "policy",
] as const;
