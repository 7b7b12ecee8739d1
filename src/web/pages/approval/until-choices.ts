const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * The times until which an agent may be allowed to act, the earliest first. The last is what was asked for, to a round
 * time before it; none is later.
 */
export function untilChoices(now: number, askedSeconds: number | null): string[] {
  const asked = (askedSeconds ?? DAY / 1000) * 1000;
  const latest = roundDown(now + asked, asked);
  const evening = new Date(now).setHours(23, 0, 0, 0);
  const shorter = [HOUR, DAY, 7 * DAY, 30 * DAY].map((span) => roundDown(now + span, span));
  const earlier = [...shorter, evening]
    .filter((time) => time - now > 20 * MINUTE && time - now < asked * 0.75)
    .sort((a, b) => a - b)
    .slice(-2);
  return [...earlier, latest].map((time) => new Date(time).toISOString());
}

/** People think in hours and quarters of it; a few minutes matter only where all of it is short. */
function roundDown(time: number, span: number): number {
  const step = span >= 12 * HOUR ? 30 * MINUTE : span >= HOUR ? 5 * MINUTE : MINUTE;
  return Math.floor(time / step) * step;
}
