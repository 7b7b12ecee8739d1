/**
 * Distances on the WGS 84 ellipsoid by Vincenty's inverse formula. They are right to a millimetre if it
 * converges.
 */

const SEMI_MAJOR_M = 6_378_137;
const FLATTENING = 1 / 298.257223563;
const SEMI_MINOR_M = SEMI_MAJOR_M * (1 - FLATTENING);
const MEAN_RADIUS_M = 6_371_008.8;
const ITERATIONS = 100;
const PRECISION = 1e-12;

export interface Point {
  /** Degrees, north positive. */
  latitude: number;
  /** Degrees, east positive. */
  longitude: number;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/**
 * The shortest distance in metres. For nearly opposite points, where Vincenty doesn't converge, a sphere is
 * used.
 */
export function distanceMetres(a: Point, b: Point): number {
  const u1 = Math.atan((1 - FLATTENING) * Math.tan(radians(a.latitude)));
  const u2 = Math.atan((1 - FLATTENING) * Math.tan(radians(b.latitude)));
  const difference = radians(b.longitude - a.longitude);
  const [sinU1, cosU1, sinU2, cosU2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  let lambda = difference;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const sinLambda = Math.sin(lambda);
    const cosLambda = Math.cos(lambda);
    const sinSigma = Math.hypot(cosU2 * sinLambda, cosU1 * sinU2 - sinU1 * cosU2 * cosLambda);
    if (sinSigma === 0) return 0;
    const cosSigma = sinU1 * sinU2 + cosU1 * cosU2 * cosLambda;
    const sigma = Math.atan2(sinSigma, cosSigma);
    const sinAlpha = (cosU1 * cosU2 * sinLambda) / sinSigma;
    const cosSqAlpha = 1 - sinAlpha ** 2;
    const cos2Mid = cosSqAlpha === 0 ? 0 : cosSigma - (2 * sinU1 * sinU2) / cosSqAlpha; // 0 along the equator
    const c = (FLATTENING / 16) * cosSqAlpha * (4 + FLATTENING * (4 - 3 * cosSqAlpha));
    const previous = lambda;
    const inner = cos2Mid + c * cosSigma * (2 * cos2Mid ** 2 - 1);
    lambda = difference + (1 - c) * FLATTENING * sinAlpha * (sigma + c * sinSigma * inner);
    if (Math.abs(lambda - previous) < PRECISION)
      return arcLength(sigma, sinSigma, cosSigma, cosSqAlpha, cos2Mid);
  }
  return distanceOnSphere(a, b);
}

/** The direction at `a` of the great circle to `b`, in degrees clockwise from north. */
export function initialBearing(a: Point, b: Point): number {
  const [latitude1, latitude2] = [radians(a.latitude), radians(b.latitude)];
  const difference = radians(b.longitude - a.longitude);
  const y = Math.sin(difference) * Math.cos(latitude2);
  const x =
    Math.cos(latitude1) * Math.sin(latitude2) -
    Math.sin(latitude1) * Math.cos(latitude2) * Math.cos(difference);
  return ((Math.atan2(y, x) * 180) / Math.PI + 360) % 360;
}

function arcLength(
  sigma: number,
  sinSigma: number,
  cosSigma: number,
  cosSqAlpha: number,
  cos2Mid: number,
): number {
  const uSq = (cosSqAlpha * (SEMI_MAJOR_M ** 2 - SEMI_MINOR_M ** 2)) / SEMI_MINOR_M ** 2;
  const a = 1 + (uSq / 16_384) * (4_096 + uSq * (-768 + uSq * (320 - 175 * uSq)));
  const b = (uSq / 1_024) * (256 + uSq * (-128 + uSq * (74 - 47 * uSq)));
  const first = cosSigma * (2 * cos2Mid ** 2 - 1);
  const second = (b / 6) * cos2Mid * (4 * sinSigma ** 2 - 3) * (4 * cos2Mid ** 2 - 3);
  return SEMI_MINOR_M * a * (sigma - b * sinSigma * (cos2Mid + (b / 4) * (first - second)));
}

/** The distance in metres on a sphere (haversine). */
function distanceOnSphere(a: Point, b: Point): number {
  const [latitude1, latitude2] = [radians(a.latitude), radians(b.latitude)];
  const half =
    Math.sin((latitude2 - latitude1) / 2) ** 2 +
    Math.cos(latitude1) * Math.cos(latitude2) * Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
  return 2 * MEAN_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(half)));
}
