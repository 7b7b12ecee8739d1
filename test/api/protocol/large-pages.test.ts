import { beforeAll, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { expectRefused } from "../../support/call.ts";
import type { LargeAnswers } from "../../support/large-answers.ts";
import { ANSWERS, createLargeAnswers, SERVICES } from "../../support/large-answers.ts";
import { useWorld } from "../../support/use-world.ts";

/** Pages and exports of the largest schemas and answers. How long they hold others up is measured in bench/stalls-of-pages.bench.ts. */

const world = useWorld({ upstreamFor: "all tests" });
let large: LargeAnswers;
beforeAll(async () => {
  large = await createLargeAnswers(world);
}, 120_000);

test("a page of services for sale with the largest samples holds nobody up, and shows them all", async () => {
  // On a machine that does more at the same time, it may be refused with 503 first.
  await eventually(async () => {
    const text = await large.send("/discovery/resources?limit=100");
    expect(text.length).toBeLessThan(1024 * 1024);
    expect((JSON.parse(text) as { items?: unknown[] }).items).toHaveLength(SERVICES + 1);
  });
});

test("a sponsor's list of services doesn't read their schemas and samples", async () => {
  const { apis } = (JSON.parse(await large.send("/sponsor/apis")) as { data: { apis: object[] } }).data;
  expect(apis).toHaveLength(50);
});

test("an export of the largest answers holds nobody up", async () => {
  const path = `/sponsor/campaigns/${large.campaignId}/answers/export`;
  expect(JSON.parse(await large.send(path))).toHaveLength(ANSWERS);
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
});

test("of 22,000 headers of a registration none is validated before they are counted", async () => {
  const headers = Object.fromEntries(Array.from({ length: 22_000 }, (_, n) => [n.toString(36), 1]));
  const { field_errors } = expectRefused(
    await world.call("sponsor.registerApi", { upstream_headers: headers }, large.acme.key),
    400,
    "validation_error",
  );
  const refused = (field_errors as { path: string; keyword: string }[]).filter(({ path }) =>
    path.startsWith("/upstream_headers"),
  );
  expect(refused).toMatchObject([{ path: "/upstream_headers", keyword: "maxProperties" }]);
});
