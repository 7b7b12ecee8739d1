import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createDataDirectory } from "./sandboxes.ts";

test("in the compiled sandbox, the demo's agent pays for its resource", { timeout: 120_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["dist/server/demo/main.js", "--once"], {
    cwd: path.resolve(import.meta.dirname, "../.."),
    env: { PATH: process.env["PATH"] ?? "", TOLLFREE_DATA_DIR: createDataDirectory() },
  });
  expect(stdout).toMatch(/^ +payment +\S+ +settled$/m);
  expect(stdout).toMatch(/^ +The transaction is in block \d+ of chain \d+: success$/m);
});
