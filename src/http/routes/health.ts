import type { IncomingMessage } from "node:http";
import type { Express } from "express";
import type { Meter } from "../../core/ports/meter.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { sendJson } from "../request/send.ts";
import { serveGet } from "../request/serve-get.ts";

/**
 * Checks of our dependencies, by name. A check rejects if its dependency is down. It returns `degraded` if
 * the dependency is down but another one replaces it.
 */
export type ReadinessChecks = Record<string, () => Promise<"degraded" | undefined>>;

type CheckResult = "ok" | "degraded" | "failed";

/** A check that takes longer counts as failed. */
const CHECK_TIMEOUT_MS = 2_000;

/** How long the result of a readiness check serves further requests. */
const CHECKED_MS = 500;

/**
 * Lets requests at the same time, and so long after, share one result. Anybody may ask, and it takes queries, and calls of
 * RPCs, whose providers count them and refuse more.
 */
function shared<Result>(work: () => Promise<Result>, ms: number): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => {
    if (result !== undefined) return result;
    const running = work();
    result = running;
    const end = (): void => void setTimeout(() => (result = undefined), ms).unref();
    running.then(end, end);
    return running;
  };
}

/** Adds the operator's endpoints. Their success responses have no envelope, their errors have it. */
export function mountHealth(
  app: Express,
  options: {
    checks: ReadinessChecks;
    metrics: Pick<Meter, "scrape" | "contentType">;
    /** Whether a request with this bearer token (undefined: without one) may read `/metrics`. */
    mayScrape: (token: string | undefined) => boolean;
    isStopping: () => boolean;
  },
): void {
  const check = shared(() => runChecks(options.checks), CHECKED_MS);
  const scrape = shared(() => options.metrics.scrape(), 0);
  serveGet(app, "/healthz", (req, res) => sendJson(req, res, 200, {}, { status: "ok" }));
  serveGet(app, "/readyz", async (req, res) => {
    if (options.isStopping())
      throw new AppError("service_unavailable", { message: "The server is stopping." });
    const checks = await check();
    if (Object.values(checks).includes("failed"))
      throw new AppError("service_unavailable", { details: { checks } });
    sendJson(req, res, 200, {}, { status: "ready", checks });
  });
  serveGet(app, "/metrics", async (req, res) => {
    if (!options.mayScrape(bearerOf(req)))
      throw new AppError("unauthorized", { message: "Send the metrics token as `Authorization: Bearer …`." });
    const text = await scrape();
    res
      .writeHead(200, { "Content-Type": options.metrics.contentType, "Cache-Control": "no-store" })
      .end(text);
  });
}

const bearerOf = (req: IncomingMessage): string | undefined =>
  /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? "")?.[1];

async function runChecks(checks: ReadinessChecks): Promise<Record<string, CheckResult>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check)] as const),
  );
  return Object.fromEntries(results);
}

async function runCheck(check: ReadinessChecks[string]): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("timed out")), CHECK_TIMEOUT_MS);
  });
  try {
    return (await Promise.race([check(), timeout])) ?? "ok";
  } catch {
    return "failed";
  } finally {
    clearTimeout(timer);
  }
}
