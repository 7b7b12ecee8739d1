import { z } from "zod";
import type { Settings } from "../core/context.ts";
import { centsToMicros } from "../core/protocol/amounts.ts";
import { UNAUTHENTICATED_CALLS_PER_MINUTE } from "../core/protocol/rate-limit/index.ts";
import type { Thesaurus } from "../core/protocol/search-text/index.ts";
import type { FacilitatorAuth } from "../platform/x402/facilitator-auth.ts";
import type { TreasuryKey } from "../platform/x402/treasury-account.ts";
import { checkCombination } from "./config-combination.ts";
import { ConfigError, mistakesIn } from "./config-error.ts";
import {
  AddressRanges,
  BUILT_IN_THESAURUS,
  count,
  Flag,
  Key32,
  Keys32,
  LogLevel,
  Network,
  Regions,
  ThesaurusFile,
  whole,
} from "./config-fields.ts";
import { databaseUrlOf, DatabaseVariables } from "./database-variables.ts";
import { FacilitatorVariables, readFacilitatorAuth } from "./facilitator-variables.ts";
import type { MailSettings } from "./mail-variables.ts";
import { MailVariables, readMail } from "./mail-variables.ts";
import type { OwnerConfig } from "./owner-config.ts";
import { parseOwnerConfig } from "./owner-config.ts";
import { listSecrets } from "./secrets.ts";

/** The only reader of the environment. A start validates every variable and lists every mistake. */

const Environment = z.object({
  NODE_ENV: z.string().default("development"),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: count(3000, 65_535),
  PUBLIC_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ""))
    .optional(),
  TRUSTED_PROXIES: AddressRanges.default([]),
  DRAIN_SECONDS: whole(300).optional(),
  TOLLFREE_DATA_DIR: z.string().min(1).default(".data"),
  LOG_LEVEL: LogLevel,
  DATABASE_PREPARE: Flag.default(true),
  ...DatabaseVariables,
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  ADMIN_API_KEY: z.string().min(16, "must be at least 16 characters").optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  METRICS_TOKEN: z
    .string()
    .regex(/^\S{16,}$/, "must be at least 16 characters without blanks")
    .optional(),
  SANDBOX: Flag.optional(),
  SANDBOX_SEED: Flag.default(true),
  SANDBOX_PEERS: AddressRanges.default([]),
  X402_NETWORK: Network.optional(),
  X402_ASSET: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, "must be an address")
    .optional(),
  X402_RPC_URL: z.url({ protocol: /^https?$/ }).optional(),
  X402_FACILITATOR_URL: z.url({ protocol: /^https?$/ }).optional(),
  ...FacilitatorVariables,
  TREASURY_PRIVATE_KEY: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, "must be 0x and 64 hex digits")
    .optional(),
  /** An external signer that keeps the treasury's key, and the address it signs for. Used in place of the key. */
  TREASURY_SIGNER_URL: z.url({ protocol: /^https?$/ }).optional(),
  TREASURY_ADDRESS: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, "must be 0x and 40 hex digits")
    .optional(),
  X402_CONFIRMATIONS: count(1, 10_000).pipe(z.number().min(1)),
  X402_CONFIRM_WAIT_MS: count(2000, 30_000),
  DATA_ENCRYPTION_KEY: Keys32.optional(),
  DIGEST_KEY: Key32.optional(),
  SUSPEND_SCOPE_VIOLATIONS: count(3, 1_000_000).pipe(z.number().min(1)),
  SUSPEND_SCOPE_WINDOW_SECONDS: count(300, 86_400).pipe(z.number().min(1)),
  SUSPEND_RATE_HITS: count(10, 1_000_000).pipe(z.number().min(1)),
  SUSPEND_RATE_WINDOW_SECONDS: count(60, 86_400).pipe(z.number().min(1)),
  UNAUTHENTICATED_CALLS_PER_MINUTE: count(UNAUTHENTICATED_CALLS_PER_MINUTE, 1_000_000).pipe(
    z.number().min(1),
  ),
  TREASURY_DAILY_CAP_CENTS: whole(999_999_999).optional(),
  PROXY_FEE_BPS: whole(10_000).default(0),
  ...MailVariables,
  CONTACT_EMAIL: z.email().optional(),
  OPERATOR_NAME: z.string().trim().min(1).max(200).optional(),
  ALLOW_PRIVATE_UPSTREAMS: Flag.default(false),
  PHONE_REGIONS: Regions.default([]),
  SEARCH_TOPICS_FILE: ThesaurusFile.optional(),
});
type Environment = z.infer<typeof Environment>;

/** A load balancer asks for readiness every few seconds, and sends requests until it has noticed. */
const PRODUCTION_DRAIN_SECONDS = 5;

export interface ChainSettings {
  network: `eip155:${number}`;
  asset: `0x${string}`;
  rpcUrl: string;
  facilitatorUrl: string;
  /** Our credentials for the facilitator. Default: none. */
  facilitatorAuth?: FacilitatorAuth;
  treasury: TreasuryKey;
}

export interface Config {
  production: boolean;
  host: string;
  port: number;
  publicBaseUrl: string | undefined;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is trusted. */
  trustedProxies: string[];
  /** Addresses and CIDR ranges that may read `/sandbox`, besides loopback. Without meaning outside the sandbox. */
  sandboxPeers: string[];
  /** For how long a stopping server still takes requests, while `/readyz` already answers 503. */
  drainSeconds: number;
  dataDir: string;
  logLevel: Environment["LOG_LEVEL"];
  /** The values that no log line and no error may show. */
  secrets: string[];
  /** Undefined: the embedded PostgreSQL. */
  databaseUrl: string | undefined;
  /** Whether statements are prepared. False for a pooler that doesn't know prepared statements. */
  databasePrepare: boolean;
  /** Undefined: rate limits are counted in the database, or in this process where the database is embedded. */
  redisUrl: string | undefined;
  adminApiKey: string | undefined;
  /** Where traces are sent. Undefined: nothing is traced. */
  otlpEndpoint: string | undefined;
  /** The bearer token of `/metrics`. Undefined: anyone may read it. */
  metricsToken: string | undefined;
  /** Makes codes and pseudonyms. Undefined: the encryption key does; there is only one then. */
  digestKey: Uint8Array | undefined;
  /** The first encrypts; all decrypt. Undefined: the sandbox's own key, kept in the data directory. */
  dataEncryptionKeys: readonly [Uint8Array, ...Uint8Array[]] | undefined;
  /** The sandbox's own chain, or the configured one. */
  chain: { sandbox: true; seed: boolean } | ({ sandbox: false } & ChainSettings);
  confirmations: number;
  confirmWaitMs: number;
  suspension: Settings["suspension"];
  /** How many calls without a credential, and how many with a bad one, a client address may make in a minute. */
  unauthenticatedCallsPerMinute: number;
  /** How many micros may leave the treasury in a UTC day. Undefined: as much as budgets allow. */
  treasuryDayMicros: bigint | undefined;
  /** Our fee on a direct payment, in hundredths of a percent of the upstream's price. */
  proxyFeeBps: bigint;
  allowPrivateUpstreams: boolean;
  phoneRegions: Settings["phoneRegions"];
  /** The topics by which services are found: our own, and those of the operator's file. */
  thesaurus: Thesaurus;
  /** Undefined: no mail is sent. */
  mail: MailSettings | undefined;
  /** Who runs this installation, as documents and pages show it. */
  operator: Settings["operator"];
}

/**
 * Reads and validates the environment. An empty variable counts as unset.
 *
 * @param variables the environment; by default the process's
 * @param defaults values for unset variables, for a program that wants others than the server's
 * @throws ConfigError listing every mistake
 */
export function readConfig(
  variables: NodeJS.ProcessEnv = process.env,
  defaults: NodeJS.ProcessEnv = {},
): Config {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const given = { ...defaults, ...set };
  const parsed = Environment.safeParse(given);
  const mistakes = [
    ...(parsed.error === undefined ? [] : mistakesIn(parsed.error)),
    ...checkCombination(given),
  ];
  if (!parsed.success || mistakes.length > 0) throw new ConfigError(mistakes);
  const env = parsed.data;
  return {
    production: env.NODE_ENV === "production",
    host: env.HOST,
    port: env.PORT,
    publicBaseUrl: env.PUBLIC_BASE_URL,
    trustedProxies: env.TRUSTED_PROXIES,
    sandboxPeers: env.SANDBOX_PEERS,
    drainSeconds: env.DRAIN_SECONDS ?? (env.NODE_ENV === "production" ? PRODUCTION_DRAIN_SECONDS : 0),
    dataDir: env.TOLLFREE_DATA_DIR,
    logLevel: env.LOG_LEVEL,
    secrets: listSecrets(given),
    databaseUrl: databaseUrlOf(env),
    databasePrepare: env.DATABASE_PREPARE,
    redisUrl: env.REDIS_URL,
    otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    metricsToken: env.METRICS_TOKEN,
    adminApiKey: env.ADMIN_API_KEY,
    digestKey: env.DIGEST_KEY,
    dataEncryptionKeys: env.DATA_ENCRYPTION_KEY,
    chain: readChain(env),
    confirmations: env.X402_CONFIRMATIONS,
    confirmWaitMs: env.X402_CONFIRM_WAIT_MS,
    suspension: {
      scopeViolations: env.SUSPEND_SCOPE_VIOLATIONS,
      scopeWindowSeconds: env.SUSPEND_SCOPE_WINDOW_SECONDS,
      rateHits: env.SUSPEND_RATE_HITS,
      rateWindowSeconds: env.SUSPEND_RATE_WINDOW_SECONDS,
    },
    unauthenticatedCallsPerMinute: env.UNAUTHENTICATED_CALLS_PER_MINUTE,
    proxyFeeBps: BigInt(env.PROXY_FEE_BPS),
    treasuryDayMicros:
      env.TREASURY_DAILY_CAP_CENTS === undefined ? undefined : centsToMicros(env.TREASURY_DAILY_CAP_CENTS),
    allowPrivateUpstreams: env.ALLOW_PRIVATE_UPSTREAMS,
    phoneRegions: env.PHONE_REGIONS,
    thesaurus: env.SEARCH_TOPICS_FILE ?? BUILT_IN_THESAURUS,
    mail: readMail(env),
    operator: {
      ...(env.OPERATOR_NAME !== undefined && { name: env.OPERATOR_NAME }),
      ...(env.CONTACT_EMAIL !== undefined && { email: env.CONTACT_EMAIL }),
    },
  };
}

/** Reads the variables of the owner's commands, and no others. @throws ConfigError listing every mistake */
export const readOwnerConfig = (variables: NodeJS.ProcessEnv = process.env): OwnerConfig =>
  parseOwnerConfig(variables);

/** The values of the process's environment that no output may show. */
export const configuredSecrets = (): string[] => listSecrets(process.env);

function readChain(env: Environment): Config["chain"] {
  if (env.SANDBOX === true || env.X402_NETWORK === undefined)
    return { sandbox: true, seed: env.SANDBOX_SEED };
  return {
    sandbox: false,
    network: env.X402_NETWORK,
    // checkCombination has listed missing variables, and the schema malformed ones.
    asset: env.X402_ASSET as `0x${string}`,
    rpcUrl: env.X402_RPC_URL ?? "",
    facilitatorUrl: env.X402_FACILITATOR_URL ?? "",
    facilitatorAuth: readFacilitatorAuth(env),
    treasury:
      env.TREASURY_SIGNER_URL === undefined
        ? { privateKey: env.TREASURY_PRIVATE_KEY as `0x${string}` }
        : { signerUrl: env.TREASURY_SIGNER_URL, address: env.TREASURY_ADDRESS as `0x${string}` },
  };
}
