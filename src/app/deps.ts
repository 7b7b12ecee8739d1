import { timingSafeEqual } from "node:crypto";
import type { Authenticators } from "../api/procedure/context.ts";
import { authenticateAgent } from "../core/access/agent/index.ts";
import { hashSecret } from "../core/access/credential/index.ts";
import { authenticateSession } from "../core/access/session/index.ts";
import type { Deps, Settings } from "../core/context.ts";
import { insertAuditEntries } from "../core/observability/audit/index.ts";
import { readGauges } from "../core/observability/gauges/index.ts";
import type { Log } from "../core/ports/log.ts";
import { AppError } from "../core/protocol/errors.ts";
import { authenticateSponsor } from "../core/sponsorship/sponsor/index.ts";
import type { ReadinessChecks } from "../http/routes/health.ts";
import { AesCipher } from "../platform/cipher.ts";
import type { AuditWriter } from "../platform/observability/audit-writer.ts";
import { createAuditWriter } from "../platform/observability/audit-writer.ts";
import { createMetrics, type Metrics } from "../platform/observability/metrics.ts";
import { createDatabaseClient } from "../platform/postgres/client.ts";
import { createPool } from "../platform/postgres/pool.ts";
import { createSqlPool } from "../platform/postgres/sql-pool.ts";
import type { LimiterStore } from "../platform/rate-limit/create-limiter.ts";
import { createLimiter } from "../platform/rate-limit/create-limiter.ts";
import type { UpstreamPolicy } from "../platform/upstream-fetch.ts";
import { UpstreamFetch } from "../platform/upstream-fetch.ts";
import { X402Buyer } from "../platform/x402/buyer.ts";
import { EvmChain } from "../platform/x402/chain.ts";
import { X402Seller } from "../platform/x402/seller.ts";
import { X402Transfers } from "../platform/x402/transfers.ts";
import { treasuryAccount } from "../platform/x402/treasury-account.ts";
import type { ChainSettings } from "./config.ts";

/** Everything a server is built from. Nothing else is read from the environment. */
export interface Parts {
  databaseUrl: string;
  chain: ChainSettings & { confirmations: number };
  /** The first encrypts. The others are older keys, which only decrypt. */
  encryptionKeys: readonly [Uint8Array, ...Uint8Array[]];
  /** Makes codes and pseudonyms. Undefined: the encryption key does. */
  digestKey?: Uint8Array | undefined;
  adminApiKey: string | undefined;
  /** The bearer token that `/metrics` asks for. Undefined: none. */
  metricsToken?: string | undefined;
  upstreams: UpstreamPolicy;
  /** Where rate limits are counted. */
  limiterStore: LimiterStore;
  settings: Settings;
  log: Log;
  /** Replaces the audit writer. Only the benchmark of auditing sets it. */
  audit?: AuditWriter;
}

export interface Built {
  deps: Deps;
  authenticators: Authenticators;
  audit: AuditWriter;
  metrics: Metrics;
  mayScrape: (token: string | undefined) => boolean;
  checks: ReadinessChecks;
  /** Deletes rate-limit windows that have ended. */
  purgeRateLimits(): Promise<void>;
  close(): Promise<void>;
}

type MoneyParts = Pick<Parts, "databaseUrl" | "chain">;

/**
 * Builds the adapters that read the chain, pay, and are paid.
 * @throws Error if the chain isn't the configured one, or the asset isn't one we can pay with
 */
async function buildMoney({
  rpcUrl,
  network,
  asset,
  confirmations,
  treasury,
  facilitatorUrl,
}: Parts["chain"]): Promise<Pick<Deps, "chain" | "paymentClient" | "seller" | "transfers">> {
  const chain = new EvmChain({ rpcUrl, asset, confirmations });
  const domain = await chain.readAsset(Number(network.slice("eip155:".length)));
  const account = treasuryAccount(treasury);
  const buyer = new X402Buyer({ account, network, asset, domain });
  return {
    chain,
    paymentClient: buyer,
    transfers: new X402Transfers(buyer, facilitatorUrl),
    seller: new X402Seller({ facilitatorUrl, network, asset, domain, payTo: account.address }),
  };
}

/** Runs `use` with the database, the chain and the treasury's address, without a server. */
export async function withMoney<Result>(
  { databaseUrl, chain }: MoneyParts,
  use: (money: Pick<Deps, "db" | "chain" | "paymentClient">) => Promise<Result>,
): Promise<Result> {
  const money = await buildMoney(chain);
  const db = createDatabaseClient({ url: databaseUrl });
  try {
    return await use({ db, ...money });
  } finally {
    await db.$disconnect();
  }
}

/**
 * The composition root: makes every adapter, and passes them to the core as its `Deps`.
 * @throws Error if the chain isn't the configured one, or the asset isn't one we can pay with
 */
export async function buildDeps({ databaseUrl, chain: chainSettings, ...parts }: Parts): Promise<Built> {
  const { chain, paymentClient, seller, transfers } = await buildMoney(chainSettings);
  const pool = createPool({ url: databaseUrl, log: parts.log });
  const db = createDatabaseClient(pool);
  const sql = createSqlPool(pool);
  const metrics = createMetrics(
    () => readGauges(db),
    (error) =>
      parts.log.warn(
        { event: "vitals_failed", err: error },
        "the metrics lack the figures from the database",
      ),
  );
  const log = metrics.watchLog(parts.log);
  const upstream = new UpstreamFetch(parts.upstreams);
  const audit =
    parts.audit ??
    metrics.watchAudit(createAuditWriter({ insert: (entries) => insertAuditEntries(db, entries) }));
  const { limiter, ...limits } = await createLimiter(parts.limiterStore, { sql, log });
  if (limits.totals !== undefined) metrics.watchInsurance(limits.totals);
  const kept = new Set<Promise<unknown>>();
  const deps: Deps = {
    db,
    sql,
    log,
    cipher: new AesCipher(parts.encryptionKeys, parts.digestKey),
    chain,
    paymentClient,
    seller,
    transfers,
    upstream,
    limiter: metrics.watchLimiter(limiter),
    settings: parts.settings,
    background: {
      keep(work) {
        const watched = work
          .catch((error: unknown) => log.warn({ error: String(error) }, "background work failed"))
          .finally(() => kept.delete(watched));
        kept.add(watched);
      },
    },
  };
  return {
    deps,
    authenticators: createAuthenticators(deps, parts.adminApiKey),
    audit,
    metrics,
    mayScrape: parts.metricsToken === undefined ? () => true : secretCheck(parts.metricsToken),
    checks: {
      database: async () => {
        await db.$queryRaw`SELECT 1`;
        return undefined;
      },
      chain: async () => {
        await chain.blockNumber();
        return undefined;
      },
      ...(limits.check !== undefined && { redis: limits.check }),
    },
    purgeRateLimits: () => limits.purge(),
    async close() {
      await Promise.all(kept);
      await audit.close();
      await upstream.close();
      limits.close();
      await db.$disconnect();
      await pool.end();
    },
  };
}

function createAuthenticators(deps: Deps, adminApiKey: string | undefined): Authenticators {
  const isAdmin = secretCheck(adminApiKey);
  return {
    session: (token, identified) => authenticateSession(deps, "agent_session", token, identified),
    gptSession: (token, identified) => authenticateSession(deps, "gpt_session", token, identified),
    agentKey: (token) => authenticateAgent(deps, token),
    sponsorKey: (token) => authenticateSponsor(deps, token),
    admin: (token) => {
      if (!isAdmin(token))
        throw new AppError("unauthorized", { message: "The administrator's key is required." });
      return { kind: "admin" };
    },
  };
}

/** Makes a check against a secret, in constant time. Where no secret is configured, every value is refused. */
function secretCheck(secret: string | undefined): (given: string | undefined) => boolean {
  const hash = secret === undefined ? undefined : hashSecret(secret);
  return (given) => hash !== undefined && given !== undefined && timingSafeEqual(hashSecret(given), hash);
}
