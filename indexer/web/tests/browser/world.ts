/**
 * What the browser tests run against: the recorded scene, or a real indexer of a scene that `node tests/scene/hold.mjs`
 * holds open, if COUNTERSIGN_WEB_BASE (the indexer's address), COUNTERSIGN_WEB_RPC and COUNTERSIGN_WEB_SCENE say where.
 */

import { attachScene } from "../scene/chain.mjs";
import { scene, type RecordJson } from "../scene/fixture.ts";
import { Replay } from "./replay.ts";

export interface World {
  readonly base: string;
  readonly isReal: boolean;
  /** Revokes desk-8 of erin. */
  revoke(): Promise<void>;
  /** Takes that back. */
  reorganise(): Promise<void>;
  /** Breaks every stream off; null where that cannot be done from here. */
  readonly breakStreams: (() => void) | null;
  /** Begins the index anew; null where that cannot be done from here. */
  readonly reindex: (() => void) | null;
  /** Lets alice's key end; null where that takes too long. */
  readonly expire: (() => void) | null;
  records(query?: string): Promise<RecordJson[]>;
  close(): void;
}

export const { accounts } = scene();

export async function openWorld(): Promise<World> {
  const { COUNTERSIGN_WEB_BASE: base, COUNTERSIGN_WEB_RPC: rpc, COUNTERSIGN_WEB_SCENE: directory } = process.env;
  if (base && rpc && directory) {
    const real = attachScene(rpc, directory);
    return {
      base,
      isReal: true,
      revoke: () => real.revoke("erin", "desk-8", "superseded"),
      reorganise: () => real.reorganise(1),
      breakStreams: null,
      reindex: null,
      expire: null,
      records: recordsFrom(base),
      close: () => undefined,
    };
  }
  const replay = new Replay(scene());
  const at = await replay.listen();
  return {
    base: at,
    isReal: false,
    revoke: async () => replay.revoke(),
    reorganise: async () => replay.reorganise(),
    breakStreams: () => replay.breakStreams(),
    reindex: () => replay.reindex(),
    expire: () => replay.expire(),
    records: recordsFrom(at),
    close: () => replay.close(),
  };
}

const recordsFrom =
  (base: string) =>
  async (query = ""): Promise<RecordJson[]> => {
    const answer = await fetch(`${base}/v1/31337/records?limit=100${query}`);
    return ((await answer.json()) as { records: RecordJson[] }).records;
  };
