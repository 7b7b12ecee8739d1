/** How often the real server is killed: a few times with every run of the tests, 50 with `npm run kill`. */
export const KILL_ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 5);

/** For how long the chain or the facilitator is away under load: some seconds, or a minute with `npm run outage`. */
export const OUTAGE_SECONDS = Number(process.env["OUTAGE_SECONDS"] ?? 6);
