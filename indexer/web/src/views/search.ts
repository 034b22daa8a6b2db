/** What was found for the text in the search field. */

import { records, type By, type Scope } from "../api.ts";
import type { Found } from "../answers.ts";
import { element } from "../elements.ts";
import { readQuery, type Query } from "../query.ts";
import { homeLink, recordLink } from "../route.ts";
import { recordList } from "./list.ts";
import { heading, type View } from "./view.ts";

export async function searchView(scope: Scope, text: string, signal: AbortSignal): Promise<View> {
  const query = readQuery(text);
  const elsewhere = otherChain(scope, query);
  const asked = questions(query);
  const answers = await Promise.all(asked.map(({ by }) => records(scope, by, null, signal)));
  const title = `Search for ${text}`;
  const found = asked
    .map((question, position) => ({ ...question, answer: answers[position] }))
    .filter((each): each is Question & { answer: Found } => (each.answer?.records.length ?? 0) > 0);
  const sections = found.map(({ heading: name, by, answer }) =>
    element(
      "section",
      { class: "card" },
      element("h2", {}, name),
      recordList(scope, answer, (cursor) => records(scope, by, cursor, signal)),
    ),
  );
  const body = [heading("Found for ", element("span", { class: "hex" }, text)), ...elsewhere, ...sections];
  if (found.length === 0) body.push(nothing(scope, query));
  return { title, body };
}

interface Question {
  readonly heading: string;
  readonly by: By;
}

function questions(query: Query): Question[] {
  switch (query.kind) {
    case "address":
      return [
        { heading: "Owned by this address", by: { owner: query.address } },
        { heading: "Signed for by this address", by: { signer: query.address } },
      ];
    case "record":
      return [{ heading: "Owned by this address", by: { owner: query.owner } }];
    case "key":
      return [{ heading: "With this public key", by: { key: query.key } }];
    case "label":
      return [{ heading: "With this label", by: { label: query.label } }];
  }
}

/** A search may name its chain; this is another one. */
function otherChain(scope: Scope, query: Query): Node[] {
  const chainId = "chainId" in query ? query.chainId : null;
  if (chainId === null || chainId === scope.chainId) return [];
  const there = { chainId, registry: null };
  const text = `You asked for chain ${chainId}, and this is what chain ${scope.chainId} has. `;
  return [element("p", { class: "note" }, text, element("a", { href: homeLink(there) }, `Go to chain ${chainId}`))];
}

function nothing(scope: Scope, query: Query): HTMLElement {
  const prove =
    query.kind === "address"
      ? element("p", {}, element("a", { href: recordLink(scope, query.address, "") }, "Prove that it has no record"))
      : null;
  return element(
    "section",
    { class: "card" },
    element("p", {}, element("strong", {}, "Nothing is registered under this.")),
    element(
      "p",
      {},
      "Check what you typed, and the chain above. What a registry does not have, this page does not show.",
    ),
    prove,
  );
}
