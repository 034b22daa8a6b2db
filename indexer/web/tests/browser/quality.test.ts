import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import type { Browser, Page } from "playwright-core";

import { openBrowser, openPage, overflow } from "./page.ts";
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

const axe = readFileSync("node_modules/axe-core/axe.min.js", "utf8");

interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

/** What axe-core finds. Its script comes through the debugger, which no policy of the page concerns. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await axe.run()).violations;
  });
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}

/** Every kind of view, brought to where there is most to see. */
const views: readonly (readonly [string, (page: Page) => Promise<void>])[] = [
  ["home", async (page) => page.locator(".records li").first().waitFor()],
  [`31337/search/${accounts.erin}`, async (page) => page.locator(".records li").first().waitFor()],
  [`31337/record/${accounts.carol}/-`, proven],
  [`31337/record/${accounts.alice}/-`, proven],
  [`31337/record/${accounts.dave}/-`, async (page) => page.locator(".history li").first().waitFor()],
  [`31337/record/${accounts.nobody}/-`, proven],
  [`31337/record/${accounts.alice}/-?block=0`, async (page) => page.locator(".note").waitFor()],
  ["nowhere", async (page) => page.locator(".trouble").waitFor()],
];

async function proven(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Check the proof" }).click();
  await page.getByText("The proof holds").waitFor();
  await page.getByLabel("A block hash that you trust").fill(`0x${"00".repeat(32)}`);
  await page.getByRole("button", { name: "Compare" }).click();
  await page.locator(".block-verdict .outcome").waitFor();
}

/** With a feed that has something in it. */
async function withFeed(page: Page): Promise<void> {
  const events = [
    {
      sequence: 900,
      kind: "rotated",
      block: 90,
      timestamp: 1_700_000_000,
      owner: accounts.bob,
      label: "desk-7",
      version: 2,
    },
    {
      sequence: 901,
      kind: "revoked",
      block: 91,
      timestamp: 1_700_000_012,
      owner: accounts.carol,
      label: "",
      version: 2,
      reason: "key_compromised",
    },
    { sequence: 902, kind: "reorganised", block: 90, hash: `0x${"11".repeat(32)}` },
    {
      sequence: 903,
      kind: "revoked",
      block: 91,
      timestamp: 1_700_000_024,
      owner: accounts.dave,
      label: "",
      version: 1,
      reason: "policy",
    },
  ];
  const body = `retry: 100000\n\n${events.map((event) => `event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`).join("")}`;
  await page.route("**/v1/31337/events*", (route) => route.fulfill({ contentType: "text/event-stream", body }));
}

const shots = process.env["COUNTERSIGN_WEB_SHOTS"];

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 360]) {
    test(`every view is accessible, ${colorScheme} and ${width} pixels wide, and nothing reaches over the edge`, async () => {
      for (const [position, [hash, ready]] of views.entries()) {
        const { page, end } = await openPage(browser, { colorScheme, viewport: { width, height: 800 } });
        await withFeed(page);
        await page.goto(`${world.base}/#/${hash === "home" ? "" : hash}`);
        await ready(page);
        await page.locator("#feed-list li").nth(3).waitFor();
        if (shots) await page.screenshot({ path: `${shots}/${colorScheme}-${width}-${position}.png`, fullPage: true });
        assert.deepEqual(await violations(page), [], hash);
        assert((await overflow(page)) <= 0, `${hash} reaches ${await overflow(page)} pixels over the edge`);
        await end();
      }
    });
  }
}

test("dark and light are told apart by what the reader's system prefers", async () => {
  const grounds: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    const { page, end } = await openPage(browser, { colorScheme });
    await page.goto(world.base);
    grounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    await end();
  }
  assert.notEqual(grounds[0], grounds[1]);
});

test("the keyboard alone leads to a record and through its proof", async () => {
  const { page, end } = await openPage(browser);
  await page.goto(world.base);
  await page.getByRole("heading", { name: "Records" }).waitFor();
  const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.match(await focused(), /0x/);
  await page.getByRole("searchbox").focus();
  await page.keyboard.type(accounts.carol);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Owned by this address" }).waitFor();
  assert.match(await focused(), /Found for/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator(".verdict").waitFor();
  assert.match(await focused(), /default label/);
  const button = page.getByRole("button", { name: "Check the proof in this browser" });
  for (let presses = 0; presses < 20 && !(await button.evaluate((it) => it === document.activeElement)); presses += 1) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.getByText("The proof holds").waitFor();
  await end();
});

test("nothing moves for those who asked for that", async () => {
  for (const [reducedMotion, name] of [
    ["reduce", "none"],
    ["no-preference", "appear"],
  ] as const) {
    const { page, end } = await openPage(browser, { reducedMotion });
    await withFeed(page);
    await page.goto(world.base);
    const line = page.locator("#feed-list li").first();
    assert.equal(await line.evaluate((it) => getComputedStyle(it).animationName), name);
    await end();
  }
});

test("an indexer that is not ready, busy, gone or strange is told in words, and trying again helps", async () => {
  const problem = (status: number) => ({
    status,
    contentType: "application/problem+json",
    headers: { "retry-after": "7" },
    body: JSON.stringify({ status, title: "no", detail: "the reason why" }),
  });
  const cases = [
    [problem(503), /The indexer is not ready\. the reason why\./, /still reading the chain/],
    [problem(429), /Too many questions/, /Wait 7 s/],
    [problem(400), /does not understand the question/, /Change what/],
    [problem(500), /The indexer failed \(500\)/, /tell whoever runs it/],
    [{ json: { tip: 1 } }, /cannot read: tip is not an object/, /Reload/],
    [null, /cannot be reached/, /Check your connection/],
  ] as const;
  for (const [answer, what, advice] of cases) {
    const { page, end } = await openPage(browser);
    let failing = true;
    await page.route("**/v1/31337/records?*", (route) => {
      if (!failing) return route.continue();
      return answer === null ? route.abort() : route.fulfill(answer);
    });
    await page.goto(world.base);
    const trouble = page.locator(".trouble");
    await trouble.waitFor();
    assert.match(await trouble.innerText(), what);
    assert.match(await trouble.innerText(), advice);
    failing = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".records li").first().waitFor();
    await end();
  }
});

test("without JavaScript the page says that it needs it", async () => {
  const { page, end } = await openPage(browser, { javaScriptEnabled: false });
  await page.goto(world.base);
  await page.getByRole("heading", { name: "This page needs JavaScript" }).waitFor();
  await end();
});

test("all of the page takes less than 100 kB compressed", () => {
  const sizes = ["index.html", "app.js", "style.css", "icon.svg"].map(
    (name) => gzipSync(readFileSync(`dist/${name}`)).length,
  );
  assert(sizes.reduce((sum, size) => sum + size) < 100_000, String(sizes));
});
