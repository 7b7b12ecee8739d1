import { Redis } from "ioredis";
import { describeNetworkFailure } from "../network-failure.ts";
import { SetupProblem } from "../setup-problem.ts";

const MAX_WAIT_MS = 2_000;

/**
 * Checks that Redis takes writes and keeps counters.
 * @returns its version
 * @throws SetupProblem that says what is wrong
 */
export async function checkRedis(url: string): Promise<string> {
  const { host } = new URL(url);
  const problem = (found: string, advice: string, cause?: unknown): SetupProblem =>
    new SetupProblem("REDIS_URL", `${host} ${found}`, advice, { cause });
  let failure: unknown;
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: MAX_WAIT_MS,
    commandTimeout: MAX_WAIT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on("error", (error) => (failure = error));
  try {
    await redis.connect();
    await redis.set("{tollfree}:doctor", Date.now(), "EX", 60);
    // Managed services may forbid CONFIG.
    const policy = await redis.config("GET", "maxmemory-policy").catch(() => []);
    const [, name = "noeviction"] = policy as string[];
    if (name !== "noeviction")
      throw problem(`evicts counters (maxmemory-policy ${name})`, "Set maxmemory-policy to noeviction");
    return /redis_version:(\S+)/.exec(await redis.info("server"))?.[1] ?? "unknown";
  } catch (error) {
    if (error instanceof SetupProblem) throw error;
    // What Redis answered to the first command comes as an event, and what failed for it is thrown.
    const message = [error, failure].map((one) => (one instanceof Error ? one.message : "")).join("\n");
    if (/^READONLY/m.test(message))
      throw problem("is a replica and takes no writes", "Set it to the primary", error);
    if (/^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password)/m.test(message))
      throw problem("refuses the user or the password", "Check both", error);
    const why = describeNetworkFailure(failure) ?? describeNetworkFailure(error) ?? "doesn't answer";
    throw problem(why, "Start Redis there, or unset REDIS_URL: PostgreSQL then counts", error);
  } finally {
    redis.disconnect();
  }
}
