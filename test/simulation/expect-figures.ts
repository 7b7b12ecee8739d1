import { expect } from "vitest";
import type { Deps, SponsorActor } from "../../src/core/context.ts";
import { getCampaign } from "../../src/core/sponsorship/campaign/index.ts";

/**
 * Compares a campaign's figures with what is counted here, row by row.
 * @param shown what searches and tasks have shown of it
 * @returns the states of its payments
 */
export async function expectFiguresToHold(
  deps: Deps,
  sponsor: SponsorActor,
  campaignId: string,
  shown: { seen: number; opened: number },
): Promise<string[]> {
  const { db } = deps;
  const [clock] = await db.$queryRaw<{ t: Date }[]>`SELECT t FROM sim.clock`;
  const now = clock?.t ?? new Date(0);
  const to = new Date(now.getTime() + 86_400_000).toISOString().slice(0, 10);
  const from = new Date(now.getTime() - 100 * 86_400_000).toISOString().slice(0, 10);
  const view = await getCampaign({ ...deps, actor: sponsor }, { campaign_id: campaignId, from, to });
  const { figures } = view;

  const campaign = await db.campaign.findUniqueOrThrow({
    where: { id: campaignId },
    include: { budgetAccount: true },
  });
  const ledger = await db.ledgerTransfer.findMany({
    where: { kind: "spend", from: { budgetAccountId: campaign.budgetAccountId } },
  });
  const spent = ledger.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  const payments = await db.payment.findMany({ where: { campaignId } });
  const live = payments.filter(({ status }) => !["expired", "canceled", "void"].includes(status));
  const withStatus = (...statuses: string[]) => live.filter(({ status }) => statuses.includes(status)).length;
  const answers = await db.taskCompletion.findMany({ where: { campaignId } });
  const standing = answers.filter(
    ({ withdrawnAt, rejectedAt, heldUntil }) =>
      withdrawnAt === null && rejectedAt === null && (heldUntil === null || heldUntil <= now),
  ).length;
  const rejected = answers.filter(({ rejectedAt }) => rejectedAt !== null).length;
  const withdrawn = answers.filter(
    ({ withdrawnAt, rejectedAt }) => withdrawnAt !== null && rejectedAt === null,
  ).length;
  const users = new Set(live.map(({ userId }) => userId)).size;
  const cents = (micros: bigint): number => Number(micros) / 10_000;

  expect(campaign.budgetAccount.spent).toBe(spent);
  const calls = {
    settled: withStatus("settled"),
    free: withStatus("free"),
    pending: live.length - withStatus("settled", "free"),
  };
  const completions = {
    standing,
    held_back: answers.length - standing - rejected - withdrawn,
    rejected,
    withdrawn,
  };
  expect(figures).toMatchObject({
    spent_cents: cents(spent),
    calls,
    unique_users: users,
    completions,
    cost_per_answer_cents: standing === 0 ? null : cents(spent / BigInt(standing)),
    funnel: { ...shown, answered: answers.length, accepted: standing, run: users },
  });
  expect(view.completions).toBe(standing);
  expect(view.budget.spent_cents).toBe(cents(spent));

  // Days and services add up to the same, in micros.
  const micros = (spentCents: number): bigint => BigInt(Math.round(spentCents * 10_000));
  for (const parts of [figures.daily, figures.services]) {
    expect(parts.reduce((sum, { spent_cents }) => sum + micros(spent_cents), 0n)).toBe(spent);
    for (const kind of ["settled", "pending", "free"] as const)
      expect(parts.reduce((sum, part) => sum + part.calls[kind], 0)).toBe(calls[kind]);
  }
  for (const kind of ["standing", "held_back", "rejected", "withdrawn"] as const)
    expect(figures.daily.reduce((sum, day) => sum + day.completions[kind], 0)).toBe(completions[kind]);
  for (const { service_key, delivered } of figures.services)
    expect(delivered).toBe(
      live.filter(
        ({ service, status, deliveredAt }) =>
          service === service_key && ["settled", "free"].includes(status) && deliveredAt !== null,
      ).length,
    );
  return payments.map(({ status }) => status);
}
