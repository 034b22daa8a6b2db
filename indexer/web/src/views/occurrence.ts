/** One event in words. */

import type { RegistryEvent } from "../answers.ts";
import { element, icon } from "../elements.ts";
import { moment, shortened, spelt } from "../wording.ts";

/** A sentence without its subject. */
export function occurrence(event: RegistryEvent): string {
  const version = event.version === null ? "" : `version ${event.version}`;
  switch (event.kind) {
    case "registered":
      return `registered ${version}`;
    case "rotated":
      return `rotated to ${version}`;
    case "revoked":
      return `revoked ${version}: ${spelt(event.reason ?? "unspecified")}`;
    case "pinned":
      return `pinned the key of ${version}`;
    case "bundle_anchored":
      return `anchored a bundle beside ${version}`;
    case "operator_set":
      return `appointed or dismissed the operator ${shortened(event.operator ?? "")}`;
  }
}

export const kindIcon = (kind: RegistryEvent["kind"]): SVGSVGElement =>
  icon(kind === "revoked" || kind === "rotated" ? kind : "event");

export const when = (seconds: number): HTMLElement =>
  element("time", { datetime: new Date(Math.min(seconds, LAST_SECOND) * 1000).toISOString() }, moment(seconds));

/** The last second that a date can hold. */
const LAST_SECOND = 8_640_000_000_000;
