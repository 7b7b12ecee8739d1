import airports from "./airports.json" with { type: "json" };
import type { DemoService } from "./demo-service.ts";
import { InputError } from "./demo-service.ts";
import type { Point } from "./geodesic.ts";
import { distanceMetres, initialBearing } from "./geodesic.ts";

interface Airport extends Point {
  name: string;
  country: string;
}

interface RouteInput {
  stops: string[];
}

const METRES_PER_NAUTICAL_MILE = 1_852;
const METRES_PER_MILE = 1_609.344;
/** The usual cruise speed of a jet, and the time that taxiing, climb and approach add to each leg. */
const CRUISE_KM_PER_HOUR = 850;
const OVERHEAD_MINUTES = 30;

const AIRPORTS: Partial<Record<string, Airport>> = airports;
const CODES = Object.keys(AIRPORTS);

export const airRoutes: DemoService = {
  serviceKey: "air-routes",
  path: "/air-routes",
  method: "POST",
  name: "Air routes",
  description: `Great-circle distances, bearings and flight times along a route between ${CODES.length} major airports.`,
  categories: ["travel", "geography"],
  tags: ["airport", "distance", "flight time", "great circle", "route"],
  amount: 20_000n,
  speaksV1: false,
  inputSchema: {
    type: "object",
    additionalProperties: false,
    required: ["stops"],
    properties: {
      stops: {
        type: "array",
        minItems: 2,
        maxItems: 12,
        items: { type: "string", enum: CODES },
        description: "IATA codes of the airports, in the order of the route.",
        examples: [["LIS", "FRA", "SIN"]],
      },
    },
  },
  sampleInput: { stops: ["LIS", "FRA", "SIN"] },

  prepare(input) {
    const { stops } = input as unknown as RouteInput;
    const repeated = stops.findIndex((code, index) => code === stops[index - 1]);
    if (repeated > 0)
      throw new InputError(`/stops/${repeated}`, "This stop is the same as the stop before it.");
    const route = stops.map((code) => ({ code, ...airport(code) }));
    return () => measure(route);
  },
};

function measure(route: (Airport & { code: string })[]): unknown {
  const legs = route.slice(1).map((to, index) => {
    const from = route[index] ?? to; // `to` starts at the second stop, so `route[index]` exists
    const metres = distanceMetres(from, to);
    return {
      from: from.code,
      to: to.code,
      ...lengths(metres),
      initial_bearing_degrees: round(initialBearing(from, to), 1),
      flight_minutes: flightMinutes(metres),
      metres,
    };
  });
  const total = legs.reduce((sum, { metres }) => sum + metres, 0);
  return {
    stops: route.map(({ code, name, country }) => ({ code, name, country })),
    legs: legs.map(({ metres: _exact, ...leg }) => leg),
    total: { ...lengths(total), flight_minutes: legs.reduce((sum, leg) => sum + leg.flight_minutes, 0) },
    method: "WGS 84 geodesic (Vincenty)",
  };
}

const lengths = (metres: number): Record<"km" | "miles" | "nautical_miles", number> => ({
  km: round(metres / 1_000, 1),
  miles: round(metres / METRES_PER_MILE, 1),
  nautical_miles: round(metres / METRES_PER_NAUTICAL_MILE, 1),
});

const flightMinutes = (metres: number): number =>
  Math.round((metres / 1_000 / CRUISE_KM_PER_HOUR) * 60) + OVERHEAD_MINUTES;

const round = (number: number, decimals: number): number => Number(number.toFixed(decimals));

function airport(code: string): Airport {
  const found = AIRPORTS[code];
  if (!found) throw new InputError("/stops", `${code} is not a known airport code.`);
  return found;
}
