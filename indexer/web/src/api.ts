/** The indexer's API, of one registry. */

import * as answers from "./answers.ts";
import type { Hex } from "./bytes.ts";
import * as json from "./json.ts";
import { labelSegment } from "./label.ts";
import { Trouble } from "./trouble.ts";

/** One chain's registry: what every question is about. */
export interface Scope {
  readonly chainId: number;
  /** Null for the chain's only one. */
  readonly registry: Hex | null;
}

/** What records are looked for by: one of these, or none for all of them. */
export type By = { readonly [key in "owner" | "label" | "signer" | "key"]?: string };

export interface RecordAnswer {
  readonly tip: answers.Tip;
  /** Null where there is none. */
  readonly record: answers.Record_ | null;
  /** As it came. */
  readonly proof: unknown;
}

export async function registries(signal?: AbortSignal): Promise<answers.Registry[]> {
  const { body } = await ask("/v1/registries", signal);
  return understood(() => json.list(answers.registry)(body["registries"], "registries"));
}

export async function records(
  scope: Scope,
  by: By,
  cursor: string | null,
  signal: AbortSignal,
): Promise<answers.Found> {
  const { body } = await ask(path(scope, "records", { ...by, cursor, limit: 50 }), signal);
  return understood(() => ({
    tip: answers.tip(body["tip"], "tip"),
    records: json.list(answers.record)(body["records"], "records"),
    next: json.optional(json.text)(body["next"], "next"),
  }));
}

export async function record(
  scope: Scope,
  owner: Hex,
  label: string,
  options: { readonly block?: number | null; readonly proof?: "latest" },
  signal: AbortSignal,
): Promise<RecordAnswer> {
  const { body } = await ask(path(scope, `records/${owner}/${labelSegment(label)}`, options), signal, 404);
  return understood(() => ({
    tip: answers.tip(body["tip"], "tip"),
    record: json.optional(answers.record)(body["record"], "record"),
    proof: body["proof"],
  }));
}

export async function history(
  scope: Scope,
  owner: Hex,
  label: string,
  before: number | null,
  signal: AbortSignal,
): Promise<answers.History> {
  const where = `records/${owner}/${labelSegment(label)}/history`;
  const { body } = await ask(path(scope, where, { before, limit: 25 }), signal);
  return understood(() => answers.history(body, "history"));
}

export async function operators(scope: Scope, owner: Hex, signal: AbortSignal): Promise<answers.Operator[]> {
  const { body } = await ask(path(scope, `operators/${owner}`, {}), signal);
  return understood(() => json.list(answers.operator)(body["operators"], "operators"));
}

/** Where the events are streamed from; `after` is the last one that is known. */
export const eventsAddress = (scope: Scope, after: number | null): string => path(scope, "events", { after });

function path(scope: Scope, rest: string, query: Readonly<Record<string, string | number | null | undefined>>): string {
  const parameters = new URLSearchParams();
  const all = { registry: scope.registry, ...query };
  for (const [name, value] of Object.entries(all)) {
    if (value !== null && value !== undefined) parameters.set(name, String(value));
  }
  const search = parameters.toString();
  return `/v1/${scope.chainId}/${rest}${search && `?${search}`}`;
}

/** Asks, and gives the answer's fields. A status that is `expected` is an answer too, if it tells the indexer's tip. */
async function ask(path: string, signal?: AbortSignal, expected?: number): Promise<{ body: json.Fields }> {
  const response = await fetch(path, { headers: { accept: "application/json" }, signal: signal ?? null }).catch(
    (error: unknown) => {
      if (signal?.aborted) throw error;
      throw new Trouble(
        "The indexer cannot be reached.",
        "Check your connection, and that it is running; then try again.",
      );
    },
  );
  const body: unknown = await response.json().catch((error: unknown) => {
    if (signal?.aborted) throw error;
    return null;
  });
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  const fields = isObject ? (body as json.Fields) : {};
  if (response.status === expected && fields["tip"]) return { body: fields };
  if (!response.ok) throw refused(response, fields);
  if (!isObject) throw unreadable("it is no JSON object");
  return { body: fields };
}

function refused(response: Response, problem: json.Fields): Trouble {
  const said = [problem["detail"], problem["title"]].find((text) => typeof text === "string" && text !== "");
  const detail = typeof said === "string" ? said.replace(/[.\s]*$/, ".") : "";
  const trouble = (what: string, advice: string): Trouble =>
    new Trouble([what, detail].filter(Boolean).join(" "), advice, response.status);
  switch (response.status) {
    case 400:
      return trouble("The indexer does not understand the question.", "Change what you search for.");
    case 404:
      return trouble("There is no such thing here.", "Check the chain and what you typed.");
    case 429: {
      const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
      const wait = Number.isNaN(seconds) ? "a moment" : `${seconds} s`;
      return trouble("Too many questions came from here.", `Wait ${wait}, then try again.`);
    }
    case 502:
      return trouble("The chain's endpoints do not show it.", "They may be behind: try again in some seconds.");
    case 503:
      return trouble("The indexer is not ready.", "It is still reading the chain. Try again in some seconds.");
    default:
      return trouble(`The indexer failed (${response.status}).`, "Try again; if it stays so, tell whoever runs it.");
  }
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof json.Misshapen ? unreadable(error.message) : error;
  }
}

const unreadable = (why: string): Trouble =>
  new Trouble(
    `The indexer answered something that this page cannot read: ${why}.`,
    "Reload the page, in case it is older than the indexer; otherwise tell whoever runs it.",
  );
