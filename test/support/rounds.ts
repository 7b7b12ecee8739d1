/** How much is tried: little with every run of the tests, all of it with the scripts of package.json. */

/** How many worlds are simulated: a few with every run of the tests, 500 with `npm run simulate`. */
export const SEEDS = Number(process.env["SIMULATE_SEEDS"] ?? 20);
/** The first of them: to see one again that failed, with `SIMULATE_SEEDS=1`. */
export const FIRST_SEED = Number(process.env["SIMULATE_FIRST"] ?? 1);

/** How often the real server is killed: a few times with every run of the tests, 50 with `npm run kill`. */
export const KILL_ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 5);

/** For how long the chain or the facilitator is away under load: some seconds, or a minute with `npm run outage`. */
export const OUTAGE_SECONDS = Number(process.env["OUTAGE_SECONDS"] ?? 6);
