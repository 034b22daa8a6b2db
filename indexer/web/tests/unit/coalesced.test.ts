import assert from "node:assert/strict";
import { test } from "node:test";

import { coalesced } from "../../src/coalesced.ts";

test("a burst of calls is one run now, and one more when that is over", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const running: (() => void)[] = [];
  let runs = 0;
  const call = coalesced(() => {
    runs += 1;
    return new Promise((resolve) => running.push(resolve));
  }, 10);
  const finish = async (): Promise<void> => {
    running.pop()?.();
    await new Promise(setImmediate);
    context.mock.timers.tick(10);
  };
  for (let calls = 0; calls < 100; calls += 1) call();
  assert.equal(runs, 1);
  await finish();
  assert.equal(runs, 2);
  await finish();
  assert.equal(runs, 2);
  call();
  assert.equal(runs, 3);
});
