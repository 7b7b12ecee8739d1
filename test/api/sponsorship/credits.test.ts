import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { Caller, SponsorWithKey } from "../../support/caller.ts";
import { mint } from "../../support/chain.ts";
import { books, expectBooksToBalance } from "../../support/money.ts";
import type { Answer } from "../../support/server.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let service_key: string;
let campaign_id: string;

beforeAll(async () => {
  acme = await world.createSponsor();
});
beforeEach(async () => {
  service_key = await world.registerService(acme.key);
  campaign_id = await world.createCampaign(acme, [service_key], { fundCents: 0 });
});

const book = (
  input: Record<string, unknown>,
  transport: Transport = "rest",
  caller: Caller = world,
): Promise<Answer> =>
  caller.call(
    "admin.bookCredit",
    { sponsor_id: acme.sponsor_id, amount_cents: 10, reference: randomUUID(), ...input },
    ADMIN_KEY,
    transport,
  );

function expectNoSuch(what: string, answer: Answer): void {
  expect(expectRefused(answer, 404, "not_found").message).toBe(`There is no such ${what}.`);
}

const budgetOf = (limit_cents: number) => ({
  limit_cents,
  spent_cents: 0,
  reserved_cents: 0,
  remaining_cents: limit_cents,
});

describe.each(TRANSPORTS)("a credit, over %s", (transport) => {
  test("a credit for a campaign adds exactly its amount to the budget", async () => {
    const reference = randomUUID();
    expect(expectSuccess(await book({ campaign_id, amount_cents: 1.2345, reference }, transport))).toEqual({
      reference,
      budget: budgetOf(1.2345),
    });
    expectSuccess(await book({ campaign_id, amount_cents: 0.0001 }, transport));
    const shown = await world.call("sponsor.getCampaign", { campaign_id }, acme.key, transport);
    expect(expectSuccess(shown).budget).toEqual(budgetOf(1.2346));
    const credit = await world.db.credit.findUniqueOrThrow({ where: { reference } });
    expect(credit).toMatchObject({ sponsorId: acme.sponsor_id, amountMicros: 12_345n });
  });

  test("a credit for an API opens the API's own budget, and the next one adds to it", async () => {
    const shown = async () =>
      expectSuccess(await world.call("sponsor.getApi", { service_key }, acme.key, transport))
        .budget as unknown;
    expect(await shown()).toBeNull();
    expect(expectSuccess(await book({ service_key }, transport)).budget).toEqual(budgetOf(10));
    expect(expectSuccess(await book({ service_key }, transport)).budget).toEqual(budgetOf(20));
    expect(await shown()).toEqual(budgetOf(20));
    expect((await books(world.db, "sponsored_api")).limit % 200_000n).toBe(0n);
  });

  test("a credit with the same reference again changes nothing", async () => {
    const reference = randomUUID();
    const first = expectSuccess(await book({ campaign_id, reference }, transport));
    const before = await books(world.db, "campaign");
    expect(expectSuccess(await book({ campaign_id, reference }, transport))).toEqual(first);
    expect(expectSuccess(await book({ campaign_id, reference: ` ${reference} ` }, transport))).toEqual(first);
    expect(await books(world.db, "campaign")).toEqual(before);
  });

  test("a credit with a used reference and another amount or target is a conflict, and opens no budget", async () => {
    const other = await world.createSponsor("Other");
    const elsewhere = await world.createCampaign(other, [service_key], { fundCents: 0 });
    const reference = randomUUID();
    expectSuccess(await book({ campaign_id, reference }, transport));
    const before = await books(world.db, "campaign");
    for (const changes of [
      { campaign_id, amount_cents: 10.0001 },
      { service_key },
      { campaign_id: elsewhere, sponsor_id: other.sponsor_id },
    ]) {
      const refused = expectRefused(await book({ reference, ...changes }, transport), 409, "conflict");
      expect(refused.retry_allowed).toBe(false);
    }
    expect(await books(world.db, "campaign")).toEqual(before);
    const api = await world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: service_key } });
    expect(api.budgetAccountId).toBeNull();
  });

  test.each<[string, () => Record<string, unknown>, string]>([
    ["no target", () => ({}), "/campaign_id"],
    ["two targets", () => ({ campaign_id, service_key }), "/service_key"],
    ["an amount of nothing", () => ({ campaign_id, amount_cents: 0 }), "/amount_cents"],
    ["a negative amount", () => ({ campaign_id, amount_cents: -1 }), "/amount_cents"],
    ["a fraction of a micro", () => ({ campaign_id, amount_cents: 0.00001 }), "/amount_cents"],
    ["a blank reference", () => ({ campaign_id, reference: " " }), "/reference"],
    ["an unknown field", () => ({ campaign_id, currency: "EUR" }), "/currency"],
  ])("a credit with %s is refused at its field, and isn't booked", async (_what, input, field) => {
    const before = await world.db.credit.count();
    const refused = expectRefused(await book(input(), transport), 400, "validation_error");
    expect((refused.field_errors as { path: string }[]).map(({ path }) => path)).toEqual([field]);
    expect(await world.db.credit.count()).toBe(before);
  });

  test.each<[string, () => Record<string, unknown>]>([
    ["campaign", () => ({ campaign_id: randomUUID() })],
    ["campaign", () => ({ campaign_id: "malformed" })],
    ["service", () => ({ service_key: "no-such" })],
    ["sponsor", () => ({ campaign_id, sponsor_id: randomUUID() })],
    ["sponsor", () => ({ campaign_id, sponsor_id: "malformed" })],
  ])("a credit for an unknown %s is not found, and isn't booked", async (what, input) => {
    const before = await world.db.credit.count();
    expectNoSuch(what, await book(input(), transport));
    expect(await world.db.credit.count()).toBe(before);
  });

  test("a credit for another sponsor's campaign or API is not found, and isn't booked", async () => {
    const { sponsor_id } = await world.createSponsor("Other");
    const before = await world.db.credit.count();
    expectNoSuch("campaign", await book({ campaign_id, sponsor_id }, transport));
    expectNoSuch("service", await book({ service_key, sponsor_id }, transport));
    expect(await world.db.credit.count()).toBe(before);
  });
});

describe("a treasury of one dollar", () => {
  const poor = useWorld({ treasuryMicros: 1_000_000n, upstreamFor: "all tests" });

  test("a credit that the treasury doesn't cover is refused, exact to the unit", async () => {
    const sponsor = await poor.createSponsor();
    const key = await poor.registerService(sponsor.key);
    const id = await poor.createCampaign(sponsor, [key], { fundCents: 0 });
    const bookHere = (target: Record<string, unknown>, amount_cents: number, transport?: Transport) =>
      book({ sponsor_id: sponsor.sponsor_id, amount_cents, ...target }, transport, poor);
    const expectShortfall = async (
      target: Record<string, unknown>,
      amount: number,
      covered_cents: number,
    ): Promise<void> => {
      for (const transport of TRANSPORTS) {
        const refused = expectRefused(await bookHere(target, amount, transport), 409, "treasury_shortfall");
        expect(refused).toMatchObject({ retry_allowed: false, details: { covered_cents } });
      }
    };
    await expectShortfall({ campaign_id: id }, 100.0001, 100);
    expectSuccess(await bookHere({ campaign_id: id }, 60));
    // Campaigns and open budgets draw on the same treasury.
    await expectShortfall({ service_key: key }, 40.0001, 40);
    expectSuccess(await bookHere({ service_key: key }, 39.9999));
    await expectShortfall({ campaign_id: id }, 0.0002, 0.0001);
    expectSuccess(await bookHere({ campaign_id: id }, 0.0001));
    await expectShortfall({ campaign_id: id }, 0.0001, 0);

    // A paid run takes the same amount out of the treasury and out of a budget.
    const { token } = await poor.openSession(await poor.createGrant());
    await poor.completeTask(token, id);
    const run = await poor.run(token, key);
    expect(expectSuccess(run).payment).toMatchObject({ status: "settled", amount_cents: 2 });
    await expectShortfall({ campaign_id: id }, 0.0001, 0);
    await mint(poor.server.treasury, 3n);
    await expectShortfall({ campaign_id: id }, 0.0004, 0.0003);
    expect(expectSuccess(await bookHere({ campaign_id: id }, 0.0003)).budget.limit_cents).toBe(60.0004);
    await expectBooksToBalance(poor.db);
  });
});
