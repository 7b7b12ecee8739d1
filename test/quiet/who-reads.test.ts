import { beforeEach, expect, test } from "vitest";
import { setReading } from "../../src/core/access/grant/index.ts";
import { listOwnAgents } from "../../src/core/account/own-agents/index.ts";
import { expectRefused } from "../support/call.ts";
import type { GrantOfUser } from "../support/caller.ts";
import { GRANT_SCOPES } from "../support/caller.ts";
import { userActor } from "../support/people.ts";
import type { ReadingAgent } from "../support/readers.ts";
import { readingAgents } from "../support/readers.ts";
import { useWorld } from "../support/use-world.ts";

/** Whether an agent reads what sponsors and sellers wrote: its surface's default, what it asks for, and what the user set. */

const world = useWorld({ upstreamFor: "all tests" });
let grant: GrantOfUser;
let token: string;
let campaignId: string;
let gpt: ReadingAgent;
let mcp: ReadingAgent;

beforeEach(async () => {
  grant = await world.createGrant();
  token = (await world.openSession(grant)).token;
  ({ campaignId } = await world.offerService());
  const { quiet } = await readingAgents(world, grant);
  [gpt, mcp] = ["GPT", "MCP of 2026"].map((name) => quiet.find((agent) => agent.name === name)) as [
    ReadingAgent,
    ReadingAgent,
  ];
  return async () => {
    for (const agent of quiet) await agent.close();
  };
});

/** The purpose that the agent reads in a task. Null: it reads none of the sponsor's words. */
const overRest = async (header?: string): Promise<unknown> => {
  const headers = header === undefined ? {} : { "x-tollfree-quiet": header };
  return (await world.rest("GET", `/agent/tasks/${campaignId}`, { token, headers })).body.data
    .task_description;
};
const overTrpc = async (headers = {}): Promise<unknown> =>
  (await world.trpc(token, headers).agent.getTask.query({ campaign_id: campaignId })).data.task_description;
const over = async (agent: ReadingAgent): Promise<unknown> =>
  (await agent.call("get_task", { campaign_id: campaignId })).data["task_description"] ?? null;

const WORDS = "How do you like the weather?";
const setReads = (reads_sponsor_texts: boolean | null, { user_id, grant_id } = grant) =>
  setReading({ ...world.deps, actor: userActor(user_id) }, { grant_id, reads_sponsor_texts });

test("by default agents over REST and tRPC read sponsors' words, and GPTs and hosts of MCP don't", async () => {
  expect([await overRest(), await overTrpc()]).toEqual([WORDS, WORDS]);
  expect([await over(gpt), await over(mcp)]).toEqual([null, null]);
});

test.each(["1", "true", "TRUE"])("with X-Tollfree-Quiet: %s an agent reads none", async (value) => {
  expect([await overRest(value), await overTrpc({ "x-tollfree-quiet": value })]).toEqual([null, null]);
});

test.each(["0", "false", "", "no"])("X-Tollfree-Quiet: %j asks for nothing", async (value) => {
  expect(await overRest(value)).toBe(WORDS);
});

test("a user lets an agent read them everywhere, and a call can still ask for quiet", async () => {
  await setReads(true);
  expect([await overRest(), await over(gpt), await over(mcp)]).toEqual([WORDS, WORDS, WORDS]);
  expect(await overRest("1")).toBeNull();
});

test("a user keeps them from an agent everywhere, whatever the call asks for, until they say otherwise", async () => {
  await setReads(false);
  expect([await overRest("0"), await overTrpc(), await over(gpt)]).toEqual([null, null, null]);
  // An error is quiet, too.
  const consent = { data_sharing_agreed: false, purpose_acknowledged: true, contact_permission: false };
  const input = { campaign_id: campaignId, task_data: { score: 5 }, consent };
  const refused = expectRefused(
    await world.call("agent.completeTask", input, token),
    403,
    "data_consent_required",
  );
  expect(refused.details).toEqual({ missing: [] });
  await setReads(null);
  expect([await overRest(), await over(gpt)]).toEqual([WORDS, null]);
});

test("new terms of a grant keep what the user set, and other grants have their own", async () => {
  await setReads(false);
  await world.putGrant(grant, { scopes: GRANT_SCOPES, budgetCents: 200 });
  expect(await overRest()).toBeNull();
  const other = await world.createGrant({ userId: grant.user_id });
  const { agents } = await listOwnAgents({ ...world.deps, actor: userActor(grant.user_id) });
  const readsOf = (id: string) => agents.find(({ grant_id }) => grant_id === id)?.reads_sponsor_texts;
  expect([readsOf(grant.grant_id), readsOf(other.grant_id)]).toEqual([false, null]);
});

test("nobody sets it for somebody else's agent", async () => {
  const stranger = await world.createGrant();
  await expect(setReads(true, { ...grant, user_id: stranger.user_id })).rejects.toMatchObject({
    code: "not_found",
  });
  const { readsSponsorTexts } = await world.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } });
  expect(readsSponsorTexts).toBeNull();
});

test("no service takes a key that is the alias of another", async () => {
  const sponsor = await world.createSponsor();
  const key = "service_0123456789abcdef01234567";
  await expect(world.registerService(sponsor.key, "honest", { service_key: key })).rejects.toThrow(
    "validation_error",
  );
  expect(await world.db.sponsoredApi.count({ where: { serviceKey: key } })).toBe(0);
});
