/** What the page shows, as the part of its address behind `#`, so that every view can be linked to. */

import type { Scope } from "./api.ts";
import { isHex, type Hex } from "./bytes.ts";
import { labelBytes, labelOfSegment, labelSegment } from "./label.ts";

export type Route =
  | { readonly view: "home"; readonly scope: Scope | null }
  | { readonly view: "search"; readonly scope: Scope; readonly text: string }
  | {
      readonly view: "record";
      readonly scope: Scope;
      readonly owner: Hex;
      readonly label: string;
      readonly block: number | null;
    }
  | { readonly view: "lost" };

export function readRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const segments = path.split("/").map(unescaped);
  const parameters = new URLSearchParams(query);
  const [chain, view, first, second, ...more] = segments;
  if (path === "") return { view: "home", scope: null };
  if (!chain || !/^\d{1,15}$/.test(chain) || more.length > 0) return { view: "lost" };
  const registry = parameters.get("registry");
  const scope = { chainId: Number(chain), registry: isHex(registry, 20) ? registry : null };
  if (view === undefined || view === "") return { view: "home", scope };
  if (view === "search" && first && second === undefined) return { view: "search", scope, text: first };
  if (view === "record" && isHex(first, 20) && second !== undefined && labelBytes(labelOfSegment(second)) !== null) {
    const block = parameters.get("block") ?? "";
    const at = /^\d{1,15}$/.test(block) ? Number(block) : null;
    return { view: "record", scope, owner: first.toLowerCase() as Hex, label: labelOfSegment(second), block: at };
  }
  return { view: "lost" };
}

export const homeLink = (scope: Scope): string => link(scope, "", {});

export const searchLink = (scope: Scope, text: string): string =>
  link(scope, `/search/${encodeURIComponent(text)}`, {});

export const recordLink = (scope: Scope, owner: Hex, label: string, block: number | null = null): string =>
  link(scope, `/record/${owner}/${labelSegment(label)}`, block === null ? {} : { block: String(block) });

function link(scope: Scope, rest: string, query: Record<string, string>): string {
  const parameters = new URLSearchParams({ ...(scope.registry && { registry: scope.registry }), ...query }).toString();
  return `#/${scope.chainId}${rest}${parameters && `?${parameters}`}`;
}

function unescaped(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
