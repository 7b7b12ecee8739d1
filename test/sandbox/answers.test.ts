import { describe, expect, test } from "vitest";
import { airRoutes } from "../../src/sandbox/upstreams/air-routes.ts";
import { daylight } from "../../src/sandbox/upstreams/daylight.ts";
import { distanceMetres } from "../../src/sandbox/upstreams/geodesic.ts";
import { holidaysOf } from "../../src/sandbox/upstreams/holidays.ts";
import { analyse } from "../../src/sandbox/upstreams/readability.ts";
import { workingDays } from "../../src/sandbox/upstreams/working-days.ts";

// The answers of the demo upstreams are compared with published almanacs, laws and formulas.

describe("daylight", () => {
  const at = (latitude: number, longitude: number, date: string): Record<string, unknown> =>
    daylight.prepare({ latitude, longitude, date })() as Record<string, unknown>;

  test.each([
    ["Lisbon", 38.72, -9.14, "2026-06-21", "2026-06-21T05:12Z", "2026-06-21T20:05Z"],
    ["London", 51.51, -0.13, "2026-12-21", "2026-12-21T08:04Z", "2026-12-21T15:53Z"],
    ["New York", 40.71, -74.01, "2026-03-20", "2026-03-20T10:59Z", "2026-03-20T23:08Z"],
    ["Sydney", -33.87, 151.21, "2026-06-21", "2026-06-20T21:00Z", "2026-06-21T06:54Z"],
    ["Auckland", -36.85, 174.76, "2026-01-01", "2025-12-31T17:04Z", "2026-01-01T07:43Z"],
  ])(
    "sunrise and sunset in %s are right to 1.5 minutes",
    (_name, latitude, longitude, date, sunrise, sunset) => {
      const report = at(latitude, longitude, date);
      const minutesOff = (moment: unknown, expected: string): number =>
        Math.abs(Date.parse(String(moment)) - Date.parse(expected)) / 60_000;
      expect(minutesOff(report["sunrise"], sunrise)).toBeLessThan(1.5);
      expect(minutesOff(report["sunset"], sunset)).toBeLessThan(1.5);
    },
  );

  test("a place beyond the polar circle has polar days and polar nights", () => {
    expect(at(69.65, 18.96, "2026-06-21")).toMatchObject({ kind: "polar_day", day_length_seconds: 86_400 });
    expect(at(69.65, 18.96, "2026-12-21")).toMatchObject({ kind: "polar_night", sunrise: null });
    expect(at(90, 0, "2026-06-21")).toMatchObject({ kind: "polar_day" });
  });
});

describe("working days", () => {
  const dates = (country: string, year: number): string[] =>
    holidaysOf(country, year).map(({ day }) => new Date(day).toISOString().slice(5, 10));
  const count = (country: string, from: string, to: string): unknown =>
    (workingDays.prepare({ country, from, to })() as { working_days: number }).working_days;

  test("holidays that depend on Easter are on the right day", () => {
    const goodFridays = { 2024: "03-29", 2026: "04-03", 2027: "03-26", 2038: "04-23" };
    for (const [year, date] of Object.entries(goodFridays)) expect(dates("GB", Number(year))).toContain(date);
  });

  test("holidays on weekends are observed as each country does", () => {
    expect(dates("US", 2026)).toContain("07-03"); // Independence Day is a Saturday
    expect(dates("US", 2027)).toEqual(expect.arrayContaining(["07-05", "12-24", "12-31"]));
    expect(dates("US", 2028)).not.toContain("01-01"); // observed in 2027
    expect(dates("GB", 2027).slice(-2)).toEqual(["12-27", "12-28"]);
    expect(dates("GB", 2022).slice(-2)).toEqual(["12-26", "12-27"]);
    expect(dates("DE", 2026)).toContain("10-03"); // a Saturday, and not moved
  });

  test("holidays that move each year are on the right day", () => {
    expect(dates("US", 2026)).toEqual(
      expect.arrayContaining(["01-19", "02-16", "05-25", "09-07", "10-12", "11-26"]),
    );
    expect(dates("SE", 2026)).toEqual(expect.arrayContaining(["06-20", "10-31"]));
    expect(dates("PT", 2026)).toContain("06-04"); // Corpus Christi
  });

  test("working days are counted with the first and the last day, and over years", () => {
    expect(count("DE", "2026-01-01", "2026-12-31")).toBe(254);
    expect(count("PT", "2026-12-01", "2026-12-31")).toBe(20);
    expect(count("DE", "2026-12-31", "2027-01-04")).toBe(2);
    expect(count("FR", "2026-07-14", "2026-07-14")).toBe(0);
  });
});

describe("air routes", () => {
  test("distances are measured on the WGS 84 ellipsoid", () => {
    // Flinders Peak to Buninyong is the standard check of Vincenty's formula.
    const flindersPeak = { latitude: -37.95103341666667, longitude: 144.42486788888888 };
    const buninyong = { latitude: -37.65282113888889, longitude: 143.92649552777777 };
    expect(distanceMetres(flindersPeak, buninyong)).toBeCloseTo(54_972.271, 2);
    expect(distanceMetres({ latitude: 0, longitude: 0 }, { latitude: 0, longitude: 1 })).toBeCloseTo(
      111_319.491,
      2,
    );
    expect(distanceMetres(buninyong, buninyong)).toBe(0);
    const antipodes = distanceMetres({ latitude: 0, longitude: 0 }, { latitude: 0.5, longitude: 179.7 });
    expect(antipodes / 1_000).toBeCloseTo(19_950, -2);
  });

  test("the legs of a route add up to its total", () => {
    const { legs, total } = airRoutes.prepare({ stops: ["JFK", "LHR", "SIN", "SYD"] })() as {
      legs: { km: number; initial_bearing_degrees: number }[];
      total: { km: number };
    };
    const known = [5_554, 10_885, 6_289];
    legs.forEach(({ km }, index) => expect(Math.abs(km - (known[index] ?? 0))).toBeLessThan(15));
    expect(legs[0]?.initial_bearing_degrees).toBeCloseTo(51.4, 0);
    expect(total.km).toBeCloseTo(
      legs.reduce((sum, { km }) => sum + km, 0),
      0,
    );
  });
});

describe("text analysis", () => {
  test("a text is scored by the published formulas", () => {
    expect(analyse("The cat sat on the mat.")).toMatchObject({
      words: 6,
      unique_words: 5,
      sentences: 1,
      syllables: 6,
      scores: { flesch_reading_ease: 116.15, flesch_kincaid_grade: -1.45, gunning_fog: 2.4 },
      level: "very easy",
    });
    const hard =
      "Notwithstanding considerable epistemological reservations, interdisciplinary collaboration facilitates " +
      "methodological innovation.";
    expect(analyse(hard).level).toBe("very difficult");
  });

  test.each([
    ["table", 2],
    ["readable", 3],
    ["walked", 1],
    ["wanted", 2],
    ["beautiful", 3],
    ["signature", 3],
    ["the", 1],
  ])("%s has %i syllables", (word, syllables) => {
    expect(analyse(word).syllables).toBe(syllables);
  });

  test("the keywords of a text are its repeated phrases", () => {
    const text =
      "Solar panels turn sunlight into power. Solar panels need little care, and the price of solar panels falls.";
    expect(analyse(text).keywords[0]?.phrase).toContain("solar panels");
  });
});
