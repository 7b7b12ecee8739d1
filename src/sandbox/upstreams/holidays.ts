/** Public holidays, computed by their rules. Holidays that were proclaimed for a single year are missing. */

/** A calendar day: the milliseconds since the epoch of its midnight in UTC. */
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

/** The day of a holiday in a year. */
type Rule = (year: number) => Day;

const fixedDate =
  (month: number, date: number): Rule =>
  (year) =>
    Date.UTC(year, month - 1, date);

/** The given number of days after Easter Sunday. */
const daysAfterEaster =
  (offset: number): Rule =>
  (year) =>
    addDays(easterSunday(year), offset);

/** The first given weekday on or after a date. */
const firstWeekdayFrom =
  (month: number, date: number, day: number): Rule =>
  (year) => {
    const first = Date.UTC(year, month - 1, date);
    return addDays(first, (day - weekday(first) + 7) % 7);
  };

/** Easter Sunday in the Gregorian calendar (algorithm of Meeus, Jones and Butcher). */
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

const NEW_YEAR: [string, Rule] = ["New Year's Day", fixedDate(1, 1)];
const GOOD_FRIDAY: [string, Rule] = ["Good Friday", daysAfterEaster(-2)];
const EASTER_MONDAY: [string, Rule] = ["Easter Monday", daysAfterEaster(1)];
const LABOUR_DAY: [string, Rule] = ["Labour Day", fixedDate(5, 1)];
const ASCENSION: [string, Rule] = ["Ascension Day", daysAfterEaster(39)];
const WHIT_MONDAY: [string, Rule] = ["Whit Monday", daysAfterEaster(50)];
const ASSUMPTION: [string, Rule] = ["Assumption Day", fixedDate(8, 15)];
const ALL_SAINTS: [string, Rule] = ["All Saints' Day", fixedDate(11, 1)];
const CHRISTMAS: [string, Rule] = ["Christmas Day", fixedDate(12, 25)];
const SECOND_CHRISTMAS: [string, Rule] = ["Second Day of Christmas", fixedDate(12, 26)];

interface Country {
  name: string;
  rules: [string, Rule][];
  /**
   * Where a holiday on a weekend is observed: not at all, on the next free weekday, or on the nearest weekday.
   */
  weekend: "lost" | "next weekday" | "nearest weekday";
}

export const COUNTRIES: Record<string, Country> = {
  DE: {
    name: "Germany (nationwide)",
    weekend: "lost",
    rules: [
      ...[NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, LABOUR_DAY, ASCENSION, WHIT_MONDAY],
      ["German Unity Day", fixedDate(10, 3)],
      ...[CHRISTMAS, SECOND_CHRISTMAS],
    ],
  },
  FR: {
    name: "France",
    weekend: "lost",
    rules: [
      ...[NEW_YEAR, EASTER_MONDAY, LABOUR_DAY, ASCENSION, WHIT_MONDAY, ASSUMPTION, ALL_SAINTS, CHRISTMAS],
      ["Victory Day", fixedDate(5, 8)],
      ["Bastille Day", fixedDate(7, 14)],
      ["Armistice Day", fixedDate(11, 11)],
    ],
  },
  GB: {
    name: "United Kingdom (England and Wales)",
    weekend: "next weekday",
    rules: [
      ...[NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY],
      ["Early May bank holiday", firstWeekdayFrom(5, 1, MONDAY)],
      ["Spring bank holiday", firstWeekdayFrom(5, 25, MONDAY)],
      ["Summer bank holiday", firstWeekdayFrom(8, 25, MONDAY)],
      CHRISTMAS,
      ["Boxing Day", fixedDate(12, 26)],
    ],
  },
  NO: {
    name: "Norway",
    weekend: "lost",
    rules: [
      ...[NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, LABOUR_DAY, ASCENSION, WHIT_MONDAY],
      ["Maundy Thursday", daysAfterEaster(-3)],
      ["Constitution Day", fixedDate(5, 17)],
      ...[CHRISTMAS, SECOND_CHRISTMAS],
    ],
  },
  PT: {
    name: "Portugal",
    weekend: "lost",
    rules: [
      ...[NEW_YEAR, GOOD_FRIDAY, LABOUR_DAY, ASSUMPTION, ALL_SAINTS, CHRISTMAS],
      ["Freedom Day", fixedDate(4, 25)],
      ["Corpus Christi", daysAfterEaster(60)],
      ["Portugal Day", fixedDate(6, 10)],
      ["Republic Day", fixedDate(10, 5)],
      ["Restoration of Independence", fixedDate(12, 1)],
      ["Immaculate Conception", fixedDate(12, 8)],
    ],
  },
  SE: {
    name: "Sweden",
    weekend: "lost",
    rules: [
      ...[NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, LABOUR_DAY, ASCENSION],
      ["Epiphany", fixedDate(1, 6)],
      ["National Day", fixedDate(6, 6)],
      ["Midsummer Day", firstWeekdayFrom(6, 20, SATURDAY)],
      ["All Saints' Day", firstWeekdayFrom(10, 31, SATURDAY)],
      ...[CHRISTMAS, SECOND_CHRISTMAS],
    ],
  },
  US: {
    name: "United States (federal)",
    weekend: "nearest weekday",
    rules: [
      NEW_YEAR,
      ["Birthday of Martin Luther King, Jr.", firstWeekdayFrom(1, 15, MONDAY)],
      ["Washington's Birthday", firstWeekdayFrom(2, 15, MONDAY)],
      ["Memorial Day", firstWeekdayFrom(5, 25, MONDAY)],
      ["Juneteenth", fixedDate(6, 19)],
      ["Independence Day", fixedDate(7, 4)],
      ["Labor Day", firstWeekdayFrom(9, 1, MONDAY)],
      ["Columbus Day", firstWeekdayFrom(10, 8, MONDAY)],
      ["Veterans Day", fixedDate(11, 11)],
      ["Thanksgiving Day", firstWeekdayFrom(11, 22, THURSDAY)],
      CHRISTMAS,
    ],
  },
};

/** The holidays observed in a year, in order. A holiday of a neighbouring year can be observed in this year. */
export function holidaysOf(country: string, year: number): Holiday[] {
  const { rules, weekend } = COUNTRIES[country] ?? unknownCountry(country);
  const unmoved = [year - 1, year, year + 1]
    .flatMap((ruleYear) => rules.map(([name, rule]) => ({ name, day: rule(ruleYear) })))
    .sort((a, b) => a.day - b.day);
  const taken = new Set(unmoved.map(({ day }) => day));
  const observed = unmoved.map((holiday) => {
    if (weekend === "lost" || !isWeekend(holiday.day)) return holiday;
    const day =
      weekend === "nearest weekday" ? nearestWeekday(holiday.day) : nextFreeWeekday(holiday.day, taken);
    taken.add(day);
    return { day, name: `${holiday.name} (observed)` };
  });
  return observed.filter(({ day }) => new Date(day).getUTCFullYear() === year).sort((a, b) => a.day - b.day);
}

const nearestWeekday = (day: Day): Day => addDays(day, weekday(day) === SATURDAY ? -1 : 1);

function nextFreeWeekday(day: Day, taken: Set<Day>): Day {
  let next = addDays(day, 1);
  while (isWeekend(next) || taken.has(next)) next = addDays(next, 1);
  return next;
}

function unknownCountry(country: string): never {
  throw new RangeError(`no rules for ${country}`);
}
