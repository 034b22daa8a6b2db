/** The page: the address behind `#` says what is shown, and the feed runs beside it. */

import type { Registry } from "./answers.ts";
import { registries, type Scope } from "./api.ts";
import type { Hex } from "./bytes.ts";
import { coalesced } from "./coalesced.ts";
import { byId, element } from "./elements.ts";
import { Following } from "./following.ts";
import { readQuery } from "./query.ts";
import { homeLink, readRoute, recordLink, searchLink, type Route } from "./route.ts";
import { Trouble } from "./trouble.ts";
import { Feed } from "./views/feed.ts";
import { homeView } from "./views/home.ts";
import { lagText } from "./views/progress.ts";
import { recordView } from "./views/record.ts";
import { searchView } from "./views/search.ts";
import { heading, troubleBox, type View } from "./views/view.ts";

/** Milliseconds: how often it is asked how far the indexer is, and how often at most. */
const PROGRESS_EVERY = 5_000;
const PROGRESS_REST = 1_000;

const main = byId("main");
const chains = byId("chain") as HTMLSelectElement;
const field = byId("search-text") as HTMLInputElement;

let indexed: readonly Registry[] = [];
let scope: Scope | null = null;
let following: Following | null = null;
let shown: View | null = null;
let asking = new AbortController();

async function start(): Promise<void> {
  try {
    indexed = await registries();
    if (indexed.length === 0) {
      throw new Trouble(
        "Nothing is indexed here.",
        "Whoever runs this indexer must name a registry in its configuration.",
      );
    }
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    main.replaceChildren(
      heading("Not now"),
      troubleBox(error, () => void start()),
    );
    return;
  }
  chains.replaceChildren(...indexed.map((registry) => new Option(nameOf(registry), homeLink(scopeOf(registry)))));
  await show(false);
  setInterval(progress, PROGRESS_EVERY);
}

/** Shows what the address says. Not the first view, but each later one gets the focus. */
async function show(focus: boolean): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const route = readRoute(location.hash);
  main.setAttribute("aria-busy", "true");
  follow(route);
  let view: View;
  try {
    view = await viewOf(route, signal);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Trouble)) throw error;
    view = { title: "Not now", body: [heading("Not found out"), troubleBox(error, () => void show(true))] };
  }
  if (signal.aborted) return;
  shown = view;
  document.title = `${view.title} · Countersign`;
  main.replaceChildren(...view.body);
  main.removeAttribute("aria-busy");
  if (focus) main.querySelector("h1")?.focus();
}

function viewOf(route: Route, signal: AbortSignal): Promise<View> {
  if (route.view === "lost" || scope === null) {
    throw new Trouble("This address leads nowhere.", "Search for what you look for, or go to the first page.");
  }
  const registry = registryOf(scope);
  if (registry === null) {
    throw new Trouble(`Chain ${scope.chainId} is not indexed here.`, "Choose one of the chains above.");
  }
  switch (route.view) {
    case "home":
      return homeView(scope, indexed, signal);
    case "search":
      return searchView(scope, route.text, signal);
    case "record":
      return recordView({ ...route, scope }, registry, signal);
  }
}

/** Takes the route's registry as the one that everything is about, and follows its events. */
function follow(route: Route): void {
  const first = indexed[0];
  const wanted = (route.view === "lost" ? scope : route.scope) ?? scope ?? (first ? scopeOf(first) : null);
  if (wanted === null || (scope?.chainId === wanted.chainId && scope.registry === wanted.registry)) return;
  scope = wanted;
  chains.value = homeLink(wanted);
  drawProgress();
  following?.stop();
  following = null;
  if (registryOf(wanted) === null) return;
  const feed = new Feed(wanted);
  following = new Following(wanted, {
    told: (event) => {
      feed.told(event);
      shown?.told?.(event);
      progress();
    },
    connection: (state) => {
      feed.connection(state);
      // What happened since the view was made and before the stream began, no event tells.
      if (state === "live") shown?.renewed?.();
    },
  });
}

const progress = coalesced(async () => {
  if (document.hidden) return;
  try {
    const before = tipOf(scope);
    indexed = await registries();
    drawProgress();
    if (tipOf(scope) !== before) shown?.renewed?.();
  } catch {
    byId("progress").replaceChildren(element("span", { class: "pill behind" }, "the indexer cannot be reached"));
  }
}, PROGRESS_REST);

function drawProgress(): void {
  const about = scope;
  const current = about && indexed.find((registry) => isOf(registry, about));
  byId("progress").replaceChildren(...(current ? [lagText(current)] : []));
}

function search(event: Event): void {
  event.preventDefault();
  const problem = byId("search-problem");
  problem.replaceChildren();
  field.removeAttribute("aria-invalid");
  if (scope === null) return;
  try {
    const query = readQuery(field.value);
    const chainId = "chainId" in query ? query.chainId : null;
    const there = chainId !== null && indexed.some((registry) => registry.chainId === chainId);
    const where = there && chainId !== scope.chainId ? { chainId, registry: null } : scope;
    const link =
      query.kind === "record" ? recordLink(where, query.owner, query.label) : searchLink(where, field.value.trim());
    if (location.hash === link) void show(true);
    else location.hash = link;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    field.setAttribute("aria-invalid", "true");
    problem.textContent = `${error.message} ${error.advice}`;
    field.focus();
  }
}

const tipOf = (about: Scope | null): Hex | null =>
  (about && indexed.find((registry) => isOf(registry, about))?.tip?.hash) ?? null;

const isOf = (registry: Registry, { chainId, registry: address }: Scope): boolean =>
  registry.chainId === chainId && (address === null || registry.registry === address);

const registryOf = (wanted: Scope): Hex | null => indexed.find((registry) => isOf(registry, wanted))?.registry ?? null;

/** The address is named only where the chain has several. */
function scopeOf({ chainId, registry }: Registry): Scope {
  const isOnly = indexed.filter((other) => other.chainId === chainId).length === 1;
  return { chainId, registry: isOnly ? null : registry };
}

function nameOf(registry: Registry): string {
  const { registry: address } = scopeOf(registry);
  return `Chain ${registry.chainId}${address ? `, ${address.slice(0, 8)}…` : ""}`;
}

/** As the link says, but for the address, whose part behind `#` is the view's. */
function skip(event: Event): void {
  event.preventDefault();
  byId("main-start").focus();
}

byId("search").addEventListener("submit", search);
byId("skip").addEventListener("click", skip);
chains.addEventListener("change", () => (location.hash = chains.value));
addEventListener("hashchange", () => void show(true));
void start();
