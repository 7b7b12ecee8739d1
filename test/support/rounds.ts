/** How long the long tests run: short with `npm test`, long with the scripts of package.json. */

/** How many seeds are simulated: 20 with `npm test`, 500 with `npm run simulate`. */
export const SEEDS = Number(process.env["SIMULATE_SEEDS"] ?? 20);
/** The first seed. To repeat one that failed, set it, and `SIMULATE_SEEDS=1`. */
export const FIRST_SEED = Number(process.env["SIMULATE_FIRST"] ?? 1);

/** How often the server is killed: 5 times with `npm test`, 50 times with `npm run kill`. */
export const KILL_ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 5);

/** How many seconds the chain or the facilitator is down under load: 6 with `npm test`, 60 with `npm run outage`. */
export const OUTAGE_SECONDS = Number(process.env["OUTAGE_SECONDS"] ?? 6);
