// A chain of its own with a registry and records in every state, made by the real command on a real Anvil.
//
// Programs: $ANVIL, else scripts/foundry; $COUNTERSIGN, else target/debug/countersign of this repository.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const run = promisify(execFile);

/** Anvil's development accounts: the node signs for them. */
export const accounts = {
  alice: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
  bob: "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
  carol: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
  dave: "0x15d34aaf54267db7d7c367839aaf71a00a2c6a65",
  erin: "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
  /** Registers nothing. */
  nobody: "0x976ea74026e726554db657fa54763abd0c3a1aa9",
};

/** Starts Anvil and registers everybody. */
export async function openScene() {
  const directory = await mkdtemp(join(tmpdir(), "countersign-scene-"));
  const anvil = await startAnvil();
  const close = async () => {
    anvil.process.kill();
    await rm(directory, { recursive: true, force: true });
  };
  const scene = attachScene(anvil.rpc, directory);
  try {
    await writeFile(join(directory, "passphrase"), "correct horse battery staple", { mode: 0o600 });
    await act(scene);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...scene, close };
}

/** A scene that is open already: what may be done on it. */
export function attachScene(rpc, directory) {
  const countersign = (...args) => command(rpc, directory, args);
  const scene = {
    rpc,
    directory,
    call: (method, ...params) => call(rpc, method, params),
    register: async (name, label, ...terms) => {
      const keystore = keystoreOf(name, label);
      await countersign("keygen", "--light", "--out", keystore);
      await countersign("register", "--unlocked", ...whose(name, label), "--keystore", keystore, ...terms);
    },
    rotate: (name, label, ...terms) =>
      countersign(
        "rotate",
        "--unlocked",
        "--light",
        ...whose(name, label),
        "--new-keystore",
        `${keystoreOf(name, label)}.${Date.now()}`,
        ...terms,
      ),
    revoke: (name, label, reason) =>
      countersign("revoke", "--unlocked", "--yes", ...whose(name, label), "--reason", reason),
    prove: async (name, label, ...terms) =>
      JSON.parse(await countersign("prove", "record", label ? `${accounts[name]}#${label}` : accounts[name], ...terms)),
    countersign,
    /** Takes blocks back, and mines others in their place, one more than there were. */
    reorganise: async (depth) => {
      await call(rpc, "anvil_rollback", [depth]);
      // Another timestamp makes other blocks of them, even where they hold the same.
      await call(rpc, "evm_increaseTime", [1]);
      await call(rpc, "anvil_mine", [`0x${(depth + 1).toString(16)}`]);
    },
  };
  return scene;
}

async function act(scene) {
  await scene.register("alice", "", "--deploy");
  await scene.register("bob", "desk-7", "--compact");
  await scene.register("carol", "");
  await scene.rotate("carol", "", "--suite-floor", "classical");
  await scene.revoke("carol", "", "key-compromised");
  await scene.register("dave", "", "--valid-for", "3s");
  await scene.rotate("alice", "");
  // Enough of them that the registry's tree has branches below its root.
  for (const label of ["desk-1", "desk-2", "desk-3", "desk-7", "desk-8", "rfq/eu", "-"]) {
    await scene.register("erin", label);
  }
  await scene.countersign(
    "bundle",
    "anchor",
    "--hash",
    `0x${"5a".repeat(32)}`,
    "--unlocked",
    "--owner",
    accounts.erin,
    "--label",
    "desk-1",
  );
  await scene.countersign("operator", "set", accounts.bob, "--for", "30days", "--unlocked", "--owner", accounts.alice);
  await pause(3_000);
  await scene.call("anvil_mine", "0x2");
}

const keystoreOf = (name, label) => `${name}${label ? `-${label.replace(/[^a-z0-9-]/g, "_")}` : ""}.json`;
const whose = (name, label) => ["--owner", accounts[name], ...(label ? ["--label", label] : [])];

async function command(rpc, directory, args) {
  const program = process.env.COUNTERSIGN ?? join(root, "target/debug/countersign");
  const env = {
    ...process.env,
    COUNTERSIGN_RPC: rpc,
    COUNTERSIGN_CHAIN_ID: "31337",
    COUNTERSIGN_OWN_NODE: "true",
    COUNTERSIGN_PASSPHRASE_FILE: "passphrase",
    COUNTERSIGN_CONFIG: join(directory, "none.toml"),
  };
  await writeFile(env.COUNTERSIGN_CONFIG, "");
  const { stdout } = await run(program, args, { cwd: directory, env, maxBuffer: 1 << 24 });
  return stdout;
}

async function startAnvil() {
  const [program, first] = process.env.ANVIL ? [process.env.ANVIL, []] : [join(root, "scripts/foundry"), ["anvil"]];
  const process_ = spawn(program, [...first, "--port", "0"], { stdio: ["ignore", "pipe", "ignore"] });
  return new Promise((resolve, reject) => {
    createInterface({ input: process_.stdout }).on("line", (line) => {
      const listening = /Listening on (\S+)/.exec(line);
      if (listening) resolve({ process: process_, rpc: `http://${listening[1]}` });
    });
    process_.once("error", reject);
    process_.once("exit", (code) => reject(new Error(`Anvil ended (${code}) before it listened; run it by hand`)));
  });
}

async function call(rpc, method, params) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(rpc, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { result, error } = await answer.json();
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}
