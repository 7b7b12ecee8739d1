import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import pg from "pg";
import { beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "../../../src/app/config.ts";
import { ConfigError } from "../../../src/app/config-error.ts";
import { reencrypt } from "../../../src/core/personal-data/encryption/index.ts";
import { ENCRYPTED_COLUMNS } from "../../../src/core/personal-data/encryption/store.ts";
import { AesCipher } from "../../../src/platform/cipher.ts";
import { expectApprovalNeeded, expectRefused, expectSuccess } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { CONSENT, GRANT_SCOPES } from "../../support/caller.ts";
import { untilWaiting } from "../../support/database.ts";
import { dump } from "../../support/dump.ts";
import { eventually } from "../../support/eventually.ts";
import type { Answer } from "../../support/server.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import { hoursFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
const status = (token: string): Promise<Answer> => world.call("agent.flowStatus", {}, token);

describe("changing the encryption key", () => {
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)] as const;
  /** The server's encryption key. */
  const presentKey = (): Buffer => Buffer.from(world.server.options.encryptionKeys[0]);

  test("the encryption key changes in three steps, and servers at neighbouring steps can read what the other wrote", () => {
    const before = new AesCipher([oldKey]);
    const step1 = new AesCipher([oldKey, newKey], oldKey);
    const step2 = new AesCipher([newKey, oldKey], oldKey);
    const after = new AesCipher([newKey], oldKey);
    for (const [writer, reader] of [
      [before, step1],
      [step1, before],
      [step1, step2],
      [step2, step1],
      [step2, after],
    ] as const) {
      expect(reader.decrypt(writer.encrypt("secret", "row"), "row").toString()).toBe("secret");
    }
    expect(() => after.decrypt(before.encrypt("secret", "row"), "row")).toThrow("another key");
    for (const cipher of [step1, step2, after]) expect(cipher.hmac("code")).toEqual(before.hmac("code"));
    expect(new AesCipher([newKey]).hmac("code")).not.toEqual(before.hmac("code"));
  });

  test("two encryption keys need DIGEST_KEY to be set, and each to be a valid key", () => {
    const chain = {
      X402_NETWORK: "eip155:1",
      X402_ASSET: `0x${"1".repeat(40)}`,
      X402_RPC_URL: "http://rpc.example",
      X402_FACILITATOR_URL: "http://facilitator.example",
      TREASURY_PRIVATE_KEY: `0x${"1".repeat(64)}`,
      DATABASE_URL: "postgresql://db.example/tollfree",
    };
    const [first, second] = [oldKey.toString("base64"), newKey.toString("hex")];
    const read = (env: Record<string, string>) => () => readConfig({ ...chain, ...env });
    expect(read({ DATA_ENCRYPTION_KEY: `${first}, ${second}`, DIGEST_KEY: first })()).toMatchObject({
      dataEncryptionKeys: [oldKey, newKey],
      digestKey: oldKey,
    });
    expect(read({ DATA_ENCRYPTION_KEY: first })()).toMatchObject({ dataEncryptionKeys: [oldKey] });
    expect(read({ DATA_ENCRYPTION_KEY: `${first},${second}` })).toThrow(/DIGEST_KEY: is required/);
    expect(read({ DATA_ENCRYPTION_KEY: `${first},short`, DIGEST_KEY: first })).toThrow(ConfigError);
  });

  test("re-encryption covers every encrypted column of the schema", () => {
    const schema = readFileSync("prisma/schema.prisma", "utf8");
    const columns = [...schema.matchAll(/^model \w+ \{(.*?)^\}/gms)].flatMap(([, body = ""]) => {
      const table = /@@map\("(\w+)"\)/.exec(body)?.[1];
      return [...body.matchAll(/^ +(\w+) +Bytes\??( .*)?$/gm)].map(
        ([, field, rest]) => `${table}.${/@map\("(\w+)"\)/.exec(rest ?? "")?.[1] ?? field}`,
      );
    });
    const digests = columns.filter((name) => /(hash|digest|nonce)$/.test(name));
    expect(digests.length).toBeGreaterThan(3);
    expect(columns.filter((name) => !digests.includes(name)).sort()).toEqual(
      ENCRYPTED_COLUMNS.map(({ table, column }) => `${table}.${column}`).sort(),
    );
  });

  test("re-encryption leaves no value that needs the old key", async () => {
    const acme = await world.createSponsor();
    const service_key = await world.registerService(acme.key, "honest", {
      upstream_headers: { "x-api-key": "upstream-secret" },
    });
    const campaign_id = await world.createCampaign(acme, [service_key], { task_schema: FULL_TASK });
    const grant = await world.createGrant();
    const { token } = await world.openSession(grant);
    await world.callAdmin("putVaultItem", {
      user_id: grant.user_id,
      data_type: "email",
      value: "ada@example.com",
    });
    const task_data = { score: 4, email: { $vault: "email" } };
    expectSuccess(
      await world.call("agent.completeTask", { campaign_id, task_data, consent: CONSENT }, token),
    );
    const once = { idempotency_key: randomUUID() };
    expectSuccess(await world.run(token, service_key, once));

    const present = presentKey();
    const { db } = world;
    const rotated = new AesCipher([newKey, present], present);
    expect((await reencrypt({ db, cipher: rotated })).values).toBeGreaterThanOrEqual(4);
    expect(await reencrypt({ db, cipher: rotated })).toEqual({ values: 0, unreadable: [] });
    const prefix = Buffer.from(world.server.deps.cipher.prefix).toString("hex");
    expect(await dump(world.database.url)).not.toContain(`\\x${prefix}`);

    const { caller } = await world.startReplica({ encryptionKeys: [newKey], digestKey: present });
    const inbox = await caller.call("sponsor.listAnswers", { campaign_id }, acme.key);
    expect(expectSuccess(inbox).answers[0].task_data).toEqual({ score: 4, email: "ada@example.com" });
    const again = await caller.run(token, service_key, once);
    expect(expectSuccess(again).output).toBeDefined();
    expectSuccess(await caller.run(token, service_key, { input: { n: 2 } }));
    expect(world.upstream.seen.at(-1)?.headers["x-api-key"]).toBe("upstream-secret");
  });

  test("re-encryption leaves a value that can't be decrypted as it is, and reports where it stands", async () => {
    const { db } = world;
    const [broken, whole] = [await world.createGrant(), await world.createGrant()];
    for (const { user_id } of [broken, whole])
      await world.callAdmin("putVaultItem", { user_id, data_type: "name", value: "Ada" });
    await db.$executeRaw`UPDATE vault_items SET value = set_byte(value, length(value) - 1, get_byte(value, length(value) - 1) # 1)
      WHERE user_id = ${broken.user_id}::uuid`;
    const present = presentKey();
    const rotated = new AesCipher([newKey, present], present);
    const { unreadable } = await reencrypt({ db, cipher: rotated });
    expect(unreadable).toEqual([`vault_items.value:${broken.user_id}:name`]);
    const item = await db.vaultItem.findFirstOrThrow({ where: { userId: whole.user_id } });
    expect(Buffer.from(item.value).subarray(0, 5)).toEqual(Buffer.from(rotated.prefix));
    await db.vaultItem.deleteMany({ where: { userId: broken.user_id } });
    await reencrypt({ db, cipher: new AesCipher([present, newKey]) });
  });

  test("a value that a server writes during its re-encryption is kept", async () => {
    const { db } = world;
    const grant = await world.createGrant();
    const put = (value: string): Promise<Answer> =>
      world.callAdmin("putVaultItem", { user_id: grant.user_id, data_type: "name", value });
    await put("before");
    const present = presentKey();
    const writing = {
      prefix: new AesCipher([newKey]).prefix,
      hmac: () => Buffer.of(),
      decrypt: (bytes: Uint8Array, context: string) => world.server.deps.cipher.decrypt(bytes, context),
      encrypt: (text: Uint8Array | string, context: string) => new AesCipher([newKey]).encrypt(text, context),
    };
    // Between the read and the write of the re-encryption, the server writes another value.
    let raced = false;
    const racing = new Proxy(db, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver);
        if (name !== "$executeRaw" || raced) return value;
        return async (...args: unknown[]) => {
          raced = true;
          await put("meanwhile");
          return Reflect.apply(value as (...all: unknown[]) => unknown, target, args);
        };
      },
    });
    await reencrypt({ db: racing, cipher: writing });
    const [item] = await db.vaultItem.findMany({ where: { userId: grant.user_id } });
    const reader = new AesCipher([present, newKey]);
    const context = `vault_items.value:${grant.user_id}:name`;
    expect(reader.decrypt(item?.value ?? Buffer.of(), context).toString()).toBe('"meanwhile"');
    await reencrypt({ db, cipher: new AesCipher([present, newKey]) });
  });
});

describe("rotating an agent's API key", () => {
  let grant: GrantOfUser;
  beforeEach(async () => {
    grant = await world.createGrant();
  });
  const keysOf = async (): Promise<
    { key_id: string; expires_at: string | null; revoked_at: string | null }[]
  > => expectSuccess(await world.callAdmin("listAgentKeys", { agent_id: grant.agent_id })).keys;

  test("after a rotation with an overlap, both keys open sessions until it ends, then only the new one does", async () => {
    const { token } = await world.openSession(grant);
    const rotated = expectSuccess(
      await world.callAdmin("rotateAgentKey", { agent_id: grant.agent_id, overlap_seconds: 1 }),
    );
    await world.openSession(grant);
    await world.openSession({ ...grant, agent_key: rotated.api_key });
    expect(await keysOf()).toMatchObject([
      { key_id: rotated.key_id, expires_at: null },
      { expires_at: rotated.previous_keys_end_at, revoked_at: null },
    ]);

    await eventually(async () => {
      const late = { user_id: grant.subject, scopes: {}, budget_limit_cents: 1 };
      const answer = await world.call("agent.auth", late, grant.agent_key);
      expect(answer.status).toBe(401);
    });
    expectSuccess(await status(token)); // it ends by itself
    await world.openSession({ ...grant, agent_key: rotated.api_key });
  });

  test("rotating a key without an overlap ends the old key and its sessions from the next call on", async () => {
    const { token } = await world.openSession(grant);
    const rotated = expectSuccess(
      await world.callAdmin("rotateAgentKey", { agent_id: grant.agent_id, overlap_seconds: 0 }),
    );
    expectRefused(await status(token), 401, "session_revoked");
    await expect(world.openSession(grant)).rejects.toThrow("401");
    const fresh = await world.openSession({ ...grant, agent_key: rotated.api_key });
    expectSuccess(await status(fresh.token));
  });

  test("revoking one of two keys ends the sessions of that key only; a second time, the answer is the same", async () => {
    const { token } = await world.openSession(grant);
    const rotated = expectSuccess(await world.callAdmin("rotateAgentKey", { agent_id: grant.agent_id }));
    const other = await world.openSession({ ...grant, agent_key: rotated.api_key });
    const [, first] = await keysOf();
    const input = { agent_id: grant.agent_id, key_id: first?.key_id };
    const revoked = expectSuccess(await world.callAdmin("revokeAgentKey", input));
    expect(expectSuccess(await world.callAdmin("revokeAgentKey", input))).toEqual(revoked);
    expectRefused(await status(token), 401, "session_revoked");
    expectSuccess(await status(other.token));
  });

  test("revoking an agent ends its keys and sessions for good: its key can't be rotated", async () => {
    const { token } = await world.openSession(grant);
    const revoked = expectSuccess(await world.callAdmin("revokeAgent", { agent_id: grant.agent_id }));
    expect(expectSuccess(await world.callAdmin("revokeAgent", { agent_id: grant.agent_id }))).toEqual(
      revoked,
    );
    expectRefused(await status(token), 401, "session_revoked");
    await expect(world.openSession(grant)).rejects.toThrow("401");
    expectRefused(await world.callAdmin("rotateAgentKey", { agent_id: grant.agent_id }), 404, "not_found");
  });

  test("of three rotations at once without an overlap, exactly one new key is left", async () => {
    const client = new pg.Client({ connectionString: world.database.url });
    await client.connect();
    await client.query("BEGIN; SELECT 1 FROM agents FOR UPDATE");
    const rotating = Promise.all(
      [1, 2, 3].map(() =>
        world.callAdmin("rotateAgentKey", { agent_id: grant.agent_id, overlap_seconds: 0 }),
      ),
    );
    await untilWaiting(world.database.db, 3); // for the agent
    await client.query("COMMIT");
    await client.end();
    const keys = (await rotating).map((answer) => String(expectSuccess(answer).api_key));
    const opened = await Promise.allSettled(
      keys.map((agent_key) => world.openSession({ ...grant, agent_key })),
    );
    expect(opened.filter(({ status: how }) => how === "fulfilled")).toHaveLength(1);
  });

  test("the keys of an unknown agent are not found, nor is a key under another agent's id", async () => {
    const other = await world.createGrant();
    const [key] = await keysOf();
    for (const agent_id of [randomUUID(), "no-id"]) {
      for (const name of ["listAgentKeys", "rotateAgentKey", "revokeAgent"])
        expectRefused(await world.callAdmin(name, { agent_id }), 404, "not_found");
    }
    const underOther = { agent_id: other.agent_id, key_id: key?.key_id };
    expectRefused(await world.callAdmin("revokeAgentKey", underOther), 404, "not_found");
    expect(await keysOf()).toMatchObject([{ revoked_at: null }]);
  });
});

test("revoking an agent closes its open approvals, and it can't be granted anything any more", async () => {
  const grant = await world.createGrant();
  const wider = { allowed_task_types: ["*"], allowed_data_types: ["phone"], allowed_categories: ["*"] };
  const wish = { user_id: grant.subject, scopes: wider, budget_limit_cents: 1 };
  const asked = await world.call("agent.auth", wish, grant.agent_key);
  const approvalId = expectApprovalNeeded(asked, "consent_required");
  await world.callAdmin("revokeAgent", { agent_id: grant.agent_id });
  expectRefused(await world.approve(approvalId, grant.user_id), 409, "conflict");
  const terms = {
    user_id: grant.user_id,
    agent_id: grant.agent_id,
    scopes: GRANT_SCOPES,
    budget_limit_cents: 1,
    expires_at: hoursFromNow(1),
  };
  expectRefused(await world.callAdmin("putGrant", terms), 404, "not_found");
});

test("a sponsor's old key works during the overlap of a rotation, and ends at once without an overlap", async () => {
  const acme = await world.createSponsor();
  const list = (key: string): Promise<Answer> =>
    world.call("sponsor.getApi", { service_key: "unknown" }, key);
  const rotated = expectSuccess(await world.callAdmin("rotateSponsorKey", { sponsor_id: acme.sponsor_id }));
  expectRefused(await list(acme.key), 404, "not_found");
  expectRefused(await list(rotated.api_key), 404, "not_found");
  await world.callAdmin("rotateSponsorKey", { sponsor_id: acme.sponsor_id, overlap_seconds: 0 });
  expectRefused(await list(acme.key), 401, "unauthorized");
  expectRefused(await list(rotated.api_key), 401, "unauthorized");
  for (const sponsor_id of [randomUUID(), "no-id"])
    expectRefused(await world.callAdmin("rotateSponsorKey", { sponsor_id }), 404, "not_found");
});

test("a session that the administrator ends is revoked from the next call on", async () => {
  const { token, session_id } = await world.openSession(await world.createGrant());
  const revoked = expectSuccess(await world.callAdmin("endSession", { session_id }));
  expectRefused(await status(token), 401, "session_revoked");
  expect(expectSuccess(await world.callAdmin("endSession", { session_id }))).toEqual(revoked);
  for (const unknown of [randomUUID(), "no-id"])
    expectRefused(await world.callAdmin("endSession", { session_id: unknown }), 404, "not_found");
});
