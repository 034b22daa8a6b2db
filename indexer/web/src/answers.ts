/** What the indexer answers, as its API has it; everything else in an answer is left alone. */

import type { Hex } from "./bytes.ts";
import * as json from "./json.ts";
import type { Status } from "./verify/word.ts";

/** How far the indexer has come. */
export interface Tip {
  readonly number: number;
  readonly hash: Hex;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly finalized: number;
  /** The highest block whose events are an endpoint's word; null where all of them are proven. */
  readonly toldThrough: number | null;
}

export interface Registry {
  readonly chainId: number;
  readonly registry: Hex;
  readonly tip: Tip | null;
  readonly head: { readonly number: number } | null;
  readonly lagBlocks: number | null;
  readonly lagSeconds: number | null;
}

export interface Record_ {
  readonly chainId: number;
  readonly registry: Hex;
  readonly owner: Hex;
  /** Text, `0x` and 64 digits, or empty for the default. */
  readonly label: string;
  readonly version: number;
  /** At the tip's time. */
  readonly status: Status;
  readonly signer: Hex;
  readonly x: Hex;
  readonly pinned: boolean;
  readonly scheme: string;
  readonly suiteFloor: number;
  readonly anchoredAt: number;
  readonly validUntil: number | null;
  readonly reason: string | null;
  readonly bundle: Hex | null;
  readonly word: Hex;
  readonly changed: Place;
}

/** Where an event stands. */
export interface Place {
  readonly sequence: number;
  readonly block: number;
  /** Unix seconds. */
  readonly timestamp: number;
}

export interface RegistryEvent extends Place {
  readonly kind: (typeof EVENT_KINDS)[number];
  readonly owner: Hex;
  readonly label: string | null;
  readonly version: number | null;
  readonly signer: Hex | null;
  readonly reason: string | null;
  readonly operator: Hex | null;
  /** An endpoint's word. */
  readonly transaction: Hex | null;
}

/** Events above that block, told before, are no more. */
export interface Reorganised {
  readonly kind: "reorganised";
  readonly sequence: number;
  readonly block: number;
}

export interface Operator {
  readonly operator: Hex;
  /** Unix seconds. */
  readonly until: number;
}

export interface Found {
  readonly tip: Tip;
  readonly records: readonly Record_[];
  readonly next: string | null;
}

export interface History {
  readonly events: readonly RegistryEvent[];
  readonly newest: number;
  /** Whether the events of every version are there. */
  readonly complete: boolean;
  readonly next: number | null;
}

export const EVENT_KINDS = ["registered", "rotated", "revoked", "pinned", "bundle_anchored", "operator_set"] as const;

export const tip: json.Reading<Tip> = (value, what) => {
  const it = json.fields(value, what);
  return {
    number: json.whole(it["number"], `${what}.number`),
    hash: json.word(it["hash"], `${what}.hash`),
    timestamp: json.whole(it["timestamp"], `${what}.timestamp`),
    finalized: json.whole(it["finalized"], `${what}.finalized`),
    toldThrough: json.optional(json.whole)(it["told_through"], `${what}.told_through`),
  };
};

export const registry: json.Reading<Registry> = (value, what) => {
  const it = json.fields(value, what);
  const head = json.optional(json.fields)(it["head"], `${what}.head`);
  return {
    chainId: json.whole(it["chain_id"], `${what}.chain_id`),
    registry: json.address(it["registry"], `${what}.registry`),
    tip: json.optional(tip)(it["tip"], `${what}.tip`),
    head: head && { number: json.whole(head["number"], `${what}.head.number`) },
    lagBlocks: json.optional(json.whole)(it["lag_blocks"], `${what}.lag_blocks`),
    lagSeconds: json.optional(json.whole)(it["lag_seconds"], `${what}.lag_seconds`),
  };
};

export const record: json.Reading<Record_> = (value, what) => {
  const it = json.fields(value, what);
  const revoked = json.optional(json.fields)(it["revoked"], `${what}.revoked`);
  return {
    chainId: json.whole(it["chain_id"], `${what}.chain_id`),
    registry: json.address(it["registry"], `${what}.registry`),
    owner: json.address(it["owner"], `${what}.owner`),
    label: json.text(it["label"], `${what}.label`),
    version: json.whole(it["version"], `${what}.version`),
    status: json.oneOf("active", "expired", "revoked")(it["status"], `${what}.status`),
    signer: json.address(it["signer"], `${what}.signer`),
    x: json.word(it["x"], `${what}.x`),
    pinned: json.truth(it["pinned"], `${what}.pinned`),
    scheme: json.text(it["scheme"], `${what}.scheme`),
    suiteFloor: json.whole(it["suite_floor"], `${what}.suite_floor`),
    anchoredAt: json.whole(it["anchored_at"], `${what}.anchored_at`),
    validUntil: json.optional(json.whole)(it["valid_until"], `${what}.valid_until`),
    reason: revoked && json.text(revoked["reason"], `${what}.revoked.reason`),
    bundle: json.optional(json.word)(it["bundle"], `${what}.bundle`),
    word: json.word(it["word"], `${what}.word`),
    changed: place(it["changed"], `${what}.changed`),
  };
};

export const registryEvent: json.Reading<RegistryEvent> = (value, what) => {
  const it = json.fields(value, what);
  return {
    ...place(value, what),
    kind: json.oneOf(...EVENT_KINDS)(it["kind"], `${what}.kind`),
    owner: json.address(it["owner"], `${what}.owner`),
    label: json.optional(json.text)(it["label"], `${what}.label`),
    version: json.optional(json.whole)(it["version"], `${what}.version`),
    signer: json.optional(json.address)(it["signer"], `${what}.signer`),
    reason: json.optional(json.text)(it["reason"], `${what}.reason`),
    operator: json.optional(json.address)(it["operator"], `${what}.operator`),
    transaction: json.optional(json.word)(it["transaction"], `${what}.transaction`),
  };
};

export const reorganised: json.Reading<Reorganised> = (value, what) => {
  const it = json.fields(value, what);
  const [sequence, block] = [json.whole(it["sequence"], `${what}.sequence`), json.whole(it["block"], `${what}.block`)];
  return { kind: "reorganised", sequence, block };
};

export const operator: json.Reading<Operator> = (value, what) => {
  const it = json.fields(value, what);
  return {
    operator: json.address(it["operator"], `${what}.operator`),
    until: json.whole(it["until"], `${what}.until`),
  };
};

export const history: json.Reading<History> = (value, what) => {
  const it = json.fields(value, what);
  const versions = json.fields(it["versions"], `${what}.versions`);
  return {
    events: json.list(registryEvent)(it["events"], `${what}.events`),
    newest: json.whole(versions["newest"], `${what}.versions.newest`),
    complete: json.truth(versions["complete"], `${what}.versions.complete`),
    next: json.optional(json.whole)(it["next"], `${what}.next`),
  };
};

function place(value: unknown, what: string): Place {
  const it = json.fields(value, what);
  return {
    sequence: json.whole(it["sequence"], `${what}.sequence`),
    block: json.whole(it["block"], `${what}.block`),
    timestamp: json.whole(it["timestamp"], `${what}.timestamp`),
  };
}
