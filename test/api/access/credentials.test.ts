import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { mintToken } from "../../../src/core/access/credential/index.ts";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, OPERATIONS, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import { secondsFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld();
let sponsorKey: string;

beforeAll(async () => {
  sponsorKey = (await world.createSponsor()).key;
});

const PATH_PARAMS = {
  campaign_id: randomUUID(),
  payment_id: randomUUID(),
  approval_id: randomUUID(),
  service_key: "any",
  agent_id: randomUUID(),
  key_id: randomUUID(),
};

/** Only what the path needs, since a credential is checked before the rest of the input. */
const pathInput = ({ pathParams }: { pathParams: string[] }): Record<string, unknown> =>
  Object.fromEntries(pathParams.map((name) => [name, PATH_PARAMS[name as keyof typeof PATH_PARAMS]]));

/** Operations that take this kind of credential. Those of GPTs are tested in gpt.test.ts. */
const operationsBy = (auth: string): string[] =>
  OPERATIONS.filter((operation) => operation.auth === auth && operation.surface !== "gpt").map(
    ({ name }) => name,
  );

const anyCall = (name: string, token: string | undefined, transport: Transport = "rest") => {
  const operation = OPERATIONS.find((candidate) => candidate.name === name);
  return world.call(name, pathInput(operation ?? { pathParams: [] }), token, transport);
};

describe.each(TRANSPORTS)("credentials over %s", (transport) => {
  /** One credential of each kind, and some that are none. */
  const allCredentials = async (): Promise<Record<string, string | undefined>> => {
    const grant = await world.createGrant();
    return {
      none: undefined,
      malformed: "tf_as_nonsense",
      "not a token at all": "Bearer",
      "unknown session": mintToken("agent_session").token,
      "unknown key": mintToken("agent_key").token,
      "GPT session": mintToken("gpt_session").token,
      agent: grant.agent_key,
      session: (await world.openSession(grant)).token,
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
  ])(
    "every route for %s refuses all other credentials, and none at all, as unauthorized",
    async (auth, right) => {
      const { [right]: _, ...credentials } = await allCredentials();
      const operations = operationsBy(auth);
      expect(operations.length).toBeGreaterThan(1);
      for (const operation of operations) {
        for (const [kind, credential] of Object.entries(credentials)) {
          const answer = await anyCall(operation, credential, transport);
          const refused = expectRefused(answer, 401, "unauthorized");
          expect(refused.retry_allowed, kind).toBe(false);
          const actions = (refused.next_actions as { action: string }[]).map(({ action }) => action);
          const isAgents = auth === "session" || auth === "api_key";
          expect(actions, `${operation} with ${kind}`).toEqual(isAgents ? ["auth"] : []);
          if (transport === "rest") expect(answer.headers.get("www-authenticate")).toBe("Bearer");
        }
      }
    },
  );

  test("an agent's key that was revoked, has expired, or is of a disabled agent, is unauthorized", async () => {
    const { agentApiKey, agent } = world.db;
    const past = secondsFromNow(-1);
    const ways: ((grant: GrantOfUser) => Promise<unknown>)[] = [
      ({ agent_id }) => agentApiKey.updateMany({ where: { agentId: agent_id }, data: { revokedAt: past } }),
      ({ agent_id }) => agentApiKey.updateMany({ where: { agentId: agent_id }, data: { expiresAt: past } }),
      ({ agent_id }) => agent.update({ where: { id: agent_id }, data: { status: "disabled" } }),
    ];
    for (const end of ways) {
      const grant = await world.createGrant();
      expect((await anyCall("agent.getApproval", grant.agent_key, transport)).status).toBe(404);
      await end(grant);
      for (const operation of operationsBy("api_key")) {
        expectRefused(await anyCall(operation, grant.agent_key, transport), 401, "unauthorized");
      }
      expect(await world.db.approval.count({ where: { agentId: grant.agent_id } })).toBe(0);
    }
  });
});

test("the scheme Bearer is read in any case; another scheme, or two credentials, are unauthorized", async () => {
  const { token } = await world.openSession(await world.createGrant());
  const status = async (authorization: string): Promise<number> =>
    (await world.rest("GET", "/agent/flow/status", { headers: { authorization } })).status;
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

/** How a session comes to its end, and the error that its next call gets. */
const ENDS: [string, "session_expired" | "session_revoked", (session: OpenSession) => Promise<unknown>][] = [
  ["it has expired", "session_expired", ({ session_id }) => world.expire("session", session_id)],
  ["its grant has expired", "session_expired", ({ grant_id }) => world.expire("grant", grant_id)],
  ["it was revoked", "session_revoked", ({ token }) => world.call("agent.revokeSession", {}, token)],
  [
    "its grant was revoked",
    "session_revoked",
    ({ grant_id }) => world.callAdmin("revokeGrant", { grant_id }),
  ],
  [
    "its key was revoked",
    "session_revoked",
    ({ agent_id }) =>
      world.db.agentApiKey.updateMany({ where: { agentId: agent_id }, data: { revokedAt: new Date() } }),
  ],
  [
    "its agent was disabled",
    "session_revoked",
    ({ agent_id }) => world.db.agent.update({ where: { id: agent_id }, data: { status: "disabled" } }),
  ],
  [
    "it has expired and was revoked",
    "session_revoked",
    async ({ session_id, token }) => {
      await world.call("agent.revokeSession", {}, token);
      await world.expire("session", session_id);
    },
  ],
];

interface OpenSession extends GrantOfUser {
  token: string;
  session_id: string;
}

describe.each(TRANSPORTS)("ended sessions over %s", (transport) => {
  test.each(ENDS)(
    "after the end of a session (%s), it gets %s on every route, and the action that opens another one",
    async (_how, code, end) => {
      const grant = await world.createGrant();
      const session = { ...grant, ...(await world.openSession(grant)) };
      expectSuccess(await anyCall("agent.flowStatus", session.token, transport));
      await end(session);
      for (const operation of operationsBy("session")) {
        const refused = expectRefused(await anyCall(operation, session.token, transport), 401, code);
        expect(refused).toMatchObject({
          retry_allowed: false,
          next_actions: [{ action: "auth", method: "POST", endpoint: "/agent/auth", auth: "api_key" }],
        });
      }
    },
  );
});

test.each(TRANSPORTS)("a session that revokes itself ends no other session, over %s", async (transport) => {
  const grant = await world.createGrant();
  const [ended, other] = [await world.openSession(grant), await world.openSession(grant)];
  const answer = await world.call("agent.revokeSession", {}, ended.token, transport);
  expect(expectSuccess(answer)).toEqual({ revoked: true, revoked_at: expect.any(String) as string });
  expect(answer.body.next_actions).toMatchObject([{ action: "auth" }]);
  const row = await world.db.agentSession.findUniqueOrThrow({ where: { id: ended.session_id } });
  expect(row).toMatchObject({ active: false, revokedAt: new Date(answer.body.data.revoked_at as string) });
  expectRefused(await anyCall("agent.flowStatus", ended.token, transport), 401, "session_revoked");
  expectSuccess(await anyCall("agent.flowStatus", other.token, transport));
  expectSuccess(await anyCall("agent.flowStatus", (await world.openSession(grant)).token, transport));
});
