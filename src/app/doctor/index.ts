import { AesCipher } from "../../platform/cipher.ts";
import { createPool } from "../../platform/postgres/pool.ts";
import { createSqlPool } from "../../platform/postgres/sql-pool.ts";
import { checkRedis } from "../../platform/rate-limit/check-redis.ts";
import { SetupProblem } from "../../platform/setup-problem.ts";
import type { Config } from "../config.ts";
import { readConfig } from "../config.ts";
import { ConfigError } from "../config-error.ts";
import { MIGRATIONS } from "../migrations.ts";
import { chainChecks } from "./chain-checks.ts";
import type { Check, Outcome } from "./check.ts";
import { runChecks } from "./check.ts";
import { databaseChecks } from "./database-checks.ts";

/**
 * Checks an installation, and prints one line for each check: what was found, or the problem and what to do. Changes
 * nothing.
 * @returns the outcome of each check, by name
 */
export async function examine(
  print: (line: string) => void,
  variables?: NodeJS.ProcessEnv,
): Promise<Record<string, Outcome>> {
  let config: Config;
  try {
    config = readConfig(variables);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const mistake of error.mistakes) print(`PROBLEM  configuration: ${mistake}`);
    return { configuration: "problem" };
  }
  const { databaseUrl, dataEncryptionKeys, digestKey, databasePrepare: prepare, chain } = config;
  const pool = databaseUrl === undefined ? undefined : createPool({ url: databaseUrl });
  const sql = pool && createSqlPool(pool, { prepare });
  try {
    const checks = [
      configurationCheck(config),
      ...(databaseUrl === undefined || sql === undefined
        ? []
        : databaseChecks({
            ...{ url: databaseUrl, prepare, migrations: MIGRATIONS, sql },
            cipher: dataEncryptionKeys && new AesCipher(dataEncryptionKeys, digestKey),
          })),
      redisCheck(config),
      ...(chain.sandbox ? [] : chainChecks(chain, { sql })),
    ];
    return await runChecks(checks, print);
  } finally {
    await pool?.end();
  }
}

const configurationCheck = ({
  chain,
  databaseUrl,
  production,
  publicBaseUrl,
  adminApiKey,
}: Config): Check => ({
  name: "configuration",
  run() {
    if (production && publicBaseUrl === undefined)
      throw new SetupProblem(
        "PUBLIC_BASE_URL",
        "is unset, so links that people get lead to HOST and PORT",
        "Set it to the address by which people and agents reach this server",
      );
    const parts = [
      chain.sandbox ? "the sandbox's chain" : chain.network,
      databaseUrl === undefined ? "an embedded database" : "a database of its own",
      ...(adminApiKey === undefined && !chain.sandbox ? ["/admin/* is closed without ADMIN_API_KEY"] : []),
    ];
    return parts.join(", ");
  },
});

const redisCheck = ({ redisUrl }: Config): Check => ({
  name: "redis",
  async run() {
    if (redisUrl === undefined) return "not configured; rate limits are counted elsewhere";
    return `version ${await checkRedis(redisUrl)}, takes writes and evicts nothing`;
  },
});
