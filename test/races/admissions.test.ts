import { afterAll, beforeAll, expect, test } from "vitest";
import type { Cap } from "../../src/core/money/reservation/index.ts";
import { reserve } from "../../src/core/money/reservation/index.ts";
import type { Payer } from "../support/admissions.ts";
import { admissionOf, Admissions, PLENTY, startReplica } from "../support/admissions.ts";
import { atOnce } from "../support/at-once.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase } from "../support/database.ts";
import { expectBooksToBalance } from "../support/money.ts";

/** Calls that reserve at once share a transaction, and every cap holds over all of them and over all replicas. */

const CALLERS = 16;
const TRIES = 20;
const REPLICAS = 3;
const SPONSORS = 7;
/** What each account that binds has left. Not a multiple of three, so that amounts of 1 to 3 leave a rest. */
const ROOM = 11n;
const AMOUNTS = { equal: [1n], different: [1n, 2n, 3n] };

let database: TestDatabase;
let admissions: Admissions;
let replicas: ReturnType<typeof startReplica>[];
beforeAll(async () => {
  database = await createDatabase();
  admissions = await Admissions.prepare(database.url, { callers: CALLERS, campaigns: 22, maxCalls: 1_000 });
  replicas = Array.from({ length: REPLICAS }, () => startReplica(database.serverUrl));
});
afterAll(async () => {
  await Promise.all(replicas.map(({ close }) => close()));
  await database.close();
});

const accountsWith = async (condition: string, values: unknown[] = []): Promise<string[]> =>
  (await admissions.query(`SELECT id FROM budget_accounts WHERE ${condition}`, values)).map(({ id }) =>
    String(id),
  );

/** The accounts that bind, by the cap. */
const BINDING: Record<Cap, (payer: Payer) => Promise<string[]>> = {
  payer: ({ accountId }) => Promise.resolve([accountId]),
  session: () => accountsWith("kind = 'session'"),
  grant: () => accountsWith("kind = 'grant'"),
  user_calls: ({ campaignId }) => accountsWith("campaign_id = $1", [campaignId]),
  day: () => accountsWith("kind = 'treasury_day'"),
};
const CASES = Object.entries(BINDING).flatMap(([cap, accountsOf]) =>
  Object.entries(AMOUNTS).map(([name, amounts]) => ({ cap, accountsOf, name, amounts })),
);

test.each(CASES)(
  `of ${CALLERS * TRIES} calls at once on ${REPLICAS} replicas, with $name amounts, as many are admitted as the cap $cap allows, and each refusal names it`,
  async ({ cap, accountsOf, amounts }) => {
    // One sponsor may hold half of the day's cap, so a day is used up by several.
    const payers = admissions.payers.splice(0, cap === "day" ? SPONSORS : 1);
    const [payer] = payers;
    if (payer === undefined) throw new Error("no campaign is left");
    const run = async (tries: number, dayCapMicros: bigint) => {
      const claims = await admissions.claim(Array.from({ length: tries }, () => admissions.callers).flat());
      return atOnce(claims.length, async (n) => {
        const [claimed, replica] = [claims[n], replicas[n % REPLICAS]];
        if (claimed === undefined || replica === undefined) throw new Error("no call");
        const amount = amounts[n % amounts.length] ?? 1n;
        const call = admissionOf(claimed, payers[n % payers.length] ?? payer, amount, { dayCapMicros });
        return { call, amount, result: await reserve(replica.batches, call) };
      });
    };
    // One call each: many at once open the accounts of the day and of the users' calls.
    for (const { result } of await run(1, PLENTY)) expect(result).toEqual({ kind: "reserved" });
    const binding = await accountsOf(payer);
    await admissions.leave(binding, ROOM);
    const before = await admissions.balances(binding);
    // The day's account gets the limit that the configuration says.
    const outcomes = await run(TRIES, cap === "day" ? (before[0]?.reserved ?? 0n) + ROOM : PLENTY);

    const refused = outcomes.filter(({ result }) => result.kind !== "reserved");
    expect(refused.length).toBeGreaterThan(CALLERS);
    for (const { result } of refused) expect(result).toMatchObject({ kind: "insufficient", caps: [cap] });
    // A call is refused only if it would pass the cap. The smallest that was refused asked for more than is left now.
    const asked = cap === "user_calls" ? [1n] : refused.map(({ amount }) => amount);
    const least = asked.reduce((a, b) => (a < b ? a : b));
    const left = (await admissions.balances(binding)).map(({ remaining }) => remaining);
    expect(left).toHaveLength(cap === "payer" || cap === "day" ? 1 : CALLERS);
    expect(left.filter((remaining) => remaining < 0n || remaining >= least)).toEqual([]);

    const admitted = outcomes.filter(({ result }) => result.kind === "reserved");
    const count = admitted.length;
    expect(await admissions.traces(admitted.map(({ call }) => call))).toEqual({
      ...{ payments: count, holds: 5 * count, events: count, keys: count },
    });
    expect(await admissions.traces(refused.map(({ call }) => call))).toEqual({
      ...{ payments: 0, holds: 0, events: 0, keys: 0 },
    });
    await expectBooksToBalance(database.db);
    await admissions.leave(binding, PLENTY);
    // Payments that nobody decides would be too many of one user.
    await admissions.query("UPDATE payments SET status = 'void' WHERE status = 'reserved'");
    await admissions.query("UPDATE budget_accounts SET reserved = 0");
  },
);
