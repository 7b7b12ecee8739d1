import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { viewCalls } from "./rules.ts";
import type { ApiStatistics } from "./schema.ts";
import type { Days } from "./store.ts";
import { callsOfService } from "./store.ts";

/** An API's calls and what was paid for them, by any sponsor, in all and day by day. */
export async function apiDashboard(
  { sql }: Pick<Deps, "sql">,
  serviceKey: string,
  period: Days,
): Promise<z.infer<typeof ApiStatistics>> {
  const [calls, days] = await Promise.all([
    callsOfService.inAll.one(sql, { subject: serviceKey }),
    callsOfService.byDay.all(sql, { subject: serviceKey, ...period }),
  ]);
  return {
    ...viewCalls(calls),
    ...period,
    daily: days.map(({ day, ...counts }) => ({ day, ...viewCalls(counts) })),
  };
}
