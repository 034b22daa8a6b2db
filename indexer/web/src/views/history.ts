/** What happened to one record, the newest first. */

import type { RegistryEvent } from "../answers.ts";
import { history, type Scope } from "../api.ts";
import type { Hex } from "../bytes.ts";
import { element } from "../elements.ts";
import { recordLink } from "../route.ts";
import { Trouble } from "../trouble.ts";
import { kindIcon, occurrence, when } from "./occurrence.ts";
import { hexText, troubleBox } from "./view.ts";

export async function historySection(scope: Scope, owner: Hex, label: string, signal: AbortSignal): Promise<Node[]> {
  const first = await history(scope, owner, label, null, signal);
  const events = element("ol", { class: "history" });
  const line = (event: RegistryEvent): HTMLElement => entry(event, recordLink(scope, owner, label, event.block));
  events.append(...first.events.map(line));
  const complete = first.complete
    ? `All versions up to ${first.newest} are here: the registry counts them, so none can be left out unseen.`
    : "Some versions are missing here: this history is not whole.";
  const parts: Node[] = [element("p", { class: first.complete ? "dim" : "note" }, complete), events];
  if (first.next !== null) {
    parts.push(
      olderButton(first.next, async (before) => {
        const older = await history(scope, owner, label, before, signal);
        events.append(...older.events.map(line));
        return older.next;
      }),
    );
  }
  return parts;
}

function entry(event: RegistryEvent, atBlock: string): HTMLElement {
  const what = occurrence(event);
  const signer = event.signer && element("span", { class: "detail" }, "signer ", hexText(event.signer));
  const transaction =
    event.transaction && element("span", { class: "detail" }, "transaction ", hexText(event.transaction));
  return element(
    "li",
    { class: event.kind },
    kindIcon(event.kind),
    element(
      "div",
      {},
      element("strong", {}, what.charAt(0).toUpperCase() + what.slice(1)),
      element(
        "span",
        { class: "dim" },
        when(event.timestamp),
        ", ",
        element("a", { href: atBlock }, `block ${event.block}`),
      ),
      signer,
      transaction,
    ),
  );
}

function olderButton(first: number, load: (before: number) => Promise<number | null>): HTMLElement {
  let before = first;
  const button = element("button", { type: "button" }, "Show older");
  const go = async (): Promise<void> => {
    button.disabled = true;
    try {
      const next = await load(before);
      if (next === null) button.remove();
      else before = next;
    } catch (error) {
      if (error instanceof Trouble) button.before(troubleBox(error, null));
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", () => void go());
  return button;
}
