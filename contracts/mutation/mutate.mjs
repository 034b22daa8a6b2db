#!/usr/bin/env node
// Changes the contracts in one place at a time and asks the Solidity tests whether they notice.
//
//   node contracts/mutation/mutate.mjs FOLDER [minutes, 60 unless told] [FILE ...]
//
// Works in a copy of the repository in FOLDER. Order: a fixed shuffle, so that a bounded run is a sample of the whole. What
// is known of the same contracts and tests from runs before, in FOLDER/outcomes.jsonl, is not asked again.
// A mutant that the quick tests (no invariants, few fuzz runs, --fail-fast) let through is put to all of them. Tests that
// compare the bytecode itself (committed artifacts, addresses, gas) are left out: they would notice anything.
// Prints one JSON object per line, {outcome, file, line, operator, before, after}.
"use strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const SECONDS_EACH = 300;

/** What is changed: [name, pattern, replacement ...]. Each match and replacement is one mutant. */
const OPERATORS = [
  ["equality", / == /g, " != "],
  ["equality", / != /g, " == "],
  ["bound", / < /g, " <= ", " > "],
  ["bound", / <= /g, " < "],
  ["bound", / > /g, " >= "],
  ["bound", / >= /g, " > ", " < "],
  ["logic", / && /g, " || "],
  ["logic", / \|\| /g, " && "],
  ["negation", /!(?=[a-z_(])/g, ""],
  ["arithmetic", / \+ /g, " - "],
  ["arithmetic", / - /g, " + "],
  ["arithmetic", /\+\+(?=version)/g, ""],
  ["bits", / << /g, " >> "],
  ["bits", / >> /g, " << "],
  ["bits", / & /g, " | "],
  ["bits", / \| /g, " & "],
  ["constant", /\b(?<!\.)(?:0x[0-9a-f]+|\d+)\b(?!\.)/g, (number) => String(BigInt(number) + 1n)],
  ["truth", /\btrue\b/g, "false"],
  ["truth", /\bfalse\b/g, "true"],
  ["who", /\bmsg\.sender\b/g, "tx.origin"],
  ["deletion", /^\s+(?:if \(.*\) (?:revert|return|continue|_refuse)\b.*|(?:_\w+|[a-z]\w*(?:\.\w+)+|emit \w+|mstore|calldatacopy)\(.*\)|[\w.[\]]+ = .*?);?$/g, ""],
];
const DEPLOY = "contracts/script/Deploy.s.sol";
const OUT_OF_QUICK = "Invariant|Digest|Vector|Deploy|ReleaseArtifact|Gas|Settlement|PriceFeed";
const OUT_OF_ALL = "Deploy|ReleaseArtifact|Gas";

/** The part of a line that is code: no comment, no string, no import, no pragma. */
function code(line) {
  if (/^\s*(\/\/|\*|\/\*|import |pragma |using |error |event |library |contract |abstract )/.test(line)) return "";
  return line.replace(/\/\/.*$/, "").replace(/(hex)?"[^"]*"/g, (text) => "\0".repeat(text.length));
}

function mutantsOf(file) {
  const lines = fs.readFileSync(path.join(ROOT, file), "utf8").split("\n");
  return lines.flatMap((before, index) =>
    OPERATORS.flatMap(([operator, pattern, ...replacements]) =>
      [...code(before).matchAll(pattern)].flatMap((match) =>
        replacements.map((replacement) => {
          const text = typeof replacement === "function" ? replacement(match[0]) : replacement;
          const after = before.slice(0, match.index) + text + before.slice(match.index + match[0].length);
          return { file, line: index + 1, operator, before: before.trim(), after: after.trim(), text: after };
        }),
      ),
    ),
  );
}

/** A fixed order that looks like none: by a hash (FNV-1a) of the mutant. */
function place(mutant) {
  const name = `${mutant.file}:${mutant.line}:${mutant.after}`;
  return [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0, 0x811c9dc5);
}

function forge(folder, settings, ...args) {
  const run = spawnSync("scripts/foundry", ["forge", ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: SECONDS_EACH * 1000,
    // The compiler's quickest way, which tests do not see.
    env: {
      ...process.env, FOUNDRY_VIA_IR: "false", FOUNDRY_OPTIMIZER: "false", FOUNDRY_DENY: "never",
      FOUNDRY_LINT_LINT_ON_BUILD: "false", FORGE_SNAPSHOT_CHECK: "false", ...settings,
    },
  });
  return run.status === 0;
}

/**
 * Compiles the deploy script, which carries both contracts, and puts it in the place of the one that forge built: tests
 * reach the contracts through it. Much quicker than forge, which would compile every test that imports what changed.
 */
function deployMutant(folder, solc) {
  const sources = { [DEPLOY]: { content: fs.readFileSync(path.join(folder, DEPLOY), "utf8") } };
  const outputSelection = { [DEPLOY]: { Deploy: ["evm.bytecode.object", "evm.deployedBytecode.object"] } };
  const settings = { evmVersion: "shanghai", metadata: { bytecodeHash: "none", appendCBOR: false }, remappings: ["solady/=node_modules/solady/src/"], outputSelection };
  const read = (name) => ({ contents: fs.readFileSync(path.join(folder, name), "utf8") });
  const answer = solc.compile(JSON.stringify({ language: "Solidity", sources, settings }), { import: read });
  const made = JSON.parse(answer).contracts?.[DEPLOY]?.Deploy;
  if (made === undefined) return false;
  const file = path.join(folder, "contracts/out/Deploy.s.sol/Deploy.json");
  const artifact = JSON.parse(fs.readFileSync(file, "utf8"));
  artifact.bytecode.object = `0x${made.evm.bytecode.object}`;
  artifact.deployedBytecode.object = `0x${made.evm.deployedBytecode.object}`;
  fs.writeFileSync(file, JSON.stringify(artifact));
  return true;
}

function quickOutcome(folder) {
  const quick = { FOUNDRY_FUZZ_RUNS: "4" };
  return forge(folder, quick, "test", "--fail-fast", "--no-match-contract", OUT_OF_QUICK) ? "survived" : "killed";
}

function fullOutcome(folder) {
  const some = { FOUNDRY_FUZZ_RUNS: "64" };
  if (!forge(folder, {}, "build")) return "invalid";
  return forge(folder, some, "test", "--fail-fast", "--no-match-contract", OUT_OF_ALL) ? "survived" : "killed";
}

function copy(folder) {
  fs.mkdirSync(path.join(folder, "contracts"), { recursive: true });
  const parts = ["foundry.toml", "package.json", "scripts", "tests/vectors", "contracts/src", "contracts/test", "contracts/script"];
  for (const part of [...parts, "contracts/artifacts", "contracts/snapshots"]) {
    fs.rmSync(path.join(folder, part), { recursive: true, force: true });
    fs.cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true });
  }
  for (const proof of fs.readdirSync(path.join(folder, "contracts/test")).filter((name) => name.startsWith("Symbolic"))) {
    fs.rmSync(path.join(folder, "contracts/test", proof));
  }
  if (!fs.existsSync(path.join(folder, "node_modules"))) fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
}

function sources(folder) {
  return fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "interfaces" ? [] : sources(name);
    return name.endsWith(".sol") ? [name] : [];
  });
}

function write(folder, { file, line, text }) {
  const lines = fs.readFileSync(path.join(ROOT, file), "utf8").split("\n");
  lines[line - 1] = text;
  fs.writeFileSync(path.join(folder, file), lines.join("\n"));
}

function restore(folder, { file }) {
  fs.copyFileSync(path.join(ROOT, file), path.join(folder, file));
}

/** Changes the copy, compiles, tests; the tree is as it was when forge looks, so that it compiles nothing. */
function quickly(folder, solc, mutant) {
  write(folder, mutant);
  const compiled = deployMutant(folder, solc);
  restore(folder, mutant);
  return compiled ? quickOutcome(folder) : "invalid";
}

function thoroughly(folder, mutant) {
  write(folder, mutant);
  const outcome = fullOutcome(folder);
  restore(folder, mutant);
  return outcome;
}

function outcomeOf(folder, solc, mutant) {
  const outcome = quickly(folder, solc, mutant);
  return outcome === "survived" ? thoroughly(folder, mutant) : outcome;
}

/** What is known of these very contracts and tests, by mutant; else nothing, and the file begins anew. */
function memory(folder) {
  const file = path.join(folder, "outcomes.jsonl");
  const hash = createHash("sha256");
  for (const source of [...sources("contracts/src"), ...sources("contracts/test").filter((name) => !name.includes("Symbolic"))]) {
    hash.update(fs.readFileSync(path.join(ROOT, source)));
  }
  const head = JSON.stringify({ sources: hash.digest("hex") });
  const lines = fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n") : [];
  if (lines[0] !== head) fs.writeFileSync(file, `${head}\n`);
  const known = lines[0] === head ? lines.slice(1).map((line) => JSON.parse(line)) : [];
  return { known: new Map(known.map((mutant) => [nameOf(mutant), mutant.outcome])), file };
}

function nameOf({ file, line, before, after }) {
  return `${file}:${line}:${before}:${after}`;
}

function main([folder, minutes = "60", ...files]) {
  if (folder === undefined) throw new Error("usage: mutate.mjs FOLDER [minutes] [FILE ...]");
  copy(folder);
  if (fullOutcome(folder) !== "survived") throw new Error(`the tests fail without any change; see for yourself in ${folder}`);
  const solc = createRequire(import.meta.url)("solc");
  const chosen = files.length > 0 ? files : sources("contracts/src");
  const mutants = chosen.flatMap(mutantsOf).sort((one, other) => place(one) - place(other));
  const { known, file } = memory(folder);
  const end = Date.now() + Number(minutes) * 60_000;
  const counts = { killed: 0, survived: 0, invalid: 0 };
  for (const { text, ...mutant } of mutants) {
    let outcome = known.get(nameOf(mutant));
    if (outcome === undefined) {
      if (Date.now() > end) continue;
      outcome = outcomeOf(folder, solc, { text, ...mutant });
      fs.appendFileSync(file, `${JSON.stringify({ outcome, ...mutant })}\n`);
    }
    counts[outcome] += 1;
    console.log(JSON.stringify({ outcome, ...mutant }));
  }
  const tried = counts.killed + counts.survived;
  console.log(`${mutants.length} mutants; ${tried} tried, ${counts.killed} killed, ${counts.survived} survived; ${counts.invalid} more did not compile`);
}

main(process.argv.slice(2));
