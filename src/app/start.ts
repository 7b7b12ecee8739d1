import type { Proof } from "../core/money/ledger/index.ts";
import { verifyLedger } from "../core/money/ledger/index.ts";
import type { Mailer } from "../core/ports/mailer.ts";
import type { Log } from "../core/ports/log.ts";
import { IN_FLIGHT_LIMITS } from "../core/protocol/in-flight.ts";
import { rulesWithUnauthenticatedLimit } from "../core/protocol/rate-limit/index.ts";
import { explained, explainedStart } from "./explain.ts";
import { createLog } from "../platform/observability/log.ts";
import { addAuditPartitions } from "../platform/postgres/audit-partitions.ts";
import { migrateDeploy } from "../platform/postgres/migrate.ts";
import { createSmtpMailer } from "../platform/smtp-mailer.ts";
import type { LimiterStore } from "../platform/rate-limit/create-limiter.ts";
import { DEMO_USER } from "../sandbox/demo-data/campaigns.ts";
import type { SandboxPage } from "../sandbox/demo-data/page.ts";
import { mountSandboxPage } from "../sandbox/demo-data/page.ts";
import { SecretsFile } from "../sandbox/demo-data/secrets.ts";
import type { DemoData } from "../sandbox/demo-data/seed.ts";
import { seedDemo } from "../sandbox/demo-data/seed.ts";
import type { Sandbox } from "../sandbox/index.ts";
import { mountDemoSignIn } from "../sandbox/people/demo-sign-in.ts";
import { SandboxMailbox } from "../sandbox/people/mailbox.ts";
import { startDatabase, startSandbox } from "../sandbox/index.ts";
import type { Config } from "./config.ts";
import type { Parts } from "./deps.ts";
import { withMoney } from "./deps.ts";
import { MIGRATIONS } from "./migrations.ts";
import type { OwnerConfig } from "./owner-config.ts";
import type { Running } from "./server.ts";
import { startTollfree } from "./server.ts";

/** How long a start waits for others that read the audit log. */
const MAX_PARTITION_WAIT_MS = 5_000;

const KEEP_OUTPUT = { maxBytes: 256 * 1024, seconds: 24 * 3600 };

export interface Started extends Running {
  /** What `GET /sandbox` shows; undefined without the sandbox. */
  sandboxPage: SandboxPage | undefined;
}

/** Starts what the configuration asks for: the sandbox if it is configured, then the server. */
export async function start(config: Config): Promise<Started> {
  const log = createLog({ level: config.logLevel, secrets: config.secrets });
  const { chain } = config;
  const sandbox = chain.sandbox
    ? await startSandbox({ dataDir: config.dataDir, database: config.databaseUrl === undefined, log })
    : undefined;
  const database =
    sandbox === undefined && config.databaseUrl === undefined
      ? await startDatabase({ dataDir: config.dataDir, log })
      : undefined;
  // Loaded on demand: the tracing SDK is a large part of what a start loads, and few servers trace.
  const tracing =
    config.otlpEndpoint === undefined
      ? undefined
      : (await import("../platform/observability/tracing.ts")).startTracing(config.otlpEndpoint);
  const stopParts = async (): Promise<void> => {
    await tracing?.stop();
    await database?.stop();
    await sandbox?.stop();
  };
  try {
    const databaseUrl = config.databaseUrl ?? sandbox?.databaseUrl ?? database?.databaseUrl ?? "";
    await explained(config, () => bringUpToDate(databaseUrl, log));
    // Rows of months without a partition have a place too, so a long backup doesn't hold up a start.
    await addAuditPartitions(databaseUrl, MAX_PARTITION_WAIT_MS).catch((error: unknown) =>
      log.warn(
        { event: "audit_partitions_not_added", err: error },
        "the audit log's next partitions are missing",
      ),
    );
    const running = await explainedStart(config, () => startServer(config, databaseUrl, sandbox, log));
    if (config.adminApiKey === undefined && sandbox === undefined)
      log.warn(
        { event: "setup_warning", setting: "ADMIN_API_KEY" },
        "ADMIN_API_KEY: is unset, so /admin/* is closed. Set it to make users, agents and sponsors.",
      );
    return {
      ...running,
      async stop() {
        await running.stop();
        await stopParts();
      },
    };
  } catch (error) {
    await stopParts();
    throw error;
  }
}

/** Migrates the database, creates the audit log's next partitions, and ends. For operators whose servers work as a role that may not migrate. */
export async function migrate({ databaseUrl, logLevel, secrets }: OwnerConfig): Promise<void> {
  if (databaseUrl === undefined) throw new Error("--migrate needs DATABASE_URL");
  await explained({ databaseUrl }, async () => {
    await bringUpToDate(databaseUrl, createLog({ level: logLevel, secrets }));
    await addAuditPartitions(databaseUrl);
  });
}

/**
 * Verifies the books of the configured database against the chain; the sandbox's where that is configured.
 * @returns the findings, and how many rows and transfers were compared
 */
export async function proveLedger(config: Config): Promise<Proof> {
  const log = createLog({ level: config.logLevel, secrets: config.secrets });
  const sandbox = config.chain.sandbox
    ? await startSandbox({ dataDir: config.dataDir, database: config.databaseUrl === undefined, log })
    : undefined;
  try {
    const databaseUrl = config.databaseUrl ?? sandbox?.databaseUrl;
    if (databaseUrl === undefined) throw new Error("--verify-ledger needs DATABASE_URL");
    return await explained(config, () =>
      withMoney({ databaseUrl, networks: networksOf(config, sandbox) }, (money) => verifyLedger(money)),
    );
  } finally {
    await sandbox?.stop();
  }
}

async function bringUpToDate(databaseUrl: string, log: Log): Promise<void> {
  await migrateDeploy({
    connectionString: databaseUrl,
    directory: MIGRATIONS,
    log: (message) => log.info({}, message),
  });
}

async function startServer(
  config: Config,
  databaseUrl: string,
  sandbox: Sandbox | undefined,
  log: Log,
): Promise<Started> {
  const secrets = sandbox === undefined ? undefined : await SecretsFile.open(config.dataDir);
  const adminApiKey = config.adminApiKey ?? secrets?.values.admin_api_key;
  const mailbox = sandbox === undefined ? undefined : new SandboxMailbox();
  let demo: DemoData | undefined;
  const running = await startTollfree({
    host: config.host,
    port: config.port,
    publicBaseUrl: config.publicBaseUrl,
    trustedProxies: config.trustedProxies,
    metricsToken: config.metricsToken,
    drainSeconds: config.drainSeconds,
    databaseUrl,
    prepareStatements: config.databasePrepare,
    limiterStore: limiterStoreOf(config),
    networks: networksOf(config, sandbox),
    encryptionKeys: config.dataEncryptionKeys ?? [
      Buffer.from(secrets?.values.data_encryption_key ?? "", "base64"),
    ],
    digestKey: config.digestKey,
    mailer: mailerOf(config) ?? mailbox,
    adminApiKey,
    upstreams: {
      allowPrivate: config.allowPrivateUpstreams,
      allowedOrigins: sandbox?.upstreams.map(({ upstream_url }) => new URL(upstream_url).origin) ?? [],
      httpsOnly: config.production && sandbox === undefined,
    },
    settings: {
      confirmWaitMs: config.confirmWaitMs,
      suspension: config.suspension,
      rateRules: rulesWithUnauthenticatedLimit(config.unauthenticatedCallsPerMinute),
      inFlightLimits: IN_FLIGHT_LIMITS,
      treasuryDayMicros: config.treasuryDayMicros,
      proxyFeeBps: config.proxyFeeBps,
      signIn: {
        canSignUp: (config.mail ?? mailbox) !== undefined,
        hasDemoPerson: config.chain.sandbox && config.chain.seed,
      },
      ...(sandbox !== undefined && {
        sandbox: {
          sellers: sandbox.upstreams.map(({ name, upstream_url }) => ({ name, url: upstream_url })),
        },
      }),
      operator: config.operator,
      phoneRegions: config.phoneRegions,
      keepOutput: KEEP_OUTPUT,
    },
    thesaurus: config.thesaurus,
    log,
    async prepare(deps) {
      if (sandbox !== undefined && secrets !== undefined && config.chain.sandbox && config.chain.seed) {
        demo = await seedDemo(deps, secrets, sandbox.upstreams, sandbox.accounts);
      }
    },
    ...(sandbox !== undefined && {
      routes: (app, { signIn }) => {
        const page = () => ({ sandbox, adminApiKey: adminApiKey ?? "", demo });
        mountSandboxPage(app, config.sandboxPeers, page, () => mailbox?.mails ?? []);
        if (demo !== undefined) mountDemoSignIn(app, config.sandboxPeers, { signIn, email: DEMO_USER.email });
      },
    }),
  });
  return { ...running, sandboxPage: sandbox && { sandbox, adminApiKey: adminApiKey ?? "", demo } };
}

/** Undefined where no mail server is configured. */
const mailerOf = ({ mail, operator }: Config): Mailer | undefined =>
  mail &&
  createSmtpMailer({ url: mail.smtpUrl, from: { name: operator.name ?? "Tollfree", address: mail.from } });

/** Without Redis, limits are counted in the database. An embedded database has one server, so memory is enough. */
function limiterStoreOf({ redisUrl, databaseUrl }: Config): LimiterStore {
  if (redisUrl !== undefined) return { kind: "redis", url: redisUrl };
  return { kind: databaseUrl === undefined ? "memory" : "postgres" };
}

/** The configured network, or the sandbox's own. */
function networksOf({ chain, confirmations }: Config, sandbox: Sandbox | undefined): Parts["networks"] {
  if (!chain.sandbox) return [{ ...chain, confirmations }];
  if (sandbox === undefined) throw new Error("the sandbox has no chain");
  const { network, asset, rpcUrl, facilitatorUrl, treasury } = sandbox;
  return [
    {
      ...{ network, asset, rpcUrl, facilitatorUrl, confirmations },
      treasury: { privateKey: treasury.privateKey },
    },
  ];
}
