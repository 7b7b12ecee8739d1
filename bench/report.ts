import { appendFileSync } from "node:fs";

/* eslint-disable no-restricted-properties -- a bench has no configuration */
const { BENCH_REPORT, BENCH_ROUNDS, BENCH_SECONDS } = process.env;
/* eslint-enable no-restricted-properties */

/** One figure of a bench, and what is asked of it. */
export interface Row {
  /** What is measured, such as "a read's CPU, 8 callers". */
  what: string;
  /** What it is compared with. Left out: nothing. */
  against?: string;
  measured: number;
  /** Such as "×", which is how many times as much as the other. */
  unit: string;
  /** Left out: the figure is only told. */
  target?: { atMost: number } | { atLeast: number };
}

export const isMet = ({ measured, target }: Row): boolean | undefined => {
  if (target === undefined) return undefined;
  return "atMost" in target ? measured <= target.atMost : measured >= target.atLeast;
};

/** The figure and its target as texts. */
export function textsOf({ measured, unit, target }: Row): { measured: string; target: string } {
  const asked =
    target === undefined
      ? []
      : "atMost" in target
        ? ["at most", target.atMost]
        : ["at least", target.atLeast];
  return {
    measured: `${measured < 100 ? measured.toFixed(2) : measured.toFixed(0)} ${unit}`,
    target: target === undefined ? "" : [...asked, unit].join(" "),
  };
}

/** Prints the row. In the run of `npm run bench`, it becomes one of the table, too. */
export function report(row: Row): void {
  const { what, against } = row;
  const { measured, target } = textsOf(row);
  const beside = against === undefined ? "" : ` against ${against}`;
  console.log(`${what}${beside}: ${measured}${target === "" ? "" : `, asked ${target}`}`);
  if (BENCH_REPORT !== undefined) appendFileSync(BENCH_REPORT, `${JSON.stringify(row)}\n`);
}

/** The number of rounds of a bench: the one setting `BENCH_ROUNDS` of all of them, or else its own number. */
export const roundsOr = (own: number): number => Number(BENCH_ROUNDS ?? own);

/** The same for the seconds of each part of a round, `BENCH_SECONDS`. */
export const secondsOr = (own: number): number => Number(BENCH_SECONDS ?? own);
