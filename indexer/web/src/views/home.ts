/** The first page: what is indexed, and its records. */

import { checksummed } from "../account.ts";
import type { Registry } from "../answers.ts";
import { records, type Scope } from "../api.ts";
import { element } from "../elements.ts";
import { homeLink } from "../route.ts";
import { recordList } from "./list.ts";
import { lagText } from "./progress.ts";
import { heading, type View } from "./view.ts";

export async function homeView(scope: Scope, all: readonly Registry[], signal: AbortSignal): Promise<View> {
  const found = await records(scope, {}, null, signal);
  const list = recordList(scope, found, (cursor) => records(scope, {}, cursor, signal));
  const empty = element("p", {}, "Nobody has registered a key on this chain yet.");
  const body = [
    heading("Keys by account"),
    element(
      "p",
      { class: "lead" },
      "Accounts anchor their identity keys in the Countersign registry. Look one up, and check the answer in this browser: ",
      "the indexer behind this page need not be believed.",
    ),
    ...(all.length > 1 ? [registryTable(all)] : []),
    element("section", { class: "card" }, element("h2", {}, "Records"), found.records.length === 0 ? empty : list),
  ];
  return { title: `Keys by account on chain ${scope.chainId}`, body };
}

function registryTable(all: readonly Registry[]): HTMLElement {
  const rows = all.map((registry) => {
    const { chainId, registry: address } = registry;
    const isOnly = all.filter((other) => other.chainId === chainId).length === 1;
    const href = homeLink({ chainId, registry: isOnly ? null : address });
    const name = element("a", { href }, `Chain ${chainId}`);
    return element("li", {}, name, element("code", { class: "hex" }, checksummed(address)), lagText(registry));
  });
  return element(
    "section",
    { class: "card" },
    element("h2", {}, "Registries"),
    element("ul", { class: "registries" }, ...rows),
  );
}
