/** What the text in the search field means. */

import { isWellSpelt } from "./account.ts";
import { isHex, type Hex } from "./bytes.ts";
import { labelBytes } from "./label.ts";
import { Trouble } from "./trouble.ts";

export type Query =
  | { readonly kind: "address"; readonly address: Hex; readonly chainId: number | null }
  | { readonly kind: "record"; readonly owner: Hex; readonly label: string; readonly chainId: number | null }
  | { readonly kind: "key"; readonly key: Hex; readonly chainId: number | null }
  | { readonly kind: "label"; readonly label: string };

/** Throws {@link Trouble} where the text can mean nothing. */
export function readQuery(input: string): Query {
  const text = input.trim();
  if (text === "") throw new Trouble("Nothing was typed.", "Type an address, a label, a public key or a DID.");
  if (/^did:/i.test(text)) return decentralised(text);
  const account = /^(?:eip155:(\d{1,15}):)?(0x[0-9a-fA-F]{40})(?:#(.*))?$/.exec(text);
  if (account) return ofAccount(account[2] as Hex, account[1], account[3]);
  if (isHex(text, 33) || isHex(text, 65)) return { kind: "key", key: lower(text), chainId: null };
  if (/^0x/i.test(text) && !isHex(text, 32)) {
    throw new Trouble(
      `This has ${text.length - 2} characters behind 0x, or some that are no hexadecimal digits.`,
      "An address has 40 digits, a label's bytes 64, a public key 66 or 130.",
    );
  }
  if (labelBytes(text) === null) {
    throw new Trouble("This is no label.", "A label has at most 31 characters: letters, digits and signs, no spaces.");
  }
  return { kind: "label", label: isHex(text) ? lower(text) : text };
}

function ofAccount(address: Hex, chain: string | undefined, label: string | undefined): Query {
  if (!isWellSpelt(address)) {
    throw new Trouble(
      "This address is mistyped: its capital letters do not fit its digits (EIP-55).",
      "Copy it again, or write it in small letters if you are sure of it.",
    );
  }
  const chainId = chain === undefined ? null : Number(chain);
  if (label === undefined) return { kind: "address", address: lower(address), chainId };
  if (labelBytes(label) === null)
    throw new Trouble("What stands behind # is no label.", "A label has at most 31 characters, no spaces.");
  return { kind: "record", owner: lower(address), label, chainId };
}

/** `did:pkh:eip155:1:0x…`, `did:ethr:0x…`, `did:ethr:0x1:0x…`, `did:ethr:sepolia:0x…`; a fragment does not count. */
function decentralised(text: string): Query {
  const did = text.replace(/[?#/].*$/, "");
  const pkh = /^did:pkh:eip155:(\d{1,15}):(0x[0-9a-fA-F]{40})$/i.exec(did);
  if (pkh) return ofAccount(pkh[2] as Hex, pkh[1], undefined);
  const ethr = /^did:ethr:(?:([0-9a-z]+):)?(0x(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{66}))$/i.exec(did);
  const network = ethr?.[1]?.toLowerCase();
  const chainId = network === undefined ? null : (NETWORKS.get(network) ?? Number(network));
  if (!ethr || Number.isNaN(chainId)) {
    throw new Trouble(
      "This DID is of a kind that says nothing here.",
      "Those of the methods did:pkh (eip155) and did:ethr do: each names an account.",
    );
  }
  const subject = ethr[2] as Hex;
  if (isHex(subject, 33)) return { kind: "key", key: lower(subject), chainId };
  return ofAccount(subject, chainId === null ? undefined : String(chainId), undefined);
}

const lower = (hex: Hex): Hex => hex.toLowerCase() as Hex;

const NETWORKS = new Map([
  ["mainnet", 1],
  ["sepolia", 11_155_111],
  ["hoodi", 560_048],
]);
