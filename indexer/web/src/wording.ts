/** Numbers, times and codes as words. */

/** A day and a time in UTC. */
export function moment(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime())
    ? `second ${seconds}`
    : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** How long ago, or from now, in the largest unit of which there is one whole. */
export function distance(seconds: number, now: number = Date.now() / 1000): string {
  const apart = seconds - now;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(apart) >= size) ?? ["second", 1];
  return RELATIVE.format(Math.trunc(apart / size), unit);
}

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** A code such as `key_compromised`. */
export const spelt = (code: string): string => code.replaceAll("_", " ");

/** The two ends of something long; for lists alone, where it is a link to the whole. */
export const shortened = (hex: string): string => (hex.length > 16 ? `${hex.slice(0, 8)}…${hex.slice(-6)}` : hex);

export const labelled = (label: string): string => (label === "" ? "default label" : label);

/** What SPEC.md allows at each floor. */
export const suiteFloor = (floor: number): string => ["classical", "hybrid"][floor] ?? `level ${floor}`;

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_557_600],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
