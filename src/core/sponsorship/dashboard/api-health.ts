import type { z } from "zod";
import { callerKey } from "../../context.ts";
import type { Context } from "./api-dashboard.ts";
import { readHealth } from "./health-store.ts";
import type { ApiHealthOutput } from "./schema.ts";
import type { Days } from "./store.ts";

/** How an API delivered on each day of a period, and its last failure in it. Calls of all payers count. */
export async function apiHealth(
  { sql, histories, actor }: Context,
  serviceKey: string,
  period: Days,
): Promise<z.infer<typeof ApiHealthOutput>> {
  const days = await histories.run(callerKey({ actor }), () =>
    readHealth.all(sql, { service: serviceKey, ...period }),
  );
  const daily = days.map((day) => ({
    day: day.day,
    runs: Number(day.runs),
    delivered: Number(day.delivered),
    undelivered: Number(day.undelivered),
    p50_ms: day.p50_ms,
    last_failure:
      day.failed_at === null
        ? null
        : {
            at: day.failed_at.toISOString(),
            reason: day.failure ?? ("no_answer" as const),
            upstream_status: day.upstream_status,
          },
  }));
  return {
    service_key: serviceKey,
    ...period,
    last_failure: daily.findLast(({ last_failure }) => last_failure !== null)?.last_failure ?? null,
    daily,
  };
}
