import { randomUUID } from "node:crypto";
import { RE2JS } from "re2js";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../../src/core/personal-data/data-schema/size-limits.ts";
import { atOnce } from "../../support/at-once.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { CONSENT, GRANT_SCOPES } from "../../support/caller.ts";
import { dump } from "../../support/dump.ts";
import { Gate } from "../../support/gate.ts";
import { whileReplaced } from "../../support/replace-method.ts";
import type { Answer } from "../../support/server.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let service: string;
let campaignId: string;
let grant: GrantOfUser;
let token: string;
/** An e-mail address that stands nowhere else in the database or an answer. */
let secret: string;

beforeAll(async () => {
  acme = await world.createSponsor();
  service = await world.registerService(acme.key, "free", { price_cents: 0 });
  campaignId = await world.createCampaign(acme, [service], { fundCents: 0, task_schema: FULL_TASK });
});
beforeEach(async () => {
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
  secret = `vault-${randomUUID()}@example.com`;
});

const put = (data_type: string, value: unknown, user_id = grant.user_id): Promise<Answer> =>
  world.callAdmin("putVaultItem", { user_id, data_type, value });
const complete = (task_data: unknown, changes: Record<string, unknown> = {}): Promise<Answer> =>
  world.call(
    "agent.completeTask",
    { campaign_id: campaignId, task_data, consent: CONSENT, ...changes },
    token,
  );
/** The answers that a campaign's sponsor sees. */
const answersTo = async (campaign_id: string) =>
  expectSuccess(await world.call("sponsor.listAnswers", { campaign_id }, acme.key)).answers;
/** A campaign whose task has this schema. It needs no budget, since its service is free. */
const createCampaign = (task_schema: unknown): Promise<string> =>
  world.createCampaign(acme, [service], { fundCents: 0, task_schema });
/** Goes on as another user, whose grant allows these data types only. */
async function grantDataTypes(...allowed_data_types: string[]): Promise<void> {
  grant = await world.createGrant({ scopes: { ...GRANT_SCOPES, allowed_data_types } });
  ({ token } = await world.openSession(grant));
}
const object = (properties: Record<string, unknown>) => ({
  type: "object",
  properties,
  additionalProperties: false,
});
const ADDRESS = { ...object({ line: { type: "string" } }), "x-data-type": "address" };
const stored = () => world.db.vaultItem.findMany({ where: { userId: grant.user_id } });
const completions = () => world.db.taskCompletion.count({ where: { userId: grant.user_id } });

const SCORE_AND_EMAIL = { score: 4, email: { $vault: "email" } };

describe("a value in the vault", () => {
  test("a value in the vault is stored encrypted", async () => {
    expect(expectSuccess(await put("email", secret))).toEqual({ data_type: "email", stored: true });
    expect(await stored()).toMatchObject([{ dataType: "email" }]);
    expect(await dump(world.database.url)).not.toContain(Buffer.from(secret).toString("hex"));
    expect(await dump(world.database.url)).not.toContain(secret);
  });

  test("a value in the vault is replaced by another one of its type, and removed by null", async () => {
    expectSuccess(await put("email", secret));
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
  ])("a value that can't be of type %s is refused (%o)", async (data_type, value) => {
    const body = expectRefused(await put(data_type, value), 400, "validation_error");
    expect(body.field_errors).toHaveLength(1);
    expect(await stored()).toEqual([]);
  });

  test("storing or removing a value of an unknown user is not found", async () => {
    for (const userId of [randomUUID(), "no-id"]) {
      expectRefused(await put("region", "PT", userId), 404, "not_found");
      expectRefused(await put("region", null, userId), 404, "not_found");
    }
  });

  test("values are stored by administrators only", async () => {
    for (const other of [token, grant.agent_key, acme.key]) {
      const body = { data_type: "email", value: secret };
      const path = `/admin/users/${grant.user_id}/vault`;
      expectRefused(await world.rest("PUT", path, { token: other, body }), 401, "unauthorized");
    }
    expect(await stored()).toEqual([]);
  });
});

describe("a vault reference in a task's answers", () => {
  test.each(TRANSPORTS)(
    "a vault reference in an answer gives the stored value to the sponsor, and never to the agent, over %s",
    async (transport) => {
      await put("email", secret);
      const task = expectSuccess(
        await world.call("agent.getTask", { campaign_id: campaignId }, token, transport),
      );
      expect(task.stored_data_types).toEqual(["email"]);

      const input = { campaign_id: campaignId, task_data: SCORE_AND_EMAIL, consent: CONSENT };
      const answer = await world.call("agent.completeTask", input, token, transport);
      expectSuccess(answer);
      expect(JSON.stringify(answer.body)).not.toContain(secret);
      const audit = await world.call("agent.auditHistory", {}, token, transport);
      expect(JSON.stringify(expectSuccess(audit))).not.toContain(secret);

      const [shown] = await answersTo(campaignId);
      expect(shown).toMatchObject({
        task_data: { score: 4, email: secret },
        data_types: ["email"],
        sources: { "/score": "agent", "/email": "vault" },
      });
    },
  );

  test("an answer's sources say that the agent wrote a value itself", async () => {
    expectSuccess(await complete({ score: 4, region: "Portugal" }));
    const [shown] = await answersTo(campaignId);
    expect(shown.sources).toEqual({ "/score": "agent", "/region": "agent" });
  });

  test("a vault reference to a value that isn't stored is refused, in a dry run as well", async () => {
    for (const dry_run of [true, false]) {
      const body = expectRefused(await complete(SCORE_AND_EMAIL, { dry_run }), 400, "validation_error");
      expect(body.field_errors).toEqual([
        { path: "/task_data/email", message: "The user's vault holds no email.", keyword: "$vault" },
      ]);
    }
    expect(await completions()).toBe(0);
  });

  test("a vault reference never takes another user's value", async () => {
    await put("email", secret, await world.createUser());
    expectRefused(await complete(SCORE_AND_EMAIL), 400, "validation_error");
  });

  test("a vault reference to a value that doesn't fit is refused, with an error that tells nothing about the value", async () => {
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

  test("a dry run doesn't read the vault: it answers the same whether the stored value fits or not", async () => {
    const dryRun = async (region: string): Promise<unknown> => {
      await put("region", region);
      const answer = await complete({ score: 4, region: { $vault: "region" } }, { dry_run: true });
      return expectSuccess(answer);
    };
    expect(await dryRun("x".repeat(200))).toEqual(await dryRun("PT"));
  });

  test("a vault reference needs the scope and the consent for its data type before the value is read", async () => {
    await put("phone", "+351 21 000 0000");
    const phone = { score: 4, phone: { $vault: "phone" } };
    const unconsented = expectRefused(await complete(phone), 403, "data_consent_required");
    expect(unconsented.details.missing).toEqual(["phone"]);

    const narrow = { ...GRANT_SCOPES, allowed_data_types: ["region"] };
    ({ token } = await world.openSession(grant, { scopes: narrow }));
    await put("email", secret);
    expectRefused(await complete(SCORE_AND_EMAIL), 403, "scope_violation");
    const task = await world.call("agent.getTask", { campaign_id: campaignId }, token);
    expect(expectSuccess(task).stored_data_types).toEqual([]);

    const disagreed = { ...CONSENT, data_sharing_agreed: false };
    ({ token } = await world.openSession(grant));
    const refused = await complete(SCORE_AND_EMAIL, { consent: disagreed });
    expectRefused(refused, 403, "data_consent_required");
    expect(await completions()).toBe(0);
  });

  test("a stored value that also holds data of other types doesn't fit, and the error doesn't tell why", async () => {
    const home = {
      ...object({
        street: { type: "string", "x-data-type": "address" },
        phone: { type: "string", "x-data-type": "phone" },
      }),
      "x-data-type": "address",
    };
    const id = await createCampaign(object({ home }));
    await grantDataTypes("address");
    await put("address", { street: "Rua Augusta 1", phone: "+351 21 000 0000" });
    const task_data = { home: { $vault: "address" } };
    // The agent can't know what the value holds. So the error doesn't tell, and repeating the call is no violation.
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

describe("a task's schema", () => {
  const register = (schema: unknown): Promise<Answer> =>
    world.call(
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
  test.each<[string, unknown]>([
    ["a constant", object({ a: { anyOf: [{ const: { $vault: "name" } }, { type: "string" }] } })],
    ["a listed value", object({ a: { enum: [{ $vault: "email" }, "ada@example.com"] } })],
    ["a part of a listed value", object({ a: { enum: [{ a: [{ $vault: "name" }] }, "x"] } })],
    ["a constant of another form", object({ a: { const: { $vault: 5 } } })],
    ["a property", object({ $vault: { type: "string" } })],
  ])("a task's schema with a vault reference as %s is refused", async (_, schema) => {
    const body = expectRefused(await register(schema), 400, "validation_error");
    expect(JSON.stringify(body.field_errors)).toContain("reserved for references");
  });

  test("the data type of a vault reference is recorded whatever branch of the schema it took", async () => {
    const id = await createCampaign(object({ a: { anyOf: [ADDRESS, { type: "string" }] } }));
    await grantDataTypes("address");
    await put("address", "Rua Augusta 1");
    expectSuccess(await complete({ a: { $vault: "address" } }, { campaign_id: id }));
    const where = { userId: grant.user_id };
    expect(await world.db.taskCompletion.findMany({ where })).toMatchObject([{ dataTypes: ["address"] }]);
    const consents = await world.db.consent.findMany({
      where: { ...where, consentType: "data_sharing" },
    });
    expect(consents).toMatchObject([{ dataTypes: ["address"] }]);
  });

  test("a list of unique values doesn't tell an agent which of its guesses equals the stored value", async () => {
    const guesses = {
      type: "array",
      uniqueItems: true,
      items: { type: "string", format: "date", "x-data-type": "birthdate" },
    };
    const id = await createCampaign(object({ a: guesses }));
    await grantDataTypes("birthdate");
    await put("birthdate", "1990-12-31");
    const guess = (date: string): Promise<Answer> =>
      complete({ a: [{ $vault: "birthdate" }, date] }, { campaign_id: id, dry_run: false });
    const [right, wrong] = [await guess("1990-12-31"), await guess("1990-12-30")];
    for (const answer of [right, wrong]) expectRefused(answer, 400, "validation_error");
    expect(right.body.field_errors).toEqual(wrong.body.field_errors);
  });

  test("a vault reference can stand for the answers as a whole", async () => {
    const id = await createCampaign(ADDRESS);
    await grantDataTypes("address");
    await put("address", { line: "Rua Augusta 1" });
    expectSuccess(await complete({ $vault: "address" }, { campaign_id: id }));
    expect(await answersTo(id)).toMatchObject([
      { task_data: { line: "Rua Augusta 1" }, sources: { "": "vault" } },
    ]);
  });
});

describe("a vault reference in a run's input", () => {
  const TO = { type: "string", format: "email", "x-data-type": "email" };
  const INPUT = { to: { $vault: "email" } };

  test("a vault reference in a run's input sends the stored value to the upstream, and records the consent", async () => {
    await put("email", secret);
    const service_key = await world.registerService(acme.key, "honest", {
      input_schema: { ...object({ to: TO }), required: ["to"] },
    });
    await world.bookCredit(acme.sponsor_id, { service_key }, 10);
    const plan = expectSuccess(await world.call("agent.planService", { service_key, input: INPUT }, token));
    expect(plan.missing.input).toEqual([]);

    const run = await world.run(token, service_key, { input: INPUT });
    expect(expectSuccess(run).payment.status).toBe("settled");
    expect(JSON.parse(world.upstream.seen.at(-1)?.body ?? "")).toEqual({ to: secret });
    expect(await world.db.consent.findMany({ where: { userId: grant.user_id } })).toMatchObject([
      { serviceKey: service_key, dataTypes: ["email"], grantedVia: "agent" },
    ]);
  });

  test("a run whose vault reference has no value, or one that doesn't fit, is refused before the upstream is called", async () => {
    const service_key = await world.registerService(acme.key, "free", {
      price_cents: 0,
      input_schema: { ...object({ to: { ...TO, maxLength: 10 } }), required: ["to"] },
    });
    await world.bookCredit(acme.sponsor_id, { service_key }, 1);
    const run = (): Promise<Answer> => world.run(token, service_key, { input: INPUT });
    const before = world.upstream.seen.length;
    expectRefused(await run(), 400, "validation_error");
    await put("email", secret);
    const body = expectRefused(await run(), 400, "validation_error");
    expect(body.field_errors[0].path).toBe("/input/to");
    expect(JSON.stringify(body)).not.toContain(secret);
    expect(world.upstream.seen).toHaveLength(before);
  });
});

describe("a hijacked agent that works with a sponsor to read the vault", () => {
  const birthdate = (pattern: string) => ({ type: "string", pattern, "x-data-type": "birthdate" });
  const DATE = "1990-12-31";
  const REFERENCE = { $vault: "birthdate" };
  /** A service of this sponsor that takes birthdates that match the pattern. */
  const registerPattern = async (pattern: string, sponsor = acme): Promise<string> => {
    const service_key = await world.registerService(sponsor.key, "free", {
      price_cents: 0,
      input_schema: { ...object({ birthdate: birthdate(pattern) }), required: ["birthdate"] },
    });
    await world.bookCredit(sponsor.sponsor_id, { service_key }, 1);
    return service_key;
  };
  const run = (service_key: string, session = token): Promise<Answer> =>
    world.run(session, service_key, { input: { birthdate: REFERENCE } });
  const misfits = () => world.db.vaultMisfit.findMany({ where: { grantId: grant.grant_id } });
  const FITS = "^1990-";
  const MISFITS = ["^0", "^2", "^3"];

  beforeEach(async () => {
    await grantDataTypes("birthdate");
    await put("birthdate", DATE);
  });

  test.each<[string, Record<string, unknown>]>([
    [
      "a condition on another field",
      { if: object({ probe: { const: 1 } }), then: object({ birthdate: { pattern: "^19" } }) },
    ],
    [
      "alternatives that other fields choose",
      {
        anyOf: [1, 2, 3].map((n) => object({ probe: { const: n }, birthdate: { pattern: `^${n}` } })),
      },
    ],
    [
      "a condition on the value itself that decides about another field",
      { if: object({ birthdate: { pattern: "^19" } }), then: object({ probe: { const: 1 } }) },
    ],
    ["what it excludes", { not: object({ probe: { const: 1 }, birthdate: { pattern: "^19" } }) }],
    [
      "excluded combinations",
      {
        not: {
          enum: [
            { probe: 1, birthdate: DATE },
            { probe: 2, birthdate: "1990-12-30" },
          ],
        },
      },
    ],
  ])(
    "can't refer to the vault where %s decides what is allowed, so no probe tells anything",
    async (_, extra) => {
      // In a condition, a closed object would fail because of the other field.
      const open = (schema: unknown): unknown =>
        JSON.parse(JSON.stringify(schema).replaceAll(',"additionalProperties":false', ""));
      const service_key = await world.registerService(acme.key, "free", {
        price_cents: 0,
        input_schema: {
          ...object({ probe: { type: "integer" }, birthdate: birthdate("^[0-9-]*$") }),
          ...(open(extra) as Record<string, unknown>),
        },
      });
      await world.bookCredit(acme.sponsor_id, { service_key }, 10);
      const before = world.upstream.seen.length;
      const probeAll = async (): Promise<unknown[]> => {
        const refusals = [];
        for (const probe of [0, 1, 2, 3]) {
          const answer = await world.run(token, service_key, { input: { probe, birthdate: REFERENCE } });
          refusals.push(expectRefused(answer, 400, "validation_error").field_errors);
        }
        return refusals;
      };
      const refusals = await probeAll();
      expect(JSON.stringify(refusals)).toContain("depends on other values");
      await put("birthdate", "2001-02-03");
      expect(await probeAll()).toEqual(refusals);
      expect(world.upstream.seen).toHaveLength(before);
      expect(await misfits()).toEqual([]);
    },
  );

  test("three misfits end the references of a grant to a data type for a sponsor, until the user stores another value", async () => {
    const fitting = await registerPattern(FITS);
    const others = await Promise.all(MISFITS.map((pattern) => registerPattern(pattern)));
    const before = world.upstream.seen.length;
    for (const service_key of others) {
      const refused = expectRefused(await run(service_key), 400, "validation_error");
      expect(refused.message).toContain("doesn't fit");
    }
    const ended = expectRefused(await run(fitting), 400, "validation_error");
    expect(ended.field_errors).toMatchObject([{ path: "/input/birthdate", keyword: "$vault" }]);
    expect(ended.message).toContain("have ended for this sponsor");
    expect(world.upstream.seen).toHaveLength(before);
    // Also from another session, and in answers to a task of the same sponsor.
    const other = await world.openSession(grant);
    expectRefused(await run(fitting, other.token), 400, "validation_error");
    const campaign_id = await createCampaign(object({ birthdate: birthdate(FITS) }));
    expectRefused(await complete({ birthdate: REFERENCE }, { campaign_id }), 400, "validation_error");

    // Not to another sponsor.
    expectSuccess(await run(await registerPattern(FITS, await world.createSponsor())));
    await put("birthdate", "1990-01-01");
    expectSuccess(await run(fitting));
  });

  test("of 20 misfits at once, exactly three are told, and all others tell nothing", async () => {
    const services = await Promise.all(Array.from({ length: 20 }, (_, i) => registerPattern(`^${i + 2000}`)));
    const answers = await atOnce(20, (i) => run(services[i] as string));
    const messages = answers.map(
      (answer) => expectRefused(answer, 400, "validation_error").message as string,
    );
    expect(messages.filter((message) => message.includes("doesn't fit what is asked"))).toHaveLength(3);
    expect(messages.filter((message) => message.includes("have ended"))).toHaveLength(17);
    expect(await misfits()).toMatchObject([{ misfits: 3, dataType: "birthdate" }]);
  });

  test("a stored value isn't read before a payer is found, and the consent is on record", async () => {
    const unpaid = await world.registerService(acme.key, "honest", {
      input_schema: { ...object({ birthdate: birthdate("^0") }), required: ["birthdate"] },
    });
    expectRefused(await run(unpaid), 409, "no_sponsor");
    expect(await misfits()).toEqual([]);
    const consents = () => world.db.consent.findMany({ where: { userId: grant.user_id } });
    expect(await consents()).toEqual([]);

    const free = await registerPattern("^0");
    expectRefused(await run(free), 400, "validation_error");
    expect(await misfits()).toMatchObject([{ misfits: 1 }]);
    expect(await consents()).toMatchObject([{ serviceKey: free, dataTypes: ["birthdate"] }]);
  });
});

test("while large submissions with references are checked, they hold no connection that payments need", async () => {
  await put("email", secret);
  const input_schema = object({
    n: { type: "integer" },
    text: { type: "string" },
    email: { type: "string", "x-data-type": "email" },
  });
  const buying = await world.readyService({ api: { input_schema }, grant, token });
  const other = await world.readyService();
  const gate = new Gate();
  const text = "The room was clean and quiet. ".repeat(400);
  await whileReplaced(
    world.server.deps.compute,
    "run",
    (run) => async (caller, task, options) => {
      if (task.name === "validateFilled") await gate.pass();
      return run(caller, task, options);
    },
    async () => {
      // More than there are connections for money.
      const checking = atOnce(10, (n) =>
        world.run(token, buying.service, { input: { n, text, email: { $vault: "email" } } }),
      );
      await gate.arrived(10);
      expectSuccess(await world.run(other.token, other.service));
      gate.open();
      for (const answer of await checking) expectSuccess(answer);
    },
  );
});

test("a stored value's length can't be measured by filling the rest of the input up to the limit", async () => {
  const patterns = { note: "^[^<>]{0,1000}$", name: "^[^<>]{1,200}$" };
  const [note, name] = [patterns.note, patterns.name].map((pattern) =>
    RE2JS.compile(RE2JS.translateRegExp(pattern)).programSize(),
  ) as [number, number];
  const input_schema = object({
    notes: { type: "array", maxItems: 100, items: { type: "string", pattern: patterns.note } },
    full_name: { type: "string", "x-data-type": "name", pattern: patterns.name },
  });
  const service_key = await world.registerService(acme.key, "free", {
    price_cents: 0,
    input_schema,
  });
  await world.createCampaign(acme, [service_key], { fundCents: 0 });
  expectSuccess(await put("name", "Wilhelmina Featherstonehaugh"));
  /** Fills the input so far that the patterns' work left is enough for a name of so many characters. Returns the outcome. */
  const outcomeWithRoomFor = async (characters: number): Promise<string> => {
    const filled = Math.floor((LIMITS.patternSteps - name * characters) / note) - 1;
    const notes = Array.from({ length: Math.ceil(filled / 1_000) }, (_, n) =>
      "a ".repeat(500).slice(0, Math.min(1_000, filled - n * 1_000)),
    );
    const input = { notes, full_name: { $vault: "name" } };
    const answer = await world.run(token, service_key, { input });
    return String(answer.body.error_code ?? answer.body.status);
  };
  const outcomes = new Set<string>();
  for (const characters of [1, 10, 28, 100]) outcomes.add(await outcomeWithRoomFor(characters));
  expect(outcomes.size).toBe(1);
});

test("answers with more vault references than the limit are refused", async () => {
  const many = Array.from({ length: LIMITS.references + 1 }, () => ({ $vault: "region" }));
  const regions = { type: "array", items: { type: "string", "x-data-type": "region" } };
  const id = await createCampaign(object({ regions }));
  expectSuccess(await put("region", "PT"));
  const answers = (references: unknown[]): Promise<Answer> =>
    complete({ regions: references }, { campaign_id: id });
  expectRefused(await answers(many), 400, "validation_error");
  expectSuccess(await answers(many.slice(1)));
});
