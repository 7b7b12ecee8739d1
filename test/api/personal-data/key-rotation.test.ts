import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "../../../src/app/config.ts";
import { startTollfree } from "../../../src/app/server.ts";
import { reencrypt } from "../../../src/core/personal-data/encryption/index.ts";
import { ENCRYPTED_COLUMNS } from "../../../src/core/personal-data/encryption/store.ts";
import { AesCipher } from "../../../src/platform/cipher.ts";
import { call, expectRefused, expectSuccess } from "../../support/call.ts";
import { untilWaiting } from "../../support/database.ts";
import { dump } from "../../support/dump.ts";
import { eventually } from "../../support/eventually.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import type { Created } from "../../support/world.ts";
import {
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  GRANT_SCOPES,
  openSession,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});

const asAdmin = (name: string, input: Record<string, unknown>): Promise<Answer> =>
  call(server.url, `admin.${name}`, input, ADMIN_KEY);
const status = (token: string): Promise<Answer> => call(server.url, "agent.flowStatus", {}, token);

describe("changing the encryption key", () => {
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)] as const;

  test("is three steps, during which nothing becomes unreadable", () => {
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

  test("needs the digest key to be named, and every key to be one", () => {
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

  test("knows every encrypted column there is", () => {
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

  test("encrypts everything anew, and leaves nothing that needs the old key", async () => {
    const acme = await createSponsor(server.url);
    const service_key = await registerApi(server.url, acme.key, upstream, "honest", {
      upstream_headers: { "x-api-key": "upstream-secret" },
    });
    const campaign_id = await createCampaign(server.url, acme, [service_key], { task_schema: FULL_TASK });
    const grant = await createGrant(server.url);
    const { token } = await openSession(server.url, grant);
    await asAdmin("putVaultItem", { user_id: grant.user_id, data_type: "email", value: "ada@example.com" });
    const task_data = { score: 4, email: { $vault: "email" } };
    expectSuccess(
      await call(server.url, "agent.completeTask", { campaign_id, task_data, consent: CONSENT }, token),
    );
    const idempotent = { service_key, idempotency_key: randomUUID() };
    expectSuccess(await call(server.url, "agent.runService", idempotent, token));

    const [present] = server.options.encryptionKeys;
    const { db } = server.deps;
    const rotated = new AesCipher([newKey, present], present);
    expect((await reencrypt({ db, cipher: rotated })).values).toBeGreaterThanOrEqual(4);
    expect(await reencrypt({ db, cipher: rotated })).toEqual({ values: 0, unreadable: [] });
    const prefix = Buffer.from(server.deps.cipher.prefix).toString("hex");
    expect(await dump(server.database.url)).not.toContain(`\\x${prefix}`);

    const { settings } = server.options;
    const renewed = await startTollfree({
      ...server.options,
      encryptionKeys: [newKey],
      digestKey: present,
      settings,
    });
    try {
      const inbox = await call(renewed.url, "sponsor.listAnswers", { campaign_id }, acme.key);
      expect(expectSuccess(inbox).answers[0].task_data).toEqual({ score: 4, email: "ada@example.com" });
      const again = await call(renewed.url, "agent.runService", idempotent, token);
      expect(expectSuccess(again).output).toBeDefined();
      expectSuccess(await call(renewed.url, "agent.runService", { service_key, input: { n: 2 } }, token));
      expect(upstream.seen.at(-1)?.headers["x-api-key"]).toBe("upstream-secret");
    } finally {
      await renewed.stop();
    }
  });

  test("passes over what nobody can read any more, and says where it is", async () => {
    const { db } = server.deps;
    const [broken, whole] = [await createGrant(server.url), await createGrant(server.url)];
    for (const { user_id } of [broken, whole])
      await asAdmin("putVaultItem", { user_id, data_type: "name", value: "Ada" });
    await db.$executeRaw`UPDATE vault_items SET value = set_byte(value, length(value) - 1, get_byte(value, length(value) - 1) # 1)
      WHERE user_id = ${broken.user_id}::uuid`;
    const [present] = server.options.encryptionKeys;
    const rotated = new AesCipher([newKey, present], present);
    const { unreadable } = await reencrypt({ db, cipher: rotated });
    expect(unreadable).toEqual([`vault_items.value:${broken.user_id}:name`]);
    const item = await db.vaultItem.findFirstOrThrow({ where: { userId: whole.user_id } });
    expect(Buffer.from(item.value).subarray(0, 5)).toEqual(Buffer.from(rotated.prefix));
    await db.vaultItem.deleteMany({ where: { userId: broken.user_id } });
    await reencrypt({ db, cipher: new AesCipher([present, newKey]) });
  });

  test("goes on while servers write: what they changed meanwhile stays theirs", async () => {
    const { db } = server.deps;
    const grant = await createGrant(server.url);
    const put = (value: string): Promise<Answer> =>
      asAdmin("putVaultItem", { user_id: grant.user_id, data_type: "name", value });
    await put("before");
    const [present] = server.options.encryptionKeys;
    const writing = {
      prefix: new AesCipher([newKey]).prefix,
      hmac: () => Buffer.of(),
      decrypt: (bytes: Uint8Array, context: string) => server.deps.cipher.decrypt(bytes, context),
      encrypt: (text: Uint8Array | string, context: string) => new AesCipher([newKey]).encrypt(text, context),
    };
    // Reads, and before it writes somebody else does.
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

describe("an agent's API key", () => {
  let grant: Created;
  beforeEach(async () => {
    grant = await createGrant(server.url);
  });
  const keysOf = async (): Promise<
    { key_id: string; expires_at: string | null; revoked_at: string | null }[]
  > => expectSuccess(await asAdmin("listAgentKeys", { agent_id: grant.agent_id })).keys;

  test("is followed by another one: for the overlap both open sessions, then only the new one", async () => {
    const { token } = await openSession(server.url, grant);
    const rotated = expectSuccess(
      await asAdmin("rotateAgentKey", { agent_id: grant.agent_id, overlap_seconds: 1 }),
    );
    await openSession(server.url, grant);
    await openSession(server.url, { ...grant, agent_key: rotated.api_key });
    expect(await keysOf()).toMatchObject([
      { key_id: rotated.key_id, expires_at: null },
      { expires_at: rotated.previous_keys_end_at, revoked_at: null },
    ]);

    await eventually(async () => {
      const late = { user_id: grant.subject, scopes: {}, budget_limit_cents: 1 };
      const answer = await call(server.url, "agent.auth", late, grant.agent_key);
      expect(answer.status).toBe(401);
    });
    expectSuccess(await status(token)); // it ends by itself
    await openSession(server.url, { ...grant, agent_key: rotated.api_key });
  });

  test("without an overlap takes its sessions with it, on the very next call", async () => {
    const { token } = await openSession(server.url, grant);
    const rotated = expectSuccess(
      await asAdmin("rotateAgentKey", { agent_id: grant.agent_id, overlap_seconds: 0 }),
    );
    expectRefused(await status(token), 401, "session_revoked");
    await expect(openSession(server.url, grant)).rejects.toThrow("401");
    const fresh = await openSession(server.url, { ...grant, agent_key: rotated.api_key });
    expectSuccess(await status(fresh.token));
  });

  test("can be revoked alone, and a second time to no effect", async () => {
    const { token } = await openSession(server.url, grant);
    const rotated = expectSuccess(await asAdmin("rotateAgentKey", { agent_id: grant.agent_id }));
    const other = await openSession(server.url, { ...grant, agent_key: rotated.api_key });
    const [, first] = await keysOf();
    const input = { agent_id: grant.agent_id, key_id: first?.key_id };
    const revoked = expectSuccess(await asAdmin("revokeAgentKey", input));
    expect(expectSuccess(await asAdmin("revokeAgentKey", input))).toEqual(revoked);
    expectRefused(await status(token), 401, "session_revoked");
    expectSuccess(await status(other.token));
  });

  test("ends with its agent, for good", async () => {
    const { token } = await openSession(server.url, grant);
    const revoked = expectSuccess(await asAdmin("revokeAgent", { agent_id: grant.agent_id }));
    expect(expectSuccess(await asAdmin("revokeAgent", { agent_id: grant.agent_id }))).toEqual(revoked);
    expectRefused(await status(token), 401, "session_revoked");
    await expect(openSession(server.url, grant)).rejects.toThrow("401");
    expectRefused(await asAdmin("rotateAgentKey", { agent_id: grant.agent_id }), 404, "not_found");
  });

  test("without an overlap, of several at once, leaves exactly one", async () => {
    const client = new pg.Client({ connectionString: server.database.url });
    await client.connect();
    await client.query("BEGIN; SELECT 1 FROM agents FOR UPDATE");
    const rotating = Promise.all(
      [1, 2, 3].map(() => asAdmin("rotateAgentKey", { agent_id: grant.agent_id, overlap_seconds: 0 })),
    );
    await untilWaiting(server.database.db, 3); // for the agent
    await client.query("COMMIT");
    await client.end();
    const keys = (await rotating).map((answer) => String(expectSuccess(answer).api_key));
    const opened = await Promise.allSettled(
      keys.map((agent_key) => openSession(server.url, { ...grant, agent_key })),
    );
    expect(opened.filter(({ status: how }) => how === "fulfilled")).toHaveLength(1);
  });

  test("whose agent is revoked takes its open questions along, and nobody can grant it anything", async () => {
    const wider = { allowed_task_types: ["*"], allowed_data_types: ["phone"], allowed_categories: ["*"] };
    const wish = { user_id: grant.subject, scopes: wider, budget_limit_cents: 1 };
    const asked = await call(server.url, "agent.auth", wish, grant.agent_key);
    await asAdmin("revokeAgent", { agent_id: grant.agent_id });
    const decision = {
      approval_id: asked.body.details.approval_id,
      user_id: grant.user_id,
      decision: "approve",
    };
    expectRefused(await asAdmin("decideApproval", decision), 409, "conflict");
    const terms = {
      user_id: grant.user_id,
      agent_id: grant.agent_id,
      scopes: GRANT_SCOPES,
      budget_limit_cents: 1,
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    };
    expectRefused(await asAdmin("putGrant", terms), 404, "not_found");
  });

  test("of nobody isn't there, and neither is somebody else's", async () => {
    const other = await createGrant(server.url);
    const [key] = await keysOf();
    for (const agent_id of [randomUUID(), "nobody"]) {
      for (const name of ["listAgentKeys", "rotateAgentKey", "revokeAgent"])
        expectRefused(await asAdmin(name, { agent_id }), 404, "not_found");
    }
    const theirs = { agent_id: other.agent_id, key_id: key?.key_id };
    expectRefused(await asAdmin("revokeAgentKey", theirs), 404, "not_found");
    expect(await keysOf()).toMatchObject([{ revoked_at: null }]);
  });
});

test("a sponsor's key is followed by another one", async () => {
  const acme = await createSponsor(server.url);
  const list = (key: string): Promise<Answer> =>
    call(server.url, "sponsor.getApi", { service_key: "unknown" }, key);
  const rotated = expectSuccess(await asAdmin("rotateSponsorKey", { sponsor_id: acme.sponsor_id }));
  expectRefused(await list(acme.key), 404, "not_found");
  expectRefused(await list(rotated.api_key), 404, "not_found");
  await asAdmin("rotateSponsorKey", { sponsor_id: acme.sponsor_id, overlap_seconds: 0 });
  expectRefused(await list(acme.key), 401, "unauthorized");
  expectRefused(await list(rotated.api_key), 401, "unauthorized");
  for (const sponsor_id of [randomUUID(), "nobody"])
    expectRefused(await asAdmin("rotateSponsorKey", { sponsor_id }), 404, "not_found");
});

test("a session is revoked for its user, on the very next call", async () => {
  const { token, session_id } = await openSession(server.url, await createGrant(server.url));
  const revoked = expectSuccess(await asAdmin("endSession", { session_id }));
  expectRefused(await status(token), 401, "session_revoked");
  expect(expectSuccess(await asAdmin("endSession", { session_id }))).toEqual(revoked);
  for (const unknown of [randomUUID(), "nobody"])
    expectRefused(await asAdmin("endSession", { session_id: unknown }), 404, "not_found");
});
