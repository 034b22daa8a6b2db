/** A record proof as a document: the JSON that `countersign prove record` writes. Nothing is proven by reading it. */

import { padded, toHex, fromHex, type Hex } from "../bytes.ts";
import * as json from "../json.ts";

export interface RecordProof {
  /** As its maker says: no header names its chain. */
  readonly chainId: number;
  readonly owner: Hex;
  /** The label's 32 bytes. */
  readonly label: Hex;
  /** RLP, the proven block's first, each the parent of the next. */
  readonly headers: readonly Hex[];
  readonly account: AccountProof;
  /** The key of a compact record, compressed. */
  readonly publicKey: Hex | null;
}

/** What `eth_getProof` answered. */
export interface AccountProof {
  readonly address: Hex;
  readonly codeHash: Hex;
  readonly storageHash: Hex;
  readonly nodes: readonly Hex[];
  readonly storage: readonly StorageProof[];
}

export interface StorageProof {
  readonly slot: Hex;
  readonly value: bigint;
  readonly nodes: readonly Hex[];
}

/** Headers in one proof, as the command that makes them has it. */
export const MAX_HEADERS = 256;

/** Throws {@link json.Misshapen} where it is no such document. */
export function readRecordProof(value: unknown): RecordProof {
  const document = json.fields(value, "the proof");
  const { document: kind, version } = document;
  if (kind !== "countersign.record-proof") throw new json.Misshapen("it is no record proof");
  if (version !== 1) throw new json.Misshapen("it is of a version that this page does not know");
  const publicKey = json.optional(json.hex(33))(document["public_key"], "public_key");
  return {
    chainId: json.whole(document["chain_id"], "chain_id"),
    owner: json.address(document["owner"], "owner"),
    label: json.word(document["label"], "label"),
    headers: json.list(json.hex())(document["headers"], "headers"),
    account: accountProof(document["proof"]),
    publicKey,
  };
}

function accountProof(value: unknown): AccountProof {
  const proof = json.fields(value, "proof");
  return {
    address: json.address(proof["address"], "proof.address"),
    codeHash: json.word(proof["codeHash"], "proof.codeHash"),
    storageHash: json.word(proof["storageHash"], "proof.storageHash"),
    nodes: json.list(json.hex())(proof["accountProof"], "proof.accountProof"),
    storage: json.list(storageProof)(proof["storageProof"], "proof.storageProof"),
  };
}

function storageProof(value: unknown, what: string): StorageProof {
  const proof = json.fields(value, what);
  // Nodes differ in whether a key is written as a number or as 32 bytes.
  const digits = json.quantity(proof["key"], `${what}.key`).toString(16);
  const slot = padded(fromHex(`0x${digits.padStart(64, "0")}`), 32);
  return {
    slot: toHex(slot),
    value: json.quantity(proof["value"], `${what}.value`),
    nodes: json.list(json.hex())(proof["proof"], `${what}.proof`),
  };
}
