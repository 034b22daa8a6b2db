/** The page and the recorded scene, served as the indexer serves them: the shapes and rules of its API, real proofs. */

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { addressOf } from "../../src/verify/key.ts";
import { labelBytes } from "../../src/label.ts";
import type { EventJson, Json, RecordJson, Scene, State } from "../scene/fixture.ts";

/** What the indexer must serve the page with: nothing inline, nothing from elsewhere, questions to the reader's own node. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self' https: http://127.0.0.1:* http://localhost:*",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

const types: Record<string, string> = {
  "index.html": "text/html; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "style.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

export class Replay {
  #state: State;
  #told: Json[] = [];
  readonly #streams = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  constructor(private readonly scene: Scene) {
    this.#state = scene.states.before;
    this.#told = [...scene.states.before.events];
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The chain goes on: a record is revoked. */
  revoke(): void {
    this.#state = this.scene.states.revoked;
    const told = this.#state.events.at(-1) as EventJson;
    this.#tell({ ...told, sequence: this.#told.length + 1 });
  }

  /** The chain goes back, and on from there: the revocation is no more. */
  reorganise(): void {
    this.#state = this.scene.states.restored;
    this.#tell({ sequence: this.#told.length + 1, kind: "reorganised", ...this.scene.reorganised });
  }

  /** A block later the key of alice has ended, and no event tells it. */
  expire(): void {
    const { tip, records } = this.#state;
    const later = { ...tip, number: tip.number + 1, hash: `0x${"99".repeat(32)}`, timestamp: tip.timestamp + 12 };
    const ended = records.map((record) =>
      record.owner === this.scene.accounts.alice
        ? { ...record, status: "expired", valid_until: later.timestamp }
        : record,
    );
    this.#state = { ...this.#state, tip: later, records: ended };
  }

  /** Every stream breaks off, as when the indexer begins anew. */
  breakStreams(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  /** The index is made anew: it counts from the start again. */
  reindex(): void {
    this.#state = this.scene.states.before;
    this.#told = [...this.#state.events];
    this.breakStreams();
  }

  #tell(event: Json): void {
    this.#told.push(event);
    for (const stream of this.#streams) send(stream, event);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const asset = url.pathname === "/" ? "index.html" : url.pathname.replace(/^\/assets\//, "");
    if (types[asset]) {
      const headers = { "content-type": types[asset], "content-security-policy": CONTENT_SECURITY_POLICY };
      response.writeHead(200, headers).end(await readFile(`dist/${asset}`));
      return;
    }
    if (url.pathname === "/v1/31337/events") return this.#stream(request, response, url);
    const [status, body] = this.#found(url);
    const type = status === 200 || "tip" in body ? "application/json" : "application/problem+json";
    response.writeHead(status, { "content-type": type, "cache-control": "no-cache" }).end(JSON.stringify(body));
  }

  #stream(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const last = request.headers["last-event-id"] ?? url.searchParams.get("after") ?? this.#told.length;
    if (Number(last) > this.#told.length) {
      response
        .writeHead(400, { "content-type": "application/problem+json" })
        .end(JSON.stringify(problem(400, "after")));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    // Where the stream begins: one that breaks off before its first event is resumed from there too.
    response.write(`retry: 100\nid: ${last}\n\n`);
    for (const event of this.#told.slice(Number(last))) send(response, event);
    this.#streams.add(response);
    response.once("close", () => this.#streams.delete(response));
  }

  #found(url: URL): [number, Json] {
    const [, version, chain, what, ...rest] = url.pathname.split("/").map(decodeURIComponent);
    const { tip } = this.#state;
    if (version !== "v1") return missing();
    if (chain === "registries") return [200, { registries: [this.#registry()] }];
    if (what === "records" && rest.length === 0) return [200, { tip, ...this.#records(url.searchParams) }];
    const [owner = "", segment = "-", history] = rest;
    if (what === "operators") return [200, { tip, operators: this.scene.operators[owner] ?? [] }];
    if (what !== "records") return missing();
    const label = segment === "-" ? "" : segment;
    const isSame = (each: { owner: string; label?: string }): boolean =>
      each.owner === owner && labelBytes(each.label ?? "") === labelBytes(label);
    if (history) return [200, { tip, ...this.#history(url.searchParams, isSame) }];
    return this.#record(url.searchParams, isSame, `${owner}/${label}`);
  }

  #registry(): Json {
    const { number, hash, timestamp } = this.#state.tip;
    const head = { number, hash, timestamp };
    return {
      chain_id: 31337,
      registry: this.scene.registry,
      tip: this.#state.tip,
      head,
      lag_blocks: 0,
      lag_seconds: 0,
    };
  }

  #records(query: URLSearchParams): Json {
    const key = query.get("key");
    const signer = key === null ? query.get("signer") : addressOf(key as `0x${string}`);
    const label = query.get("label");
    const fits = (record: RecordJson): boolean =>
      (!query.has("owner") || record.owner === query.get("owner")) &&
      (label === null || labelBytes(record.label) === labelBytes(label)) &&
      (signer === null || record.signer === signer);
    const all = this.#state.records.filter(fits);
    // Small pages, whatever was asked for: the page must ask for the next one.
    const from = Number(query.get("cursor") ?? 0);
    const end = from + PAGE;
    return { records: all.slice(from, end), next: end < all.length ? String(end) : null };
  }

  #history(query: URLSearchParams, isSame: (each: { owner: string; label?: string }) => boolean): Json {
    const before = Number(query.get("before") ?? Infinity);
    const all = this.#state.events.filter((event) => event.kind !== "operator_set" && isSame(event)).reverse();
    const older = all.filter(({ sequence }) => sequence < before);
    const events = older.slice(0, PAST_PAGE);
    const next = older.length > PAST_PAGE ? (events.at(-1)?.sequence ?? null) : null;
    const newest = this.#state.records.find(isSame)?.version ?? 0;
    return { events, versions: { newest, complete: true }, next };
  }

  #record(query: URLSearchParams, isSame: (record: RecordJson) => boolean, key: string): [number, Json] {
    const { tip } = this.#state;
    const found = this.#state.records.find(isSame) ?? null;
    const proofs = { ...this.scene.states.before.proofs, ...this.#state.proofs };
    const proof = query.get("proof") === "latest" ? { proof: proofs[key] } : {};
    const block = query.get("block");
    const isEarlier = block !== null && found !== null && Number(block) < Number((found["changed"] as Json)["block"]);
    if (found === null || isEarlier) return [404, { ...problem(404, "no record"), tip, record: null, ...proof }];
    return [200, { tip, record: found, ...proof }];
  }
}

function send(stream: ServerResponse, event: Json): void {
  stream.write(`id: ${event["sequence"]}\nevent: ${event["kind"]}\ndata: ${JSON.stringify(event)}\n\n`);
}

const problem = (status: number, title: string): Json => ({ type: "about:blank", title, status, detail: title });
const missing = (): [number, Json] => [404, problem(404, "no such path")];

const PAGE = 6;
const PAST_PAGE = 2;
