// `npm run bench:reads`: what a read costs, beside the same read written by hand on Fastify, zod and pg.
import { afterAll, beforeAll, expect, test } from "vitest";
import { findSessionByToken } from "../src/core/access/session/store.ts";
import { listBestOffers, readOffers } from "../src/core/discovery/search/offer-store.ts";
import { STATEMENTS } from "../src/core/ports/statement.ts";
import { atOnce } from "../test/support/at-once.ts";
import type { GrantOfUser } from "../test/support/caller.ts";
import { Caller } from "../test/support/caller.ts";
import type { TestDatabase } from "../test/support/database.ts";
import type { TestRedis } from "../test/support/redis.ts";
import { startRedis } from "../test/support/redis.ts";
import { compare } from "./compare.ts";
import { CATEGORIES, insertLargeCatalogue } from "./large-catalogue.ts";
import { report, roundsOr, secondsOr } from "./report.ts";
import type { MeasuredServer } from "./start-server.ts";
import { pinBench, startDurablePostgres, startPeer, startTollfreeServer } from "./start-server.ts";

const SERVICES = 50;
const SESSIONS = 64;
const SCOPES = {
  allowed_task_types: ["survey"],
  allowed_data_types: ["email"],
  allowed_categories: CATEGORIES,
};
const PATH = "/agent/services?limit=20";

let database: TestDatabase;
let redis: TestRedis;
let ours: MeasuredServer;
let peer: MeasuredServer;
let headers: Record<string, string>[];

beforeAll(async () => {
  pinBench();
  [database, redis] = await Promise.all([startDurablePostgres(), startRedis()]);
  await redis.settle();
  await insertLargeCatalogue(database, SERVICES);
  const audit = STATEMENTS.find(({ name }) => name === "audit.insert");
  const statements = {
    session: findSessionByToken.text,
    listBestOffers: listBestOffers.text,
    readOffers: readOffers.text,
    audit: audit?.text,
  };
  ours = await startTollfreeServer(database, redis.url);
  peer = await startPeer("fastify-search", { databaseUrl: database.url, redisUrl: redis.url, statements });
  const caller = new Caller(ours.url);
  const grants = await atOnce(8, () => caller.createGrant({ budgetCents: 2_000, scopes: SCOPES }));
  const sessions = await atOnce(SESSIONS, (n) =>
    caller.openSession(grants[n % grants.length] as GrantOfUser, { budgetCents: 100 }),
  );
  headers = sessions.map(({ token }) => ({ authorization: `Bearer ${token}` }));
}, 120_000);

afterAll(async () => {
  await Promise.all([ours.stop(), peer.stop()]);
  await Promise.all([database.close(), redis.close()]);
});

test("both give the same answer", async () => {
  const read = async (url: string): Promise<unknown[]> => {
    const answer = await fetch(url + PATH, { headers: headers[0] ?? {} });
    const { data } = (await answer.json()) as { data: { services: { service_id: string }[] } };
    return data.services;
  };
  const [own, others] = [await read(ours.url), await read(peer.url)];
  expect(own).toHaveLength(20);
  expect(others).toEqual(own);
});

test("a read", async () => {
  for (const callers of [8, 32]) {
    const ratios = await compare(
      { name: "Tollfree", server: ours, path: PATH, headers },
      { name: "Fastify + zod + pg", server: peer, path: PATH, headers },
      { callers, rounds: roundsOr(6), secondsPerSlice: secondsOr(2) },
    );
    const against = "Fastify + zod + pg";
    report({
      what: `a read, CPU, ${callers} callers`,
      against,
      measured: ratios.cpu,
      unit: "×",
      target: { atMost: 1.25 },
    });
    report({
      what: `reads a second, ${callers} callers`,
      against,
      measured: ratios.perSecond,
      unit: "×",
      target: { atLeast: 1 },
    });
  }
});
