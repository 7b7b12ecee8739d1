/**
 * `npm run openapi`: writes the OpenAPI documents in openapi/ from the router. With `--check` (`npm run
 * openapi:check`), compares instead, and exits with 1 if they differ.
 */
import { readFile, writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import type { OpenApiOptions } from "../src/api/openapi/document.ts";
import { buildOpenApi } from "../src/api/openapi/document.ts";
import { listOperations } from "../src/api/operation/operations.ts";
import { appRouter } from "../src/api/router.ts";

/** Servers put their own address, and who runs them, in their places. */
const DOCUMENTS: { name: string; options: Omit<OpenApiOptions, "router"> }[] = [
  { name: "openapi.json", options: { serverUrl: "/" } },
  { name: "gpt.json", options: { serverUrl: "https://tollfree.example", surfaces: ["gpt"], plain: true } },
];

const texts = new Map<string, string>();
for (const { name, options } of DOCUMENTS) {
  const document = buildOpenApi(listOperations(appRouter), { router: appRouter, ...options });
  texts.set(name, `${JSON.stringify(document, null, 2)}\n`);
  if (options.plain === true) texts.set(name.replace(".json", ".yaml"), stringify(document));
}

for (const [name, text] of texts) {
  const file = new URL(`../openapi/${name}`, import.meta.url);
  if (!process.argv.includes("--check")) {
    await writeFile(file, text);
  } else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
    console.error(`openapi/${name} doesn't match the router. Run \`npm run openapi\` and commit the result.`);
    process.exitCode = 1;
  }
}
