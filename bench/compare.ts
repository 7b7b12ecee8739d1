import { Pool } from "undici";
import { medianOf, quantile } from "./figures.ts";
import { cpuMicros, type MeasuredServer } from "./start-server.ts";

/** A server, and what is asked of it again and again. */
export interface Measured {
  name: string;
  server: MeasuredServer;
  path: string;
  /** Sent in turns. */
  headers: readonly Record<string, string>[];
}

/** What one server did in one slice of time. */
interface Slice {
  /** Microseconds of the server's CPU for one request. */
  cpu: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

/** The first server's figures divided by the other's: medians of all rounds. */
export interface Ratios {
  cpu: number;
  perSecond: number;
  p50: number;
  p99: number;
}

export interface ComparisonOptions {
  callers: number;
  rounds: number;
  secondsPerSlice: number;
}

/**
 * Measures two servers in turns, so that what the machine does meanwhile meets both. The ratio is taken in each round, between
 * neighbours, and its median is the result. Prints both sides.
 */
export async function compare(
  ours: Measured,
  other: Measured,
  { callers, rounds, secondsPerSlice }: ComparisonOptions,
): Promise<Ratios> {
  const measure = (target: Measured): Promise<Slice> => measureSlice(target, callers, secondsPerSlice);
  await measure(ours);
  await measure(other);
  const slices: { ours: Slice; other: Slice }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = round % 2 === 0 ? ours : other;
    const one = await measure(first);
    const two = await measure(first === ours ? other : ours);
    slices.push(first === ours ? { ours: one, other: two } : { ours: two, other: one });
  }
  const ratio = (key: keyof Slice): number =>
    medianOf(slices.map((round) => round.ours[key] / round.other[key]));
  for (const side of ["ours", "other"] as const) {
    const of = (key: keyof Slice): number => medianOf(slices.map((round) => round[side][key]));
    console.log(
      `${String(callers).padStart(2)} callers  ${(side === "ours" ? ours : other).name.padEnd(22)} ${of("cpu").toFixed(0)} µs CPU, ` +
        `${of("perSecond").toFixed(0)}/s, p50 ${of("p50").toFixed(2)} ms, p99 ${of("p99").toFixed(2)} ms`,
    );
  }
  return { cpu: ratio("cpu"), perSecond: ratio("perSecond"), p50: ratio("p50"), p99: ratio("p99") };
}

async function measureSlice(
  { name, server, path, headers }: Measured,
  callers: number,
  seconds: number,
): Promise<Slice> {
  const started = performance.now();
  const until = started + seconds * 1_000;
  const before = cpuMicros(server.pid);
  const times = await readWhile(() => performance.now() < until, {
    name,
    url: server.url,
    path,
    headers,
    callers,
  });
  const cpu = cpuMicros(server.pid) - before;
  const elapsed = performance.now() - started;
  return {
    cpu: cpu / times.length,
    perSecond: times.length / (elapsed / 1_000),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
  };
}

/**
 * Reads a path again and again, each caller as soon as it has its answer.
 * @returns how long each answer took, in milliseconds
 * @throws Error for an answer other than 200
 */
export async function readWhile(
  goesOn: () => boolean,
  { name, url, path, headers, callers }: Omit<Measured, "server"> & { url: string; callers: number },
): Promise<number[]> {
  const pool = new Pool(url, { connections: callers });
  const times: number[] = [];
  const call = async (_: unknown, caller: number): Promise<void> => {
    for (let n = caller; goesOn(); n += 1) {
      const sent = performance.now();
      const answer = await pool.request({ path, method: "GET", headers: headers[n % headers.length] ?? {} });
      await answer.body.dump();
      if (answer.statusCode !== 200) throw new Error(`${name} answered ${answer.statusCode}`);
      times.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  await pool.close();
  return times;
}
