import type { RequestListener } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Express } from "express";
import { appRouter } from "../api/router.ts";
import { answerRequest } from "../core/access/oauth/index.ts";
import { exportAccount } from "../core/account/export/index.ts";
import type { Deps } from "../core/context.ts";
import { openLedger } from "../core/money/ledger/index.ts";
import { proveKeys } from "../core/personal-data/encryption/index.ts";
import { AppError } from "../core/protocol/errors.ts";
import { listResources, listResourceUrls } from "../core/runs/direct-run/index.ts";
import { createApp } from "../http/app.ts";
import { sendError } from "../http/request/send.ts";
import { startServer } from "../http/server.ts";
import type { Api } from "../http/transport/call-context.ts";
import type { Built, Parts } from "./deps.ts";
import { buildDeps } from "./deps.ts";
import { keyProblem } from "./key-problem.ts";
import { listJobs } from "./jobs/index.ts";
import { startJob } from "./jobs/run-job.ts";

/** How long a stop waits for requests in flight. Longer than the longest upstream timeout. */
const DRAIN_MS = 40_000;

export interface ServerOptions extends Omit<Parts, "settings"> {
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** Undefined: made from host and port. */
  publicBaseUrl: string | undefined;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is trusted. */
  trustedProxies: readonly string[];
  /** For how long a stopping server still takes requests, until the load balancer has noticed. */
  drainSeconds: number;
  settings: Omit<Parts["settings"], "publicBaseUrl">;
  /** Runs before the first request is answered. */
  prepare?: (deps: Deps) => Promise<void>;
  /** Adds routes, such as the sandbox's page. */
  routes?: (app: Express, parts: Pick<Built, "signIn" | "authorizationServer"> & { api: Api }) => void;
}

export interface Running {
  url: string;
  deps: Deps;
  /** What `/metrics` shows. */
  metrics(): Promise<string>;
  /** Stops being ready, answers the requests in flight, ends the jobs, and writes the remaining audit rows. */
  stop(): Promise<void>;
}

/** Takes the port first and answers 503 on it, builds everything, then answers requests. */
export async function startTollfree({
  host,
  port,
  publicBaseUrl,
  trustedProxies,
  drainSeconds,
  settings,
  prepare,
  routes,
  ...parts
}: ServerOptions): Promise<Running> {
  let listener: RequestListener = (req, res) => {
    sendError(
      req,
      res,
      new AppError("service_unavailable", { message: "Starting up.", retryAfterSeconds: 1 }),
    );
  };
  const server = await startServer((req, res) => listener(req, res), { host, port });
  let closeParts = (): Promise<void> => Promise.resolve();
  try {
    const built = await buildDeps({
      ...parts,
      settings: { ...settings, publicBaseUrl: publicBaseUrl ?? server.url },
    });
    closeParts = () => built.close();
    const keys = await proveKeys(built.deps);
    if (keys !== "ok") throw keyProblem(keys);
    await openLedger(built.deps);
    await prepare?.(built.deps);
    let stopping = false;
    listener = createApp({
      ...built,
      router: appRouter,
      trustedProxies,
      answerRequest: (request, by) => answerRequest({ ...built.deps, ...by }, request),
      exportAccount: (actor) => exportAccount({ ...built.deps, actor }),
      listResourceUrls: (limit) => listResourceUrls(built.deps, limit),
      listResources: (query, clientAddress) => listResources({ ...built.deps, clientAddress }, query),
      isStopping: () => stopping,
      ...(routes !== undefined && { routes: (app: Express, api: Api) => routes(app, { ...built, api }) }),
    });
    const jobs = [
      built.watchJob,
      ...listJobs(built.deps, {
        signIn: built.signIn,
        mailer: parts.mailer,
        purgeRateLimits: () => built.purgeRateLimits(),
        recordAnonymousCalls: () => built.recordAnonymousCalls(),
        recordTallies: () => built.recordTallies(),
        countWebhook: built.metrics.countWebhook,
        showLedgerFindings: built.metrics.showLedger,
        hasOlderKeys: parts.encryptionKeys.length > 1,
      }),
    ].map((job) => startJob(job, built.deps.log));
    return {
      url: server.url,
      deps: built.deps,
      metrics: built.metrics.scrape,
      async stop() {
        stopping = true;
        await sleep(drainSeconds * 1000);
        // A page's stream would keep the server waiting.
        await built.changes.close();
        await server.close(DRAIN_MS);
        await Promise.all(jobs.map((job) => job.stop()));
        await built.close();
      },
    };
  } catch (error) {
    await server.close(0);
    await closeParts();
    throw error;
  }
}
