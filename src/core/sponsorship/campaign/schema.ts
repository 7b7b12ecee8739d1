import { z } from "zod";
import { Overlap } from "../../access/credential/index.ts";
import { BUDGET_STATES } from "../../money/budget/index.ts";
import {
  Budget,
  Cents,
  Id,
  JsonObject,
  Page,
  Paging,
  ServiceKey,
  Tag,
  TaskType,
  Timestamp,
  visibleText,
} from "../../protocol/fields.ts";
import { IdempotencyKey } from "../../protocol/idempotency/index.ts";
import { CampaignStatistics, Period } from "../dashboard/index.ts";

export const DEFAULT_RETENTION_DAYS = 365;

export const MOST_HOLDBACK_MINUTES = 24 * 60;

/** Who accepts answers before they unlock runs. */
export const Holdback = z
  .strictObject({
    by: z.enum(["hand", "rule", "webhook"]).meta({
      description:
        "hand: you accept or reject each answer. rule: answers that don't satisfy `schema` are rejected. webhook: `url` is asked about each answer",
    }),
    limit_minutes: z.number().int().min(1).max(MOST_HOLDBACK_MINUTES).optional().meta({
      description:
        "An answer that isn't judged after so many minutes counts as accepted. Default: 1440 by hand, 5 by webhook",
    }),
    schema: JsonObject.optional().meta({
      description: "For a rule: a closed JSON Schema that the answers must satisfy besides the task's",
    }),
    url: z.url().max(2000).optional().meta({
      description: "For a webhook: it gets ids, never answers, and says accept or reject",
    }),
  })
  .meta({ id: "Holdback" });

const fields = {
  name: visibleText(1, 100),
  description: visibleText(0, 1000),
  service_keys: z
    .array(ServiceKey)
    .min(1)
    .max(50)
    .meta({ description: "The services it pays for. They may belong to other sponsors" }),
  target_roles: z
    .array(visibleText(1, 64))
    .max(50)
    .meta({ description: "Roles of users it is for. Empty: all" }),
  target_tools: z
    .array(visibleText(1, 64))
    .max(50)
    .meta({ description: "Tools of users it is for. Empty: all" }),
  required_task: visibleText(1, 200).meta({
    description: "Short name of the task",
    examples: ["Developer survey"],
  }),
  task_type: TaskType,
  task_description: visibleText(1, 2000),
  task_schema: JsonObject.meta({ description: "Closed JSON Schema (2020-12) of the answers" }),
  purpose: visibleText(1, 500).meta({ description: "What the answers are used for; shown with the consent" }),
  retention_days: z.number().int().min(1).max(3650),
  subsidy_per_call_cents: Cents.meta({ description: "The highest price of a service that it pays for" }),
  max_calls_per_user: z.number().int().min(1).max(1_000_000),
  estimated_task_duration_seconds: z.number().int().min(1).max(86_400),
  tags: z.array(Tag).max(20),
  holdback: Holdback.nullable(),
};

export const CreateCampaignInput = z.strictObject({
  ...fields,
  description: fields.description.optional(),
  target_roles: fields.target_roles.optional(),
  target_tools: fields.target_tools.optional(),
  purpose: fields.purpose.optional(),
  retention_days: fields.retention_days.optional(),
  max_calls_per_user: fields.max_calls_per_user
    .optional()
    .meta({ description: "Calls it pays for one user. Default: no limit" }),
  estimated_task_duration_seconds: fields.estimated_task_duration_seconds.optional(),
  tags: fields.tags.optional().meta({ description: "Default: from the services and the task" }),
  active: z.boolean().optional().meta({ description: "false: it starts paused. Default: true" }),
  holdback: fields.holdback.optional().meta({
    description: "Who has to accept an answer before it unlocks runs. Default: nobody",
  }),
  idempotency_key: IdempotencyKey.optional(),
});

export const GetCampaignInput = Period.extend({ campaign_id: Id });

export const ArchiveCampaignInput = z.strictObject({ campaign_id: Id });

export const CopyCampaignInput = z.strictObject({
  campaign_id: Id,
  name: fields.name.optional().meta({ description: "Default: the name of the original, marked as a copy" }),
  idempotency_key: IdempotencyKey.optional(),
});

export const CountReachInput = z.strictObject({
  target_roles: fields.target_roles.optional(),
  target_tools: fields.target_tools.optional(),
});

export const CountReachOutput = z
  .object({
    about: z.number().int().nullable(),
    fewer_than: z.number().int().nullable(),
  })
  .meta({
    description:
      "How many users are in the target group: `about` so many, rounded down, or `fewer_than` so many where it could point at somebody. One of the two is null",
  });

/** The task itself can't be changed, because users have completed it as it is. */
export const ChangeCampaignInput = z.strictObject({
  campaign_id: Id,
  active: z.boolean().optional(),
  name: fields.name.optional(),
  description: fields.description.optional(),
  service_keys: fields.service_keys.optional(),
  target_roles: fields.target_roles.optional(),
  target_tools: fields.target_tools.optional(),
  subsidy_per_call_cents: fields.subsidy_per_call_cents.optional(),
  max_calls_per_user: fields.max_calls_per_user.nullable().optional(),
  estimated_task_duration_seconds: fields.estimated_task_duration_seconds.optional(),
  tags: fields.tags.optional(),
  holdback: fields.holdback.optional().meta({
    description: "For answers from now on. null: they count at once",
  }),
});

export const CampaignView = z.object({
  campaign_id: z.string(),
  name: z.string(),
  description: z.string(),
  service_keys: z.array(z.string()),
  target_roles: z.array(z.string()),
  target_tools: z.array(z.string()),
  required_task: z.string(),
  task_type: z.string(),
  task_description: z.string(),
  task_schema: JsonObject,
  purpose: z.string(),
  retention_days: z.number(),
  subsidy_per_call_cents: z.number(),
  max_calls_per_user: z.number().nullable(),
  estimated_task_duration_seconds: z.number().nullable(),
  tags: z.array(z.string()),
  active: z.boolean(),
  archived_at: Timestamp.optional().meta({ description: "When it was archived. It is never active again" }),
  holdback: Holdback.nullable(),
  verdict_secret: z
    .object({
      made_at: Timestamp,
      previous_secret_until: Timestamp.nullable().meta({ description: "Until then both secrets sign" }),
    })
    .nullable()
    .meta({
      description:
        "The secret that signs the requests to its holdback webhook. null: there is none, and they aren't signed",
    }),
  created_at: Timestamp,
  budget: Budget,
  budget_state: z.enum(BUDGET_STATES).meta({
    description:
      "How much of the budget is spent or reserved. at_80, at_95: so much percent at least. empty: no money has arrived",
  }),
  completions: z.number().int().meta({
    description: "Completions that count: neither withdrawn nor rejected nor held back",
  }),
});

export const RotateVerdictSecretInput = z.strictObject({ campaign_id: Id, overlap_seconds: Overlap });
export const NewVerdictSecretOutput = z.object({
  campaign_id: z.string(),
  secret: z.string().meta({ description: "Signs the requests to the holdback webhook. It is shown once" }),
  previous_secret_until: Timestamp.nullable().meta({
    description: "Until then both secrets sign. null: there was none before, or it ended at once",
  }),
});

export const CampaignDashboard = CampaignView.extend({ figures: CampaignStatistics });

export const ListCampaignsInput = Paging;
export const ListCampaignsOutput = z.object({
  campaigns: z.array(CampaignView.omit({ task_schema: true, task_description: true })),
  ...Page.shape,
});
