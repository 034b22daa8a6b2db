// Bundles the page into dist/. With --check: whether dist/ is what the sources give, and nothing is written.

import { readFile, writeFile } from "node:fs/promises";

import { build } from "esbuild";

const bundled = await build({
  entryPoints: ["src/main.ts"],
  bundle: true,
  write: false,
  // Not minified: what is committed can be read, and served compressed it is small all the same.
  minify: false,
  charset: "utf8",
  legalComments: "inline",
  format: "esm",
  platform: "browser",
  target: ["es2022"],
  // `debug`, which @ethereumjs/mpt writes its traces with, keeps its settings in localStorage. There are none here.
  alias: { debug: "./src/verify/silence.ts" },
});

const files = {
  "dist/app.js": bundled.outputFiles[0].text,
  "dist/index.html": await readFile("src/index.html", "utf8"),
  "dist/style.css": await readFile("src/style.css", "utf8"),
  "dist/icon.svg": await readFile("src/icon.svg", "utf8"),
};

for (const [path, text] of Object.entries(files)) {
  if (!process.argv.includes("--check")) {
    await writeFile(path, text);
  } else if ((await readFile(path, "utf8").catch(() => null)) !== text) {
    console.error(`${path} is not what the sources give: run npm run build in indexer/web, and commit dist/`);
    process.exitCode = 1;
  }
}
