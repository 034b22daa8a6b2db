import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Browser, Page } from "playwright-core";

import { openBrowser, openPage } from "./page.ts";
import { accounts, openWorld, type World } from "./world.ts";

let browser: Browser;
let world: World;

before(async () => {
  [browser, world] = await Promise.all([openBrowser(), openWorld()]);
});
after(async () => {
  await browser.close();
  world.close();
});

const live = (page: Page): Promise<void> => page.locator("#feed-state", { hasText: "Live" }).waitFor();
const lines = (page: Page): Promise<string[]> => page.locator("#feed-list li:visible").allInnerTexts();

test("a revocation appears as it happens, in the feed and in the record, and a reorganisation takes it back", async () => {
  const { page, end } = await openPage(browser);
  await page.goto(`${world.base}/#/31337/record/${accounts.erin}/desk-8`);
  await page.locator(".verdict", { hasText: "Active" }).waitFor();
  await live(page);
  assert.deepEqual(await lines(page), []);

  await world.revoke();
  await page.locator("#feed-list li.revoked").waitFor();
  assert.match((await lines(page))[0] ?? "", /desk-8 0x9965.*revoked version 1: superseded/s);
  assert.match(await page.locator("#feed-spoken").innerText(), /desk-8 .* revoked version 1: superseded/);
  await page.locator(".verdict", { hasText: "Revoked" }).waitFor();
  await page.locator(".history li.revoked").waitFor();

  await world.reorganise();
  await page.locator("#feed-list li.reorganised").waitFor();
  await page.locator("#feed-list li.revoked.undone").waitFor();
  assert.match((await lines(page))[1] ?? "", /undone: its block is no longer part of the chain/);
  await page.locator(".verdict", { hasText: "Active" }).waitFor();
  assert.equal(await page.locator(".history li.revoked").count(), 0);
  await end();
});

test("a paused feed waits, and shows what it missed when it goes on", async () => {
  const { page, end } = await openPage(browser);
  await page.goto(world.base);
  await live(page);
  await page.getByRole("button", { name: "Pause" }).click();
  await world.revoke();
  await page.getByRole("button", { name: "Paused, 1 waiting" }).waitFor();
  assert.deepEqual(await lines(page), []);
  await page.getByRole("button", { name: "Paused, 1 waiting" }).click();
  await page.locator("#feed-list li.revoked").waitFor();
  await world.reorganise();
  await page.locator("#feed-list li.reorganised").waitFor();
  await end();
});

test("a proof that was checked counts no more once the record changed", async () => {
  const { page, end } = await openPage(browser);
  await page.goto(`${world.base}/#/31337/record/${accounts.erin}/desk-8`);
  await live(page);
  await page.getByRole("button", { name: "Check the proof in this browser" }).click();
  await page.getByText("The proof holds").waitFor();
  await world.revoke();
  await page.getByText("The chain has moved on since the proof was checked.").waitFor();
  await page.getByRole("button", { name: "Check anew" }).click();
  await page.getByText("The proof holds").waitFor();
  await world.reorganise();
  await page.locator("#feed-list li.reorganised").waitFor();
  await end();
});

test("a stream that broke off goes on where it was, with no gap and nothing twice", async (context) => {
  if (world.breakStreams === null) return context.skip("a real indexer's streams are not broken from here");
  const { page, end } = await openPage(browser);
  await page.goto(world.base);
  await live(page);
  await world.revoke();
  await page.locator("#feed-list li.revoked").waitFor();
  world.breakStreams();
  await world.reorganise();
  await page.locator("#feed-list li.reorganised").waitFor();
  await live(page);
  await world.revoke();
  await page.locator("#feed-list li").nth(2).waitFor();
  assert.equal(await page.locator("#feed-list li").count(), 3);
  await end();
});

test("a stream that broke off before its first event misses nothing either", async (context) => {
  if (world.breakStreams === null) return context.skip("a real indexer's streams are not broken from here");
  const { page, end } = await openPage(browser);
  await page.goto(world.base);
  await live(page);
  world.breakStreams();
  await world.reorganise();
  await page.locator("#feed-list li.reorganised").waitFor();
  await end();
});

test("an index that was made anew is followed from its own numbers on", async (context) => {
  if (world.reindex === null) return context.skip("a real index is not made anew from here");
  const { page, end } = await openPage(browser);
  await page.goto(world.base);
  await live(page);
  await world.revoke();
  await page.locator("#feed-list li.revoked").waitFor();
  world.reindex();
  await page.locator("#feed-state", { hasText: "Broken off" }).waitFor();
  await live(page);
  await world.revoke();
  await page.locator("#feed-list li").nth(1).waitFor();
  await world.reorganise();
  await end();
});

test("a stream that is refused is asked for again", async () => {
  const { page, end } = await openPage(browser);
  let refusing = true;
  await page.route("**/v1/31337/events*", (route) =>
    refusing ? route.fulfill({ status: 503, body: "" }) : route.continue(),
  );
  await page.goto(world.base);
  await page.locator("#feed-state", { hasText: "Broken off" }).waitFor();
  refusing = false;
  await live(page);
  await end();
});

test("events of every kind can be shown", async () => {
  const { page, end } = await openPage(browser);
  const stream = [
    { sequence: 900, kind: "registered", block: 90, timestamp: 1, owner: accounts.bob, label: "a", version: 1 },
    { sequence: 900, kind: "registered", block: 90, timestamp: 1, owner: accounts.bob, label: "twice", version: 1 },
    {
      sequence: 901,
      kind: "operator_set",
      block: 90,
      timestamp: 1,
      owner: accounts.bob,
      operator: accounts.erin,
      until: 0,
    },
    { sequence: 902, kind: "rotated", block: 91, timestamp: 1, owner: accounts.bob, label: "a", version: 2 },
    { sequence: 903, kind: "rotated", block: "not a number" },
  ];
  const body = stream
    .map((event) => `id: ${event.sequence}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
  await page.route("**/v1/31337/events*", (route) => route.fulfill({ contentType: "text/event-stream", body }));
  await page.goto(world.base);
  await page.locator("#feed-list li.rotated").waitFor();
  assert.equal((await lines(page)).length, 1);
  await page.getByLabel("All events").check();
  assert.equal((await lines(page)).length, 3);
  await end();
});

test("a key that ends while it is looked at is shown as expired, and what is being typed stays", async (context) => {
  if (world.expire === null) return context.skip("on a real chain that takes too long");
  const { page, end } = await openPage(browser);
  await page.goto(`${world.base}/#/31337/record/${accounts.bob}/desk-7`);
  await live(page);
  await page.getByLabel("As it was at block").fill("12");
  const other = await openPage(browser);
  await other.page.goto(`${world.base}/#/31337/record/${accounts.alice}/-`);
  await other.page.locator(".verdict", { hasText: "Active" }).waitFor();
  await live(other.page);
  world.expire();
  await page.locator(".as-of", { hasText: "As of block 23" }).waitFor();
  assert.equal(await page.getByLabel("As it was at block").inputValue(), "12");
  await other.page.locator(".verdict", { hasText: "Expired" }).waitFor();
  await Promise.all([end(), other.end()]);
});
