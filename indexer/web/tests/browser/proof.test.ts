import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Browser, Page } from "playwright-core";

import type { ProofJson } from "../scene/fixture.ts";
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

interface Answer {
  record: Record<string, unknown> | null;
  proof: ProofJson;
}

async function check(page: Page, owner: string, label = "-"): Promise<void> {
  await page.goto(`${world.base}/#/31337/record/${owner}/${label}`);
  await page.getByRole("button", { name: "Check the proof in this browser" }).click();
  await page.locator(".outcome").first().waitFor();
}

/** The indexer's answer with a proof, changed on its way. */
async function altered(page: Page, owner: string, change: (answer: Answer) => void): Promise<void> {
  await page.route(`**/v1/31337/records/${owner}/-?*proof=latest*`, async (route) => {
    const response = await route.fetch();
    const body = (await response.json()) as Answer;
    change(body);
    await route.fulfill({ response, json: body });
  });
}

const hashIn = async (page: Page): Promise<string> => page.locator(".steps .hex").first().innerText();

test("proofs of every kind of record hold, and it is said what they do not prove", async () => {
  const { page, end } = await openPage(browser);
  for (const [owner, label] of [
    [accounts.alice, "-"],
    [accounts.bob, "desk-7"],
    [accounts.carol, "-"],
    [accounts.dave, "-"],
    [accounts.nobody, "-"],
  ] as const) {
    await check(page, owner, label);
    await page.getByText("The proof holds, under one block’s hash").waitFor();
  }
  await page.getByText("its absence is proven").waitFor();
  await page.getByText("It does not prove that the block is one of the chain’s").waitFor();
  await end();
});

test("a trusted hash settles it, and another one does not", async () => {
  const { page, end } = await openPage(browser);
  await check(page, accounts.alice);
  const field = page.getByLabel("A block hash that you trust");
  await field.fill((await hashIn(page)).toUpperCase().replace("0X", "0x"));
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByText("For whoever trusts that hash, the record is proven.").waitFor();
  await field.fill(`0x${"00".repeat(32)}`);
  await page.keyboard.press("Enter");
  await page.getByText("That is not the proven block").waitFor();
  await field.fill("0x12");
  await page.keyboard.press("Enter");
  await page.getByText("This is no block hash.").waitFor();
  await end();
});

test("the reader's own node is asked, and its word decides", async () => {
  const { page, end } = await openPage(browser);
  let block: { hash: string } | null = null;
  let chain = "0x7a69";
  await page.route("http://127.0.0.1:1/", (route) => {
    const { method } = route.request().postDataJSON() as { method: string };
    const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "content-type" };
    if (route.request().method() === "OPTIONS") return route.fulfill({ status: 204, headers });
    return route.fulfill({
      headers,
      json: { jsonrpc: "2.0", id: 1, result: method === "eth_chainId" ? chain : block },
    });
  });
  await check(page, accounts.alice);
  await page.getByLabel("Your own node").fill("http://127.0.0.1:1/");
  const ask = async (expected: RegExp): Promise<void> => {
    await page.getByRole("button", { name: "Ask it" }).click();
    await page.getByText(expected).waitFor();
  };
  await ask(/Your node does not know block \d+ yet/);
  block = { hash: await hashIn(page) };
  await ask(/Your node has this very block \d+/);
  block = { hash: `0x${"77".repeat(32)}` };
  await ask(/Your node has another block \d+: 0x7777/);
  chain = "0x1";
  await ask(/Your node is on chain 1, not on chain 31337/);
  await page.getByLabel("Your own node").fill("http://127.0.0.1:2/");
  await ask(/Your node did not answer/);
  await page.getByLabel("Your own node").fill("somewhere");
  await ask(/This is no node's address/);
  await end();
});

test("a wallet in the browser is asked where there is one, and for no account", async () => {
  const { page, end } = await openPage(browser);
  await page.addInitScript(() => {
    const asked: string[] = [];
    const request = async ({ method }: { method: string }): Promise<unknown> => {
      asked.push(method);
      if (method === "eth_chainId") return "0x7a69";
      return { hash: document.querySelector(".steps .hex")?.textContent };
    };
    Object.assign(window, { ethereum: { request }, asked });
  });
  await check(page, accounts.alice);
  await page.getByRole("button", { name: "Ask this browser’s wallet" }).click();
  await page.getByText(/Your wallet has this very block/).waitFor();
  const asked = await page.evaluate(() => (window as unknown as { asked: string[] }).asked);
  assert.deepEqual(asked, ["eth_chainId", "eth_getBlockByNumber"]);
  await end();
});

test("a proof that was tampered with is refused, and it is said where", async () => {
  const flipped = (hex: string): string => `${hex.slice(0, -2)}${hex.endsWith("00") ? "01" : "00"}`;
  const changes: [(answer: Answer) => void, RegExp][] = [
    [
      ({ proof }) => (proof.proof.accountProof[1] = flipped(proof.proof.accountProof[1] ?? "")),
      /node 2 of the proof of the registry's account/,
    ],
    [
      ({ proof }) => (proof.proof.storageProof[0]!.proof[0] = flipped(proof.proof.storageProof[0]!.proof[0] ?? "")),
      /node 1 of the proof of the record/,
    ],
    [({ proof }) => (proof.proof.storageProof[2]!.proof = []), /the proof of the bundle's hash is missing|another/],
    [({ proof }) => (proof.owner = accounts.bob), /of another record/],
    [(answer) => (answer.proof = { ...answer.proof, document: "other" }), /no record proof/],
  ];
  for (const [change, why] of changes) {
    const { page, end } = await openPage(browser);
    await altered(page, accounts.carol, change);
    await check(page, accounts.carol);
    await page.getByText("The proof does not hold").waitFor();
    assert.match(await page.locator(".outcome").first().innerText(), why);
    assert.equal(await page.getByText("The proof holds").count(), 0);
    await end();
  }
});

test("a header that was changed is that of a block that no source knows", async () => {
  const { page, end } = await openPage(browser);
  await check(page, accounts.carol);
  const genuine = await hashIn(page);
  await altered(page, accounts.carol, ({ proof }) => {
    proof.headers[0] = (proof.headers[0] ?? "").replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
  });
  await page.reload();
  await check(page, accounts.carol);
  await page.getByLabel("A block hash that you trust").fill(genuine);
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByText("That is not the proven block").waitFor();
  await end();
});

test("an answer that its own proof contradicts is told", async () => {
  const { page, end } = await openPage(browser);
  await altered(page, accounts.carol, (answer) => {
    answer.record = { ...answer.record, status: "active", revoked: null };
  });
  await check(page, accounts.carol);
  await page.getByText("The indexer says another thing than it proves").waitFor();
  await page.getByText("the status differs").waitFor();
  await end();
});

test("a proof that is missing is told, and trying again helps", async () => {
  const { page, end } = await openPage(browser);
  let without = true;
  await page.route(`**/v1/31337/records/${accounts.alice}/-?*proof=latest*`, async (route) => {
    const response = await route.fetch();
    const { proof: _, ...rest } = (await response.json()) as Answer;
    if (without) await route.fulfill({ response, json: rest });
    else await route.continue();
  });
  await page.goto(`${world.base}/#/31337/record/${accounts.alice}/-`);
  await page.getByRole("button", { name: "Check the proof in this browser" }).click();
  await page.getByText("The indexer sent no proof.").waitFor();
  without = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("The proof holds").waitFor();
  await end();
});
