import path from "node:path";
import { describe, expect, test } from "vitest";
import { showProgress } from "../support/progress.ts";
import { FIRST_SEED, SEEDS } from "../support/rounds.ts";
import { loadCore } from "./core.ts";
import { MUTANTS, plant } from "./mutants.ts";
import type { Simulated } from "./simulate.ts";
import { simulate } from "./simulate.ts";

const SRC = path.resolve(import.meta.dirname, "../../src");
/** Most mutants are caught with the first seed. */
const MUTANT_SEEDS = 80;

/** Prints what was done, for runs with many seeds. */
const report = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

test(
  `in ${SEEDS} simulations the ledger and the chain agree, and no money is lost, doubled or invented`,
  { timeout: 3_600_000 },
  async () => {
    const core = await loadCore(SRC);
    const all: Simulated[] = [];
    const progress = showProgress("seeds simulated", SEEDS);
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const simulated = await simulate({ seed, core });
      expect(simulated.findings, `seed ${seed}`).toEqual([]);
      all.push(simulated);
      progress(all.length);
    }
    const sum = (what: "payments" | "settled" | "refunds" | "together" | "deaths" | "steps"): number =>
      all.reduce((total, one) => total + one[what], 0);
    report(
      `${SEEDS} seeds: ${sum("payments")} payments, ${sum("settled")} settled, ${sum("refunds")} refunded, ${sum("together")} reserved with others; ${sum("deaths")} deaths in ${sum("steps")} steps`,
    );
    // A simulation proves something only if payments settle, refunds are made, batches are shared and processes die.
    expect(sum("together")).toBeGreaterThan(SEEDS);
    expect(sum("settled")).toBeGreaterThan(SEEDS * 2);
    expect(sum("refunds")).toBeGreaterThan(SEEDS / 10);
    expect(sum("deaths")).toBeGreaterThan(SEEDS / 10);
  },
);

describe("the simulator", () => {
  test.each(Object.entries(MUTANTS))(
    "the simulator catches a core that %s",
    { timeout: 600_000 },
    async (_name, mutant) => {
      const { root, remove } = plant(mutant);
      try {
        const core = await loadCore(root);
        for (let seed = FIRST_SEED; seed < FIRST_SEED + MUTANT_SEEDS; seed++) {
          const { findings } = await simulate({ seed, core, tampering: mutant.tampering ?? [] });
          if (findings.length > 0) {
            report(`caught with seed ${seed}: ${findings[0] ?? ""}`);
            return;
          }
        }
        expect.fail(`not caught in ${MUTANT_SEEDS} seeds`);
      } finally {
        remove();
      }
    },
  );
});
