/**
 * Writes the committed OpenAPI document from the router, or with `--check` compares it and exits with 1 when the
 * two have drifted apart.
 */
import { readFile, writeFile } from "node:fs/promises";
import { buildOpenApi } from "../src/api/openapi.ts";
import { listOperations } from "../src/api/operations.ts";
import { appRouter } from "../src/api/router.ts";

const FILE = new URL("../openapi/openapi.json", import.meta.url);

const document = buildOpenApi(listOperations(appRouter), { router: appRouter, serverUrl: "/" });
const text = `${JSON.stringify(document, null, 2)}\n`;

if (process.argv.includes("--check")) {
  const committed = await readFile(FILE, "utf8").catch(() => "");
  if (committed !== text) {
    console.error(
      "openapi/openapi.json doesn't match the router. Run `npm run openapi` and commit the result.",
    );
    process.exitCode = 1;
  }
} else {
  await writeFile(FILE, text);
}
