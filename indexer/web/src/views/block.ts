/** Whether the proven block is one of the chain's: a question for a source of the reader's own. */

import { isHex } from "../bytes.ts";
import { element, icon } from "../elements.ts";
import { Trouble } from "../trouble.ts";
import { askedOf, nodeAt, wallet, type Source, type Verdict } from "../verify/canonical.ts";
import type { Block } from "../verify/record_proof.ts";
import { troubleBox } from "./view.ts";

type Blocks = readonly [Block, ...Block[]];

export function blockSection(chainId: number, blocks: Blocks): HTMLElement {
  const verdict = element("div", { role: "status", class: "block-verdict" });
  const newest = blocks.at(-1) ?? blocks[0];
  const ask = (button: HTMLButtonElement, source: () => Source | null): void => {
    button.disabled = true;
    verdict.replaceChildren(element("p", { class: "dim" }, "Asking…"));
    void answered(source, chainId, newest)
      .then((shown) => verdict.replaceChildren(shown))
      .finally(() => (button.disabled = false));
  };
  const ways = [
    form("trusted-hash", "A block hash that you trust", "0x…", "Compare", (text) =>
      verdict.replaceChildren(compared(blocks, text)),
    ),
    form("own-node", "Your own node", "https://…", "Ask it", (text, button) => ask(button, () => nodeAt(text))),
  ];
  if (wallet() !== null) ways.push(walletButton((button) => ask(button, wallet)));
  const text = `Is block ${newest.number} one of the chain’s? Ask a source of yours: not one that this indexer, or its owner, chose.`;
  return element("div", {}, element("h3", {}, "Compare the block"), element("p", {}, text), ...ways, verdict);
}

function form(
  id: string,
  label: string,
  placeholder: string,
  action: string,
  submitted: (text: string, button: HTMLButtonElement) => void,
): HTMLElement {
  const field = element("input", { id, placeholder, required: true, autocomplete: "off", spellcheck: "false" });
  const button = element("button", { type: "submit" }, action);
  const submit = (event: Event): void => {
    event.preventDefault();
    submitted(field.value.trim(), button);
  };
  return element("form", { class: "inline", submit }, element("label", { for: id }, label), field, button);
}

function walletButton(ask: (button: HTMLButtonElement) => void): HTMLElement {
  const button = element("button", { type: "button" }, "Ask this browser’s wallet");
  button.addEventListener("click", () => ask(button));
  return element("p", {}, button);
}

async function answered(source: () => Source | null, chainId: number, block: Block): Promise<HTMLElement> {
  try {
    const asked = source();
    if (!asked) throw new Trouble("There is no wallet any more.", "Reload the page.");
    return verdictOf(asked.name, await askedOf(asked, chainId, block), chainId, block);
  } catch (error) {
    if (error instanceof Trouble) return troubleBox(error, null);
    throw error;
  }
}

function compared(blocks: Blocks, text: string): HTMLElement {
  if (!isHex(text, 32)) return troubleBox(new Trouble("This is no block hash.", "It is 0x and 64 digits."), null);
  const same = blocks.find(({ hash }) => hash === text.toLowerCase());
  if (same)
    return outcome(
      true,
      `That is block ${same.number} of the proof. For whoever trusts that hash, the record is proven.`,
    );
  const range = blocks.length === 1 ? "the proven block" : `any of the ${blocks.length} blocks of the proof`;
  return outcome(
    false,
    `That is not ${range}. If you took the hash at another height, take it at block ${blocks.at(-1)?.number ?? ""}; if at this one, do not rely on this answer.`,
  );
}

function verdictOf(name: string, verdict: Verdict, chainId: number, block: Block): HTMLElement {
  switch (verdict.is) {
    case "same":
      return outcome(true, `${name} has this very block ${block.number}. For whoever trusts it, the record is proven.`);
    case "other":
      return outcome(
        false,
        `${name} has another block ${block.number}: ${verdict.hash}. Do not rely on this answer. The chain may just have been reorganised: check the proof anew, and ask again.`,
      );
    case "unknown":
      return outcome(false, `${name} does not know block ${block.number} yet. Wait for it to catch up, and ask again.`);
    case "other-chain":
      return outcome(
        false,
        `${name} is on chain ${verdict.chainId}, not on chain ${chainId}. Let it follow that chain, or ask another.`,
      );
  }
}

const outcome = (good: boolean, text: string): HTMLElement =>
  element(
    "p",
    { class: `outcome ${good ? "good" : "bad"}` },
    icon(good ? "active" : "revoked"),
    element("span", {}, text),
  );
