import type { Thesaurus } from "../core/protocol/search-text/index.ts";
import type { Authenticators } from "../api/procedure/context.ts";
import { ChangeFeed } from "../core/account/changes/index.ts";
import type { Deps, Settings } from "../core/context.ts";
import { noteOutages } from "../core/money/settlement/index.ts";
import type { AuditLog } from "../core/observability/audit/index.ts";
import { insertAuditEntries, insertCountedCalls } from "../core/observability/audit/index.ts";
import { readGauges } from "../core/observability/gauges/index.ts";
import type { Log } from "../core/ports/log.ts";
import type { AuthorizationServer } from "../core/ports/authorization-server.ts";
import type { SignIn } from "../core/ports/sign-in.ts";
import { Batches } from "../core/protocol/batches.ts";
import { FairQueue } from "../core/protocol/fair-queue.ts";
import { countInFlight } from "../core/protocol/in-flight.ts";
import { CampaignTallies } from "../core/sponsorship/tally/index.ts";
import { Recent } from "../core/protocol/recent.ts";
import type { ReadinessChecks } from "../http/routes/health.ts";
import { AesCipher } from "../platform/cipher.ts";
import { createAuthenticators, secretCheck } from "./authenticators.ts";
import { BackgroundWork } from "./background.ts";
import type { NetworkSettings } from "./build-networks.ts";
import { buildNetworks } from "./build-networks.ts";
import { buildAuthorizationServer } from "./build-authorization-server.ts";
import type { SignInParts } from "./build-sign-in.ts";
import { buildSignIn } from "./build-sign-in.ts";
import { startCompute } from "./compute/start-compute.ts";
import { createAnonymousCalls } from "../platform/observability/anonymous-calls.ts";
import type { AuditWriter } from "../platform/observability/audit-writer.ts";
import { createAuditWriter } from "../platform/observability/audit-writer.ts";
import { createMetrics, type Metrics } from "../platform/observability/metrics.ts";
import { createDatabaseClient } from "../platform/postgres/client.ts";
import { createPool } from "../platform/postgres/pool.ts";
import { checkPooling } from "../platform/postgres/pooling.ts";
import { createSqlPool } from "../platform/postgres/sql-pool.ts";
import type { LimiterStore } from "../platform/rate-limit/create-limiter.ts";
import { createLimiter } from "../platform/rate-limit/create-limiter.ts";
import { SIGN_IN_RECORDS } from "../platform/sign-in/records.ts";
import type { UpstreamPolicy } from "../platform/upstream-fetch.ts";
import { UpstreamFetch } from "../platform/upstream-fetch.ts";
import { DependencyWatch } from "./dependencies/watch.ts";
import type { Job } from "./jobs/run-job.ts";

/** The most connections of the pool that only runs what moves money. The other pool has 10. */
const MONEY_CONNECTIONS = 5;

/** Searches of one replica: fewer than the pool has connections, so that other reads find one. */
const SEARCHES = { atOnce: 2, atOnceOfCaller: 1, waitingOfCaller: 20, waitingOfKind: 200 };

/** The same for searches without a text. */
const LISTS = { atOnce: 5, atOnceOfCaller: 2, waitingOfCaller: 20, waitingOfKind: 200 };

/** The job that counts the catalogue's terms runs more seldom than this. */
const CATALOGUE_FRESH_MS = 5_000;

/** The same for histories and figures. A sponsor's own program asks for many at once, and each has one connection at a time. */
const HISTORIES = { atOnce: 3, atOnceOfCaller: 1, waitingOfCaller: 100, waitingOfKind: 500 };

/** Everything a server is built from. Nothing else is read from the environment. */
export interface Parts extends SignInParts {
  databaseUrl: string;
  /** Whether statements are prepared. False for a pooler that doesn't know prepared statements. */
  prepareStatements: boolean;
  /** The networks to be paid and to pay on. The first is the default. */
  networks: readonly [NetworkSettings, ...NetworkSettings[]];
  adminApiKey: string | undefined;
  /** The bearer token that `/metrics` asks for. Undefined: none. */
  metricsToken?: string | undefined;
  upstreams: UpstreamPolicy;
  /** Where rate limits are counted. */
  limiterStore: LimiterStore;
  /** The topics by which services are found. */
  thesaurus: Thesaurus;
  settings: Settings;
  log: Log;
  /** Replaces the audit writer. Only the benchmark of auditing sets it. */
  audit?: AuditWriter;
}

export interface Built {
  deps: Deps;
  authenticators: Authenticators;
  signIn: SignIn;
  authorizationServer: AuthorizationServer;
  changes: ChangeFeed;
  audit: AuditLog;
  /** Stores the counts of calls without a credential since the last time. */
  recordAnonymousCalls(): Promise<void>;
  /** Stores what was counted of campaigns since the last time. */
  recordTallies(): Promise<void>;
  metrics: Metrics;
  mayScrape: (token: string | undefined) => boolean;
  checks: ReadinessChecks;
  /** Logs when a dependency is lost, and when it is back. */
  watchJob: Job;
  /** Deletes rate-limit windows that have ended. */
  purgeRateLimits(): Promise<void>;
  close(): Promise<void>;
}

/** Runs `use` with the database and the networks, without a server. */
export async function withMoney<Result>(
  { databaseUrl, networks: settings }: Pick<Parts, "databaseUrl" | "networks">,
  use: (money: Pick<Deps, "sql" | "networks">) => Promise<Result>,
): Promise<Result> {
  const networks = await buildNetworks(settings);
  const pool = createPool({ url: databaseUrl });
  try {
    return await use({ sql: createSqlPool(pool), networks });
  } finally {
    await pool.end();
  }
}

/**
 * The composition root: makes every adapter, and passes them to the core as its `Deps`.
 * @throws Error if the chain isn't the configured one, or the asset isn't one we can pay with
 */
export async function buildDeps({ databaseUrl, ...parts }: Parts): Promise<Built> {
  const networks = await buildNetworks(parts.networks);
  const { prepareStatements: prepare } = parts;
  const pooling = await checkPooling(databaseUrl, { prepare, settings: true });
  // The pools exist before the watch, which asks them.
  let quietLog = parts.log;
  const poolLog: Log = { ...parts.log, warn: (fields, message) => quietLog.warn(fields, message) };
  const connections = { url: databaseUrl, log: poolLog, setUp: pooling === "session" };
  const pool = createPool(connections);
  const moneyPool = createPool({ ...connections, size: MONEY_CONNECTIONS });
  const db = createDatabaseClient(pool, { prepare });
  const sql = createSqlPool(pool, { moneyPool, prepare });
  const metrics = createMetrics(
    () => readGauges({ db, sql }),
    (error) =>
      quietLog.warn({ event: "vitals_failed", err: error }, "the metrics lack the figures from the database"),
  );
  const checks = {
    database: async () => {
      await pool.query("SELECT 1");
      return undefined;
    },
    chain: async () => {
      await Promise.all(networks.all.map(({ chain }) => chain.blockNumber()));
      return undefined;
    },
  };
  const watch = new DependencyWatch({
    log: metrics.watchLog(parts.log),
    watched: {
      database: { check: checks.database, everyMs: 5_000 },
      // An RPC's provider counts calls.
      chain: { check: checks.chain, everyMs: 10_000 },
      facilitator: {
        check: () => Promise.all(networks.all.map(({ seller }) => seller.checkFacilitator())),
        everyMs: 60_000,
      },
    },
    rpcUrls: parts.networks.map(({ rpcUrl }) => rpcUrl),
    show: metrics.showDependency,
    noteAway: () => noteOutages({ sql, networks }),
  });
  const log = metrics.watchLog(watch.quiet(parts.log));
  quietLog = log;
  const upstream = new UpstreamFetch(parts.upstreams);
  const auditWriter =
    parts.audit ??
    metrics.watchAudit(createAuditWriter({ insert: (entries) => insertAuditEntries(sql, entries) }));
  const anonymousCalls = createAnonymousCalls({ insert: (rows) => insertCountedCalls(sql, rows) });
  const { limiter, ...limits } = await createLimiter(parts.limiterStore, { sql, log });
  if (limits.totals !== undefined) metrics.watchInsurance(limits.totals);
  const background = new BackgroundWork(log);
  const compute = startCompute();
  const tally = new CampaignTallies({ sql });
  const deps: Deps = {
    db,
    sql,
    batches: new Batches(sql),
    log,
    cipher: new AesCipher(parts.encryptionKeys, parts.digestKey),
    networks,
    upstream,
    limiter: metrics.watchLimiter(limiter),
    signInRecords: SIGN_IN_RECORDS,
    inFlight: countInFlight(parts.settings.inFlightLimits),
    compute,
    searches: new FairQueue("searches", SEARCHES),
    lists: new FairQueue("searches", LISTS),
    catalogue: new Recent(CATALOGUE_FRESH_MS),
    histories: new FairQueue("requests for histories and figures", HISTORIES),
    thesaurus: parts.thesaurus,
    tally,
    settings: parts.settings,
    background,
  };
  const signIn = buildSignIn(deps, parts);
  const authorizationServer = buildAuthorizationServer(deps, parts);
  const changes = new ChangeFeed(deps);
  metrics.watchStreams(() => changes.streams);
  return {
    deps,
    signIn,
    authorizationServer,
    changes,
    authenticators: createAuthenticators(deps, signIn, authorizationServer, parts.adminApiKey),
    audit: { append: (entry) => auditWriter.append(entry), count: anonymousCalls.count },
    recordAnonymousCalls: anonymousCalls.flush,
    recordTallies: () => tally.flush(),
    metrics,
    mayScrape: parts.metricsToken === undefined ? () => true : secretCheck(parts.metricsToken),
    watchJob: watch.job(),
    checks: {
      ...checks,
      ...(limits.check !== undefined && { redis: limits.check }),
    },
    purgeRateLimits: () => limits.purge(),
    async close() {
      await background.close();
      await auditWriter.close();
      await upstream.close();
      await compute.close();
      limits.close();
      await db.$disconnect();
      await Promise.all([pool.end(), moneyPool.end()]);
    },
  };
}
