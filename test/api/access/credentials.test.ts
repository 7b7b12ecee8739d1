import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mintToken } from "../../../src/core/access/credential/index.ts";
import type { Transport } from "../../support/call.ts";
import { call, expectRefused, expectSuccess, OPERATIONS, TRANSPORTS } from "../../support/call.ts";
import type { TestServer } from "../../support/server.ts";
import { ADMIN_KEY, rest, startTestServer } from "../../support/server.ts";
import type { Created } from "../../support/world.ts";
import { createGrant, createSponsor, openSession } from "../../support/world.ts";

let server: TestServer;
let sponsorKey: string;

beforeAll(async () => {
  server = await startTestServer();
  sponsorKey = (await createSponsor(server.url)).key;
});
afterAll(() => server.close());

const ids = {
  campaign_id: randomUUID(),
  payment_id: randomUUID(),
  approval_id: randomUUID(),
  service_key: "any",
  agent_id: randomUUID(),
  key_id: randomUUID(),
};

/** Only what the path needs: a credential is refused before anything else is looked at. */
const pathOf = ({ pathParams }: { pathParams: string[] }): Record<string, unknown> =>
  Object.fromEntries(pathParams.map((name) => [name, ids[name as keyof typeof ids]]));

/** GPTs have sessions of their own, and tests of their own. */
const operationsBy = (auth: string): string[] =>
  OPERATIONS.filter((operation) => operation.auth === auth && operation.surface !== "gpt").map(
    ({ name }) => name,
  );

const anyCall = (name: string, token: string | undefined, transport: Transport = "rest") => {
  const operation = OPERATIONS.find((candidate) => candidate.name === name);
  return call(server.url, name, pathOf(operation ?? { pathParams: [] }), token, transport);
};

describe.each(TRANSPORTS)("a credential that isn't one, over %s", (transport) => {
  /** One bad credential of each kind, for a route that takes another. */
  const wrong = async (): Promise<Record<string, string | undefined>> => {
    const grant = await createGrant(server.url);
    return {
      none: undefined,
      malformed: "tf_as_nonsense",
      "not a token at all": "Bearer",
      "unknown session": mintToken("agent_session").token,
      "unknown key": mintToken("agent_key").token,
      "GPT session": mintToken("gpt_session").token,
      agent: grant.agent_key,
      session: (await openSession(server.url, grant)).token,
      sponsor: sponsorKey,
      admin: ADMIN_KEY,
      // The internal id and the subject are no secrets.
      subject: grant.subject,
    };
  };

  test.each([
    ["session", "session"],
    ["api_key", "agent"],
    ["sponsor", "sponsor"],
    ["admin", "admin"],
  ])("on routes for %s: unauthorized, whatever else it is", async (auth, right) => {
    const { [right]: _, ...credentials } = await wrong();
    const operations = operationsBy(auth);
    expect(operations.length).toBeGreaterThan(1);
    for (const operation of operations) {
      for (const [kind, credential] of Object.entries(credentials)) {
        const answer = await anyCall(operation, credential, transport);
        const refused = expectRefused(answer, 401, "unauthorized");
        expect(refused.retry_allowed, kind).toBe(false);
        const actions = (refused.next_actions as { action: string }[]).map(({ action }) => action);
        expect(actions, `${operation} with ${kind}`).toEqual(auth === "session" ? ["auth"] : []);
        if (transport === "rest") expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      }
    }
  });

  test("an agent's key that is revoked, has expired, or whose agent is disabled", async () => {
    const { agentApiKey, agent } = server.deps.db;
    const past = new Date(Date.now() - 1000);
    const ways: ((grant: Created) => Promise<unknown>)[] = [
      ({ agent_id }) => agentApiKey.updateMany({ where: { agentId: agent_id }, data: { revokedAt: past } }),
      ({ agent_id }) => agentApiKey.updateMany({ where: { agentId: agent_id }, data: { expiresAt: past } }),
      ({ agent_id }) => agent.update({ where: { id: agent_id }, data: { status: "disabled" } }),
    ];
    for (const end of ways) {
      const grant = await createGrant(server.url);
      expect((await anyCall("agent.getApproval", grant.agent_key, transport)).status).toBe(404);
      await end(grant);
      for (const operation of operationsBy("api_key")) {
        expectRefused(await anyCall(operation, grant.agent_key, transport), 401, "unauthorized");
      }
      expect(await server.deps.db.approval.count({ where: { agentId: grant.agent_id } })).toBe(0);
    }
  });
});

test("the scheme's name is read in any case, two credentials or another scheme aren't one", async () => {
  const { token } = await openSession(server.url, await createGrant(server.url));
  const status = async (authorization: string): Promise<number> =>
    (await rest(server.url, "GET", "/agent/flow/status", { headers: { authorization } })).status;
  expect(await status(`bearer ${token}`)).toBe(200);
  expect(await status(`BEARER  ${token}`)).toBe(200);
  for (const header of [
    token,
    `Basic ${token}`,
    `Bearer ${token}, Bearer ${token}`,
    `Bearer ${token.slice(0, -1)}`,
  ]) {
    expect(await status(header), header.slice(0, 12)).toBe(401);
  }
});

/** How a session comes to its end, and what it is told from the very next call on. */
const ENDS: [string, "session_expired" | "session_revoked", (s: Ending) => Promise<unknown>][] = [
  ["it has expired", "session_expired", ({ session_id }) => setSession(session_id, { expiresAt: ago(1) })],
  ["its grant has expired", "session_expired", ({ grant_id }) => setGrant(grant_id, { expiresAt: ago(1) })],
  ["it was revoked", "session_revoked", ({ token }) => call(server.url, "agent.revokeSession", {}, token)],
  [
    "its grant was revoked",
    "session_revoked",
    ({ grant_id }) => call(server.url, "admin.revokeGrant", { grant_id }, ADMIN_KEY),
  ],
  [
    "its key was revoked",
    "session_revoked",
    ({ agent_id }) =>
      server.deps.db.agentApiKey.updateMany({ where: { agentId: agent_id }, data: { revokedAt: ago(0) } }),
  ],
  [
    "its agent was disabled",
    "session_revoked",
    ({ agent_id }) => server.deps.db.agent.update({ where: { id: agent_id }, data: { status: "disabled" } }),
  ],
  [
    "it has expired and was revoked",
    "session_revoked",
    async ({ session_id, token }) => {
      await call(server.url, "agent.revokeSession", {}, token);
      await setSession(session_id, { expiresAt: ago(1) });
    },
  ],
];

interface Ending extends Created {
  token: string;
  session_id: string;
}

const ago = (seconds: number): Date => new Date(Date.now() - seconds * 1000);
const setSession = (id: string, data: { expiresAt: Date }) =>
  server.deps.db.agentSession.update({ where: { id }, data });
const setGrant = (id: string, data: { expiresAt: Date }) =>
  server.deps.db.grant.update({ where: { id }, data });

describe.each(TRANSPORTS)("a session that has ended, over %s", (transport) => {
  test.each(ENDS)("%s: %s on every route, with the way back", async (_how, code, end) => {
    const grant = await createGrant(server.url);
    const session = { ...grant, ...(await openSession(server.url, grant)) };
    expectSuccess(await anyCall("agent.flowStatus", session.token, transport));
    await end(session);
    for (const operation of operationsBy("session")) {
      const refused = expectRefused(await anyCall(operation, session.token, transport), 401, code);
      expect(refused).toMatchObject({
        retry_allowed: false,
        next_actions: [{ action: "auth", method: "POST", endpoint: "/agent/auth", auth: "api_key" }],
      });
    }
  });
});

test.each(TRANSPORTS)("a session ends itself alone, over %s", async (transport) => {
  const grant = await createGrant(server.url);
  const [ended, other] = [await openSession(server.url, grant), await openSession(server.url, grant)];
  const answer = await call(server.url, "agent.revokeSession", {}, ended.token, transport);
  expect(expectSuccess(answer)).toEqual({ revoked: true, revoked_at: expect.any(String) as string });
  expect(answer.body.next_actions).toMatchObject([{ action: "auth" }]);
  const row = await server.deps.db.agentSession.findUniqueOrThrow({ where: { id: ended.session_id } });
  expect(row).toMatchObject({ active: false, revokedAt: new Date(answer.body.data.revoked_at as string) });
  expectRefused(await anyCall("agent.flowStatus", ended.token, transport), 401, "session_revoked");
  expectSuccess(await anyCall("agent.flowStatus", other.token, transport));
  expectSuccess(await anyCall("agent.flowStatus", (await openSession(server.url, grant)).token, transport));
});
