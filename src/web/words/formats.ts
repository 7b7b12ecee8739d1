/** Numbers, amounts and times, by `Intl` alone. Amounts are cents. */
export type Formats = ReturnType<typeof createFormats>;

const DAY_MS = 86_400_000;

export function createFormats(language: string) {
  // The person's region says order and separators, the console's language the words.
  const locale = navigator.languages.find((tag) => tag.startsWith(language)) ?? language;
  const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const dollars = new Intl.NumberFormat(locale, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    // Tenths of a cent are written where there are any: otherwise what is spent and what is left don't add up.
    minimumFractionDigits: 2,
    maximumFractionDigits: 3,
  });
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const time = new Intl.DateTimeFormat(locale, clock);
  const zonedTime = new Intl.DateTimeFormat(locale, { ...clock, timeZoneName: "short" });
  const date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
  const datedYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const list = new Intl.ListFormat(locale, { type: "conjunction" });
  const days = new Intl.NumberFormat(locale, { style: "unit", unit: "day", unitDisplay: "long" });
  const seconds = new Intl.NumberFormat(locale, { style: "unit", unit: "second", unitDisplay: "long" });
  const minutes = new Intl.NumberFormat(locale, { style: "unit", unit: "minute", unitDisplay: "long" });

  const dated = (at: Date, now: number): string =>
    (at.getFullYear() === new Date(now).getFullYear() ? date : datedYear).format(at);
  const day = (at: Date, now: number): string => {
    const away = Math.round((midnight(at) - midnight(new Date(now))) / DAY_MS);
    if (Math.abs(away) <= 1) return relative.format(away, "day");
    return dated(at, now);
  };
  const moment = (iso: string, now: number, clockOf: Intl.DateTimeFormat): string => {
    const at = new Date(iso);
    return `${day(at, now)} ${clockOf.format(at)}`;
  };

  return {
    locale,
    /** A share from 0 to 1. */
    percent: (share: number) => percent.format(share),
    count: (value: number) => tenths.format(value),
    list: (items: string[]) => list.format(items),
    /** To a tenth of a cent, and never rounded to nothing. */
    amount(cents: number): string {
      if (cents > 0 && cents < 0.1) return `< ${tenths.format(0.1)} ¢`;
      return cents < 100 ? `${tenths.format(cents)} ¢` : dollars.format(cents / 100);
    },
    /** "27 Nov", with its year unless it is this one. */
    day: (iso: string) => dated(new Date(iso), Date.now()),
    full: (iso: string) => full.format(new Date(iso)),
    /** "tomorrow 14:00" */
    moment: (iso: string, now: number) => moment(iso, now, time),
    /** "tomorrow 14:00 WET", where something is waited for. */
    deadline: (iso: string, now: number) => moment(iso, now, zonedTime),
    ago(iso: string, now: number): string {
      const passed = Math.min(0, Math.round((Date.parse(iso) - now) / 1_000));
      if (passed > -60) return relative.format(0, "second");
      if (passed > -3_600) return relative.format(Math.round(passed / 60), "minute");
      if (passed > -86_400) return relative.format(Math.round(passed / 3_600), "hour");
      return relative.format(Math.round(passed / 86_400), "day");
    },
    days: (value: number) => days.format(value),
    duration: (value: number) =>
      value < 120 ? seconds.format(value) : minutes.format(Math.round(value / 60)),
  };
}

const midnight = (at: Date): number => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
