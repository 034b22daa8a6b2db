/** One record: how it stands, what it says, its proof, its history. */

import { checksummed } from "../account.ts";
import type { Record_, Tip } from "../answers.ts";
import { operators, record, type RecordAnswer, type Scope } from "../api.ts";
import type { Hex } from "../bytes.ts";
import { coalesced } from "../coalesced.ts";
import { element, type Child } from "../elements.ts";
import type { Told } from "../following.ts";
import { recordLink, searchLink } from "../route.ts";
import { Trouble } from "../trouble.ts";
import { distance, labelled, moment, suiteFloor } from "../wording.ts";
import { historySection } from "./history.ts";
import { when } from "./occurrence.ts";
import { proofSection } from "./proof.ts";
import { badge, meaning } from "./status.ts";
import { copiable, heading, troubleBox, type View } from "./view.ts";

export interface Subject {
  readonly scope: Scope;
  readonly owner: Hex;
  readonly label: string;
  /** As it was at the end of that block; null for now. */
  readonly block: number | null;
}

export async function recordView(subject: Subject, registry: Hex, signal: AbortSignal): Promise<View> {
  const { scope, owner, label, block } = subject;
  const summary = element("section", { class: "card summary", "aria-labelledby": "record-heading" });
  const past = element("section", { class: "card" });
  const proof = proofSection({ ...subject, registry }, signal);
  let shown: string | null = null;
  const load = async (): Promise<void> => {
    const answer = await record(scope, owner, label, { block }, signal);
    // Where nothing changed, nothing is drawn anew: somebody may be typing there.
    if (shown === JSON.stringify(answer.record)) {
      summary.querySelector(".as-of")?.replaceWith(asOf(subject, answer.tip));
      return;
    }
    shown = JSON.stringify(answer.record);
    summary.replaceChildren(...summaryOf(subject, answer));
    const known = answer.record !== null || block !== null;
    past.replaceChildren(...(known ? await pastOf(subject, signal) : []));
    past.hidden = !known;
  };
  const again = coalesced(
    () =>
      load().catch((error: unknown) => {
        shown = null;
        if (error instanceof Trouble) summary.replaceChildren(troubleBox(error, again));
        else if (!signal.aborted) throw error;
      }),
    RELOAD_REST,
  );
  await load();
  const name = element("code", { class: "hex" }, checksummed(owner));
  const title = heading(element("span", { class: "label" }, labelled(label)), name);
  title.id = "record-heading";
  return {
    title: `${labelled(label)} of ${checksummed(owner)}`,
    body: [title, summary, ...(block === null ? [proof.element] : []), past],
    told: (event) => {
      if (!concerns(event, owner, label)) return;
      proof.outdated();
      shown = null;
      again();
    },
    ...(block === null && { renewed: again }),
  };
}

/** A reorganisation concerns every record: which ones, the events say that are no more. */
const concerns = (event: Told, owner: Hex, label: string): boolean =>
  event.kind === "reorganised" || (event.owner === owner && (event.label === null || event.label === label));

function summaryOf({ scope, owner, label, block }: Subject, { tip, record: found }: RecordAnswer): Node[] {
  const source = asOf({ block }, tip);
  const now = element("p", { class: "note" }, `This is how it was at the end of block ${block}. `);
  now.append(element("a", { href: recordLink(scope, owner, label) }, "Show how it is now"));
  const then = block === null ? [] : [now];
  if (found === null) {
    const text = block === null ? "Nothing is registered here." : "Nothing was registered here yet.";
    const hint = "Check the address and the label, and the chain above.";
    return [...then, element("p", { class: "verdict" }, element("strong", {}, text)), element("p", {}, hint), source];
  }
  return [
    ...then,
    element("p", { class: "verdict" }, badge(found.status), element("span", {}, meaning(found))),
    source,
    fieldsOf(scope, found),
    blockForm(scope, owner, label),
  ];
}

/** At which block all of it is so, and how much that says. */
function asOf({ block }: Pick<Subject, "block">, tip: Tip): HTMLElement {
  if (block !== null) return element("p", { class: "dim as-of" }, `As of block ${block}.`);
  const finality = tip.finalized < tip.number ? ` Blocks up to ${tip.finalized} are final.` : "";
  const told =
    tip.toldThrough === null ? "" : " What the index has of events is an endpoint’s word; the proof below is not.";
  const text = `As of block ${tip.number}, `;
  return element("p", { class: "dim as-of" }, text, when(tip.timestamp), `.${finality}${told}`);
}

function fieldsOf(scope: Scope, found: Record_): HTMLElement {
  const rows: [string, ...Child[]][] = [
    ["Signer", copiable(checksummed(found.signer), "the signer")],
    ["Version", String(found.version)],
    ["Key", found.pinned ? "pinned: the chain holds it whole" : "compact: the chain holds its fingerprint alone"],
    ["X coordinate", copiable(found.x, "the X coordinate")],
    ["Signs with", found.scheme === "ecdsa" ? "ECDSA" : "Schnorr"],
    ["Weakest suite", suiteFloor(found.suiteFloor)],
    ["Anchored", `${moment(found.anchoredAt)} (${distance(found.anchoredAt)})`],
    ["Valid until", found.validUntil === null ? "no end set" : moment(found.validUntil)],
    ["Bundle", found.bundle === null ? "none" : copiable(found.bundle, "the bundle's hash")],
    ["Last change", `block ${found.changed.block}, ${distance(found.changed.timestamp)}`],
    ["Owner's records", element("a", { href: searchLink(scope, found.owner) }, "all of this address")],
  ];
  const list = element("dl", {});
  for (const [name, ...values] of rows) list.append(element("dt", {}, name), element("dd", {}, ...values));
  return list;
}

function blockForm(scope: Scope, owner: Hex, label: string): HTMLElement {
  const field = element("input", {
    id: "at-block",
    inputmode: "numeric",
    pattern: "[0-9]{1,15}",
    required: true,
    autocomplete: "off",
  });
  const go = (event: Event): void => {
    event.preventDefault();
    location.hash = recordLink(scope, owner, label, Number(field.value));
  };
  return element(
    "form",
    { class: "inline", submit: go },
    element("label", { for: "at-block" }, "As it was at block"),
    field,
    element("button", { type: "submit" }, "Show"),
  );
}

async function pastOf({ scope, owner, label }: Subject, signal: AbortSignal): Promise<Node[]> {
  const [events, appointed] = await Promise.all([
    historySection(scope, owner, label, signal),
    operators(scope, owner, signal),
  ]);
  const parts = [element("h2", {}, "History"), ...events];
  if (appointed.length === 0) return parts;
  const lines = appointed.map(({ operator, until }) =>
    element(
      "li",
      {},
      copiable(checksummed(operator), "the operator"),
      element("span", { class: "dim" }, `until ${moment(until)}`),
    ),
  );
  const text = "These accounts may rotate and revoke for the owner, under every label:";
  return [
    ...parts,
    element("h2", {}, "Operators"),
    element("p", {}, text),
    element("ul", { class: "plain" }, ...lines),
  ];
}

/** Milliseconds. */
const RELOAD_REST = 300;
