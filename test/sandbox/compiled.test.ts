import { expect, test } from "vitest";
import { runCommand } from "../support/process.ts";
import { createDataDirectory } from "./sandboxes.ts";

test("in the compiled sandbox, the demo's agent pays for its resource", { timeout: 120_000 }, async () => {
  const { stdout } = await runCommand([process.execPath, "dist/server/demo/main.js", "--once"], {
    TOLLFREE_DATA_DIR: createDataDirectory(),
  });
  expect(stdout).toMatch(/^ +payment +\S+ +settled$/m);
  expect(stdout).toMatch(/^ +The transaction is in block \d+ of chain \d+: success$/m);
});
