// Holds the workspace to its architecture:
//   - dependencies point inward only;
//   - "verified" is a type: one module of production code makes it.
// Prints each breach with what to do, and exits with 1.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const breaches = [];

// Who may depend on whom, within the workspace. Development dependencies count: a test that reaches
// outward would tie the inner crate to the outer one.
const allowed = {
  "countersign-curve": [],
  "countersign-protocol": ["countersign-curve"],
  "countersign-execution": [],
  "countersign-light-client": [],
  "countersign-registry": ["countersign-protocol", "countersign-execution", "countersign-light-client"],
  "countersign-custody": ["countersign-protocol"],
  "countersign-replay": ["countersign-protocol"],
  "countersign-transport": ["countersign-protocol"],
  countersign: ["countersign-protocol", "countersign-registry", "countersign-custody", "countersign-replay", "countersign-transport"],
  "countersign-cli": ["countersign"],
  // A convenience, never a root of trust: the client does not know it.
  "countersign-indexer": ["countersign-registry", "countersign-protocol"],
  "countersign-tests": ["countersign", "countersign-indexer", "countersign-protocol"],
  "countersign-bench": ["countersign", "countersign-protocol"],
  "countersign-secrets": ["countersign-custody", "countersign-protocol"],
};
// What the protocol crate must never see: a chain, a runtime, a clock.
const forbidden = { "countersign-protocol": [/^alloy/, /^tokio/, /^chrono$/, /^time$/], "countersign-curve": [/^alloy/, /^tokio/] };

const metadata = JSON.parse(
  execFileSync("cargo", ["metadata", "--format-version=1", "--no-deps", "--locked"], { cwd: root, maxBuffer: 1 << 28 }),
);
for (const crate of metadata.packages) {
  const may = allowed[crate.name];
  if (!may) {
    breaches.push(`${crate.name} is not in scripts/architecture.mjs; say there what it may depend on`);
    continue;
  }
  for (const { name } of crate.dependencies) {
    if (name.startsWith("countersign") && !may.includes(name))
      breaches.push(`${crate.name} depends on ${name}; dependencies point inward only`);
    if (forbidden[crate.name]?.some((pattern) => pattern.test(name)))
      breaches.push(`${crate.name} depends on ${name}; it must not see a chain, a runtime or a clock`);
  }
}

// The constructors of proven state, and the one folder or file of production code that may call each.
const proven = /::\s*proven\b/;
const caller = /^client\/registry\/src\/proof(\.rs$|\/)/;
const definition = /^client\/protocol\/src\/(?:peer|state)\.rs$/;

function* rustFiles(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* rustFiles(path);
    else if (name.endsWith(".rs")) yield path;
  }
}

for (const folder of ["client", "indexer", "tests"].map((name) => join(root, name))) {
  for (const path of rustFiles(folder)) {
    const file = relative(root, path);
    if (file.includes("/target/") || caller.test(file) || definition.test(file)) continue;
    // `vectors` is a test module of the protocol, in files of its own.
    if (/(^|\/)(tests|benches|fuzz|bench|vectors)\//.test(file)) continue;
    const production = readFileSync(path, "utf8").split(/^#\[cfg\(.*\btest\b.*\)\]\n(?:#\[.*\]\n)*mod tests/m)[0];
    production.split("\n").forEach((line, index) => {
      if (proven.test(line.replace(/\/\/.*/, "")))
        breaches.push(`${file}:${index + 1} makes proven state; only client/registry/src/proof may, where proofs are verified`);
    });
  }
}

for (const breach of breaches) console.error(`architecture: ${breach}`);
if (breaches.length > 0) process.exit(1);
console.error(`architecture: ${metadata.packages.length} crates point inward, and one module makes proven state`);
