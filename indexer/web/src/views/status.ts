/** Status at a glance: a sign, a word and a colour, each of which would do alone. */

import type { Record_ } from "../answers.ts";
import { element, icon } from "../elements.ts";
import type { Status } from "../verify/word.ts";
import { distance, moment, spelt } from "../wording.ts";

export const badge = (status: Status): HTMLElement =>
  element("span", { class: `badge ${status}` }, icon(status), WORDS[status]);

/** What the status means for whoever is about to use the key. */
export function meaning({ status, reason, validUntil }: Record_): string {
  const end = validUntil === null ? null : `${distance(validUntil)} (${moment(validUntil)})`;
  switch (status) {
    case "active":
      return end === null ? "The key is good, and no end is set." : `The key is good. It ends ${end}.`;
    case "expired":
      return `The key ended ${end ?? ""}. Do not accept it until its owner renews it.`;
    case "revoked":
      return `The owner withdrew the key: ${spelt(reason ?? "unspecified")}. Do not accept it.`;
  }
}

const WORDS = { active: "Active", expired: "Expired", revoked: "Revoked" } as const;
