/** Block headers: what is hashed are the bytes themselves. */

import { RLP } from "@ethereumjs/rlp";
import { keccak_256 } from "@noble/hashes/sha3.js";

import { equal, fromHex, toHex, toNumber, type Hex } from "../bytes.ts";
import { MAX_HEADERS } from "./document.ts";
import { Fault } from "./fault.ts";

export interface Header {
  readonly hash: Hex;
  readonly number: number;
  readonly parentHash: Uint8Array;
  readonly stateRoot: Uint8Array;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** The headers, each the parent of the next. */
export function linkedHeaders(encoded: readonly Hex[]): [Header, ...Header[]] {
  if (encoded.length > MAX_HEADERS) throw new Fault(`it has ${encoded.length} headers; ${MAX_HEADERS} are the most`);
  const headers = encoded.map((bytes, position) => header(fromHex(bytes), position));
  for (const [position, child] of headers.slice(1).entries()) {
    const parent = headers[position];
    if (!parent || !equal(fromHex(parent.hash), child.parentHash)) {
      throw new Fault(`header ${position + 2} does not name the one before it as its parent`);
    }
  }
  const [first, ...rest] = headers;
  if (!first) throw new Fault("it holds no header");
  return [first, ...rest];
}

function header(bytes: Uint8Array, position: number): Header {
  const fields = decoded(bytes);
  const [parentHash, stateRoot] = [fields[PARENT_HASH], fields[STATE_ROOT]];
  const [number, timestamp] = [fields[NUMBER], fields[TIMESTAMP]];
  // Fifteen fields since the first block; later rules only added some behind them.
  const whole = fields.length >= 15 && parentHash?.length === 32 && stateRoot?.length === 32;
  if (!whole || !number || !timestamp || number.length > 6 || timestamp.length > 6) {
    throw new Fault(`header ${position + 1} is no block header that this page can read`);
  }
  return {
    hash: toHex(keccak_256(bytes)),
    number: Number(toNumber(number)),
    parentHash,
    stateRoot,
    timestamp: Number(toNumber(timestamp)),
  };
}

/** The fields of an RLP list; none where it is no list of texts. */
function decoded(bytes: Uint8Array): Uint8Array[] {
  try {
    const list = RLP.decode(bytes);
    if (!Array.isArray(list)) return [];
    return list.every((field) => field instanceof Uint8Array) ? list : [];
  } catch {
    return [];
  }
}

const PARENT_HASH = 0;
const STATE_ROOT = 3;
const NUMBER = 8;
const TIMESTAMP = 11;
