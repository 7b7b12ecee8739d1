import { beforeAll, expect, test } from "vitest";
import type { LargeAnswers } from "../test/support/large-answers.ts";
import { createLargeAnswers } from "../test/support/large-answers.ts";
import { longestStall } from "../test/support/longest-stall.ts";
import { useWorld } from "../test/support/use-world.ts";

// A part of `npm run bench:stalls`: no page, export or body holds a server's only thread for long. Each took several times as long once.

const world = useWorld({ upstreamFor: "all tests" });
let large: LargeAnswers;
beforeAll(async () => {
  large = await createLargeAnswers(world);
}, 120_000);

/** Milliseconds for which each may hold up the others, at most. */
const MOST_MS = { page: 200, list: 150, task: 100, body: 45 };

test("a page of services for sale with the largest samples", async () => {
  expect(await longestStall(() => large.send("/discovery/resources?limit=100"))).toBeLessThan(MOST_MS.page);
});

test("a sponsor's list of services", async () => {
  expect(await longestStall(() => large.send("/sponsor/apis"))).toBeLessThan(MOST_MS.list);
});

test.each(["/answers/export", "/answers/export?format=csv", "/answers"])(
  "the largest answers at %s",
  async (path) => {
    const answers = `/sponsor/campaigns/${large.campaignId}${path}`;
    expect(await longestStall(() => large.send(answers))).toBeLessThan(MOST_MS.page);
  },
);

test("a task whose campaign pays for 50 services with the largest schemas", async () => {
  const { token } = await world.openSession(await world.createGrant());
  await world.completeTask(token, large.largeCampaignId);
  const read = async (): Promise<string> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${world.url}/agent/tasks/${large.largeCampaignId}`, { headers })).text();
  };
  expect(await longestStall(read)).toBeLessThan(MOST_MS.task);
});

test("a body with as many fields as there is room for holds nobody up, without a credential either", async () => {
  const fields = Object.fromEntries(
    Array.from({ length: 22_000 }, (_, n) => [n.toString(36).padStart(3, "_"), 1]),
  );
  const body = JSON.stringify({ input: fields });
  const call = () => large.send(`/proxy/${large.service}/run`, body);
  expect(await longestStall(call, 5)).toBeLessThan(MOST_MS.body);
});
