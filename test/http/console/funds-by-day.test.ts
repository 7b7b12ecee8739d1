import { beforeAll, expect, test } from "vitest";
import type { SponsorWithKey } from "../../support/caller.ts";
import type { SignedIn } from "../../support/console-client.ts";
import { refusalOf, signInPerson } from "../../support/console-client.ts";
import { expectSuccess } from "../../support/call.ts";
import { runSql } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";
import { Mailbox } from "../../support/people.ts";
import { useWorld } from "../../support/use-world.ts";

/** What moved on each day, as a sponsor's members see it. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, upstreamFor: "all tests" });

let acme: SponsorWithKey;
let ada: SignedIn;
const ids: string[] = [];
const today = new Date().toISOString().slice(0, 10);
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
const days = async (period: object = {}) =>
  (await ada.user.sponsors.funds.days.query({ sponsor_id: acme.sponsor_id, ...period })).data.days;

beforeAll(async () => {
  acme = await world.createSponsor();
  ada = await signInPerson(world.server.url, mailbox);
  await world.db.sponsorMember.create({
    data: { sponsorId: acme.sponsor_id, userId: ada.userId, role: "owner" },
  });
  const service = await world.registerService(acme.key);
  for (const fundCents of [100, 50]) ids.push(await world.createCampaign(acme, [service], { fundCents }));
  // Another sponsor's money, on the same days.
  const other = await world.createSponsor("Other Maps");
  const others = await world.registerService(other.key);
  await world.createCampaign(other, [others], { fundCents: 77 });

  const { token } = await world.openSession(await world.createGrant());
  await world.completeTask(token, ids[0] ?? "");
  for (let n = 0; n < 3; n += 1)
    expectSuccess(await world.run(token, service, { campaign_id: ids[0], input: { n } }));
  await ada.user.sponsors.set_wallet.mutate({
    ...{ sponsor_id: acme.sponsor_id, wallet_address: `0x${"7".repeat(40)}` },
  });
  await ada.user.sponsors.funds.withdraw.mutate({
    ...{ sponsor_id: acme.sponsor_id, campaign_id: ids[1] ?? "", amount_cents: 20 },
  });
  await eventually(async () =>
    expect(await world.db.ledgerTransfer.count({ where: { kind: { in: ["spend", "withdrawal"] } } })).toBe(4),
  );
}, 60_000);

test("each day has its sums, of the sponsor's own budgets only", async () => {
  const [day, ...earlier] = await days();
  expect(earlier).toEqual([]);
  expect(day).toEqual({
    ...{ day: today, paid_in_cents: 150, runs_cents: 6, refunds_cents: 0, withdrawn_cents: 20 },
  });
});

test("over several days, up to their last microsecond, they equal the books and the budgets to the unit", async () => {
  await runSql(
    world.database.url,
    // The books only grow, so the test has to put their guard aside.
    `ALTER TABLE ledger_transfers DISABLE TRIGGER USER;
     UPDATE ledger_transfers SET created_at = CASE id % 3
       WHEN 0 THEN '${daysAgo(3)}T23:59:59.999999Z'::timestamptz WHEN 1 THEN '${daysAgo(2)}T00:00:00Z'::timestamptz
       ELSE created_at END;
     ALTER TABLE ledger_transfers ENABLE TRIGGER USER`,
  );
  const found = await days();
  expect(found.length).toBeGreaterThan(1);
  expect(found.map(({ day }) => day)).toEqual(
    found
      .map(({ day }) => day)
      .toSorted()
      .toReversed(),
  );
  const campaigns = await world.db.campaign.findMany({
    where: { id: { in: ids } },
    include: { budgetAccount: true },
  });
  const own = new Set(campaigns.map(({ budgetAccountId }) => budgetAccountId));
  const transfers = (
    await world.db.ledgerTransfer.findMany({
      include: { from: { select: { budgetAccountId: true } }, to: { select: { budgetAccountId: true } } },
    })
  ).filter(({ from, to }) => own.has(from.budgetAccountId ?? "") || own.has(to.budgetAccountId ?? ""));
  const sumOf = (day: string, kinds: string[]): number =>
    Number(
      transfers
        .filter(({ kind, createdAt }) => kinds.includes(kind) && createdAt.toISOString().startsWith(day))
        .reduce((sum, { amountMicros }) => sum + amountMicros, 0n),
    ) / 10_000;
  for (const row of found)
    expect(row).toEqual({
      day: row.day,
      paid_in_cents: sumOf(row.day, ["deposit"]),
      runs_cents: sumOf(row.day, ["spend", "fee"]),
      refunds_cents: sumOf(row.day, ["refund"]),
      withdrawn_cents: sumOf(row.day, ["withdrawal"]),
    });
  const held = found.reduce(
    (sum, row) => sum + row.paid_in_cents - row.runs_cents - row.refunds_cents - row.withdrawn_cents,
    0,
  );
  const inBudgets = campaigns.reduce(
    (sum, { budgetAccount: { limit, spent } }) => sum + Number(limit - spent) / 10_000,
    0,
  );
  expect(held).toBe(inBudgets);
});

test("a period leaves out the days before and after it, and is refused if it is none", async () => {
  const all = await days();
  const last = all.at(-1)?.day ?? "";
  expect(await days({ from: last, to: last })).toEqual(all.slice(-1));
  expect(await refusalOf(days({ from: today, to: daysAgo(5) }))).toMatchObject({
    ...{ error_code: "validation_error", field_errors: [{ path: "/from" }] },
  });
});
