import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { budgetState, budgetToWire } from "../../money/budget/index.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { invalidField } from "../../protocol/errors.ts";
import { resolvePeriod } from "../dashboard/index.ts";
import { findWallet } from "../sponsor/index.ts";
import type {
  FundsOutput,
  ListDaysInput,
  ListDaysOutput,
  ListMovementsInput,
  ListMovementsOutput,
} from "./schema.ts";
import { listCampaignBudgets, listServiceBudgets, listTransfers, sumTransfersByDay } from "./store.ts";

const NOTHING = { limit: 0n, reserved: 0n, spent: 0n, network: null };

/** Lists the sponsor's budgets: of its campaigns, then its services' own. */
export async function readFunds({
  db,
  actor,
}: Pick<Deps, "db"> & { actor: SponsorActor }): Promise<z.infer<typeof FundsOutput>> {
  const { sponsorId } = actor;
  const [wallet, campaigns, services] = await Promise.all([
    findWallet(db, sponsorId),
    listCampaignBudgets(db, sponsorId),
    listServiceBudgets(db, sponsorId),
  ]);
  return {
    wallet_address: wallet ?? null,
    budgets: [
      ...campaigns.map(({ id, name, budgetAccount }) => ({
        ...{ campaign_id: id, service_key: null, name, is_archived: false },
        budget: budgetToWire(budgetAccount),
        state: budgetState(budgetAccount),
      })),
      ...services.map(({ serviceKey, name, archivedAt, budgetAccount }) => ({
        ...{ campaign_id: null, service_key: serviceKey, name, is_archived: archivedAt !== null },
        budget: budgetToWire(budgetAccount ?? NOTHING),
        state: budgetState(budgetAccount ?? NOTHING),
      })),
    ],
  };
}

const DEFAULT_LIMIT = 50;
const CURSOR = /^\d{1,18}$/;
const KINDS = { spend: "payment", fee: "fee", withdrawal: "withdrawal", refund: "withdrawal" } as const;

/**
 * Lists every movement of the sponsor's money, newest first, as the books have it: their sum is what the budgets hold.
 * @throws AppError `validation_error` for a cursor that no page gave
 */
export async function listMovements(
  ctx: Pick<Deps, "sql" | "histories"> & { actor: SponsorActor },
  { cursor, limit = DEFAULT_LIMIT }: z.infer<typeof ListMovementsInput>,
): Promise<z.infer<typeof ListMovementsOutput>> {
  if (cursor !== undefined && !CURSOR.test(cursor))
    throw invalidField("/cursor", "is not a cursor that a page gave", "pattern");
  const before = cursor === undefined ? null : BigInt(cursor);
  const rows = await ctx.histories.run(callerKey(ctx), () =>
    listTransfers.all(ctx.sql, { sponsor_id: ctx.actor.sponsorId, before, limit: limit + 1 }),
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    movements: page.map((row) => ({
      movement_id: String(row.id),
      ...{ campaign_id: row.campaign_id, service_key: row.service_key, name: row.name },
      kind: row.kind === "deposit" ? (row.is_credit ? "credit" : "funding") : KINDS[row.kind],
      amount_cents: microsToCents(row.amount_micros) * (row.is_incoming ? 1 : -1),
      tx_hash: row.tx_hash,
      network: row.network,
      at: row.created_at.toISOString(),
    })),
    next_cursor: rows.length > limit && last !== undefined ? String(last.id) : null,
  };
}

/**
 * Sums the movements of each UTC day of a period, as the books have them: of all days, paid in less what went out is what the budgets hold.
 * @throws AppError `validation_error` for an invalid period
 */
export async function listDays(
  ctx: Pick<Deps, "sql" | "histories"> & { actor: SponsorActor },
  input: z.infer<typeof ListDaysInput>,
): Promise<z.infer<typeof ListDaysOutput>> {
  const period = resolvePeriod(input, new Date());
  const rows = await ctx.histories.run(callerKey(ctx), () =>
    sumTransfersByDay.all(ctx.sql, { sponsor_id: ctx.actor.sponsorId, ...period }),
  );
  return {
    ...period,
    days: rows.map(({ day, paid_in, runs, refunds, withdrawn }) => ({
      day,
      paid_in_cents: microsToCents(paid_in),
      runs_cents: microsToCents(runs),
      refunds_cents: microsToCents(refunds),
      withdrawn_cents: microsToCents(withdrawn),
    })),
  };
}
