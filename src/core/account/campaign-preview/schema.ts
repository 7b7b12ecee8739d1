import { z } from "zod";
import { ServiceView } from "../../discovery/search/index.ts";
import { CreateCampaignInput } from "../../sponsorship/campaign/index.ts";
import { GetTaskOutput, OwnTaskOutput } from "../../sponsorship/task/index.ts";

export const PreviewCampaignInput = CreateCampaignInput.omit({ idempotency_key: true });

/** What an agent gets of a draft: a search's result for each service that it would pay for, and the task. */
export const AgentsView = z.object({
  services: z
    .array(ServiceView.omit({ relevance_score: true, why: true }))
    .meta({ description: "Results of a search, without their score, at most five" }),
  task: GetTaskOutput,
});

export const CampaignPreview = z.object({
  agent: AgentsView,
  person: OwnTaskOutput,
  services: z.array(
    z.object({
      service_key: z.string(),
      name: z.string(),
      sponsor: z.string(),
      price_cents: z.number(),
      expected_cents: z.number().meta({ description: "What a call is expected to cost, from its quotes" }),
      pays: z.boolean(),
      why_not: z
        .enum(["price_above_subsidy", "inactive", "other_network"])
        .nullable()
        .meta({ description: "Why the campaign wouldn't pay for it. null: it would" }),
    }),
  ),
  costs: z.object({
    call_cents: z.object({ least: z.number(), most: z.number() }).nullable().meta({
      description: "What a call costs, over its services. null: it would pay for none of them",
    }),
    answer_most_cents: z.number().nullable().meta({
      description:
        "The most that one accepted answer costs: all calls that it unlocks. null: calls of one user aren't capped, so only the budget limits it",
    }),
  }),
});

/** The same, with what an agent gets that asked for quiet. */
export const CampaignPreviewOutput = CampaignPreview.extend({ agent_quiet: AgentsView });
