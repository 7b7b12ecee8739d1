import type { DemoService } from "./demo-service.ts";
import { InputError } from "./demo-service.ts";
import type { Day } from "./holidays.ts";
import { addDays, COUNTRIES, holidaysOf, isWeekend } from "./holidays.ts";

interface WorkingDaysInput {
  country: string;
  from: string;
  to: string;
}

const LONGEST_RANGE_DAYS = 3_660;
const MS_PER_DAY = 86_400_000;

const dateProperty = (description: string, example: string): Record<string, unknown> => ({
  type: "string",
  format: "date",
  pattern: "^20[2-9][0-9]-[0-9]{2}-[0-9]{2}$",
  description,
  examples: [example],
});

export const workingDays: DemoService = {
  serviceKey: "working-days",
  path: "/working-days",
  method: "GET",
  name: "Working days",
  description:
    "Counts the working days between two dates and lists the public holidays that fall in between.",
  categories: ["calendar", "business"],
  tags: ["public holidays", "working days", "business days", "easter"],
  amount: 5_000n,
  speaksV1: false,
  inputSchema: {
    type: "object",
    additionalProperties: false,
    required: ["country", "from", "to"],
    properties: {
      country: {
        type: "string",
        enum: Object.keys(COUNTRIES),
        description: "ISO 3166 code of the country whose holidays count.",
        examples: ["PT"],
      },
      from: dateProperty("First day, counted. From 2020 on.", "2026-12-01"),
      to: dateProperty("Last day, counted. At most ten years after the first.", "2026-12-31"),
    },
  },
  sampleInput: { country: "PT", from: "2026-12-01", to: "2026-12-31" },

  prepare(input) {
    const { country, from, to } = input as unknown as WorkingDaysInput;
    const first = Date.parse(`${from}T00:00:00Z`);
    const last = Date.parse(`${to}T00:00:00Z`);
    if (last < first) throw new InputError("/to", "The last day is before the first.");
    if ((last - first) / MS_PER_DAY > LONGEST_RANGE_DAYS)
      throw new InputError("/to", "The range is more than ten years.");
    return () => countWorkingDays(country, first, last);
  },
};

function countWorkingDays(country: string, first: Day, last: Day): unknown {
  const holidays = yearsBetween(first, last)
    .flatMap((year) => holidaysOf(country, year))
    .filter(({ day }) => day >= first && day <= last);
  const daysOff = new Set(holidays.map(({ day }) => day));
  let workingDayCount = 0;
  let weekendDayCount = 0;
  for (let day = first; day <= last; day = addDays(day, 1)) {
    if (isWeekend(day)) weekendDayCount++;
    else if (!daysOff.has(day)) workingDayCount++;
  }
  return {
    country,
    calendar: COUNTRIES[country]?.name,
    from: isoDate(first),
    to: isoDate(last),
    calendar_days: (last - first) / MS_PER_DAY + 1,
    working_days: workingDayCount,
    weekend_days: weekendDayCount,
    holidays_on_weekdays: [...daysOff].filter((day) => !isWeekend(day)).length,
    holidays: holidays.map(({ day, name }) => ({ date: isoDate(day), name, on_weekend: isWeekend(day) })),
  };
}

function yearsBetween(first: Day, last: Day): number[] {
  const from = new Date(first).getUTCFullYear();
  const to = new Date(last).getUTCFullYear();
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

const isoDate = (day: Day): string => new Date(day).toISOString().slice(0, 10);
