import type { z } from "zod";
import { callerKey } from "../../context.ts";
import type { Context } from "./api-dashboard.ts";
import { countByService, countUsersAtCap, readTerms, sumTallies } from "./campaign-store.ts";
import { lastsUntil, viewRefusedRuns } from "./refused-runs.ts";
import { costPerAnswer, viewCalls, viewCompletions } from "./rules.ts";
import type { CampaignStatistics } from "./schema.ts";
import type { Days } from "./store.ts";
import { callsOfCampaign, countCompletions, countCompletionsByDay } from "./store.ts";

/** R11.3: what a campaign spent, and the completions it got for that, in all, day by day, and by service. */
export async function campaignDashboard(
  { sql, histories, actor }: Context,
  campaignId: string,
  period: Days,
): Promise<z.infer<typeof CampaignStatistics>> {
  // One after the other, on one connection.
  const figures = await histories.run(callerKey({ actor }), async () => ({
    calls: await callsOfCampaign.inAll.one(sql, { subject: campaignId }),
    completions: await countCompletions.one(sql, { campaign_id: campaignId }),
    callDays: await callsOfCampaign.byDay.all(sql, { subject: campaignId, ...period }),
    completionDays: await countCompletionsByDay.all(sql, { campaign_id: campaignId, ...period }),
    services: await countByService.all(sql, { campaign_id: campaignId }),
    tallies: await sumTallies.all(sql, { campaign_id: campaignId }),
    terms: await readTerms.one(sql, { campaign_id: campaignId }),
    atCap: await countUsersAtCap.one(sql, { campaign_id: campaignId }),
  }));
  const { calls, completions, terms, atCap } = figures;
  const { standing, held_back, rejected, withdrawn } = completions;
  const tallies = new Map(figures.tallies.map(({ event, count }) => [event, count]));
  return {
    ...viewCalls(calls),
    completions: viewCompletions(completions),
    funnel: {
      seen: Number(tallies.get("seen") ?? 0n),
      opened: Number(tallies.get("opened") ?? 0n),
      answered: Number(standing + held_back + rejected + withdrawn),
      accepted: Number(standing),
      run: Number(calls.users),
    },
    services: figures.services.map((row) => ({
      service_key: row.service,
      name: row.name,
      ...viewCalls(row),
      delivered: Number(row.delivered),
      median_ms: row.median_ms === null ? null : Math.round(row.median_ms),
    })),
    refused_runs: viewRefusedRuns(tallies, { ...terms, campaignId }),
    users_at_cap:
      terms.maxCallsPerUser === null
        ? null
        : { at_80: Number(atCap.at_80), at_95: Number(atCap.at_95), used_up: Number(atCap.used_up) },
    budget_lasts_until: lastsUntil(terms, new Date()),
    cost_per_answer_cents: costPerAnswer(calls.spent, standing),
    ...period,
    daily: figures.callDays.map((counts, index) => ({
      day: counts.day,
      ...viewCalls(counts),
      // Both lists have one item for every day of the period.
      completions: viewCompletions(figures.completionDays[index] ?? NONE),
    })),
  };
}

const NONE = { standing: 0n, held_back: 0n, rejected: 0n, withdrawn: 0n };
