/** The recorded scene, as record.mjs wrote it. */

import { readFileSync } from "node:fs";

/** JSON as the API has it. */
export type Json = Record<string, unknown>;

export interface State {
  tip: Json & { number: number; hash: string; timestamp: number };
  records: RecordJson[];
  events: EventJson[];
  proofs: Record<string, ProofJson>;
}

export type RecordJson = Json & {
  owner: string;
  label: string;
  status: string;
  signer: string;
  version: number;
  word: string;
};
export type EventJson = Json & { sequence: number; kind: string; owner: string; label?: string; block: number };

export interface ProofJson {
  document: string;
  version: number;
  chain_id: number;
  owner: string;
  label: string;
  headers: string[];
  public_key?: string;
  proof: Json & {
    address: string;
    accountProof: string[];
    codeHash: string;
    storageHash: string;
    storageProof: SlotJson[];
  };
}

export interface SlotJson {
  key: string;
  value: string;
  proof: string[];
}

export interface Scene {
  registry: `0x${string}`;
  accounts: Record<"alice" | "bob" | "carol" | "dave" | "erin" | "nobody", `0x${string}`>;
  operators: Record<string, Json[]>;
  states: Record<"before" | "revoked" | "restored", State>;
  chained: ProofJson;
  reorganised: { block: number; hash: string };
}

/** A fresh copy: tests change it. */
export const scene = (): Scene => JSON.parse(readFileSync("tests/fixtures/scene.json", "utf8")) as Scene;
