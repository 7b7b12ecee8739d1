import { createHash, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { expectRefused, expectSuccess, OPERATIONS, TRANSPORTS } from "../../support/call.ts";
import { GRANT_SCOPES } from "../../support/caller.ts";
import { dump } from "../../support/dump.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import { daysFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld();

const user = (changes: Record<string, unknown> = {}) => ({
  email: `${randomUUID()}@example.com`,
  region: "PT",
  roles: ["developer"],
  tools_used: ["vim"],
  attributes: { team: 7 },
  ...changes,
});

describe.each(TRANSPORTS)("the administrator's operations over %s", (transport) => {
  test("createUser creates a user with the given profile", async () => {
    const input = user();
    const { user_id } = expectSuccess(await world.callAdmin("createUser", input, transport)) as {
      user_id: string;
    };
    const row = await world.db.user.findUniqueOrThrow({ where: { id: user_id } });
    const { tools_used, ...same } = input;
    expect(row).toMatchObject({ ...same, toolsUsed: tools_used, source: "admin" });
  });

  test("createUser with a taken e-mail address, in any case, is a conflict and changes nothing", async () => {
    const first = user();
    const { user_id } = expectSuccess(await world.callAdmin("createUser", first, transport)) as {
      user_id: string;
    };
    const count = await world.db.user.count();
    for (const email of [first.email, first.email.toUpperCase()]) {
      const answer = await world.callAdmin("createUser", user({ email, region: "XX" }), transport);
      expect(expectRefused(answer, 409, "conflict").message).not.toContain(first.email);
    }
    expect(await world.db.user.count()).toBe(count);
    expect(await world.db.user.findUniqueOrThrow({ where: { id: user_id } })).toMatchObject({
      region: "PT",
    });
  });

  test("createAgent and createSponsor show their keys once, and store hashes of them", async () => {
    const agent = expectSuccess(await world.callAdmin("createAgent", { name: "Claude" }, transport));
    const wallet_address = "0x000000000000000000000000000000000000dEaD";
    const sponsor = expectSuccess(
      await world.callAdmin("createSponsor", { name: "Acme", wallet_address }, transport),
    );
    expect(agent).toEqual({
      agent_id: expect.any(String) as string,
      api_key: expect.stringMatching(/^tf_ak_/) as string,
    });
    expect(sponsor).toEqual({
      sponsor_id: expect.any(String) as string,
      api_key: expect.stringMatching(/^tf_sk_/) as string,
    });

    const everything = await dump(world.database.url);
    for (const key of [agent.api_key as string, sponsor.api_key as string]) {
      expect(everything).not.toContain(key);
      expect(everything).toContain(createHash("sha256").update(key).digest("hex"));
    }
    expect(
      await world.db.sponsor.findUniqueOrThrow({ where: { id: sponsor.sponsor_id as string } }),
    ).toMatchObject({
      name: "Acme",
      walletAddress: wallet_address,
    });
  });

  test("createSponsor accepts the same name for two sponsors", async () => {
    const create = () => world.callAdmin("createSponsor", { name: "Acme" }, transport);
    const [first, second] = [expectSuccess(await create()), expectSuccess(await create())];
    expect(second.sponsor_id).not.toBe(first.sponsor_id);
  });

  test("putGrant creates a grant, whose subject isn't the user's id", async () => {
    const userId = await world.createUser();
    const { agent_id } = expectSuccess(await world.callAdmin("createAgent", { name: "Claude" })) as {
      agent_id: string;
    };
    const input = {
      user_id: userId,
      agent_id,
      scopes: GRANT_SCOPES,
      budget_limit_cents: 12.5,
      expires_at: daysFromNow(1),
    };
    const data = expectSuccess(await world.callAdmin("putGrant", input, transport));
    expect(data).toEqual({ grant_id: expect.any(String) as string, user_id: expect.any(String) as string });
    expect(data.user_id).not.toBe(userId);
    const row = await world.db.grant.findUniqueOrThrow({
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

  test("an unknown or malformed id of a user, agent, grant or session is not found", async () => {
    const known = await world.createGrant();
    const input = {
      user_id: known.user_id,
      agent_id: known.agent_id,
      scopes: GRANT_SCOPES,
      budget_limit_cents: 1,
      expires_at: daysFromNow(1),
    };
    const before = await world.db.grant.count();
    for (const id of [randomUUID(), "malformed"]) {
      const noUser = await world.callAdmin("putGrant", { ...input, user_id: id }, transport);
      expect(expectRefused(noUser, 404, "not_found").message).toBe("There is no such user.");
      const noAgent = await world.callAdmin("putGrant", { ...input, agent_id: id }, transport);
      expect(expectRefused(noAgent, 404, "not_found").message).toBe("There is no such agent.");
      expectRefused(await world.callAdmin("revokeGrant", { grant_id: id }, transport), 404, "not_found");
      expectRefused(await world.callAdmin("resumeSession", { session_id: id }, transport), 404, "not_found");
    }
    // A subject names the user for one agent only, not for the administrator.
    expectRefused(
      await world.callAdmin("putGrant", { ...input, user_id: known.subject }, transport),
      404,
      "not_found",
    );
    expect(await world.db.grant.count()).toBe(before);
  });
});

describe("the schemas of the administrator's operations", () => {
  const grant = (changes: Record<string, unknown>) => ({
    user_id: randomUUID(),
    agent_id: randomUUID(),
    scopes: GRANT_SCOPES,
    budget_limit_cents: 1,
    expires_at: daysFromNow(1),
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
    ["putGrant", grant({ expires_at: daysFromNow(-1) }), "/expires_at", "minimum"],
    ["putGrant", grant({ expires_at: daysFromNow(5 * 366) }), "/expires_at", "maximum"],
  ])("%s with %o is a validation error at %s", async (operation, input, path, keyword) => {
    for (const transport of TRANSPORTS) {
      const refused = expectRefused(
        await world.callAdmin(operation, input, transport),
        400,
        "validation_error",
      );
      expect(refused.field_errors).toMatchObject([{ path, keyword }]);
    }
  });
});

test("a server without an administrator's key accepts no key as an administrator's", async () => {
  const { caller } = await world.startReplica({ adminApiKey: undefined });
  for (const { name, auth } of OPERATIONS) {
    if (auth !== "admin") continue;
    for (const token of [undefined, ADMIN_KEY, "undefined", ""]) {
      const path = { approval_id: "a", grant_id: "a", session_id: "a", sponsor_id: "a", user_id: "a" };
      expectRefused(await caller.call(name, path, token), 401, "unauthorized");
    }
  }
});
