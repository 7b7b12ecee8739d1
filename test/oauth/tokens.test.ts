import { beforeEach, describe, expect, test } from "vitest";
import { RATE_RULES } from "../../src/core/protocol/rate-limit/index.ts";
import type { SignedIn } from "../support/console-client.ts";
import { signInPerson } from "../support/console-client.ts";
import { allow } from "../support/oauth.ts";
import type { Tokens } from "../support/oauth-by-hand.ts";
import { HandHost } from "../support/oauth-by-hand.ts";
import { Mailbox } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** Tokens are worth what the grant is worth, on every call. A refresh gives a new token, and nothing else. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, limits: { agentSession: RATE_RULES.agentSession } });

let person: SignedIn;
let host: HandHost;
let tokens: Tokens;
beforeEach(async () => {
  person = await signInPerson(world.url, mailbox);
  host = new HandHost(() => world.url);
  tokens = await host.signIn(person);
});

const grantOf = () => world.db.grant.findFirstOrThrow({ where: { userId: person.userId } });
const records = async () => world.db.oauthRecord.findMany({ where: { grantId: (await grantOf()).id } });
const sessions = async () => world.db.agentSession.findMany({ where: { grantId: (await grantOf()).id } });
const statusOf = async (token: string): Promise<number> => (await host.call(token)).status;

describe("an access token", () => {
  test("is a bearer on /mcp, and only there", async () => {
    expect(await statusOf(tokens.access_token)).toBe(200);
    for (const path of ["/agent/flow/status", "/gpt/user/status", "/admin/agents", "/sponsor/campaigns"]) {
      const answer = await fetch(world.url + path, {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      });
      expect(answer.status, path).toBe(401);
    }
  });

  test("is kept as a hash alone, as the refresh token is", async () => {
    const dump = JSON.stringify(await world.db.oauthRecord.findMany(), (_key, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
    );
    expect(dump).toContain("AccessToken");
    expect(dump).not.toContain(tokens.access_token);
    expect(dump).not.toContain(tokens.refresh_token);
  });

  test("that is over, made up or mistyped is answered with 401 and the way to a new one", async () => {
    await world.db.oauthRecord.updateMany({
      where: { model: "AccessToken", grantId: (await grantOf()).id },
      data: { expiresAt: new Date(Date.now() - 1000) },
    });
    const mistyped = tokens.access_token.slice(0, -1) + (tokens.access_token.endsWith("x") ? "y" : "x");
    for (const token of [tokens.access_token, mistyped, "tf_oa_nonsense"]) {
      const answer = await host.call(token);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe(
        `Bearer error="invalid_token", scope="agent offline_access", resource_metadata="${world.url}/.well-known/oauth-protected-resource/mcp"`,
      );
    }
    expect((await host.refresh(tokens.refresh_token)).status).toBe(200);
  });

  test("is no refresh token, and the other way round", async () => {
    expect((await host.refresh(tokens.access_token)).body).toMatchObject({ error: "invalid_grant" });
    expect(await statusOf(tokens.refresh_token)).toBe(401);
  });
});

describe("ends on the next call, with its refresh token, when", () => {
  const expectOver = async (): Promise<void> => {
    expect(await statusOf(tokens.access_token)).toBe(401);
    expect((await host.refresh(tokens.refresh_token)).body).toMatchObject({ error: "invalid_grant" });
  };

  test("the grant is revoked, whose codes and tokens are deleted", async () => {
    expect(await statusOf(tokens.access_token)).toBe(200);
    await world.callAdmin("revokeGrant", { grant_id: (await grantOf()).id });
    await expectOver();
    expect(await records()).toEqual([]);
  });

  test("the person stops the agent, until they undo it", async () => {
    const { id } = await grantOf();
    await person.user.agents.stop.mutate({ grant_id: id });
    expect(await statusOf(tokens.access_token)).toBe(401);
    await person.user.agents.undo_stop.mutate({ grant_id: id });
    expect(await statusOf(tokens.access_token)).toBe(200);
    await person.user.agents.stop.mutate({ grant_id: id });
    await expectOver();
  });

  test("the grant expires", async () => {
    await world.expire("grant", (await grantOf()).id);
    await expectOver();
  });

  test("the agent is disabled", async () => {
    await world.callAdmin("revokeAgent", { agent_id: (await grantOf()).agentId });
    await expectOver();
  });

  test("the person deletes their account", async () => {
    const { id } = await grantOf();
    await person.user.account.delete.mutate({ email: person.email });
    expect(await statusOf(tokens.access_token)).toBe(401);
    expect(await world.db.oauthRecord.count({ where: { grantId: id } })).toBe(0);
  });
});

test("tokens of a grant that has ended aren't good again when the person allows the host anew", async () => {
  await world.callAdmin("revokeGrant", { grant_id: (await grantOf()).id });
  const again = await host.signIn(person);
  expect(await statusOf(again.access_token)).toBe(200);
  expect(await statusOf(tokens.access_token)).toBe(401);
  await world.expire("grant", (await grantOf()).id);
  const third = await host.signIn(person);
  expect([await statusOf(third.access_token), await statusOf(again.access_token)]).toEqual([200, 401]);
});

test("a suspended grant is told in the answer, since no new token would help", async () => {
  expect(await statusOf(tokens.access_token)).toBe(200);
  await world.db.grant.updateMany({
    where: { userId: person.userId },
    data: { suspendedAt: new Date(), suspendedReason: "too many violations" },
  });
  const answer = await host.call(tokens.access_token);
  expect(answer.status).toBe(200);
  expect(JSON.stringify(answer.body)).toContain("session_suspended");
});

test("the client itself ends its tokens", async () => {
  expect((await host.revoke(tokens.refresh_token)).status).toBe(200);
  expect(await statusOf(tokens.access_token)).toBe(401);
  expect((await host.refresh(tokens.refresh_token)).body).toMatchObject({ error: "invalid_grant" });
  // What the person allowed stays: it is theirs to take back.
  expect((await grantOf()).revokedAt).toBeNull();
});

describe("a refresh", () => {
  test("gives a new pair, and the session behind it stays: no limit begins anew", async () => {
    await host.call(tokens.access_token);
    const { body } = (await host.refresh(tokens.refresh_token)) as { body: Tokens };
    expect(body.access_token).not.toBe(tokens.access_token);
    expect(body.refresh_token).not.toBe(tokens.refresh_token);
    expect(await statusOf(body.access_token)).toBe(200);
    expect(await sessions()).toHaveLength(1);
    // Both calls above and these together are one session's 30 a minute.
    const both = [tokens.access_token, body.access_token];
    const answers: string[] = [];
    for (let calls = 0; calls < 30; calls += 1)
      answers.push(JSON.stringify((await host.call(both[calls % 2])).body));
    expect(answers.findIndex((answer) => answer.includes("rate_limited"))).toBe(28);
  });

  test("may come twice at once, as hosts send it, and both get tokens", async () => {
    const answers = await Promise.all([1, 2, 3].map(() => host.refresh(tokens.refresh_token)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { body } of answers) expect(await statusOf(body.access_token as string)).toBe(200);
  });

  test("with a token that was used long ago ends every token of the grant", async () => {
    const { body } = (await host.refresh(tokens.refresh_token)) as { body: Tokens };
    await world.db.oauthRecord.updateMany({
      where: { model: "RefreshToken", consumedAt: { not: null } },
      data: { consumedAt: new Date(Date.now() - 60_000) },
    });
    expect((await host.refresh(tokens.refresh_token)).body).toMatchObject({ error: "invalid_grant" });
    expect(await statusOf(body.access_token)).toBe(401);
    expect((await host.refresh(body.refresh_token)).body).toMatchObject({ error: "invalid_grant" });
  });
});

test("of ten exchanges of one code at once, over two replicas, one gets tokens", async () => {
  const replica = await world.startReplica({ publicBaseUrl: world.url });
  const other = await signInPerson(world.url, mailbox);
  const code = await host.code(other);
  const fields = {
    grant_type: "authorization_code",
    ...{ code, redirect_uri: "http://127.0.0.1:7777/callback", client_id: host.clientId },
    code_verifier: host.verifier,
  };
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_unused, n) => host.token(fields, n % 2 === 0 ? world.url : replica.url)),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 400)).toHaveLength(9);
});

test("of many first calls at once, over two replicas, one opens the session", async () => {
  const replica = await world.startReplica({ publicBaseUrl: world.url });
  const elsewhere = new HandHost(() => replica.url);
  const calls = Array.from({ length: 10 }, (_unused, n) =>
    (n % 2 === 0 ? host : elsewhere).call(tokens.access_token),
  );
  for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
  expect(await sessions()).toHaveLength(1);
});

test("the session has all that the grant has, and follows it when the person changes it", async () => {
  await host.call(tokens.access_token);
  const again = await host.signIn(person, allow({ cents: 7, dataTypes: ["region"] }));
  const answer = await host.call(again.access_token);
  expect(answer.body).toMatchObject({ result: { structuredContent: { budget: { limit_cents: 7 } } } });
  const [first, second] = (await sessions()).toSorted(
    (a, b) => a.createdAt.getTime() - b.createdAt.getTime(),
  );
  expect(first?.revokedAt).not.toBeNull();
  expect(second).toMatchObject({ revokedAt: null, allowedDataTypes: ["region"] });
  // The token from before is the same grant's.
  expect(await statusOf(tokens.access_token)).toBe(200);
});
