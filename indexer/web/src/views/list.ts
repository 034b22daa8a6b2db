/** Records, one below the other. */

import { checksummed } from "../account.ts";
import type { Found, Record_ } from "../answers.ts";
import type { Scope } from "../api.ts";
import { element } from "../elements.ts";
import { recordLink } from "../route.ts";
import { Trouble } from "../trouble.ts";
import { distance, labelled } from "../wording.ts";
import { badge } from "./status.ts";
import { troubleBox } from "./view.ts";

/** A page of records, and a button for the next where there is one. */
export function recordList(scope: Scope, found: Found, more: (cursor: string) => Promise<Found>): HTMLElement {
  const rows = element("ul", { class: "records" }, ...found.records.map((record) => row(scope, record)));
  const section = element("div", {}, rows);
  if (found.next !== null) section.append(furtherButton(scope, rows, found.next, more));
  return section;
}

function furtherButton(
  scope: Scope,
  rows: HTMLElement,
  first: string,
  more: (cursor: string) => Promise<Found>,
): HTMLElement {
  let cursor = first;
  const button = element("button", { type: "button" }, "Show more");
  const go = async (): Promise<void> => {
    button.disabled = true;
    try {
      const found = await more(cursor);
      const added = found.records.map((record) => row(scope, record));
      rows.append(...added);
      // The button goes, or moves down: the focus stays at what was asked for.
      added[0]?.querySelector("a")?.focus();
      if (found.next === null) button.remove();
      else cursor = found.next;
    } catch (error) {
      if (error instanceof Trouble) rows.after(troubleBox(error, null));
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", () => void go());
  return button;
}

function row(scope: Scope, record: Record_): HTMLElement {
  const { owner, label, version, changed } = record;
  return element(
    "li",
    {},
    badge(record.status),
    element(
      "a",
      { href: recordLink(scope, owner, label) },
      element("span", { class: "label" }, labelled(label)),
      element("code", { class: "hex" }, checksummed(owner)),
    ),
    element("span", { class: "dim" }, `version ${version}, changed ${distance(changed.timestamp)}`),
  );
}
