// Builds dist/: index.html, app.js, app.css, icon.svg and LICENSES.txt.
// The same sources and lockfile give the same bytes on every machine; CI rebuilds and compares.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { licences } from "./licences.mjs";

const root = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(root, "dist");

// The renderer looks emoji up by name only: keywords, categories and order are two thirds of the table.
const emojiNames = {
  name: "emoji-names",
  setup(build) {
    build.onLoad({ filter: /emojilib[\\/]index\.js$/ }, async ({ path: file }) => {
      const all = JSON.parse(await readFile(path.join(path.dirname(file), "emojis.json"), "utf8"));
      const lib = Object.fromEntries(Object.entries(all).map(([name, { char }]) => [name, { char }]));
      return { contents: JSON.stringify({ lib }), loader: "json" };
    });
  },
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const result = await esbuild.build({
  absWorkingDir: root,
  entryPoints: { app: "src/main.tsx" },
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  jsx: "automatic",
  legalComments: "none", // all of them are in LICENSES.txt
  metafile: true,
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [emojiNames],
});
for (const name of ["index.html", "icon.svg"]) {
  await copyFile(path.join(root, "src", name), path.join(dist, name));
}
await writeFile(path.join(dist, "LICENSES.txt"), await licences(root, Object.keys(result.metafile.inputs)));
for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
  console.log(`${file}  ${Math.ceil(bytes / 1024)} KB`);
}
