import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Operation } from "../../src/api/operation/operations.ts";
import { OPERATIONS } from "../support/call.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { useWorld } from "../support/use-world.ts";
import type { Fixtures } from "./fixtures.ts";
import { createFixtures } from "./fixtures.ts";
import { answerValidator, documentedOperation } from "./openapi-document.ts";
import type { FuzzRequest } from "./requests.ts";
import { mutations, validRequests } from "./requests.ts";

/**
 * Every operation with valid and with broken requests, some 10,000 in all. Each answer must be one that the
 * OpenAPI document describes: never a 500, always the envelope, and a body that fits its schema.
 */

const REQUESTS_PER_OPERATION = 165;

const world = useWorld({
  upstreamFor: "all tests",
  confirmWaitMs: 500,
  suspension: { scopeViolations: 1_000_000, rateHits: 1_000_000 },
});
let fixtures: Fixtures;
beforeAll(async () => {
  fixtures = await createFixtures(world);
}, 120_000);

/** GPTs ask for concise answers by a field. */
function detailOf({ query, body }: FuzzRequest): "full" | "concise" {
  const inBody = typeof body === "object" && body !== null && "detail" in body ? body.detail : undefined;
  return (inBody ?? new URLSearchParams(query).get("detail")) === "concise" ? "concise" : "full";
}

/** A path segment. Empty and dot segments are replaced, since a URL would drop them before it is sent. */
const segment = (text: string): string => {
  const encoded = encodeURIComponent(text);
  return encoded === "" || encoded === "." || encoded === ".." ? "-" : encoded;
};

async function send(operation: Operation, request: FuzzRequest): Promise<Response> {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => segment(request.path[name] ?? "-"));
  const query = new URLSearchParams(request.query);
  const tokens = {
    // A GPT sends its builder's key as the credential, and the user's session as a field.
    right: fixtures.credentials[operation.surface === "gpt" ? "api_key" : operation.auth],
    none: undefined,
    other: operation.auth === "admin" ? fixtures.credentials.sponsor : ADMIN_KEY,
    garbage: "tf_as_??",
  };
  const token = tokens[request.credential];
  const takesBody = operation.method !== "GET" && operation.method !== "DELETE";
  const body = request.raw ?? JSON.stringify(request.body ?? null);
  return fetch(`${world.url}${path}${query.size > 0 ? `?${query.toString()}` : ""}`, {
    method: operation.method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(takesBody && { "content-type": "application/json" }),
      ...request.headers,
    },
    ...(takesBody && { body: typeof body === "string" ? body : Buffer.from(body) }),
  });
}

/**
 * Undoes what earlier requests did: unpauses payments, brings archived APIs back, and opens a session for an operation that ends its
 * session.
 */
async function restoreWorld(operation: Operation): Promise<void> {
  await world.db
    .$executeRaw`UPDATE payment_switch SET paused = false WHERE paused AND ${operation.id !== "admin_set_payment_switch"}`;
  await world.db.sponsoredApi.updateMany({
    where: { archivedAt: { not: null } },
    data: { archivedAt: null, active: true },
  });
  await world.db.campaign.updateMany({
    where: { archivedAt: { not: null } },
    data: { archivedAt: null, active: true },
  });
  if (operation.id !== "agent_revoke_session") return;
  fixtures.credentials.session = (await world.openSession(await world.createGrant())).token;
}

const EMPTY_REQUEST: FuzzRequest = {
  path: {},
  query: [],
  body: {},
  raw: undefined,
  headers: {},
  credential: "right",
};

let sentRequests = 0;
/** Statuses of the answers, by operation id. */
const statuses = new Map<string, Set<number>>();

describe("the API under random requests", () => {
  const endsSession = OPERATIONS.filter(({ id }) => id === "agent_revoke_session");
  const others = OPERATIONS.filter((operation) => !endsSession.includes(operation));

  test.each([...others, ...endsSession].map((operation) => [operation.id, operation] as const))(
    "%s answers each request as documented",
    { timeout: 180_000 },
    async (id, operation) => {
      const { responses } = documentedOperation(operation);
      const known = { ...fixtures.pool, ...fixtures.poolOf[id] };
      const requests = fc
        .tuple(validRequests(operation, known), mutations)
        .map(([request, mutate]) => mutate(request));
      const first = fixtures.served[id];
      const examples: [FuzzRequest][] = first === undefined ? [] : [[{ ...EMPTY_REQUEST, ...first }]];
      await fc.assert(
        fc.asyncProperty(requests, async (request) => {
          await restoreWorld(operation);
          const answer = await send(operation, request);
          const text = await answer.text();
          sentRequests += 1;
          statuses.set(id, (statuses.get(id) ?? new Set()).add(answer.status));
          expect(answer.status, text).not.toBe(500);
          expect(Object.keys(responses), `${answer.status} ${text.slice(0, 500)}`).toContain(
            String(answer.status),
          );
          expect(answer.headers.get("x-request-id")).not.toBeNull();
          const hasNoEnvelope = operation.meta.file !== undefined || operation.meta.bytes === true;
          if (answer.status === 200 && hasNoEnvelope) return;
          const validate = answerValidator(operation, answer.status, detailOf(request));
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

  test("the tests above sent 10,000 requests, and every operation both served and refused some", () => {
    expect(sentRequests).toBeGreaterThanOrEqual(10_000);
    // 402 is the answer to an operation that must be paid for. Other tests pay.
    const isServed = (status: number): boolean => status < 300 || status === 402;
    const onlyRefused = [...statuses].filter(([, seen]) => ![...seen].some(isServed));
    expect(onlyRefused.map(([id]) => id)).toEqual([]);
    const neverRefused = [...statuses].filter(([, seen]) => ![...seen].some((status) => status >= 400));
    expect(neverRefused.map(([id]) => id)).toEqual([]);
  });
});
