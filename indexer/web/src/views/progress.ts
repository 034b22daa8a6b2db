/** How far the indexer is behind the chain. */

import type { Registry } from "../answers.ts";
import { element, icon } from "../elements.ts";
import { counted } from "../wording.ts";

/** In words, with a sign where it is behind. */
export function lagText({ tip, head, lagBlocks, lagSeconds }: Registry): HTMLElement {
  if (tip === null) return pill("behind", "nothing indexed yet");
  const at = `block ${tip.number.toLocaleString("en")}`;
  if (head === null || lagBlocks === null) return pill("behind", `${at}; the chain cannot be asked`);
  if (lagBlocks <= CLOSE) return pill("level", `${at}, level with the chain`);
  const seconds = lagSeconds === null ? "" : `, ${counted(lagSeconds, "second")}`;
  return pill("behind", `${at}, ${counted(lagBlocks, "block")}${seconds} behind`);
}

const pill = (kind: "level" | "behind", text: string): HTMLElement =>
  element("span", { class: `pill ${kind}` }, icon(kind), text);

/** Blocks: one may just be on its way. */
const CLOSE = 1;
