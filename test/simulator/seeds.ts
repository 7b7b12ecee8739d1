/** How many worlds are simulated: a few with every run of the tests, 500 with `npm run simulate`. */
export const SEEDS = Number(process.env["SIMULATE_SEEDS"] ?? 20);
/** The first of them: to see one again that failed, with `SIMULATE_SEEDS=1`. */
export const FIRST_SEED = Number(process.env["SIMULATE_FIRST"] ?? 1);
