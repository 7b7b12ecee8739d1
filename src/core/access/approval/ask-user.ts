import type { Deps, Scopes, SessionActor } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { AskedTogether, OpenApproval } from "../../protocol/error-details.ts";
import { toWire } from "../scope/index.ts";
import { openApproval } from "./open-approval.ts";

/** What a call lacks that only the user can give. */
export interface Lacking {
  /** Scopes that the grant lacks. */
  scopes: Scopes;
  money?: LackingMoney | undefined;
}

/** Why the user has to say yes to what a call costs. */
export interface LackingMoney {
  amountMicros: bigint;
  /** Session and grant have enough left, but a rule of the user asks for a yes. */
  aboveRule: boolean;
}

/** What the call is about. */
export interface AskedAbout {
  serviceKey?: string | undefined;
  campaignId?: string | undefined;
}

export type Asked = OpenApproval & AskedTogether;

type Context = Pick<Deps, "db" | "sql" | "cipher" | "log" | "limiter" | "settings"> & { actor: SessionActor };

/**
 * Asks the user once for everything that a call lacks. Data or money alone is a question of its own kind; several things are
 * one combined question. Returns undefined if only task types or categories are lacking: for them the agent asks for another
 * grant.
 * @throws AppError `rate_limited` as `openApproval` does
 */
export async function askUser(
  ctx: Context,
  { scopes, money }: Lacking,
  about: AskedAbout,
): Promise<Asked | undefined> {
  const lacksScope = scopes.taskTypes.length + scopes.categories.length > 0;
  const lacksData = scopes.dataTypes.length > 0;
  const lacksMoney = money !== undefined;
  if (Number(lacksScope) + Number(lacksData) + Number(lacksMoney) > 1) {
    const asked = lacksMoney ? moneyToWire(money) : { amount_cents: null };
    const approval = await open(ctx, "combined", about, { scopes: toWire(scopes), ...asked });
    return { ...approval, asked: { ...toWire(scopes), amount_cents: asked.amount_cents } };
  }
  if (lacksData) return open(ctx, "data", about, { data_types: scopes.dataTypes });
  return lacksMoney ? askForBudget(ctx, money, about) : undefined;
}

/** Asks the user for the budget of one call. @throws AppError `rate_limited` as `openApproval` does */
export const askForBudget = (ctx: Context, money: LackingMoney, about: AskedAbout): Promise<OpenApproval> =>
  open(ctx, "budget", about, moneyToWire(money));

const moneyToWire = ({ amountMicros, aboveRule }: LackingMoney) => ({
  amount_cents: microsToCents(amountMicros),
  ...(aboveRule && { above_rule: true }),
});

const open = (
  ctx: Context,
  kind: "data" | "budget" | "combined",
  { serviceKey, campaignId }: AskedAbout,
  requested: Record<string, unknown>,
): Promise<OpenApproval> =>
  openApproval(ctx, {
    kind,
    agentId: ctx.actor.agentId,
    userId: ctx.actor.userId,
    grantId: ctx.actor.grantId,
    sessionId: ctx.actor.sessionId,
    sameQuestionKey: ctx.actor.grantId,
    requested: { ...requested, campaign_id: campaignId ?? null, service_key: serviceKey ?? null },
  });
