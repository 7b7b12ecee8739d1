import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTollfree } from "../../../src/app/server.ts";
import type { Transport } from "../../support/call.ts";
import { call, expectRefused, expectSuccess, OPERATIONS, TRANSPORTS } from "../../support/call.ts";
import { dump } from "../../support/dump.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
import { createGrant, createUser, GRANT_SCOPES } from "../../support/world.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const asAdmin = (
  operation: string,
  input: Record<string, unknown>,
  transport: Transport = "rest",
): Promise<Answer> => call(server.url, `admin.${operation}`, input, ADMIN_KEY, transport);

const user = (changes: Record<string, unknown> = {}) => ({
  email: `${randomUUID()}@example.com`,
  region: "PT",
  roles: ["developer"],
  tools_used: ["vim"],
  attributes: { team: 7 },
  ...changes,
});

const inDays = (days: number): string => new Date(Date.now() + days * 24 * 3600 * 1000).toISOString();

describe.each(TRANSPORTS)("what the administrator sets up, over %s", (transport) => {
  test("a user", async () => {
    const input = user();
    const { user_id } = expectSuccess(await asAdmin("createUser", input, transport)) as { user_id: string };
    const row = await server.deps.db.user.findUniqueOrThrow({ where: { id: user_id } });
    const { tools_used, ...same } = input;
    expect(row).toMatchObject({ ...same, toolsUsed: tools_used, source: "admin" });
  });

  test("an e-mail address that is taken, in whatever case: conflict, and the first stays", async () => {
    const first = user();
    const { user_id } = expectSuccess(await asAdmin("createUser", first, transport)) as { user_id: string };
    const count = await server.deps.db.user.count();
    for (const email of [first.email, first.email.toUpperCase()]) {
      const answer = await asAdmin("createUser", user({ email, region: "XX" }), transport);
      expect(expectRefused(answer, 409, "conflict").message).not.toContain(first.email);
    }
    expect(await server.deps.db.user.count()).toBe(count);
    expect(await server.deps.db.user.findUniqueOrThrow({ where: { id: user_id } })).toMatchObject({
      region: "PT",
    });
  });

  test("an agent and a sponsor, whose keys are shown once and stored as hashes", async () => {
    const agent = expectSuccess(await asAdmin("createAgent", { name: "Claude" }, transport));
    const wallet_address = "0x000000000000000000000000000000000000dEaD";
    const sponsor = expectSuccess(
      await asAdmin("createSponsor", { name: "Acme", wallet_address }, transport),
    );
    expect(agent).toEqual({
      agent_id: expect.any(String) as string,
      api_key: expect.stringMatching(/^tf_ak_/) as string,
    });
    expect(sponsor).toEqual({
      sponsor_id: expect.any(String) as string,
      api_key: expect.stringMatching(/^tf_sk_/) as string,
    });

    const everything = await dump(server.database.url);
    for (const key of [agent.api_key as string, sponsor.api_key as string]) {
      expect(everything).not.toContain(key);
      expect(everything).toContain(createHash("sha256").update(key).digest("hex"));
    }
    expect(
      await server.deps.db.sponsor.findUniqueOrThrow({ where: { id: sponsor.sponsor_id as string } }),
    ).toMatchObject({
      name: "Acme",
      walletAddress: wallet_address,
    });
    // Names aren't unique: people are told apart by their keys.
    const twin = expectSuccess(await asAdmin("createSponsor", { name: "Acme" }, transport));
    expect(twin.sponsor_id).not.toBe(sponsor.sponsor_id);
  });

  test("a grant, under a subject of its own", async () => {
    const userId = await createUser(server.url);
    const { agent_id } = expectSuccess(await asAdmin("createAgent", { name: "Claude" })) as {
      agent_id: string;
    };
    const input = {
      user_id: userId,
      agent_id,
      scopes: GRANT_SCOPES,
      budget_limit_cents: 12.5,
      expires_at: inDays(1),
    };
    const data = expectSuccess(await asAdmin("putGrant", input, transport));
    expect(data).toEqual({ grant_id: expect.any(String) as string, user_id: expect.any(String) as string });
    expect(data.user_id).not.toBe(userId);
    const row = await server.deps.db.grant.findUniqueOrThrow({
      where: { id: data.grant_id as string },
      include: { budgetAccount: true },
    });
    expect(row).toMatchObject({
      userId,
      agentId: agent_id,
      subject: data.user_id,
      allowedTaskTypes: GRANT_SCOPES.allowed_task_types,
      allowedDataTypes: GRANT_SCOPES.allowed_data_types,
      allowedCategories: GRANT_SCOPES.allowed_categories,
      expiresAt: new Date(input.expires_at),
      budgetAccount: { kind: "grant", unit: "micros", limit: 125_000n },
    });
  });

  test("a grant for nobody, or no agent: not_found, whether the id is unknown or malformed", async () => {
    const known = await createGrant(server.url);
    const input = {
      user_id: known.user_id,
      agent_id: known.agent_id,
      scopes: GRANT_SCOPES,
      budget_limit_cents: 1,
      expires_at: inDays(1),
    };
    const before = await server.deps.db.grant.count();
    for (const id of [randomUUID(), "malformed"]) {
      const noUser = await asAdmin("putGrant", { ...input, user_id: id }, transport);
      expect(expectRefused(noUser, 404, "not_found").message).toBe("There is no such user.");
      const noAgent = await asAdmin("putGrant", { ...input, agent_id: id }, transport);
      expect(expectRefused(noAgent, 404, "not_found").message).toBe("There is no such agent.");
      expectRefused(await asAdmin("revokeGrant", { grant_id: id }, transport), 404, "not_found");
      expectRefused(await asAdmin("resumeSession", { session_id: id }, transport), 404, "not_found");
    }
    // The subject is the agent's name for the user, not the administrator's.
    expectRefused(
      await asAdmin("putGrant", { ...input, user_id: known.subject }, transport),
      404,
      "not_found",
    );
    expect(await server.deps.db.grant.count()).toBe(before);
  });
});

describe("requests that don't match the schema", () => {
  const grant = (changes: Record<string, unknown>) => ({
    user_id: randomUUID(),
    agent_id: randomUUID(),
    scopes: GRANT_SCOPES,
    budget_limit_cents: 1,
    expires_at: inDays(1),
    ...changes,
  });
  const everything = { ...GRANT_SCOPES, allowed_task_types: ["*"] };

  test.each<[string, Record<string, unknown>, string, string]>([
    ["createUser", user({ email: "ada" }), "/email", "format"],
    ["createUser", user({ region: "" }), "/region", "minLength"],
    ["createUser", user({ roles: "developer" }), "/roles", "type"],
    ["createUser", user({ attributes: undefined }), "/attributes", "required"],
    ["createUser", user({ source: "web" }), "/source", "additionalProperties"],
    ["createAgent", { name: " " }, "/name", "minLength"],
    ["createAgent", {}, "/name", "required"],
    ["createSponsor", { name: "x".repeat(101) }, "/name", "maxLength"],
    ["createSponsor", { name: "Acme", wallet_address: "0x0" }, "/wallet_address", "pattern"],
    ["putGrant", grant({ scopes: everything }), "/scopes/allowed_task_types/0", "pattern"],
    [
      "putGrant",
      grant({ scopes: { ...GRANT_SCOPES, allowed_data_types: ["*"] } }),
      "/scopes/allowed_data_types/0",
      "enum",
    ],
    [
      "putGrant",
      grant({ scopes: { ...GRANT_SCOPES, allowed_categories: undefined } }),
      "/scopes/allowed_categories",
      "required",
    ],
    ["putGrant", grant({ budget_limit_cents: undefined }), "/budget_limit_cents", "required"],
    ["putGrant", grant({ budget_limit_cents: 1_000_000_001 }), "/budget_limit_cents", "maximum"],
    ["putGrant", grant({ expires_at: undefined }), "/expires_at", "required"],
    ["putGrant", grant({ expires_at: "2027-01-01" }), "/expires_at", "format"],
    ["putGrant", grant({ expires_at: inDays(-1) }), "/expires_at", "minimum"],
    ["putGrant", grant({ expires_at: inDays(5 * 366) }), "/expires_at", "maximum"],
  ])("%s %o: validation_error at %s", async (operation, input, path, keyword) => {
    for (const transport of TRANSPORTS) {
      const refused = expectRefused(await asAdmin(operation, input, transport), 400, "validation_error");
      expect(refused.field_errors).toMatchObject([{ path, keyword }]);
    }
  });
});

test("without an administrator's key configured, no key is it", async () => {
  const closed = await startTollfree({ ...server.options, adminApiKey: undefined });
  try {
    for (const { name, auth } of OPERATIONS) {
      if (auth !== "admin") continue;
      for (const token of [undefined, ADMIN_KEY, "undefined", ""]) {
        const path = { approval_id: "a", grant_id: "a", session_id: "a", sponsor_id: "a", user_id: "a" };
        expectRefused(await call(closed.url, name, path, token), 401, "unauthorized");
      }
    }
  } finally {
    await closed.stop();
  }
});
