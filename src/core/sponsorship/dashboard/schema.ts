import { z } from "zod";

/** The longest series: a leap year. */
export const MAX_DAYS = 366;

/** No series starts before the product was there, and none ends where dates get more digits. */
const isPlausible = (day: string): boolean => day >= "2020-01-01" && day <= "2999-12-31";

const Day = z.iso.date().refine(isPlausible, {
  message: "must be between 2020-01-01 and 2999-12-31",
  params: { keyword: "format" },
});

/** Which days a series is about; spread it into an input. */
export const Period = z.strictObject({
  from: Day.optional().meta({ description: "First UTC day of the series. Default: 29 days before `to`" }),
  to: Day.optional().meta({ description: "Last UTC day of the series, at most 366 days. Default: today" }),
});

const CallCounts = z
  .object({ settled: z.number().int(), pending: z.number().int(), free: z.number().int() })
  .meta({ description: "Calls by what became of their payment; those that ended unpaid don't count" });

const CompletionCounts = z
  .object({ standing: z.number().int(), withdrawn: z.number().int() })
  .meta({ description: "Completions of the task, and those whose consent was withdrawn" });

const callFigures = {
  spent_cents: z.number().meta({ description: "What settled calls cost" }),
  calls: CallCounts,
  unique_users: z.number().int().meta({ description: "Users these calls were made for" }),
};
const campaignFigures = { ...callFigures, completions: CompletionCounts };

const day = { day: z.iso.date() };
const series = <Item extends z.ZodType>(item: Item) => ({
  from: z.iso.date(),
  to: z.iso.date(),
  daily: z.array(item).meta({
    description:
      "One item a UTC day, also where nothing happened. Calls, with what they cost, and completions count on the day they were made",
  }),
});

/** An API's figures since it was registered, whoever paid, and day by day. */
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
