import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { inject } from "vitest";
import { eventually } from "./eventually.ts";
import type { Program } from "./programs.ts";
import { freePort } from "./programs.ts";

export const PGBOUNCER: Program = { names: ["pgbouncer"], package: "pgbouncer" };

/** Starts a PgBouncer before a database. Returns the address that leads through it. */
export async function startPgBouncer(
  databaseUrl: string,
  mode: "session" | "transaction",
): Promise<{ url: string; close(): Promise<void> }> {
  const directory = mkdtempSync(path.join(tmpdir(), "tollfree-test-pgbouncer-"));
  const port = await freePort();
  const { username, password, hostname, port: serverPort, pathname } = new URL(databaseUrl);
  const config = path.join(directory, "pgbouncer.ini");
  const users = path.join(directory, "users.txt");
  writeFileSync(users, `"${username}" "${decodeURIComponent(password)}"\n`);
  writeFileSync(
    config,
    `[databases]
* = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = 20
max_client_conn = 200
`,
  );
  for (const file of [directory, config, users]) chmodSync(file, 0o755);
  // PgBouncer refuses to run as root.
  const program = inject("pgbouncerProgram");
  const args = process.getuid?.() === 0 ? ["-u", "nobody", config] : [config];
  const child = spawn(program, args, { stdio: "ignore" });
  const stop = (): void => void child.kill("SIGKILL");
  process.once("exit", stop);
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  url.pathname = pathname;
  await eventually(async () => {
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    await client.end();
  });
  return {
    url: url.href,
    async close() {
      const exited = once(child, "exit");
      stop();
      await exited;
      process.off("exit", stop);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
