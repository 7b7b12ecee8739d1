import { randomUUID } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { fillSchema } from "../../src/demo/fill-schema.ts";
import { followNextActions, openingCall, requireReached } from "../../src/demo/follow-next-actions.ts";
import { sendOverHttp } from "../../src/demo/send-over-http.ts";
import { expectSuccess } from "../support/call.ts";
import type { GrantOfUser } from "../support/caller.ts";
import { EVERYTHING } from "../support/caller.ts";
import {
  expectQuiet,
  SENTENCE,
  sentenceKey,
  WORDY_API,
  WORDY_CAMPAIGN,
  WORDY_SCOPES,
} from "../support/foreign-words.ts";
import { HOSTS } from "../support/mcp.ts";
import { PROFILE } from "../support/next-actions.ts";
import { useWorld } from "../support/use-world.ts";

/**
 * An agent without a language model gets its output in quiet mode, from a sponsor who writes sentences wherever a name can
 * stand: it sends aliases, and the upstream gets the names.
 */

const world = useWorld();
let service: string;
let campaignId: string;
let grant: GrantOfUser;

beforeEach(async () => {
  service = sentenceKey(randomUUID().slice(0, 8));
  const sponsor = await world.createSponsor(SENTENCE);
  await world.registerService(sponsor.key, "honest", { ...WORDY_API, service_key: service });
  campaignId = await world.createCampaign(sponsor, [service], WORDY_CAMPAIGN);
  grant = await world.createGrant({ scopes: WORDY_SCOPES });
  return async () => {
    const change = { campaign_id: campaignId, active: false };
    expectSuccess(await world.call("sponsor.changeCampaign", change, sponsor.key));
  };
});

const profile = { ...PROFILE, byName: { ...PROFILE.byName, place: "Porto" } };
const goal = { search_services: { intent: "weather" } };

/** What the agent got, and that the upstream got the sponsor's own names. */
async function expectReached(run: Record<string, unknown>): Promise<void> {
  expect(run).toMatchObject({ output_written_by: "seller" });
  expect((run["payment"] as { sponsored_by?: string | null }).sponsored_by ?? null).toBeNull();
  expect((run["output"] as { echo: object }).echo).toEqual({
    ...{ place: "Porto", format: "-", mood: expect.stringContaining(SENTENCE) as string },
    [SENTENCE]: 2,
  });
  const completion = await world.db.taskCompletion.findFirstOrThrow({ where: { userId: grant.user_id } });
  expect(completion).toMatchObject({ campaignId, taskName: SENTENCE });
  expect(world.upstream.paid()).toHaveLength(1);
}

test("over REST, if it asks for quiet", async () => {
  const end = await followNextActions({
    ...{ profile, goal },
    send: sendOverHttp(world.url, { apiKey: grant.agent_key, headers: { "X-Tollfree-Quiet": "1" } }),
    first: openingCall({ user_id: grant.subject, scopes: EVERYTHING, budget_limit_cents: 25 }),
  });
  await expectReached(requireReached(end).run);
  for (const { action, body } of end.steps)
    expectQuiet(
      JSON.stringify(action === "run_service" ? { ...body, data: { ...body.data, output: null } } : body),
      action,
    );
});

test("as a GPT", async () => {
  const end = await followNextActions({
    ...{ profile, goal },
    send: sendOverHttp(world.url, { apiKey: grant.agent_key }),
    first: openingCall({ budget_limit_cents: 10 }, "gpt"),
    onApproval: async ({ auth_request_id }) => {
      await world.admin(`/admin/approvals/${String(auth_request_id)}/decide`, {
        ...{ decision: "approve", user_id: grant.user_id, scopes: WORDY_SCOPES, budget_limit_cents: 10 },
        expires_at: new Date(Date.now() + 86_400_000).toISOString(),
      });
    },
  });
  await expectReached(requireReached(end).run);
  for (const { action, body } of end.steps)
    expectQuiet(JSON.stringify(action === "run_service" ? { ...body, output: null } : body), action);
});

test.each(HOSTS)("as a host of MCP: %s", async (_name, connect) => {
  const { token } = await world.openSession(grant);
  const host = await connect({ url: () => world.url, token });
  type Next = { tool: string; params?: Record<string, unknown>; params_schema?: Record<string, unknown> };
  let next: Next | undefined = { tool: "flow_status" };
  let run: Record<string, unknown> | undefined;
  for (let step = 0; run === undefined && next !== undefined && step < 10; step += 1) {
    const { tool, params, params_schema } = next;
    const filled = params_schema === undefined ? {} : (fillSchema(params_schema, profile) as object);
    const answer = await host.call(tool, {
      ...filled,
      ...params,
      ...(goal as Record<string, object>)[tool],
    });
    expect(answer.isError, JSON.stringify(answer.content)).toBe(false);
    if (tool === "run_service") run = answer.structured;
    else expectQuiet(JSON.stringify(answer), tool);
    [next] = answer.structured?.["next_actions"] as Next[];
    if (tool === "flow_status" && next?.tool === "flow_status") next = { tool: "search_services" };
  }
  expect(run).toBeDefined();
  await expectReached(run ?? {});
  expectQuiet(JSON.stringify({ ...run, output: null }), "run_service");
  await host.close();
});
