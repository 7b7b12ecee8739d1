import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import addFormats from "ajv-formats";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Operation } from "../../src/api/operation/operations.ts";
import { OPERATIONS } from "../support/call.ts";
import { signInWithGpt } from "../support/gpt.ts";
import type { Answer, TestServer } from "../support/server.ts";
import { ADMIN_KEY, rest, startTestServer } from "../support/server.ts";
import { FULL_TASK } from "../support/tasks.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import {
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  GRANT_SCOPES,
  INPUT_SCHEMA,
  openSession,
  registerApi,
} from "../support/world.ts";
import type { JsonSchema, Pool } from "./arbitrary-json.ts";
import { oddValues, valuesOf } from "./arbitrary-json.ts";

/**
 * Every operation with valid and with broken requests, some ten thousand in all. Whatever is sent, the answer is one
 * that the document promises: never a 500, always the envelope, and a body as its schema says.
 */

const REQUESTS_PER_OPERATION = 250;

interface Document {
  paths: Record<string, Record<string, DocumentedOperation>>;
}
interface DocumentedOperation {
  parameters?: { name: string; in: string; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, unknown>;
}

const document = JSON.parse(readFileSync("openapi/openapi.json", "utf8")) as Document;
const ajv = addFormats.default(new Ajv2020({ strict: false, validateFormats: true }));
ajv.addSchema({ $id: "openapi", ...document });

function resolve(ref: string): JsonSchema {
  return ref
    .slice(2)
    .split("/")
    .reduce<unknown>((node, token) => (node as Record<string, unknown>)[token], document) as JsonSchema;
}

const escaped = (token: string): string => token.replaceAll("~", "~0").replaceAll("/", "~1");
const bodySchema = ({ path, method }: Operation, status: number): string =>
  `openapi#/paths/${escaped(path)}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema`;

/** One request, before it is sent. `undefined` parts are left out. */
interface FuzzRequest {
  path: Record<string, string>;
  query: [string, string][];
  body: unknown;
  raw: string | Uint8Array | undefined;
  headers: Record<string, string>;
  credential: "right" | "none" | "other" | "garbage";
}

let server: TestServer;
let upstream: Upstream;
let pool: Pool;
/** Where it takes more than one thing that belongs together. */
let poolOf: Record<string, Pool>;
/** Requests that are served, for operations that a random one rarely gets through: what is sent to them first. */
let plain: Record<string, { path?: Record<string, string>; body?: unknown }>;
let credentials: Record<Operation["auth"], string | undefined>;

beforeAll(async () => {
  server = await startTestServer({
    confirmWaitMs: 500,
    suspension: { scopeViolations: 1_000_000, rateHits: 1_000_000 },
  });
  upstream = await startUpstream();
  const acme = await createSponsor(server.url);
  await server.deps.db.sponsor.update({
    where: { id: acme.sponsor_id },
    data: { walletAddress: privateKeyToAddress(generatePrivateKey()) },
  });
  const free = await registerApi(server.url, acme.key, upstream, "free", { price_cents: 0 });
  const priced = await registerApi(server.url, acme.key, upstream);
  const campaigns = [
    await createCampaign(server.url, acme, [free, priced]),
    await createCampaign(server.url, acme, [free], { task_schema: FULL_TASK }),
  ];
  const grant = await createGrant(server.url, { budgetCents: 10_000 });
  const { token, session_id } = await openSession(server.url, grant, { budgetCents: 100 });
  await completeTask(server.url, token, campaigns[0] ?? "");
  const run = await rest(server.url, "POST", `/agent/services/${priced}/run`, { token, body: {} });
  const consents = await rest(server.url, "GET", `/admin/users/${grant.user_id}/consents`, {
    token: ADMIN_KEY,
  });
  const withdraw = (where: string): Promise<Answer> =>
    rest(server.url, "POST", `/sponsor/${where}/withdraw`, { token: acme.key, body: { amount_cents: 1 } });
  const withdrawn = await withdraw(`campaigns/${campaigns[0] ?? ""}`);
  const credit = { service_key: priced, amount_cents: 1_000, reference: "the service's own" };
  await rest(server.url, "POST", `/admin/sponsors/${acme.sponsor_id}/credits`, {
    token: ADMIN_KEY,
    body: credit,
  });
  const gpt = await signInWithGpt(server.url, grant);
  // Ids of things that may come to harm, so that the credentials in use don't.
  const victim = await createGrant(server.url);
  const victimSession = await openSession(server.url, victim);
  const suspended = await openSession(server.url, await createGrant(server.url));
  await server.deps.db.agentSession.update({
    where: { id: suspended.session_id },
    data: { suspendedAt: new Date(), suspendedReason: "for a test", active: false },
  });
  const keys = await rest(server.url, "GET", `/admin/agents/${victim.agent_id}/keys`, { token: ADMIN_KEY });
  const approval = await rest(server.url, "POST", "/agent/auth", {
    token: grant.agent_key,
    body: {
      user_id: grant.subject,
      scopes: { allowed_task_types: ["*"], allowed_data_types: ["phone"], allowed_categories: ["*"] },
      budget_limit_cents: 1,
    },
  });
  pool = {
    campaign_id: campaigns,
    service_key: [free, priced, "no-such-service"],
    service_keys: [[free], [priced, free], ["no-such-service"]],
    amount_cents: [0.5, 1, 2_000],
    withdrawal_id: [withdrawn.body.data.withdrawal.withdrawal_id, randomUUID()],
    payment_id: [run.body.data.payment.payment_id, randomUUID()],
    approval_id: [approval.body.details.approval_id, randomUUID()],
    user_id: [victim.user_id, grant.subject, randomUUID()],
    agent_id: [victim.agent_id, randomUUID()],
    grant_id: [victim.grant_id, randomUUID()],
    session_id: [victimSession.session_id, session_id],
    sponsor_id: [(await createSponsor(server.url)).sponsor_id, randomUUID()],
    consent_id: consents.body.data.consents.map(({ consent_id }: { consent_id: string }) => consent_id),
    key_id: [keys.body.data.keys[0].key_id, randomUUID()],
    session_token: [gpt],
    upstream_url: [
      upstream.url("honest"),
      upstream.url("free"),
      upstream.url("broken"),
      "http://127.0.0.1:9/",
    ],
    task_schema: [FULL_TASK],
    input_schema: [FULL_TASK],
    task_data: [
      { score: 3 },
      { score: 4, email: "ada@example.com" },
      { score: 4, email: { $vault: "email" } },
    ],
    idempotency_key: ["one", "two"],
  };
  // Another sponsor's, so that nothing that is sent can pause or reprice it.
  const globex = await createSponsor(server.url, "Globex");
  const sold = await registerApi(server.url, globex.key, upstream);
  poolOf = {
    proxy_run: { service_key: [sold, free, "no-such-service"] },
    admin_book_credit: { sponsor_id: [acme.sponsor_id] },
    admin_withdraw_consent: { user_id: [grant.user_id] },
    admin_decide_approval: { user_id: [grant.user_id] },
    admin_resume_session: { session_id: [suspended.session_id] },
  };
  const terms = {
    scopes: GRANT_SCOPES,
    budget_limit_cents: 1,
    expires_at: new Date(Date.now() + 86_400_000).toISOString(),
  };
  plain = {
    agent_auth: { body: { user_id: grant.subject, scopes: GRANT_SCOPES, budget_limit_cents: 1 } },
    agent_run_service: { path: { service_key: free }, body: { input: { place: "an agent's" } } },
    gpt_run_service: {
      path: { service_key: free },
      body: { session_token: gpt, input: { place: "a GPT's" } },
    },
    sponsor_register_api: {
      body: {
        ...{ service_key: "plain", name: "Plain", description: "Plain", categories: ["weather"] },
        ...{ upstream_url: upstream.url("free"), upstream_method: "POST", price_cents: 0, timeout_ms: 1_000 },
        input_schema: INPUT_SCHEMA,
      },
    },
    sponsor_get_api: { path: { service_key: free } },
    sponsor_get_campaign: { path: { campaign_id: campaigns[0] ?? "" } },
    sponsor_withdraw_from_api: { path: { service_key: priced }, body: { amount_cents: 1 } },
    admin_create_user: {
      body: {
        email: "grace@example.com",
        region: "PT",
        roles: ["developer"],
        tools_used: [],
        attributes: {},
      },
    },
    admin_put_grant: { body: { user_id: victim.user_id, agent_id: victim.agent_id, ...terms } },
    admin_resume_session: { path: { session_id: suspended.session_id } },
    admin_decide_approval: {
      path: { approval_id: approval.body.details.approval_id },
      body: { decision: "deny", user_id: grant.user_id },
    },
    admin_withdraw_consent: {
      path: { user_id: grant.user_id, consent_id: consents.body.data.consents[0].consent_id },
    },
    proxy_run: { path: { service_key: sold }, body: {} },
  };
  credentials = {
    none: undefined,
    x402: undefined,
    api_key: grant.agent_key,
    session: token,
    sponsor: acme.key,
    admin: ADMIN_KEY,
  };
}, 120_000);
afterAll(async () => {
  await upstream.close();
  await server.close();
});

function documented({ path, method }: Operation): DocumentedOperation {
  const found = document.paths[path]?.[method.toLowerCase()];
  if (found === undefined) throw new Error(`${method} ${path} isn't in the document`);
  return found;
}

/** Requests that the operation's schemas accept, most of them. */
function validRequests(operation: Operation): fc.Arbitrary<FuzzRequest> {
  const { parameters = [], requestBody } = documented(operation);
  const known = { ...pool, ...poolOf[operation.id] };
  const values = (name: string, schema: JsonSchema): fc.Arbitrary<unknown> =>
    (
      valuesOf(
        { type: "object", properties: { [name]: schema }, required: [name] },
        known,
        resolve,
      ) as fc.Arbitrary<Record<string, unknown>>
    ).map((object) => object[name]);
  const pathParts = parameters.filter((one) => one.in === "path");
  const queryParts = parameters.filter((one) => one.in === "query");
  const schema = requestBody?.content["application/json"]?.schema;
  return fc.record({
    path: fc.record(
      Object.fromEntries(pathParts.map((one) => [one.name, values(one.name, one.schema).map(String)])),
    ),
    query: fc
      .record(Object.fromEntries(queryParts.map((one) => [one.name, values(one.name, one.schema)])), {
        requiredKeys: queryParts.map(({ name }) => name).filter((name) => name === "session_token"),
      })
      .map((fields) =>
        Object.entries(fields).flatMap(([name, value]) =>
          [value].flat().map((item): [string, string] => [name, textOf(item)]),
        ),
      ),
    body: schema === undefined ? fc.constant(undefined) : valuesOf(schema, known, resolve),
    raw: fc.constant(undefined),
    headers: fc.constant({}),
    credential: fc.constant("right" as const),
  });
}

const textOf = (value: unknown): string =>
  wellFormed(typeof value === "string" ? value : JSON.stringify(value));

/** Without lone surrogates, which no URL can carry. */
const wellFormed = (text: string): string => Buffer.from(text, "utf8").toString("utf8");

type Mutation = (request: FuzzRequest) => FuzzRequest;

const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Mutation>((request) => request) },
  {
    weight: 5,
    arbitrary: fc.tuple(fc.nat(), oddValues).map(([at, odd]): Mutation => (request) => ({
      ...request,
      body: replaceSomewhere(request.body, at, odd),
    })),
  },
  {
    weight: 1,
    arbitrary: oddValues.map((odd): Mutation => (request) => ({ ...request, body: odd })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.string(), oddValues).map(([name, odd]): Mutation => (request) => ({
      ...request,
      body: typeof request.body === "object" ? { ...request.body, [name]: odd } : odd,
      query: [...request.query, [wellFormed(name), textOf(odd).slice(0, 500)]],
    })),
  },
  {
    weight: 2,
    arbitrary: fc
      .oneof(
        fc.string({ unit: "binary" }),
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom(
          "{",
          "[",
          '{"a":1}}',
          "\ufeff{}",
          "nul",
          "",
          '{"a":1,"a":2}',
          "[".repeat(5_000),
          "1e999",
        ),
      )
      .map((raw): Mutation => (request) => ({ ...request, raw })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        "text/plain",
        "application/xml",
        "application/json; charset=utf-16",
        "multipart/form-data",
        "",
        "a/b/c",
      )
      .map((type): Mutation => (request) => ({ ...request, headers: { "content-type": type } })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.nat(),
        fc.oneof(
          fc.string({ unit: "binary", minLength: 1 }),
          fc.constantFrom("%00", "%zz", "..%2f", "💥", "x".repeat(3_000)),
        ),
      )
      .map(([at, odd]): Mutation => (request) => {
        const names = Object.keys(request.path);
        const name = names[at % Math.max(1, names.length)];
        return name === undefined
          ? request
          : { ...request, path: { ...request.path, [name]: wellFormed(odd) } };
      }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(), oddValues).map(([at, odd]): Mutation => ({ query, ...request }) => ({
      ...request,
      query: query.map(([name, value], index) => [
        name,
        index === at % query.length ? textOf(odd).slice(0, 3_000) : value,
      ]),
    })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<FuzzRequest["credential"]>("none", "other", "garbage")
      .map((credential): Mutation => (request) => ({ ...request, credential })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom("idempotency-key", "x-request-id", "accept", "user-agent", "x-forwarded-for"),
        fc.string({ maxLength: 300 }),
      )
      .map(([name, value]): Mutation => (request) => ({
        ...request,
        headers: { [name]: value.replace(/[^\x20-\x7e]/g, "?").trim() },
      })),
  },
);

/** The value with one of its parts, wherever, replaced or left out. */
function replaceSomewhere(value: unknown, at: number, odd: unknown): unknown {
  if (typeof value !== "object" || value === null) return odd;
  const entries = Object.entries(value);
  if (entries.length === 0) return odd;
  const index = at % entries.length;
  const what = Math.floor(at / entries.length);
  const replaced = entries.flatMap(([name, inner], n): [string, unknown][] => {
    if (n !== index) return [[name, inner]];
    if (what % 4 === 0) return [];
    return [[name, what % 4 === 1 ? replaceSomewhere(inner, Math.floor(what / 4), odd) : odd]];
  });
  return Array.isArray(value) ? replaced.map(([, inner]) => inner) : Object.fromEntries(replaced);
}

/** What may not stand in a path, since URLs make something else of it before it is sent. */
const segment = (text: string): string => {
  const encoded = encodeURIComponent(text);
  return encoded === "" || encoded === "." || encoded === ".." ? "-" : encoded;
};

async function send(operation: Operation, request: FuzzRequest): Promise<Response> {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => segment(request.path[name] ?? "-"));
  const query = new URLSearchParams(request.query);
  const tokens = {
    // A GPT's bearer is its builder's key; the person's session is a field.
    right: credentials[operation.surface === "gpt" ? "api_key" : operation.auth],
    none: undefined,
    other: operation.auth === "admin" ? credentials.sponsor : ADMIN_KEY,
    garbage: "tf_as_💥".replace(/[^\x20-\x7e]/g, "?"),
  };
  const token = tokens[request.credential];
  const takesBody = operation.method !== "GET" && operation.method !== "DELETE";
  const body = request.raw ?? JSON.stringify(request.body ?? null);
  return fetch(`${server.url}${path}${query.size > 0 ? `?${query.toString()}` : ""}`, {
    method: operation.method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(takesBody && { "content-type": "application/json" }),
      ...request.headers,
    },
    ...(takesBody && { body: typeof body === "string" ? body : Buffer.from(body) }),
  });
}

/** Of an operation that ends sessions, each request gets one of its own. */
async function renew(operation: Operation): Promise<void> {
  // The fuzz finds the operator's switch too.
  await server.deps.db
    .$executeRaw`UPDATE payment_switch SET paused = false WHERE paused AND ${operation.id !== "admin_set_payment_switch"}`;
  if (operation.id !== "agent_revoke_session") return;
  credentials.session = (await openSession(server.url, await createGrant(server.url))).token;
}

const PLAIN: FuzzRequest = {
  ...{ path: {}, query: [], body: {}, raw: undefined, headers: {} },
  credential: "right",
};

let total = 0;
const statuses = new Map<string, Set<number>>();

describe("whatever is sent", () => {
  const last = OPERATIONS.filter(({ id }) => id === "agent_revoke_session");
  const others = OPERATIONS.filter((operation) => !last.includes(operation));

  test.each([...others, ...last].map((operation) => [operation.id, operation] as const))(
    "%s answers as documented",
    { timeout: 180_000 },
    async (id, operation) => {
      const { responses } = documented(operation);
      const requests = fc
        .tuple(validRequests(operation), mutations)
        .map(([request, mutate]) => mutate(request));
      const first = plain[id];
      const examples: [FuzzRequest][] = first === undefined ? [] : [[{ ...PLAIN, ...first }]];
      await fc.assert(
        fc.asyncProperty(requests, async (request) => {
          await renew(operation);
          const answer = await send(operation, request);
          const text = await answer.text();
          total += 1;
          statuses.set(id, (statuses.get(id) ?? new Set()).add(answer.status));
          expect(answer.status, text).not.toBe(500);
          expect(Object.keys(responses), `${answer.status} ${text.slice(0, 500)}`).toContain(
            String(answer.status),
          );
          expect(answer.headers.get("x-request-id")).not.toBeNull();
          const isBare = operation.meta.file !== undefined || operation.meta.bytes === true;
          if (answer.status === 200 && isBare) return;
          const validate = ajv.getSchema(bodySchema(operation, answer.status));
          expect(validate, `no schema for ${answer.status}`).toBeDefined();
          expect(
            validate?.(JSON.parse(text)),
            `${text.slice(0, 500)} ${JSON.stringify(validate?.errors)}`,
          ).toBe(true);
        }),
        {
          numRuns: REQUESTS_PER_OPERATION,
          examples,
          ...(id === "agent_run_service" && { endOnFailure: true }),
        },
      );
    },
  );

  test("it was ten thousand requests, and every operation both served and refused", () => {
    expect(total).toBeGreaterThanOrEqual(10_000);
    // What has to be paid for is served with its terms here, and paid for in the tests of funding.
    const served = (status: number): boolean => status < 300 || status === 402;
    const onlyRefused = [...statuses].filter(([, seen]) => ![...seen].some(served));
    expect(onlyRefused.map(([id]) => id)).toEqual([]);
    const neverRefused = [...statuses].filter(([, seen]) => ![...seen].some((status) => status >= 400));
    expect(neverRefused.map(([id]) => id)).toEqual([]);
  });
});
