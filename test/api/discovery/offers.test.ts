import { beforeAll, describe, expect, test } from "vitest";
import { BUILT_IN_THESAURUS } from "../../../src/app/config-fields.ts";
import {
  countTerms,
  indexOutdated,
  indexServices,
  refreshChangedBudgets,
  refreshOffers,
  repairSlice,
  useTermsVersion,
} from "../../../src/core/sponsorship/offer/index.ts";
import { atOnce } from "../../support/at-once.ts";
import { expectSuccess } from "../../support/call.ts";
import { queryRows } from "../../support/database.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { createLog } from "../../../src/platform/observability/log.ts";
import { eventually } from "../../support/eventually.ts";
import { useWorld } from "../../support/use-world.ts";

/** What services are offered for is kept in a table, and stays what services, campaigns and budgets say. */

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
beforeAll(async () => {
  acme = await world.createSponsor("Acme", "0x00000000000000000000000000000000000000aa");
});

/** Who pays for what: services and accounts, by the view that runs ask too. */
const PAYERS = `SELECT sponsored_api_id AS service_id, account_id FROM service_payers
  WHERE user_id = '00000000-0000-0000-0000-000000000000' AND active AND covers_price`;

/** The differences between the kept offers and the truth. */
const wrongOffers = async (): Promise<unknown[]> => [
  ...(await queryRows(
    world.database.url,
    `(TABLE offers EXCEPT TABLE current_offers) UNION ALL (TABLE current_offers EXCEPT TABLE offers)`,
  )),
  ...(await queryRows(
    world.database.url,
    `(SELECT service_id, account_id FROM offers EXCEPT ${PAYERS}) UNION ALL (${PAYERS} EXCEPT SELECT service_id, account_id FROM offers)`,
  )),
];

/** The same, and services that are ranked as if a budget could pay for them, or none could, while it is otherwise. */
const differences = async (): Promise<unknown[]> => [
  ...(await wrongOffers()),
  ...(await queryRows(
    world.database.url,
    `SELECT e.service_id, e.tier, e.own_budget FROM search_entries e
      WHERE (e.tier < 4) <> EXISTS (SELECT FROM service_payers p JOIN budget_accounts b ON b.id = p.account_id JOIN sponsored_apis a ON a.id = p.sponsored_api_id
                                     WHERE p.sponsored_api_id = e.service_id AND p.user_id = '00000000-0000-0000-0000-000000000000'
                                       AND p.active AND p.covers_price AND b."limit" - b.spent >= a.expected_cost_micros)
         OR (e.tier < 4) <> (e.rank < 1) OR (e.tier < 4) <> (e.terms @@ '''=open'''::tsquery)`,
  )),
];

const names = async (token: string, input: Record<string, unknown>): Promise<string[]> =>
  (expectSuccess(await world.call("agent.searchServices", input, token)).services as { name: string }[]).map(
    ({ name }) => name,
  );
const openSession = async (): Promise<string> =>
  (await world.openSession(await world.createGrant(), { budgetCents: 50 })).token;

test("after each kind of change, offers are what services, campaigns and budgets say", async () => {
  const { sponsor_id, key } = acme;
  const api = (name: string, changes = {}) => world.registerService(key, "honest", { name, ...changes });
  const change = async (operation: string, input: Record<string, unknown>): Promise<void> => {
    expectSuccess(await world.call(`sponsor.${operation}`, input, key));
    expect(await differences(), `${operation} ${JSON.stringify(input)}`).toEqual([]);
  };
  const [one, two, three] = [await api("One"), await api("Two"), await api("Three")];
  expect(await differences()).toEqual([]);
  const campaign = await world.createCampaign(acme, [one, two], { fundCents: 0 });
  expect(await differences()).toEqual([]);
  await world.bookCredit(sponsor_id, { campaign_id: campaign }, 100);
  expect(await differences()).toEqual([]);
  await world.bookCredit(sponsor_id, { service_key: two }, 100);
  expect(await differences()).toEqual([]);

  await change("changeApi", { service_key: one, price_cents: 9 }); // more than the subsidy
  await change("changeApi", { service_key: one, price_cents: 1, name: "First", categories: ["travel"] });
  await change("changeApi", { service_key: one, active: false });
  await change("changeApi", { service_key: one, active: true });
  await change("changeCampaign", { campaign_id: campaign, subsidy_per_call_cents: 0.5 });
  await change("changeCampaign", {
    campaign_id: campaign,
    subsidy_per_call_cents: 5,
    target_roles: ["chef"],
  });
  await change("changeCampaign", { campaign_id: campaign, max_calls_per_user: 3, target_tools: ["knife"] });
  await change("changeCampaign", { campaign_id: campaign, active: false });
  await change("changeCampaign", { campaign_id: campaign, active: true, target_roles: [], target_tools: [] });
  await change("changeCampaign", { campaign_id: campaign, service_keys: [two, three] });
  await change("changeCampaign", {
    campaign_id: campaign,
    estimated_task_duration_seconds: 99,
    max_calls_per_user: null,
  });
  await change("withdrawFromApi", { service_key: two, amount_cents: 100 });
  await change("archiveApi", { service_key: three });

  // Runs: one spends what is left of the budget, and the first quote says what a call costs.
  const token = await openSession();
  await world.completeTask(token, campaign);
  expectSuccess(await world.run(token, two));
  await eventually(async () => expect(await differences()).toEqual([]));
});

test("a seller that is set aside is found no more, from the settlement on", async () => {
  const broken = await world.registerService(acme.key, "fails", { name: "Brokenware" });
  const campaign = await world.createCampaign(acme, [broken]);
  const viewer = await openSession();
  expect(await names(viewer, { q: "brokenware" })).toEqual(["Brokenware"]);
  for (let n = 0; n < 3; n += 1) {
    const token = await openSession();
    await world.completeTask(token, campaign);
    await world.run(token, broken);
  }
  await eventually(async () =>
    expect(await world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: broken } })).toMatchObject({
      active: false,
    }),
  );
  expect(await names(viewer, { q: "brokenware" })).toEqual([]);
  expect(await wrongOffers()).toEqual([]);
  // Its place among the others may wait: a service without offers isn't found.
  expectSuccess(await world.call("sponsor.archiveApi", { service_key: broken }, acme.key));
  expect(await differences()).toEqual([]);
});

test("changes of services, campaigns and links at the same time leave no wrong offer, and no deadlock", async () => {
  const keys = await atOnce(6, (n) => world.registerService(acme.key, "honest", { name: `Racer ${n}` }));
  const campaigns = await atOnce(3, (n) =>
    world.createCampaign(acme, keys.slice(n, n + 3), { name: `Race ${n}` }),
  );
  const of = <Item>(list: readonly Item[], n: number): Item => list[n % list.length] as Item;
  for (let round = 0; round < 4; round += 1) {
    await atOnce(24, async (n) => {
      const service = { service_key: of(keys, n * 5 + round) };
      const campaign = { campaign_id: of(campaigns, n + round) };
      const changes: [string, Record<string, unknown>][] = [
        ["changeApi", { ...service, price_cents: 1 + ((n + round) % 8) }],
        ["changeApi", { ...service, active: (n + round) % 3 > 0 }],
        ["changeCampaign", { ...campaign, subsidy_per_call_cents: 1 + ((n * 3 + round) % 8) }],
        ["changeCampaign", { ...campaign, active: (n + round) % 2 > 0 }],
        [
          "changeCampaign",
          { ...campaign, service_keys: [of(keys, n), of(keys, n + 1 + (round % 3)), of(keys, n + 4)] },
        ],
        ["changeApi", { ...service, name: `Racer ${n} ${round}` }],
      ];
      const [operation, input] = of(changes, n);
      expectSuccess(await world.call(`sponsor.${operation}`, input, acme.key));
    });
    expect(await differences(), `round ${round}`).toEqual([]);
  }
});

test("a change that isn't committed yet holds up no change of another service with the same words", async () => {
  const { sql, thesaurus } = world.server.deps;
  const [one, two] = await atOnce(2, (n) =>
    world.registerService(acme.key, "honest", { name: `Same words ${n}` }),
  );
  const idOf = async (serviceKey = "") =>
    (await world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey }, select: { id: true } })).id;
  const [first, second] = [await idOf(one), await idOf(two)];
  await sql.transaction(async (tx) => {
    await indexServices(tx, [first], thesaurus);
    await sql.transaction((other) => indexServices(other, [second], thesaurus));
  });
});

describe("what no verb has kept true", () => {
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line: string) => void lines.push(line) } });
  const repairAll = async (): Promise<void> => {
    const { sql, thesaurus } = world.server.deps;
    let last: string | null = null;
    do last = await repairSlice({ sql, thesaurus, log }, last);
    while (last !== null);
  };

  test("is repaired and reported: offers that are wrong, missing or left over, and a service that isn't known", async () => {
    const [one, two] = await atOnce(2, (n) =>
      world.registerService(acme.key, "honest", { name: `Drifter ${n}` }),
    );
    await world.createCampaign(acme, [one ?? "", two ?? ""]);
    await repairAll();
    lines.length = 0;
    await repairAll();
    expect(lines).toEqual([]); // nothing is reported where all is well
    const { id } = await world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: one ?? "" } });
    const other = await world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: two ?? "" } });
    const owner = world.database.db;
    // The server's own job may be faster than ours, once or twice.
    await eventually(async () => {
      lines.length = 0;
      await owner.$executeRaw`UPDATE offers SET price_micros = 1 WHERE service_id = ${id}::uuid`;
      await owner.$executeRaw`DELETE FROM offers WHERE service_id = ${other.id}::uuid`;
      await owner.$executeRaw`DELETE FROM search_entries WHERE service_id = ${other.id}::uuid`;
      await repairAll();
      expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { event: "offers_repaired", offers: 1, services_without_entry: 1 },
      ]);
    });
    expect(await differences()).toEqual([]);
    expect((await names(await openSession(), { q: "drifter" })).toSorted()).toEqual([
      "Drifter 0",
      "Drifter 1",
    ]);
  });

  test("money that arrives without a sponsor's call lets a service be found first again", async () => {
    const service = await world.registerService(acme.key, "honest", { name: "Refunded" });
    const campaign = await world.createCampaign(acme, [service], { fundCents: 10 });
    const { id } = await world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: service } });
    const tier = async (): Promise<number> =>
      (await world.db.searchEntry.findUniqueOrThrow({ where: { serviceId: id }, select: { tier: true } }))
        .tier;
    // As if the budget had been spent, and its money came back with a transfer that no verb of a sponsor made.
    const { budgetAccountId } = await world.db.campaign.findUniqueOrThrow({ where: { id: campaign } });
    const spend = (spent: bigint) =>
      world.db.budgetAccount.update({ where: { id: budgetAccountId }, data: { spent } });
    await spend(100_000n);
    await world.server.deps.sql.transaction((tx) => refreshOffers(tx, [id]));
    expect(await tier()).toBe(4);
    await spend(0n);
    await refreshChangedBudgets(world.server.deps); // the credit is a transfer of the last minute
    expect(await tier()).toBe(3);
  });
});

describe("terms of another version", () => {
  const deps = (version: string) => ({
    ...world.server.deps,
    thesaurus: { ...BUILT_IN_THESAURUS, version },
  });
  const versions = async (): Promise<string[]> =>
    (await world.db.searchEntry.findMany({ distinct: ["termsVersion"], select: { termsVersion: true } })).map(
      ({ termsVersion }) => termsVersion,
    );

  test("are replaced in the background, by several replicas at once, and never by an older release", async () => {
    await useTermsVersion(deps("newer"));
    const counts = await atOnce(3, () => indexOutdated(deps("newer")));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(await world.db.searchEntry.count());
    expect(await versions()).toEqual(["newer"]);
    expect(await indexOutdated(deps("older"))).toBe(0);
    // A replica of the older release still writes its own terms, which the newer one replaces.
    const { id } = await world.db.sponsoredApi.findFirstOrThrow();
    await world.server.deps.sql.transaction((tx) => indexServices(tx, [id], deps("older").thesaurus));
    expect((await versions()).toSorted()).toEqual(["newer", "older"]);
    expect(await indexOutdated(deps("newer"))).toBe(1);
    expect(await versions()).toEqual(["newer"]);
  });
});

test("a term that no service has any more is forgotten at the second count, unless it is used again", async () => {
  const { sql } = world.server.deps;
  const key = await world.registerService(acme.key, "honest", { name: "Okapi Quagga" });
  const frequency = async (term: string): Promise<number | undefined> =>
    (await world.db.searchTerm.findUnique({ where: { term } }))?.services;
  await countTerms({ sql });
  expect(await frequency("quagga")).toBe(1);
  const rename = (name: string) => world.call("sponsor.changeApi", { service_key: key, name }, acme.key);
  await rename("Nothing");
  await countTerms({ sql });
  expect([await frequency("okapi"), await frequency("quagga")]).toEqual([0, 0]);
  await rename("Quagga");
  await countTerms({ sql });
  expect([await frequency("okapi"), await frequency("quagga")]).toEqual([undefined, 1]);
});
