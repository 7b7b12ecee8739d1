import { defineConfig } from "vitest/config";
import base from "../vitest.config.ts";

// Benches that need the tests' services and judge what they measure. `vitest.config.ts` leaves them out.
export default defineConfig({
  test: { ...base.test, include: ["bench/*.bench.ts"], testTimeout: 600_000, maxWorkers: 1 },
});
