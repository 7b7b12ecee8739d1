// `npm run bench:stalls`: how long single requests hold up a server's event loop. Each request is sent alone, to a server
// that does nothing else, and the longest delay of its loop is read from the server itself.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Caller, CONSENT } from "../test/support/caller.ts";
import type { TestDatabase } from "../test/support/database.ts";
import { createDatabase } from "../test/support/database.ts";
import type { ServerProcess } from "../test/support/process.ts";
import { fundedEnvironment, startProcess } from "../test/support/process.ts";
import type { Answer } from "../test/support/server.ts";
import type { Upstream } from "../test/support/upstream.ts";
import { startUpstream } from "../test/support/upstream.ts";
import { HEAVY_ANSWERS, HEAVY_DATA, HEAVY_SCHEMA, HEAVY_SCHEMAS } from "./hostile-data.ts";

const MAX_STALL_MS = 50;
const REPEATS = 3;

/** Makes the server print the longest delay of its loop since it last did, when it gets a signal. */
const PRINT_DELAY = `
  import { monitorEventLoopDelay } from "node:perf_hooks";
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on("SIGUSR2", () => {
    console.log("loop delay " + delay.max / 1e6);
    delay.reset();
  });`;

let database: TestDatabase;
let upstream: Upstream;
let server: ServerProcess;

beforeAll(async () => {
  [database, upstream] = await Promise.all([createDatabase(), startUpstream()]);
  const { env } = await fundedEnvironment(database.serverUrl, 100_000_000n);
  const options = `--import data:text/javascript,${encodeURIComponent(PRINT_DELAY)}`;
  server = await startProcess({ ...env, NODE_OPTIONS: options, TRUSTED_PROXIES: "127.0.0.1" });
}, 120_000);

afterAll(async () => {
  await server.kill();
  await Promise.all([database.close(), upstream.close()]);
});

/** The longest delay of the server's loop since this was last asked, in milliseconds. */
async function readDelay(): Promise<number> {
  const before = server.output().length;
  server.child.kill("SIGUSR2");
  for (;;) {
    const found = /loop delay ([\d.]+)/.exec(server.output().slice(before))?.[1];
    if (found !== undefined) return Number(found);
    await once(server.child.stdout ?? server.child, "data");
  }
}

test(`no request holds up the event loop for ${MAX_STALL_MS} ms`, async () => {
  const caller = new Caller(server.url);
  const acme = await caller.createSponsor();
  const service = await caller.registerApi(acme.key, upstream);
  const heavy = await caller.registerApi(acme.key, upstream, "honest", { input_schema: HEAVY_SCHEMA });
  const scripted = await caller.registerApi(acme.key, upstream, "scripted");
  const campaign = await caller.createCampaign(acme, [service, heavy, scripted], { fundCents: 5_000 });
  const heavyCampaign = await caller.createCampaign(acme, [service], { task_schema: HEAVY_SCHEMA });
  const grant = await caller.createGrant({ budgetCents: 5_000 });
  const open = async (): Promise<string> => (await caller.openSession(grant, { budgetCents: 100 })).token;
  await caller.completeTask(await open(), campaign);

  const delays: [name: string, ms: number][] = [];
  /** Sends a request a few times, and notes the middle delay: other work of the machine disturbs single ones. */
  const measure = async (
    name: string,
    send: (n: number) => Promise<Answer | Response>,
    statuses: number[],
  ): Promise<void> => {
    const measured: number[] = [];
    for (let n = 0; n < REPEATS; n += 1) {
      await sleep(50);
      await readDelay();
      const answer = await send(n);
      if (!statuses.includes(answer.status))
        throw new Error(`${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
      await sleep(20);
      measured.push(await readDelay());
    }
    measured.sort((a, b) => a - b);
    delays.push([name, measured[1] ?? Number.NaN]);
    console.log(`${name.padEnd(62)} ${measured.map((ms) => ms.toFixed(0).padStart(5)).join("")} ms`);
  };

  /** Once more on purpose. */
  const again = (): { idempotency_key: string } => ({ idempotency_key: randomUUID() });
  const checked = [200, 400];

  let token = await open();
  await measure("a small run", () => caller.run(token, service, { input: {}, ...again() }), [200]);
  for (const [n, data] of HEAVY_DATA.entries()) {
    token = await open();
    const run = { input: data, ...again() };
    const plan = { service_key: heavy, input: data };
    const path = `/agent/tasks/${heavyCampaign}/complete`;
    const answers = { token, body: { task_data: data, consent: CONSENT } };
    const direct = { body: { input: data }, headers: { "x-forwarded-for": `192.0.2.${n}` } };
    await measure(`a run with large data ${n}`, () => caller.run(token, heavy, run), checked);
    await measure(
      `a plan with large data ${n}, over tRPC`,
      () => caller.call("agent.planService", plan, token, "trpc"),
      checked,
    );
    await measure(`a task's answers with large data ${n}`, () => caller.rest("POST", path, answers), checked);
    await measure(
      `a direct call with large data ${n}`,
      () => caller.rest("POST", `/proxy/${heavy}/run`, direct),
      [400, 402],
    );
  }
  for (const [name, schema] of Object.entries(HEAVY_SCHEMAS)) {
    const campaignOf = (n: number): Record<string, unknown> => ({
      name: "Heavy",
      service_keys: [service],
      required_task: "One question",
      task_type: "survey",
      task_description: "One question",
      task_schema: { ...(schema as object), title: `Schema ${n}` }, // another text, so that nothing is known yet
      subsidy_per_call_cents: 5,
    });
    await measure(
      `a task's schema with ${name}`,
      (n) => caller.call("sponsor.createCampaign", campaignOf(n), acme.key),
      checked,
    );
  }
  for (const [name, answer] of Object.entries(HEAVY_ANSWERS)) {
    upstream.answerWith((res) => {
      res.writeHead(200, { "content-type": "application/json" });
      res.end(answer);
    });
    token = await open();
    const run = () => ({ input: {}, ...again() });
    await measure(`a run answered with ${name}`, () => caller.run(token, scripted, run()), [200]);
    await measure(
      `a run over tRPC answered with ${name}`,
      () => caller.run(token, scripted, run(), "trpc"),
      [200],
    );
  }
  for (const path of [
    "/.well-known/openapi.yaml",
    "/openapi/gpt.json",
    "/.well-known/x402",
    "/discovery/resources",
  ])
    await measure(path, () => fetch(`${server.url}${path}`), [200]);

  expect(delays.filter(([, ms]) => ms > MAX_STALL_MS)).toEqual([]);
});
