/** Public holidays by the rules that define them. Holidays proclaimed for a single year aren't covered. */

/** A calendar day as milliseconds of its midnight UTC; no time zones are involved. */
export type Day = number;

export interface Holiday {
  day: Day;
  name: string;
}

const MS_PER_DAY = 86_400_000;
const SUNDAY = 0;
const MONDAY = 1;
const THURSDAY = 4;
const SATURDAY = 6;

export const addDays = (day: Day, days: number): Day => day + days * MS_PER_DAY;
const weekday = (day: Day): number => new Date(day).getUTCDay();
export const isWeekend = (day: Day): boolean => weekday(day) === SATURDAY || weekday(day) === SUNDAY;

type Rule = (year: number) => Day;

const on =
  (month: number, date: number): Rule =>
  (year) =>
    Date.UTC(year, month - 1, date);

const easter =
  (offset: number): Rule =>
  (year) =>
    addDays(easterSunday(year), offset);

/** The first given weekday on or after a date. */
const from =
  (month: number, date: number, day: number): Rule =>
  (year) => {
    const first = Date.UTC(year, month - 1, date);
    return addDays(first, (day - weekday(first) + 7) % 7);
  };

/** Gregorian computus (Meeus, Jones, Butcher). */
function easterSunday(year: number): Day {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 19 * l) / 433);
  const month = Math.floor((h + l - 7 * m + 90) / 25);
  const date = (h + l - 7 * m + 33 * month + 19) % 32;
  return Date.UTC(year, month - 1, date);
}

const NEW_YEAR: [string, Rule] = ["New Year's Day", on(1, 1)];
const GOOD_FRIDAY: [string, Rule] = ["Good Friday", easter(-2)];
const EASTER_MONDAY: [string, Rule] = ["Easter Monday", easter(1)];
const LABOUR_DAY: [string, Rule] = ["Labour Day", on(5, 1)];
const ASCENSION: [string, Rule] = ["Ascension Day", easter(39)];
const WHIT_MONDAY: [string, Rule] = ["Whit Monday", easter(50)];
const ASSUMPTION: [string, Rule] = ["Assumption Day", on(8, 15)];
const ALL_SAINTS: [string, Rule] = ["All Saints' Day", on(11, 1)];
const CHRISTMAS: [string, Rule] = ["Christmas Day", on(12, 25)];
const SECOND_CHRISTMAS: [string, Rule] = ["Second Day of Christmas", on(12, 26)];

interface Country {
  name: string;
  rules: [string, Rule][];
  /** What happens to a holiday that falls on a weekend: lost, moved on, or moved to the nearest weekday. */
  weekend: "lost" | "next weekday" | "nearest weekday";
}

export const COUNTRIES: Record<string, Country> = {
  DE: {
    name: "Germany (nationwide)",
    weekend: "lost",
    rules: [
      ...[NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, LABOUR_DAY, ASCENSION, WHIT_MONDAY],
      ["German Unity Day", on(10, 3)],
      ...[CHRISTMAS, SECOND_CHRISTMAS],
    ],
  },
  FR: {
    name: "France",
    weekend: "lost",
    rules: [
      ...[NEW_YEAR, EASTER_MONDAY, LABOUR_DAY, ASCENSION, WHIT_MONDAY, ASSUMPTION, ALL_SAINTS, CHRISTMAS],
      ["Victory Day", on(5, 8)],
      ["Bastille Day", on(7, 14)],
      ["Armistice Day", on(11, 11)],
    ],
  },
  GB: {
    name: "United Kingdom (England and Wales)",
    weekend: "next weekday",
    rules: [
      ...[NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY],
      ["Early May bank holiday", from(5, 1, MONDAY)],
      ["Spring bank holiday", from(5, 25, MONDAY)],
      ["Summer bank holiday", from(8, 25, MONDAY)],
      CHRISTMAS,
      ["Boxing Day", on(12, 26)],
    ],
  },
  NO: {
    name: "Norway",
    weekend: "lost",
    rules: [
      ...[NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, LABOUR_DAY, ASCENSION, WHIT_MONDAY],
      ["Maundy Thursday", easter(-3)],
      ["Constitution Day", on(5, 17)],
      ...[CHRISTMAS, SECOND_CHRISTMAS],
    ],
  },
  PT: {
    name: "Portugal",
    weekend: "lost",
    rules: [
      ...[NEW_YEAR, GOOD_FRIDAY, LABOUR_DAY, ASSUMPTION, ALL_SAINTS, CHRISTMAS],
      ["Freedom Day", on(4, 25)],
      ["Corpus Christi", easter(60)],
      ["Portugal Day", on(6, 10)],
      ["Republic Day", on(10, 5)],
      ["Restoration of Independence", on(12, 1)],
      ["Immaculate Conception", on(12, 8)],
    ],
  },
  SE: {
    name: "Sweden",
    weekend: "lost",
    rules: [
      ...[NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, LABOUR_DAY, ASCENSION],
      ["Epiphany", on(1, 6)],
      ["National Day", on(6, 6)],
      ["Midsummer Day", from(6, 20, SATURDAY)],
      ["All Saints' Day", from(10, 31, SATURDAY)],
      ...[CHRISTMAS, SECOND_CHRISTMAS],
    ],
  },
  US: {
    name: "United States (federal)",
    weekend: "nearest weekday",
    rules: [
      NEW_YEAR,
      ["Birthday of Martin Luther King, Jr.", from(1, 15, MONDAY)],
      ["Washington's Birthday", from(2, 15, MONDAY)],
      ["Memorial Day", from(5, 25, MONDAY)],
      ["Juneteenth", on(6, 19)],
      ["Independence Day", on(7, 4)],
      ["Labor Day", from(9, 1, MONDAY)],
      ["Columbus Day", from(10, 8, MONDAY)],
      ["Veterans Day", on(11, 11)],
      ["Thanksgiving Day", from(11, 22, THURSDAY)],
      CHRISTMAS,
    ],
  },
};

/** The days off for holidays in a year, in order. Those of a neighbouring year may be observed in this one. */
export function holidaysOf(country: string, year: number): Holiday[] {
  const { rules, weekend } = COUNTRIES[country] ?? unknownCountry(country);
  const nominal = [year - 1, year, year + 1]
    .flatMap((each) => rules.map(([name, rule]) => ({ name, day: rule(each) })))
    .sort((a, b) => a.day - b.day);
  const taken = new Set(nominal.map(({ day }) => day));
  const observed = nominal.map((holiday) => {
    if (weekend === "lost" || !isWeekend(holiday.day)) return holiday;
    const day = weekend === "nearest weekday" ? nearestWeekday(holiday.day) : nextFree(holiday.day, taken);
    taken.add(day);
    return { day, name: `${holiday.name} (observed)` };
  });
  return observed.filter(({ day }) => new Date(day).getUTCFullYear() === year).sort((a, b) => a.day - b.day);
}

const nearestWeekday = (day: Day): Day => addDays(day, weekday(day) === SATURDAY ? -1 : 1);

function nextFree(day: Day, taken: Set<Day>): Day {
  let next = addDays(day, 1);
  while (isWeekend(next) || taken.has(next)) next = addDays(next, 1);
  return next;
}

function unknownCountry(country: string): never {
  throw new RangeError(`no rules for ${country}`);
}
