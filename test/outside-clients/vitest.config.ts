import { defineConfig } from "vitest/config";
import config from "../../vitest.config.ts";

/** For `npm run clients`: the tests of clients whose packages are only in this folder. */
export default defineConfig({
  test: { ...config.test, include: ["test/outside-clients/*.clients.ts"], testTimeout: 120_000 },
});
