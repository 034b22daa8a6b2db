/** The stream of a registry's events: from now on, resumed where it broke off, each event once. */

import { EVENT_KINDS, registryEvent, reorganised, type RegistryEvent, type Reorganised } from "./answers.ts";
import { eventsAddress, type Scope } from "./api.ts";

export type Told = RegistryEvent | Reorganised;
export type Connection = "connecting" | "live" | "lost";

export interface Listener {
  told(event: Told): void;
  connection(state: Connection): void;
}

export class Following {
  #source: EventSource | null = null;
  #last: number | null = null;
  #pause = FIRST_PAUSE;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly scope: Scope,
    private readonly listener: Listener,
  ) {
    this.#open();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #open(): void {
    this.listener.connection("connecting");
    const source = new EventSource(eventsAddress(this.scope, this.#last));
    this.#source = source;
    source.onopen = () => {
      this.#pause = FIRST_PAUSE;
      this.listener.connection("live");
    };
    source.onerror = () => this.#broken(source);
    for (const kind of [...EVENT_KINDS, "reorganised"]) {
      source.addEventListener(kind, (message) => this.#read(message as MessageEvent<string>));
    }
  }

  /** The browser resumes by itself what broke off; what was refused (400, 429, 503) it gives up. */
  #broken(source: EventSource): void {
    this.listener.connection("lost");
    if (source.readyState !== EventSource.CLOSED || source !== this.#source) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#again(source), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LAST_PAUSE);
  }

  async #again(refused: EventSource): Promise<void> {
    if (this.#last !== null && (await isUnknown(eventsAddress(this.scope, this.#last)))) this.#last = null;
    if (refused === this.#source) this.#open();
  }

  #read(message: MessageEvent<string>): void {
    const event = understood(message.data);
    // After a resumption an event may come a second time.
    if (event === null || (this.#last !== null && event.sequence <= this.#last)) return;
    this.#last = event.sequence;
    this.listener.told(event);
  }
}

/**
 * Whether the indexer does not know where the stream is to be resumed: its index was made anew, and counts from the
 * start. Why a stream was refused, the browser does not tell, so the same question is asked once without it.
 */
async function isUnknown(address: string): Promise<boolean> {
  const asking = new AbortController();
  const answer = await fetch(address, { signal: asking.signal }).catch(() => null);
  const is = answer?.status === 400;
  asking.abort();
  return is;
}

/** Null for an event of a later version of the indexer: one that cannot be read must not end the stream. */
function understood(data: string): Told | null {
  try {
    const value: unknown = JSON.parse(data);
    const isReorganised = (value as { kind?: unknown } | null)?.kind === "reorganised";
    return isReorganised ? reorganised(value, "event") : registryEvent(value, "event");
  } catch {
    return null;
  }
}

/** Milliseconds. */
const FIRST_PAUSE = 1_000;
const LAST_PAUSE = 30_000;
