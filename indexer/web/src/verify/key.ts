/** secp256k1 keys, and the addresses that they hash to. */

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";

import { fromHex, toHex, type Hex } from "../bytes.ts";

/** Of the two points with that X coordinate the one that hashes to `signer`, compressed; null where neither does. */
export function keyWithX(x: Hex, signer: Hex): Hex | null {
  const candidates = [2, 3].map((parity) => toHex(concatBytes(Uint8Array.of(parity), fromHex(x))));
  return candidates.find((key) => addressOf(key) === signer) ?? null;
}

/** The address of a SEC 1 key; null where the bytes are no point of the curve. */
export function addressOf(key: Hex): Hex | null {
  try {
    const point = secp256k1.Point.fromBytes(fromHex(key));
    return toHex(keccak_256(point.toBytes(false).slice(1)).slice(12));
  } catch {
    return null;
  }
}
