import { randomBytes } from "node:crypto";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { inject } from "vitest";
import { expectNothingGotOut } from "./canaries.ts";
import { mint } from "./chain.ts";
import type { TestDatabase } from "./database.ts";
import { createDatabase } from "./database.ts";
import type { ServerProcess } from "./process.ts";
import { startProcess } from "./process.ts";
import { ADMIN_KEY } from "./server.ts";

/** A real server in a process of its own, which can be killed and started again on what it left behind. */
export interface KillableServer {
  url(): string;
  database: TestDatabase;
  treasury: `0x${string}`;
  /** SIGKILL, and the same server anew. */
  killAndRestart(): Promise<void>;
  close(): Promise<void>;
}

export const TREASURY_MICROS = 100_000_000n;

export async function startKillable(changes: Record<string, string> = {}): Promise<KillableServer> {
  const database = await createDatabase();
  const { network, asset, rpcUrl, facilitatorUrl } = inject("chain");
  const treasuryKey = generatePrivateKey();
  const treasury = privateKeyToAddress(treasuryKey);
  await mint(treasury, TREASURY_MICROS);
  const env = {
    DATABASE_URL: database.serverUrl,
    ADMIN_API_KEY: ADMIN_KEY,
    DATA_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    X402_NETWORK: network,
    X402_ASSET: asset,
    X402_RPC_URL: rpcUrl,
    X402_FACILITATOR_URL: facilitatorUrl,
    TREASURY_PRIVATE_KEY: treasuryKey,
    ALLOW_PRIVATE_UPSTREAMS: "true",
    ...changes,
  };
  let server: ServerProcess = await startProcess(env);
  const log: string[] = [];
  return {
    url: () => server.url,
    database,
    treasury,
    async killAndRestart() {
      await server.kill();
      log.push(server.output());
      server = await startProcess(env);
    },
    async close() {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      await server.kill();
      log.push(server.output());
      const secrets = [env.DATA_ENCRYPTION_KEY, treasuryKey.slice(2)];
      await expectNothingGotOut({ log, metrics, databaseUrl: database.url, secrets });
      await database.close();
    },
  };
}
