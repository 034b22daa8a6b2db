/** Whether an indexer's answer says what was proven. */

import type { Record_ } from "../answers.ts";
import { ZERO_WORD } from "../bytes.ts";
import { keyWithX } from "./key.ts";
import type { Proven, ProvenRecord } from "./record_proof.ts";
import { statusAt } from "./word.ts";

/** In what the answer differs, in words; none where it says what was proven. `now` is the time of the answer's block. */
export function differences(said: Record_ | null, proven: Proven, now: number): string[] {
  if (said === null || proven.record === null) {
    if (said === null && proven.record === null) return [];
    return [
      said === null ? "it says that there is no record, and there is one" : "it says a record, and there is none",
    ];
  }
  const bundle = said.bundle ?? ZERO_WORD;
  const differing = ofRecord(said, proven.record, now);
  return bundle === proven.bundle ? differing : [...differing, "the bundle's hash differs"];
}

function ofRecord(said: Record_, { fields, word, isPinned }: ProvenRecord, now: number): string[] {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ["record word", said.word, word],
    ["signer", said.signer, fields.signer],
    ["version", said.version, fields.version],
    ["signature scheme", said.scheme, fields.scheme],
    ["suite floor", said.suiteFloor, fields.suiteFloor],
    ["time of anchoring", said.anchoredAt, fields.anchoredAt],
    ["end of validity", said.validUntil, fields.validUntil],
    ["revocation", said.reason !== null, fields.revoked !== null],
    ["status", said.status, statusAt(fields, now)],
    ["pinning", said.pinned, isPinned],
  ];
  const differing = pairs.filter(([, one, other]) => one !== other).map(([name]) => `the ${name} differs`);
  const isKnownReason = fields.revoked !== null && !fields.revoked.startsWith("code_");
  if (isKnownReason && said.reason !== fields.revoked) differing.push("the reason of the revocation differs");
  // A compact record does not store X: but only the right one gives a key that hashes to the signer.
  if (keyWithX(said.x, fields.signer) === null) differing.push("its X coordinate is not that of the signer's key");
  return differing;
}
