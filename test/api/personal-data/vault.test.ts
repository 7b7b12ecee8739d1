import { randomUUID } from "node:crypto";
import { RE2JS } from "re2js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../../src/core/personal-data/data-schema/size-limits.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import { dump } from "../../support/dump.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, rest, startTestServer } from "../../support/server.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import type { Created } from "../../support/world.ts";
import {
  admin,
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  createUser,
  GRANT_SCOPES,
  openSession,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let service: string;
let campaignId: string;
let grant: Created;
let token: string;
/** Unlike anything else in the database or an answer. */
let secret: string;

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
  service = await registerApi(server.url, acme.key, upstream, "free", { price_cents: 0 });
  campaignId = await createCampaign(server.url, acme, [service], { fundCents: 0, task_schema: FULL_TASK });
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  grant = await createGrant(server.url);
  ({ token } = await openSession(server.url, grant));
  secret = `vault-${randomUUID()}@example.com`;
});

const put = (data_type: string, value: unknown, user_id = grant.user_id): Promise<Answer> =>
  call(server.url, "admin.putVaultItem", { user_id, data_type, value }, ADMIN_KEY);
const complete = (task_data: unknown, changes: Record<string, unknown> = {}): Promise<Answer> =>
  call(
    server.url,
    "agent.completeTask",
    { campaign_id: campaignId, task_data, consent: CONSENT, ...changes },
    token,
  );
const stored = () => server.deps.db.vaultItem.findMany({ where: { userId: grant.user_id } });
const completions = () => server.deps.db.taskCompletion.count({ where: { userId: grant.user_id } });

const SCORE_AND_EMAIL = { score: 4, email: { $vault: "email" } };

describe("what a user stores", () => {
  test("is kept encrypted, replaced by the next, and removed by null", async () => {
    expect(expectSuccess(await put("email", secret))).toEqual({ data_type: "email", stored: true });
    expect(await stored()).toMatchObject([{ dataType: "email" }]);
    expect(await dump(server.database.url)).not.toContain(Buffer.from(secret).toString("hex"));
    expect(await dump(server.database.url)).not.toContain(secret);

    expectSuccess(await put("email", `new-${secret}`));
    expect(await stored()).toHaveLength(1);

    expect(expectSuccess(await put("email", null))).toEqual({ data_type: "email", stored: false });
    expect(expectSuccess(await put("email", null))).toEqual({ data_type: "email", stored: false });
    expect(await stored()).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["email", "ada at example.com"],
    ["email", { of: "ada@example.com" }],
    ["birthdate", "31.12.1990"],
    ["ip_address", "localhost"],
    ["name", ""],
    ["name", 5],
    ["attributes", { long: "x".repeat(5_000) }],
    ["shoe_size", "42"],
  ])("is refused where it can't be a %s", async (data_type, value) => {
    const body = expectRefused(await put(data_type, value), 400, "validation_error");
    expect(body.field_errors).toHaveLength(1);
    expect(await stored()).toEqual([]);
  });

  test("belongs to somebody", async () => {
    for (const nobody of [randomUUID(), "nobody"]) {
      expectRefused(await put("region", "PT", nobody), 404, "not_found");
      expectRefused(await put("region", null, nobody), 404, "not_found");
    }
  });

  test("is for administrators only", async () => {
    for (const other of [token, grant.agent_key, acme.key]) {
      const body = { data_type: "email", value: secret };
      const path = `/admin/users/${grant.user_id}/vault`;
      expectRefused(await rest(server.url, "PUT", path, { token: other, body }), 401, "unauthorized");
    }
    expect(await stored()).toEqual([]);
  });
});

describe("a task's answers", () => {
  test.each(TRANSPORTS)("take the stored value, which the agent never sees, over %s", async (transport) => {
    await put("email", secret);
    const task = expectSuccess(
      await call(server.url, "agent.getTask", { campaign_id: campaignId }, token, transport),
    );
    expect(task.stored_data_types).toEqual(["email"]);

    const input = { campaign_id: campaignId, task_data: SCORE_AND_EMAIL, consent: CONSENT };
    const answer = await call(server.url, "agent.completeTask", input, token, transport);
    expectSuccess(answer);
    expect(JSON.stringify(answer.body)).not.toContain(secret);
    const audit = await call(server.url, "agent.auditHistory", {}, token, transport);
    expect(JSON.stringify(expectSuccess(audit))).not.toContain(secret);

    const answers = await call(server.url, "sponsor.listAnswers", { campaign_id: campaignId }, acme.key);
    expect(expectSuccess(answers).answers[0]).toMatchObject({
      task_data: { score: 4, email: secret },
      data_types: ["email"],
      sources: { "/score": "agent", "/email": "vault" },
    });
  });

  test("with what the agent wrote itself say so", async () => {
    expectSuccess(await complete({ score: 4, region: "Portugal" }));
    const answers = await call(server.url, "sponsor.listAnswers", { campaign_id: campaignId }, acme.key);
    expect(expectSuccess(answers).answers[0].sources).toEqual({ "/score": "agent", "/region": "agent" });
  });

  test("are refused where nothing is stored, in a dry run as well", async () => {
    for (const dry_run of [true, false]) {
      const body = expectRefused(await complete(SCORE_AND_EMAIL, { dry_run }), 400, "validation_error");
      expect(body.field_errors).toEqual([
        { path: "/task_data/email", message: "The user's vault holds no email.", keyword: "$vault" },
      ]);
    }
    expect(await completions()).toBe(0);
  });

  test("never take another user's value", async () => {
    await put("email", secret, await createUser(server.url));
    expectRefused(await complete(SCORE_AND_EMAIL), 400, "validation_error");
  });

  test("are refused with a value that doesn't fit, in words that tell nothing of it", async () => {
    await put("region", `Somewhere ${secret} ${"very ".repeat(20)} far away`);
    const refused = await complete({ score: 4, region: { $vault: "region" } });
    const body = expectRefused(refused, 400, "validation_error");
    expect(body.field_errors).toEqual([
      {
        path: "/task_data/region",
        message: "The user's stored region doesn't fit what is asked for here.",
        keyword: "$vault",
      },
    ]);
    expect(JSON.stringify(body)).not.toMatch(/Somewhere|100|example/);
    expect(await completions()).toBe(0);
  });

  test("aren't resolved in a dry run: a value that wouldn't fit isn't told from one that would", async () => {
    const dryRun = async (region: string): Promise<unknown> => {
      await put("region", region);
      const answer = await complete({ score: 4, region: { $vault: "region" } }, { dry_run: true });
      return expectSuccess(answer);
    };
    expect(await dryRun("x".repeat(200))).toEqual(await dryRun("PT"));
  });

  test("need scope and consent for the reference before anything is read", async () => {
    await put("phone", "+351 21 000 0000");
    const phone = { score: 4, phone: { $vault: "phone" } };
    const unconsented = expectRefused(await complete(phone), 403, "data_consent_required");
    expect(unconsented.details.missing).toEqual(["phone"]);

    const narrow = { ...GRANT_SCOPES, allowed_data_types: ["region"] };
    ({ token } = await openSession(server.url, grant, { scopes: narrow }));
    await put("email", secret);
    expectRefused(await complete(SCORE_AND_EMAIL), 403, "scope_violation");
    const task = await call(server.url, "agent.getTask", { campaign_id: campaignId }, token);
    expect(expectSuccess(task).stored_data_types).toEqual([]);

    const disagreed = { ...CONSENT, data_sharing_agreed: false };
    ({ token } = await openSession(server.url, grant));
    const refused = await complete(SCORE_AND_EMAIL, { consent: disagreed });
    expectRefused(refused, 403, "data_consent_required");
    expect(await completions()).toBe(0);
  });

  test("never hold more than may be passed on: a stored value with data of other types doesn't fit", async () => {
    const home = {
      type: "object",
      properties: {
        street: { type: "string", "x-data-type": "address" },
        phone: { type: "string", "x-data-type": "phone" },
      },
      additionalProperties: false,
      "x-data-type": "address",
    };
    const task_schema = { type: "object", properties: { home }, additionalProperties: false };
    const id = await createCampaign(server.url, acme, [service], { fundCents: 0, task_schema });
    const scopes = { ...GRANT_SCOPES, allowed_data_types: ["address"] };
    grant = await createGrant(server.url, { scopes });
    ({ token } = await openSession(server.url, grant));
    await put("address", { street: "Rua Augusta 1", phone: "+351 21 000 0000" });
    const task_data = { home: { $vault: "address" } };
    // An agent can't know what is in it: it isn't told, and it isn't a violation however often it tries.
    for (let n = 0; n < 4; n += 1) {
      const body = expectRefused(await complete(task_data, { campaign_id: id }), 400, "validation_error");
      expect(body.field_errors).toMatchObject([{ path: "/task_data/home", keyword: "$vault" }]);
      expect(JSON.stringify(body)).not.toContain("phone");
    }
    expect(await completions()).toBe(0);

    await put("address", { street: "Rua Augusta 1" });
    expectSuccess(await complete(task_data, { campaign_id: id }));
  });
});

describe("a schema can't get at the vault by another door", () => {
  const register = (schema: unknown): Promise<Answer> =>
    call(
      server.url,
      "sponsor.createCampaign",
      {
        name: "Trap",
        service_keys: [service],
        required_task: "One question",
        task_type: "survey",
        task_description: "What would you say?",
        task_schema: schema,
        subsidy_per_call_cents: 5,
      },
      acme.key,
    );
  const object = (a: unknown) => ({ type: "object", properties: { a }, additionalProperties: false });

  test.each<[string, unknown]>([
    ["a constant", object({ anyOf: [{ const: { $vault: "name" } }, { type: "string" }] })],
    ["a listed value", object({ enum: [{ $vault: "email" }, "ada@example.com"] })],
    ["deep inside one", object({ enum: [{ a: [{ $vault: "name" }] }, "x"] })],
    ["a constant of another form", object({ const: { $vault: 5 } })],
    [
      "a property",
      { type: "object", properties: { $vault: { type: "string" } }, additionalProperties: false },
    ],
  ])("%s", async (_, schema) => {
    const body = expectRefused(await register(schema), 400, "validation_error");
    expect(JSON.stringify(body.field_errors)).toContain("taken by references");
  });

  test("what was read under a reference is on record as its type, whatever branch of the schema it took", async () => {
    const line = {
      type: "object",
      properties: { line: { type: "string" } },
      additionalProperties: false,
      "x-data-type": "address",
    };
    const id = await createCampaign(server.url, acme, [service], {
      fundCents: 0,
      task_schema: object({ anyOf: [line, { type: "string" }] }),
    });
    const scopes = { ...GRANT_SCOPES, allowed_data_types: ["address"] };
    grant = await createGrant(server.url, { scopes });
    ({ token } = await openSession(server.url, grant));
    await put("address", "Rua Augusta 1");
    expectSuccess(await complete({ a: { $vault: "address" } }, { campaign_id: id }));
    const where = { userId: grant.user_id };
    expect(await server.deps.db.taskCompletion.findMany({ where })).toMatchObject([
      { dataTypes: ["address"] },
    ]);
    const consents = await server.deps.db.consent.findMany({
      where: { ...where, consentType: "data_sharing" },
    });
    expect(consents).toMatchObject([{ dataTypes: ["address"] }]);
  });

  test("a list of different values tells nobody which of them is stored", async () => {
    const guesses = {
      type: "array",
      uniqueItems: true,
      items: { type: "string", format: "date", "x-data-type": "birthdate" },
    };
    const id = await createCampaign(server.url, acme, [service], {
      fundCents: 0,
      task_schema: object(guesses),
    });
    const scopes = { ...GRANT_SCOPES, allowed_data_types: ["birthdate"] };
    grant = await createGrant(server.url, { scopes });
    ({ token } = await openSession(server.url, grant));
    await put("birthdate", "1990-12-31");
    const guess = (date: string): Promise<Answer> =>
      complete({ a: [{ $vault: "birthdate" }, date] }, { campaign_id: id, dry_run: false });
    const [right, wrong] = [await guess("1990-12-31"), await guess("1990-12-30")];
    for (const answer of [right, wrong]) expectRefused(answer, 400, "validation_error");
    expect(right.body.field_errors).toEqual(wrong.body.field_errors);
  });

  test("all of the answers may be stored data", async () => {
    const root = {
      type: "object",
      properties: { line: { type: "string" } },
      additionalProperties: false,
      "x-data-type": "address",
    };
    const id = await createCampaign(server.url, acme, [service], { fundCents: 0, task_schema: root });
    const scopes = { ...GRANT_SCOPES, allowed_data_types: ["address"] };
    grant = await createGrant(server.url, { scopes });
    ({ token } = await openSession(server.url, grant));
    await put("address", { line: "Rua Augusta 1" });
    expectSuccess(await complete({ $vault: "address" }, { campaign_id: id }));
    const inbox = await call(server.url, "sponsor.listAnswers", { campaign_id: id }, acme.key);
    expect(expectSuccess(inbox).answers).toMatchObject([
      { task_data: { line: "Rua Augusta 1" }, sources: { "": "vault" } },
    ]);
  });
});

describe("a run's input", () => {
  const inputSchema = {
    type: "object",
    properties: { to: { type: "string", format: "email", "x-data-type": "email" } },
    required: ["to"],
    additionalProperties: false,
  };

  test("goes to the upstream with the stored value, under a recorded consent", async () => {
    await put("email", secret);
    const service_key = await registerApi(server.url, acme.key, upstream, "honest", {
      input_schema: inputSchema,
    });
    await admin(server.url, `/admin/sponsors/${acme.sponsor_id}/credits`, {
      service_key,
      amount_cents: 10,
      reference: service_key,
    });
    const input = { to: { $vault: "email" } };
    const plan = expectSuccess(await call(server.url, "agent.planService", { service_key, input }, token));
    expect(plan.missing.input).toEqual([]);

    const run = await call(server.url, "agent.runService", { service_key, input }, token);
    expect(expectSuccess(run).payment.status).toBe("settled");
    expect(JSON.parse(upstream.seen.at(-1)?.body ?? "")).toEqual({ to: secret });
    expect(await server.deps.db.consent.findMany({ where: { userId: grant.user_id } })).toMatchObject([
      { serviceKey: service_key, dataTypes: ["email"], grantedVia: "agent" },
    ]);
  });

  test("isn't sent where the value is missing or doesn't fit, and costs nothing", async () => {
    const service_key = await registerApi(server.url, acme.key, upstream, "free", {
      price_cents: 0,
      input_schema: { ...inputSchema, properties: { to: { ...inputSchema.properties.to, maxLength: 10 } } },
    });
    const run = (): Promise<Answer> =>
      call(server.url, "agent.runService", { service_key, input: { to: { $vault: "email" } } }, token);
    const before = upstream.seen.length;
    expectRefused(await run(), 400, "validation_error");
    await put("email", secret);
    const body = expectRefused(await run(), 400, "validation_error");
    expect(body.field_errors[0].path).toBe("/input/to");
    expect(JSON.stringify(body)).not.toContain(secret);
    expect(upstream.seen).toHaveLength(before);
  });
});

test("how long a stored value is can't be told by filling the rest of the data to the brim", async () => {
  const patterns = { note: "^[^<>]{0,1000}$", name: "^[^<>]{1,200}$" };
  const [note, name] = [patterns.note, patterns.name].map((pattern) =>
    RE2JS.compile(RE2JS.translateRegExp(pattern)).programSize(),
  ) as [number, number];
  const input_schema = {
    type: "object",
    properties: {
      notes: { type: "array", maxItems: 100, items: { type: "string", pattern: patterns.note } },
      full_name: { type: "string", "x-data-type": "name", pattern: patterns.name },
    },
    additionalProperties: false,
  };
  const service_key = await registerApi(server.url, acme.key, upstream, "free", {
    price_cents: 0,
    input_schema,
  });
  await createCampaign(server.url, acme, [service_key], { fundCents: 0 });
  expectSuccess(await put("name", "Wilhelmina Featherstonehaugh"));
  /** Whether it goes through where what the patterns may take is left for a name of so many characters. */
  const fits = async (characters: number): Promise<string> => {
    const filled = Math.floor((LIMITS.patternSteps - name * characters) / note) - 1;
    const notes = Array.from({ length: Math.ceil(filled / 1_000) }, (_, n) =>
      "a ".repeat(500).slice(0, Math.min(1_000, filled - n * 1_000)),
    );
    const input = { notes, full_name: { $vault: "name" } };
    const answer = await call(server.url, "agent.runService", { service_key, input }, token);
    return String(answer.body.error_code ?? answer.body.status);
  };
  expect(new Set([await fits(1), await fits(10), await fits(28), await fits(100)]).size).toBe(1);

  const many = Array.from({ length: LIMITS.references + 1 }, () => ({ $vault: "region" }));
  const regions = { type: "array", items: { type: "string", "x-data-type": "region" } };
  const lists = await createCampaign(server.url, acme, [service_key], {
    fundCents: 0,
    task_schema: { type: "object", properties: { regions }, additionalProperties: false },
  });
  expectSuccess(await put("region", "PT"));
  const answers = (references: unknown[]): Promise<Answer> =>
    complete({ regions: references }, { campaign_id: lists });
  expectRefused(await answers(many), 400, "validation_error");
  expectSuccess(await answers(many.slice(1)));
});
