import { afterAll, beforeAll, expect, test } from "vitest";
import type { Running } from "../../src/app/server.ts";
import { startTollfree } from "../../src/app/server.ts";
import { call, expectSuccess } from "../support/call.ts";
import type { TestServer } from "../support/server.ts";
import { startTestServer } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import {
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../support/world.ts";

let server: TestServer;
let replica: Running;
let upstream: Upstream;

beforeAll(async () => {
  server = await startTestServer();
  replica = await startTollfree(server.options);
  upstream = await startUpstream();
});
afterAll(async () => {
  await upstream.close();
  await replica.stop();
  await server.close();
});

test("of twenty completions at once one is stored, and all are told of it", async () => {
  const acme = await createSponsor(server.url);
  const service = await registerApi(server.url, acme.key, upstream, "free", { price_cents: 0 });
  for (let round = 0; round < 3; round += 1) {
    const campaign_id = await createCampaign(server.url, acme, [service], { fundCents: 0 });
    const grant = await createGrant(server.url);
    const tokens = await Promise.all(
      [1, 2, 3, 4].map(async () => (await openSession(server.url, grant, { budgetCents: 1 })).token),
    );
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        call(
          i % 2 === 0 ? server.url : replica.url,
          "agent.completeTask",
          { campaign_id, task_data: { score: (i % 5) + 1, region: `R${i}` }, consent: CONSENT },
          tokens[i % 4],
        ),
      ),
    );
    const results = answers.map((answer) => expectSuccess(answer));
    expect(results.filter(({ already_completed }) => already_completed === false)).toHaveLength(1);
    expect(new Set(results.map(({ task_completion_id }) => task_completion_id as string)).size).toBe(1);
    const where = { userId: grant.user_id };
    const stored = await server.deps.db.taskCompletion.findMany({ where });
    expect(stored).toHaveLength(1);
    expect(stored[0]?.id).toBe(results[0].task_completion_id);
    // Consents come with the answers that were stored, not with those that weren't.
    expect(await server.deps.db.consent.count({ where })).toBe(3);
  }
});
