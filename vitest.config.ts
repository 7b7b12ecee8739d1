import { defineConfig } from "vitest/config";
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";
import { trustCertificate } from "./test/support/trust-certificate.ts";

/** Folders whose files take longest. They begin first, so that no worker waits for the last of them. */
const SLOWEST = ["fuzz", "simulation", "crash", "sandbox", "races", "client"].map((name) => `/test/${name}/`);

class SlowestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = SLOWEST.findIndex((folder) => moduleId.includes(folder));
      return index === -1 ? SLOWEST.length : index;
    };
    return Promise.resolve(files.toSorted((a, b) => rank(a) - rank(b)));
  }
}

trustCertificate();

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // One PostgreSQL, chain and facilitator for the whole run; each test file gets a database of its own.
    globalSetup: "test/support/global-setup.ts",
    // Processes, so that a test file that leaks or crashes takes nobody with it. One more than the smallest CI has cores: the
    // tests wait half of the time, for the chain, for timeouts and for processes.
    pool: "forks",
    maxWorkers: 3,
    // Each worker loads the sources once and not once a file, which took a third of the CPU time. So sources and helpers keep
    // no state of their own in modules; what a file starts, it stops.
    isolate: false,
    sequence: { sequencer: SlowestFirst },
    // Real databases and chains: slow enough to need these, quick enough that hanging shows.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // No tests, or only some, is a failure and not a pass.
    passWithNoTests: false,
    allowOnly: false,
  },
});
