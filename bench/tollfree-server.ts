// A server for benches, in a process of its own: the real one, without limits on how often its callers call. Reads what it is
// to be from standard input, as JSON, and prints its address.
import { text } from "node:stream/consumers";
import { BUILT_IN_THESAURUS } from "../src/app/config-fields.ts";
import { startTollfree } from "../src/app/server.ts";
import { IN_FLIGHT_LIMITS } from "../src/core/protocol/in-flight.ts";
import type { RateRules } from "../src/core/protocol/rate-limit/index.ts";
import { RATE_RULES } from "../src/core/protocol/rate-limit/index.ts";
import { createLog } from "../src/platform/observability/log.ts";
import type { Asked } from "./start-server.ts";

const asked = JSON.parse(await text(process.stdin)) as Asked;

const limits: Record<string, number> = asked.limits ?? {};
const rateRules = Object.fromEntries(
  Object.entries(RATE_RULES).map(([name, rule]) => [name, { ...rule, limit: limits[name] ?? 1_000_000_000 }]),
) as RateRules;

const server = await startTollfree({
  host: "127.0.0.1",
  port: 0,
  publicBaseUrl: undefined,
  trustedProxies: [],
  drainSeconds: 0,
  thesaurus: BUILT_IN_THESAURUS,
  limiterStore: { kind: "redis", url: asked.redisUrl },
  databaseUrl: asked.databaseUrl,
  prepareStatements: true,
  networks: [
    {
      network: asked.network as `eip155:${number}`,
      asset: asked.asset as `0x${string}`,
      rpcUrl: asked.rpcUrl,
      facilitatorUrl: asked.facilitatorUrl,
      treasury: { privateKey: asked.treasuryKey },
      confirmations: 1,
    },
  ],
  encryptionKeys: [Buffer.from(asked.encryptionKey, "base64")],
  adminApiKey: asked.adminKey,
  upstreams: { allowPrivate: true, allowedOrigins: [], httpsOnly: false },
  settings: {
    confirmWaitMs: 20_000,
    suspension: { scopeViolations: 3, scopeWindowSeconds: 300, rateHits: 10, rateWindowSeconds: 60 },
    rateRules,
    inFlightLimits: { ...IN_FLIGHT_LIMITS },
    treasuryDayMicros: undefined,
    proxyFeeBps: 0n,
    operator: {},
    phoneRegions: [],
    signIn: { canSignUp: true, hasDemoPerson: false },
    keepOutput: { maxBytes: 256 * 1024, seconds: 24 * 3600 },
  },
  log: createLog({ level: "info" }),
});
process.once("SIGTERM", () => {
  server.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
console.log(`listening on ${server.url}`);
