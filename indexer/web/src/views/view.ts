/** What one address of the page shows. */

import type { Told } from "../following.ts";
import type { Trouble } from "../trouble.ts";
import { element } from "../elements.ts";

export interface View {
  readonly title: string;
  readonly body: readonly Node[];
  /** What it does about something that the registry just told. */
  readonly told?: (event: Told) => void;
  /** What it does when the indexer has come further: a key expires without any event. */
  readonly renewed?: () => void;
}

/** The heading that gets the focus when a view appears. */
export const heading = (...children: (Node | string)[]): HTMLElement => element("h1", { tabindex: "-1" }, ...children);

export function troubleBox(trouble: Trouble, again: (() => void) | null): HTMLElement {
  const retry = again && element("button", { type: "button", click: again }, "Try again");
  return element(
    "div",
    { class: "trouble", role: "alert" },
    element("p", {}, element("strong", {}, trouble.message)),
    element("p", {}, trouble.advice),
    retry,
  );
}

export const hexText = (hex: string): HTMLElement => element("code", { class: "hex" }, hex);

/** A hexadecimal text with a button that copies it. */
export function copiable(hex: string, what: string): HTMLElement {
  const button = element("button", { type: "button", class: "quiet", "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", () => {
    void navigator.clipboard.writeText(hex).then(
      () => (button.textContent = "Copied"),
      () => (button.textContent = "Select it by hand"),
    );
  });
  return element("span", { class: "copiable" }, hexText(hex), button);
}
