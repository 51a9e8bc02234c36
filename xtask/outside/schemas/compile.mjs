// Compiles each JSON Schema with ajv at its strictest, and tries it on a good and a bad record.
//
//     compile.mjs FOLDER
import fs from "node:fs";
import path from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const folder = process.argv[2];
const files = fs.readdirSync(folder).filter((name) => name.endsWith(".schema.json"));
if (files.length !== 6) throw new Error(`${files.length} schemas in ${folder}`);
for (const name of files) {
  const ajv = new Ajv2020.default({
    strict: true,
    strictRequired: true,
    strictTypes: true,
    strictTuples: true,
    validateFormats: true,
  });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")));
  const good = {
    objectId: "r-1",
    modifiedDate: "2026-03-01T09:30:00Z",
    name: "Acme",
    emailAddress: "ada@acme.example",
  };
  if (!validate(good)) throw new Error(`${name} rejects ${JSON.stringify(validate.errors)}`);
  if (validate({ ...good, objectId: "a/b" })) throw new Error(`${name} accepts the id a/b`);
}
