import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { expectSuccess } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import { useWorld } from "../../support/use-world.ts";

const COST = 20_000n;

const world = useWorld();
let grant: GrantOfUser;
let token: string;
let service: string;

const ANY_ID = {
  type: "object",
  properties: { id: { type: ["integer", "string"] }, nested: { type: "array", items: { type: "number" } } },
  additionalProperties: false,
};

beforeEach(async () => {
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
  const ready = await world.readyService({
    behaviour: "scripted",
    api: { input_schema: ANY_ID },
    grant,
    token,
  });
  service = ready.service;
});
afterEach(() => expectBooksToBalance(world.db));

/** Runs the service, whose seller answers with this body, and returns the answer's data. */
async function outputOf(contentType: string, body: string | Buffer): Promise<Record<string, unknown>> {
  world.upstream.answerWith((res) => void res.writeHead(200, { "content-type": contentType }).end(body));
  const answer = await world.run(token, service, { idempotency_key: "k" });
  expectSuccess(answer);
  const replay = await world.run(token, service, { idempotency_key: "k" });
  expect(replay.body.data.output).toEqual(answer.body.data.output);
  expect(replay.body.data.output_truncated).toEqual(answer.body.data.output_truncated);
  return answer.body.data as Record<string, unknown>;
}

describe("numbers", () => {
  const rawRun = (json: string): Promise<Response> =>
    fetch(`${world.server.url}/agent/services/${service}/run`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: json,
    });

  test("an input with a number that would lose digits is refused at its field, and nothing is sent", async () => {
    const asked = world.upstream.seen.length;
    const answer = await rawRun('{"input": {"id": 9007199254740993, "nested": [1, 3.14159265358979323846]}}');
    expect(answer.status).toBe(400);
    const body = (await answer.json()) as { error_code: string; field_errors: { path: string }[] };
    expect(body.error_code).toBe("validation_error");
    expect(body.field_errors.map(({ path }) => path)).toEqual(["/input/id", "/input/nested/1"]);
    expect(world.upstream.seen).toHaveLength(asked);
    expect(await world.db.payment.count({ where: { service } })).toBe(0);
  });

  test("the same holds over tRPC", async () => {
    const answer = await fetch(`${world.server.url}/trpc/agent.runService`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: `{"service_key": "${service}", "input": {"id": 9007199254740993}}`,
    });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await answer.json())).toContain('"path":"/input/id"');
  });

  test("ids that differ in their last digit aren't duplicates when they are sent as texts", async () => {
    expect((await rawRun('{"input": {"id": "9007199254740992"}}')).status).toBe(200);
    expect((await rawRun('{"input": {"id": "9007199254740993"}}')).status).toBe(200);
    expect(world.upstream.paid().map(({ body }) => body)).toEqual([
      '{"id":"9007199254740992"}',
      '{"id":"9007199254740993"}',
    ]);
  });

  test("an answer with a number that would lose digits is handed over as text", async () => {
    const json = '{"order": 9007199254740993}';
    expect(await outputOf("application/json", json)).toMatchObject({
      output: json,
      output_content_type: "application/json",
    });
  });
});

test.each([
  "application/xml",
  "application/rss+xml",
  "application/x-ndjson",
  "application/yaml",
  "application/openapi+yaml",
  "image/svg+xml; charset=utf-8",
  "application/javascript",
  "text/csv",
])("an answer of type %s is handed over as text", async (type) => {
  expect((await outputOf(type, "<é>1</é>\n")).output).toBe("<é>1</é>\n");
});

test("an answer of type application/geo+json is handed over as a value", async () => {
  expect((await outputOf("application/geo+json", '{"type":"Point"}')).output).toEqual({ type: "Point" });
});

test("an XML answer is read in the encoding that its first line names", async () => {
  const body = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><city>Málaga</city>', "latin1");
  expect((await outputOf("application/xml", body)).output).toContain("Málaga");
});

describe("an answer that isn't whole", () => {
  test("an answer that is too large is handed over as text as far as it was read, marked as cut, and paid once", async () => {
    const json = JSON.stringify({ text: "é".repeat(1_500_000) });
    world.upstream.answerWith(
      (res) => void res.writeHead(200, { "content-type": "application/json" }).end(json),
    );
    const { output, output_truncated } = (await world.run(token, service)).body.data;
    expect(output_truncated).toBe(true);
    expect(output).toMatch(/^\{"text":"é+$/);
    expect(Buffer.byteLength(output as string)).toBeGreaterThan(1_990_000);
    expect(await balanceOf(world.upstream.payTo)).toBe(COST);
  });

  test("an answer that breaks off in its body is handed over as far as it came, and counts as delivered", async () => {
    world.upstream.answerWith((res) => {
      res.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      res.write('{"rows":[1,2,', () => res.socket?.destroy());
    });
    const answer = await world.run(token, service);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ output: '{"rows":[1,2,', output_truncated: true });
    const api = await world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: service } });
    expect(api).toMatchObject({ undeliveredCalls: 0, failedUserIds: [] });
  });

  test("a stream that never ends is handed over as far as it came when the service's time is over", async () => {
    world.upstream.answerWith((res) => {
      res.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    });
    const answer = await world.run(token, service);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ output: "data: 1\n\n", output_truncated: true });
  });

  test("an answer whose encoding can't be undone is handed over as bytes", async () => {
    const frame = Buffer.from("28b52ffd0458110000303132", "hex");
    world.upstream.answerWith(
      (res) =>
        void res
          .writeHead(200, { "content-type": "application/json", "content-encoding": "zstd" })
          .end(frame),
    );
    const answer = await world.run(token, service);
    expect(answer.status).toBe(200);
    expect(answer.body.data.output).toEqual({ base64: frame.toString("base64") });
    expect(answer.body.data).not.toHaveProperty("output_truncated");
  });

  test("a whole answer has no mark", async () => {
    expect(await outputOf("application/json", "{}")).not.toHaveProperty("output_truncated");
  });
});
