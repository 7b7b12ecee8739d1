import { randomBytes } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ServerOptions } from "../../src/app/server.ts";
import { startTollfree } from "../../src/app/server.ts";
import { reencrypt } from "../../src/core/personal-data/encryption/index.ts";
import { AesCipher } from "../../src/platform/cipher.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase } from "../support/database.ts";
import { fundedEnvironment, runProgram } from "../support/process.ts";
import type { TestServer } from "../support/server.ts";
import { startTestServer } from "../support/server.ts";

/** The proof that a server's keys are those of its database. Servers work as the restricted role here. */

type Keys = Pick<ServerOptions, "encryptionKeys" | "digestKey">;
const newKeys = (): Keys => ({ encryptionKeys: [randomBytes(32)] });

/** A stopped server's options, for starts on an empty database. */
async function optionsOn(database: TestDatabase): Promise<ServerOptions> {
  const template = await startTestServer();
  await template.close();
  return { ...template.options, databaseUrl: database.serverUrl };
}

async function emptyDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  onTestFinished(() => database.close());
  return database;
}

/** Starts a server. Returns undefined if it starts, which it is stopped for, and else the message. */
async function startWith(options: ServerOptions, keys: Partial<Keys>): Promise<string | undefined> {
  const running = await startTollfree({ ...options, ...keys }).catch((error: unknown) => error as Error);
  if (running instanceof Error) return running.message;
  await running.stop();
  return undefined;
}

async function startServer(): Promise<TestServer> {
  const server = await startTestServer();
  onTestFinished(() => server.close());
  return server;
}

const proofs = (database: TestDatabase) => database.db.keyProof.findMany();

test("eight replicas that start at once on an empty database with the same keys store one proof, and all start", async () => {
  const database = await emptyDatabase();
  const options = await optionsOn(database);
  const keys = newKeys();
  const started = await Promise.all(Array.from({ length: 8 }, () => startTollfree({ ...options, ...keys })));
  await Promise.all(started.map((replica) => replica.stop()));
  expect(await proofs(database)).toHaveLength(1);
  expect(await startWith(options, keys)).toBeUndefined();
});

test("of replicas that start at once on an empty database with different keys, only those with one key start", async () => {
  const database = await emptyDatabase();
  const options = await optionsOn(database);
  const choices = [newKeys(), newKeys(), newKeys()];
  const results = await Promise.allSettled(
    Array.from({ length: 9 }, (_, n) => startTollfree({ ...options, ...choices[n % 3] })),
  );
  const startedWith = new Set(results.flatMap(({ status }, n) => (status === "fulfilled" ? [n % 3] : [])));
  const running = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  await Promise.all(running.map((replica) => replica.stop()));
  expect(startedWith.size).toBe(1);
  expect(running).toHaveLength(3);
  for (const result of results)
    if (result.status === "rejected") expect(String(result.reason)).toContain("DATA_ENCRYPTION_KEY: ");
  expect(await proofs(database)).toHaveLength(1);
});

describe("a server on a database of another start", () => {
  test("is refused with another encryption key, with another digest key, and writes nothing", async () => {
    const { options, database } = await startServer();
    const [encryptionKey] = options.encryptionKeys;
    const before = await proofs(database);
    expect(await startWith(options, newKeys())).toContain("DATA_ENCRYPTION_KEY: the database was encrypted");
    const otherDigest = { encryptionKeys: options.encryptionKeys, digestKey: randomBytes(32) };
    expect(await startWith(options, otherDigest)).toContain("DIGEST_KEY: the database's codes");
    const both = { encryptionKeys: [randomBytes(32)] as const, digestKey: encryptionKey };
    expect(await startWith(options, both)).toContain("DATA_ENCRYPTION_KEY: ");
    expect(await proofs(database)).toEqual(before);
  });

  test("is refused with another key where an earlier version kept values and no proof", async () => {
    const server = await startServer();
    const { options, database } = server;
    await database.db.keyProof.deleteMany();
    const { id: userId } = await database.db.user.create({
      data: { email: "x@example.net", region: "PT", roles: [], toolsUsed: [], attributes: {} },
    });
    const value = server.deps.cipher.encrypt('"Ada"', `vault_items.value:${userId}:name`);
    await database.db.vaultItem.create({ data: { userId, dataType: "name", value } });

    expect(await startWith(options, newKeys())).toContain("DATA_ENCRYPTION_KEY: ");
    expect(await proofs(database)).toEqual([]);
    expect(await startWith(options, {})).toBeUndefined();
    expect(await proofs(database)).toHaveLength(1);
    expect(await startWith(options, newKeys())).toContain("DATA_ENCRYPTION_KEY: ");
  });

  test("starts at every step of a key's change, and with the new key alone once the proof is re-encrypted", async () => {
    const { options, database } = await startServer();
    const [present] = options.encryptionKeys;
    const next = randomBytes(32);
    const step1: Keys = { encryptionKeys: [present, next], digestKey: present };
    const step2: Keys = { encryptionKeys: [next, present], digestKey: present };
    const step3: Keys = { encryptionKeys: [next], digestKey: present };
    expect(await startWith(options, step1)).toBeUndefined();
    // Too early: the proof, like other values, still needs the older key.
    expect(await startWith(options, step3)).toContain("DATA_ENCRYPTION_KEY: ");
    // Replicas at neighbouring steps start at once.
    const mixed = await Promise.all(
      [step1, step2, step1, step2].map((keys) => startTollfree({ ...options, ...keys })),
    );
    // Each replica encrypts anew with its own current key. So the ones at the first step stop before that is final.
    await Promise.all(mixed.map((replica) => replica.stop()));
    const cipher = new AesCipher([next, present], present);
    await reencrypt({ db: database.db, cipher });
    expect(await startWith(options, step3)).toBeUndefined();
    expect(await startWith(options, {})).toContain("DATA_ENCRYPTION_KEY: ");
    // The digest key stays for good.
    expect(await startWith(options, { encryptionKeys: [next] })).toContain("DIGEST_KEY: ");
  });
});

test(
  "--accept-digest-key takes a new digest key, and refuses another encryption key",
  { timeout: 60_000 },
  async () => {
    const { options, database } = await startServer();
    const key = Buffer.from(options.encryptionKeys[0]).toString("base64");
    const digestKey = randomBytes(32);
    const { env } = await fundedEnvironment(database.serverUrl, 1n);
    const accept = (encryptionKey: string) =>
      runProgram("--accept-digest-key", {
        ...env,
        DATA_ENCRYPTION_KEY: encryptionKey,
        DIGEST_KEY: digestKey.toString("base64"),
      });
    const before = await proofs(database);
    await expect(accept(randomBytes(32).toString("base64"))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^DATA_ENCRYPTION_KEY: .*\n$/) as string,
    });
    expect(await proofs(database)).toEqual(before);
    await accept(key);
    expect(await startWith(options, { encryptionKeys: options.encryptionKeys, digestKey })).toBeUndefined();
    expect(await startWith(options, {})).toContain("DIGEST_KEY: ");
  },
);
