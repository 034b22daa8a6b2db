/** What the registry tells as it happens, the newest first. */

import { checksummed } from "../account.ts";
import type { RegistryEvent } from "../answers.ts";
import type { Scope } from "../api.ts";
import { byId, element, icon } from "../elements.ts";
import type { Connection, Told } from "../following.ts";
import { recordLink } from "../route.ts";
import { counted, labelled, shortened } from "../wording.ts";
import { kindIcon, occurrence, when } from "./occurrence.ts";

interface Line {
  readonly block: number;
  readonly element: HTMLElement;
}

/** The feed of one registry, in the elements that index.html has for it. */
export class Feed {
  readonly #lines: Line[] = [];
  readonly #list = byId("feed-list");
  readonly #all = byId("feed-all") as HTMLInputElement;
  readonly #pause = byId("feed-pause");
  #waiting: Told[] = [];
  #frame: number | null = null;

  constructor(private readonly scope: Scope) {
    this.#list.replaceChildren();
    this.#empty();
    this.#all.onchange = () => this.#filter();
    this.#pause.onclick = () => this.#toggle();
    this.#filter();
  }

  told(event: Told): void {
    this.#waiting.push(event);
    this.#schedule();
  }

  connection(state: Connection): void {
    const words = { connecting: "Connecting…", live: "Live", lost: "Broken off; it goes on by itself" };
    byId("feed-state").replaceChildren(icon(state === "live" ? "level" : "behind"), words[state]);
  }

  get #isPaused(): boolean {
    return this.#pause.getAttribute("aria-pressed") === "true";
  }

  #toggle(): void {
    this.#pause.setAttribute("aria-pressed", String(!this.#isPaused));
    this.#schedule();
  }

  /** Many events at once are drawn once. */
  #schedule(): void {
    this.#pause.textContent =
      this.#isPaused && this.#waiting.length > 0 ? `Paused, ${this.#waiting.length} waiting` : "Pause";
    if (this.#isPaused || this.#frame !== null || this.#waiting.length === 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = null;
      this.#draw(this.#waiting.splice(0));
    });
  }

  #draw(events: readonly Told[]): void {
    byId("feed-empty").hidden = true;
    for (const event of events.slice(-MAX_LINES)) this.#add(event);
    for (const { element: old } of this.#lines.splice(MAX_LINES)) old.remove();
    this.#announce(events);
  }

  #add(event: Told): void {
    if (event.kind === "reorganised") this.#undo(event.block);
    const added = event.kind === "reorganised" ? reorganisation(event.block) : this.#entry(event);
    this.#lines.unshift({ block: event.kind === "reorganised" ? -1 : event.block, element: added });
    this.#list.prepend(added);
  }

  #undo(block: number): void {
    for (const line of this.#lines) {
      if (line.block <= block || line.element.classList.contains("undone")) continue;
      line.element.classList.add("undone");
      line.element.append(
        element("span", { class: "undone-note" }, "undone: its block is no longer part of the chain"),
      );
    }
  }

  #entry(event: RegistryEvent): HTMLElement {
    const who =
      event.label === null
        ? element("code", { class: "hex" }, shortened(checksummed(event.owner)))
        : element("a", { href: recordLink(this.scope, event.owner, event.label) }, nameOf(event));
    return element(
      "li",
      { class: `${event.kind} ${isMain(event) ? "main" : "other"}` },
      kindIcon(event.kind),
      element(
        "div",
        {},
        element("span", { class: "what" }, who, ` ${occurrence(event)}`),
        element("span", { class: "dim" }, `block ${event.block}, `, when(event.timestamp)),
      ),
    );
  }

  /** For those who hear the page: one by one while they are few, otherwise how many. */
  #announce(events: readonly Told[]): void {
    const heard = events.filter((event) => this.#all.checked || isMain(event));
    if (heard.length === 0) return;
    const text = heard.length > MAX_SPOKEN ? counted(heard.length, "new event") : heard.map(spoken).join(". ");
    byId("feed-spoken").textContent = text;
  }

  #filter(): void {
    this.#list.classList.toggle("all", this.#all.checked);
  }

  #empty(): void {
    byId("feed-empty").hidden = false;
    byId("feed-spoken").textContent = "";
  }
}

const isMain = (event: Told): boolean => ["rotated", "revoked", "reorganised"].includes(event.kind);

const nameOf = (event: RegistryEvent): string =>
  `${event.label ? labelled(event.label) : ""} ${shortened(checksummed(event.owner))}`.trim();

const spoken = (event: Told): string =>
  event.kind === "reorganised"
    ? `The chain was reorganised: what was told after block ${event.block} is undone`
    : `${nameOf(event)} ${occurrence(event)}`;

function reorganisation(block: number): HTMLElement {
  const text = `The chain was reorganised: what was told after block ${block} is undone.`;
  return element(
    "li",
    { class: "reorganised main" },
    icon("behind"),
    element("div", {}, element("span", { class: "what" }, text)),
  );
}

const MAX_LINES = 50;
const MAX_SPOKEN = 3;
