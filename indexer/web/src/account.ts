/** An account's address as people write it. */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

import type { Hex } from "./bytes.ts";

/** Mixed case that tells a typing mistake (EIP-55). */
export function checksummed(address: Hex): Hex {
  const digits = address.slice(2).toLowerCase();
  const hash = bytesToHex(keccak_256(utf8ToBytes(digits)));
  const cased = [...digits].map((digit, position) => {
    const high = Number.parseInt(hash[position] ?? "0", 16) >= 8;
    return high ? digit.toUpperCase() : digit;
  });
  return `0x${cased.join("")}`;
}

/** Whether an address is written in one case, or in the mixed case of its own digits. */
export function isWellSpelt(address: Hex): boolean {
  const digits = address.slice(2);
  return digits === digits.toLowerCase() || digits === digits.toUpperCase() || address === checksummed(address);
}
