// Bundles the tests of one kind (unit or browser) and runs them: node tests/run.mjs unit [arguments of node --test]

import { spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";

import { build } from "esbuild";

const [kind, ...rest] = process.argv.slice(2);
const sources = (await readdir(`tests/${kind}`)).filter((name) => name.endsWith(".test.ts"));
const built = `.test-build/${kind}`;
await rm(built, { recursive: true, force: true });
await build({
  entryPoints: sources.map((name) => `tests/${kind}/${name}`),
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  outdir: built,
  outExtension: { ".js": ".mjs" },
});
const files = sources.map((name) => `${built}/${name.replace(/ts$/, "mjs")}`);
const tests = spawn(process.execPath, ["--test", "--test-concurrency=1", ...rest, ...files], { stdio: "inherit" });
tests.once("exit", (code) => (process.exitCode = code ?? 1));
