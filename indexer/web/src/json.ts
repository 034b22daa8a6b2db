/** Reading JSON that somebody else wrote: each field is looked at before it counts for anything. */

import { isHex, type Hex } from "./bytes.ts";

/** A field is missing, or is not what it must be. */
export class Misshapen extends Error {
  override readonly name = "Misshapen";
}

export type Fields = Readonly<Record<string, unknown>>;
export type Reading<T> = (value: unknown, what: string) => T;

export const text: Reading<string> = (value, what) => (typeof value === "string" ? value : wrong(what, "a text"));

export const whole: Reading<number> = (value, what) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : wrong(what, "a whole number");

export const truth: Reading<boolean> = (value, what) =>
  typeof value === "boolean" ? value : wrong(what, "true or false");

export const fields: Reading<Fields> = (value, what) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : wrong(what, "an object");

/** Hexadecimal of so many bytes, in lower case. */
export const hex =
  (length?: number): Reading<Hex> =>
  (value, what) =>
    isHex(value, length)
      ? (value.toLowerCase() as Hex)
      : wrong(what, length === undefined ? "hexadecimal" : `${length} bytes in hexadecimal`);

export const address = hex(20);
export const word = hex(32);

/** A number as Ethereum's JSON-RPC writes it: `0x` and digits. */
export const quantity: Reading<bigint> = (value, what) =>
  typeof value === "string" && /^0x[0-9a-fA-F]{1,64}$/.test(value) ? BigInt(value) : wrong(what, "a quantity");

export const list =
  <T>(each: Reading<T>): Reading<T[]> =>
  (value, what) =>
    Array.isArray(value)
      ? value.map((member, position) => each(member, `${what}[${position}]`))
      : wrong(what, "a list");

/** Null, or missing, or what it otherwise must be. */
export const optional =
  <T>(reading: Reading<T>): Reading<T | null> =>
  (value, what) =>
    value === null || value === undefined ? null : reading(value, what);

export const oneOf =
  <T extends string>(...known: readonly T[]): Reading<T> =>
  (value, what) =>
    known.includes(value as T) ? (value as T) : wrong(what, known.join(" or "));

function wrong(what: string, must: string): never {
  throw new Misshapen(`${what} is not ${must}`);
}
