import type { z } from "zod";
import { microsToCents } from "../../protocol/amounts.ts";
import { invalidField } from "../../protocol/errors.ts";
import type { ApiStatistics, CampaignStatistics, Period } from "./schema.ts";
import { MAX_DAYS } from "./schema.ts";
import type { CallCounts, CompletionCounts, Days } from "./store.ts";

const DEFAULT_DAYS = 30;
const DAY_MS = 24 * 3600 * 1000;

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/**
 * Returns the days of a series: the given ones, or by default the last 30.
 * @throws `validation_error` if the period ends before it starts, or is longer than 366 days
 */
export function resolvePeriod({ from, to }: z.infer<typeof Period>, now: Date): Days {
  const last = to ?? dayOf(now.getTime());
  const first = from ?? dayOf(Date.parse(last) - (DEFAULT_DAYS - 1) * DAY_MS);
  const days = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
  if (days < 1) throw invalidField("/from", "must not be after `to`", "maximum");
  if (days > MAX_DAYS)
    throw invalidField("/from", `must be at most ${MAX_DAYS} days before \`to\``, "minimum");
  return { from: first, to: last };
}

type CallView = Omit<z.infer<typeof ApiStatistics>, "from" | "to" | "daily">;

export const viewCalls = ({ settled, pending, free, spent, users }: CallCounts): CallView => ({
  spent_cents: microsToCents(spent),
  calls: { settled: Number(settled), pending: Number(pending), free: Number(free) },
  unique_users: Number(users),
});

export const viewCompletions = ({
  standing,
  held_back,
  rejected,
  withdrawn,
}: CompletionCounts): z.infer<typeof CampaignStatistics>["completions"] => ({
  standing: Number(standing),
  held_back: Number(held_back),
  rejected: Number(rejected),
  withdrawn: Number(withdrawn),
});

/**
 * Spend (micros) per standing completion, in cents, rounded down to a micro. Null if no completion stands.
 */
export const costPerAnswer = (spent: bigint, standing: bigint): number | null =>
  standing === 0n ? null : microsToCents(spent / standing);
