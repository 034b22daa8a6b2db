/** Bytes, and the hexadecimal that they are written in. */

import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** Lower-case hexadecimal behind `0x`. */
export type Hex = `0x${string}`;

export const toHex = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`;

/** The bytes of a {@link Hex}; throws where it is none. */
export const fromHex = (hex: string): Uint8Array => hexToBytes(hex.slice(2));

/** Whether a text is `0x` and hexadecimal for whole bytes: `length` of them, where that is given. */
export function isHex(text: unknown, length?: number): text is Hex {
  const fits = typeof text === "string" && /^0x(?:[0-9a-fA-F]{2})*$/.test(text);
  return fits && (length === undefined || text.length === 2 + 2 * length);
}

export const equal = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, position) => byte === other[position]);

/** Bytes with zeros before them, up to a length. */
export function padded(bytes: Uint8Array, length: number): Uint8Array {
  const wide = new Uint8Array(length);
  wide.set(bytes, length - bytes.length);
  return wide;
}

/** A big-endian number. */
export const toNumber = (bytes: Uint8Array): bigint => (bytes.length === 0 ? 0n : BigInt(toHex(bytes)));

export const ZERO_WORD: Hex = `0x${"0".repeat(64)}`;
