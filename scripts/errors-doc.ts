/**
 * `npm run errors:doc`: writes docs/errors.md from the catalogue of errors. With `--check` (`npm run
 * errors:check`), compares instead, and exits with 1 if they differ.
 */
import { readFile, writeFile } from "node:fs/promises";
import { ERRORS } from "../src/core/protocol/errors.ts";

const FILE = new URL("../docs/errors.md", import.meta.url);

const RETRY = {
  true: "yes",
  false: "no",
  if_approval: "once the user has approved",
} as const;

const rows = Object.entries(ERRORS)
  .sort(([codeA, errorA], [codeB, errorB]) =>
    errorA.status === errorB.status ? codeA.localeCompare(codeB) : errorA.status - errorB.status,
  )
  .map(
    ([code, { status, retry, message }]) =>
      `| \`${code}\` | ${status} | ${RETRY[String(retry) as keyof typeof RETRY]} | ${message} |`,
  );

const text = `# Errors

Every failure, on every route and transport, from status 400 up, is one envelope:

\`\`\`json
{
  "status": "error",
  "error_code": "rate_limited",
  "message": "Too many requests.",
  "retry_allowed": true,
  "retry_after_seconds": 12,
  "next_actions": [],
  "request_id": "0f8e…"
}
\`\`\`

\`field_errors\` names each refused field by its JSON Pointer, \`details\` depends on the code. On tRPC the same fields are
under \`error.data\`. *Retry* says whether the same request, unchanged, can succeed later: after waiting, or after its
next actions are done.

This table is generated from \`src/core/protocol/errors.ts\` by \`npm run errors:doc\`.

| code | status | retry | message |
|---|---|---|---|
${rows.join("\n")}
`;

if (!process.argv.includes("--check")) {
  await writeFile(FILE, text);
} else if ((await readFile(FILE, "utf8").catch(() => "")) !== text) {
  console.error(
    "docs/errors.md doesn't match src/core/protocol/errors.ts. Run `npm run errors:doc` and commit the result.",
  );
  process.exitCode = 1;
}
