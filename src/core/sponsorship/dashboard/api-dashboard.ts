import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { viewCalls } from "./rules.ts";
import type { ApiStatistics } from "./schema.ts";
import type { Days } from "./store.ts";
import { callsOfService } from "./store.ts";

/** Whose turn the figures use. */
export type Context = Pick<Deps, "sql" | "histories"> & { actor: SponsorActor };

/** An API's calls and what was paid for them, by any sponsor, in all and day by day. */
export async function apiDashboard(
  { sql, histories, actor }: Context,
  serviceKey: string,
  period: Days,
): Promise<z.infer<typeof ApiStatistics>> {
  // One after the other, on one connection.
  const [calls, days] = await histories.run(callerKey({ actor }), async () => [
    await callsOfService.inAll.one(sql, { subject: serviceKey }),
    await callsOfService.byDay.all(sql, { subject: serviceKey, ...period }),
  ]);
  return {
    ...viewCalls(calls),
    ...period,
    daily: days.map(({ day, ...counts }) => ({ day, ...viewCalls(counts) })),
  };
}
