import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Browser } from "playwright-core";

import { keyWithX } from "../../src/verify/key.ts";
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

test("the page is served under a policy that allows nothing inline and nothing from elsewhere", async () => {
  const answer = await fetch(world.base);
  const policy = answer.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self'(;|$)/);
  assert.doesNotMatch(policy, /unsafe/);
});

test("the first page lists the records with their status, and how far the indexer is", async () => {
  const { page, end } = await openPage(browser);
  await page.goto(world.base);
  await page.getByRole("heading", { level: 1, name: "Keys by account" }).waitFor();
  const first = (await world.records())[0];
  const row = page.locator(".records li").first();
  assert.match(await row.innerText(), new RegExp(first?.status ?? "", "i"));
  assert.match(await page.locator("#progress").innerText(), /block \d+, level with the chain/);
  const more = page.getByRole("button", { name: "Show more" });
  while (await more.isVisible()) {
    const count = await page.locator(".records li").count();
    await more.click();
    await page.locator(".records li").nth(count).waitFor();
  }
  assert.equal(await page.locator(".records li").count(), 11);
  assert.match(page.url(), /\/$/);
  await end();
});

test("an address, a label, a signer, a public key and a DID each find the record", async () => {
  const { page, end } = await openPage(browser);
  await page.goto(world.base);
  const bob = (await world.records(`&owner=${accounts.bob}`))[0];
  assert(bob);
  const key = keyWithX(bob["x"] as `0x${string}`, bob.signer as `0x${string}`);
  const texts = [
    accounts.bob,
    "desk-7",
    bob.signer,
    key ?? "",
    `did:pkh:eip155:31337:${accounts.bob}`,
    `did:ethr:0x7a69:${accounts.bob}`,
  ];
  for (const text of texts) {
    await page.getByRole("searchbox").fill(text);
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("heading", { level: 1, name: `Found for ${text}` }).waitFor();
    const link = page.locator(".records a").filter({ hasText: new RegExp(accounts.bob, "i") });
    await link.first().click();
    await page.locator("h1", { hasText: "desk-7" }).waitFor();
    assert.match(page.url(), new RegExp(`#/31337/record/${accounts.bob}/desk-7$`));
  }
  await end();
});

test("what is mistyped is told beside the field, and what nobody has registered is said to be nowhere", async () => {
  const { page, end } = await openPage(browser);
  await page.goto(world.base);
  await page.getByRole("heading", { name: "Records" }).waitFor();
  await page.getByRole("searchbox").fill("0x70997970c51812dc3A010C7d01b50e0d17dc79C8");
  await page.keyboard.press("Enter");
  await page.getByText("This address is mistyped").waitFor();
  assert.equal(await page.getByRole("searchbox").getAttribute("aria-invalid"), "true");
  await page.getByRole("searchbox").fill(accounts.nobody);
  await page.keyboard.press("Enter");
  await page.getByText("Nothing is registered under this.").waitFor();
  assert.equal(await page.locator("#search-problem").innerText(), "");
  await end();
});

test("each record shows how it stands, in words", async () => {
  const { page, end } = await openPage(browser);
  const expected = [
    [accounts.alice, "-", "Active", "The key is good"],
    [accounts.carol, "-", "Revoked", "The owner withdrew the key: key compromised. Do not accept it."],
    [accounts.dave, "-", "Expired", "Do not accept it until its owner renews it."],
    [accounts.erin, "rfq%2Feu", "Active", "The key is good"],
  ] as const;
  for (const [owner, label, word, meaning] of expected) {
    await page.goto(`${world.base}/#/31337/record/${owner}/${label}`);
    await page.locator("h1", { hasText: new RegExp(owner, "i") }).waitFor();
    assert.equal(await page.locator(".verdict .badge").innerText(), word);
    await page.getByText(meaning).waitFor();
  }
  const hex = `0x2d${"00".repeat(31)}`;
  await page.goto(`${world.base}/#/31337/record/${accounts.erin}/${hex}`);
  await page.locator("h1", { hasText: new RegExp(accounts.erin, "i") }).waitFor();
  assert.equal(await page.locator(".verdict .badge").innerText(), "Active");
  await end();
});

test("a record's history is whole, leads to each block, and shows the operators", async () => {
  const { page, end } = await openPage(browser);
  await page.goto(`${world.base}/#/31337/record/${accounts.carol}/-`);
  await page.getByText("All versions up to 2 are here").waitFor();
  const older = page.getByRole("button", { name: "Show older" });
  if (await older.isVisible()) await older.click();
  await page.locator(".history li").nth(2).waitFor();
  const told = await page.locator(".history strong").allInnerTexts();
  assert.deepEqual(told, ["Revoked version 2: key compromised", "Rotated to version 2", "Registered version 1"]);
  await page.goto(`${world.base}/#/31337/record/${accounts.alice}/-`);
  await page.getByRole("heading", { name: "Operators" }).waitFor();
  await page.locator(".plain", { hasText: new RegExp(accounts.bob, "i") }).waitFor();
  await page.getByLabel("As it was at block").fill("0");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await page.getByText("Nothing was registered here yet.").waitFor();
  await page.getByRole("link", { name: "Show how it is now" }).click();
  await page.getByText("The key is good").waitFor();
  await page.goBack();
  await page.getByText("Nothing was registered here yet.").waitFor();
  await end();
});

test("whatever text is in an answer, it is shown as text", async () => {
  const { page, end } = await openPage(browser);
  const hostile = `<img src=x onerror="document.title='owned'">`;
  await page.route(`**/v1/31337/records/${accounts.carol}/-`, async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as { record: Record<string, unknown> };
    await route.fulfill({
      json: { ...body, record: { ...body.record, scheme: hostile, revoked: { reason: hostile } } },
    });
  });
  await page.goto(`${world.base}/#/31337/record/${accounts.carol}/-`);
  await page.getByText(hostile).first().waitFor();
  assert.equal(await page.locator("main img").count(), 0);
  await end();
});
