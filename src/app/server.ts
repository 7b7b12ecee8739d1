import type { RequestListener } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Express } from "express";
import { appRouter } from "../api/router.ts";
import type { Deps } from "../core/context.ts";
import { AppError } from "../core/protocol/errors.ts";
import { listResources } from "../core/runs/direct-run/index.ts";
import { createApp } from "../http/app.ts";
import { sendError } from "../http/request/send.ts";
import { startServer } from "../http/server.ts";
import type { Parts } from "./deps.ts";
import { buildDeps } from "./deps.ts";
import { startExpiry } from "./jobs/log-expired-sessions.ts";
import { startPurge } from "./jobs/purge-expired.ts";
import { startLimitSweep } from "./jobs/purge-rate-limits.ts";
import { startIncomingRound } from "./jobs/reconcile-incoming.ts";
import { startReconciler } from "./jobs/reconcile-payments.ts";
import { startKeyRotation } from "./jobs/reencrypt.ts";
import { startPayoutRound } from "./jobs/send-payouts.ts";
import { startLedgerRound } from "./jobs/verify-ledger.ts";

/** How long requests in flight get to be answered when the server stops: longer than any upstream may take. */
const DRAIN_MS = 40_000;

export interface ServerOptions extends Omit<Parts, "settings"> {
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** Undefined: from host and port. */
  publicBaseUrl: string | undefined;
  /** Addresses and ranges whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[];
  /** How long a stop still takes requests, so that whoever balances load notices first. */
  drainSeconds: number;
  settings: Omit<Parts["settings"], "publicBaseUrl">;
  /** Runs before the first request is answered. */
  prepare?: (deps: Deps) => Promise<void>;
  /** Further routes, such as the sandbox's. */
  routes?: (app: Express) => void;
}

export interface Running {
  url: string;
  deps: Deps;
  /** What `/metrics` shows. */
  metrics(): Promise<string>;
  /** Is no longer ready, answers what is in flight, finishes the rounds under way, writes what is to be written. */
  stop(): Promise<void>;
}

/** Takes the port, builds everything, and only then answers. */
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
  try {
    const built = await buildDeps({
      ...parts,
      settings: { ...settings, publicBaseUrl: publicBaseUrl ?? server.url },
    });
    await prepare?.(built.deps);
    let stopping = false;
    listener = createApp({
      ...built,
      router: appRouter,
      trustedProxies,
      listResources: (page) => listResources(built.deps, page),
      isStopping: () => stopping,
      ...(routes !== undefined && { routes }),
    });
    const rounds = [
      startReconciler(built.deps),
      startPurge(built.deps),
      startExpiry(built.deps),
      startLimitSweep(built, parts.log),
      startIncomingRound(built.deps),
      startPayoutRound(built.deps),
      startLedgerRound(built.deps, built.metrics.showLedger),
      ...(parts.encryptionKeys.length > 1 ? [startKeyRotation(built.deps)] : []),
    ];
    return {
      url: server.url,
      deps: built.deps,
      metrics: built.metrics.scrape,
      async stop() {
        stopping = true;
        await sleep(drainSeconds * 1000);
        await server.close(DRAIN_MS);
        await Promise.all(rounds.map((round) => round.stop()));
        await built.close();
      },
    };
  } catch (error) {
    await server.close(0);
    throw error;
  }
}
