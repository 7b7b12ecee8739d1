import { z } from "zod";
import { REFUSING_RULES } from "../../ports/campaign-tally.ts";
import { JsonObject, Timestamp } from "../../protocol/fields.ts";

/** The longest series, in days: a leap year. */
export const MAX_DAYS = 366;

/** Refuses days before the product existed, and years with more than four digits. */
const isPlausible = (day: string): boolean => day >= "2020-01-01" && day <= "2999-12-31";

const Day = z.iso.date().refine(isPlausible, {
  message: "must be between 2020-01-01 and 2999-12-31",
  params: { keyword: "format" },
});

/** The days of a series. Other inputs extend it. */
export const Period = z.strictObject({
  from: Day.optional().meta({ description: "First UTC day of the series. Default: 29 days before `to`" }),
  to: Day.optional().meta({ description: "Last UTC day of the series, at most 366 days. Default: today" }),
});

const CallCounts = z
  .object({ settled: z.number().int(), pending: z.number().int(), free: z.number().int() })
  .meta({
    description: "Calls by the state of their payment. Calls whose payment ended without money don't count",
  });

const count = z.number().int();

const CompletionCounts = z
  .object({ standing: count, held_back: count, rejected: count, withdrawn: count })
  .meta({
    description:
      "Completions of the task: those that count, those that wait for a verdict, and those that were rejected or withdrawn",
  });

const Funnel = z
  .object({
    seen: count.meta({ description: "Times that a search showed it to an agent" }),
    opened: count.meta({ description: "Times that its task was read before it was answered" }),
    answered: count.meta({ description: "Answers, whatever became of them" }),
    accepted: count.meta({ description: "Answers that count" }),
    run: count.meta({ description: "People for whom it paid for a call" }),
  })
  .meta({ description: "Seen and opened are counted a few seconds late" });

const RefusedRuns = z
  .object({
    rule: z.enum(REFUSING_RULES),
    runs: count.meta({ description: "Runs that nobody else paid for either" }),
    change: z.object({ action: z.string(), params: JsonObject }).nullable().meta({
      description:
        "The operation that would allow such runs, as things are now. null: nothing is in the way any more",
    }),
  })
  .meta({ id: "RefusedRuns" });

const callFigures = {
  spent_cents: z.number().meta({ description: "Cents spent on settled calls" }),
  calls: CallCounts,
  unique_users: z.number().int().meta({ description: "Number of users these calls were made for" }),
};
const campaignFigures = { ...callFigures, completions: CompletionCounts };

const day = { day: z.iso.date() };
const series = <Item extends z.ZodType>(item: Item) => ({
  from: z.iso.date(),
  to: z.iso.date(),
  daily: z.array(item).meta({
    description:
      "One item for each UTC day, also for days without calls. A call, its cost, and a completion count on the day they were made",
  }),
});

/** An API's figures since it was registered, whichever sponsor paid, and day by day. */
export const ApiStatistics = z.object({ ...callFigures, ...series(z.object({ ...day, ...callFigures })) });

/** A campaign's figures since it was created, and day by day. */
export const CampaignStatistics = z.object({
  ...campaignFigures,
  funnel: Funnel,
  services: z
    .array(
      z.object({
        service_key: z.string(),
        name: z.string(),
        ...callFigures,
        delivered: count.meta({ description: "Settled and free calls whose answer was handed over" }),
        median_ms: count.nullable().meta({ description: "Median response time of the service" }),
      }),
    )
    .meta({ description: "The same calls by service, the most calls first" }),
  refused_runs: z.array(RefusedRuns).meta({ description: "By the rule of the campaign that refused them" }),
  users_at_cap: z.object({ at_80: count, at_95: count, used_up: count }).nullable().meta({
    description:
      "Users who have used at least 80 percent, at least 95 percent, or all of `max_calls_per_user`, each in one of the three. null: there is no such cap",
  }),
  budget_lasts_until: z.iso.datetime().nullable().meta({
    description:
      "When the budget is used up at the pace of the last 7 days. null: nothing was spent in them, or it would take more than ten years",
  }),
  cost_per_answer_cents: z
    .number()
    .nullable()
    .meta({ description: "Spend per standing completion; null while there is none" }),
  ...series(z.object({ ...day, ...campaignFigures })),
});

const Failure = z
  .object({
    at: Timestamp,
    reason: z.enum(["timeout", "cut", "blocked", "refused", "no_answer"]).meta({
      description:
        "`refused`: the upstream answered with an error, `upstream_status`. `cut`: its answer broke off",
    }),
    upstream_status: z.number().int().nullable(),
  })
  .nullable();

/** How an API delivered, day by day. */
export const ApiHealthOutput = z.object({
  service_key: z.string(),
  from: z.iso.date(),
  to: z.iso.date(),
  last_failure: Failure.meta({ description: "The newest of the period. null: there was none" }),
  daily: z.array(
    z.object({
      ...day,
      runs: z
        .number()
        .int()
        .meta({ description: "Calls whose payment moved money, still may, or asked for none" }),
      delivered: z.number().int(),
      undelivered: z.number().int(),
      p50_ms: z
        .number()
        .int()
        .nullable()
        .meta({ description: "Half of the delivered answers came within it" }),
      last_failure: Failure,
    }),
  ),
});
