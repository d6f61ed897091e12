// Writes down the licence of every package that a bundle contains, from the list of its input files.
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

// Compiled into slack-blocks-to-jsx without a trace in its dependencies.
const vendored = [
  {
    name: "@yozora/parser and its tokenizers (inside slack-blocks-to-jsx)",
    licence: "MIT",
    copyright: "Copyright (c) 2020-2023 guanghechen (https://github.com/guanghechen)",
  },
];

const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;

const rule = `\n\n${"-".repeat(80)}\n\n`;

/** The text of LICENSES.txt for the packages that own the given input files. */
export async function licences(root, inputs) {
  const folders = new Set(inputs.map(packageFolder).filter(Boolean));
  const parts = await Promise.all([...folders].map((folder) => describe(root, folder)));
  parts.push(...vendored.map((v) => ({ name: v.name, text: `${v.name}\nLicence: ${v.licence}\n\n${v.copyright}\n\n${mit}` })));
  parts.sort((a, b) => (a.name < b.name ? -1 : 1));
  return `The files app.js and app.css contain the following packages.${rule}${parts.map((p) => p.text).join(rule)}\n`;
}

function packageFolder(input) {
  return input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1];
}

async function describe(root, folder) {
  const manifest = JSON.parse(await readFile(path.join(root, folder, "package.json"), "utf8"));
  const name = `${manifest.name} ${manifest.version}`;
  const licence = manifest.license;
  if (!licence) throw new Error(`${name} names no licence`);
  const files = await readdir(path.join(root, folder));
  const file = files.sort().find((f) => /^licen[cs]e/i.test(f));
  if (!file && licence !== "MIT") throw new Error(`${name} (${licence}) brings no licence text`);
  const body = file ? await readFile(path.join(root, folder, file), "utf8") : `${owner(manifest)}\n\n${mit}`;
  return { name, text: `${name}\nLicence: ${licence}\n\n${body.replace(/\r\n/g, "\n").trim()}` };
}

function owner({ author }) {
  return `Copyright (c) ${typeof author === "string" ? author : (author?.name ?? "the authors")}`;
}
