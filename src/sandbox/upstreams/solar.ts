/**
 * Sunrise and sunset by the equations of NOAA's solar calculator (after Meeus, "Astronomical Algorithms"). They
 * are right to a minute between the polar circles. Beyond them refraction varies more, so they are right to a
 * few minutes.
 */

const MINUTES_PER_DAY = 1_440;
const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 86_400_000;
const EPOCH_AS_JULIAN_DAY = 2_440_587.5;
const J2000 = 2_451_545;
const DAYS_PER_CENTURY = 36_525;

/** The angle in degrees between the zenith and the sun's centre at each event. */
export const ZENITH = {
  /** The sun's upper edge is on the horizon: 90° plus half the sun's width and 34′ of refraction. */
  horizon: 90.833,
  civilTwilight: 96,
} as const;

export interface Place {
  /** Degrees, north positive. */
  latitude: number;
  /** Degrees, east positive. */
  longitude: number;
}

export type SunEvents = { kind: "polar_day" | "polar_night" } | { kind: "rises"; rise: Date; set: Date };

const sin = (degrees: number): number => Math.sin((degrees * Math.PI) / 180);
const cos = (degrees: number): number => Math.cos((degrees * Math.PI) / 180);
const tan = (degrees: number): number => Math.tan((degrees * Math.PI) / 180);
const toDegrees = (radians: number): number => (radians * 180) / Math.PI;

/** When the sun is highest. @param dayMs midnight UTC of the date, in milliseconds since the epoch */
export function solarNoon(dayMs: number, { longitude }: Place): Date {
  let minutes = MINUTES_PER_DAY / 2 - 4 * longitude;
  // The sun's position depends on the time. So the time is computed twice, the second time with the position then.
  for (let pass = 0; pass < 2; pass++) {
    minutes = MINUTES_PER_DAY / 2 - 4 * longitude - sunAt(dayMs + minutes * MS_PER_MINUTE).equationOfTime;
  }
  return new Date(dayMs + minutes * MS_PER_MINUTE);
}

/** When the sun crosses the angle `zenith` upwards and downwards, before and after solar noon. */
export function sunEvents(dayMs: number, place: Place, zenith: number): SunEvents {
  const rise = findCrossing(dayMs, place, zenith, -1);
  const set = findCrossing(dayMs, place, zenith, 1);
  if (rise instanceof Date && set instanceof Date) return { kind: "rises", rise, set };
  return { kind: rise === "above" || set === "above" ? "polar_day" : "polar_night" };
}

/**
 * When the sun crosses the angle, before (-1) or after (1) noon. Otherwise whether it stays above or below all
 * day.
 */
function findCrossing(dayMs: number, place: Place, zenith: number, side: -1 | 1): Date | "above" | "below" {
  const { latitude, longitude } = place;
  let moment = solarNoon(dayMs, place).getTime();
  for (let pass = 0; pass < 3; pass++) {
    const { declination, equationOfTime } = sunAt(moment);
    const cosHourAngle = cos(zenith) / (cos(latitude) * cos(declination)) - tan(latitude) * tan(declination);
    if (cosHourAngle < -1) return "above";
    if (cosHourAngle > 1) return "below";
    const hourAngle = toDegrees(Math.acos(cosHourAngle));
    const minutes = MINUTES_PER_DAY / 2 - 4 * longitude - equationOfTime + side * 4 * hourAngle;
    moment = dayMs + minutes * MS_PER_MINUTE;
  }
  return new Date(moment);
}

/** The sun's declination (degrees) and the equation of time (minutes) at a moment. */
function sunAt(ms: number): { declination: number; equationOfTime: number } {
  const t = (ms / MS_PER_DAY + EPOCH_AS_JULIAN_DAY - J2000) / DAYS_PER_CENTURY;
  const meanLongitude = 280.46646 + t * (36_000.76983 + t * 0.0003032);
  const meanAnomaly = 357.52911 + t * (35_999.05029 - t * 0.0001537);
  const eccentricity = 0.016708634 - t * (0.000042037 + t * 0.0000001267);
  const centre =
    sin(meanAnomaly) * (1.914602 - t * (0.004817 + t * 0.000014)) +
    sin(2 * meanAnomaly) * (0.019993 - t * 0.000101) +
    sin(3 * meanAnomaly) * 0.000289;
  const node = 125.04 - 1_934.136 * t;
  const apparentLongitude = meanLongitude + centre - 0.00569 - 0.00478 * sin(node);
  const arcSeconds = 21.448 - t * (46.815 + t * (0.00059 - t * 0.001813));
  const obliquity = 23 + (26 + arcSeconds / 60) / 60 + 0.00256 * cos(node);
  const y = tan(obliquity / 2) ** 2;
  const equation =
    y * sin(2 * meanLongitude) -
    2 * eccentricity * sin(meanAnomaly) +
    4 * eccentricity * y * sin(meanAnomaly) * cos(2 * meanLongitude) -
    0.5 * y * y * sin(4 * meanLongitude) -
    1.25 * eccentricity * eccentricity * sin(2 * meanAnomaly);
  return {
    declination: toDegrees(Math.asin(sin(obliquity) * sin(apparentLongitude))),
    equationOfTime: 4 * toDegrees(equation),
  };
}
