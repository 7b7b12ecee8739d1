import type { z } from "zod";
import { callerKey } from "../../context.ts";
import type { Context } from "./api-dashboard.ts";
import { costPerAnswer, viewCalls, viewCompletions } from "./rules.ts";
import type { CampaignStatistics } from "./schema.ts";
import type { Days } from "./store.ts";
import { callsOfCampaign, countCompletions, countCompletionsByDay } from "./store.ts";

/** R11.3: what a campaign spent, and the completions it got for that, in all and day by day. */
export async function campaignDashboard(
  { sql, histories, actor }: Context,
  campaignId: string,
  period: Days,
): Promise<z.infer<typeof CampaignStatistics>> {
  // One after the other, on one connection.
  const [calls, completions, callDays, completionDays] = await histories.run(
    callerKey({ actor }),
    async () => [
      await callsOfCampaign.inAll.one(sql, { subject: campaignId }),
      await countCompletions.one(sql, { campaign_id: campaignId }),
      await callsOfCampaign.byDay.all(sql, { subject: campaignId, ...period }),
      await countCompletionsByDay.all(sql, { campaign_id: campaignId, ...period }),
    ],
  );
  return {
    ...viewCalls(calls),
    completions: viewCompletions(completions),
    cost_per_answer_cents: costPerAnswer(calls.spent, completions.standing),
    ...period,
    daily: callDays.map((counts, index) => ({
      day: counts.day,
      ...viewCalls(counts),
      // Both lists have one item for every day of the period.
      completions: viewCompletions(completionDays[index] ?? { standing: 0n, withdrawn: 0n }),
    })),
  };
}
