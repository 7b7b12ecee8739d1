import { beforeAll, expect, test } from "vitest";
import type { LargeAnswers } from "../test/support/large-answers.ts";
import { ANSWERS, createLargeAnswers, SERVICES } from "../test/support/large-answers.ts";
import { longestStall } from "../test/support/longest-stall.ts";
import { useWorld } from "../test/support/use-world.ts";

// A part of `npm run bench:stalls`: no page, export or body holds a server's only thread for long. Each took several times as long once.

const world = useWorld({ upstreamFor: "all tests" });
let large: LargeAnswers;
beforeAll(async () => {
  large = await createLargeAnswers(world);
}, 120_000);

test("a page of services for sale with the largest samples holds nobody up, and shows them all", async () => {
  const text = await large.send("/discovery/resources?limit=100");
  expect(text.length).toBeLessThan(1024 * 1024);
  expect((JSON.parse(text) as { items: unknown[] }).items).toHaveLength(SERVICES + 1);
  expect(await longestStall(() => large.send("/discovery/resources?limit=100"))).toBeLessThan(200);
});

test("a sponsor's list of services doesn't read their schemas and samples", async () => {
  const { apis } = (JSON.parse(await large.send("/sponsor/apis")) as { data: { apis: object[] } }).data;
  expect(apis).toHaveLength(50);
  expect(await longestStall(() => large.send("/sponsor/apis"))).toBeLessThan(150);
});

test("an export of the largest answers holds nobody up", async () => {
  const path = `/sponsor/campaigns/${large.campaignId}/answers/export`;
  expect(JSON.parse(await large.send(path))).toHaveLength(ANSWERS);
  expect(await longestStall(() => large.send(path))).toBeLessThan(200);
  expect(await longestStall(() => large.send(`${path}?format=csv`))).toBeLessThan(200);
});

test("a page of the largest answers has fewer, its limit says how many, and the pages after it have the rest", async () => {
  const path = `/sponsor/campaigns/${large.campaignId}/answers`;
  const found = new Set<string>();
  let pages = 0;
  for (let offset = 0; offset < ANSWERS; pages += 1) {
    const { data } = JSON.parse(await large.send(`${path}?offset=${offset}`)) as {
      data: { answers: { answer_id: string }[]; limit: number; total_count: number };
    };
    expect(data.total_count).toBe(ANSWERS);
    for (const { answer_id } of data.answers) found.add(answer_id);
    offset += data.limit;
  }
  expect(found.size).toBe(ANSWERS);
  expect(pages).toBeGreaterThan(1);
  expect(await longestStall(() => large.send(path))).toBeLessThan(200);
});

test("a task whose campaign pays for 50 services with the largest schemas shows five, and reads no others", async () => {
  const { token } = await world.openSession(await world.createGrant());
  await world.completeTask(token, large.largeCampaignId);
  const read = async (): Promise<string> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${world.url}/agent/tasks/${large.largeCampaignId}`, { headers })).text();
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
  expect(await longestStall(() => large.send(`/proxy/${large.service}/run`, body), 5)).toBeLessThan(45);
});
