// Writes ../schema.json: Message, Modal and Home of payloads.ts as JSON Schema. The same lockfile gives the same bytes
// on every machine; CI makes it anew and compares.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createGenerator } from "ts-json-schema-generator";

const here = path.dirname(fileURLToPath(import.meta.url));
const schema = createGenerator({
  path: path.join(here, "payloads.ts"),
  expose: "export",
  jsDoc: "none",
  additionalProperties: false, // a property that Slack's types do not know is an error
  skipTypeCheck: true,
}).createSchema("*");
await writeFile(path.join(here, "..", "schema.json"), `${JSON.stringify(schema, null, 1)}\n`);
