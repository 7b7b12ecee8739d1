import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { makeOldMonths, partitionOf } from "../support/audit-months.ts";
import { Caller } from "../support/caller.ts";
import { queryRows, runSql } from "../support/database.ts";
import { fundedEnvironment, runCommand, runProgram, startProcess } from "../support/process.ts";
import { commandsOf, runCommands } from "../support/shell.ts";
import { startSystemPostgres } from "../support/system-postgres.ts";

/** What an operator does: the commands of docs/production.md as they stand there, and the steps of the compose file. */

const ROOT = path.resolve(import.meta.dirname, "../..");
/** No URL, shell, SQL or YAML takes this password as it is. */
const ODD_PASSWORD = `p@ss:w/o%rd#?'" $x\\`;

let postgres: Awaited<ReturnType<typeof startSystemPostgres>>;
beforeAll(async () => {
  postgres = await startSystemPostgres();
}, 120_000);
afterAll(() => postgres.stop());

/** The URL of a database on the system's PostgreSQL. */
function urlOf(database: string, role?: { name: string }): string {
  const url = new URL(postgres.url);
  url.pathname = database;
  if (role !== undefined) [url.username, url.password] = [role.name, ""];
  return url.href;
}

const APP = { name: "tollfree_app" };

test("the commands of the production guide set up, back up, restore and watch a database", async () => {
  await runSql(postgres.url, "CREATE DATABASE installed");
  const funded = await fundedEnvironment(urlOf("installed", APP), 3_000_000n);
  const env = { ...funded.env, PGPASSWORD: ODD_PASSWORD };
  const backups = mkdtempSync(path.join(tmpdir(), "tollfree-backup-"));
  onTestFinished(() => rmSync(backups, { recursive: true }));
  const archives = mkdtempSync(path.join(tmpdir(), "tollfree-archives-"));
  onTestFinished(() => rmSync(archives, { recursive: true }));
  const variables = {
    OWNER_DATABASE_URL: urlOf("installed"),
    DATABASE_URL: urlOf("installed", APP),
    RESTORED_DATABASE_URL: urlOf("tollfree_restored"),
    TOLLFREE_APP_PASSWORD: ODD_PASSWORD,
    PGPASSWORD: ODD_PASSWORD,
    BACKUP: path.join(backups, "tollfree.dump"),
    ARCHIVE: archives,
    X402_RPC_URL: env.X402_RPC_URL,
    X402_ASSET: env.X402_ASSET,
    TREASURY: funded.treasury,
  };
  const commands = commandsOf("production.md");
  const backsUp = commands.findIndex((block) => block.includes("pg_dump"));
  expect(backsUp).toBeGreaterThan(0);

  const printed = await runCommands(commands.slice(0, backsUp), variables);
  expect(printed).toContain(`"result":"0x${3_000_000n.toString(16).padStart(64, "0")}"`);

  const server = await startProcess(env);
  const userId = await new Caller(() => server.url).createUser();
  expect(await server.stop()).toBe(0);

  await makeOldMonths(urlOf("installed"), 26, 3);
  const printedLater = await runCommands(commands.slice(backsUp), variables);
  const old = await partitionOf(urlOf("installed"), -25);
  expect(printedLater).toMatch(new RegExp(`^due +${old}: 3 rows`, "m"));
  expect(printedLater).toMatch(new RegExp(`^archived +${old}: 3 rows`, "m"));
  expect(printedLater).toMatch(new RegExp(`^${old}.jsonl.gz: OK$`, "m"));
  expect(printedLater).toMatch(/^ +3 \d{4}-\d{2} agent_get_task$/m);
  const kept = await queryRows(urlOf("installed"), "SELECT count(*)::int AS rows FROM agent_audit_logs");
  expect(kept).toEqual([{ rows: 24 * 3 }]);
  expect(await queryRows(variables.RESTORED_DATABASE_URL, "SELECT id FROM users")).toEqual([{ id: userId }]);
  // The restored database has the rights of the role, and accepts the keys.
  const examined = await runProgram("--doctor", { ...env, DATABASE_URL: urlOf("tollfree_restored", APP) });
  expect(examined.stdout).toMatch(/^ok +rights: /m);
  expect(examined.stdout).toMatch(/^ok +keys: they are those of this database/m);
}, 180_000);

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  ports?: string[];
  environment?: Record<string, string | number>;
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
}
interface Compose {
  services: Record<string, Service>;
  networks?: Record<string, { ipam: { config: { subnet: string; gateway: string }[] } }>;
}
const parseCompose = (file: string): Compose => parse(readFileSync(path.join(ROOT, file), "utf8")) as Compose;
const readCompose = (file: string): Record<string, Service> => parseCompose(file).services;

/** Fills in `${NAME:?…}` as Docker Compose does, and the tests' PostgreSQL for the service of that name. */
function environmentOf(service: Service | undefined, variables: Record<string, string>) {
  const { hostname, port } = new URL(postgres.url);
  return Object.fromEntries(
    Object.entries(service?.environment ?? {}).map(([name, value]) => [
      name,
      String(value)
        .replace("@postgres:5432/", `@${hostname}:${port}/`)
        .replace(/^postgres$/, hostname)
        .replace(/^5432$/, port)
        .replace(/\$\{(\w+):\?[^}]+\}/g, (_, variable: string) => variables[variable] ?? ""),
    ]),
  );
}

test("the steps of docker-compose.production.yml give a server that works as the restricted role", async () => {
  const { app, migrate, rights } = readCompose("docker-compose.production.yml");
  const variables = { POSTGRES_PASSWORD: `${ODD_PASSWORD} owner`, TOLLFREE_APP_PASSWORD: ODD_PASSWORD };
  // As the image of PostgreSQL does with POSTGRES_USER, POSTGRES_DB and POSTGRES_PASSWORD.
  const quoted = variables.POSTGRES_PASSWORD.replaceAll("'", "''");
  await runSql(postgres.url, `CREATE ROLE owner LOGIN SUPERUSER PASSWORD '${quoted}'`);
  const run = async (service: Service | undefined) => {
    const env = environmentOf(service, variables);
    for (const name of ["DATABASE_URL", "PGUSER"])
      if (env[name] !== undefined) env[name] = env[name].replace(/tollfree(?=@|$)/, "owner");
    const command = service?.command ?? [];
    await runCommand(
      command.map((word) => word.replace("/docs/", "docs/")),
      env,
    );
  };
  await run(migrate);
  await run(rights);
  await run(migrate);
  await run(rights); // as at the next start

  const { env: settings } = await fundedEnvironment("", 0n);
  const environment = environmentOf(app, variables);
  delete environment["REDIS_URL"];
  const server = await startProcess({ ...settings, ...environment });
  expect(await new Caller(() => server.url).createUser()).toMatch(/^[0-9a-f-]{36}$/);
  expect(server.output()).not.toContain(ODD_PASSWORD);
  expect(await server.stop()).toBe(0);
  const url = new URL(environment["DATABASE_URL"] ?? "");
  url.password = encodeURIComponent(ODD_PASSWORD);
  await expect(runSql(url.href, "DELETE FROM payments")).rejects.toThrow(/permission denied/);
}, 180_000);

test("production has no default password, and its server doesn't know the owner's", () => {
  const { app, postgres: database, migrate } = readCompose("docker-compose.production.yml");
  const passwords = [app, database, migrate].flatMap((service) =>
    Object.entries(service?.environment ?? {}).filter(([name]) => name.endsWith("PASSWORD")),
  );
  expect(passwords).toHaveLength(3);
  for (const [, value] of passwords) expect(value).toMatch(/^\$\{\w+:\?[^}]+\}$/);
  expect(JSON.stringify(app)).not.toContain("POSTGRES_PASSWORD");
  expect(app?.environment).not.toHaveProperty("SANDBOX");
});

test("the compose file without a name starts the sandbox, with a database and a Redis that only it reaches", () => {
  const services = readCompose("docker-compose.yml");
  expect(Object.keys(services).sort()).toEqual(["app", "postgres", "redis"]);
  expect(services["app"]?.environment).toMatchObject({ SANDBOX: "true" });
  for (const name of ["postgres", "redis"]) expect(services[name]).not.toHaveProperty("ports");
});

test("in the sandbox's compose file, only the bridge of a port on this machine's loopback may read /sandbox", () => {
  const { services, networks } = parseCompose("docker-compose.yml");
  expect(services["app"]?.ports).toEqual(["127.0.0.1:3000:3000"]);
  const gateways = networks?.["default"]?.ipam.config.map(({ gateway }) => gateway);
  expect(gateways).toEqual([services["app"]?.environment?.["SANDBOX_PEERS"]]);
});

test("a migration needs no setting but the database's", async () => {
  await runSql(postgres.url, "CREATE DATABASE migrated");
  await runProgram("--migrate", { NODE_ENV: "production", DATABASE_URL: urlOf("migrated") });
  expect(await queryRows(urlOf("migrated"), "SELECT count(*)::int AS users FROM users")).toEqual([
    { users: 0 },
  ]);
});
