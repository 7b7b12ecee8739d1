import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { encryptAnswers } from "../../../src/core/sponsorship/task/index.ts";
import { expectRefused } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { longestStall } from "../../support/longest-stall.ts";
import { useWorld } from "../../support/use-world.ts";

// No request holds the server's only thread for long, whoever sends it. Each of these took several times as long.

const world = useWorld({ upstreamFor: "all tests" });

const SERVICES = 60;
const ANSWERS = 40;
/** Parsing it takes much longer than reading as much text. */
const MANY_FIELDS = Object.fromEntries(Array.from({ length: 18_000 }, (_, n) => [`k${n.toString(36)}`, 1]));
const MANY_OBJECTS = { numbers: Array.from({ length: 24_000 }, (_, n) => ({ [n.toString(36)]: 1 })) };

/** Of about 64 KiB. */
const LARGE_SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: {},
  examples: [Object.fromEntries(Object.entries(MANY_FIELDS).slice(0, 7_000))],
};

let acme: SponsorWithKey;
let service: string;
let campaignId: string;
let largeCampaignId: string;

beforeAll(async () => {
  acme = await world.createSponsor();
  service = await world.registerService(acme.key, "honest");
  campaignId = await world.createCampaign(acme, [service]);
  const { db, cipher } = world.server.deps;
  const large: string[] = [];
  for (let n = 0; n < SERVICES; n += 1)
    large.push(await world.registerService(acme.key, "honest", { name: `Large ${n}` }));
  largeCampaignId = await world.createCampaign(acme, large.slice(0, 50));
  // As it could be registered before samples had a limit.
  await db.sponsoredApi.updateMany({
    where: { name: { startsWith: "Large" } },
    data: { sampleInput: MANY_FIELDS, inputSchema: LARGE_SCHEMA },
  });
  const act = { campaignId, dataTypes: [] };
  for (let n = 0; n < ANSWERS; n += 1) {
    const id = randomUUID();
    const details = encryptAnswers(cipher, id, MANY_OBJECTS);
    const userId = randomUUID();
    await db.taskCompletion.create({ data: { ...act, id, userId, taskName: "many", details } });
    const consent = { ...act, consentType: "data_sharing", granted: true, purpose: "many" };
    await db.consent.create({ data: { ...consent, userId, completionId: id } });
  }
}, 120_000);

/** Sends a request, and reads the answer without parsing it. */
async function send(path: string, body?: string): Promise<string> {
  const headers = { authorization: `Bearer ${acme.key}`, "content-type": "application/json" };
  const response = await fetch(`${world.url}${path}`, {
    headers,
    ...(body !== undefined && { method: "POST", body }),
  });
  return response.text();
}

test("a page of services for sale with the largest samples holds nobody up, and shows them all", async () => {
  const text = await send("/discovery/resources?limit=100");
  expect(text.length).toBeLessThan(1024 * 1024);
  expect((JSON.parse(text) as { items: unknown[] }).items).toHaveLength(SERVICES + 1);
  expect(await longestStall(() => send("/discovery/resources?limit=100"))).toBeLessThan(200);
});

test("a sponsor's list of services doesn't read their schemas and samples", async () => {
  const { apis } = (JSON.parse(await send("/sponsor/apis")) as { data: { apis: object[] } }).data;
  expect(apis).toHaveLength(50);
  expect(await longestStall(() => send("/sponsor/apis"))).toBeLessThan(150);
});

test("an export of the largest answers holds nobody up", async () => {
  const path = `/sponsor/campaigns/${campaignId}/answers/export`;
  expect(JSON.parse(await send(path))).toHaveLength(ANSWERS);
  expect(await longestStall(() => send(path))).toBeLessThan(200);
  expect(await longestStall(() => send(`${path}?format=csv`))).toBeLessThan(200);
});

test("a page of the largest answers has fewer, its limit says how many, and the pages after it have the rest", async () => {
  const path = `/sponsor/campaigns/${campaignId}/answers`;
  const found = new Set<string>();
  let pages = 0;
  for (let offset = 0; offset < ANSWERS; pages += 1) {
    const { data } = JSON.parse(await send(`${path}?offset=${offset}`)) as {
      data: { answers: { answer_id: string }[]; limit: number; total_count: number };
    };
    expect(data.total_count).toBe(ANSWERS);
    for (const { answer_id } of data.answers) found.add(answer_id);
    offset += data.limit;
  }
  expect(found.size).toBe(ANSWERS);
  expect(pages).toBeGreaterThan(1);
  expect(await longestStall(() => send(path))).toBeLessThan(200);
});

test("a task whose campaign pays for 50 services with the largest schemas shows five, and reads no others", async () => {
  const { token } = await world.openSession(await world.createGrant());
  await world.completeTask(token, largeCampaignId);
  const read = async (): Promise<string> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${world.url}/agent/tasks/${largeCampaignId}`, { headers })).text();
  };
  const { next_actions } = JSON.parse(await read()) as { next_actions: { action: string }[] };
  expect(next_actions.filter(({ action }) => action === "run_service")).toHaveLength(5);
  expect(await longestStall(read)).toBeLessThan(100);
});

test("a body with as many fields as there is room for holds nobody up, without a credential either", async () => {
  const fields = Object.fromEntries(
    Array.from({ length: 22_000 }, (_, n) => [n.toString(36).padStart(3, "_"), 1]),
  );
  const body = JSON.stringify({ input: fields });
  expect(await longestStall(() => send(`/proxy/${service}/run`, body), 5)).toBeLessThan(45);
});

test("of 22,000 headers of a registration none is validated before they are counted", async () => {
  const headers = Object.fromEntries(Array.from({ length: 22_000 }, (_, n) => [n.toString(36), 1]));
  const { field_errors } = expectRefused(
    await world.call("sponsor.registerApi", { upstream_headers: headers }, acme.key),
    400,
    "validation_error",
  );
  const refused = (field_errors as { path: string; keyword: string }[]).filter(({ path }) =>
    path.startsWith("/upstream_headers"),
  );
  expect(refused).toMatchObject([{ path: "/upstream_headers", keyword: "maxProperties" }]);
});
