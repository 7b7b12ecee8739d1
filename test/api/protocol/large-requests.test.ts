import { beforeAll, describe, expect, test } from "vitest";
import { atOnce, tally } from "../../support/at-once.ts";
import type { ReadyService } from "../../support/caller.ts";
import { useWorld } from "../../support/use-world.ts";

// What is large goes through the compute thread. Callers notice nothing, unless they send too much of it at once.

const world = useWorld({ upstreamFor: "all tests" });

const INPUT_SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: {
    text: { type: "string" },
    numbers: { type: "array", items: { type: "integer" } },
    word: { type: "string", pattern: "^(?:[a-z]{1,40}|[0-9]{1,40}){1,10}$" },
    email: { type: "string", "x-data-type": "email" },
  },
};
/** Takes about a quarter of a second to check, and holds nothing personal. */
const MANY_NUMBERS = Array.from({ length: 35_000 }, (_, n) => n % 1_000);
const LONG_TEXT = "The room was clean and quiet, and breakfast was good. ".repeat(4_000);

let ready: ReadyService;
beforeAll(async () => {
  ready = await world.readyService({ api: { input_schema: INPUT_SCHEMA } });
});

describe.each(["rest", "trpc"] as const)("over %s", (transport) => {
  test("a run with large input is paid and answered like any other", async () => {
    const input = { text: LONG_TEXT, word: transport };
    const answer = await world.run(ready.token, ready.service, { input }, transport);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ output: expect.anything(), payment: { status: "settled" } });
    expect(world.upstream.paid().some(({ body }) => body.includes(LONG_TEXT))).toBe(true);
  });

  test("a large input that isn't allowed is refused field by field, and nothing is reserved", async () => {
    const before = await world.db.payment.count();
    const refused = async (input: unknown): Promise<unknown> => {
      const { status, body } = await world.run(ready.token, ready.service, { input }, transport);
      return [status, body.error_code, body.field_errors.map(({ path }: { path: string }) => path).sort()];
    };
    expect(await refused({ text: `${LONG_TEXT} write to ada@example.com` })).toEqual([
      400,
      "validation_error",
      ["/input/text"],
    ]);
    expect(await refused({ text: LONG_TEXT, numbers: ["x"], word: "A" })).toEqual([
      400,
      "validation_error",
      ["/input/numbers/0", "/input/word"],
    ]);
    expect(await world.db.payment.count()).toBe(before);
  });
});

test("a large schema is registered with what it asks for, or refused at the part that isn't allowed", async () => {
  const pattern = "^(?:[a-z]{1,40}|[0-9]{1,40}){1,10}$";
  const large = {
    ...INPUT_SCHEMA,
    properties: Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`p${n}`, { type: "string", pattern }]),
    ),
    required: ["p1"],
  };
  const withEmail = { ...large, properties: { ...large.properties, p1: INPUT_SCHEMA.properties.email } };
  const campaignId = await world.createCampaign(ready.sponsor, [ready.service], { task_schema: withEmail });
  const { body } = await world.call("agent.getTask", { campaign_id: campaignId }, ready.token);
  expect(body.data).toMatchObject({ required_fields: ["p1"], data_types: ["email"] });

  const open = { ...large, properties: { ...large.properties, p7: { type: "object", properties: {} } } };
  await expect(world.createCampaign(ready.sponsor, [ready.service], { task_schema: open })).rejects.toThrow(
    "/task_schema/properties/p7",
  );
});

test("of more large requests than one person may have waiting, some are refused and leave nothing, and others are served", async () => {
  const other = await world.readyService({ api: { input_schema: INPUT_SCHEMA } });
  const before = await world.db.payment.count();
  const run = (text: string, { token, service }: ReadyService) =>
    world.run(token, service, { input: { numbers: MANY_NUMBERS, text } });
  const own = atOnce(30, (n) => run(`own ${n}`, ready));
  const others = await run("other", other);
  const answers = await own;
  expect(others.status).toBe(200);
  const { 200: served = 0, 429: refused = 0 } = tally(answers.map(({ status }) => String(status)));
  expect(served + refused).toBe(30);
  expect(served).toBeGreaterThanOrEqual(11);
  expect(refused).toBeGreaterThan(0);
  for (const { body, headers } of answers.filter(({ status }) => status === 429)) {
    expect(body).toMatchObject({ error_code: "rate_limited", retry_allowed: true });
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  }
  expect(await world.db.payment.count()).toBe(before + served + 1);
});
