import { beforeAll, beforeEach, expect, test } from "vitest";
import type { Respondent } from "../support/answers.ts";
import { createRespondent, standingConsent, withdraw } from "../support/answers.ts";
import { atOnce } from "../support/at-once.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { SponsorWithKey } from "../support/caller.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { Answer } from "../support/server.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

const world = useWorld();
const replica = useReplica(world);
let acme: SponsorWithKey;
let ada: Respondent;

beforeAll(async () => {
  acme = await world.createSponsor();
});
beforeEach(async () => {
  ada = await createRespondent(world);
});

const callers = [world, replica];

/** Runs with an idempotency key of its own. */
const run = (service: string, n: number): Promise<Answer> =>
  (callers[n % 2] ?? world).run(ada.token, service, { input: { n }, idempotency_key: `key-${n}` });

test("a run whose consent is withdrawn while it waits for the quote isn't paid", async () => {
  const key = await world.registerService(acme.key, "honest", { timeout_ms: 10_000 });
  const campaignId = await world.createCampaign(acme, [key]);
  await ada.answer(campaignId);
  const asked = world.upstream.hold("unpaid");
  const running = run(key, 1);
  await asked.arrived();
  await withdraw(world, ada, campaignId);
  asked.open();

  const refused = expectRefused(await running, 412, "task_required");
  expect(refused.next_actions).toMatchObject([{ action: "get_task" }]);
  expect(world.upstream.paid()).toEqual([]);
  expect(await world.db.payment.count({ where: { service: key } })).toBe(0);
  await ada.answer(campaignId);
  expectSuccess(await run(key, 1));
  await expectBooksToBalance(world.db);
});

test("runs at once with a withdrawn consent are each paid or refused, and later runs are refused", async () => {
  const key = await world.registerService(acme.key, "honest", { timeout_ms: 10_000 });
  const campaignId = await world.createCampaign(acme, [key]);
  await ada.answer(campaignId);
  const runs = Array.from({ length: 12 }, (_, n) => run(key, n));
  const withdrawn = (async () => {
    await Promise.race(runs);
    await withdraw(world, ada, campaignId);
    return Promise.all([12, 13, 14, 15].map((n) => run(key, n)));
  })();

  const codes = (await Promise.all(runs)).map(({ status, body }) =>
    status === 200 ? "paid" : body.error_code,
  );
  expect(codes.filter((code) => code !== "paid" && code !== "task_required")).toEqual([]);
  for (const answer of await withdrawn) expectRefused(answer, 412, "task_required");
  const paid = codes.filter((code) => code === "paid").length;
  expect(paid).toBeGreaterThan(0);
  expect(await world.db.payment.count({ where: { service: key, status: "settled" } })).toBe(paid);
  expect(world.upstream.paid()).toHaveLength(paid);
  await expectBooksToBalance(world.db);
});

test("withdrawals at once of all consents of one completion end it once", async () => {
  const key = await world.registerService(acme.key, "free", { price_cents: 0 });
  const campaignId = await world.createCampaign(acme, [key], { fundCents: 0 });
  for (let round = 0; round < 3; round++) {
    await ada.answer(campaignId, { score: 1 }, { contact_permission: true });
    const consents = await Promise.all(
      (["data_sharing", "retention", "contact"] as const).map((type) =>
        standingConsent(world, ada.grant.user_id, campaignId, type),
      ),
    );
    const answers = await atOnce(12, (n) => {
      const consent = { user_id: ada.grant.user_id, consent_id: consents[n % 3] };
      return (callers[n % 2] ?? world).call("admin.withdrawConsent", consent, ADMIN_KEY);
    });
    for (const id of [0, 1, 2]) {
      const times = answers
        .filter((_, n) => n % 3 === id)
        .map((answer) => expectSuccess(answer).withdrawn_at);
      expect(new Set(times).size).toBe(1);
    }
    expect(await world.db.consent.count({ where: { userId: ada.grant.user_id, withdrawnAt: null } })).toBe(0);
  }
});
