/** Asking a source of the reader's own whether a block is one of the chain's. */

import { isHex, type Hex } from "../bytes.ts";
import { Trouble } from "../trouble.ts";
import type { Block } from "./record_proof.ts";

/** Whoever answers Ethereum's JSON-RPC: a node, or the wallet in the browser (EIP-1193). */
export interface Source {
  readonly name: string;
  request(method: string, parameters: readonly unknown[]): Promise<unknown>;
}

export type Verdict =
  | { readonly is: "same" }
  | { readonly is: "other"; readonly hash: Hex }
  | { readonly is: "unknown" }
  | { readonly is: "other-chain"; readonly chainId: number };

/** What a source says of the block at that height; throws {@link Trouble} where it says nothing. */
export async function askedOf(source: Source, chainId: number, block: Block): Promise<Verdict> {
  const chain = await source.request("eth_chainId", []);
  if (Number(chain) !== chainId) return { is: "other-chain", chainId: Number(chain) };
  const answer = await source.request("eth_getBlockByNumber", [`0x${block.number.toString(16)}`, false]);
  if (answer === null) return { is: "unknown" };
  const hash = typeof answer === "object" ? (answer as { hash?: unknown }).hash : undefined;
  if (!isHex(hash, 32)) throw new Trouble(`${source.name} answered no block.`, "Check that it is an Ethereum node.");
  const lower = hash.toLowerCase() as Hex;
  return lower === block.hash ? { is: "same" } : { is: "other", hash: lower };
}

/** A node, by its address; throws {@link Trouble} where that is none. */
export function nodeAt(address: string): Source {
  if (!/^https?:\/\/\S+$/.test(address) || !URL.canParse(address)) {
    throw new Trouble(
      "This is no node's address.",
      "It begins with https://, or with http:// for one on this machine.",
    );
  }
  return { name: "Your node", request: (method, params) => posted(address, { jsonrpc: "2.0", id: 1, method, params }) };
}

/** The wallet that a browser extension put into the page, if any. It is asked for no account. */
export function wallet(): Source | null {
  const { ethereum } = globalThis as { ethereum?: { request?: unknown } };
  const request = ethereum?.request;
  if (typeof request !== "function") return null;
  return {
    name: "Your wallet",
    request: async (method, params) => {
      try {
        return await (request.call(ethereum, { method, params }) as Promise<unknown>);
      } catch {
        throw new Trouble("Your wallet did not answer.", "Unlock it, choose this chain in it, and try again.");
      }
    },
  };
}

async function posted(address: string, body: unknown): Promise<unknown> {
  const unanswered = (): Trouble =>
    new Trouble(
      "Your node did not answer.",
      "Check its address, that it runs, and that it lets web pages of this address ask it (CORS).",
    );
  const headers = { "content-type": "application/json" };
  // No referrer and no cookies: a node needs to know nothing of this page.
  const init: RequestInit = { method: "POST", headers, body: JSON.stringify(body), credentials: "omit" };
  const response = await fetch(address, { ...init, referrerPolicy: "no-referrer" }).catch(() => null);
  const answer: unknown = await response?.json().catch(() => null);
  if (typeof answer !== "object" || answer === null || !("result" in answer)) throw unanswered();
  return answer.result;
}
