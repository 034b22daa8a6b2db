/** Which of an owner's records: 32 bytes, written as text where they are one. */

import { utf8ToBytes } from "@noble/hashes/utils.js";

import { isHex, toHex, type Hex } from "./bytes.ts";

/** The label's bytes; null where the text is no label. The empty text is the default one. */
export function labelBytes(label: string): Hex | null {
  if (label.startsWith("0x")) return isHex(label, 32) ? (label.toLowerCase() as Hex) : null;
  if (!/^[!-~]{0,31}$/.test(label)) return null;
  const bytes = new Uint8Array(32);
  bytes.set(utf8ToBytes(label));
  return toHex(bytes);
}

/**
 * One segment of a path. An empty label is `-`. A label that is itself `-`, or that addresses resolve away (`.` and
 * `..`, however they are escaped), goes by its bytes.
 */
export function labelSegment(label: string): string {
  if (label === "") return "-";
  return ["-", ".", ".."].includes(label) ? (labelBytes(label) ?? label) : encodeURIComponent(label);
}

/** The label of such a segment, unescaped already. */
export const labelOfSegment = (segment: string): string => (segment === "-" ? "" : segment);
