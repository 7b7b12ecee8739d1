import { z } from "zod";
import { Timestamp } from "../../protocol/fields.ts";

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

const CompletionCounts = z
  .object({ standing: z.number().int(), withdrawn: z.number().int() })
  .meta({ description: "Completions of the task, and those whose consent was withdrawn" });

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
