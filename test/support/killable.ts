import { expectNoCanaries } from "./canaries.ts";
import type { TestDatabase } from "./database.ts";
import { createDatabase } from "./database.ts";
import type { ServerProcess } from "./process.ts";
import { fundedEnvironment, startProcess } from "./process.ts";

/** A server in its own process. It can be killed, and started again on the same database. */
export interface KillableServer {
  url(): string;
  database: TestDatabase;
  treasury: `0x${string}`;
  /** Kills the server (SIGKILL), and starts it again with the same settings. */
  killAndRestart(): Promise<void>;
  close(): Promise<void>;
}

export const TREASURY_MICROS = 100_000_000n;

export async function startKillable(changes: Record<string, string> = {}): Promise<KillableServer> {
  const database = await createDatabase();
  const { env: funded, treasury } = await fundedEnvironment(database.serverUrl, TREASURY_MICROS);
  const env = { ...funded, ...changes };
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
      const secrets = [funded.DATA_ENCRYPTION_KEY, funded.TREASURY_PRIVATE_KEY.slice(2)];
      await expectNoCanaries({ log, metrics, databaseUrl: database.url, secrets });
      await database.close();
    },
  };
}
