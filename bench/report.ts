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

/** Prints the row. In the run of `npm run bench`, it becomes one of the table, too. */
export function report(row: Row): void {
  const { what, against, measured, unit, target } = row;
  const asked =
    target === undefined
      ? ""
      : `, asked ${"atMost" in target ? `at most ${target.atMost}` : `at least ${target.atLeast}`}`;
  console.log(
    `${what}${against === undefined ? "" : ` against ${against}`}: ${measured.toPrecision(3)} ${unit}${asked}`,
  );
  if (BENCH_REPORT !== undefined) appendFileSync(BENCH_REPORT, `${JSON.stringify(row)}\n`);
}

/** The number of rounds of a bench: the one setting `BENCH_ROUNDS` of all of them, or else its own number. */
export const roundsOr = (own: number): number => Number(BENCH_ROUNDS ?? own);

/** The same for the seconds of each part of a round, `BENCH_SECONDS`. */
export const secondsOr = (own: number): number => Number(BENCH_SECONDS ?? own);
