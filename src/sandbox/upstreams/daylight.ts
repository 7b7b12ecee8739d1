import type { DemoService } from "./demo-service.ts";
import type { Place } from "./solar.ts";
import { solarNoon, sunEvents, ZENITH } from "./solar.ts";

interface DaylightInput extends Place {
  date: string;
}

const SECONDS_PER_DAY = 86_400;

export const daylight: DemoService = {
  serviceKey: "daylight",
  path: "/daylight",
  method: "GET",
  name: "Daylight",
  description:
    "Sunrise, sunset, solar noon, civil twilight and day length for any place and date (NOAA's equations).",
  categories: ["environment", "astronomy"],
  tags: ["sunrise", "sunset", "day length", "twilight", "sun"],
  amount: 15_000n,
  speaksV1: false,
  inputSchema: {
    type: "object",
    additionalProperties: false,
    required: ["latitude", "longitude", "date"],
    properties: {
      latitude: {
        type: "number",
        minimum: -90,
        maximum: 90,
        description: "Degrees, north positive.",
        examples: [38.72],
      },
      longitude: {
        type: "number",
        minimum: -180,
        maximum: 180,
        description: "Degrees, east positive.",
        examples: [-9.14],
      },
      date: {
        type: "string",
        format: "date",
        pattern: "^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$",
        description: "The day at that place, from 1900 to 2099.",
        examples: ["2026-06-21"],
      },
    },
  },
  sampleInput: { latitude: 38.72, longitude: -9.14, date: "2026-06-21" },

  prepare(input) {
    const { latitude, longitude, date } = input as unknown as DaylightInput;
    return () => report({ latitude, longitude }, date);
  },
};

function report(place: Place, date: string): unknown {
  const day = Date.parse(`${date}T00:00:00Z`);
  const sun = sunEvents(day, place, ZENITH.horizon);
  const twilight = sunEvents(day, place, ZENITH.civilTwilight);
  return {
    ...place,
    date,
    kind: sun.kind === "rises" ? "normal" : sun.kind,
    sunrise: sun.kind === "rises" ? isoSeconds(sun.rise) : null,
    sunset: sun.kind === "rises" ? isoSeconds(sun.set) : null,
    solar_noon: isoSeconds(solarNoon(day, place)),
    civil_dawn: twilight.kind === "rises" ? isoSeconds(twilight.rise) : null,
    civil_dusk: twilight.kind === "rises" ? isoSeconds(twilight.set) : null,
    day_length_seconds: dayLength(sun),
    times: "UTC",
  };
}

function dayLength(sun: ReturnType<typeof sunEvents>): number {
  switch (sun.kind) {
    case "polar_day":
      return SECONDS_PER_DAY;
    case "polar_night":
      return 0;
    case "rises":
      return Math.round((sun.set.getTime() - sun.rise.getTime()) / 1_000);
  }
}

/** ISO 8601, rounded to seconds. */
const isoSeconds = (moment: Date): string =>
  new Date(Math.round(moment.getTime() / 1_000) * 1_000).toISOString();
