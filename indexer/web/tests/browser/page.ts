/** A real Chromium, and pages in it that tell whatever goes wrong in them. */

import assert from "node:assert/strict";

import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

export interface Watched {
  readonly page: Page;
  /** Ends the page; fails if anything in it failed, or was forbidden by its policy. */
  end(): Promise<void>;
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(String(error.stack)));
  page.on("console", (message) => {
    // That an answer was a 404, or that a stream broke off, the browser tells by itself.
    if (message.type() === "error" && !/Failed to load resource|net::ERR_/.test(message.text()))
      wrong.push(message.text());
  });
  return {
    page,
    end: async () => {
      await context.close();
      assert.deepEqual(wrong, []);
    },
  };
}

/** Whether anything reaches over the right edge. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
