import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import { mint } from "../../support/chain.ts";
import { books, expectBooksToBalance } from "../../support/money.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import {
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let service_key: string;
let campaign_id: string;

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  service_key = await registerApi(server.url, acme.key, upstream);
  campaign_id = await createCampaign(server.url, acme, [service_key], { fundCents: 0 });
});

const book = (
  input: Record<string, unknown>,
  transport: Transport = "rest",
  url = server.url,
): Promise<Answer> =>
  call(
    url,
    "admin.bookCredit",
    { sponsor_id: acme.sponsor_id, amount_cents: 10, reference: randomUUID(), ...input },
    ADMIN_KEY,
    transport,
  );

const budgetOf = (limit_cents: number) => ({
  limit_cents,
  spent_cents: 0,
  reserved_cents: 0,
  remaining_cents: limit_cents,
});

describe.each(TRANSPORTS)("booking a credit, over %s", (transport) => {
  test("to a campaign adds exactly that to its budget", async () => {
    const reference = randomUUID();
    expect(expectSuccess(await book({ campaign_id, amount_cents: 1.2345, reference }, transport))).toEqual({
      reference,
      budget: budgetOf(1.2345),
    });
    expectSuccess(await book({ campaign_id, amount_cents: 0.0001 }, transport));
    const shown = await call(server.url, "sponsor.getCampaign", { campaign_id }, acme.key, transport);
    expect(expectSuccess(shown).budget).toEqual(budgetOf(1.2346));
    const credit = await server.deps.db.credit.findUniqueOrThrow({ where: { reference } });
    expect(credit).toMatchObject({ sponsorId: acme.sponsor_id, amountMicros: 12_345n });
  });

  test("to an API opens its own budget, and then adds to it", async () => {
    const shown = async () =>
      expectSuccess(await call(server.url, "sponsor.getApi", { service_key }, acme.key, transport))
        .budget as unknown;
    expect(await shown()).toBeNull();
    expect(expectSuccess(await book({ service_key }, transport)).budget).toEqual(budgetOf(10));
    expect(expectSuccess(await book({ service_key }, transport)).budget).toEqual(budgetOf(20));
    expect(await shown()).toEqual(budgetOf(20));
    expect((await books(server.deps.db, "sponsored_api")).limit % 200_000n).toBe(0n);
  });

  test("with the same reference again changes nothing; for another booking it is a conflict", async () => {
    const other = await createSponsor(server.url, "Other");
    const elsewhere = await createCampaign(server.url, other, [service_key], { fundCents: 0 });
    const reference = randomUUID();
    const first = expectSuccess(await book({ campaign_id, reference }, transport));
    const before = await books(server.deps.db, "campaign");
    expect(expectSuccess(await book({ campaign_id, reference }, transport))).toEqual(first);
    expect(expectSuccess(await book({ campaign_id, reference: ` ${reference} ` }, transport))).toEqual(first);
    for (const changes of [
      { campaign_id, amount_cents: 10.0001 },
      { service_key },
      { campaign_id: elsewhere, sponsor_id: other.sponsor_id },
    ]) {
      const refused = expectRefused(await book({ reference, ...changes }, transport), 409, "conflict");
      expect(refused.retry_allowed).toBe(false);
    }
    expect(await books(server.deps.db, "campaign")).toEqual(before);
    // Not even an empty account is left of it.
    expect(
      (await server.deps.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: service_key } }))
        .budgetAccountId,
    ).toBeNull();
  });

  test("needs a target that is this sponsor's, and only one", async () => {
    const stranger = await createSponsor(server.url, "Other");
    const theirs = { sponsor_id: stranger.sponsor_id };
    const cases: [Record<string, unknown>, number, string][] = [
      [{}, 400, "/campaign_id"],
      [{ campaign_id, service_key }, 400, "/service_key"],
      [{ campaign_id, amount_cents: 0 }, 400, "/amount_cents"],
      [{ campaign_id, amount_cents: -1 }, 400, "/amount_cents"],
      [{ campaign_id, amount_cents: 0.00001 }, 400, "/amount_cents"],
      [{ campaign_id, reference: " " }, 400, "/reference"],
      [{ campaign_id, currency: "EUR" }, 400, "/currency"],
      [{ campaign_id, ...theirs }, 404, "campaign"],
      [{ service_key, ...theirs }, 404, "service"],
      [{ campaign_id: randomUUID() }, 404, "campaign"],
      [{ campaign_id: "malformed" }, 404, "campaign"],
      [{ service_key: "no-such" }, 404, "service"],
      [{ campaign_id, sponsor_id: randomUUID() }, 404, "sponsor"],
      [{ campaign_id, sponsor_id: "malformed" }, 404, "sponsor"],
    ];
    const before = await server.deps.db.credit.count();
    for (const [input, status, what] of cases) {
      const answer = await book(input, transport);
      if (status === 400) {
        const refused = expectRefused(answer, 400, "validation_error");
        expect((refused.field_errors as { path: string }[]).map(({ path }) => path)).toEqual([what]);
      } else {
        expect(expectRefused(answer, 404, "not_found").message).toBe(`There is no such ${what}.`);
      }
    }
    expect(await server.deps.db.credit.count()).toBe(before);
  });
});

test("a credit that the treasury doesn't cover is refused, exact to the unit", async () => {
  const poor = await startTestServer({ treasuryMicros: 1_000_000n });
  try {
    const sponsor = await createSponsor(poor.url);
    const key = await registerApi(poor.url, sponsor.key, upstream);
    const id = await createCampaign(poor.url, sponsor, [key], { fundCents: 0 });
    const bookHere = (target: Record<string, unknown>, amount_cents: number, transport?: Transport) =>
      book({ sponsor_id: sponsor.sponsor_id, amount_cents, ...target }, transport, poor.url);
    const short = async (
      target: Record<string, unknown>,
      amount: number,
      covered_cents: number,
    ): Promise<void> => {
      for (const transport of TRANSPORTS) {
        const refused = expectRefused(await bookHere(target, amount, transport), 409, "treasury_shortfall");
        expect(refused).toMatchObject({ retry_allowed: false, details: { covered_cents } });
      }
    };
    await short({ campaign_id: id }, 100.0001, 100);
    expectSuccess(await bookHere({ campaign_id: id }, 60));
    // Campaigns and open budgets draw on the same treasury.
    await short({ service_key: key }, 40.0001, 40);
    expectSuccess(await bookHere({ service_key: key }, 39.9999));
    await short({ campaign_id: id }, 0.0002, 0.0001);
    expectSuccess(await bookHere({ campaign_id: id }, 0.0001));
    await short({ campaign_id: id }, 0.0001, 0);

    // What was paid out has left the treasury and the budgets alike.
    const grant = await createGrant(poor.url);
    const { token } = await openSession(poor.url, grant);
    await completeTask(poor.url, token, id);
    const run = await call(poor.url, "agent.runService", { service_key: key }, token);
    expect(expectSuccess(run).payment).toMatchObject({ status: "settled", amount_cents: 2 });
    await short({ campaign_id: id }, 0.0001, 0);
    await mint(poor.treasury, 3n);
    await short({ campaign_id: id }, 0.0004, 0.0003);
    expect(expectSuccess(await bookHere({ campaign_id: id }, 0.0003)).budget.limit_cents).toBe(60.0004);
    await expectBooksToBalance(poor.deps.db);
  } finally {
    await poor.close();
  }
});
