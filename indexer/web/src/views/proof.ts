/** The proof of one record, checked here: fetched from the indexer, and from then on believed in nothing. */

import { record, type RecordAnswer, type Scope } from "../api.ts";
import { ZERO_WORD, type Hex } from "../bytes.ts";
import { element, icon, type Child } from "../elements.ts";
import { Misshapen } from "../json.ts";
import { labelBytes } from "../label.ts";
import { Trouble } from "../trouble.ts";
import { differences } from "../verify/compare.ts";
import { readRecordProof } from "../verify/document.ts";
import { Fault } from "../verify/fault.ts";
import { verifyRecordProof, type Proven } from "../verify/record_proof.ts";
import { REGISTRY_ADDRESS } from "../verify/registry.ts";
import { statusAt } from "../verify/word.ts";
import { counted, distance, moment } from "../wording.ts";
import { blockSection } from "./block.ts";
import { badge } from "./status.ts";
import { hexText, troubleBox } from "./view.ts";

export interface ProofSubject {
  readonly scope: Scope;
  readonly registry: Hex;
  readonly owner: Hex;
  readonly label: string;
}

export interface ProofSection {
  readonly element: HTMLElement;
  /** The record may have changed: what was checked counts no more. */
  outdated(): void;
}

export function proofSection(subject: ProofSubject, signal: AbortSignal): ProofSection {
  const result = element("div", { role: "status" });
  const button = element("button", { type: "button", class: "primary" }, "Check the proof in this browser");
  const check = async (): Promise<void> => {
    button.disabled = true;
    result.replaceChildren(element("p", { class: "dim" }, "Asking for the proof, and checking it…"));
    try {
      result.replaceChildren(...(await checked(subject, signal)));
      button.textContent = "Check anew";
    } catch (error) {
      if (error instanceof Trouble) result.replaceChildren(troubleBox(error, () => void check()));
      else if (!signal.aborted) throw error;
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", () => void check());
  const text =
    "The indexer is not believed: this browser can recompute everything from the registry's storage up to a block's hash.";
  const section = element(
    "section",
    { class: "card" },
    element("h2", {}, "Proof"),
    element("p", {}, text),
    button,
    result,
  );
  return {
    element: section,
    outdated: () => {
      if (!result.hasChildNodes()) return;
      result.replaceChildren(
        element("p", { class: "note" }, "The chain has moved on since the proof was checked. Check it anew."),
      );
    },
  };
}

async function checked(subject: ProofSubject, signal: AbortSignal): Promise<Node[]> {
  const { scope, owner, label, registry } = subject;
  const answer = await record(scope, owner, label, { proof: "latest" }, signal);
  if (answer.proof === undefined || answer.proof === null) {
    throw new Trouble(
      "The indexer sent no proof.",
      "Its node may not serve proofs; try again, or tell whoever runs it.",
    );
  }
  const asked = { chainId: scope.chainId, registry, owner, label: labelBytes(label) ?? ZERO_WORD };
  try {
    const proof = readRecordProof(answer.proof);
    const proven = await verifyRecordProof(proof, asked);
    const differing = differences(answer.record, proven, answer.tip.timestamp);
    if (differing.length > 0) return [contradicted(answer, proven, differing), saved(answer.proof)];
    return [...held(subject, proven), saved(answer.proof)];
  } catch (error) {
    if (error instanceof Fault || error instanceof Misshapen) return [refused(error.message), saved(answer.proof)];
    throw error;
  }
}

function refused(why: string): HTMLElement {
  return element(
    "div",
    { class: "outcome bad" },
    element("h3", {}, icon("revoked"), "The proof does not hold"),
    element("p", {}, `It was refused: ${why}.`),
    element(
      "p",
      {},
      "Do not rely on what this indexer says of this record. Try again; if it stays so, ask another indexer, or a node.",
    ),
  );
}

function contradicted(answer: RecordAnswer, proven: Proven, differing: readonly string[]): HTMLElement {
  const at = proven.blocks[0].number;
  const apart =
    at === answer.tip.number
      ? ""
      : ` The proof is of block ${at}, the answer of block ${answer.tip.number}: if the record changed between them, checking anew settles it.`;
  return element(
    "div",
    { class: "outcome bad" },
    element("h3", {}, icon("revoked"), "The indexer says another thing than it proves"),
    element("ul", {}, ...differing.map((text) => element("li", {}, text))),
    element("p", {}, `Do not rely on what this indexer says of this record.${apart}`),
  );
}

function held(subject: ProofSubject, proven: Proven): Node[] {
  const block = proven.blocks[0];
  const what = proven.record === null ? "had nothing registered here" : "held exactly this record";
  return [
    element(
      "div",
      { class: "outcome good" },
      element(
        "h3",
        {},
        icon("active"),
        element("span", {}, "The proof holds, under one block’s hash ", ...stood(proven)),
      ),
      element(
        "ol",
        { class: "steps" },
        ...steps(subject, proven).map((step) => element("li", {}, icon("active"), element("span", {}, ...step))),
      ),
    ),
    element("h3", {}, "What it proves, and what it does not"),
    element(
      "ul",
      {},
      element(
        "li",
        {},
        `At block ${block.number} (${moment(block.timestamp)}, ${distance(block.timestamp)}) the registry ${what}, if that block is one of chain ${subject.scope.chainId}’s.`,
      ),
      element(
        "li",
        {},
        "It does not prove that the block is one of the chain’s: no proof can. Compare it below with a source of yours.",
      ),
      element(
        "li",
        {},
        "It says nothing of later blocks: a revocation after it is not in it. History, transactions and the feed are not part of it either.",
      ),
      element(
        "li",
        {},
        "This page came from the indexer, too. Where much depends on it, save the proof and check it with ",
        element("code", {}, "countersign verify"),
        ".",
      ),
    ),
    blockSection(subject.scope.chainId, proven.blocks),
  ];
}

/** A proof that holds is no good news where what it proves is a revocation: that stands beside it. */
function stood({ record: found, blocks }: Proven): Node[] {
  return found === null ? [] : [badge(statusAt(found.fields, blocks[0].timestamp))];
}

function steps({ registry, owner }: ProofSubject, { blocks, record: found, bundle }: Proven): Child[][] {
  const [first] = blocks;
  const newest = blocks.at(-1) ?? first;
  const headers =
    blocks.length === 1
      ? [`The header hashes to block ${first.number}: `, hexText(first.hash)]
      : [
          `${counted(blocks.length, "header")}, each the parent of the next, lead to block ${newest.number}: `,
          hexText(newest.hash),
        ];
  const usual =
    registry === REGISTRY_ADDRESS
      ? "where it lies on every chain"
      : "not where Countersign's own lies: make sure that you mean this one";
  const account: Child[] = [
    "Its state root holds the account ",
    hexText(registry),
    ` with the registry’s code (${usual}).`,
  ];
  if (found === null)
    return [
      headers,
      account,
      ["The registry’s storage has nothing for ", hexText(owner), " under this label: its absence is proven."],
    ];
  const withBundle = bundle === ZERO_WORD ? "no bundle" : "a bundle’s hash";
  return [
    headers,
    account,
    ["The registry’s storage holds the record’s word, ", hexText(found.word), `, and ${withBundle}.`],
    keyStep(found.isPinned, found.key),
    ["Status, signer and every term above are what that word says."],
  ];
}

function keyStep(isPinned: boolean, key: Hex | null): Child[] {
  if (key === null)
    return ["The word names the key’s fingerprint; the X coordinate above gives a key with that fingerprint."];
  const from = isPinned ? "The X coordinate is stored, too, and" : "The key is not stored, but came along, and";
  return [`${from} the signer is its key’s fingerprint: `, hexText(key)];
}

/** The proof as a file, for `countersign verify`. */
function saved(proof: unknown): HTMLElement {
  const save = (): void => {
    const address = URL.createObjectURL(
      new Blob([`${JSON.stringify(proof, null, 2)}\n`], { type: "application/json" }),
    );
    element("a", { href: address, download: "record-proof.json" }).click();
    URL.revokeObjectURL(address);
  };
  return element("p", {}, element("button", { type: "button", click: save }, "Save the proof"));
}
