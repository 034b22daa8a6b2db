/** Merkle proofs in Ethereum's trees: a value under a root, or that there is none. */

import { verifyMerkleProof } from "@ethereumjs/mpt";
import { keccak_256 } from "@noble/hashes/sha3.js";

import { equal, fromHex, toHex, type Hex } from "../bytes.ts";
import { Fault } from "./fault.ts";

/**
 * What lies in the tree under `root` at `keccak256(key)`: the bytes, or null where their absence is proven.
 * Throws {@link Fault} where neither is.
 */
export async function provenValue(
  root: Uint8Array,
  key: Uint8Array,
  proof: readonly Hex[],
  what: string,
): Promise<Uint8Array | null> {
  if (equal(root, EMPTY_ROOT) && proof.length === 0) return null;
  if (proof.length === 0) throw new Fault(`the proof of ${what} is missing`);
  if (proof.length > MAX_NODES) throw new Fault(`the proof of ${what} has more nodes than any tree is deep`);
  const nodes = proof.map(fromHex);
  descending(root, nodes, what);
  try {
    return await verifyMerkleProof(key, nodes, { root, useKeyHashing: true });
  } catch {
    throw new Fault(`the proof of ${what} does not lead to it`);
  }
}

/**
 * Each node must be hashed by the one above it. The library would find that out where a node is needed; here it is told
 * which one was changed, and nodes that nothing needs are refused.
 */
function descending(root: Uint8Array, nodes: readonly Uint8Array[], what: string): void {
  let above = root;
  for (const [position, node] of nodes.entries()) {
    if (!toHex(above).includes(toHex(keccak_256(node)).slice(2))) {
      const parent = position === 0 ? "the root" : `node ${position}`;
      throw new Fault(`node ${position + 1} of the proof of ${what} does not hash to what ${parent} says`);
    }
    above = node;
  }
}

/** Keccak-256 of the RLP of nothing: the root of a tree that holds nothing. */
const EMPTY_ROOT = keccak_256(Uint8Array.of(0x80));

/** A path has 64 digits, and each node takes one at least. */
const MAX_NODES = 65;
