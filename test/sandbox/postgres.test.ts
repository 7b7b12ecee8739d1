import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { clusterDirectoryOf } from "../../src/sandbox/postgres/cluster-location.ts";
import { startPostgres, stopPostgres } from "../../src/sandbox/postgres/postgres.ts";
import { queryRows } from "../support/database.ts";
import { createDataDirectory, isAlive } from "./sandboxes.ts";

const log = (): void => undefined;

vi.setConfig({ testTimeout: 90_000 }); // a PostgreSQL or a chain takes long to start on a busy machine

test("PostgreSQL starts despite a stale pid file of another process, and below a path that is too long for sockets", async () => {
  const directory = path.join(
    createDataDirectory(),
    "a-directory-with-a-long-name-".repeat(4),
    "sandbox",
    "postgres",
  );
  const first = await startPostgres({ directory, log });
  await queryRows(first.url(), "CREATE TABLE kept AS SELECT 42 AS answer");
  await first.stop();
  writeFileSync(
    path.join(clusterDirectoryOf(directory), "data", "postmaster.pid"),
    `${process.pid}\n/elsewhere\n`,
  );
  writeFileSync(path.join(directory, "postgres.pid"), String(process.pid));

  const second = await startPostgres({ directory, log });
  expect(second).toMatchObject({ reused: false, port: first.port });
  expect(await queryRows(second.url(), "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  await expect(startPostgres({ directory, log })).resolves.toMatchObject({ reused: true, pid: second.pid });
  await stopPostgres(directory);
  expect(isAlive(second.pid)).toBe(false);
});

test("PostgreSQL refuses a wrong password", async () => {
  const server = await startPostgres({
    directory: path.join(createDataDirectory(), "postgres"),
    log,
    ephemeral: true,
  });
  const url = new URL(server.url());
  url.password = "guessed";
  await expect(queryRows(url.href, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
  await server.stop();
});
