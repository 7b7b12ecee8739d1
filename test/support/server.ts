import { BUILT_IN_THESAURUS } from "../../src/app/config-fields.ts";
import { randomBytes } from "node:crypto";
import { createTRPCClient, httpLink, TRPCClientError } from "@trpc/client";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { inject } from "vitest";
import type { AppRouter } from "../../src/api/router.ts";
import type { NetworkSettings } from "../../src/app/build-networks.ts";
import type { Running, ServerOptions } from "../../src/app/server.ts";
import { startTollfree } from "../../src/app/server.ts";
import type { InFlightLimits } from "../../src/core/protocol/in-flight.ts";
import { IN_FLIGHT_LIMITS } from "../../src/core/protocol/in-flight.ts";
import type { RateRules } from "../../src/core/protocol/rate-limit/index.ts";
import { RATE_RULES } from "../../src/core/protocol/rate-limit/index.ts";
import { createLog } from "../../src/platform/observability/log.ts";
import type { FacilitatorAuth } from "../../src/platform/x402/facilitator-auth.ts";
import { canariesIn, expectNoCanaries, spellings, watchLines } from "./canaries.ts";
import { mint } from "./chain.ts";
import type { TestDatabase } from "./database.ts";
import { createDatabase } from "./database.ts";

export const ADMIN_KEY = "admin-key-of-the-tests";

export interface TestServer extends Running {
  database: TestDatabase;
  treasury: `0x${string}`;
  /** The treasury's key. Not used if `treasurySigner` is given. */
  treasuryKey: `0x${string}`;
  /** The options to start a replica of this server, or the server again. */
  options: ServerOptions;
  close(): Promise<void>;
}

type Settings = ServerOptions["settings"];

export type ServerChanges = Partial<Omit<Settings, "rateRules" | "suspension" | "inFlightLimits">> &
  Partial<
    Pick<
      ServerOptions,
      "limiterStore" | "trustedProxies" | "log" | "metricsToken" | "mailer" | "publicBaseUrl"
    >
  > & {
    confirmations?: number;
    /** Default: the run's chain. */
    rpcUrl?: string;
    /** Default: the run's facilitator. */
    facilitatorUrl?: string;
    /** Default: none. */
    facilitatorAuth?: FacilitatorAuth;
    treasuryMicros?: bigint;
    /** Networks besides the first one. */
    moreNetworks?: NetworkSettings[];
    /** The signer that has the treasury's key, in place of the server. */
    treasurySigner?: { signerUrl: string; address: `0x${string}` };
    suspension?: Partial<Settings["suspension"]>;
    /** Default: none, unless `limits` are `real`. */
    inFlightLimits?: Partial<InFlightLimits>;
    /** `real` for the rate limits of production. Default: none but the given ones. */
    limits?: "real" | Partial<RateRules>;
  };

/** Tests make more calls with one session than the real limits allow. */
const NO_LIMITS = Object.fromEntries(
  Object.entries(RATE_RULES).map(([name, rule]) => [name, { ...rule, limit: 1_000_000_000 }]),
) as RateRules;

export const NO_IN_FLIGHT_LIMITS: InFlightLimits = {
  callsOfSession: Infinity,
  callsOfSponsor: Infinity,
  runsOfService: Infinity,
  runsOfUser: Infinity,
  unpaidOfService: Infinity,
  unpaidOfAddress: Infinity,
};

/** Starts a server with its own database and its own funded treasury, on the run's chain. */
export async function startTestServer({
  confirmations = 1,
  rpcUrl = inject("chain").rpcUrl,
  facilitatorUrl = inject("chain").facilitatorUrl,
  facilitatorAuth = { kind: "none" },
  treasuryMicros = 1_000_000_000n,
  moreNetworks = [],
  treasurySigner,
  limits = {},
  limiterStore = { kind: "memory" },
  trustedProxies = [],
  suspension = {},
  inFlightLimits = {},
  log,
  metricsToken,
  mailer,
  publicBaseUrl,
  ...settings
}: ServerChanges = {}): Promise<TestServer> {
  const database = await createDatabase();
  const watched = watchLines();
  const { network, asset } = inject("chain");
  const treasuryPrivateKey = generatePrivateKey();
  const treasury = treasurySigner?.address ?? privateKeyToAddress(treasuryPrivateKey);
  const treasuryKey = treasurySigner ?? { privateKey: treasuryPrivateKey };
  await mint(treasury, treasuryMicros);
  const options: ServerOptions = {
    host: "127.0.0.1",
    port: 0,
    publicBaseUrl,
    mailer,
    trustedProxies,
    drainSeconds: 0,
    limiterStore,
    thesaurus: BUILT_IN_THESAURUS,
    databaseUrl: database.serverUrl,
    prepareStatements: true,
    networks: [
      { network, asset, rpcUrl, facilitatorUrl, facilitatorAuth, treasury: treasuryKey, confirmations },
      ...moreNetworks,
    ],
    encryptionKeys: [randomBytes(32)],
    adminApiKey: ADMIN_KEY,
    metricsToken,
    upstreams: { allowPrivate: true, allowedOrigins: [], httpsOnly: false },
    settings: {
      confirmWaitMs: 2_000,
      suspension: {
        ...{ scopeViolations: 3, scopeWindowSeconds: 300, rateHits: 10, rateWindowSeconds: 60 },
        ...suspension,
      },
      rateRules: limits === "real" ? RATE_RULES : { ...NO_LIMITS, ...limits },
      inFlightLimits: {
        ...(limits === "real" ? IN_FLIGHT_LIMITS : NO_IN_FLIGHT_LIMITS),
        ...inFlightLimits,
      },
      treasuryDayMicros: undefined,
      proxyFeeBps: 0n,
      operator: {},
      phoneRegions: [],
      signIn: { canSignUp: true, hasDemoPerson: false },
      keepOutput: { maxBytes: 64 * 1024, seconds: 3600 },
      ...settings,
    },
    log: log ?? createLog({ level: "info", destination: watched }),
  };
  const running = await startTollfree(options);
  return {
    ...running,
    database,
    treasury,
    treasuryKey: treasuryPrivateKey,
    options,
    async close() {
      const metrics = await running.metrics();
      await running.stop();
      const secrets = [...options.encryptionKeys.flatMap(spellings), treasuryPrivateKey.slice(2)];
      await expectNoCanaries({ log: watched.lines, metrics, databaseUrl: database.url, secrets });
      await database.close();
    },
  };
}

/** An answer over REST. The body is parsed JSON. */
export interface Answer {
  status: number;
  headers: Headers;
  // Answers have many shapes, and tests assert on parts of them.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export interface RestOptions {
  token?: string;
  /** A string is sent as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

export async function rest(
  url: string,
  method: string,
  path: string,
  options: RestOptions = {},
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
      ...(options.body !== undefined && { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(options.body !== undefined && {
      body: typeof options.body === "string" ? options.body : JSON.stringify(options.body),
    }),
  });
  const text = await response.text();
  expectCleanError(response.status, text, options.token);
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

/**
 * Expects no canaries in an error. The caller's own token is left out of the search, and so is the session token that
 * a GPT's next actions carry.
 */
function expectCleanError(status: number, text: string, token = ""): void {
  if (status < 400) return;
  const others = text.replace(/"session_token":"[^"]*"/g, "").replaceAll(token === "" ? "\0" : token, "");
  const found = canariesIn(others);
  if (found.length > 0) throw new Error(`the error holds ${found.join("\n")}`);
}

/** The typed client, as an agent in TypeScript would use it. */
export const trpc = (url: string, token?: string, headers: Record<string, string> = {}) =>
  createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${url}/trpc`,
        headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
      }),
    ],
  });

/** Returns the envelope of a refused tRPC call. @throws Error if the call succeeded */
export async function refusal(
  call: Promise<unknown>,
): Promise<Record<string, unknown> & { error_code: string; httpStatus: number }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof TRPCClientError && error.data !== null) {
      expectCleanError(400, JSON.stringify(error.data));
      return error.data as never;
    }
    throw error;
  }
  throw new Error("the call was not refused");
}
